"""What we changed is written down as ours: whenever a process dies, whatever a poll sees meanwhile, whoever else is at work."""

from __future__ import annotations

import contextlib
import random

import pytest

from bot import errors, model
from bot.services import leasing
from tests.services.desk import ACK, DANA, INVALID, Blip, Fuse, World, killed

pytestmark = pytest.mark.long

MANY = range(1, 8)
INSTANTS = 20
"""How many instants of one piece of work are tried; every one after the other would be hundreds."""


async def _polled(world: World) -> None:
    """From now on another process polls after each call to the system."""
    other = world.desk()
    world.system.calls.clear()
    looking: list[bool] = []

    async def look(name: str) -> None:
        if name in ("apply", "get", "read", "comment") and not looking:
            looking.append(True)
            try:
                await other.look()
            finally:
                looking.clear()

    world.system.on_call = look


def _kills(length: int, seed: int) -> list[tuple[int, bool]]:
    """Twenty instants, before or after what was asked for then was done."""
    chosen = random.Random(seed)
    return [(chosen.randint(1, length), chosen.random() < 0.5) for _ in range(INSTANTS)]


LENGTH_OF_A_BATCH, LENGTH_OF_AN_UNDO, LENGTH_OF_A_CLICK = 35, 60, 24


@pytest.mark.parametrize(("left", "after"), _kills(LENGTH_OF_A_BATCH, 1))
async def test_a_batch_killed_at_any_instant_while_polls_run_is_told_as_its_actors(world: World, left: int, after: bool) -> None:
    desk = world.desk()
    await desk.met(*MANY)
    ident = await desk.ask(ACK, *MANY)
    await _polled(world)
    await killed(world.desk(Fuse(left, after)).runs.work())
    await world.desk().settle()
    for one in MANY:
        assert await world.who(one) == ["acknowledge by Dana"], one
        assert (await world.stored(one)).state is model.State.ACKNOWLEDGED
    assert {fate for fate, _ in (await desk.fates(ident)).values()} == {model.Fate.DONE}
    receipts = [said for said in world.wall.shown.values() if "acknowledged 7 anomalies" in said]
    assert len(receipts) == 1, list(world.wall.shown.values())


@pytest.mark.parametrize(("left", "after"), _kills(LENGTH_OF_AN_UNDO, 2))
async def test_an_undo_killed_at_any_instant_is_never_stuck(world: World, left: int, after: bool) -> None:
    desk = world.desk()
    await desk.met(*MANY)
    ident = await desk.ask(INVALID, *MANY)
    await desk.runs.work()
    await _polled(world)
    dying = world.desk(Fuse(left, after))

    async def undo() -> None:
        await dying.batches.undo(ident, DANA, "")
        await dying.runs.work()

    await killed(undo())
    desk = world.desk()
    await desk.settle()
    asked = await world.store.batches.get(f"undo-{ident}")
    if asked is None or asked.state is model.BatchState.PREVIEW:  # it was never asked for, or not whole: then it can be
        world.clock.pass_by(seconds=leasing.SECONDS)
        await desk.batches.undo(ident, DANA, "")
        await desk.settle()
    for one in MANY:
        told = await world.who(one)
        assert told[0] == "archive by Dana" and set(told[1:]) == {"reopen by Dana"}, (one, told)
        assert world.system.there[str(one)].state is (await world.stored(one)).state is model.State.ACTIVE
    assert any("as before again" in said for said in world.wall.shown.values())


@pytest.mark.parametrize(("left", "after"), [(left, after) for left in range(1, LENGTH_OF_A_CLICK) for after in (False, True)])
async def test_a_click_killed_at_any_instant_is_done_once_by_its_actor_with_one_comment(world: World, left: int, after: bool) -> None:
    desk = world.desk()
    await desk.met(1)
    await _polled(world)
    dying = world.desk(Fuse(left, after))
    if not await killed(dying.click(ACK, 1, key="k")):
        await killed(dying.remarks.work())
    desk = world.desk()
    await desk.settle()
    accepted = (left, after) >= (1, True)
    assert await world.who(1) == (["acknowledge by Dana"] if accepted else [])
    assert world.system.comments_of(1) == (["Acknowledged by Dana via Slack."] if accepted else [])
    assert [name for name, _ in world.system.calls].count("apply") <= 1


@pytest.mark.parametrize(("left", "after"), [(left, after) for left in range(2, LENGTH_OF_A_CLICK) for after in (False, True)])
async def test_a_click_that_the_database_leaves_alone_for_a_moment_is_told_as_its_actors(world: World, left: int, after: bool) -> None:
    """What was sent is looked at again, and not called refused, whatever it was that could not be stored."""
    desk = world.desk()
    await desk.met(1)
    await _polled(world)
    with contextlib.suppress(errors.BotError):
        await world.desk(Blip(left, after)).click(ACK, 1, key="k")
    desk = world.desk()
    await desk.settle()
    done = world.system.there["1"].state is model.State.ACKNOWLEDGED
    assert await world.who(1) == (["acknowledge by Dana"] if done else [])
    refused = [line for line in await world.store.journal.history(model.Ref("qualytics", "1")) if line.result is model.Result.REFUSED]
    assert not (done and refused)


async def test_the_fuses_are_long_enough(world: World) -> None:
    """The instants that are tried are spread over the whole work."""
    desk = world.desk()
    await desk.met(*MANY)
    await desk.ask(ACK, *MANY)
    fuse = Fuse()
    await world.desk(fuse).runs.work()
    assert LENGTH_OF_A_BATCH <= fuse.burnt <= LENGTH_OF_A_BATCH + 4
    fuse = Fuse()
    clicking = world.desk(fuse)
    await clicking.met(99)
    before = fuse.burnt
    await clicking.click(ACK, 99, key="k")
    await clicking.remarks.work()
    assert LENGTH_OF_A_CLICK - 4 <= fuse.burnt - before < LENGTH_OF_A_CLICK
