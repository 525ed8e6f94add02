"""The vendor's page of one anomaly as data: its sample, and its fields with the types that they have there or may have."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

NULL = type(None)
NUMBER = (int, float)
Fields = Mapping[str, tuple[type, ...]]

SAMPLE: dict[str, Any] = json.loads(Path(__file__).with_name("sample.json").read_text())
"""Its `data`, with one watcher and one correlation of many."""
NULLABLE = frozenset(
    {
        "until_timestamp",
        "trainable_until_timestamp",
        "30_day_trainable_from_timestamp",
        "30_day_trainable_in",
        "phone_number",
        "slack_member_id",
        "muted_until_timestamp",
        "muted_until_timestamp_string",
        "minutes_remaining",
    }
)
"""What is null in it, or is said to be for some."""
WHERE_NULL: Mapping[str, type] = {"30_day_trainable_in": str, "muted_until_timestamp_string": str}
"""The types of texts that are null in the sample; the rest that is null there is a number."""
PATTERN: Fields = {
    "id": (int,),
    "parent_id": (int, NULL),
    "group_id": (int, NULL),
    "creator_type": (str,),
    "creator_user_id": (int, NULL),
    "metric_name": (str,),
    "duration": (int,),
    "anomaly_id": (int,),
    "anomaly_timestamp": (int,),
    "created_timestamp": (int,),
    "enabled": (bool,),
    "origin": (str,),
    "checks": (int,),
    "matches": (int,),
    "match_rate": NUMBER,
    "label": (str,),
    "positive": (bool,),
    "deletable": (bool,),
    "graph_url": (str,),
}
STATUS = frozenset(
    {
        "code",
        "message",
        "created_timestamp",
        "created_string",
        "duration",
        "language",
        "timezone",
        "session_id",
        "oldest_cached_component_age",
        "org_onboarding_status_id",
        "api_host",
        "user_onboarding_flags",
    }
)
OPEN = frozenset({"patterns", "pending_patterns", "pattern_graph_urls", "cross_correlations", "events", "matching_watchers"})
"""Lists and maps whose entries are looked at one by one."""


def alike(told: Any, sample: Any, name: str = "") -> None:
    """The same fields of the same types as in the sample, all the way down."""
    if isinstance(sample, dict) and name not in OPEN:
        assert set(told) == set(sample), (name, set(told) ^ set(sample))
        for key, value in sample.items():
            alike(told[key], value, key)
    elif told is None:
        assert name in NULLABLE, name
    elif sample is None:
        assert isinstance(told, WHERE_NULL.get(name, int)), (name, told)
    elif type(sample) in NUMBER:
        assert type(told) in NUMBER, (name, told)
    else:
        assert type(told) is type(sample), (name, told)
