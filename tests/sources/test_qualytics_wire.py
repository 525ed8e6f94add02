"""Answers and operations read leniently: odd fields are normal."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from bot import errors, model
from tests.sources.staging import NOW, Make, Traits, Wire, anomaly_json, fixture, page_json

# --- reading leniently ------------------------------------------------------------------------------------------------


async def read_one(over: Make, **fields: Any) -> model.Anomaly:
    raw = {key: value for key, value in anomaly_json(1001, **fields).items() if value != "absent"}
    return (await over(lambda _: httpx.Response(200, json=raw)).get(["1001"]))["1001"]


async def test_the_sample_is_understood_whole(over: Make) -> None:
    one = await read_one(over)
    assert one == model.Anomaly(
        ref=model.Ref("qualytics", "1001"),
        state=model.State.ACTIVE,
        status="Active",
        created=NOW.replace(hour=9, minute=12, microsecond=123456),
        type="record",
        description="4,210 rows fail: customer_id not null",
        severity=model.Severity.HIGH,
        weight=54.0,
        records=4210,
        fingerprint="8412907731",
        tags=("critical", "pii"),
        assignees=(model.Person("qualytics", "12", "Dana Reyes", "dana@acme.example"),),
        checks=(model.Check("555", "notNull", ("customer_id",), "customer_id is null in 4,210 rows"),),
        datastore=model.Place("42", "warehouse-prod"),
        container=model.Place("100", "orders"),
        enriched=True,
        url="https://acme.qualytics.io/anomalies/1001",
    )


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"status": "Escalated", "archived": False}, {"state": model.State.ACTIVE, "status": "Escalated"}),
        ({"status": "Muted", "archived": True}, {"state": model.State.ARCHIVED, "status": "Muted", "archived_as": None}),
        ({"failed_checks": [7, {}, {"quality_check": {"id": None}}, {"quality_check": {"id": 5}}]}, {"checks": (model.Check("5", ""),)}),
        ({"failed_checks": "none", "datastore": {"id": True}, "container": 7}, {"checks": (), "datastore": None, "container": None}),
        ({"container": {"id": "c-7"}}, {"container": model.Place("c-7", "c-7")}),
        ({"status": "Duplicate"}, {"state": model.State.ARCHIVED, "archived_as": "Duplicate"}),
        ({"status": None}, {"state": model.State.ACTIVE, "status": "Active"}),
        ({"weight": 79.9}, {"severity": model.Severity.HIGH}),
        ({"weight": "80"}, {"severity": model.Severity.CRITICAL, "weight": 80.0}),
        ({"weight": None}, {"severity": None, "weight": None}),
        ({"weight": -3}, {"severity": model.Severity.LOW}),
        ({"weight": "heavy"}, {"weight": None}),
        ({"weight": "absent", "importance_score": 20}, {"weight": 20.0, "severity": model.Severity.MEDIUM}),
        ({"anomalous_records_count": 12.0}, {"records": 12}),
        ({"anomalous_records_count": None}, {"records": None}),
        ({"created": "2026-05-08T09:00:00"}, {"created": NOW.replace(hour=9)}),
        ({"created": "2026-05-08T11:00:00+02:00"}, {"created": NOW.replace(hour=9)}),
        ({"created": 1778231520}, {"created": NOW.replace(hour=9, minute=12), "undated": False}),
        ({"created": 1778231520000}, {"created": NOW.replace(hour=9, minute=12), "undated": False}),
        ({"created": "1778231520.0"}, {"created": NOW.replace(hour=9, minute=12), "undated": False}),
        ({"created": "20260508"}, {"created": NOW.replace(hour=0), "undated": False}),
        *(
            ({"created": odd}, {"created": NOW, "undated": True})
            for odd in (
                "absent",
                None,
                "",
                "yesterday",
                True,
                0,
                -1,
                1e300,
                [],
                {},
                "0000-00-00T00:00:00Z",
                "0001-01-01T00:00:00Z",
                "0001-01-01T00:00:00+05:00",
                "1970-01-01T00:00:00Z",
                "9999-12-31T23:59:59-05:00",
            )
        ),
        ({"fingerprint": "abc"}, {"fingerprint": "abc"}),
        ({"global_tags": ["a", {"name": "b"}, {"color": "#fff"}, None, "a"]}, {"tags": ("a", "b")}),
        (
            {"assignees": [{"id": 1, "name": None, "user_name": "kim"}, {"name": "no id"}, "x"]},
            {"assignees": (model.Person("qualytics", "1", "kim"),)},
        ),
        ({"failed_checks": None, "datastore": None, "container": "orders"}, {"checks": (), "datastore": None, "container": None}),
    ],
    ids=str,
)
async def test_odd_fields_are_normal(over: Make, fields: dict[str, Any], wanted: dict[str, Any]) -> None:
    one = await read_one(over, **fields)
    assert {name: getattr(one, name) for name in wanted} == wanted


async def test_half_a_surrogate_pair_in_a_table_cell_hides_no_anomaly(over: Make) -> None:
    body = json.dumps(anomaly_json(1001, description="cut \ud83d off", status="Duplicate")).encode()
    found = await over(lambda _: httpx.Response(200, content=body)).get(["1001"])
    assert found["1001"].description == "cut \ud83d off"
    assert found["1001"].archived_as == "Duplicate"


async def test_an_item_that_cannot_be_understood_is_left_out_and_the_rest_is_read(over: Make, caplog: pytest.LogCaptureFixture) -> None:
    items = [anomaly_json(1), {"id": True}, {**anomaly_json(2), "id": None}, anomaly_json(3)]
    source = over(lambda _: httpx.Response(200, json=page_json(items)))
    assert {one.ref.id for one in (await source.changes("")).anomalies} == {"1", "3"}
    await source.changes("")
    assert len(caplog.records) == 1


# --- operations -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrapped", [False, True])
async def test_an_operation_plain_or_wrapped(over: Make, wrapped: bool) -> None:
    raw = fixture("operation")
    scan = await over(lambda _: httpx.Response(200, json=page_json([raw]) if wrapped else raw)).scan("3001")
    assert (scan.kind, scan.result, scan.message) == ("sync", model.ScanResult.WARNING, "2 tables were skipped")
    assert (scan.tables_total, scan.tables_done, scan.records, scan.anomalies) == (10, 8, 120_000, 3)
    assert scan.ended == NOW.replace(hour=9, minute=1)
    assert scan.by == "Dana Reyes"


async def test_starting_is_never_repeated(over: Make) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("slow", request=request)

    wire = Wire(handler)
    with pytest.raises(errors.SourceUnavailable):
        await over(wire).start(model.ScanRequest("scan", "42"))
    assert len(wire.requests) == 1


# --- capabilities are data --------------------------------------------------------------------------------------------


async def test_each_word_is_sent_or_applied_here(over: Make) -> None:
    words = over(lambda _: httpx.Response(500)).words
    assert words["severity"].handling is words["q"].handling is model.Handling.HERE
    assert words["datastore"].handling is words["since"].handling is model.Handling.SENT


async def test_facts_that_nobody_wrote_do_no_harm(over: Make, traits: Traits) -> None:
    for value in ('"x"', '{"nonsense": 1}', '{"off": {"reopen": "not a date"}}', "[]"):
        traits.values["qualytics", "acme.qualytics.io"] = value
        assert model.Action.REOPEN in over(lambda _: httpx.Response(200, json=page_json([]))).supports
        assert (await over(lambda _: httpx.Response(200, json=page_json([]))).changes("")).anomalies == []
