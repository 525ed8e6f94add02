"""Cards: what is due and to whom, fenced writes, windows and groups, what a status page counts."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot import model, ports
from bot.store import engine
from tests.store.making import CHANNEL, NOON, SOURCE, after, anomaly, archived, draft, drafts, group, live, ref


async def save(store: engine.Store, *made: model.CardDraft, at: float = 0) -> None:
    """Anomalies that appear with these cards."""
    seen = [anomaly(one.ref.id, created=after(at)) for one in made if one.ref]
    await store.anomalies.save(ports.Observation(SOURCE, seen, read_at=after(at), now=after(at), drafts=drafts(*made)))


async def only(store: engine.Store, ident: object = 1) -> model.Card:
    return (await store.cards.of([ref(ident)]))[0]


async def take(store: engine.Store, card: str, at: float = 0) -> model.Lease:
    lease = await store.leases.take("cards", card, after(at), 30)
    assert lease is not None
    return lease


async def posted(store: engine.Store, ident: object, at: float = 0) -> model.Card:
    """A card whose first post was delivered."""
    lease = await take(store, (await only(store, ident)).id, at)
    assert await store.cards.begin(lease, after(at))
    assert await store.cards.delivered(lease, 1, after(at), ts=f"{after(at).timestamp():.6f}")
    await store.leases.release(lease)
    return await only(store, ident)


async def keys(store: engine.Store, at: float, *, posted: bool, channel: str = "", limit: int = 50) -> list[str]:
    return [card.key.split(":")[1] for card in await store.cards.due(after(at), posted=posted, channel=channel, limit=limit)]


# --- what is due ------------------------------------------------------------------------------------------------------------


async def test_first_posts_come_oldest_first_and_by_channel(store: engine.Store) -> None:
    await save(store, live(1), at=2)
    await save(store, live(2), at=1)
    await save(store, live(3, channel="C2"), draft(4), at=0)
    assert await keys(store, 9, posted=False) == ["3", "2", "1"]
    assert await keys(store, 9, posted=False, channel=CHANNEL) == ["2", "1"]
    assert await keys(store, 9, posted=False, limit=1) == ["3"]
    assert await keys(store, 1, posted=False) == ["3", "2"]
    assert await store.cards.due_channels(after(0)) == ["C2"]
    assert await store.cards.due_channels(after(9)) == [CHANNEL, "C2"]
    assert not await keys(store, 9, posted=True)


async def test_cards_made_at_one_moment_come_in_the_order_of_their_anomalies(store: engine.Store) -> None:
    seen = [anomaly(number, created=after(-number)) for number in (9, 10, 1, 30, 2)]
    await store.anomalies.save(
        ports.Observation(SOURCE, seen, read_at=NOON, now=NOON, drafts=drafts(*(draft(number) for number in (9, 10, 1, 30, 2))))
    )
    waiting = await store.cards.waiting()
    assert [card.ref.id for card in waiting if card.ref] == ["30", "10", "9", "2", "1"]
    await store.cards.decide(model.Decision("default", None, post=tuple(card.id for card in waiting)), after(1))
    assert await keys(store, 1, posted=False) == ["30", "10", "9", "2", "1"]
    assert await keys(store, 1, posted=False, channel=CHANNEL, limit=2) == ["30", "10"]


async def test_edits_come_clicked_first_then_newest(store: engine.Store) -> None:
    for number in (1, 2, 3):
        await save(store, live(number), at=number)
        await posted(store, number, at=number)
    assert not await keys(store, 9, posted=True)
    again = [anomaly(number, records=1) for number in (1, 2, 3)]
    await store.anomalies.save(ports.Observation(SOURCE, again, read_at=after(5), now=after(5)))
    assert await keys(store, 9, posted=True) == ["3", "2", "1"]
    await store.cards.touch([(await only(store, 1)).id], after(6))
    assert await keys(store, 9, posted=True) == ["1", "3", "2"]
    lease = await take(store, (await only(store, 1)).id, 9)
    assert await store.cards.delivered(lease, 3, after(9))
    await store.leases.release(lease)
    await store.anomalies.save(ports.Observation(SOURCE, [anomaly(1, records=2)], read_at=after(10), now=after(10)))
    assert await keys(store, 11, posted=True) == ["3", "2", "1"]


async def test_a_claimed_card_is_nobody_elses_until_the_claim_ends(store: engine.Store) -> None:
    await save(store, live(1))
    await take(store, (await only(store)).id)
    assert not await keys(store, 29, posted=False) and not await store.cards.due_channels(after(29))
    assert await keys(store, 30, posted=False) == ["1"]
    assert await store.cards.due_channels(after(30)) == [CHANNEL]


# --- one delivery ---------------------------------------------------------------------------------------------------------


async def test_a_first_post_from_row_to_message(store: engine.Store) -> None:
    await save(store, live(1))
    lease = await take(store, (await only(store)).id)
    assert await store.cards.begin(lease, after(1))
    card = await only(store)
    assert (card.posting, card.ts, card.due) == (after(1), "", NOON)
    assert await store.cards.delivered(lease, 1, after(2), ts="1772452802.000100")
    card = await only(store)
    assert (card.ts, card.delivered, card.due, card.posting, card.tries) == ("1772452802.000100", 1, None, None, 0)
    assert card.posted == datetime(2026, 3, 2, 12, 0, 2, 100, tzinfo=UTC)
    assert await store.cards.at(CHANNEL, "1772452802.000100") == card
    assert await store.cards.at("C2", "1772452802.000100") is None


async def test_a_card_that_changed_while_it_was_posted_stays_due(store: engine.Store) -> None:
    await save(store, live(1))
    lease = await take(store, (await only(store)).id)
    await store.cards.begin(lease, NOON)
    await store.cards.touch([lease.key], after(1))
    assert await store.cards.delivered(lease, 1, after(2), ts="1772452802.000100")
    card = await only(store)
    assert (card.wanted, card.delivered, card.due) == (2, 1, after(2))
    assert await store.cards.delivered(lease, 2, after(3))
    assert (await only(store)).due is None


async def test_a_poster_who_dies_between_row_and_answer_leaves_an_ambiguous_due_card(store: engine.Store) -> None:
    await save(store, live(1))
    assert await store.cards.begin(await take(store, (await only(store)).id), after(1))
    assert not await store.cards.due(after(29), posted=False)
    (card,) = await store.cards.due(after(31), posted=False)
    assert card.posting == after(1) and card.ts == ""


async def test_putting_off_keeps_the_doubt_unless_nothing_was_sent(store: engine.Store) -> None:
    await save(store, live(1))
    lease = await take(store, (await only(store)).id)
    await store.cards.begin(lease, NOON)
    assert await store.cards.defer(lease, after(5), "timed out", unsent=False)
    card = await only(store)
    assert (card.posting, card.due, card.error, card.tries) == (NOON, after(5), "timed out", 1)
    assert await store.cards.defer(lease, after(9), "ratelimited")
    card = await only(store)
    assert (card.posting, card.due, card.error, card.tries) == (None, after(9), "ratelimited", 2)
    assert await store.cards.delivered(lease, 1, after(9), ts="1772452809.000100", reason=model.Reason.RECONCILED)
    card = await only(store)
    assert (card.error, card.tries, card.reason) == ("", 0, model.Reason.RECONCILED)


async def test_writes_behind_a_passed_claim_change_nothing(store: engine.Store) -> None:
    await save(store, live(1))
    late = await take(store, (await only(store)).id)
    lease = await take(store, late.key, 30)
    before = await only(store)
    assert not await store.cards.begin(late, after(31))
    assert not await store.cards.delivered(late, 1, after(31), ts="1.1")
    assert not await store.cards.defer(late, after(31), "late")
    assert not await store.cards.end(late, model.CardState.GONE, model.Reason.MESSAGE_GONE)
    await store.leases.release(late)
    assert await only(store) == before
    assert await store.cards.begin(lease, after(31))


async def test_a_released_claim_writes_no_more(store: engine.Store) -> None:
    await save(store, live(1))
    lease = await take(store, (await only(store)).id)
    await store.leases.release(lease)
    assert not await store.cards.begin(lease, after(1))


async def test_a_post_is_not_begun_for_what_has_a_message_or_is_ended(store: engine.Store) -> None:
    await save(store, live(1), live(2))
    lease = await take(store, (await posted(store, 1)).id, 1)
    assert not await store.cards.begin(lease, after(1))
    lease = await take(store, (await only(store, 2)).id)
    assert await store.cards.end(lease, model.CardState.LOST, model.Reason.UNVERIFIABLE)
    assert not await store.cards.begin(lease, after(1))


async def test_an_ended_card_with_a_message_comes_back_by_a_touch_and_one_without_never(store: engine.Store) -> None:
    await save(store, live(1), live(2))
    await posted(store, 1)
    for ident in (1, 2):
        lease = await take(store, (await only(store, ident)).id, 1)
        assert await store.cards.end(lease, model.CardState.LOST, model.Reason.UNVERIFIABLE, "missing_scope")
        await store.leases.release(lease)
    await store.anomalies.save(ports.Observation(SOURCE, [archived(1), archived(2)], read_at=after(2), now=after(2)))
    assert not await keys(store, 9, posted=True)
    cards = [(await only(store, ident)).id for ident in (1, 2)]
    await store.cards.touch(cards, after(3))
    assert await keys(store, 9, posted=True) == ["1"]
    assert not await keys(store, 9, posted=False)
    assert (await only(store, 2)).state is model.CardState.LOST


@pytest.mark.parametrize("reason", [model.Reason.REFUSED, model.Reason.CHANNEL_GONE])
@pytest.mark.parametrize("state", [model.CardState.LOST, model.CardState.GONE])
async def test_what_was_given_up_for_trouble_with_slack_comes_back_with_the_next_change(
    store: engine.Store, state: model.CardState, reason: model.Reason
) -> None:
    await save(store, live(1), live(2))
    await posted(store, 1)
    for ident in (1, 2):
        lease = await take(store, (await only(store, ident)).id, 1)
        assert await store.cards.end(lease, state, reason, "is_inactive")
        await store.leases.release(lease)
    assert not await store.anomalies.watched(SOURCE, 10)
    await store.anomalies.save(ports.Observation(SOURCE, [anomaly(1, records=9), anomaly(2, records=9)], read_at=after(2), now=after(2)))
    assert await keys(store, 9, posted=True) == ["1"]
    assert await keys(store, 9, posted=False) == ["2"]
    assert await store.anomalies.watched(SOURCE, 10)
    unposted = await only(store, 2)
    assert unposted.posting == unposted.created, "it is looked for before it is posted: nobody knows what an earlier release did"


async def test_a_message_that_somebody_deleted_does_not_come_back_with_a_change(store: engine.Store) -> None:
    await save(store, live(1))
    await posted(store, 1)
    await store.cards.end(await take(store, (await only(store, 1)).id, 1), model.CardState.GONE, model.Reason.MESSAGE_GONE, "gone")
    await store.anomalies.save(ports.Observation(SOURCE, [anomaly(1, records=9)], read_at=after(2), now=after(2)))
    assert (await only(store, 1)).state is model.CardState.GONE


async def test_what_is_shown_plainer_is_due_again_and_a_change_does_not_wait_for_it(store: engine.Store) -> None:
    await save(store, live(1))
    await posted(store, 1)
    card = await only(store, 1)
    lease = await take(store, card.id, 1)
    assert await store.cards.delivered(lease, card.wanted, after(1), again=after(600))
    await store.leases.release(lease)
    assert not await keys(store, 599, posted=True)
    assert await keys(store, 600, posted=True) == ["1"]
    told = await store.cards.backlog(after(9))
    assert (told.edits, told.plain, told.oldest_seconds) == (0, 1, 0.0)
    await store.anomalies.save(ports.Observation(SOURCE, [anomaly(1, records=9)], read_at=after(2), now=after(2)))
    assert await keys(store, 2, posted=True) == ["1"]
    assert ((await store.cards.backlog(after(9))).edits, (await store.cards.backlog(after(9))).plain) == (1, 0)


async def test_edits_of_a_channel_that_is_left_alone_hold_up_no_other(store: engine.Store) -> None:
    await save(store, live(1))
    await posted(store, 1)
    await store.cards.touch([(await only(store, 1)).id], after(2))
    assert await store.cards.due(after(9), posted=True, without=["C0OTHER"])
    assert not await store.cards.due(after(9), posted=True, without=[CHANNEL])


# --- making and adopting ------------------------------------------------------------------------------------------------------


async def test_put_makes_a_card_once_and_edits_it_when_its_payload_is_another(store: engine.Store) -> None:
    report = model.CardDraft(model.CardKind.REPORT, CHANNEL, "r", payload={"n": 1}, state=model.CardState.LIVE, reason=model.Reason.REPORT)
    made = await store.cards.put(report, NOON)
    assert (made.due, made.wanted, made.payload, len(made.id)) == (NOON, 1, {"n": 1}, 32)
    assert await store.cards.put(report, after(5)) == made
    lease = await take(store, made.id)
    await store.cards.delivered(lease, 1, NOON, ts="1772452800.000100")
    again = await store.cards.put(replace(report, payload={"n": 2}), after(9))
    assert (again.id, again.wanted, again.due, again.payload) == (made.id, 2, after(9), {"n": 2})
    assert (await store.cards.put(replace(report, channel="C2"), NOON)).id != made.id


async def test_two_who_put_the_same_card_get_one(store: engine.Store) -> None:
    cards = await asyncio.gather(*(store.cards.put(live(1), NOON) for _ in range(6)))
    assert len({card.id for card in cards}) == 1


async def test_a_message_that_no_row_knows_is_adopted_and_watched(store: engine.Store) -> None:
    await store.anomalies.save(ports.Observation(SOURCE, [anomaly(1)], read_at=NOON, now=NOON))
    card = await store.cards.adopt(live(1), "1772366400.000100", NOON)
    assert (card.ts, card.state, card.reason, card.due) == ("1772366400.000100", model.CardState.LIVE, model.Reason.ADOPTED, NOON)
    assert card.posted == datetime(2026, 3, 1, 12, 0, 0, 100, tzinfo=UTC)
    assert list(await store.anomalies.watched(SOURCE, 5)) == ["1"]
    assert await store.cards.adopt(live(1), "1772366400.000100", after(5)) == card


async def test_adopting_settles_a_lost_card_and_never_moves_a_live_one(store: engine.Store) -> None:
    await save(store, live(1), live(2))
    lease = await take(store, (await only(store, 1)).id)
    await store.cards.begin(lease, NOON)
    await store.cards.end(lease, model.CardState.LOST, model.Reason.UNVERIFIABLE)
    found = await store.cards.adopt(live(1), "1772452801.000100", after(9))
    assert (found.id, found.state, found.ts) == (lease.key, model.CardState.LIVE, "1772452801.000100")
    card = await posted(store, 2)
    assert await store.cards.adopt(live(2), "1772452899.000100", after(9)) == card


async def test_an_adopted_waiting_card_is_not_posted_again(store: engine.Store) -> None:
    await save(store, draft(1))
    await store.cards.adopt(live(1), "1772452801.000100", NOON)
    assert not await store.cards.waiting() and not await keys(store, 9, posted=False)
    assert await keys(store, 9, posted=True) == ["1"]


# --- deciding ---------------------------------------------------------------------------------------------------------------


WINDOW = model.Window("default", NOON, after(10), posted=1, joined=after(1))


async def test_a_decision_posts_and_opens_a_window(store: engine.Store) -> None:
    await save(store, draft(1), draft(2))
    first, _second = await store.cards.waiting()
    await store.cards.decide(model.Decision("default", WINDOW, post=(first.id,)), after(1))
    (due,) = await store.cards.due(after(1), posted=False)
    assert (due.id, due.reason, due.due) == (first.id, model.Reason.LEADING, after(1))
    assert [card.ref for card in await store.cards.waiting()] == [ref(2)]
    assert await store.cards.windows() == {"default": WINDOW}
    assert list(await store.anomalies.watched(SOURCE, 5)) == ["1"]


async def waiting_ids(store: engine.Store) -> tuple[str, ...]:
    return tuple(card.id for card in await store.cards.waiting())


async def test_a_burst_is_folded_into_a_new_group_that_takes_in_more(store: engine.Store) -> None:
    await save(store, *map(draft, range(3)))
    await store.cards.decide(model.Decision("default", WINDOW, fold=await waiting_ids(store), group=group()), after(1))
    (card,) = await store.cards.due(after(1), posted=False)
    assert (card.kind, card.state, card.reason, card.route) == (model.CardKind.GROUP, model.CardState.LIVE, model.Reason.BURST, "default")
    window = (await store.cards.windows())["default"]
    assert window == replace(WINDOW, group=card.id)

    await save(store, draft(7), at=2)
    await store.cards.decide(model.Decision("default", window, fold=await waiting_ids(store), join=window.group), after(3))
    joined = await store.cards.get(card.id)
    assert joined is not None and (joined.wanted, joined.due) == (2, after(1))
    assert {one.ref.id for one in await store.cards.members(card.id)} == {"0", "1", "2", "7"}
    reasons = {one.reason for one in await store.cards.of([ref(7)])}
    assert reasons == {model.Reason.JOINED_GROUP, model.Reason.BURST}
    assert not await store.cards.waiting()


async def test_a_decision_that_comes_too_late_changes_nothing(store: engine.Store) -> None:
    """Two processes decide about the same cards: one group, one window, no doubled post."""
    await save(store, *map(draft, range(3)))
    ids = await waiting_ids(store)
    await store.cards.decide(model.Decision("default", WINDOW, fold=ids, group=group("a")), after(1))
    before = await store.cards.windows()
    await store.cards.decide(model.Decision("default", replace(WINDOW, posted=9), fold=ids, group=group("b")), after(2))
    await store.cards.decide(model.Decision("default", replace(WINDOW, posted=9), post=ids), after(2))
    assert await store.cards.windows() == before
    assert [card.key for card in await store.cards.due(after(9), posted=False)] == ["a"]


async def test_deciders_at_the_same_moment_make_one_message(store: engine.Store) -> None:
    await save(store, *map(draft, range(20)))
    ids = await waiting_ids(store)
    await asyncio.gather(
        *(
            store.cards.decide(model.Decision("default", WINDOW, fold=ids[:: 1 if n % 2 else -1], group=group(str(n))), after(1))
            for n in range(5)
        )
    )
    (card,) = await store.cards.due(after(9), posted=False)
    assert (await store.cards.tally(card.id)).total == 20


async def test_a_dead_group_takes_nobody_in_and_its_window_forgets_it(store: engine.Store) -> None:
    await save(store, draft(1))
    await store.cards.decide(model.Decision("default", WINDOW, fold=await waiting_ids(store), group=group()), NOON)
    window = (await store.cards.windows())["default"]
    lease = await take(store, window.group)
    await store.cards.end(lease, model.CardState.GONE, model.Reason.MESSAGE_GONE)
    await save(store, draft(2), at=1)
    await store.cards.decide(model.Decision("default", window, fold=await waiting_ids(store), join=window.group), after(2))
    assert [card.ref for card in await store.cards.waiting()] == [ref(2)]
    assert (await store.cards.windows())["default"].group == ""


async def test_joining_does_not_hasten_a_group_that_was_put_off(store: engine.Store) -> None:
    await save(store, draft(1))
    await store.cards.decide(model.Decision("default", WINDOW, fold=await waiting_ids(store), group=group()), NOON)
    window = (await store.cards.windows())["default"]
    lease = await take(store, window.group)
    await store.cards.defer(lease, after(30), "ratelimited")
    await save(store, draft(2), at=1)
    await store.cards.decide(model.Decision("default", window, fold=await waiting_ids(store), join=window.group), after(2))
    card = await store.cards.get(window.group)
    assert card is not None and (card.wanted, card.due) == (2, after(30))


# --- groups and counts ------------------------------------------------------------------------------------------------------


async def test_a_group_is_counted_by_state_and_table(store: engine.Store) -> None:
    tables = ["orders"] * 3 + ["events"] * 4 + [""]
    seen = [
        anomaly(number, created=after(number), container=model.Place(name, name) if name else None) for number, name in enumerate(tables)
    ]
    await store.anomalies.save(ports.Observation(SOURCE, seen, read_at=NOON, now=NOON, drafts=drafts(*map(draft, range(len(seen))))))
    await store.cards.decide(model.Decision("default", WINDOW, fold=await waiting_ids(store), group=group()), NOON)
    card = (await store.cards.windows())["default"].group
    changed = [archived(0, created=after(0), container=model.Place("orders", "orders"))]
    await store.anomalies.save(ports.Observation(SOURCE, changed, read_at=after(1), now=after(1)))
    tally = await store.cards.tally(card, sample=2)
    assert tally.total == 8
    assert tally.states == {model.State.ACTIVE: 7, model.State.ARCHIVED: 1}
    assert list(tally.tables) == [("events", 4), ("orders", 3)]
    assert [one.ref.id for one in tally.sample] == ["7", "6"]
    assert (await store.cards.tally(card, sample=0)).sample == []
    assert [one.ref.id for one in await store.cards.members(card, offset=6, limit=5)] == ["1", "0"]
    assert (await store.cards.members(card, offset=7))[0].version == 2


async def test_members_remember_when_they_joined_and_what_they_were(store: engine.Store) -> None:
    await save(store, *map(draft, (1, 2)))
    await store.cards.decide(model.Decision("default", WINDOW, fold=await waiting_ids(store), group=group()), NOON)
    window = (await store.cards.windows())["default"]
    tally = await store.cards.tally(window.group)
    assert (tally.total, tally.latest, tally.changed) == (2, 0, 0), "all came with the card"
    await save(store, *map(draft, (3, 4, 5)), at=1)
    await store.cards.decide(model.Decision("default", window, fold=await waiting_ids(store), join=window.group), after(2))
    assert (await store.cards.tally(window.group)).latest == 3
    seen = [anomaly(number, records=7) for number in (1, 4)]
    await store.anomalies.save(ports.Observation(SOURCE, seen, read_at=after(3), now=after(3)))
    await save(store, draft(6), at=4)
    await store.cards.decide(model.Decision("default", window, fold=await waiting_ids(store), join=window.group), after(5))
    tally = await store.cards.tally(window.group)
    assert (tally.total, tally.latest, tally.changed) == (6, 1, 2)
    async with store.db.writer.begin() as connection:  # as a process of the last release adds one
        await connection.exec_driver_sql("UPDATE card_members SET joined_wanted = NULL, joined_version = NULL WHERE anomaly IN ('4', '6')")
    tally = await store.cards.tally(window.group)
    assert (tally.total, tally.latest, tally.changed) == (6, 2, 1), "nobody knows about those"


async def test_an_unknown_group_is_empty(store: engine.Store) -> None:
    tally = await store.cards.tally("nobody")
    assert (tally.total, tally.states, list(tally.tables), tally.latest) == (0, {}, [], 0)
    assert await store.cards.get("nobody") is None


async def test_cards_of_many_are_named_once(store: engine.Store) -> None:
    await save(store, draft(1), draft(2), live(3, channel="C2"))
    fold = tuple(card.id for card in await store.cards.waiting())
    await store.cards.decide(model.Decision("default", None, fold=fold, group=group()), NOON)
    found = await store.cards.of([ref(1), ref(2), ref(3), ref(4)])
    assert sorted(card.key for card in found) == ["default:1", "qualytics:1", "qualytics:2", "qualytics:3"]
    assert await store.cards.of([]) == []


async def test_the_backlog_tells_what_waits_how_long_and_why(store: engine.Store) -> None:
    empty = await store.cards.backlog(NOON)
    assert (empty.posts, empty.edits, empty.waiting, empty.lost, empty.oldest_seconds, list(empty.errors)) == (0, 0, 0, 0, 0.0, [])
    await save(store, *map(live, range(5)), draft(5))
    await posted(store, 0, at=1)
    await store.cards.touch([(await only(store, 0)).id], after(20))
    for ident in (1, 2):
        await store.cards.defer(await take(store, (await only(store, ident)).id), after(60), "ratelimited")
    await store.cards.end(await take(store, (await only(store, 3)).id), model.CardState.LOST, model.Reason.REFUSED, "invalid_blocks")
    found = await store.cards.backlog(after(30))
    assert (found.posts, found.edits, found.waiting, found.lost) == (3, 1, 1, 1)
    assert found.oldest_seconds == pytest.approx(30)
    assert list(found.errors) == [("ratelimited", 2), ("invalid_blocks", 1)]
    assert dict(found.next_tries) == {"ratelimited": after(60)}


async def test_the_age_of_an_edit_counts_from_the_first_change(store: engine.Store) -> None:
    await save(store, live(1))
    await posted(store, 1, at=1)
    for at in (10, 20, 30):
        await store.anomalies.save(ports.Observation(SOURCE, [anomaly(1, records=at)], read_at=after(at), now=after(at)))
    assert (await store.cards.backlog(after(40))).oldest_seconds == pytest.approx(30)
