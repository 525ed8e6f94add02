"""Lists that drift, lie or stay silent, and cursors over them."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from bot import errors, model
from tests.sources.staging import NOW, Clock, Make, Traits, Wire, anomaly_json, page_json


async def test_a_list_that_shrinks_while_it_is_read_is_read_once_more(over: Make) -> None:
    ids = list(range(1, 21))

    def handler(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params["page"])
        shown = ids[(page - 1) * 10 : page * 10]
        reply = page_json([anomaly_json(one) for one in shown], total=len(ids), page=page, size=10)
        if ids[0] == 1:
            ids.pop(0)
        return httpx.Response(200, json=reply)

    wire = Wire(handler)
    found = await over(wire, page_size=10).changes("")
    assert {int(one.ref.id) for one in found.anomalies} == set(range(2, 21))
    assert wire.lines.count("GET /api/anomalies") == 4


async def test_a_server_that_gives_smaller_pages_than_asked_is_read_whole(over: Make) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params["page"])
        ids = range(1, 26)[(page - 1) * 10 : page * 10]
        return httpx.Response(200, json=page_json([anomaly_json(one) for one in ids], total=25, page=page, size=10))

    assert len((await over(handler).changes("")).anomalies) == 25


async def test_a_server_without_a_total_is_read_until_a_page_is_not_full(over: Make) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params["page"])
        ids = range(1, 26)[(page - 1) * 10 : page * 10]
        return httpx.Response(200, json={"items": [anomaly_json(one) for one in ids]})

    assert len((await over(handler, page_size=10).changes("")).anomalies) == 25


async def test_when_no_filter_works_foreign_anomalies_are_dropped_all_the_same(over: Make) -> None:
    items = [anomaly_json(1), anomaly_json(2, datastore={"id": 7, "name": "other"}), anomaly_json(3)]
    wire = Wire(lambda _: httpx.Response(200, json=page_json(items)))
    source = over(wire, datastores=["42"])
    assert {one.ref.id for one in (await source.changes("")).anomalies} == {"1", "3"}
    assert await source.count(model.Query()) == 2
    assert len([one for one in wire.requests if "datastore_id" in one.url.params]) == 1


async def test_a_filter_that_is_ignored_lets_nothing_through(over: Make) -> None:
    items = [anomaly_json(1), anomaly_json(2, type="shape"), anomaly_json(3, status="Acknowledged")]
    source = over(lambda _: httpx.Response(200, json=page_json(items)))
    assert {one.ref.id for one in (await source.find(model.Query(types=("shape",)))).anomalies} == {"2"}
    assert {one.ref.id for one in (await source.find(model.Query(statuses=("acknowledged",)))).anomalies} == {"3"}
    assert await source.count(model.Query(statuses=("acknowledged",))) == 1
    first = await source.find(model.Query(types=("shape",), limit=1))
    assert ([one.ref.id for one in first.anomalies], first.total) == (["2"], 1)


def deployment_with(ids: list[int], mode: str) -> Wire:
    """A server whose `id` filter is a list, only its last value, ignored, or refused."""

    def handler(request: httpx.Request) -> httpx.Response:
        tail = request.url.path.rpartition("/")[2]
        if tail.isdecimal():
            return (
                httpx.Response(200, json=anomaly_json(int(tail))) if int(tail) in ids else httpx.Response(404, json={"detail": "Not found"})
            )
        asked = [int(one) for one in request.url.params.get_list("id")]
        if mode == "refused":
            return httpx.Response(422, json={"detail": [{"loc": ["query", "id"], "msg": "Input should be an integer"}]})
        asked = {"list": asked, "last": asked[-1:], "ignored": ids}[mode]
        return httpx.Response(
            200, json=page_json([anomaly_json(one) for one in ids if one in asked][:100], total=len(set(asked) & set(ids)))
        )

    return Wire(handler)


@pytest.mark.parametrize("mode", ["list", "last", "ignored", "refused"])
async def test_many_ids_are_read_right_on_every_deployment(over: Make, traits: Traits, mode: str) -> None:
    ids = list(range(1, 151))
    wire = deployment_with(ids, mode)
    source = over(wire)
    wanted = [str(one) for one in range(1, 141, 4)] + ["900"]
    reading = await source.read(wanted)
    assert reading.found.keys() == set(wanted[:-1])
    assert reading.gone == {"900"}
    wire.requests.clear()
    assert (await over(wire).get(wanted)).keys() == set(wanted[:-1])
    lists = [line for line in wire.lines if line == "GET /api/anomalies"]
    assert len(lists) == (1 if mode == "list" else 0)


async def test_the_first_ids_come_first_where_every_id_costs_a_call(over: Make) -> None:
    source = over(deployment_with(list(range(1, 50)), "refused"))
    await source.read(["1", "2"])
    reading = await source.read([str(one) for one in range(1, 40)], pages=5)
    assert reading.found.keys() == {"1", "2", "3", "4", "5"}
    assert not reading.gone


async def test_a_server_that_caps_a_list_of_ids_is_asked_for_fewer(over: Make) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        asked = [int(one) for one in request.url.params.get_list("id")]
        return httpx.Response(200, json=page_json([anomaly_json(one) for one in asked][:20], total=len(asked), size=20))

    ids = [str(one) for one in range(1, 61)]
    source = over(handler)
    await source.read(ids[:2])
    assert (await source.read(ids)).found.keys() == set(ids)


async def test_an_unknown_filter_cannot_make_a_count_wrong(over: Make) -> None:
    """The newest happens to be ours, the rest is not: a page of one would not show that the filter is ignored."""
    items = [anomaly_json(1), anomaly_json(2, datastore={"id": 7, "name": "other"})]

    def handler(request: httpx.Request) -> httpx.Response:
        shown = items[:1] if "datastore_id" in request.url.params else items
        return httpx.Response(200, json=page_json(shown[: int(request.url.params["size"])], total=len(shown)))

    assert await over(handler, datastores=["42"]).count(model.Query()) == 1


@pytest.mark.parametrize(
    ("statuses", "archived", "status"),
    [
        ((), None, []),
        (("active",), None, ["Active"]),
        (("open",), None, ["Active", "Acknowledged"]),
        (("resolved",), "only", ["Resolved"]),
        (("archived",), "only", []),
        (("active", "resolved"), "include", ["Active", "Resolved"]),
        (("any",), "include", []),
    ],
)
async def test_closed_anomalies_are_asked_for(over: Make, statuses: tuple[str, ...], archived: str | None, status: list[str]) -> None:
    wire = Wire(lambda _: httpx.Response(200, json=page_json([])))
    await over(wire).find(model.Query(statuses=statuses))
    params = wire.requests[0].url.params
    assert (params.get("archived"), params.get_list("status")) == (archived, status)


def listed(made: dict[int, str]) -> Wire:
    """A server with these anomalies: id -> date of creation."""

    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("datastores"):
            return httpx.Response(200, json=page_json([{"id": 42, "name": "warehouse-prod"}]))
        page, size = int(request.url.params["page"]), int(request.url.params["size"])
        newest = sorted(made, key=lambda one: (made[one], one), reverse=True)
        shown = [anomaly_json(one, created=made[one]) for one in newest[(page - 1) * size : page * size]]
        return httpx.Response(200, json=page_json(shown, total=len(made), page=page, size=size))

    return Wire(handler)


async def test_a_date_in_the_future_hides_nothing(over: Make) -> None:
    made = {1: "2027-01-01T00:00:00Z", **dict.fromkeys(range(2, 30), "2026-05-08T11:00:00Z")}
    source = over(listed(made), page_size=10)
    cursor = (await source.changes("")).cursor
    made |= dict.fromkeys(range(100, 125), "2026-05-08T11:58:00Z")
    found = {int(one.ref.id) for one in (await source.changes(cursor)).anomalies}
    assert found >= set(range(100, 125))


@pytest.mark.parametrize(("minutes", "calls"), [(0, 2), (60, 1)], ids=["after one burst", "after single ones"])
async def test_a_few_new_ones_cost_hardly_anything(over: Make, minutes: int, calls: int) -> None:
    made = {one: (NOW - timedelta(hours=1, minutes=minutes * one)).isoformat() for one in range(1, 300)}
    wire = listed(made)
    source = over(wire, page_size=10)
    cursor = (await source.changes("")).cursor
    made |= dict.fromkeys(range(1000, 1003), "2026-05-08T11:58:00Z")
    wire.requests.clear()
    assert {int(one.ref.id) for one in (await source.changes(cursor)).anomalies} >= set(range(1000, 1003))
    assert len(wire.requests) <= calls


async def test_above_known_ground_no_more_than_a_wave_is_read_in_vain(over: Make) -> None:
    made = {one: f"2026-05-0{1 + one // 60}T00:00:{one % 60:02}Z" for one in range(1, 300)}
    wire = listed(made)
    source = over(wire, page_size=10)
    cursor = (await source.changes("")).cursor
    made |= dict.fromkeys(range(2000, 2015), "2026-05-08T11:59:00Z")
    wire.requests.clear()
    assert {int(one.ref.id) for one in (await source.changes(cursor)).anomalies} >= set(range(2000, 2015))
    assert len(wire.requests) <= 5


async def test_a_cursor_does_not_grow_with_time(over: Make, clock: Clock) -> None:
    made: dict[int, str] = {}
    source, cursor, longest = over(listed(made)), "", []
    for minute in range(120):
        clock.at = NOW + timedelta(minutes=minute)
        made |= {minute * 10 + one: clock.at.isoformat() for one in range(0, 10, 2)}
        cursor = (await source.changes(cursor)).cursor
        longest.append(len(cursor))
    assert max(longest[60:]) <= max(longest[15:30]) + 100


async def test_a_server_that_trickles_is_given_up(over: Make) -> None:
    async def drops() -> Any:
        while True:
            yield b" "
            await asyncio.sleep(0.01)

    with pytest.raises(errors.SourceUnavailable, match="did not answer within"):
        await over(lambda _: httpx.Response(200, content=drops()), timeout=0.2).people()


@pytest.mark.parametrize(("word", "fits"), [("orders", False), ("ORDERS", True), ("Orders", True), ("items", True)])
async def test_a_name_in_other_letters_counts_only_where_one_spelling_fits(over: Make, word: str, fits: bool) -> None:
    tables = [{"id": 1, "name": "Orders"}, {"id": 2, "name": "ORDERS"}, {"id": 3, "name": "Items"}]
    wire = Wire(lambda one: httpx.Response(200, json=tables if one.url.path.endswith("listing") else page_json([])))
    asked = over(wire, datastores=["42"]).find(model.Query(tables=(word,)))
    if fits:
        await asked
        assert len(wire.requests[-1].url.params.get_list("container")) == 1
    else:
        with pytest.raises(errors.NotFound, match="ORDERS or Orders"):
            await asked


async def test_a_datastore_made_a_moment_ago_is_found(over: Make) -> None:
    known = [{"id": 42, "name": "warehouse-prod"}]
    source = over(lambda one: httpx.Response(200, json=page_json(known if one.url.path.endswith("datastores") else [])))
    await source.find(model.Query(datastores=("warehouse-prod",)))
    known.append({"id": 43, "name": "lake"})
    assert (await source.find(model.Query(datastores=("LAKE",)))).total == 0


async def test_a_list_of_ids_that_was_ignored_is_tried_again_after_an_hour(over: Make, clock: Clock) -> None:
    ids = list(range(1, 20))
    wire = deployment_with(ids, "refused")
    source = over(wire)
    await source.read(["1", "2"])
    wire.handler = deployment_with(ids, "list").handler
    for minutes, lists in ((59, 0), (1, 1)):
        clock.at += timedelta(minutes=minutes)
        wire.requests.clear()
        assert (await source.get(["3", "4", "5"])).keys() == {"3", "4", "5"}
        assert wire.lines.count("GET /api/anomalies") == lists


@pytest.mark.parametrize("said", [None, 7, "x", {}, {"items": None}, {"items": 7}, {"items": True}, {"items": {"id": 7, "name": "orders"}}])
async def test_a_list_of_names_that_is_none_is_empty(over: Make, said: Any) -> None:
    assert await over(lambda _: httpx.Response(200, content=json.dumps(said))).tables("42") == []
