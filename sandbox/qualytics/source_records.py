"""The rows behind an anomaly, as the service keeps them of a scan: at most ten of each, masked columns masked (contracts 1.4 and 8)."""

from __future__ import annotations

import json
from typing import Any

from sandbox.qualytics import deployment

KEPT = 10
"""So many rows a scan keeps of each anomaly unless it is told otherwise."""
MASKED = "***MASKED***"
"""What stands in place of a masked value. Whoever wants to see it asks with a right and an audit: nothing here does."""

_WRONG = {"notNull": None, "between": 10_000_000, "unique": 7, "notNegative": -1, "notFuture": "2099-01-01T00:00:00Z"}
"""A value that fails a check, by its rule; any other rule gets a word."""


def rows(anomaly: deployment.Anomaly) -> list[dict[str, Any]]:
    """The rows as objects, column by column; none where the scan kept none."""
    if not anomaly.enriched:
        return []
    many = min(KEPT, KEPT if anomaly.records is None else anomaly.records)
    return [_row(anomaly, number) for number in range(many)]


def _row(anomaly: deployment.Anomaly, number: int) -> dict[str, Any]:
    failing = {name: _WRONG.get(check.spec.rule, "unexpected") for check in anomaly.checks for name in check.spec.fields}
    owner = MASKED if "pii" in anomaly.container.table.tags else f"{anomaly.container.table.name}-owner"
    return {"row_id": anomaly.id * 100 + number, **failing, "contact_email": MASKED, "loaded_by": owner}


def written(anomaly: deployment.Anomaly) -> str:
    """As the service writes them: an array, in a text of its own."""
    return json.dumps(rows(anomaly), separators=(",", ":"))
