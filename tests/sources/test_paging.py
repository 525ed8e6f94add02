"""Lists that say odd things about their length, or have no end: one clear fault, little memory, and the loop stays free."""

from __future__ import annotations

import asyncio
import json
import tracemalloc
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from bot import errors, model
from bot.sources import paging
from bot.sources.qualytics import source as qualytics
from tests.sources.staging import Make, Wire, anomaly_json, page_json

FULL = 100
MEMORY = 50 * 2**20
"""Bytes that a list without an end may cost."""

ANOMALY = json.dumps(anomaly_json(-1, datastore={"id": 42, "name": "warehouse-prod"}))


def endless(total: Any = None, *, news: bool = True) -> Wire:
    """A server whose pages are always full; with `news` each brings others."""

    def handler(request: httpx.Request) -> httpx.Response:
        asked = request.url.params
        number, size = int(asked["page"]) if news else 1, int(asked["size"])
        items = ",".join(ANOMALY.replace("-1", str(number * 1000 + one), 1) for one in range(size))
        return httpx.Response(200, content=f'{{"items": [{items}], "total": {json.dumps(total)}}}')

    return Wire(handler)


async def _drained(pages: AsyncIterator[Any]) -> None:
    async for _ in pages:
        pass


LISTS: dict[str, Callable[[qualytics.Qualytics], Any]] = {
    "first contact": lambda source: source.changes(""),
    "opening": lambda source: _drained(source.opening().pages),
    "pages": lambda source: _drained(source.pages(model.Query())),
    "find": lambda source: source.find(model.Query()),
    "people": lambda source: source.people(),
    "tags": lambda source: source.tags(),
    "datastores": lambda source: source.datastores(),
    "tables": lambda source: source.tables("42", tags=["pii"]),
    "operations": lambda source: source.scans(),
}


@pytest.mark.parametrize("total", [20_000_000, 10**13, 10**1000], ids=["20 million", "ten billion", "a thousand digits"])
@pytest.mark.parametrize("name", LISTS)
async def test_a_length_beyond_reason_is_a_fault_before_the_rest_is_read(over: Make, name: str, total: int) -> None:
    wire = endless(total)
    with pytest.raises(errors.SourceGarbled, match=r"says that its list of [\w ]+ is [\d,]+ long; this desk reads [\d,]+ at most"):
        await LISTS[name](over(wire))
    assert len(wire.requests) == 1


@pytest.mark.parametrize("name", LISTS)
async def test_a_list_without_an_end_is_a_fault(over: Make, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(paging, "UNTOLD", 500)
    wire = endless()
    with pytest.raises(errors.SourceGarbled, match="without an end; this desk reads 500 at most"):
        await LISTS[name](over(wire))
    assert len(wire.requests) == 6


@pytest.mark.parametrize("name", ["find", "operations"])
async def test_a_list_without_an_end_costs_little_and_lets_others_work(over: Make, name: str) -> None:
    wire, turns = endless(), 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    bystander = asyncio.create_task(others())
    tracemalloc.start()
    try:
        with pytest.raises(errors.SourceGarbled, match="without an end"):
            await LISTS[name](over(wire))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        bystander.cancel()
    assert peak < MEMORY
    assert turns >= len(wire.requests) > 10


@pytest.mark.parametrize("total", [None, 900_000], ids=["untold", "told"])
@pytest.mark.parametrize("name", LISTS)
async def test_pages_that_bring_nothing_new_are_the_end(over: Make, name: str, total: int | None) -> None:
    """A server that ignores the number of the page."""
    wire = endless(total if name in ("first contact", "find") or total is None else 90_000, news=False)
    await LISTS[name](over(wire))
    # Fewer than were told: it is read once more, and behind the opening the census begins.
    lists = 2 if total and name in ("first contact", "find", "opening") else 1
    assert len(wire.requests) <= lists * (1 + paging.STALE + paging.ABREAST)


async def test_new_ones_without_an_end_are_a_fault_too(over: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page that reaches known ground never comes."""
    monkeypatch.setattr(paging, "UNTOLD", 500)
    answers = [page_json([anomaly_json(1, created="2026-05-08T11:00:00Z")])]
    source = over(lambda request: httpx.Response(200, json=answers.pop()) if answers else endless().handler(request))
    cursor = (await source.changes("")).cursor
    with pytest.raises(errors.SourceGarbled, match="without an end"):
        await source.changes(cursor.replace("2026-05-08T11:00:00", "2020-01-01T00:00:00"))


async def test_no_more_than_eight_pages_are_under_way(over: Make) -> None:
    running, most = 0, 0

    async def handler(request: httpx.Request) -> httpx.Response:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        number = int(request.url.params["page"])
        return httpx.Response(200, json=page_json([{"id": number * 1000 + one, "name": "x"} for one in range(100)], total=5_000))

    assert len(await over(handler).people()) == 5_000
    assert most == paging.ABREAST


async def test_tasks_are_not_made_ahead(over: Make) -> None:
    """A list of a thousand pages is not a thousand tasks."""
    most = 0

    async def handler(request: httpx.Request) -> httpx.Response:
        nonlocal most
        most = max(most, len(asyncio.all_tasks()))
        await asyncio.sleep(0)
        return httpx.Response(200, json=page_json([{"id": int(request.url.params["page"])}], total=1_000, size=1))

    assert len(await over(handler).people()) == 1_000
    assert most <= 3 + 2 * paging.ABREAST


async def test_a_list_that_takes_too_long_is_given_up(over: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(request: httpx.Request) -> httpx.Response:
        if request.url.params["page"] == "1":
            return httpx.Response(200, json=page_json([{"id": one} for one in range(100)], total=500))
        await asyncio.Event().wait()
        raise AssertionError

    source = over(never)
    monkeypatch.setattr(paging.Bounds, "__init__", _hasty(paging.Bounds.__init__))
    with pytest.raises(errors.SourceUnavailable, match="did not give its whole list of users within 1 second"):
        await source.people()


def _hasty(made: Callable[..., None]) -> Callable[..., None]:
    def make(self: paging.Bounds, *given: Any) -> None:
        made(self, *given, seconds=0.02)

    return make


async def test_a_limit_reads_no_more_than_it_needs_of_a_list_of_any_length(over: Make) -> None:
    wire = endless(10**13)
    assert len((await over(wire).find(model.Query(limit=150))).anomalies) == 150
    assert len(wire.requests) == 2


async def test_fifteen_thousand_are_read(over: Make) -> None:
    found = await over(endless(15_000), page_size=1000).find(model.Query())
    assert len(found.anomalies) == 15_000


# --- page by page -------------------------------------------------------------------------------------------------------------


def listed(ids: list[int], on_page: Callable[[int], None] = lambda page: None) -> Wire:
    """A server with a list that may change after each page that it gave."""

    def handler(request: httpx.Request) -> httpx.Response:
        page, size = int(request.url.params["page"]), int(request.url.params["size"])
        few = [anomaly_json(one, datastore={"id": 42, "name": "warehouse-prod"}) for one in ids[(page - 1) * size : page * size]]
        answer = httpx.Response(200, json=page_json(few, len(ids), page, size))
        on_page(page)
        return answer

    return Wire(handler)


async def test_pages_bring_what_find_finds_in_its_order(over: Make) -> None:
    source = over(listed(list(range(1, 56))), page_size=5)
    pages = [page async for page in source.pages(model.Query())]
    assert [one for page in pages for one in page] == list((await source.find(model.Query())).anomalies)
    assert max(len(page) for page in pages) == 5


async def test_what_is_closed_while_the_pages_are_read_hides_nothing_else(over: Make) -> None:
    ids, closed, done = list(range(1, 201)), list[int](), list[int]()

    def close(page: int) -> None:
        if page in (1, 12, 30) and page not in done:
            done.append(page)
            closed.extend(ids[:7])
            del ids[:7]

    source = over(listed(ids, close), page_size=5)
    seen = [int(one.ref.id) async for page in source.pages(model.Query()) for one in page]
    assert set(range(1, 201)) - set(seen) <= set(closed) and len(seen) == len(set(seen))


async def test_pages_of_several_datastores_come_in_one_order(over: Make) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/datastores"):
            return httpx.Response(200, json=page_json([{"id": 1, "name": "d1"}, {"id": 2, "name": "d2"}]))
        place, page = int(request.url.params["datastore"]), int(request.url.params["page"])
        hours = list(range(20 + place, 0, -2))[(page - 1) * 3 : page * 3]
        few = [
            anomaly_json(place * 100 + hour, created=f"2026-05-07T{hour:02}:00:00Z", datastore={"id": place, "name": f"d{place}"})
            for hour in hours
        ]
        return httpx.Response(200, json=page_json(few, len(range(20 + place, 0, -2)), page, 3))

    source = over(handler, page_size=3, datastores=["1", "2"])
    found = [one async for page in source.pages(model.Query(datastores=("1", "2"))) for one in page]
    assert [one.created for one in found] == sorted((one.created for one in found), reverse=True) and len(found) == 22


async def test_a_stream_of_many_holds_a_few_pages(over: Make) -> None:
    source, count = over(endless(12_000)), 0
    tracemalloc.start()
    try:
        async for page in source.pages(model.Query()):
            count += len(page)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 12_000 and peak < 14 * 2**20
