"""The rows behind an anomaly of Qualytics: read leniently, masked as they come, and never quoted in an error."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from bot import errors, model
from sandbox.qualytics import source_records
from tests.sources.staging import Deployment, Make

ONE = model.Anomaly(model.Ref("qualytics", "7"), model.State.ACTIVE, "Active", datetime(2026, 11, 21, tzinfo=UTC))
SECRET = "jane.roe@private.example"


async def kept(system: Deployment, **fields: Any) -> model.Anomaly:
    """An anomaly with rows, as the desk reads it."""
    anomaly = system.world.arrive(1)[0]
    anomaly.enriched, anomaly.records = True, 3
    for name, value in fields.items():
        setattr(anomaly, name, value)
    return (await system.source().get([str(anomaly.id)]))[str(anomaly.id)]


@pytest.mark.parametrize("shape", ["object", "entries"])
async def test_rows_are_read_with_their_columns_and_stay_masked(system: Deployment, shape: Any) -> None:
    system.world.modes.source_records = shape
    one = await kept(system)
    system.calls()
    read = await system.source().rows(one)
    assert system.lines()[-1] == f"GET anomalies/{one.ref.id}/source-record", "and nothing is asked for besides, least of all unmasking"
    assert read.total == len(read.cells) == 3
    assert read.columns[0] == "row_id" and "contact_email" in read.columns
    assert {row[read.columns.index("contact_email")] for row in read.cells} == {source_records.MASKED}
    assert read.taken is not None
    assert source_records.MASKED not in repr(read), "not in a log by accident"


@pytest.mark.parametrize("mode", ["off", "none kept"])
async def test_where_none_are_kept_there_are_none(system: Deployment, mode: str) -> None:
    if mode == "off":
        system.world.modes.source_records = "off"
    one = await kept(system, enriched=mode == "off")
    assert (await system.source().rows(one)).total == 0


def answering(body: Any, status: int = 200) -> Any:
    """A deployment with one anomaly that answers the call like this."""

    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/source-record"):
            return httpx.Response(status, content=body if isinstance(body, bytes) else json.dumps(body))
        return httpx.Response(200, json={"id": 7, "status": "Active", "created": "2026-11-21T09:00:00Z"})

    return handler


@pytest.mark.parametrize(
    ("body", "columns", "cells"),
    [
        ({"source_record": '[{"a": null, "b": {"c": 1}}, {"d": "x"}]'}, ("a", "b", "d"), [("null", '{"c": 1}', ""), ("", "", "x")]),
        ({"source_record": [{"a": True}]}, ("a",), [("true",)]),
        ({"source_record": '{"a": 1}'}, ("a",), [("1",)]),
        ({"source_record": None}, (), []),
        ([], (), []),
    ],
)
async def test_odd_forms_are_read_as_far_as_they_say_something(over: Make, body: Any, columns: Any, cells: Any) -> None:
    read = await over(answering(body)).rows(ONE)
    assert (read.columns, read.cells) == (columns, cells)


async def test_of_very_many_the_first_are_read_and_all_are_counted(over: Make) -> None:
    read = await over(answering({"source_record": json.dumps([{"a": n} for n in range(5_000)])})).rows(ONE)
    assert (len(read.cells), read.total) == (200, 5_000)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"source_record": f"[{SECRET}"}, 200),
        ({"source_record": json.dumps([SECRET])}, 200),
        ({"detail": f"cannot read {SECRET}"}, 422),
        ({"detail": f"cannot read {SECRET}"}, 403),
        ({"detail": f"cannot read {SECRET}"}, 500),
        (f"<{SECRET}".encode(), 200),
    ],
)
async def test_an_error_quotes_no_row(over: Make, caplog: pytest.LogCaptureFixture, body: Any, status: int) -> None:
    caplog.set_level("DEBUG")
    with pytest.raises(errors.SourceError) as caught:
        await over(answering(body, status)).rows(ONE)
    told: BaseException | None = caught.value
    assert str(told).startswith("Qualytics ")
    while told is not None:
        assert SECRET not in str(told) and SECRET not in repr(told)
        told = told.__cause__
    assert SECRET not in caplog.text
