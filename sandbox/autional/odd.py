"""Odd ways of writing one anomaly: open words, what is missing (no field is required), what is malformed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Json = dict[str, Any]


def _without(*names: str) -> Callable[[Json], Any]:
    return lambda shown: {name: value for name, value in shown.items() if name not in names}


def _with(**more: Any) -> Callable[[Json], Any]:
    return lambda shown: {**shown, **more}


def _iso(shown: Json) -> Any:
    return {**shown, "detected_at": "2026-04-15T10:10:00Z", "created_at": "1713175800"}


ODD: Mapping[str, Callable[[Json], Any]] = {
    "": lambda shown: shown,
    "unknown type": _with(type="quantum_login"),
    "unknown severity": _with(severity="catastrophic"),
    "unknown status": _with(status="escalated"),
    "status of the page": _with(status="acknowledged"),
    "shouted": lambda shown: {**shown, "status": str(shown["status"]).upper(), "severity": str(shown["severity"]).upper()},
    "no type": _without("type"),
    "no severity": _without("severity"),
    "no status": _without("status"),
    "no times": _without("detected_at", "created_at", "updated_at"),
    "no user": _without("user_id", "tenant_id"),
    "id alone": lambda shown: {"id": shown["id"]},
    "no id": _without("id"),
    "all null": lambda shown: {name: shown[name] if name == "id" else None for name in shown},
    "times as text": _iso,
    "year 0": _with(detected_at=0, created_at=-62135596800),
    "far future": _with(detected_at=1_713_175_800_000_000),
    "garbled time": _with(detected_at="a while ago"),
    "garbled comments": _with(comments=["Looks fine", {"content": None}, {"author_id": 7}, None]),
    "comments as object": _with(comments={"items": []}),
    "garbled events": _with(event_ids=[1, None, "audit_1"]),
    "events as text": _with(event_ids="audit_1,audit_2"),
    "numbers as text": lambda shown: {**shown, "detected_at": str(shown.get("detected_at", ""))},
    "list of techniques": _with(mitre_tactic=["T1110", "T1078"]),
    "technique in words": _with(mitre_tactic="Credential Access"),
    "extra fields": _with(risk_score=87, geo={"country": "DE"}, confidence="0.91"),
    "not an object": lambda shown: shown["id"],
    "null": lambda shown: None,
}
WORDS = tuple(word for word in ODD if word)
"""All of them, in the order in which they come when every so-many-th anomaly is odd."""
