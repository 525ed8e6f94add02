"""What a system keeps nothing of is kept beside its anomalies: what people do is done without a call, shown, and outlives restarts."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot import model, ports
from bot.core import permissions
from bot.services import browse, open_ones
from tests.services import cast, fixed_routes, lab
from tests.services import desk as desks
from tests.services import town as towns
from tests.strange import loose

Action, Part, Result, State = model.Action, model.Part, model.Result, model.State
ACK, UNACK = desks.ACK, desks.UNACK
CLOSE, REOPEN = model.Change(Action.ARCHIVE, archive_as="expected"), model.Change(Action.REOPEN)
ASSIGN = model.Change(Action.ASSIGN, assignees=(loose.LEE.id,))


async def met(town: towns.Town) -> tuple[desks.Desk, model.Ref]:
    """A desk that has posted an anomaly of which its system keeps nothing."""
    desk, _ = await town.met()
    (ref,) = town.arrive(loose=True)
    await again(town, desk)
    town.writes()
    return desk, ref


async def again(town: towns.Town, desk: desks.Desk) -> None:
    """A minute later, one poll and what follows from it."""
    town.world.clock.pass_by(seconds=60)
    await desk.look()
    await desk.post.flush()


def told(receipt: model.Receipt) -> list[Result]:
    return [outcome.result for outcome in receipt.outcomes]


async def rows(town: towns.Town, ref: model.Ref) -> model.Overlay | None:
    return (await town.world.store.overlays.get(ref.source, [ref.id])).get(ref.id)


# --- clicks


@pytest.mark.parametrize(
    ("change", "state", "word"),
    [(ACK, State.ACKNOWLEDGED, "Acknowledged"), (CLOSE, State.ARCHIVED, "Archived as Expected")],
    ids=["acknowledge", "archive"],
)
async def test_a_click_is_kept_here_without_a_call_and_the_card_says_so(
    loose_town: towns.Town, change: model.Change, state: State, word: str
) -> None:
    town = loose_town
    desk, ref = await met(town)
    assert told(await desk.click(change, ref)) == [Result.DONE]
    assert town.writes() == []
    assert await town.world.who(ref) == [f"{change.action} by Dana"]
    for _ in range(2):
        stored = await town.world.stored(ref)
        assert (stored.state, stored.archived_as, stored.kept_here) == (state, change.archive_as, tuple(Part))
        assert town.said(word, "kept here, not in Strange")
        await again(town, desk)
    assert await town.world.who(ref) == [f"{change.action} by Dana"], "no poll takes it for somebody else's doing"


async def test_what_the_system_keeps_itself_is_asked_of_it_and_needs_no_remark(loose_town: towns.Town) -> None:
    desk, (ref,) = await loose_town.met()
    loose_town.writes()
    await desk.click(ACK, ref)
    assert loose_town.writes() == [f"/v0/signals/{ref.id}/phase seen"]
    assert await rows(loose_town, ref) is None
    assert not loose_town.said("kept here")


async def test_all_that_people_do_goes_there_and_back_again(loose_town: towns.Town) -> None:
    town = loose_town
    desk, ref = await met(town)
    for change, state, assignees in (
        (ACK, State.ACKNOWLEDGED, ()),
        (ASSIGN, State.ACKNOWLEDGED, (loose.LEE,)),
        (UNACK, State.ACTIVE, (loose.LEE,)),
        (CLOSE, State.ARCHIVED, (loose.LEE,)),
        (REOPEN, State.ACTIVE, (loose.LEE,)),
        (model.Change(Action.ASSIGN, assignees=()), State.ACTIVE, ()),
    ):
        town.world.clock.pass_by(seconds=1)
        assert told(await desk.click(change, ref)) == [Result.DONE], change
        stored = await town.world.stored(ref)
        assert (stored.state, stored.assignees) == (state, assignees)
    assert town.writes() == []
    assert await rows(town, ref) is None, "what says nothing needs no row"
    assert [line.action for line in await town.world.history(ref)] == [
        "acknowledge", "assign", "unacknowledge", "archive", "reopen", "assign",
    ]  # fmt: skip


async def test_who_keeps_it_and_since_when_is_remembered(loose_town: towns.Town) -> None:
    desk, ref = await met(loose_town)
    await desk.click(model.Change(Action.ACKNOWLEDGE, assignees=(loose.LEE.id,)), ref)
    kept = await rows(loose_town, ref)
    assert kept is not None
    assert (kept.state, kept.assignees, kept.actor) == (State.ACKNOWLEDGED, (loose.LEE,), desks.DANA.id)
    assert kept.at == loose_town.world.clock.now()


async def test_of_two_people_at_once_one_does_it_and_the_other_is_told(loose_town: towns.Town) -> None:
    desk, ref = await met(loose_town)
    other = loose_town.world.desk()
    clicks = [desk.click(ACK, ref, desks.DANA, "one"), other.click(ACK, ref, desks.LEE, "two")]
    receipts = await asyncio.gather(*clicks)
    assert sorted(told(one)[0] for one in receipts) == [Result.ALREADY, Result.DONE]
    assert len(await loose_town.world.history(ref)) == 1


async def test_what_makes_no_sense_is_refused_in_words(loose_town: towns.Town) -> None:
    desk, ref = await met(loose_town)
    await desk.click(CLOSE, ref)
    (outcome,) = (await desk.click(ACK, ref, desks.LEE)).outcomes
    assert outcome.result is Result.REFUSED
    assert "Reopen it first" in outcome.reason
    assert (await town_state(loose_town, ref)) is State.ARCHIVED


async def town_state(town: towns.Town, ref: model.Ref) -> State:
    return (await town.world.stored(ref)).state


async def test_what_no_poll_has_seen_yet_is_kept_all_the_same(loose_town: towns.Town) -> None:
    town = loose_town
    desk, _ = await town.met()
    (ref,) = town.arrive(loose=True)
    await desk.click(ACK, ref)
    assert await town.world.store.anomalies.get([ref]) == {}
    await again(town, desk)
    assert await town_state(town, ref) is State.ACKNOWLEDGED
    assert town.said("Acknowledged", "kept here, not in Strange")


# --- restarts


@pytest.mark.parametrize("change", [ACK, CLOSE, ASSIGN], ids=lambda change: change.action)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_a_restart_at_any_step_leaves_it_done_once(loose_town: towns.Town, change: model.Change, after: bool) -> None:
    town = loose_town
    desk, ref = await met(town)
    fuse = desks.Fuse()
    await town.world.desk(fuse).click(change, ref, key="whole")
    assert fuse.burnt > 5
    killed = dict(enumerate(town.arrive(fuse.burnt, loose=True), start=1))
    await again(town, desk)
    for step, one in killed.items():
        await desks.killed(town.world.desk(desks.Fuse(step, after)).click(change, one, key=f"step {step}"))
    await town.world.desk().settle()
    for step, one in killed.items():
        stored, lines = await town.world.stored(one), await town.world.history(one)
        if await town.world.store.journal.begin(intent(change, one, f"step {step}"), town.world.clock.now(), 1):
            assert lines == [], "it was never accepted"
            continue
        assert [line.action for line in lines] == [change.action], f"step {step}"
        assert stored.state is not State.ACTIVE or stored.assignees == (loose.LEE,)
    assert town.writes() == []


def intent(change: model.Change, ref: model.Ref, key: str) -> Any:
    return ports.Intent(key, change, ref, "U1", "Dana", cast.NOON)


# --- what the system does


async def test_what_is_over_stays_with_who_acknowledged_it_here(loose_town: towns.Town) -> None:
    town = loose_town
    desk, ref = await met(town)
    await desk.click(ACK, ref)
    town.strange.close(ref.id)
    await again(town, desk)
    stored = await town.world.stored(ref)
    assert (stored.state, stored.archived_as) == (State.ACKNOWLEDGED, None)
    assert stored.over is not None
    assert town.said("Acknowledged", "over since", "kept here, not in Strange")
    assert told(await desk.click(CLOSE, ref)) == [Result.DONE]
    assert (await town.world.stored(ref)).archived_as == "expected"


async def test_what_is_over_is_archived_by_the_system_where_nobody_had_it(loose_town: towns.Town) -> None:
    town = loose_town
    desk, ref = await met(town)
    town.strange.close(ref.id)
    await again(town, desk)
    stored = await town.world.stored(ref)
    assert (stored.state, stored.archived_as) == (State.ARCHIVED, model.OVER)
    assert await town.world.who(ref) == ["archive in Strange"]
    assert not town.said("kept here")
    assert told(await desk.click(REOPEN, ref)) == [Result.DONE]
    assert await town_state(town, ref) is State.ACKNOWLEDGED, "else it would be over at once"


async def test_when_the_system_begins_to_keep_it_its_word_wins_and_ours_is_forgotten(loose_town: towns.Town) -> None:
    town = loose_town
    desk, ref = await met(town)
    await desk.click(model.Change(Action.ACKNOWLEDGE, assignees=(loose.LEE.id,)), ref)
    town.strange.change(town.strange.signals[ref.id], loose=False)
    await again(town, desk)
    stored = await town.world.stored(ref)
    assert (stored.state, stored.assignees, stored.kept_here) == (State.ACTIVE, (), ())
    assert await rows(town, ref) is None
    assert await town.world.who(ref) == ["acknowledge by Dana", "unacknowledge in Strange"]
    town.strange.change(town.strange.signals[ref.id], loose=True)
    await again(town, desk)
    assert await town_state(town, ref) is State.ACTIVE, "what was forgotten does not come back"
    assert town.writes() == [], "nothing is written back by itself"


async def test_what_is_deleted_there_is_deleted_whatever_was_kept(loose_town: towns.Town) -> None:
    town = loose_town
    desk, ref = await met(town)
    await desk.click(ACK, ref)
    town.strange.erase(ref.id)
    await again(town, desk)
    assert (await town.world.stored(ref)).deleted


# --- looking


def browsing(town: towns.Town, desk: desks.Desk, known: open_ones.OpenOnes | None = None) -> browse.Browse:
    store: Any = town.world.store
    return browse.Browse(
        sources=desk.sources,
        anomalies=store.anomalies,
        cards=store.cards,
        journal=store.journal,
        health=store.health,
        resolve=cast.unresolved,
        clock=town.world.clock,
        grants=permissions.grants([], {}),
        routes=fixed_routes.FixedRoutes(model.Route("default", lab.CHANNEL)),
        known=known,
    )


async def test_lists_and_counts_go_by_what_is_kept_here(loose_town: towns.Town) -> None:
    town = loose_town
    desk, first = await met(town)
    second, third, over = town.arrive(3, loose=True)
    await again(town, desk)
    await desk.click(ACK, first)
    await desk.click(CLOSE, second)
    await desk.click(ACK, over)
    town.strange.close(over.id)
    await again(town, desk)
    looking = browsing(town, desk)

    async def found(*statuses: str, limit: int = 0) -> set[model.Ref]:
        query = model.Query("strange", statuses=statuses, limit=limit)
        listing = await looking.listing(query, desks.LEE)
        if not limit:
            assert listing.total == len(listing.anomalies) == (await looking.count(query, desks.LEE)).total
        return {one.ref for one in listing.anomalies} & {first, second, third, over}

    assert await found() == {first, third, over}
    assert await found("active") == {third}
    assert await found("acknowledged") == {first, over}
    assert await found("archived") == await found("expected") == {second}
    assert await found("any") == {first, second, third, over}
    assert len(await found("acknowledged", limit=1)) == 1
    assert len((await looking.listing(model.Query("strange", limit=3), desks.LEE)).anomalies) == 3


async def test_one_that_is_shown_and_people_who_are_looked_for_are_as_they_are_kept_here(loose_town: towns.Town) -> None:
    town = loose_town
    desk, ref = await met(town)
    await desk.click(ASSIGN, ref)
    looking = browsing(town, desk, open_ones.OpenOnes(store=town.world.store.open_ones))
    assert (await looking.show(ref, desks.LEE)).anomaly.assignees == (loose.LEE,)
    listing = await looking.listing(model.Query("strange", assignees=(loose.LEE.id,)), desks.LEE)
    assert [one.ref for one in listing.anomalies] == [ref]
    offer = looking.capabilities("strange")
    assert {Action.ASSIGN, Action.ACKNOWLEDGE} <= offer.supports
    assert offer.unkept == set(Part)


# --- forgetting


@pytest.mark.parametrize("over", [False, True], ids=["listed on", "over there"])
async def test_what_is_archived_here_alone_is_no_news_when_long_ago_is_forgotten(loose_town: towns.Town, over: bool) -> None:
    town = loose_town
    desk, ref = await met(town)
    await desk.click(ACK, ref)
    if over:
        town.strange.close(ref.id)
    await again(town, desk)
    await desk.click(CLOSE, ref)
    await again(town, desk)
    town.world.clock.pass_by(seconds=400 * 86_400)
    now = town.world.clock.now()
    for step in ("intents", "anomalies"):
        await town.world.store.retention.remove(step, now, now)
    assert (await town.world.store.anomalies.get([ref]) == {}) is over
    posted = len(town.world.wall.shown)
    await again(town, desk)
    assert len(town.world.wall.shown) == posted
    assert over or await town_state(town, ref) is State.ARCHIVED
