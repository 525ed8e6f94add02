"""Batches of the strange system, alone and beside another: no bulk call, no restoring in bulk, and undo of what can be undone."""

from __future__ import annotations

import pytest

from bot import errors, model
from tests.services import desk as desks
from tests.services import lab
from tests.services import town as towns

Action, Fate, Result, State = model.Action, model.Fate, model.Result, model.State
ACK, CLOSE = desks.ACK, model.Change(model.Action.ARCHIVE, archive_as="broken")


async def fates(desk: desks.Desk, batch: str) -> set[Fate]:
    """What became of the items."""
    return {fate for fate, _ in (await desk.fates(batch)).values()}


@pytest.mark.parametrize(("change", "phase"), [(ACK, "seen"), (CLOSE, "shut")], ids=["acknowledge", "archive"])
async def test_thirty_without_a_bulk_call_are_thirty_calls_and_one_message(town: towns.Town, change: model.Change, phase: str) -> None:
    desk, made = await town.met(30)
    batch = await desk.ask(change, *made)
    town.writes()
    before = set(town.world.wall.shown)
    await desk.runs.work()
    await desk.post.flush()
    assert await fates(desk, batch) == {Fate.DONE}
    assert {town.phase(ref) for ref in made} == {phase}
    assert {town.strange.signals[ref.id].rev for ref in made} == {2}, "each was changed once"
    for ref in (made[0], made[-1]):
        assert await town.world.who(ref) == [f"{change.action} by Dana"]
    (receipt,) = [said for ts, said in town.world.wall.shown.items() if ts not in before]
    assert "30" in receipt and "Dana" in receipt


@pytest.mark.parametrize(("change", "phase"), [(ACK, "live"), (CLOSE, "live")], ids=["acknowledge", "archive"])
async def test_all_of_it_is_taken_back(town: towns.Town, change: model.Change, phase: str) -> None:
    desk, made = await town.met(12)
    batch = await desk.ask(change, *made)
    await desk.runs.work()
    town.world.clock.pass_by(seconds=60)
    back = await desk.batches.undo(batch, desks.DANA, lab.CHANNEL)
    await desk.runs.work()
    assert await fates(desk, back.id) == {Fate.DONE}
    assert {town.phase(ref) for ref in made} == {phase}
    assert {(await town.world.stored(ref)).state for ref in made} == {State.OPEN}
    with pytest.raises(errors.Stale):
        await desk.batches.undo(batch, desks.DANA, lab.CHANNEL)


async def test_what_was_acknowledged_before_it_was_closed_is_acknowledged_again(town: towns.Town) -> None:
    desk, made = await town.met(4)
    for ref in made[:2]:
        await desk.click(ACK, ref)
        town.world.clock.pass_by(seconds=1)
    batch = await desk.ask(CLOSE, *made)
    await desk.runs.work()
    await desk.batches.undo(batch, desks.DANA, lab.CHANNEL)
    await desk.runs.work()
    assert [town.phase(ref) for ref in made] == ["seen", "seen", "live", "live"]


async def test_what_was_over_meanwhile_is_left_alone_and_named(town: towns.Town) -> None:
    desk, made = await town.met(6)
    batch = await desk.ask(CLOSE, *made)
    town.strange.close(made[2].id)
    await desk.runs.work()
    found = await desk.fates(batch)
    assert found[made[2].id][0] is not Fate.DONE
    assert "by somebody" not in found[made[2].id][1]
    assert {fate for ident, (fate, _) in found.items() if ident != made[2].id} == {Fate.DONE}
    assert town.strange.signals[made[2].id].ending == "itself"


async def test_bad_ones_among_them_are_refused_in_the_systems_words_and_the_good_ones_done(town: towns.Town) -> None:
    desk, made = await town.met(8)
    batch = await desk.ask(ACK, *made)
    town.fault("reply", json={"code": 46, "message": "not this one"}, path="/phase", times=1, skip=3)
    await desk.runs.work()
    found = await desk.fates(batch)
    refused = [reason for fate, reason in found.values() if fate is Fate.REFUSED]
    assert len(refused) == 1
    assert "not this one" in refused[0]
    assert [fate for fate, _ in found.values()].count(Fate.DONE) == 7


async def test_while_the_system_is_away_it_waits_and_goes_on_where_it_was(town: towns.Town) -> None:
    desk, made = await town.met(10)
    batch = await desk.ask(ACK, *made)
    town.fault("reply", json={"code": 53, "message": "busy"}, skip=8)
    await desk.runs.work()
    assert await fates(desk, batch) & {Fate.TODO, Fate.SENT}, "it is not done"
    town.parts.faults.clear()
    town.world.clock.pass_by(seconds=301)
    await town.world.desk().runs.work()
    assert (await fates(desk, batch)) <= {Fate.DONE, Fate.ALREADY}
    assert {town.phase(ref) for ref in made} == {"seen"}
    assert {town.strange.signals[ref.id].rev for ref in made} == {2}


@pytest.mark.parametrize("action", [Action.ASSIGN, Action.TAG, Action.DELETE, Action.COMMENT])
async def test_what_it_has_no_way_to_do_is_refused_before_anything_is_frozen(town: towns.Town, action: Action) -> None:
    desk, made = await town.met(3)
    with pytest.raises(errors.NotSupported, match="Strange offers no way to"):
        await desk.ask(model.Change(action), *made)
    assert town.writes() == []


@pytest.mark.long
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_whenever_the_process_dies_each_is_done_once_and_told_once(town: towns.Town, after: bool) -> None:
    desk, _ = await town.met(1)
    for left in range(4, 90, 14):
        made = town.arrive(5)
        await desk.look()
        batch = await desk.ask(CLOSE, *made)
        await desks.killed(town.world.desk(desks.Fuse(left, after=after)).runs.work())
        await town.world.desk().settle()
        assert await fates(desk, batch) == {Fate.DONE}, left
        assert {town.strange.signals[ref.id].rev for ref in made} == {2}, left
        assert [await town.world.who(ref) for ref in made] == [["archive by Dana"]] * 5, left


async def test_one_batch_holds_items_of_both(town: towns.Town) -> None:
    if not town.mixed:
        pytest.skip("there is one system alone")
    desk, made = await town.met(3)
    town.world.system.put(1, 2)
    await desk.look()
    batch = await desk.ask(ACK, *made, 1, 2)
    await desk.runs.work()
    items = await town.world.store.batches.items(batch)
    assert {(item.ref.source, item.fate) for item in items} == {("strange", Fate.DONE), ("qualytics", Fate.DONE)}
    assert {town.phase(ref) for ref in made} == {"seen"}
    assert (await town.world.stored(1)).state is State.ACKNOWLEDGED
    await desk.batches.undo(batch, desks.DANA, lab.CHANNEL)
    await desk.runs.work()
    assert {town.phase(ref) for ref in made} == {"live"}
    assert town.world.system.there["1"].state is State.OPEN
