"""Operations and look-ups where a deployment answers oddly: filters that it ignores, words that it does not know, forms that it refuses."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from bot import errors, model
from tests.sources.staging import Make, Traits, Wire, fixture, page_json


def operation(ident: int, kind: str = "scan", datastore: int = 42, **fields: Any) -> dict[str, Any]:
    told = {"id": ident, "type": kind, "datastore": {"id": datastore, "name": "x"}, "created": f"2026-05-08T09:{ident % 60:02}:00Z"}
    return {**told, "start_time": None, "end_time": None, "result": "running", "message": None, **fields}


def check(ident: int, container: int = 100, datastore: int = 42, **fields: Any) -> dict[str, Any]:
    told = {"id": ident, "container": {"id": container, "name": "orders"}, "datastore": {"id": datastore, "name": "x"}}
    return {**told, "status": "Active", **fields}


def paged(items: list[Any], request: httpx.Request) -> httpx.Response:
    page, size = int(request.url.params["page"]), int(request.url.params["size"])
    return httpx.Response(200, json=page_json(items[(page - 1) * size : page * size], total=len(items), page=page, size=size))


# --- the list ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("knows", ["catalog", "sync", "neither"])
async def test_a_sync_is_found_whatever_the_list_calls_it(over: Make, knows: str) -> None:
    made = [operation(9, "scan"), operation(8, "catalog"), operation(7, "sync"), operation(6, "profile")]

    def handler(request: httpx.Request) -> httpx.Response:
        asked = request.url.params.get("operation_type")
        if asked is not None and asked != knows:
            return httpx.Response(422, json={"detail": [{"loc": ["query", "operation_type"], "msg": "Input should be another word"}]})
        return paged([one for one in made if asked is None or one["type"] in ("sync", "catalog")], request)

    wire = Wire(handler)
    source = over(wire)
    for limit, wanted in ((0, ["8", "7"]), (1, ["8"])):
        scans = await source.scans(kind="sync", limit=limit)
        assert ([one.id for one in scans], {one.kind for one in scans}) == (wanted, {"sync"})
    refused = [one.url.params.get("operation_type") for one in wire.requests if one.url.params.get("operation_type") not in (None, knows)]
    assert len(refused) == (2 if knows == "neither" else 1)


async def test_filters_that_are_ignored_let_nothing_through(over: Make) -> None:
    made = [operation(one, "profile", datastore=7 if one % 2 else 42) for one in range(400, 100, -1)]
    made += [operation(3, end_time="2026-05-08T09:30:00Z"), operation(2), operation(1, datastore=7), {"id": 0, "type": "scan"}]
    wire = Wire(lambda one: paged(made, one))
    source = over(wire, datastores=["42"])
    assert [one.id for one in await source.scans(datastore="42", kind="scan")] == ["3", "2"]
    tried = [one for one in wire.requests if "datastore_id" in one.url.params]
    assert [one.id for one in await source.scans(datastore="42", kind="scan", limit=1)] == ["3"]
    assert [one.id for one in await source.scans(kind="scan", running=True, limit=1)] == ["2"]
    assert [one for one in wire.requests if "datastore_id" in one.url.params] == tried, "a hopeless name is not tried again"


async def test_looking_for_a_few_among_very_many_has_an_end(over: Make) -> None:
    wire = Wire(lambda one: paged([operation(ident, "profile") for ident in range(9000, 0, -1)], one))
    assert await over(wire).scans(kind="scan", limit=1) == []
    assert len(wire.requests) <= 25


async def test_a_refusal_that_is_not_about_the_kind_is_told(over: Make) -> None:
    wire = Wire(lambda _: httpx.Response(422, json={"detail": [{"loc": ["query", "sort_created"], "msg": "no"}]}))
    with pytest.raises(errors.SourceRejected, match="sort_created"):
        await over(wire).scans(kind="sync", limit=1)


async def test_an_operation_names_its_tables(over: Make) -> None:
    named = [{"id": 1, "name": "orders"}, {"id": 2, "name": "customers"}, "odd", None, {"id": 3}]
    for told, tables in ((named, ("orders", "customers", "odd")), (None, ()), ("absent", ()), ({"a": 1}, ())):
        raw = {**fixture("operation"), **({} if told == "absent" else {"containers": told})}
        assert (await over(lambda _, raw=raw: httpx.Response(200, json=raw)).scan("3001")).tables == tables


async def test_an_id_stays_one_path_segment(over: Make) -> None:
    wire = Wire(lambda _: httpx.Response(404, json={"detail": "Not Found"}))
    for asked in (over(wire).scan, over(wire).abort):
        with pytest.raises(errors.SourceMissing):
            await asked("../anomalies")
    assert [one.url.raw_path for one in wire.requests] == [b"/api/operations/..%2Fanomalies", b"/api/operations/abort/..%2Fanomalies"]


# --- checks and tables ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("odd", "wanted"),
    [
        (check(900, status="Draft"), 120),
        (check(900, container=7), 120),
        (check(900, datastore=7), 120),
        (check(900, archived=True), 120),
        ({**check(900), "datastore": None, "container": {"id": 100, "datastore": {"id": 7}}}, 120),
        ({"id": 900}, 121),
        ({**check(900), "status": None}, 121),
    ],
    ids=["draft", "other table", "other datastore", "archived", "by its table", "silent", "no status"],
)
async def test_checks_that_were_not_asked_for_are_not_counted(over: Make, odd: dict[str, Any], wanted: int) -> None:
    made = [odd, *(check(one) for one in range(1, 121))]
    assert await over(lambda one: paged(made, one)).active_checks("42", ["100"]) == wanted


async def test_an_answer_that_is_trusted_is_still_looked_at(over: Make) -> None:
    made = [check(one) for one in range(1, 5)]
    source = over(lambda one: paged(made, one))
    assert await source.active_checks("42", ["100"]) == 4
    made.insert(0, check(900, container=7))
    assert await source.active_checks("42", ["100"]) == 4


async def test_very_many_tables_are_asked_for_in_parts(over: Make) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        asked = request.url.params.get_list("container")
        assert len(str(request.url)) < 2000
        return paged([check(int(one), container=int(one)) for one in asked], request)

    wire = Wire(handler)
    assert await over(wire).active_checks("42", [str(one) for one in [*range(1, 121), 5, 6]]) == 120
    assert len(wire.requests) == 3


async def test_tables_by_tag_are_checked_where_they_tell_their_tags(over: Make) -> None:
    def table(ident: int, datastore: int = 42, **fields: Any) -> dict[str, Any]:
        return {"id": ident, "name": f"t{ident}", "datastore": {"id": datastore}, **fields}

    made = [
        table(1, global_tags=[{"name": "PII"}]),
        table(2, global_tags=[]),
        table(3, tags=["pii"]),
        table(4),
        table(5, datastore=7, tags=["pii"]),
    ]
    wire = Wire(lambda one: paged(made, one))
    assert [place.id for place in await over(wire).tables("42", tags=["pii", "pii"])] == ["1", "3", "4"]
    assert [one.url.params.get_list("tag") for one in wire.requests] == [["pii"], ["pii"]], "once by each name of the filter"


async def test_a_server_without_totals_is_read_until_a_page_is_not_full(over: Make) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params["page"])
        return httpx.Response(200, json={"items": [check(one) for one in range(1, 251)][(page - 1) * 100 : page * 100]})

    assert await over(handler).active_checks("42") == 250


# --- starting ---------------------------------------------------------------------------------------------------------


async def test_both_forms_of_a_start_are_tried_only_once(over: Make, traits: Traits) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        missing = "datastore_ids" if "datastore_id" in body else "datastore_id"
        return httpx.Response(422, json={"detail": [{"loc": ["body", missing], "msg": f"Field required: {missing}"}]})

    wire = Wire(handler)
    source = over(wire)
    for count in (2, 3):
        with pytest.raises(errors.SourceRejected, match="datastore_ids"):
            await source.start(model.ScanRequest("scan", "42"))
        assert len(wire.requests) == count
    assert traits.values == {}


async def test_a_lost_answer_of_the_other_form_is_not_sent_again(over: Make) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if "datastore_id" in json.loads(request.content):
            return httpx.Response(422, json={"detail": [{"loc": ["body"], "msg": "no"}]})
        raise httpx.ReadTimeout("slow", request=request)

    wire = Wire(handler)
    with pytest.raises(errors.SourceUnavailable):
        await over(wire).start(model.ScanRequest("scan", "42"))
    assert len(wire.requests) == 2


@pytest.mark.parametrize("key", ["datastore_id", "datastore_ids", "container_names", "container_ids", "container_tags", "type", "recreate"])
async def test_an_option_cannot_widen_what_was_asked_for(over: Make, key: str) -> None:
    wire = Wire(lambda _: httpx.Response(200, json=fixture("operation")))
    with pytest.raises(errors.SourceRejected):
        await over(wire).start(model.ScanRequest("scan", "42", options={key: ["x"]}))
    assert wire.requests == []
