"""Batches of the strange system, alone and beside another: no bulk call, no restoring in bulk, and undo of what can be undone."""

from __future__ import annotations

import pytest

from bot import errors, model
from tests.services import desk as desks
from tests.services import lab
from tests.services import town as towns
from tests.services.batches import test_preview

Action, Fate, Result, State = model.Action, model.Fate, model.Result, model.State
ACK, CLOSE = desks.ACK, model.Change(model.Action.ARCHIVE, archive_as="broken")


async def fates(desk: desks.Desk, batch: str) -> set[Fate]:
    """What became of the items."""
    return {fate for fate, _ in (await desk.fates(batch)).values()}


@pytest.mark.long
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
    assert {(await town.world.stored(ref)).state for ref in made} == {State.ACTIVE}
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
    assert town.world.system.there["1"].state is State.ACTIVE


@pytest.fixture
def mixed(town: towns.Town) -> towns.Town:
    if not town.mixed:
        pytest.skip("there is one system alone")
    return town


async def test_a_change_that_one_cannot_make_is_made_in_the_other(mixed: towns.Town) -> None:
    desk, made = await mixed.met(2)
    mixed.world.system.put(1, 2)
    await desk.look()
    batch = await desk.ask(model.Change(Action.TAG, add_tags=("incident",)), *made, 1, 2)
    await desk.runs.work()
    found = await desk.fates(batch)
    assert [found[str(ident)][0] for ident in (1, 2)] == [Fate.DONE, Fate.DONE]
    assert {found[ref.id] for ref in made} == {(Fate.REFUSED, "Strange offers no way to tag anomalies from here. Open Strange to do that.")}
    assert mixed.writes() == []


async def test_an_outcome_of_one_is_refused_for_those_of_the_other_in_words(mixed: towns.Town) -> None:
    desk, made = await mixed.met(2)
    mixed.world.system.put(1)
    await desk.look()
    batch = await desk.ask(CLOSE, *made, 1)
    await desk.runs.work()
    found = await desk.fates(batch)
    assert {found[ref.id][0] for ref in made} == {Fate.DONE}
    assert found["1"][0] is Fate.REFUSED and "Broken" not in mixed.world.system.there["1"].status
    assert 'Qualytics does not close anomalies as "broken"' in found["1"][1]


async def test_the_part_of_the_one_that_is_down_is_refused_as_a_whole_and_tried_again(mixed: towns.Town) -> None:
    desk, made = await mixed.met(4)
    mixed.world.system.put(1, 2)
    await desk.look()
    batch = await desk.ask(ACK, *made, 1, 2)
    mixed.fault("reply", json={"code": 53, "message": "busy"})
    await desk.runs.work()
    found = await desk.fates(batch)
    assert {found[str(ident)][0] for ident in (1, 2)} == {Fate.DONE}
    assert {found[ref.id][0] for ref in made} == {Fate.REFUSED} and "busy" in found[made[0].id][1]
    await desk.post.flush()
    assert mixed.said("Strange: 4 refused as a whole (id strange:", "busy")
    mixed.parts.faults.clear()
    mixed.world.clock.pass_by(seconds=60)
    service = test_preview.previews(desk)
    again = await service.again(batch, desks.DANA, lab.CHANNEL)
    assert (again.todo, {item.ref for item in await mixed.world.store.batches.items(again.batch.id)}) == (4, set(made))
    await desk.batches.confirm(again.batch.id, desks.DANA)
    await desk.runs.work()
    assert {mixed.phase(ref) for ref in made} == {"seen"}
    assert {mixed.strange.signals[ref.id].rev for ref in made} == {2}, "each was changed once"


async def test_one_receipt_is_for_both_and_nothing_is_said_where_nothing_can_be(mixed: towns.Town) -> None:
    desk, made = await mixed.met(2)
    mixed.world.system.put(1)
    await desk.look()
    await desk.ask(ACK, *made, 1)
    await desk.runs.work()
    mixed.writes()
    await desk.remarks.work()
    await desk.post.flush()
    assert mixed.writes() == []
    assert len(mixed.said("Dana acknowledged 3 anomalies")) == 1


@pytest.mark.long
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_whenever_the_process_dies_each_of_both_is_done_once(mixed: towns.Town, after: bool) -> None:
    desk, _ = await mixed.met(1)
    for turn, left in enumerate(range(4, 90, 17)):
        made, other = mixed.arrive(3), [100 + 3 * turn + one for one in range(3)]
        mixed.world.system.put(*other)
        await desk.look()
        batch = await desk.ask(ACK, *made, *other)
        await desks.killed(mixed.world.desk(desks.Fuse(left, after=after)).runs.work())
        await mixed.world.desk().settle()
        assert await fates(desk, batch) == {Fate.DONE}, left
        assert {mixed.strange.signals[ref.id].rev for ref in made} == {2}, left
        assert [await mixed.world.who(one) for one in (*made, *other)] == [["acknowledge by Dana"]] * 6, left
