"""Asking for one change to many, confirming it, and taking it back: who may, once, and what is frozen."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from bot import errors, model
from bot.services.batches import freeze
from tests.services.desk import ACK, CHANNEL, DANA, INVALID, LEE, Desk, Fuse, World, killed
from tests.store import making

DELETE = model.Change(model.Action.DELETE)
REOPEN = model.Change(model.Action.REOPEN)
TO_LEE = model.Change(model.Action.ASSIGN, assignees=("18",))
TODO, SENT, DONE, ALREADY, REFUSED, DRIFTED = model.Fate


async def previewed(desk: Desk, change: model.Change, *idents: int, actor: model.Actor = DANA) -> str:
    targets = [desk.world.system.there[str(ident)] for ident in idents]
    return (await desk.batches.freeze(change, targets, "words", actor, CHANNEL)).batch.id


async def done(desk: Desk, change: model.Change, *idents: int, actor: model.Actor = DANA) -> str:
    ident = await desk.ask(change, *idents, actor=actor)
    await desk.runs.work()
    return ident


async def test_a_preview_says_what_would_become_of_each(world: World) -> None:
    desk = world.desk()
    await desk.met(1, 2, 3, datastore=model.Place("42", "warehouse-prod"), container=model.Place("7", "orders"))
    world.system.set(2, state=model.State.ACKNOWLEDGED, status="Acknowledged")
    world.system.set(3, state=model.State.ARCHIVED, status="Invalid", archived_as="Invalid")
    preview = await desk.batches.freeze(ACK, list(world.system.there.values())[1:], "status:any", DANA, CHANNEL)
    assert preview.view.progress.counts == {TODO: 1, ALREADY: 1, REFUSED: 1}
    assert [one.ref.id for one in preview.split.sample] == ["1"]
    assert preview.split.places == [("warehouse-prod", 1)] and preview.split.tables == [("orders", 1)], "what would change is counted"
    assert (preview.batch.words, preview.batch.actor, preview.batch.channel, preview.batch.total) == ("status:any", DANA.id, CHANNEL, 3)
    assert await desk.batches.todo(preview.batch.id) == 1


async def test_each_may_have_a_change_of_its_own(world: World) -> None:
    desk = world.desk()
    await desk.met(1, 2)
    targets = [world.system.there[ident] for ident in ("1", "2")]
    swaps = {targets[0].ref: TO_LEE}
    preview = await desk.batches.freeze(TO_LEE, targets, "words", DANA, CHANNEL, own=lambda one: swaps.get(one.ref))
    assert preview.batch.total == 1
    await desk.batches.confirm(preview.batch.id, DANA)
    await desk.runs.work()
    assert await world.who(1) == ["assign by Dana"] and await world.who(2) == []


async def test_a_batch_closes_in_the_ways_of_its_system(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    world.system.archive_as = (model.Closing("not_a_problem"),)
    with pytest.raises(errors.NotSupported, match='does not close anomalies as "Invalid"'):
        await previewed(desk, INVALID, 1)
    ident = await done(desk, model.Change(model.Action.ARCHIVE, archive_as="not_A_problem"), 1)
    assert (await world.stored(1)).archived_as == "not_a_problem"
    batch = await world.store.batches.get(ident)
    assert batch is not None and batch.change.archive_as == "not_a_problem"


async def test_what_is_near_each_other_goes_together(world: World) -> None:
    desk = world.desk()
    for ident in (1, 2, 3, 4):
        world.system.put(ident, datastore=model.Place(str(ident % 2), f"place {ident % 2}"))
    ident = await previewed(desk, ACK, 1, 2, 3, 4)
    assert [item.place for item in await world.store.batches.items(ident)] == ["place 1", "place 1", "place 0", "place 0"]


async def test_only_who_asked_confirms_or_cancels_and_once(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    ident = await previewed(desk, ACK, 1)
    for ask in (desk.batches.confirm, desk.batches.cancel):
        with pytest.raises(errors.NotAllowed, match="Only the person who asked"):
            await ask(ident, LEE)
        with pytest.raises(errors.NotFound, match="not known any more"):
            await ask("no-such-batch", DANA)
    assert (await desk.batches.confirm(ident, DANA)).id == ident
    with pytest.raises(errors.Stale, match="confirmed or cancelled already"):
        await desk.batches.confirm(ident, DANA)
    with pytest.raises(errors.Stale, match="nothing to cancel"):
        await desk.batches.cancel(ident, DANA)
    other = await previewed(desk, ACK, 1)
    assert (await desk.batches.cancel(other, DANA)).id == other
    with pytest.raises(errors.Stale):
        await desk.batches.confirm(other, DANA)


@pytest.mark.parametrize(("seconds", "fresh"), [(3600, True), (3601, False)])
async def test_an_old_preview_is_not_confirmed(world: World, seconds: float, fresh: bool) -> None:
    desk = world.desk()
    await desk.met(1)
    ident = await previewed(desk, ACK, 1)
    world.clock.pass_by(seconds=seconds)
    if fresh:
        await desk.batches.confirm(ident, DANA)
    else:
        with pytest.raises(errors.Stale, match="more than an hour old"):
            await desk.batches.confirm(ident, DANA)


async def test_rights_and_capabilities_are_asked_for_every_part_when_asked_and_when_confirmed(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    both = model.Change(model.Action.ACKNOWLEDGE, assignees=("18",), comment="hello")
    ident = await previewed(desk, both, 1, actor=LEE)
    for action in ("acknowledge", "assign", "comment"):
        world.permissions = {action: "admins"}
        with pytest.raises(errors.NotAllowed):
            await previewed(world.desk(), both, 1, actor=LEE)
        with pytest.raises(errors.NotAllowed):
            await world.desk().batches.confirm(ident, LEE)
    world.permissions = {}
    world.system.supports = world.system.supports - {model.Action.ASSIGN}
    with pytest.raises(errors.NotSupported, match="no way to assign"):
        await previewed(desk, both, 1)


@pytest.mark.parametrize("typed", ["", "1", "3", "two"])
async def test_nothing_is_deleted_without_its_number(world: World, typed: str) -> None:
    desk = world.desk()
    await desk.met(1, 2)
    ident = await previewed(desk, DELETE, 1, 2)
    with pytest.raises(errors.NotAllowed, match="without its number"):
        await desk.batches.confirm(ident, DANA, typed=typed)
    await desk.runs.work()
    assert set(world.system.there) == {"0", "1", "2"}
    await desk.batches.confirm(ident, DANA, typed="2")
    await desk.runs.work()
    assert set(world.system.there) == {"0"}


# --- taking back -------------------------------------------------------------------------------------------------------------


async def test_an_archived_batch_comes_back_as_it_was(world: World) -> None:
    desk = world.desk()
    await desk.met(1, 2)
    world.system.set(2, state=model.State.ACKNOWLEDGED, status="Acknowledged")
    ident = await done(desk, INVALID, 1, 2)
    back = await desk.batches.undo("", DANA, "")
    assert (back.undo_of, back.state, back.channel) == (ident, model.BatchState.RUNNING, CHANNEL)
    await desk.runs.work()
    assert [world.system.there[one].state for one in ("1", "2")] == [model.State.ACTIVE, model.State.ACKNOWLEDGED]
    original = await world.store.batches.get(ident)
    assert original is not None and original.undone_by == back.id
    with pytest.raises(errors.Stale, match="taken back already"):
        await desk.batches.undo(ident, DANA, "")
    with pytest.raises(errors.Stale, match="was an undo itself"):
        await desk.batches.undo(back.id, DANA, "")


async def test_of_two_who_take_back_at_once_one_does(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    ident = await done(desk, INVALID, 1, actor=LEE)
    told = await asyncio.gather(*(desk.batches.undo(ident, who, "") for who in (LEE, DANA)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in told) == ["Batch", "Stale"]


@pytest.mark.parametrize("many", [5, 6, 7])
async def test_what_is_taken_back_is_read_page_by_page(world: World, monkeypatch: pytest.MonkeyPatch, many: int) -> None:
    """Ten thousand items at once kept the loop from everything else for a quarter of a second."""
    desk = world.desk()
    world.system.put(*range(many))
    ident = await done(desk, INVALID, *range(many))
    monkeypatch.setattr(freeze, "PAGE", 3)
    read, items = list[int](), world.store.batches.items

    async def paged(*given: Any, **named: Any) -> Sequence[model.Item]:
        read.append(len(found := await items(*given, **named)))
        return found

    monkeypatch.setattr(world.store.batches, "items", paged)
    back = await world.desk().batches.undo(ident, DANA, "")
    assert back.total == many and max(read) == 3


async def test_an_undo_that_an_earlier_release_left_behind_is_started(world: World) -> None:
    """It was killed between creating and confirming: every later undo was told that it runs already."""
    desk = world.desk()
    await desk.met(1)
    ident = await done(desk, INVALID, 1)
    (item,) = await world.store.batches.items(ident)
    assert item.after is not None
    stuck = making.batch(f"undo-{ident}", 1, change=REOPEN, actor=DANA.id, actor_name="Dana", undo_of=ident, created=world.clock.now())
    await world.store.batches.create(stuck, [model.Item(item.ref, item.after)])
    assert (await desk.batches.undo(ident, DANA, "")).state is model.BatchState.RUNNING
    await desk.runs.work()
    assert world.system.there["1"].state is model.State.ACTIVE


async def test_an_undo_that_has_a_message_of_its_own_from_an_earlier_release_is_told_there_to_its_end(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    back = await desk.batches.undo(await done(desk, INVALID, 1), DANA, "")
    await desk.cards.publish(freeze.own_message(back))
    await desk.post.flush()
    assert any("Dana is taking back 1 change" in said for said in world.wall.shown.values())
    await desk.runs.work()
    await desk.post.flush()
    (own,) = [said for said in world.wall.shown.values() if "Dana took back 1 change" in said]
    (receipt,) = [said for said in world.wall.shown.values() if "Taken back by Dana" in said]
    assert own != receipt


async def test_an_undo_has_the_message_of_its_batch_and_no_other(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    ident = await done(desk, INVALID, 1)
    await desk.post.flush()
    before = set(world.wall.shown)
    await desk.batches.undo(ident, DANA, "elsewhere")
    await desk.post.flush()
    assert any("Dana is taking this back" in said for said in world.wall.shown.values())
    await desk.runs.work()
    await desk.post.flush()
    assert set(world.wall.shown) == before
    assert any("Taken back by Dana" in said for said in world.wall.shown.values())


async def test_the_message_of_a_confirmed_batch_survives_a_kill(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    ident = await done(desk, INVALID, 1)
    fuse = Fuse()
    dying = world.desk(fuse)
    await dying.batches.store.get(ident)
    fuse.left, fuse.after = 5, True  # the batch, the undo, what was done, its items, and that it is whole
    died = await killed(dying.batches.undo(ident, DANA, ""))
    assert died and await world.store.batches.get(f"undo-{ident}") is not None
    await world.desk().settle()
    assert any("as before again" in said for said in world.wall.shown.values())


async def test_who_may_take_back(world: World) -> None:
    desk = world.desk()
    await desk.met(1, 2)
    ident = await done(desk, ACK, 1)
    with pytest.raises(errors.NotAllowed, match="Only Dana or an admin"):
        await desk.batches.undo(ident, LEE, "")
    lees = await done(desk, ACK, 2, actor=LEE)
    assert (await desk.batches.undo(lees, DANA, "")).actor == DANA.id
    await desk.runs.work()
    with pytest.raises(errors.NotFound, match="no batch of yours"):
        await desk.batches.undo("", LEE, "")


@pytest.mark.parametrize(
    ("change", "rules", "word"),
    [
        (INVALID, {"reopen": "admins"}, "reopen anomalies"),
        (INVALID, {"unacknowledge": "admins"}, "take back an acknowledgement"),
        (ACK, {"unacknowledge": "admins"}, "take back an acknowledgement"),
        (ACK, {"acknowledge": "admins"}, "acknowledge anomalies"),
        (model.Change(model.Action.ACKNOWLEDGE, assignees=("18",)), {"assign": "admins"}, "assign anomalies"),
        (model.Change(model.Action.TAG, add_tags=("x",)), {"tag": "admins"}, "tag anomalies"),
        (model.Change(model.Action.DESCRIBE, description="x"), {"describe": "admins"}, "describe anomalies"),
    ],
)
async def test_undo_gives_nobody_what_the_rules_take(world: World, change: model.Change, rules: dict[str, str], word: str) -> None:
    desk = world.desk()
    await desk.met(1)
    ident = await done(desk, change, 1, actor=LEE)
    was = world.system.there["1"]
    world.permissions = rules
    desk = world.desk()
    with pytest.raises(errors.NotAllowed, match=word):
        await desk.batches.undo(ident, LEE, "")
    await desk.settle()
    assert world.system.there["1"] == was
    await desk.batches.undo(ident, DANA, "")
    await desk.settle()
    assert world.system.there["1"] != was


async def test_the_way_back_is_decided_for_each_anomaly(world: World) -> None:
    """One was active, which takes an un-acknowledgement too; the other one was acknowledged."""
    desk = world.desk()
    await desk.met(1, 2)
    world.system.set(2, state=model.State.ACKNOWLEDGED, status="Acknowledged")
    ident = await done(desk, INVALID, 1, 2, actor=LEE)
    world.permissions = {"unacknowledge": "admins"}
    desk = world.desk()
    back = await desk.batches.undo(ident, LEE, "")
    await desk.runs.work()
    fates = await desk.fates(back.id)
    assert fates["1"][0] is REFUSED and "take back an acknowledgement" in fates["1"][1] and fates["2"][0] is DONE
    assert [world.system.there[one].state for one in ("1", "2")] == [model.State.ARCHIVED, model.State.ACKNOWLEDGED]


async def test_what_an_undo_did_is_told_as_what_became_of_each(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    ident = await done(desk, ACK, 1)
    await desk.batches.undo(ident, DANA, "")
    await desk.runs.work()
    assert await world.who(1) == ["acknowledge by Dana", "unacknowledge by Dana"]


async def test_rights_that_are_taken_between_asking_and_running_an_undo_count(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    ident = await done(desk, INVALID, 1, actor=LEE)
    back = await desk.batches.undo(ident, LEE, "")
    world.permissions = {"reopen": "admins"}
    desk = world.desk()
    await desk.runs.work()
    assert "Lee may not do this any more. Only admins of this desk may reopen" in (await desk.fates(back.id))["1"][1]
    assert world.system.there["1"].state is model.State.ARCHIVED


async def test_an_admin_who_is_none_any_more_takes_back_nothing_of_others(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    ident = await done(desk, INVALID, 1, actor=LEE)
    back = await desk.batches.undo(ident, DANA, "")
    desk = world.desk()
    desk.runs.grants = type(desk.grants)()
    await desk.runs.work()
    assert "no admin of this desk any more" in (await desk.fates(back.id))["1"][1]


@pytest.mark.parametrize(("seconds", "fresh"), [(1800, True), (1801, False)])
async def test_half_an_hour_later_nothing_is_taken_back(world: World, seconds: float, fresh: bool) -> None:
    desk = world.desk()
    await desk.met(1)
    ident = await done(desk, ACK, 1)
    finished = await world.store.batches.get(ident)
    assert finished is not None and finished.finished is not None
    world.clock.at = finished.finished
    world.clock.pass_by(seconds=seconds)
    assert desk.batches.undoable(finished) is fresh
    if not fresh:
        with pytest.raises(errors.Stale, match="more than 30 minutes ago"):
            await desk.batches.undo(ident, DANA, "")
        with pytest.raises(errors.NotFound):
            await desk.batches.undo("", DANA, "")


async def test_what_cannot_be_taken_back_says_why(world: World) -> None:
    desk = world.desk()
    await desk.met(1, 2, 3)
    running = await desk.ask(ACK, 1)
    with pytest.raises(errors.Stale, match="not finished"):
        await desk.batches.undo(running, DANA, "")
    await desk.runs.work()
    nothing = await desk.ask(ACK, 1)
    await desk.runs.work()
    with pytest.raises(errors.Stale, match="Nothing was changed"):
        await desk.batches.undo(nothing, DANA, "")
    deleted = await previewed(desk, DELETE, 2)
    await desk.batches.confirm(deleted, DANA, typed="1")
    await desk.runs.work()
    with pytest.raises(errors.Stale, match="cannot be brought back"):
        await desk.batches.undo(deleted, DANA, "")


async def test_the_message_of_a_batch_that_is_forgotten_is_not_drawn(world: World) -> None:
    desk = world.desk()
    card = await world.store.cards.put(await desk.batches.draft(making.batch("gone")), world.clock.now())
    assert await desk.batches.draw(card) is None


async def test_a_receipt_does_without_names_while_the_system_does_not_tell_them(world: World) -> None:
    async def away() -> None:
        raise errors.SourceUnavailable("qualytics", "Qualytics did not answer within 30 seconds.")

    desk = world.desk()
    await desk.met(1)
    batch = await world.store.batches.get(await done(desk, TO_LEE, 1))
    assert batch is not None
    card = await world.store.cards.put(await desk.batches.draft(batch), world.clock.now())
    named = await desk.batches.draw(card)
    world.system.people = away  # type: ignore[method-assign, assignment]
    unnamed = await world.desk().batches.draw(card)
    assert named and unnamed and "Lee Park" in str(named)
    assert "Lee Park" not in str(unnamed) and "Dana assigned 1 anomaly to user" in str(unnamed)


async def test_an_archive_is_taken_back_by_reopening_and_anything_else_by_its_own_name(world: World) -> None:
    desk = world.desk()
    await desk.met(1, 2)
    for change, action in ((INVALID, model.Action.REOPEN), (TO_LEE, model.Action.ASSIGN)):
        back = await desk.batches.undo(await done(desk, change, 1), DANA, "")
        assert (back.change.action, back.total) == (action, 1)
        await desk.runs.work()


async def test_whoever_may_not_look_is_not_told_that_there_is_nothing_to_take_back(world: World) -> None:
    with pytest.raises(errors.NotAllowed):
        await world.desk().batches.undo("", model.Actor("U0GUS", "Gus", is_guest=True), "")
