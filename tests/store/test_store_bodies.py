"""What is stored of an anomaly, word by word: earlier releases read what this one writes, and this one reads what they wrote."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pydantic
import pytest

from bot import model
from bot.core import transitions
from bot.store import mappers
from tests.store.making import NOON, SOURCE, after, anomaly, archived, ref

OLD: dict[str, Any] = {
    "ref": {"source": "qualytics", "id": "1"},
    "state": "archived",
    "status": "Invalid",
    "created": "2026-03-02T11:00:00Z",
    "archived_as": "Invalid",
    "type": "record",
    "description": "4,210 rows fail",
    "severity": "high",
    "weight": 54.5,
    "records": 4210,
    "datastore": {"id": "42", "name": "warehouse-prod"},
    "container": {"id": "9", "name": "orders"},
}
"""A row as the release before wrote it."""

NOW = archived(
    1,
    type="record",
    severity=model.Severity.HIGH,
    weight=54.5,
    records=4210,
    datastore=model.Place("42", "warehouse-prod"),
    container=model.Place("9", "orders"),
)

NEW = replace(
    anomaly(2, state=model.State.ACKNOWLEDGED, status="investigating"),
    weight=72.0,
    scale=model.Scale("score", 100),
    type="impossible_travel",
    type_title="impossible travel",
    series=model.Series("orders.count", 4210, 1200, 1900, 2310, 121.6, model.Direction.UP, NOON, after(60), "1h", "rows"),
    facts=(model.Fact("Device", "A laptop", "https://acme.example/d/1"),),
    places=(model.Place("1", "Payments"), model.Place("2", "eu-west"), model.Place("3", "checkout")),
    related=(ref(7),),
    merged_into=model.Ref("strange", "a:8"),
    started=NOON,
    ended=after(60),
    over=after(90),
)


@dataclass(frozen=True)
class Earlier:
    """What the release before knew of an anomaly."""

    ref: model.Ref
    state: model.State
    status: str
    created: datetime
    type: str = ""
    description: str = ""
    weight: float | None = None
    datastore: model.Place | None = None
    version: int = 0


def read(body: dict[str, Any], version: int = 3) -> model.Anomaly:
    return mappers.anomaly(SimpleNamespace(body=json.loads(json.dumps(body)), version=version))  # type: ignore[arg-type]


def test_a_row_of_the_release_before_reads_back_and_is_written_again_as_it_was() -> None:
    assert read(OLD) == replace(NOW, version=3)
    assert mappers.body(NOW) == OLD, "or every stored anomaly would look changed"


def test_everything_that_a_system_can_tell_comes_back() -> None:
    assert read(mappers.body(NEW)) == replace(NEW, version=3)


def test_the_release_before_reads_what_it_knows_and_ignores_the_rest() -> None:
    seen = pydantic.TypeAdapter(Earlier).validate_python({**mappers.body(NEW), "version": 3})
    assert (seen.ref, seen.weight, seen.type, seen.state) == (NEW.ref, 72.0, "impossible_travel", model.State.ACKNOWLEDGED)


def test_what_was_deleted_is_known_by_its_status_in_old_rows_and_for_the_release_before() -> None:
    assert read({**OLD, "status": "Deleted"}).deleted
    gone = transitions.gone(NEW)
    assert read(mappers.body(gone)) == replace(gone, version=3) and gone.deleted
    assert mappers.body(gone)["status"] == "Deleted", "the release before knows it by nothing else"
    assert not read(OLD).deleted


def test_a_system_may_have_the_status_deleted_for_something_that_it_knows() -> None:
    assert not read(mappers.body(anomaly(1, status="Deleted"))).deleted


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_json_cannot_hold_is_left_out(number: float) -> None:
    series = model.Series("m", number, number, 1.0, number, number)
    body = mappers.body(anomaly(1, weight=number, series=series, scale=model.Scale("score", number)))
    json.dumps(body, allow_nan=False)
    assert read(body).series == model.Series("m", high=1.0)
    assert read(body).ref == model.Ref(SOURCE, "1")
