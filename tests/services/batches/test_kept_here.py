"""Batches of what its system keeps and of what is kept here: these are settled without a call, taken back, and outlive restarts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot import model
from tests.services import desk as desks
from tests.services import lab
from tests.services import town as towns
from tests.strange import loose

Action, Fate, State = model.Action, model.Fate, model.State
ACK, CLOSE = desks.ACK, model.Change(Action.ARCHIVE, archive_as="broken")
TAKE = model.Change(Action.ACKNOWLEDGE, assignees=(loose.DANA.id,))


@dataclass
class DiesOnce(desks.Fuse):
    """Burns down with whatever made this happen."""

    happened: Callable[[], Awaitable[bool]] = field(kw_only=True)

    async def through(self, call: Callable[[], Awaitable[Any]]) -> Any:
        if self.left == 0:
            raise desks.Killed
        answer = await call()
        if await self.happened():
            self.left = 0
            raise desks.Killed
        return answer


async def met(town: towns.Town, firm: int = 3, soft: int = 3) -> tuple[desks.Desk, list[model.Ref], list[model.Ref]]:
    """A desk that knows some whose state their system keeps, and some of which it keeps nothing."""
    desk, kept = await town.met(firm)
    ours = town.arrive(soft, loose=True)
    town.world.clock.pass_by(seconds=60)
    await desk.look()
    await desk.post.flush()
    town.writes()
    return desk, kept, ours


async def standing(town: towns.Town, refs: list[model.Ref]) -> set[tuple[State, str | None]]:
    found = [await town.world.stored(ref) for ref in refs]
    return {(one.state, one.archived_as) for one in found}


async def fates(desk: desks.Desk, batch: str) -> set[Fate]:
    return {fate for fate, _ in (await desk.fates(batch)).values()}


@pytest.mark.parametrize(
    ("change", "state"), [(ACK, (State.ACKNOWLEDGED, None)), (CLOSE, (State.ARCHIVED, "broken"))], ids=["ack", "close"]
)
async def test_one_batch_of_both_kinds_calls_for_those_alone_that_their_system_keeps(
    loose_town: towns.Town, change: model.Change, state: tuple[State, str | None]
) -> None:
    town = loose_town
    desk, kept, ours = await met(town)
    batch = await desk.ask(change, *kept, *ours)
    await desk.runs.work()
    assert await fates(desk, batch) == {Fate.DONE}
    assert len(town.writes()) == len(kept)
    assert await standing(town, [*kept, *ours]) == {state}
    for ref in (*kept, *ours):
        assert await town.world.who(ref) == [f"{change.action} by Dana"]
    town.world.clock.pass_by(seconds=60)
    await desk.look()
    assert await standing(town, [*kept, *ours]) == {state}

    back = await desk.batches.undo(batch, desks.DANA, lab.CHANNEL)
    await desk.runs.work()
    assert await fates(desk, back.id) == {Fate.DONE}
    assert await standing(town, [*kept, *ours]) == {(State.ACTIVE, None)}
    assert len(town.writes()) == len(kept)
    assert await town.world.store.overlays.get("strange", [ref.id for ref in ours]) == {}


async def test_an_undo_gives_back_who_had_it_and_that_it_was_acknowledged(loose_town: towns.Town) -> None:
    town = loose_town
    desk, _, ours = await met(town)
    await desk.click(TAKE, ours[0])
    batch = await desk.ask(model.Change(Action.ARCHIVE, archive_as="broken", assignees=()), *ours)
    await desk.runs.work()
    assert await standing(town, ours) == {(State.ARCHIVED, "broken")}
    await desk.batches.undo(batch, desks.DANA, lab.CHANNEL)
    await desk.runs.work()
    first, second = await town.world.stored(ours[0]), await town.world.stored(ours[1])
    assert (first.state, first.assignees) == (State.ACKNOWLEDGED, (loose.DANA,))
    assert (second.state, second.assignees) == (State.ACTIVE, ())
    assert town.writes() == []


async def test_what_somebody_changed_since_the_preview_is_left_alone(loose_town: towns.Town) -> None:
    town = loose_town
    desk, _, ours = await met(town)
    batch = await desk.ask(CLOSE, *ours)
    await desk.click(ACK, ours[0], desks.LEE)
    await desk.runs.work()
    told = await desk.fates(batch)
    assert told[ours[0].id][0] is Fate.DRIFTED and "Acknowledged" in told[ours[0].id][1]
    assert {fate for ident, (fate, _) in told.items() if ident != ours[0].id} == {Fate.DONE}


async def test_those_kept_here_are_done_while_their_system_is_away(loose_town: towns.Town) -> None:
    town = loose_town
    desk, kept, ours = await met(town)
    batch = await desk.ask(ACK, *kept, *ours)
    town.fault("reply", json={"code": 53, "message": "busy"}, path=".*/phase", times=100)
    await desk.runs.work()
    town.parts.faults.clear()
    await desk.settle()
    told = await desk.fates(batch)
    assert {told[ref.id][0] for ref in ours} == {Fate.DONE}
    assert {told[ref.id][0] for ref in kept} == {Fate.REFUSED}
    assert {told[ref.id][1] for ref in kept} != {""}


@pytest.mark.long
@pytest.mark.parametrize("undoing", [False, True], ids=["done", "undone"])
async def test_a_restart_at_any_step_leaves_each_done_once(loose_town: towns.Town, undoing: bool) -> None:
    town, steps = loose_town, 24
    desk, kept, ours = await met(town, steps + 1, steps + 1)
    state = State.ACTIVE if undoing else State.ACKNOWLEDGED
    parts = list(zip(kept, ours, strict=True))

    async def begun(*refs: model.Ref) -> str:
        batch = await desk.ask(ACK, *refs)
        if undoing:
            await desk.runs.run(batch)
            batch = (await desk.batches.undo(batch, desks.DANA, lab.CHANNEL)).id
        return batch

    died = 0
    for step, refs in enumerate(parts, start=1):
        batch = await begun(*refs)
        died += await desks.killed(town.world.desk(desks.Fuse(2 * step)).runs.run(batch))
    assert died > 10, "at every other thing that it asks for"
    await town.world.desk().settle()
    for step, refs in enumerate(parts, start=1):
        assert await standing(town, [*refs]) == {(state, None)}, f"step {step}"
        assert [len(await town.world.history(ref)) for ref in refs] == [1 + undoing] * 2, f"step {step}: each once"


async def test_what_was_marked_and_not_done_is_not_taken_for_ours_when_somebody_else_did_it(loose_town: towns.Town) -> None:
    """Nothing of what is kept here is done without being written down, so that another's doing is another's."""
    town = loose_town
    desk, _, ours = await met(town, 1, 1)
    batch = await desk.ask(ACK, *ours)

    async def sent() -> bool:
        return {fate for fate, _ in (await desk.fates(batch)).values()} == {Fate.SENT}

    assert await desks.killed(town.world.desk(DiesOnce(happened=sent)).runs.run(batch))
    town.world.clock.pass_by(seconds=60)
    await town.world.desk().click(ACK, ours[0], desks.LEE)
    town.world.clock.pass_by(seconds=60)
    await town.world.desk().settle()
    assert await town.world.who(ours[0]) == ["acknowledge by Lee"]
    assert {fate for fate, _ in (await desk.fates(batch)).values()} == {Fate.DRIFTED}


async def test_nothing_is_asked_of_a_system_for_what_it_does_not_keep(loose_town: towns.Town) -> None:
    town = loose_town
    desk, _, ours = await met(town, 1, 3)
    batch = await desk.ask(ACK, *ours)
    town.parts.app.calls.clear()
    await desk.runs.work()
    assert await fates(desk, batch) == {Fate.DONE}
    reads = [call["path"] for call in town.parts.app.calls if "/signals/" in call["path"]]
    assert len(reads) == len(ours), "read once each before it is done, and not again"


async def test_what_a_system_does_not_offer_at_all_is_refused_for_its_own(loose_town: towns.Town) -> None:
    town = loose_town
    desk, kept, ours = await met(town, 1, 1)
    batch = await desk.ask(model.Change(Action.ASSIGN, assignees=(loose.LEE.id,)), *kept, *ours)
    await desk.runs.work()
    told = await desk.fates(batch)
    assert told[ours[0].id][0] is Fate.DONE
    assert told[kept[0].id][0] is Fate.REFUSED and "no way to assign" in told[kept[0].id][1]
