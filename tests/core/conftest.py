"""What the tests of the core share: an anomaly that can be varied."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot import model

BASE = model.Anomaly(
    ref=model.Ref("qualytics", "1001"),
    state=model.State.ACTIVE,
    status="Active",
    created=datetime(2026, 11, 20, 9, 12, tzinfo=UTC),
    type="record",
    description="4,210 rows fail: customer_id not null",
    severity=model.Severity.HIGH,
    weight=54,
    records=4210,
    fingerprint="8812",
    tags=("critical", "PII"),
    assignees=(model.Person("qualytics", "7", "Dana Levi"),),
    checks=(model.Check("512", "notNull", ("customer_id",), "customer_id is null"),),
    datastore=model.Place("42", "warehouse-prod"),
    container=model.Place("99", "orders"),
    enriched=True,
    version=3,
)


@pytest.fixture(scope="session")
def anomaly() -> Callable[..., model.Anomaly]:
    """`anomaly(state=..., tags=...)`: the usual one with some fields changed."""

    def make(**changes: Any) -> model.Anomaly:
        return replace(BASE, **changes)

    return make
