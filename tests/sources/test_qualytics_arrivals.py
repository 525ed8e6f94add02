"""What is new: whatever its date says, wherever it stands in the list, and only in places that were looked at before."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from bot import model
from bot.sources.qualytics import anomaly_pages, census, cursors
from sandbox import qualytics as fake
from sandbox.qualytics import control
from tests.sources.staging import Deployment, Make, Wire, anomaly_json, opened, page_json

LONG_AGO = datetime(2024, 2, 29, 12, 0, tzinfo=UTC)


def places(system: Deployment) -> dict[int, Any]:
    """A container of each datastore."""
    return {container.datastore.id: container for container in system.world.facts.containers.values()}


async def until_found(source: Any, cursor: str, ident: int, polls: int = 20) -> tuple[str, int]:
    """Poll until an anomaly is among what comes; returns the cursor and how many polls it took."""
    for number in range(1, polls + 1):
        changes = await source.changes(cursor)
        cursor = changes.cursor
        if str(ident) in {one.ref.id for one in changes.anomalies}:
            return cursor, number
    raise AssertionError(f"{ident} was not found in {polls} polls")


# --- the way to known ground --------------------------------------------------------------------------------------------------------


async def test_the_way_through_many_new_ones_is_read_in_a_few_waves_and_no_page_twice(
    system: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = system.source(datastores=["42"], page_size=5)
    cursor = (await source.changes("")).cursor
    new = {str(one.id) for one in system.world.arrive(300) if one.container.datastore.id == 42}
    waves: list[int] = []
    rest = anomaly_pages.Lister.rest

    async def watched(lister: Any, datastore: str, params: Any, numbers: range) -> Any:
        waves.append(len(numbers))
        return await rest(lister, datastore, params, numbers)

    monkeypatch.setattr(anomaly_pages.Lister, "rest", watched)
    system.calls()
    seen = {one.ref.id for one in (await source.changes(cursor)).anomalies}
    asked = [call for call in system.calls() if call["path"].rstrip("/").endswith("/anomalies")]
    pages = [value for call in asked for name, value in call["query"] if name == "page"]
    assert new <= seen and len(new) > 80
    assert len(pages) == len(set(pages)) and waves[:2] == [4, 8] and len(waves) <= 4


# --- the census ---------------------------------------------------------------------------------------------------------------------


async def test_an_old_one_behind_many_newer_ones_is_found_within_twenty_polls_whenever_it_appears(system: Deployment) -> None:
    system.world.arrive(150)
    source = system.source()
    cursor = (await source.changes("")).cursor
    for _ in range(7):
        old = system.world.arrive(1, created=LONG_AGO)[0]
        cursor, polls = await until_found(source, cursor, old.id)
        assert polls <= source.census <= 20


async def test_one_that_was_closed_long_ago_and_is_opened_again_is_found(system: Deployment) -> None:
    system.world.arrive(150)
    closed = next(one for _, one in system.world.closed)
    source = system.source()
    cursor = (await source.changes("")).cursor
    system.world.change(closed, status="Acknowledged")
    await until_found(source, cursor, closed.id)


async def test_what_the_census_alone_found_is_told_apart(system: Deployment) -> None:
    system.world.arrive(150)
    source = system.source()
    cursor = (await source.changes("")).cursor
    old, new = system.world.arrive(1, created=LONG_AGO)[0], system.world.arrive(1)[0]
    late: set[str] = set()
    for _ in range(20):
        changes = await source.changes(cursor)
        cursor = changes.cursor
        late |= {ref.id for ref in changes.late}
    assert str(old.id) in late and str(new.id) not in late


async def test_a_queue_of_one_page_is_never_looked_through(system: Deployment) -> None:
    source = system.source(datastores=["42"])
    cursor = (await source.changes("")).cursor
    system.calls()
    for _ in range(40):
        cursor = (await source.changes(cursor)).cursor
    assert system.lines() == ["GET anomalies"] * 40


async def test_a_census_takes_a_slice_a_poll_and_the_polls_between_cost_one_call(system: Deployment) -> None:
    system.world.arrive(200)
    source = system.source(datastores=["42", "43"], page_size=5)
    cursor = (await source.changes("")).cursor
    system.calls()
    costs = []
    for _ in range(3 * census.EVERY):
        cursor = (await source.changes(cursor)).cursor
        costs.append(len(system.calls()))
    assert max(costs) == 2 + census.SLICE
    assert costs[: census.EVERY - 2] == [2] * (census.EVERY - 2), "nothing is looked through right after the first contact"
    assert costs.count(2) > len(costs) / 2
    there = [sum(one.container.datastore.id == store for _, one in system.world.open) for store in (42, 43)]
    assert sum(costs) - 2 * len(costs) >= 2 * sum(-(-number // 5) - 1 for number in there), "and yet all of it, twice"


async def test_closing_many_while_a_census_is_under_way_hides_nothing(system: Deployment) -> None:
    """What is closed near the top moves everything behind it forward, past where the last slice ended."""
    system.world.arrive(300)
    source = system.source(page_size=10)
    cursor = (await source.changes("")).cursor
    for _ in range(census.EVERY - 2):
        cursor = (await source.changes(cursor)).cursor
    seen: set[str] = set()
    for _ in range(8):
        changes = await source.changes(cursor)
        cursor = changes.cursor
        seen |= {one.ref.id for one in changes.anomalies}
        for _, one in system.world.open[-25:-10]:
            system.world.change(one, status="Resolved")
    assert {str(one.id) for _, one in system.world.open} <= seen


async def test_a_census_ends_where_the_pages_end_whatever_the_server_says(over: Make) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("datastores"):
            return httpx.Response(200, json=page_json([]))
        page = int(request.url.params["page"])
        ids = range(1, 26)[(page - 1) * 10 : page * 10]
        return httpx.Response(200, json=page_json([anomaly_json(one) for one in ids], total=10**13, page=page, size=10))

    wire = Wire(handler)
    source = over(wire, page_size=10)
    mark = cursors.start().advanced([], 10**13, datetime(2026, 5, 9, tzinfo=UTC))
    cursor = cursors.write({"": cursors.ReadMark(datetime(2026, 5, 9, tzinfo=UTC), 10**13, mark.seen, frozenset({"42"}))})
    pages = []
    for _ in range(2 * census.EVERY):
        wire.requests.clear()
        cursor = (await source.changes(cursor)).cursor
        pages.append(wire.lines.count("GET /api/anomalies"))
    assert max(pages) == 1 + census.SLICE and pages.count(1 + census.SLICE) == 2


async def test_without_a_total_the_census_ends_at_a_page_that_is_not_full(over: Make) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("datastores"):
            return httpx.Response(200, json=page_json([]))
        page = int(request.url.params["page"])
        ids = range(1, 36)[(page - 1) * 10 : page * 10]
        return httpx.Response(200, json={"items": [anomaly_json(one) for one in ids]})

    source = over(handler, page_size=10)
    cursor = cursors.write({"": cursors.ReadMark(datetime(2026, 5, 9, tzinfo=UTC), places=frozenset({"42"}))})
    found: set[str] = set()
    for _ in range(census.EVERY):
        changes = await source.changes(cursor)
        cursor = changes.cursor
        found |= {one.ref.id for one in changes.anomalies}
    assert found == {str(one) for one in range(1, 36)}


async def test_the_way_to_known_ground_ends_when_the_same_page_comes_again_and_again(over: Make) -> None:
    items = [anomaly_json(one, created="2026-05-09T00:00:00Z") for one in range(10)]

    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=page_json(items, total=10**13, page=int(request.url.params["page"]), size=10))

    wire = Wire(handler)
    cursor = cursors.write({"42": cursors.ReadMark(datetime(2026, 5, 8, tzinfo=UTC), 5)})
    assert len((await over(wire, page_size=10, datastores=["42"]).changes(cursor)).anomalies) == 10
    assert len(wire.requests) <= 6


# --- dates that say nothing -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("odd", control.ODD)
async def test_one_whose_date_cannot_be_read_is_there_and_drags_no_cursor(system: Deployment, odd: str) -> None:
    source = system.source()
    first = await source.changes("")
    made = system.world.arrive(1, dated=control.ODD[odd])[0]
    changes = await source.changes(first.cursor)
    (found,) = [one for one in changes.anomalies if one.ref.id == str(made.id)]
    assert found.undated is (odd not in ("seconds", "milliseconds"))
    if found.undated:
        assert json.loads(changes.cursor)[""]["newest"] == json.loads(first.cursor)[""]["newest"]
    else:
        assert abs(found.created - made.created) < timedelta(seconds=1)


# --- first contact, place by place ------------------------------------------------------------------------------------------------------


async def test_a_datastore_that_is_added_to_the_settings_is_met_and_the_others_are_not(system: Deployment) -> None:
    system.world.arrive(5, [places(system)[43]])
    cursor = (await system.source(datastores=["42"]).changes("")).cursor
    changes = await system.source(datastores=["42", "43"]).changes(cursor)
    (met,) = changes.met
    assert (met.place.id, met.place.name) == ("43", places(system)[43].datastore.name)
    assert {int(ref.id) for ref in met.already} == {one.id for _, one in system.world.open if one.container.datastore.id == 43}
    assert not (await system.source(datastores=["42", "43"]).changes(changes.cursor)).met


async def test_a_datastore_that_was_taken_out_and_put_back_is_no_stranger(system: Deployment) -> None:
    both, one = ["42", "43"], ["42"]
    cursor = (await system.source(datastores=both).changes("")).cursor
    cursor = (await system.source(datastores=one).changes(cursor)).cursor
    made = system.world.arrive(1, [places(system)[43]])[0]
    changes = await system.source(datastores=both).changes(cursor)
    assert not changes.met and str(made.id) in {one.ref.id for one in changes.anomalies}


async def test_narrowing_and_widening_the_settings_meets_only_what_nobody_looked_at(system: Deployment) -> None:
    cursor = (await system.source().changes("")).cursor
    assert not (await system.source(datastores=["43"]).changes(cursor)).met, "everywhere was looked at before"
    cursor = (await system.source(datastores=["42"]).changes("")).cursor
    met = {contact.place.id for contact in (await system.source().changes(cursor)).met}
    assert met == {str(one.container.datastore.id) for _, one in system.world.open} - {"42"}


async def test_a_datastore_that_comes_into_sight_is_met_with_all_that_is_open_in_it(system: Deployment) -> None:
    hidden = system.world.arrive(130, [places(system)[44]], created=LONG_AGO)
    system.world.tokens.limit(44, None, fake.SANDBOX_TOKEN)
    source, _ = await opened(system)
    cursor = (await source.changes("")).cursor
    system.world.tokens.limit(44, "Editor", fake.SANDBOX_TOKEN)
    system.world.touch()
    met: list[model.Contact] = []
    shown: set[model.Ref] = set()
    for _ in range(20):
        changes = await source.changes(cursor)
        cursor = changes.cursor
        met += changes.met
        shown |= {one.ref for one in changes.anomalies if not met}
    (contact,) = met
    assert contact.place.id == "44" and {str(one.id) for one in hidden} <= {ref.id for ref in contact.already}
    assert not shown & contact.already, "not one of them came before its place was met"


async def test_the_first_one_in_a_datastore_that_was_empty_is_new(system: Deployment) -> None:
    for _, one in list(system.world.open):
        if one.container.datastore.id == 44:
            system.world.change(one, status="Resolved")
    source = system.source()
    cursor = (await source.changes("")).cursor
    made = system.world.arrive(1, [places(system)[44]])[0]
    changes = await source.changes(cursor)
    assert not changes.met and str(made.id) in {one.ref.id for one in changes.anomalies}


async def test_a_cursor_of_the_last_release_meets_nobody_again_and_learns_what_is_there(system: Deployment) -> None:
    def older(cursor: str) -> str:
        return json.dumps({key: {name: mark[name] for name in ("newest", "total", "seen")} for key, mark in json.loads(cursor).items()})

    system.world.tokens.limit(44, None, fake.SANDBOX_TOKEN)
    cursor = older((await system.source().changes("")).cursor)
    source = system.source()
    changes = await source.changes(cursor)
    assert not changes.met
    assert system.lines().count("GET datastores") == 2, "asked by the first contact, and once for the old cursor"
    system.world.tokens.limit(44, "Editor", fake.SANDBOX_TOKEN)
    system.world.touch()
    system.world.arrive(1, [places(system)[44]])
    assert [contact.place.id for contact in (await source.changes(changes.cursor)).met] == ["44"]
    scoped = older((await system.source(datastores=["42"]).changes("")).cursor)
    assert not (await system.source(datastores=["42"]).changes(scoped)).met


async def test_a_cursor_of_today_is_read_by_the_last_release(system: Deployment) -> None:
    """While a release is rolled out, its processes run beside those of the last one: each key of the cursor is a datastore."""
    cursor = json.loads((await system.source(datastores=["42"]).changes("")).cursor)
    assert cursor.keys() == {"42"} and {"newest", "total", "seen"} <= cursor["42"].keys()
