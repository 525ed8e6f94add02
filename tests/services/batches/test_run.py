"""Batches at work: each item once, believed by what was read back, and never for somebody who may not any more."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot import errors, model
from bot.render.batch import batch_wording
from tests.services import cast, lab
from tests.services.desk import ACK, DANA, INVALID, LEE, Fuse, World, killed

LOST = errors.SourceUnavailable("qualytics", "Qualytics did not answer within 30 seconds.")
GARBLED = errors.SourceGarbled("qualytics", "Qualytics sent something that is not JSON.")
NOTE = model.Change(model.Action.COMMENT, comment="Known")
DELETE = model.Change(model.Action.DELETE)
TODO, SENT, DONE, ALREADY, REFUSED, DRIFTED = model.Fate
GONE = model.Actor(DANA.id, "Dana", is_deleted=True)


def ref(ident: object) -> model.Ref:
    return model.Ref("qualytics", str(ident))


async def test_a_batch_goes_in_chunks_each_item_once_and_is_told_on_one_message(world: World) -> None:
    desk = world.desk()
    await desk.met(*range(1, 13))
    await desk.ask(ACK, *range(1, 13))
    world.system.calls.clear()
    await desk.runs.work()
    sent = [ids for name, ids in world.system.calls if name == "apply"]
    assert sorted(map(len, sent)) == [2, 5, 5] and sorted(int(one) for ids in sent for one in ids) == list(range(1, 13))
    await desk.post.flush()
    assert sum("Dana acknowledged 12 anomalies" in said for said in world.wall.shown.values()) == 1
    (line,) = await world.history(1)
    assert (line.actor, line.before, line.after) == (DANA.id, "Active", "Acknowledged") and line.detail.startswith("batch ")
    assert not world.system.said


async def test_what_drifted_since_the_preview_is_left_alone(world: World) -> None:
    desk = world.desk()
    await desk.met(1, 2, 3)
    ident = await desk.ask(INVALID, 1, 2, 3)
    world.system.set(1, state=model.State.ACKNOWLEDGED, status="Acknowledged")
    del world.system.there["2"]
    await desk.runs.work()
    fates = await desk.fates(ident)
    assert fates["1"] == (DRIFTED, "It was Active at the preview and is Acknowledged now.")
    assert fates["2"] == (DRIFTED, "It does not exist any more.") and fates["3"] == (DONE, "")
    await desk.look()
    assert await world.who(1) == ["acknowledge in Qualytics"]


@pytest.mark.parametrize("error", [LOST, GARBLED], ids=["lost", "garbled"])
@pytest.mark.parametrize("change", [ACK, NOTE], ids=["acknowledge", "comment"])
@pytest.mark.parametrize("done", [True, False], ids=["done", "not done"])
async def test_an_answer_that_nobody_could_read_is_looked_at(
    world: World, error: errors.SourceError, change: model.Change, done: bool
) -> None:
    desk = world.desk()
    await desk.met(1, 2)
    ident = await desk.ask(change, 1, 2)
    if done:
        world.system.done_but = [error]
    else:
        world.system.faults = {"apply": [error], "comment": [error]}
    await desk.runs.work()
    assert set((await desk.fates(ident)).values()) == {(DONE, "") if done else (REFUSED, str(error))}
    assert await world.who(1) == ([f"{change.action} by Dana"] if done else [])
    assert len(world.system.comments_of(1)) == (1 if done and change is NOTE else 0)


async def test_one_answer_of_several_that_nobody_could_read_is_looked_at(world: World) -> None:
    desk = world.desk()
    await desk.met(1, 2)
    ident = await desk.ask(ACK, 1, 2)
    world.system.bad["1"] = model.Outcome(ref(1), model.Result.REFUSED, "no answer", unsure=True)
    world.system.before_apply = lambda: world.system.set(1, state=model.State.ACKNOWLEDGED, status="Acknowledged")
    await desk.runs.work()
    assert await desk.fates(ident) == {"1": (DONE, ""), "2": (DONE, "")}


async def test_a_refusal_is_told_with_its_right_and_a_yes_that_shows_nothing_is_a_no(world: World) -> None:
    desk = world.desk()
    await desk.met(1, 2, 3)
    ident = await desk.ask(ACK, 1, 2, 3)
    world.system.bad["1"] = model.Outcome(ref(1), model.Result.REFUSED, "no right", right="Editor", place="warehouse-prod")
    world.system.bad["2"] = model.Outcome(ref(2), model.Result.DONE)
    await desk.runs.work()
    items = {item.ref.id: item for item in await world.store.batches.items(ident)}
    assert (items["1"].fate, items["1"].right, items["1"].place) == (REFUSED, "Editor", "warehouse-prod")
    assert items["2"].fate is REFUSED and "still Active" in items["2"].reason
    assert await world.who(1) == await world.who(2) == [] and await world.who(3) == ["acknowledge by Dana"]
    assert items["3"].after is not None and items["3"].after.status == "Acknowledged"


async def test_a_refusal_names_the_place_that_the_system_named_or_else_where_the_anomaly_is(world: World) -> None:
    desk = world.desk()
    await desk.met(1, 2, datastore=lab.WAREHOUSE)
    ident = await desk.ask(ACK, 1, 2)
    world.system.bad["1"] = model.Outcome(ref(1), model.Result.REFUSED, "no right", right="Editor", place="crm")
    world.system.bad["2"] = model.Outcome(ref(2), model.Result.REFUSED, "no right", right="Editor")
    await desk.runs.work()
    assert {item.ref.id: item.place for item in await world.store.batches.items(ident)} == {"1": "crm", "2": "warehouse-prod"}


async def test_somebody_in_the_system_who_was_faster_gets_the_line(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    await desk.ask(ACK, 1)

    async def archive(name: str) -> None:
        if name == "apply":
            world.system.set(1, state=model.State.ARCHIVED, status="Invalid", archived_as="Invalid")
            world.system.bad["1"] = model.Outcome(ref(1), model.Result.REFUSED, "It is archived.")

    world.system.on_call = archive
    await desk.runs.work()
    assert await world.who(1) == ["archive in Qualytics"]


async def test_what_was_deleted_is_remembered_as_deleted_by_its_actor(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    preview = await desk.batches.freeze(DELETE, [world.system.there["1"]], "1", DANA, "C1")
    await desk.batches.confirm(preview.batch.id, DANA, typed="1")
    await desk.runs.work()
    await desk.look()
    assert await world.who(1) == ["delete by Dana"] and (await world.stored(1)).status == "Deleted"


async def test_what_was_deleted_before_a_restart_was_deleted_by_the_batch(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    preview = await desk.batches.freeze(DELETE, [world.system.there["1"]], "1", DANA, "C1")
    await desk.batches.confirm(preview.batch.id, DANA, typed="1")
    await die_after_apply(world)
    await desk.look()
    await desk.settle()
    assert (await desk.fates(preview.batch.id))["1"][0] is DONE
    assert await world.who(1) == ["delete by Dana"] and (await world.stored(1)).status == "Deleted"
    assert [line.before for line in await world.history(1)] == ["Active"]


async def die_after_apply(world: World) -> None:
    """A process works until something was done, and dies before that is written down."""
    fuse = Fuse()

    async def die(name: str) -> None:
        if name in ("apply", "comment"):
            fuse.left, fuse.after = 0, True

    world.system.on_call = die
    await killed(world.desk(fuse).runs.work())
    world.system.on_call = None
    world.clock.pass_by(seconds=301)


async def test_a_comment_that_was_left_before_a_restart_is_not_left_again(world: World) -> None:
    desk = world.desk()
    await desk.met(1, 2)
    ident = await desk.ask(NOTE, 1, 2)
    await die_after_apply(world)
    await desk.settle()
    assert world.system.comments_of(1) == world.system.comments_of(2) == ["Known\n\nDana via Slack"]
    assert {fate for fate, _ in (await desk.fates(ident)).values()} == {DONE} and await world.who(1) == ["comment by Dana"]


LOOKS = [errors.SourceForbidden("qualytics", "Qualytics refused it: the bot's user lacks the right Reader."), None]


@pytest.mark.parametrize("look", LOOKS, ids=["not to be seen", "gone"])
async def test_a_comment_of_before_a_restart_that_nobody_can_look_for_keeps_no_batch_waiting(
    world: World, look: errors.SourceError | None
) -> None:
    desk = world.desk()
    await desk.met(1, 2)
    ident = await desk.ask(NOTE, 1, 2)
    await die_after_apply(world)
    if look is None:
        del world.system.there["1"]
        world.system.faults["comments"] = [errors.SourceMissing("qualytics", "Qualytics has no such thing.")]
    else:
        world.system.faults["comments"] = [look, look]
    await desk.runs.work()
    fates = await desk.fates(ident)
    assert not await world.store.batches.runnable(world.clock.now())
    assert fates["1"] == (DRIFTED, "It does not exist any more.") if look is None else fates["1"][0] is REFUSED
    assert look is None or f"cannot see whether it is there: {look}" in fates["1"][1]
    assert world.system.comments_of(1) == ["Known\n\nDana via Slack"] and SENT not in {fate for fate, _ in fates.values()}


async def test_an_archiving_whose_comment_nobody_can_look_for_is_done_without_another_comment(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    both = model.Change(model.Action.ARCHIVE, "Invalid", comment="Known")
    ident = await desk.ask(both, 1)
    await die_after_apply(world)
    world.system.set(1, state=model.State.ACTIVE, status="Active", archived_as=None)
    world.system.faults["comments"] = [LOOKS[0]] * 2
    await desk.runs.work()
    assert await desk.fates(ident) == {"1": (DONE, "")} and len(world.system.comments_of(1)) == 1


@pytest.mark.parametrize("error", [LOST, LOOKS[0]])
async def test_a_lost_comment_that_nobody_can_look_for_is_not_called_done(world: World, error: errors.SourceError) -> None:
    desk = world.desk()
    await desk.met(1)
    ident = await desk.ask(NOTE, 1)
    world.system.done_but = [LOST]
    world.system.faults["comments"] = [error]
    await desk.runs.work()
    assert (await desk.fates(ident))["1"][0] is (SENT if error is LOST else REFUSED)
    await desk.settle()
    assert len(world.system.comments_of(1)) == 1
    assert (await desk.fates(ident))["1"][0] is (DONE if error is LOST else REFUSED)


async def test_a_half_done_change_goes_on_after_a_restart(world: World) -> None:
    """Tags go first, and the archiving was not reached."""
    desk = world.desk()
    await desk.met(1)
    both = model.Change(model.Action.ARCHIVE, "Invalid", add_tags=("incident",))
    ident = await desk.ask(both, 1)
    await die_after_apply(world)
    world.system.put(1, tags=("incident",))
    await desk.look()
    await desk.settle()
    assert await desk.fates(ident) == {"1": (DONE, "")} and await world.who(1) == ["archive by Dana"]


async def test_somebody_else_since_a_restart_is_left_alone_and_told(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    ident = await desk.ask(ACK, 1)
    fuse = Fuse()

    async def die(name: str) -> None:
        if name == "apply":
            fuse.left = 0
            world.system.faults["apply"] = [LOST]

    world.system.on_call = die
    await killed(world.desk(fuse).runs.work())
    world.system.on_call = None
    world.clock.pass_by(seconds=301)
    world.system.set(1, state=model.State.ARCHIVED, status="Invalid", archived_as="Invalid")
    await desk.settle()
    assert (await desk.fates(ident))["1"][0] is DRIFTED and await world.who(1) == ["archive in Qualytics"]


# --- rights ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("restarted", [True, False])
async def test_an_actor_deactivated_in_the_middle_changes_nothing_more(world: World, restarted: bool) -> None:
    desk = world.desk()
    many = range(1, 61)
    await desk.met(*many)
    ident = await desk.ask(INVALID, *many)
    applied: list[int] = []

    async def leave(name: str) -> None:
        if name == "apply":
            applied.append(1)
            if len(applied) == 3:
                world.directory.changed[DANA.id] = GONE

    world.system.on_call = leave
    await desk.runs.work()
    if restarted:
        desk = world.desk()
    await desk.settle()
    fates = await desk.fates(ident)
    done = [one for one, (fate, _) in fates.items() if fate is DONE]
    assert 15 <= len(done) < 60
    assert {why for fate, why in fates.values() if fate is REFUSED} == {
        "Dana may not do this any more. This Slack account is deactivated, so it cannot use Anomaly Desk."
    }
    assert sum(one.state is model.State.ARCHIVED for one in world.system.there.values()) == len(done)
    assert any("may not do this any more" in said for said in world.wall.shown.values())


async def test_what_was_done_before_a_deactivation_is_done_and_the_rest_is_not(world: World) -> None:
    desk = world.desk()
    await desk.met(1, 2, 3, 4, 5, 6)
    ident = await desk.ask(ACK, 1, 2, 3, 4, 5, 6)
    world.system.max_batch = 3
    await die_after_apply(world)
    world.directory.changed[DANA.id] = GONE
    await desk.settle()
    fates = await desk.fates(ident)
    for one, (fate, _) in fates.items():
        acknowledged = world.system.there[one].state is model.State.ACKNOWLEDGED
        assert fate is (DONE if acknowledged else REFUSED)
        assert await world.who(one) == (["acknowledge by Dana"] if acknowledged else [])
    assert {fate for fate, _ in fates.values()} == {DONE, REFUSED}


async def test_every_part_of_the_change_is_asked_for(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    ident = await desk.ask(model.Change(model.Action.ACKNOWLEDGE, assignees=("18",)), 1, actor=LEE)
    world.permissions = {"assign": "admins"}
    desk = world.desk()
    await desk.runs.work()
    assert "Only admins of this desk may assign" in (await desk.fates(ident))["1"][1]
    assert world.system.there["1"] == cast.anomaly(1)


async def test_while_slack_does_not_say_who_it_is_the_batch_waits(world: World, caplog: pytest.LogCaptureFixture) -> None:
    desk = world.desk()
    await desk.met(1)
    ident = await desk.ask(ACK, 1)
    world.directory.away = True
    for _ in range(3):
        await desk.runs.work()
    assert (await desk.fates(ident))["1"][0] is TODO and world.system.there["1"].state is model.State.ACTIVE
    assert caplog.text.count("does not say who the actor is") == 1
    world.directory.away = False
    await desk.runs.work()
    assert await world.who(1) == ["acknowledge by Dana"]


# --- several ------------------------------------------------------------------------------------------------------------------


async def test_two_processes_do_each_item_once(world: World) -> None:
    desk, other = world.desk(), world.desk()
    await desk.met(*range(1, 13))
    for half in (range(1, 7), range(7, 13)):
        await desk.ask(ACK, *half)
    world.system.calls.clear()
    await asyncio.gather(desk.runs.work(), other.runs.work())
    assert sorted(int(one) for name, ids in world.system.calls if name == "apply" for one in ids) == list(range(1, 13))


async def test_a_claim_that_was_lost_ends_the_work(world: World) -> None:
    desk = world.desk()
    await desk.met(*range(1, 13))
    ident = await desk.ask(ACK, *range(1, 13))

    async def steal(name: str) -> None:
        if name == "apply":
            world.system.on_call = None
            world.clock.pass_by(seconds=121)
            assert await world.store.leases.take("batches", ident, world.clock.now(), 60)

    world.system.max_batch, world.system.on_call = 1, steal
    await desk.runs.run(ident)
    fates = [fate for fate, _ in (await desk.fates(ident)).values()]
    assert DONE not in fates and TODO in fates
    world.clock.pass_by(seconds=301)
    await desk.settle()
    assert [await world.who(one) for one in range(1, 13)] == [["acknowledge by Dana"]] * 12


async def test_a_system_that_is_away_is_waited_for(world: World, caplog: pytest.LogCaptureFixture) -> None:
    desk = world.desk()
    await desk.met(1)
    ident = await desk.ask(ACK, 1)
    world.system.faults["read"] = [LOST, LOST, LOST]
    for _ in range(3):
        assert not await desk.runs.run(ident)
    assert caplog.text.count("waits") == 1, "said once"
    assert (await desk.fates(ident))["1"][0] is TODO
    assert await desk.runs.run(ident) and not await desk.runs.run(ident)


@pytest.mark.parametrize("more", [0, 1])
async def test_a_receipt_that_is_too_long_to_read_is_attached_once(world: World, more: int) -> None:
    desk = world.desk()
    many = range(1, batch_wording.CSV_ABOVE + 1 + more)
    world.system.put(*many)
    world.system.max_batch = 100
    await desk.ask(ACK, *many)
    await desk.runs.work()
    await desk.settle()
    assert world.wall.files == more


async def test_a_receipt_that_cannot_be_attached_is_a_receipt_all_the_same(world: World) -> None:
    async def refused(*_: object) -> None:
        raise errors.SlackUnavailable("Slack did not answer.")

    desk = world.desk()
    many = range(1, batch_wording.CSV_ABOVE + 2)
    world.system.put(*many)
    world.system.max_batch = 100
    world.wall.upload = refused  # type: ignore[method-assign, assignment]
    ident = await desk.ask(ACK, *many)
    assert await desk.runs.run(ident)
    await desk.post.flush()
    assert any(f"acknowledged {len(many)} anomalies" in said for said in world.wall.shown.values())


@pytest.mark.long
async def test_a_long_batch_tells_how_far_it_is_while_it_goes_on(world: World) -> None:
    desk = world.desk()
    await desk.met(*range(1, 41))
    told: list[str] = []

    async def slow(name: str) -> None:
        if name == "apply":
            world.clock.pass_by(seconds=5)
            await desk.post.flush()
            told.append(next(iter(reversed(world.wall.shown.values()))))

    world.system.max_batch, world.system.on_call = 1, slow
    await desk.ask(ACK, *range(1, 41))
    await desk.runs.work()
    assert len(set(told)) > 2, "its message moved while it ran"
    assert any("done" in said and "to go" in said for said in told)


async def test_a_batch_of_a_system_that_is_switched_off_goes_on_when_it_is_back(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    ident = await desk.ask(ACK, 1)
    sources: Any = desk.runs.sources
    system = sources.pop("qualytics")
    assert not await desk.runs.run(ident)
    assert (await desk.fates(ident))["1"][0] is TODO
    sources["qualytics"] = system
    assert await desk.runs.run(ident) and await world.who(1) == ["acknowledge by Dana"]


async def test_what_has_no_way_back_says_why_on_the_receipt_of_the_undo(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    ident = await desk.ask(NOTE, 1)
    await desk.runs.work()
    back = await desk.batches.undo(ident, DANA, "")
    await desk.runs.work()
    fate, why = (await desk.fates(back.id))["1"]
    assert fate is REFUSED and "comment" in why.lower()


async def test_the_receipt_of_an_undo_says_a_reason_once_whatever_datastores_it_is_about(world: World) -> None:
    desk = world.desk()
    for number, name in enumerate(("finance", "sales", "warehouse"), 1):
        await desk.met(number, datastore=model.Place(str(number), name))
    ident = await desk.ask(NOTE, 1, 2, 3)
    await desk.runs.work()
    await desk.batches.undo(ident, DANA, "")
    await desk.settle()
    (receipt,) = [said for said in world.wall.shown.values() if "could not return (id" in said]
    assert ". 3 could not return (id 1, 2, 3): " in receipt and receipt.count("could not return (id") == 1


async def test_what_nobody_confirmed_is_forgotten_after_a_day(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    preview = await desk.batches.freeze(ACK, [world.system.there["1"]], "1", DANA, "C1")
    world.clock.pass_by(days=1)
    await desk.runs.work()
    assert await world.store.batches.get(preview.batch.id) is not None
    world.clock.pass_by(seconds=1)
    await desk.runs.work()
    assert await world.store.batches.get(preview.batch.id) is None


async def test_a_batch_of_which_nothing_is_left_to_do_ends_at_once(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    ident = await desk.ask(INVALID, 1)
    world.system.set(1, state=model.State.ACKNOWLEDGED, status="Acknowledged")
    assert await desk.runs.run(ident)
    ended = await world.store.batches.get(ident)
    assert ended is not None and ended.state is model.BatchState.DONE
