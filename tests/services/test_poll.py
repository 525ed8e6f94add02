"""Polls and watches: one at a time, tried again in time, told once; what is met is not announced, what is new is, and all is re-read."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from datetime import timedelta

import pytest

from bot import errors, model, ports
from bot.services import poll
from bot.store import engine
from tests.services import cast
from tests.services.inbox import Desk, Inbox
from tests.services.lab import CRM, away
from tests.store import making

LIVE = model.CardState.LIVE


@pytest.fixture
async def desk(store: engine.Store) -> Desk:
    """One that made first contact with an empty queue."""
    made = Desk(store)
    await made.turn()
    return made


async def at_the_gate(desk: Desk, coming: asyncio.Task[model.Ingested | None]) -> None:
    """Wait until a poll stands in the middle of its list."""
    inside = asyncio.create_task(desk.inbox.inside.wait())
    await asyncio.wait({inside, coming}, return_when=asyncio.FIRST_COMPLETED)
    assert inside.done()
    desk.inbox.inside.clear()


def gated(desk: Desk) -> asyncio.Event:
    """The next poll is due, and will wait."""
    desk.clock.pass_by(minutes=2)
    desk.inbox.gate = asyncio.Event()
    return desk.inbox.gate


# --- first contact ----------------------------------------------------------------------------------------------------------------


async def test_what_is_open_at_first_contact_is_stored_silently_and_told_by_one_message(store: engine.Store) -> None:
    desk = Desk(store)
    desk.inbox.add(1, 2, 3)
    await desk.turn()
    await desk.turn()
    assert await desk.cards(1, 2, 3) == dict.fromkeys((1, 2, 3))
    (said,) = desk.told()
    assert "3 were already open in Qualytics" in said
    assert await store.anomalies.reason(cast.anomaly(1).ref) is model.Reason.FIRST_CONTACT
    desk.inbox.add(4)
    await desk.turn()
    assert await desk.cards(4) == {4: LIVE}


async def test_a_place_that_is_met_later_is_stored_silently_and_told_by_one_message_while_others_go_on(desk: Desk) -> None:
    desk.inbox.add(*range(1, 31), datastore=CRM)
    desk.inbox.add(50)
    desk.inbox.met = [model.Contact(CRM, frozenset(cast.anomaly(one).ref for one in range(1, 31)))]
    await desk.turn()
    assert set((await desk.cards(*range(1, 31))).values()) == {None}
    assert await desk.cards(50) == {50: LIVE}
    (said,) = desk.told("looked after")
    assert "crm (30 open already)" in said
    desk.inbox.add(60, datastore=CRM)
    await desk.turn()
    assert await desk.cards(60) == {60: LIVE} and len(desk.told("looked after")) == 1


async def test_a_place_that_is_met_again_after_a_cursor_was_lost_is_not_told_again(desk: Desk) -> None:
    desk.inbox.add(1, 2, datastore=CRM)
    await desk.turn()
    desk.inbox.met = [model.Contact(CRM, frozenset(cast.anomaly(one).ref for one in (1, 2)))]
    await desk.turn()
    assert not desk.told("looked after")


async def test_several_places_met_at_once_are_one_message_and_an_empty_one_is_none(desk: Desk) -> None:
    lake = model.Place("44", "lake")
    desk.inbox.add(1, datastore=CRM)
    desk.inbox.add(2, datastore=lake)
    contacts = [model.Contact(CRM, frozenset([cast.anomaly(1).ref])), model.Contact(lake, frozenset([cast.anomaly(2).ref]))]
    desk.inbox.met = [*contacts, model.Contact(model.Place("45", "empty"), frozenset())]
    await desk.turn()
    (said,) = desk.told("looked after")
    assert "crm (1 open already), lake (1 open already)" in said and "empty" not in said


# --- one at a time ------------------------------------------------------------------------------------------------------------------


async def test_while_somebody_else_holds_the_source_nothing_is_asked(desk: Desk) -> None:
    lease = await desk.store.leases.take("sources", "qualytics", desk.clock.now(), 300)
    assert lease is not None
    asked = desk.inbox.polls
    assert await desk.turn() is None and desk.inbox.polls == asked
    await desk.store.leases.release(lease)
    assert await desk.turn() is not None and desk.inbox.polls == asked + 1


async def test_two_processes_poll_a_source_once_at_a_time(desk: Desk) -> None:
    other, gate = Desk(desk.store, desk), gated(desk)
    first = asyncio.create_task(desk.poll.poll("qualytics"))
    await at_the_gate(desk, first)
    assert await other.poll.poll("qualytics") is None
    gate.set()
    assert await first is not None
    assert desk.inbox.polls == 2, "first contact and this one"


# --- pushes -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pushes", [1, 5])
async def test_pushes_during_a_poll_make_exactly_one_more_right_after(desk: Desk, pushes: int) -> None:
    """The list was read a moment too early: what the push is about is not in it."""
    gate = gated(desk)
    running = asyncio.create_task(desk.poll.poll("qualytics"))
    await at_the_gate(desk, running)
    desk.inbox.add(7)
    assert [await desk.push() for _ in range(pushes)] == [None] * pushes
    asked = desk.inbox.polls
    gate.set()
    saved = await running
    assert saved is not None and [ref.id for ref in saved.new] == ["7"]
    assert desk.inbox.polls == asked + 1
    await desk.turn()
    assert desk.inbox.polls == asked + 2, "and none that nobody asked for"


async def test_a_push_that_another_process_takes_while_this_one_polls_is_seen_by_this_one(desk: Desk) -> None:
    web, gate = Desk(desk.store, desk), gated(desk)
    running = asyncio.create_task(desk.poll.poll("qualytics"))
    await at_the_gate(desk, running)
    desk.inbox.add(7)
    assert await web.push() is None
    gate.set()
    await running
    assert (await desk.store.anomalies.known([cast.anomaly(7).ref])) and not (await desk.standing()).wanted


async def test_a_push_is_not_lost_when_the_poll_that_waited_for_it_fails(desk: Desk) -> None:
    gate = gated(desk)
    running = asyncio.create_task(desk.poll.poll("qualytics"))
    await at_the_gate(desk, running)
    desk.inbox.add(7)
    await desk.push()
    gate.set()
    desk.inbox.faults = [away(), away()]
    await running
    assert not await desk.store.anomalies.known([cast.anomaly(7).ref]) and (await desk.standing()).wanted
    again = Desk(desk.store, desk)  # nothing in memory that a restart loses
    await again.poll.catch_up()
    assert desk.inbox.polls == 3, "not at once: it has just failed"
    desk.clock.pass_by(seconds=10)
    await again.poll.catch_up()
    assert await desk.store.anomalies.known([cast.anomaly(7).ref])
    polls = desk.inbox.polls
    desk.clock.pass_by(seconds=10)
    await again.poll.catch_up()
    assert desk.inbox.polls == polls, "answered"


async def test_a_push_whose_process_died_before_it_polled_is_taken_soon(desk: Desk) -> None:
    lease = await desk.store.leases.take("sources", "qualytics", desk.clock.now(), 300)
    assert lease is not None
    desk.inbox.add(7)
    assert await desk.push() is None
    await desk.store.leases.release(lease)
    await desk.poll.catch_up()
    assert await desk.store.anomalies.known([cast.anomaly(7).ref])


# --- trouble ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.long
async def test_a_failing_source_is_left_alone_longer_and_longer_and_told_once(desk: Desk) -> None:
    desk.inbox.faults = [away() for _ in range(100)]
    tries, began = [], desk.clock.now()
    for _ in range(60):
        before = desk.inbox.polls
        await desk.turn()
        if desk.inbox.polls > before:
            tries.append((desk.clock.now() - began).total_seconds())
    assert tries[:4] == [30, 60, 120, 240] and {late - early for early, late in itertools.pairwise(tries[3:])} == {120}
    assert len(desk.told("does not answer as it should")) == 1
    assert (await desk.standing()).failures == len(tries)
    desk.inbox.faults.clear()
    assert await desk.turn(now_please=True) is not None, "asked for, it does not wait"
    assert len(desk.told("answers again")) == 1 and (await desk.standing()).failing_since is None


async def test_one_failure_is_nobodys_business_and_a_refused_token_is_told_at_once(desk: Desk) -> None:
    desk.inbox.faults = [away()]
    await desk.turn()
    await desk.turn()
    assert not desk.told("answer")
    desk.inbox.faults = [errors.SourceAuthFailed("qualytics", "Qualytics does not accept the token.")]
    await desk.turn()
    assert len(desk.told("does not accept the token")) == 1


@pytest.mark.parametrize(
    ("asked", "pause", "said"), [(3600, 120, "asked to wait 3,600 s; the desk tries again in 120 s"), (50, 50, "busy")]
)
async def test_no_answer_keeps_the_desk_away_longer_than_its_own_patience(desk: Desk, asked: float, pause: float, said: str) -> None:
    desk.inbox.faults = [errors.SourceRateLimited("qualytics", "Qualytics is busy.", asked)]
    await desk.turn()
    standing = await desk.standing()
    assert standing.next_poll == desk.clock.now() + timedelta(seconds=pause)
    assert said in standing.error
    desk.clock.pass_by(seconds=pause)
    assert await desk.poll.poll("qualytics") is not None


async def test_a_desk_that_polls_once_an_hour_tries_a_push_again_within_seconds(store: engine.Store) -> None:
    desk = Desk(store)
    desk.poll.every = timedelta(hours=1)
    desk.inbox.faults = [away()]
    await desk.push()
    assert (await desk.standing()).next_poll == desk.clock.now() + poll.SOON


# --- what is new ----------------------------------------------------------------------------------------------------------------------


async def test_known_or_not_decides_what_is_new_and_what_only_the_census_found_is_counted(desk: Desk) -> None:
    desk.inbox.add(1, created=cast.NOON - timedelta(days=400))
    desk.inbox.add(2, undated=True)
    desk.inbox.late = frozenset([cast.anomaly(1).ref])
    await desk.turn()
    await desk.turn()
    assert await desk.cards(1, 2) == {1: LIVE, 2: LIVE}
    found = desk.counts.of
    assert (found["anomalies_new"], found["census_found"], found["census_anomalies"], found["anomalies_undated"]) == (2, 1, 2, 1)


async def test_one_that_was_opened_again_gets_a_card_when_it_never_had_one(store: engine.Store) -> None:
    desk = Desk(store)
    desk.inbox.add(1)
    await desk.turn()
    desk.inbox.close(1)
    await store.anomalies.save(ports.Observation("qualytics", [desk.inbox.closed["1"]], read_at=desk.clock.now(), now=desk.clock.now()))
    await desk.turn()
    assert await desk.cards(1) == {1: None}
    desk.inbox.add(1)
    await desk.turn()
    assert await desk.cards(1) == {1: LIVE}


async def test_one_that_was_opened_again_shows_it_on_its_card_however_old_that_is(desk: Desk) -> None:
    desk.inbox.add(1)
    await desk.turn()
    desk.inbox.close(1)
    await desk.turn()
    assert desk.told("Invalid") and not desk.told("aiting since")
    desk.clock.pass_by(days=30)
    desk.inbox.add(1)
    await desk.turn()
    assert desk.told("aiting since") and not desk.told("Archived") and len(desk.wall.shown) == 2, "the greeting and the card"


async def test_one_that_was_opened_again_is_posted_again_when_its_message_was_deleted(desk: Desk) -> None:
    desk.inbox.add(1)
    await desk.turn()
    (card,) = await desk.store.cards.of([cast.anomaly(1).ref])
    lease = await desk.store.leases.take("cards", card.id, desk.clock.now(), 60)
    assert lease and await desk.store.cards.end(lease, model.CardState.GONE, model.Reason.MESSAGE_GONE)
    await desk.store.leases.release(lease)
    desk.inbox.close(1)
    await desk.store.anomalies.save(
        ports.Observation("qualytics", [desk.inbox.closed["1"]], read_at=desk.clock.now(), now=desk.clock.now())
    )
    desk.inbox.add(1)
    await desk.turn()
    (again,) = await desk.store.cards.of([cast.anomaly(1).ref])
    assert again.state is LIVE and again.ts and again.ts != card.ts


async def test_what_an_action_of_ours_opens_again_gets_no_card_from_the_poll(store: engine.Store) -> None:
    desk = Desk(store)
    desk.inbox.add(1)
    await desk.turn()
    closed = replace(desk.inbox.open["1"], state=model.State.ARCHIVED, status="Invalid")
    await store.anomalies.save(ports.Observation("qualytics", [closed], read_at=desk.clock.now(), now=desk.clock.now()))
    assert await store.journal.begin(making.intent("undo", 1), desk.clock.now(), 60)
    await desk.turn()
    assert await desk.cards(1) == {1: None}


# --- the watch ------------------------------------------------------------------------------------------------------------------------


async def posted(desk: Desk, count: int) -> None:
    """So many cards, whose anomalies no list shows any more: only reading them by id tells how they stand."""
    desk.inbox.add(*range(count))
    await desk.turn()
    assert len(await desk.store.anomalies.watched("qualytics", 2000)) == count
    desk.inbox.closed |= desk.inbox.open
    desk.inbox.open.clear()
    desk.inbox.reads.clear()


@pytest.mark.long
async def test_forty_cards_are_all_read_in_turn_where_every_id_costs_a_call_and_the_lag_is_the_truth(desk: Desk) -> None:
    """Ten calls a poll, one id each: a deployment whose list cannot be asked for ids."""
    desk.inbox.reach = 1
    await posted(desk, 40)
    await desk.turn()
    await desk.turn()
    assert await desk.poll.lag("qualytics") == 60, "twenty were last read when they were posted"
    for _ in range(10):
        await desk.turn()
        assert 0 < (await desk.poll.lag("qualytics") or 0) <= 4 * 30
    read = [one for ids in desk.inbox.reads for one in ids]
    assert [int(one) for one in read[:40]] == list(range(39, -1, -1)), "newest first, each once"
    assert {ident: read.count(ident) for ident in read} == dict.fromkeys(map(str, range(40)), 3)


@pytest.mark.long
async def test_one_that_was_closed_behind_the_budget_is_seen_in_the_next_polls(desk: Desk) -> None:
    desk.inbox.reach = 1
    await posted(desk, 40)
    desk.inbox.open = {ident: one for ident, one in desk.inbox.closed.items() if ident != "0"}
    desk.inbox.closed = {"0": replace(cast.anomaly(0), state=model.State.ARCHIVED, status="Resolved")}
    await desk.turn()
    assert desk.told("Resolved"), "all others were in the list: the only call went to the one that was not"
    assert desk.inbox.reads == [["0"]]


async def test_a_clock_that_was_a_day_ahead_keeps_no_card_false_and_no_system_alone(desk: Desk) -> None:
    """What was read and put off by it is dated tomorrow."""
    desk.inbox.add(1, 2)
    await desk.turn()
    desk.clock.pass_by(days=1)
    await desk.turn()
    desk.inbox.faults = [away()]
    await desk.turn()
    desk.clock.pass_by(days=-1)
    desk.inbox.open["2"] = replace(desk.inbox.open["2"], state=model.State.ACKNOWLEDGED, status="Acknowledged")
    desk.inbox.close(1)
    await desk.turn()
    assert desk.told("Invalid") and desk.told("Acknowledged")


async def test_a_restart_goes_on_where_the_watch_was(desk: Desk) -> None:
    desk.inbox.reach = 1
    await posted(desk, 25)
    await desk.turn()
    other = Desk(desk.store, desk)
    await other.turn()
    await other.turn()
    read = [one for ids in desk.inbox.reads for one in ids]
    assert sorted(map(int, read)) == list(range(25))


async def test_the_clicked_one_is_read_first(desk: Desk) -> None:
    desk.inbox.reach = 1
    await posted(desk, 30)
    (card,) = await desk.store.cards.of([cast.anomaly(3).ref])
    await desk.store.cards.touch([card.id], desk.clock.now())
    await desk.turn()
    assert desk.inbox.reads[0][:2] == ["3", "29"]


async def test_a_round_that_ends_exactly_with_the_last_card_begins_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poll, "WATCH_IDS", 10)
    await posted(desk, 20)
    for _ in range(6):
        await desk.turn()
    read = [one for ids in desk.inbox.reads for one in ids]
    assert {ident: read.count(ident) for ident in read} == dict.fromkeys(map(str, range(20)), 3)


async def test_one_that_was_deleted_in_the_system_is_told_and_not_read_again(desk: Desk) -> None:
    await posted(desk, 2)
    del desk.inbox.closed["1"]
    await desk.turn()
    assert len(desk.told("Deleted in Qualytics")) == 1
    await desk.turn()
    assert desk.inbox.reads[-1] == ["0"]


async def test_what_a_list_hides_and_a_single_call_shows_is_not_taken_for_deleted(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await posted(desk, 1)

    async def hidden(self: Inbox, ids: list[str], *, pages: int = 0) -> model.Reading:
        return model.Reading({}, frozenset(ids))

    monkeypatch.setattr(Inbox, "read", hidden)
    await desk.turn()
    assert not desk.told("Deleted in Qualytics") and await desk.poll.lag("qualytics") == 0


async def test_nothing_posted_means_no_lag(desk: Desk) -> None:
    assert await desk.poll.lag("qualytics") is None


async def test_an_outage_is_logged_when_it_begins_and_not_again(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.inbox.faults = [away() for _ in range(4)]
    for _ in range(4):
        await desk.turn(now_please=True)
    said = [record.getMessage() for record in caplog.records if record.name == "bot.services.poll" and record.levelname == "WARNING"]
    assert len(said) == 1 and "qualytics does not answer as it should" in said[0]


async def test_a_desk_that_polls_once_an_hour_is_patient_when_nobody_waits_and_not_when_somebody_does(store: engine.Store) -> None:
    desk = Desk(store)
    desk.poll.every = timedelta(hours=1)
    desk.inbox.faults = [away() for _ in range(20)]
    await desk.poll.poll("qualytics")
    assert (await desk.standing()).next_poll == desk.clock.now() + timedelta(hours=1)
    for _ in range(10):
        await desk.push()
    assert (await desk.standing()).next_poll == desk.clock.now() + poll.BACKOFF_LIMIT
