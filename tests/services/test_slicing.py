"""Work that grows with the queue: it is done whole, and the loop gets its turns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from bot import errors, model, ports
from bot.core import permissions
from bot.render.kit import spreadsheet
from bot.services import browse, slicing
from tests.services import cast
from tests.services.lab import Lab
from tests.services.test_browse import ME, exported, looking, many, taken


class Turns:
    """Counts how often the loop came round."""

    def __init__(self) -> None:
        self.number = 0

    async def __aenter__(self) -> Turns:
        self._counting = asyncio.create_task(self._count())
        await asyncio.sleep(0)
        self.number = 0
        return self

    async def _count(self) -> None:
        while True:
            self.number += 1
            await asyncio.sleep(0)

    async def __aexit__(self, *_: object) -> None:
        self._counting.cancel()


async def paged(found: Sequence[model.Anomaly]) -> AsyncIterator[Sequence[model.Anomaly]]:
    for start in range(0, len(found), 100):
        yield found[start : start + 100]


async def test_a_file_is_written_slice_by_slice_and_is_the_same_file() -> None:
    found, sizes = many(1_010), []

    def write(some: Sequence[model.Anomaly], *, heading: bool) -> bytes:
        sizes.append(len(some))
        return spreadsheet.anomalies(some, heading=heading)

    async with Turns() as turns:
        content, lines = await slicing.streamed(paged(found), write)
    assert (content, lines) == (spreadsheet.anomalies(found), 1_010)
    assert turns.number >= 1_010 / slicing.SLICE
    assert max(sizes) <= slicing.SLICE <= 50
    assert (await slicing.streamed(paged([]), spreadsheet.anomalies))[0] == spreadsheet.anomalies([])


@pytest.mark.parametrize("ask", ["listing", "count", "export"])
async def test_what_the_desk_filters_itself_leaves_the_loop_its_turns(ask: str) -> None:
    system = cast.System(all=many(1_000))
    async with Turns() as turns:
        if ask == "export":
            await exported(looking(system), model.Query(min_weight=1))
        else:
            await getattr(looking(system), ask)(model.Query(min_weight=1), ME)
    assert turns.number >= 1_000 / slicing.SLICE


async def test_an_export_has_a_stated_maximum(monkeypatch: pytest.MonkeyPatch) -> None:
    assert browse.MOST_EXPORTED == 100_000
    monkeypatch.setattr(browse, "MOST_EXPORTED", 3)
    system = cast.System(all=many(3))
    assert await exported(looking(system), model.Query()) == 3
    system.all, system.asked = many(4), []
    with pytest.raises(errors.NotSupported, match="4 anomalies match, and a file holds 3 at most"):
        await exported(looking(system), model.Query())
    assert system.asked == ["count"], "refused before anything is read"
    assert await exported(looking(system), model.Query(limit=3)) == 3
    with pytest.raises(errors.NotSupported, match="4 anomalies"):
        await exported(looking(system), model.Query(min_weight=1))
    assert await exported(looking(system), model.Query(min_weight=2)) == 3


async def test_an_export_needs_the_right_to_look_and_something_to_write() -> None:
    system = cast.System()
    with pytest.raises(errors.NotFound):
        await exported(looking(system), model.Query())
    guests = permissions.grants([], {})
    with pytest.raises(errors.NotAllowed):
        await looking(system, rules=guests).export(model.Query(), model.Actor("U0GUS", "Gus", is_guest=True))


async def test_all_of_a_group_is_read_in_pages(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browse, "MEMBERS", 4)
    found = many(10)
    now, route = lab.clock.now(), "default"
    drafts = await lab.cards.drafts(found)
    await lab.store.anomalies.save(ports.Observation("qualytics", found, read_at=now, now=now, drafts=drafts))
    fold = tuple(card.id for card in await lab.store.cards.waiting())
    group = model.CardDraft(model.CardKind.GROUP, "C1", "default:1", route=route)
    await lab.store.cards.decide(model.Decision(route, None, fold=fold, group=group), now)
    (card,) = {one.id for one in await lab.store.cards.of([found[0].ref]) if one.kind is model.CardKind.GROUP}
    service: Any = looking(cast.System(all=found))
    service.cards = lab.store.cards
    assert [one.ref for one in await taken(await service.whole_group(card, ME))] == [one.ref for one in reversed(found)]
