"""One action on one anomaly: what is believed, what is written down, what is asked again after a restart."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot import errors, model, ports
from bot.services import remarks, triage
from tests.services import cast
from tests.services.desk import ACK, ACTIONS, DANA, INVALID, LEE, UNACK, Fuse, World, killed

LOST = errors.SourceUnavailable("qualytics", "Qualytics did not answer within 30 seconds.")
GARBLED = errors.SourceGarbled("qualytics", "Qualytics sent something that is not JSON.")
FORBIDDEN = errors.SourceForbidden("qualytics", "no", right="Editor", place="warehouse-prod")
NOTE = model.Change(model.Action.COMMENT, comment="Known: the loader skipped a partition")
REOPEN = model.Change(model.Action.REOPEN)
TO_LEE = model.Change(model.Action.ASSIGN, assignees=("18",))
REMARK = "Acknowledged by Dana via Slack."
DONE, ALREADY, REFUSED = model.Result


async def refused(world: World, ident: object) -> list[str]:
    """What was asked for and not done, oldest first."""
    lines = await world.store.journal.history(model.Ref("qualytics", str(ident)))
    return [line.detail for line in reversed(lines) if line.result is REFUSED]


async def archived(world: World, ident: object) -> None:
    world.system.set(ident, state=model.State.ARCHIVED, status="Invalid", archived_as="Invalid")


@pytest.mark.parametrize(
    ("change", "line", "remark"),
    [
        (ACK, ("acknowledge", "Active", "Acknowledged", ""), REMARK),
        (INVALID, ("archive", "Active", "Invalid", ""), "Archived as Invalid by Dana via Slack."),
        (TO_LEE, ("assign", "unassigned", "Lee Park", ""), "Assigned by Dana via Slack."),
        (NOTE, ("comment", "", "", NOTE.comment), f"{NOTE.comment}\n\nDana via Slack"),
    ],
    ids=["acknowledge", "archive", "assign", "comment"],
)
async def test_an_action_is_done_written_down_and_signed(
    world: World, change: model.Change, line: tuple[str, str, str, str], remark: str
) -> None:
    desk = world.desk()
    await desk.met(1)
    receipt = await desk.click(change, 1)
    assert [outcome.result for outcome in receipt.outcomes] == [DONE]
    assert receipt.after[model.Ref("qualytics", "1")] == world.system.there["1"]
    (told,) = await world.history(1)
    assert (told.action, told.before, told.after, told.detail) == line
    assert (told.actor, told.actor_name, told.via) == (DANA.id, "Dana", "slack")
    assert (await world.stored(1)).status == world.system.there["1"].status
    await desk.remarks.work()
    await desk.remarks.work()
    assert world.system.comments_of(1) == [remark]


async def test_the_comment_is_not_waited_for(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    await desk.click(ACK, 1)
    assert world.system.comments_of(1) == []
    assert [name for name, _ in world.system.calls[-3:]] == ["get", "apply", "get"]


async def test_only_what_somebody_waits_for_is_urgent(world: World) -> None:
    desk, asked = world.desk(), list[tuple[str, bool]]()
    await desk.met(1)
    desk.triage.remarks = remarks.Remarks(
        sources=desk.remarks.sources, store=world.store.remarks, leases=world.store.leases, clock=world.clock
    )

    async def note(name: str) -> None:
        asked.append((name, ports.urgent()))

    world.system.on_call = note
    await desk.click(ACK, 1)
    await asyncio.gather(*desk.triage.remarks.tasks)
    assert world.system.comments_of(1) == [REMARK]
    await desk.look()
    assert asked[:3] == [("get", True), ("apply", True), ("get", True)]
    assert len(asked) > 3 and not any(urgent for _, urgent in asked[3:])


async def test_no_comment_where_it_is_switched_off_or_not_offered(world: World) -> None:
    desk = world.desk()
    await desk.met(1, 2)
    desk.triage.actor_comments = False
    await desk.click(ACK, 1)
    desk.triage.actor_comments = True
    world.system.supports = ACTIONS - {model.Action.COMMENT}
    await desk.click(ACK, 2)
    await desk.remarks.work()
    assert not world.system.said


@pytest.mark.parametrize("error", [LOST, GARBLED], ids=["lost", "garbled"])
@pytest.mark.parametrize(("change", "action"), [(ACK, "acknowledge"), (NOTE, "comment")], ids=["acknowledge", "comment"])
async def test_an_answer_that_nobody_could_read_is_looked_at(
    world: World, error: errors.SourceError, change: model.Change, action: str
) -> None:
    desk = world.desk()
    await desk.met(1)
    world.system.done_but = [error]
    receipt = await desk.click(change, 1)
    assert [outcome.result for outcome in receipt.outcomes] == [DONE]
    await desk.remarks.work()
    assert await world.who(1) == [f"{action} by Dana"]
    assert len(world.system.comments_of(1)) == 1


@pytest.mark.parametrize("error", [LOST, GARBLED, FORBIDDEN], ids=["lost", "garbled", "forbidden"])
@pytest.mark.parametrize("change", [ACK, NOTE], ids=["acknowledge", "comment"])
async def test_what_was_not_done_is_refused_and_leaves_no_comment(world: World, error: errors.SourceError, change: model.Change) -> None:
    desk = world.desk()
    await desk.met(1)
    world.system.faults = {"apply": [error], "comment": [error]}
    with pytest.raises(type(error)):
        await desk.click(change, 1)
    world.system.faults.clear()
    await desk.remarks.work()
    assert await world.who(1) == [] and await refused(world, 1) == [str(error)]
    assert not world.system.said
    await desk.settle()
    assert await world.who(1) == [] and not world.system.said


async def test_a_yes_that_shows_nothing_is_a_no(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    world.system.bad["1"] = model.Outcome(model.Ref("qualytics", "1"), DONE)
    (outcome,) = (await desk.click(ACK, 1)).outcomes
    world.system.bad.clear()  # a comment would be taken
    await desk.remarks.work()
    assert outcome.result is REFUSED and "still Active" in outcome.reason
    assert await world.who(1) == [] and not world.system.said


@pytest.mark.parametrize("done", [True, False], ids=["done", "not done"])
async def test_what_nobody_can_look_at_is_not_called_refused_but_looked_at_later(world: World, done: bool) -> None:
    desk = world.desk()
    await desk.met(1)
    if done:
        world.system.done_but = [GARBLED]
    else:
        world.system.faults["apply"] = [LOST]

    async def away(name: str) -> None:
        if name == "apply":
            world.system.faults["get"] = [LOST]

    world.system.on_call = away
    with pytest.raises(errors.SourceUnsure):
        await desk.click(ACK, 1)
    world.system.on_call = None
    assert await world.who(1) == [] and await refused(world, 1) == []
    await desk.look()
    assert await world.who(1) == []
    await desk.settle()
    assert await world.who(1) == ["acknowledge by Dana"]
    assert world.system.comments_of(1) == [REMARK]
    assert [name for name, _ in world.system.calls].count("apply") == (1 if done else 2)


async def test_a_poll_in_the_middle_books_nothing_to_the_system(world: World) -> None:
    desk = world.desk()
    await desk.met(1)

    async def look(name: str) -> None:
        if name == "get" and world.system.there["1"].state is model.State.ACKNOWLEDGED:
            world.system.on_call = None
            await world.desk().look()

    world.system.on_call = look
    await desk.click(ACK, 1)
    await desk.look()
    assert await world.who(1) == ["acknowledge by Dana"]


async def test_what_somebody_does_in_the_system_is_told_as_theirs(world: World) -> None:
    desk = world.desk()
    await desk.met(1, 2)
    await archived(world, 1)
    (outcome,) = (await desk.click(ACK, 1)).outcomes
    assert outcome.result is REFUSED and "Reopen it first" in outcome.reason
    assert await world.who(1) == ["archive in Qualytics"]
    world.system.before_apply = lambda: world.system.set(2, assignees=(cast.LEE,))
    await desk.click(ACK, 2)
    world.system.before_apply = None
    world.system.set(2, state=model.State.ACTIVE, status="Active")
    await desk.look()
    assert await world.who(2) == ["acknowledge by Dana", "unacknowledge in Qualytics"]


async def test_somebody_in_the_system_who_was_faster_is_named(world: World) -> None:
    desk = world.desk()
    await desk.met(1)

    async def archive(name: str) -> None:
        if name == "apply":
            await archived(world, 1)
            ref = model.Ref("qualytics", "1")
            world.system.bad["1"] = model.Outcome(ref, REFUSED, "It is archived as Invalid. Reopen it first.")

    world.system.on_call = archive
    (outcome,) = (await desk.click(ACK, 1)).outcomes
    assert outcome.result is REFUSED
    assert await world.who(1) == ["archive in Qualytics"] and await refused(world, 1) == ["It is archived as Invalid. Reopen it first."]


async def test_a_part_that_was_done_of_what_was_refused_is_ours(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    both = model.Change(model.Action.ARCHIVE, "Invalid", add_tags=("incident",))

    async def half(name: str) -> None:
        if name == "apply":
            world.system.set(1, tags=("incident",))
            world.system.bad["1"] = model.Outcome(model.Ref("qualytics", "1"), REFUSED, "The right Author is missing.")

    world.system.on_call = half
    await desk.click(both, 1)
    assert await world.who(1) == ["tag by Dana"] and len(await refused(world, 1)) == 1


async def test_a_click_beside_a_batch_does_not_book_the_batch_to_the_system(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    await desk.ask(TO_LEE, 1, actor=LEE)
    clicked: list[asyncio.Task[model.Receipt]] = []

    async def click(name: str) -> None:
        if name == "read" and world.system.there["1"].assignees and not clicked:
            clicked.append(asyncio.create_task(world.desk().click(ACK, 1)))
            await asyncio.sleep(0.05)

    world.system.on_call = click
    await desk.runs.work()
    assert (await clicked[0]).outcomes[0].result is DONE, "it waited for the batch"
    await desk.look()
    assert sorted(await world.who(1)) == ["acknowledge by Dana", "assign by Lee"]


async def test_an_anomaly_that_a_poll_saw_before_and_stored_after_is_not_booked_to_the_system(world: World) -> None:
    """It was changed by a command between the poll's reading and its end, when the desk did not know it yet."""
    desk = world.desk()
    await desk.met(9)
    world.clock.pass_by(seconds=5)
    world.system.put(1)
    old, read_at = world.system.there["1"], world.clock.now()
    await desk.click(ACK, 1)
    await world.store.anomalies.save(
        ports.Observation("qualytics", [old], read_at=read_at, now=world.clock.now(), drafts=await desk.cards.drafts([old]))
    )
    await desk.post.flush()
    await desk.look()
    assert (await world.stored(1)).state is model.State.ACKNOWLEDGED
    assert await world.who(1) == ["acknowledge by Dana"]
    world.system.set(1, state=model.State.ACTIVE, status="Active")
    await desk.look()
    assert await world.who(1) == ["acknowledge by Dana", "unacknowledge in Qualytics"]


# --- after a restart ---------------------------------------------------------------------------------------------------------


async def accepted(world: World, change: model.Change, calls: int, *, after: bool) -> None:
    """A click whose process died at this call."""
    assert await killed(world.desk(Fuse(calls, after)).click(change, 1, key="k"))
    world.clock.pass_by(seconds=121)


async def sent(world: World, change: model.Change = ACK) -> None:
    """A click whose process died when it had been done, and before that was written down."""

    async def die(name: str) -> None:
        if name == "get" and any(call[0] == "apply" for call in world.system.calls):
            raise Died

    class Died(BaseException):
        pass

    world.system.calls.clear()
    world.system.on_call = die
    with pytest.raises(Died):
        await world.desk().click(change, 1, key="k")
    world.system.on_call = None
    world.clock.pass_by(seconds=121)


async def test_what_is_ended_after_a_restart_is_not_urgent(world: World) -> None:
    desk, asked = world.desk(), list[bool]()
    await desk.met(1)
    await sent(world)

    async def note(_: str) -> None:
        asked.append(ports.urgent())

    world.system.on_call = note
    assert await desk.triage.resume() == 1
    assert asked and not any(asked)


@pytest.mark.parametrize("had", [True, False])
async def test_a_restart_does_not_call_taken_what_somebody_had_before_the_click(world: World, had: bool) -> None:
    """What the click came to is stored before it is sent: afterwards the system shows the same, whoever had it before."""
    desk = world.desk()
    await world.store.identities.link(DANA.id, cast.DANA, "email", world.clock.now())
    await desk.met(1, assignees=(cast.DANA,) if had else ())
    await sent(world, replace(ACK, taking=True))
    await desk.triage.resume()
    assert world.system.there["1"].assignees == (cast.DANA,)
    assert await world.who(1) == [*([] if had else ["assign by Dana"]), "acknowledge by Dana"]
    await desk.click(model.Change(model.Action.UNACKNOWLEDGE, taking=True), 1, key="back")
    assert world.system.there["1"].assignees == ((cast.DANA,) if had else ())


GONE = model.Actor(DANA.id, "Dana", is_deleted=True)


async def test_what_was_done_before_a_restart_is_written_down_whatever_the_actor_may_now(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    await sent(world)
    world.directory.changed[DANA.id] = GONE
    await desk.look()
    assert await desk.triage.resume() == 1
    (line,) = await world.history(1)
    assert (line.actor, line.before, line.after) == (DANA.id, "Active", "Acknowledged")


async def test_what_was_not_done_before_a_restart_is_not_done_for_somebody_who_may_not_any_more(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    await accepted(world, ACK, 1, after=True)
    world.directory.changed[DANA.id] = GONE
    await desk.settle()
    assert "deactivated" in (await refused(world, 1))[0] and world.system.there["1"].state is model.State.ACTIVE
    assert any("was not acknowledged" in said and "deactivated" in said for said in world.wall.shown.values())


async def test_every_part_of_a_change_is_asked_for_again(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    await accepted(world, model.Change(model.Action.ACKNOWLEDGE, assignees=("18",)), 1, after=True)
    world.permissions = {"assign": "nobody"}
    await world.desk().settle()
    assert "Nobody may assign" in (await refused(world, 1))[0] and world.system.there["1"].state is model.State.ACTIVE


async def test_while_slack_says_nothing_about_the_actor_it_waits(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    await accepted(world, ACK, 1, after=True)
    world.directory.away = True
    await desk.triage.resume()
    assert world.system.there["1"].state is model.State.ACTIVE and await refused(world, 1) == []
    world.directory.away = False
    await desk.triage.resume()
    assert await world.who(1) == ["acknowledge by Dana"]


async def test_what_is_of_a_system_that_is_switched_off_is_ended_when_it_is_back(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    await accepted(world, ACK, 1, after=True)
    sources: Any = desk.triage.sources
    system = sources.pop("qualytics")
    await desk.triage.resume()
    assert await world.who(1) == [] and await refused(world, 1) == []
    sources["qualytics"] = system
    await desk.triage.resume()
    assert await world.who(1) == ["acknowledge by Dana"]


async def test_what_another_process_is_ending_is_left_to_it(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    await accepted(world, ACK, 1, after=True)
    lease = await world.store.leases.take("intents", "k", world.clock.now(), 30)
    assert lease is not None
    await desk.triage.resume()
    assert world.system.there["1"].state is model.State.ACTIVE
    await world.store.leases.release(lease)
    await desk.triage.resume()
    assert await world.who(1) == ["acknowledge by Dana"]


async def test_what_the_system_offers_no_more_is_told_as_not_done(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    await accepted(world, ACK, 1, after=True)
    world.system.supports -= {model.Action.ACKNOWLEDGE}
    await desk.settle()
    assert "no way to acknowledge" in (await refused(world, 1))[0]
    assert any("was not acknowledged" in said and "no way to acknowledge" in said for said in world.wall.shown.values())


async def test_what_the_system_refuses_after_a_restart_is_told_as_not_done(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    await accepted(world, ACK, 1, after=True)
    world.system.faults["apply"] = [FORBIDDEN]
    await desk.settle()
    assert await refused(world, 1) == [str(FORBIDDEN)] and world.system.there["1"].state is model.State.ACTIVE
    assert sum("was not acknowledged" in said for said in world.wall.shown.values()) == 1


@pytest.mark.parametrize(("minutes", "done"), [(14, True), (16, False)])
async def test_what_is_too_old_is_not_done_any_more(world: World, minutes: int, done: bool) -> None:
    desk = world.desk()
    await desk.met(1)
    await accepted(world, ACK, 1, after=True)
    world.clock.pass_by(seconds=minutes * 60 - 121)
    await desk.triage.resume()
    assert await world.who(1) == (["acknowledge by Dana"] if done else [])
    assert ["too long ago" in why for why in await refused(world, 1)] == ([] if done else [True])


async def test_what_was_sent_is_looked_at_however_old(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    await sent(world)
    world.clock.pass_by(hours=3)
    world.system.faults["get"] = [errors.SourceAuthFailed("qualytics", "the token expired")]
    await desk.triage.resume()
    assert await refused(world, 1) == []
    await desk.triage.resume()
    assert await world.who(1) == ["acknowledge by Dana"]


async def test_a_look_that_never_succeeds_ends_after_a_day(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    await sent(world)
    world.clock.pass_by(seconds=triage.LOOK_WITHIN.total_seconds())
    world.system.faults["get"] = [LOST]
    await desk.triage.resume()
    assert await refused(world, 1) == [str(LOST)]


async def test_what_somebody_else_did_before_it_was_sent_is_theirs(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    await accepted(world, ACK, 1, after=True)
    world.system.set(1, state=model.State.ACKNOWLEDGED, status="Acknowledged")
    await desk.settle()
    assert await world.who(1) == ["acknowledge in Qualytics"] and not world.system.said


async def test_what_somebody_changed_since_it_was_sent_is_not_touched(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    world.system.faults["apply"] = [LOST]

    async def away(name: str) -> None:
        if name == "apply":
            world.system.faults["get"] = [LOST]

    world.system.on_call = away
    with pytest.raises(errors.SourceUnsure):
        await desk.click(TO_LEE, 1)
    world.system.on_call = None
    world.system.set(1, state=model.State.ACKNOWLEDGED, status="Acknowledged")
    await desk.settle()
    assert "somebody has changed the anomaly since" in (await refused(world, 1))[0]
    assert await world.who(1) == ["acknowledge in Qualytics"] and world.system.there["1"].assignees == ()


async def test_a_click_is_dealt_with_once(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    await desk.click(ACK, 1, key="k")
    with pytest.raises(errors.Stale, match="dealt with already"):
        await desk.click(UNACK, 1, key="k")
    assert await world.who(1) == ["acknowledge by Dana"]


async def test_a_repeated_wish_says_who_was_first(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    await desk.click(ACK, 1)
    (outcome,) = (await desk.click(ACK, 1, LEE)).outcomes
    assert outcome.result is ALREADY and outcome.by is not None and outcome.by.actor_name == "Dana"
    await desk.remarks.work()
    assert world.system.comments_of(1) == [REMARK]


async def test_what_does_not_exist_and_what_is_not_offered(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    (outcome,) = (await desk.click(ACK, 77)).outcomes
    assert outcome.result is REFUSED and outcome.reason == "It does not exist in Qualytics any more."
    world.system.supports = frozenset({model.Action.BROWSE})
    with pytest.raises(errors.NotSupported, match="no way to acknowledge"):
        await desk.click(ACK, 1)
    world.permissions = {"acknowledge": "admins"}
    with pytest.raises(errors.NotAllowed):
        await world.desk().click(ACK, 1, LEE)


STRANGE_WAYS = (model.Closing("not_a_problem", "nothing was wrong"), model.Closing("Vanished", chosen=False))


@pytest.mark.parametrize("word", ["Invalid", "Vanished"])
async def test_a_way_of_closing_that_people_cannot_choose_there_changes_nothing(world: World, word: str) -> None:
    desk = world.desk()
    await desk.met(1)
    world.system.archive_as = STRANGE_WAYS
    with pytest.raises(errors.NotSupported, match=r"It takes as:not_a_problem \(nothing was wrong\)\."):
        await desk.click(model.Change(model.Action.ARCHIVE, archive_as=word), 1)
    assert (await world.stored(1)).state is model.State.ACTIVE and await world.history(1) == []


async def test_a_system_closes_in_its_own_way_however_it_was_typed(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    world.system.archive_as = STRANGE_WAYS
    (outcome,) = (await desk.click(model.Change(model.Action.ARCHIVE, archive_as="NOT_A_PROBLEM"), 1)).outcomes
    assert outcome.result is DONE
    assert (await world.stored(1)).archived_as == "not_a_problem"


async def test_a_new_assignee_is_told_and_nobody_about_themselves(world: World) -> None:
    desk = world.desk()
    await desk.met(1, 2)
    await world.store.identities.link(LEE.id, cast.LEE, "picked", world.clock.now())
    await desk.click(TO_LEE, 1)
    await desk.click(TO_LEE, 2, LEE)
    await desk.post.flush()
    assert [said for said in world.wall.shown.values() if "assigned you" in said] == [
        said for said in world.wall.shown.values() if said.startswith("Dana assigned you")
    ]
    assert sum("assigned you" in said for said in world.wall.shown.values()) == 1


async def test_a_click_on_one_that_no_poll_has_seen_leaves_it_to_be_announced(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    world.system.put(5)
    await desk.click(ACK, 5)
    await desk.look()
    (card,) = await world.store.cards.of([model.Ref("qualytics", "5")])
    assert card.state is not model.CardState.GONE


async def test_what_is_read_before_an_action_is_stored_though_the_action_is_refused(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    world.system.set(1, state=model.State.ACKNOWLEDGED, status="Acknowledged")
    world.system.faults["apply"] = [FORBIDDEN]
    with pytest.raises(errors.SourceForbidden):
        await desk.click(INVALID, 1)
    assert (await world.stored(1)).status == "Acknowledged" and await world.who(1) == ["acknowledge in Qualytics"]


async def test_a_click_on_a_message_that_no_row_knows_keeps_it_true_from_then_on(world: World) -> None:
    desk, old = world.desk(), "1700000000.000900"
    await desk.met(1)
    world.wall.shown[old] = "from before the database was lost"
    await desk.triage.act(ACK, model.Ref("qualytics", "1"), DANA, triage.Click("k", "C0OLD", old))
    assert "Acknowledged" in world.wall.shown[old]
    await desk.click(INVALID, 1)
    assert "Invalid" in world.wall.shown[old]


async def test_what_was_done_and_could_not_be_written_down_is_written_down_later(world: World) -> None:
    class Full:
        async def record(self, *_: object) -> None:
            raise errors.StoreError("The disk is full.")

    desk = world.desk()
    await desk.met(1, 2)
    desk.triage.recorder = Full()  # type: ignore[assignment]
    with pytest.raises(errors.SourceUnsure, match="disk is full"):
        await desk.click(ACK, 1)
    world.system.set(2, state=model.State.ACKNOWLEDGED, status="Acknowledged")
    with pytest.raises(errors.StoreError):
        await desk.click(ACK, 2)
    assert await refused(world, 1) == [] and len(await refused(world, 2)) == 1, "of what was not done nothing is open"
    world.clock.pass_by(seconds=121)
    await world.desk().settle()
    assert await world.who(1) == ["acknowledge by Dana"] and await world.who(2) == ["acknowledge in Qualytics"]


# --- comments that tell who acted --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [LOST, GARBLED], ids=["lost", "garbled"])
async def test_a_comment_that_may_be_there_is_looked_for(world: World, error: errors.SourceError) -> None:
    desk = world.desk()
    await desk.met(1)
    await desk.click(ACK, 1)
    world.system.done_but = [error]
    await desk.remarks.work()
    await desk.settle()
    assert world.system.comments_of(1) == [REMARK]


async def test_a_comment_that_is_not_there_is_said_again(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    await desk.click(ACK, 1)
    world.system.faults["comment"] = [LOST]
    await desk.remarks.work()
    await desk.remarks.work()
    assert world.system.comments_of(1) == []
    world.clock.pass_by(seconds=30)
    await desk.remarks.work()
    assert world.system.comments_of(1) == [REMARK]


async def test_an_older_comment_with_the_same_words_is_another_one(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    for change in (ACK, UNACK):
        await desk.click(change, 1)
        await desk.remarks.work()
        world.clock.pass_by(minutes=5)
    await desk.click(ACK, 1)
    world.system.faults["comment"] = [LOST]
    await desk.remarks.work()
    await desk.settle()
    assert world.system.comments_of(1).count(REMARK) == 2


async def test_many_at_once_leave_each_comment_once_and_ask_for_no_lease_of_each_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, asked = world.desk(), list[str]()
    await desk.met(1, 2, 3, 4, 5, 6)
    for ident in range(1, 7):
        await desk.click(ACK, ident)
    take = world.store.remarks.take

    async def watched(remark: ports.Remark, *rest: Any) -> model.Lease | None:
        asked.append(remark.key)
        return await take(remark, *rest)

    monkeypatch.setattr(world.store.remarks, "take", watched)
    await asyncio.gather(*(desk.remarks.work() for _ in range(12)))
    assert [world.system.comments_of(ident) for ident in range(1, 7)] == [[REMARK]] * 6
    assert len(asked) == len(set(asked)) == 6


@pytest.mark.parametrize("answer", [FORBIDDEN, model.Outcome(model.Ref("qualytics", "1"), REFUSED, "no")], ids=["raised", "told"])
async def test_a_comment_that_is_refused_is_given_up(world: World, answer: errors.SourceError | model.Outcome) -> None:
    desk = world.desk()
    await desk.met(1)
    await desk.click(ACK, 1)
    if isinstance(answer, model.Outcome):
        world.system.bad["1"] = answer
    else:
        world.system.faults["comment"] = [answer]
    await desk.remarks.work()
    world.system.bad.clear()
    await desk.settle()
    assert world.system.comments_of(1) == []


async def test_a_comment_of_yesterday_is_news_to_nobody(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    await desk.click(ACK, 1)
    world.clock.pass_by(seconds=timedelta(days=1, seconds=1).total_seconds())
    await desk.remarks.work()
    assert world.system.comments_of(1) == [] and await world.store.remarks.due(world.clock.now()) == []


async def test_a_comment_that_is_left_soon_holds_nobody_up_and_waits_for_whoever_has_it(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    await desk.click(ACK, 1)
    real = remarks.Remarks(sources=desk.remarks.sources, store=world.store.remarks, leases=world.store.leases, clock=world.clock)
    (waiting,) = await world.store.remarks.due(world.clock.now())
    lease = await world.store.leases.take("remarks", waiting.key, world.clock.now(), 30)
    assert lease is not None
    await real.work()
    assert world.system.comments_of(1) == []
    await world.store.leases.release(lease)
    real.soon()
    assert world.system.comments_of(1) == []
    await asyncio.gather(*real.tasks)
    assert world.system.comments_of(1) == [REMARK] and not real.tasks


async def test_a_comment_of_which_nobody_knows_whether_it_is_there_is_looked_for(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    await desk.click(ACK, 1)
    world.system.bad["1"] = model.Outcome(model.Ref("qualytics", "1"), REFUSED, "no answer", unsure=True)
    await desk.remarks.work()
    world.system.bad.clear()
    await desk.settle()
    assert world.system.comments_of(1) == [REMARK]


async def test_nothing_is_kept_of_a_click_that_is_over(world: World) -> None:
    desk = world.desk()
    await desk.met(1, 2)
    world.system.faults["apply"] = [FORBIDDEN]
    with pytest.raises(errors.SourceForbidden):
        await desk.click(ACK, 1)
    await desk.click(ACK, 2)
    for kind, key in (("anomalies", "qualytics:1"), ("anomalies", "qualytics:2")):
        assert await world.store.leases.take(kind, key, world.clock.now(), 30) is not None
