"""Answers from the store where the system cannot filter: without paging it, and true nevertheless."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from bot import model, ports
from bot.core import permissions
from bot.services import browse, open_ones
from bot.store import engine
from tests.services import cast, fixed_routes
from tests.services.cast import NOON
from tests.services.test_browse import taken

HIGH = model.Query(severities=(model.Severity.HIGH,))
ME = model.Actor("U1", "Dana")
WAREHOUSE = model.Place("42", "warehouse")


@dataclass
class Queue(cast.System):
    """A system that is read by id, and counts how much."""

    read_again: list[int] = field(default_factory=list)

    async def read(self, ids: Sequence[str], *, pages: int = 0) -> model.Reading:
        self.read_again.append(len(ids))
        found = {one.ref.id: one for one in self.all if one.ref.id in ids}
        return model.Reading(found, frozenset(ids) - frozenset(found))


def _many(count: int) -> list[model.Anomaly]:
    """Every third is high."""
    words = [model.Severity.HIGH, model.Severity.LOW, None]
    return [cast.anomaly(number, severity=words[number % 3], datastore=WAREHOUSE) for number in range(count)]


async def _met(store: engine.Store, queue: Queue) -> open_ones.OpenOnes:
    """Everything was seen; the last good look is of noon."""
    await store.anomalies.save(ports.Observation("qualytics", queue.all, read_at=NOON, now=NOON, cursor="c"))
    await store.health.ok("qualytics", NOON)
    return open_ones.OpenOnes(store=store.open_ones)


async def _found(known: open_ones.OpenOnes, queue: Queue, query: model.Query, wanted: int) -> model.Found:
    source: Any = queue
    found = await known.find(source, query, wanted)
    assert found is not None
    return found


async def test_a_page_is_read_from_the_store_and_only_what_is_shown_from_the_system(store: engine.Store) -> None:
    queue = Queue(all=_many(900))
    found = await _found(await _met(store, queue), queue, HIGH, 10)
    assert [one.ref.id for one in found.anomalies] == [str(number) for number in range(897, 867, -3)]
    assert (found.total, found.as_of) == (300, NOON)
    assert (queue.asked, queue.read_again) == ([], [10])


async def test_everything_is_read_again_page_by_page(store: engine.Store) -> None:
    queue = Queue(all=_many(900))
    found = await _found(await _met(store, queue), queue, replace(HIGH, sort="oldest"), 0)
    assert [one.ref.id for one in found.anomalies] == [str(number) for number in range(0, 900, 3)]
    assert found.total == 300 and queue.read_again == [200, 100]


async def test_what_matches_no_more_or_is_gone_is_not_shown_and_the_page_is_full_nevertheless(store: engine.Store) -> None:
    queue = Queue(all=_many(90))
    known = await _met(store, queue)
    now = {one.ref.id: one for one in queue.all}
    now["87"] = replace(now["87"], state=model.State.ARCHIVED, status="Invalid")
    now["84"] = replace(now["84"], severity=model.Severity.LOW)
    del now["81"]
    queue.all = list(now.values())
    found = await _found(known, queue, HIGH, 5)
    assert [one.ref.id for one in found.anomalies] == ["78", "75", "72", "69", "66"]
    assert found.total == 27 and queue.read_again == [5, 3]


async def test_words_in_a_text_are_looked_for_in_what_is_stored(store: engine.Store) -> None:
    queue = Queue(all=[replace(one, description="not null fails" if one.ref.id == "6" else "") for one in _many(30)])
    found = await _found(await _met(store, queue), queue, replace(HIGH, text="NOT NULL"), 10)
    assert [one.ref.id for one in found.anomalies] == ["6"] and found.total == 1


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(replace(HIGH, statuses=("any",)), id="closed ones too"),
        pytest.param(replace(HIGH, rules=("notNull",)), id="the system narrows by it"),
        pytest.param(replace(HIGH, datastores=("nowhere",)), id="a place that only the system may know"),
    ],
)
async def test_the_system_is_asked_where_the_store_cannot_answer(store: engine.Store, query: model.Query) -> None:
    queue: Any = Queue(all=_many(30))
    assert await (await _met(store, queue)).find(queue, query, 10) is None


async def test_browse_asks_the_store_for_what_the_system_cannot_filter_by_and_says_so(store: engine.Store) -> None:
    queue = Queue(all=_many(90))
    sources: Any = {"qualytics": queue}
    looking = browse.Browse(
        sources=sources,
        anomalies=store.anomalies,
        cards=store.cards,
        journal=store.journal,
        health=store.health,
        resolve=cast.unresolved,
        clock=cast.Clock(),
        grants=permissions.grants([], {}),
        routes=fixed_routes.FixedRoutes(model.Route("default", "C1")),
        known=open_ones.OpenOnes(store=store.open_ones),
    )
    before = await looking.listing(HIGH, ME)
    assert (before.total, before.as_of, queue.asked) == (30, None, ["find"]), "nothing is known yet: the system is read"
    await _met(store, queue)
    listing = await looking.listing(replace(HIGH, datastores=("Warehouse",)), ME, offset=20)
    assert [one.ref.id for one in listing.anomalies] == [str(number) for number in range(27, -3, -3)]
    assert (listing.total, listing.as_of, queue.asked) == (30, NOON, ["find"])
    assert (await looking.count(HIGH, ME)).total == 30 and queue.asked == ["find"]
    assert len(await taken(await looking.select(HIGH, ME))) == 30
