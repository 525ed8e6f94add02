"""Poll, click, remark, recovery and message with the strange system, alone and beside another: nothing in the services is one system's."""

from __future__ import annotations

import pytest

from bot import errors, model
from tests.services import desk as desks
from tests.services import lab
from tests.services import town as towns

Action, Result, State = model.Action, model.Result, model.State
ACK, UNACK = desks.ACK, desks.UNACK
CLOSE, REOPEN = model.Change(Action.ARCHIVE, archive_as="expected"), model.Change(Action.REOPEN)


# --- poll


async def test_what_was_open_is_told_once_for_each_system_and_what_is_new_gets_a_card(town: towns.Town) -> None:
    _, made = await town.met(2)
    assert len(town.said("Strange", "1", "open")) == 1
    for ref in made:
        assert (await town.world.stored(ref)).description.startswith("orders per minute")
    assert len(town.said("orders per minute")) in (1, 2), "two cards, or one for both"


async def test_a_state_that_nobody_knows_is_open_in_the_systems_own_word(town: towns.Town) -> None:
    desk, (ref,) = await town.met()
    town.strange.change(town.strange.signals[ref.id], phase="pondering", kind="wobble")
    await desk.look()
    stored = await town.world.stored(ref)
    assert (stored.state, stored.status, stored.type) == (State.ACTIVE, "pondering", "wobble")
    assert (stored.severity, stored.weight) == (None, 0.5)


async def test_what_it_closes_by_itself_is_seen_and_told_as_nobodys_doing(town: towns.Town) -> None:
    desk, (ref,) = await town.met()
    town.strange.close(ref.id)
    town.world.clock.pass_by(seconds=60)
    await desk.look()
    await desk.post.flush()
    stored = await town.world.stored(ref)
    assert (stored.state, stored.archived_as) == (State.ARCHIVED, model.OVER)
    assert await town.world.who(ref) == ["archive in Strange"]
    (line,) = await town.world.history(ref)
    assert "itself" in line.after
    assert town.said("Strange", "closed it by itself")


async def test_what_somebody_acknowledged_stays_with_them_when_it_is_over(town: towns.Town) -> None:
    desk, (ref,) = await town.met()
    await desk.click(ACK, ref)
    town.strange.close(ref.id)
    town.world.clock.pass_by(seconds=60)
    await desk.look()
    stored = await town.world.stored(ref)
    assert (stored.state, stored.archived_as) == (State.ACKNOWLEDGED, None)
    assert stored.over is not None
    receipt = await desk.click(CLOSE, ref)
    assert [outcome.result for outcome in receipt.outcomes] == [Result.DONE]
    assert (await town.world.stored(ref)).archived_as == "expected"
    assert town.strange.signals[ref.id].ending == "expected"


async def test_what_is_deleted_there_is_deleted_here(town: towns.Town) -> None:
    desk, (first, second) = await town.met(2)
    town.strange.erase(first.id)
    town.world.clock.pass_by(seconds=60)
    await desk.look()
    assert [line.action for line in await town.world.history(first)] == ["delete"]
    assert await town.world.history(second) == []


async def test_one_system_in_trouble_is_told_and_the_other_goes_on(town: towns.Town) -> None:
    desk, _ = await town.met()
    town.fault("reply", json={"code": 53, "message": "busy"})
    for _ in range(2):
        town.world.clock.pass_by(seconds=300)
        town.world.system.put(7)
        await desk.look()
    await desk.post.flush()
    assert len(town.said("Strange", "busy")) == 1
    if town.mixed:
        assert (await town.world.stored(7)).state is State.ACTIVE
    town.parts.faults.clear()
    (ref,) = town.arrive()
    town.world.clock.pass_by(seconds=300)
    await desk.look()
    assert (await town.world.stored(ref)).state is State.ACTIVE
    assert (await town.world.store.health.get("strange")).failing_since is None


async def test_tokens_that_are_spent_in_the_middle_are_nobodys_trouble(town: towns.Town) -> None:
    town.strange.token_calls = 3
    desk, made = await town.met(30)
    town.world.clock.pass_by(seconds=60)
    await desk.look()
    assert (await town.world.store.health.get("strange")).failing_since is None
    assert len(await town.world.store.anomalies.get(made)) == 30
    assert town.strange.exchanges > 2


# --- clicks


@pytest.mark.parametrize(
    ("change", "phase", "state"),
    [(ACK, "seen", State.ACKNOWLEDGED), (CLOSE, "shut", State.ARCHIVED)],
    ids=["acknowledge", "archive"],
)
async def test_a_click_is_done_read_back_journalled_and_shown(town: towns.Town, change: model.Change, phase: str, state: State) -> None:
    desk, (ref,) = await town.met()
    town.writes()
    receipt = await desk.click(change, ref)
    assert [outcome.result for outcome in receipt.outcomes] == [Result.DONE]
    assert town.phase(ref) == phase
    assert town.writes() == [f"/v0/signals/{ref.id}/phase {phase}"]
    assert (await town.world.stored(ref)).state is state
    assert await town.world.who(ref) == [f"{change.action} by Dana"]
    await desk.remarks.work()
    assert town.writes() == [], "no remark is tried where there are none"


async def test_there_and_back_again(town: towns.Town) -> None:
    desk, (ref,) = await town.met()
    for change, phase in ((ACK, "seen"), (UNACK, "live"), (CLOSE, "shut"), (REOPEN, "live")):
        town.world.clock.pass_by(seconds=1)
        await desk.click(change, ref)
        assert town.phase(ref) == phase
    assert [line.action for line in await town.world.history(ref)] == ["acknowledge", "unacknowledge", "archive", "reopen"]


async def test_a_click_twice_is_a_polite_no_op(town: towns.Town) -> None:
    desk, (ref,) = await town.met()
    await desk.click(ACK, ref)
    town.world.clock.pass_by(seconds=1)
    again = await desk.click(ACK, ref, lab.LEE)
    assert [outcome.result for outcome in again.outcomes] == [Result.ALREADY]
    assert len(town.writes()) == 1


@pytest.mark.parametrize(
    "change",
    [
        model.Change(Action.ASSIGN, assignees=("12",)),
        model.Change(Action.COMMENT, comment="Hello"),
        model.Change(Action.TAG, add_tags=("incident",)),
        model.Change(Action.DESCRIBE, description="INC-987"),
        model.Change(Action.DELETE),
        model.Change(Action.ACKNOWLEDGE, comment="and a note"),
        model.Change(Action.ACKNOWLEDGE, assignees=("12",)),
    ],
    ids=lambda change: f"{change.action}{' and more' if change.action is Action.ACKNOWLEDGE else ''}",
)
async def test_what_it_has_no_way_to_do_is_refused_with_the_way_out(town: towns.Town, change: model.Change) -> None:
    desk, (ref,) = await town.met()
    with pytest.raises(errors.NotSupported) as refused:
        await desk.click(change, ref)
    assert "Strange offers no way to" in str(refused.value)
    assert "Open Strange" in str(refused.value)
    assert town.writes() == []
    assert await town.world.history(ref) == []


async def test_what_is_over_cannot_be_reopened_and_the_reason_is_the_systems(town: towns.Town) -> None:
    desk, (ref,) = await town.met()
    town.strange.close(ref.id)
    receipt = await desk.click(REOPEN, ref)
    assert [outcome.result for outcome in receipt.outcomes] == [Result.REFUSED]
    assert "over by itself" in receipt.outcomes[0].reason
    assert (await town.world.stored(ref)).state is State.ARCHIVED
    assert await town.world.who(ref) == ["archive in Strange"]


async def test_one_whose_answer_was_lost_is_settled_by_looking(town: towns.Town) -> None:
    desk, (ref,) = await town.met()
    town.fault("drop_after", path="/phase", times=1)
    receipt = await desk.click(ACK, ref)
    assert [outcome.result for outcome in receipt.outcomes] == [Result.DONE]
    assert len(town.writes()) == 1


async def test_a_refusal_inside_a_good_answer_is_no_success(town: towns.Town) -> None:
    desk, (ref,) = await town.met()
    town.fault("reply", json={"code": 46, "message": "not today"}, path="/phase", times=1)
    receipt = await desk.click(ACK, ref)
    assert [outcome.result for outcome in receipt.outcomes] == [Result.REFUSED]
    assert "not today" in receipt.outcomes[0].reason
    assert await town.world.history(ref) == []


async def test_somebody_was_faster_in_the_system_itself(town: towns.Town) -> None:
    desk, (ref,) = await town.met()
    shown = (await town.world.stored(ref)).version
    town.strange.change(town.strange.signals[ref.id], phase="shut", ending="expected")
    assert shown
    receipt = await desk.click(ACK, ref)
    assert receipt.outcomes[0].result is Result.REFUSED
    assert await town.world.who(ref) == ["archive in Strange"]


# --- recovery


@pytest.mark.long
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("change", [ACK, CLOSE], ids=["acknowledge", "archive"])
async def test_whenever_the_process_dies_it_is_done_once_and_told_once(town: towns.Town, change: model.Change, after: bool) -> None:
    desk, (first,) = await town.met()
    await desk.click(change, first)
    count = desk.fuse.burnt
    for left in range(2 if after else 1, count, 4):
        (ref,) = town.arrive()
        await town.world.desk().look()
        dying = town.world.desk(desks.Fuse(left, after=after))
        died = await desks.killed(dying.click(change, ref, key=f"click:{left}:{after}"))
        await town.world.desk().settle()
        told = await town.world.who(ref)
        assert town.strange.signals[ref.id].rev <= 2, "it was done once at most"
        assert told in ([f"{change.action} by Dana"], []) if died else [f"{change.action} by Dana"], left
        assert bool(told) is (town.phase(ref) != "live"), left


async def test_two_processes_do_one_click_once(town: towns.Town) -> None:
    desk, (ref,) = await town.met()
    await desk.click(ACK, ref, key="click:same")
    with pytest.raises(errors.Stale):
        await town.world.desk().click(ACK, ref, key="click:same")
    assert len(town.writes()) == 1
    assert len(await town.world.history(ref)) == 1
