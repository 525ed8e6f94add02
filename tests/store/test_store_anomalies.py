"""Saving what was seen: versions, cards, cursor and journal move together or not at all."""

from __future__ import annotations

import asyncio
import math
from dataclasses import fields, replace
from datetime import timedelta, timezone

import pytest
import sqlalchemy as sa

from bot import errors, model, ports
from bot.store import engine, tables, transactions
from tests.store import making
from tests.store.making import NOON, SOURCE, after, anomaly, archived, draft, drafts, group, line, live, ref


async def save(store: engine.Store, *seen: model.Anomaly, at: float = 0, **options: object) -> model.Ingested:
    return await store.anomalies.save(ports.Observation(SOURCE, seen, read_at=after(at), now=after(at), **options))  # type: ignore[arg-type]


async def only(store: engine.Store, ident: object = 1) -> model.Card:
    return (await store.cards.of([ref(ident)]))[0]


FULL = anomaly(
    1,
    archived_as=None,
    type="record",
    description="<!channel> قيمة 🙂 \x00 \ud800",
    severity=model.Severity.HIGH,
    weight=54.5,
    records=4210,
    fingerprint="f-1",
    tags=("critical", "pii"),
    assignees=(model.Person(SOURCE, "7", "Dana", "dana@example.com"),),
    checks=(model.Check("12", "notNull", ("customer_id",), "is null"),),
    datastore=model.Place("42", "warehouse-prod"),
    container=model.Place("9", "orders"),
    enriched=True,
    url="https://acme.example/anomalies/1",
)


async def test_what_is_saved_comes_back_whole(store: engine.Store) -> None:
    saved = await save(store, FULL, anomaly(2))
    found = await store.anomalies.get([ref(1), ref(2), ref(3), model.Ref("anodot", "1")])
    assert found == {ref(1): replace(FULL, version=1), ref(2): replace(anomaly(2), version=1)}
    assert list(saved.new) == [ref(1), ref(2)] and not saved.changed


async def test_text_that_no_database_takes_breaks_no_save(store: engine.Store) -> None:
    odd = anomaly(1, weight=math.nan, fingerprint="a\x00b\ud800", container=model.Place("9", "or\x00ders"))
    entry = line(1, detail="\x00\ud800 tail")
    await save(store, odd, entries=[entry], drafts=drafts(draft(1, payload={"text": "\x00\ud800"})))
    assert (await store.anomalies.get([ref(1)]))[ref(1)].weight is None
    assert (await store.journal.history(ref(1)))[0].detail.endswith(" tail")
    assert (await only(store)).payload == {"text": "\x00\ud800"}


async def test_a_moment_of_another_zone_is_the_same_moment(store: engine.Store) -> None:
    there = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))
    await store.anomalies.save(ports.Observation(SOURCE, [anomaly(1, created=there)], read_at=there, now=there, drafts=drafts(live(1))))
    card = await only(store)
    assert card.created == NOON and card.created.utcoffset() == timedelta(0)
    assert (await store.anomalies.get([ref(1)]))[ref(1)].created == NOON


async def test_a_moment_without_a_zone_is_refused(store: engine.Store) -> None:
    with pytest.raises((errors.StoreError, ValueError)):
        await store.anomalies.save(ports.Observation(SOURCE, [anomaly(1)], read_at=NOON.replace(tzinfo=None), now=NOON))
    assert not await store.anomalies.get([ref(1)])


async def test_an_anomaly_of_another_source_is_refused_and_nothing_is_stored(store: engine.Store) -> None:
    with pytest.raises(ValueError, match="anodot:1"):
        await save(store, anomaly(2), replace(anomaly(1), ref=model.Ref("anodot", "1")))
    assert not await store.anomalies.get([ref(2)])


CHANGES = {
    "ref": None,
    "version": None,
    "undated": None,
    "state": model.State.ACKNOWLEDGED,
    "status": "Acknowledged",
    "created": after(hours=-2),
    "archived_as": "Duplicate",
    "type": "shape",
    "description": "4,211 rows fail",
    "severity": model.Severity.LOW,
    "weight": 54.6,
    "records": 4211,
    "fingerprint": "f-2",
    "tags": ("pii",),
    "assignees": (),
    "checks": (),
    "datastore": model.Place("42", "warehouse-test"),
    "container": model.Place("9", "order"),
    "enriched": False,
    "url": "https://acme.example/anomalies/2",
    "scale": model.Scale("score", 100),
    "type_title": "shape of the table",
    "series": model.Series("orders.count", 4210),
    "facts": (model.Fact("Device", "A laptop"),),
    "places": (model.Place("1", "Payments"),),
    "related": (model.Ref(SOURCE, "7"),),
    "merged_into": model.Ref(SOURCE, "8"),
    "deleted": True,
    "started": NOON,
    "ended": NOON,
    "over": NOON,
    "kept_here": (model.Part.ASSIGNEES,),
    "keepable": (model.Part.STATE,),
    "there": model.Standing(model.State.ACKNOWLEDGED, "Acknowledged"),
}


def test_every_field_of_an_anomaly_is_tried() -> None:
    assert set(CHANGES) == {field.name for field in fields(model.Anomaly)}


async def test_every_visible_field_makes_a_new_version_and_an_edit(store: engine.Store) -> None:
    await save(store, FULL, drafts=drafts(live(1)))
    version = 1
    for name, value in CHANGES.items():
        if value is None:
            continue
        saved = await save(store, replace(FULL, **{name: value}), at=version)
        version += 1
        assert list(saved.changed) == [ref(1)], name
        assert (await store.anomalies.get([ref(1)]))[ref(1)].version == version
        assert (await only(store)).wanted == version
        await save(store, FULL, at=version)
        version += 1


async def test_what_looks_the_same_changes_nothing(store: engine.Store) -> None:
    await save(store, FULL, drafts=drafts(live(1)))
    saved = await save(store, replace(FULL, version=17), at=1, note=lambda old, new: line(1), drafts=drafts(live(1)))
    assert not saved.new and not saved.changed
    assert (await store.anomalies.get([ref(1)]))[ref(1)].version == 1
    assert (await only(store)).wanted == 1
    assert not await store.journal.history(ref(1))


async def test_an_older_observation_never_wins(store: engine.Store) -> None:
    """A poll was sent, then a click was read back, then the poll's answer arrives."""
    await save(store, anomaly(1))
    await save(store, archived(1), at=10)
    saved = await save(store, anomaly(1), at=5)
    assert not saved.changed
    assert (await store.anomalies.get([ref(1)]))[ref(1)].state is model.State.ARCHIVED


async def test_seeing_the_same_again_counts_as_newer_too(store: engine.Store) -> None:
    await save(store, anomaly(1))
    await save(store, anomaly(1), at=10)
    await save(store, archived(1), at=5)
    assert (await store.anomalies.get([ref(1)]))[ref(1)].state is model.State.ACTIVE


async def test_the_first_of_two_observations_in_one_answer_counts(store: engine.Store) -> None:
    saved = await save(store, anomaly(1, records=2), anomaly(1, records=1))
    assert list(saved.new) == [ref(1)]
    assert (await store.anomalies.get([ref(1)]))[ref(1)].records == 2


async def test_notes_see_before_and_after(store: engine.Store) -> None:
    await save(store, anomaly(1), anomaly(2))
    seen: list[tuple[str, str, int]] = []

    def note(old: model.Anomaly, new: model.Anomaly) -> model.Entry | None:
        seen.append((old.status, new.status, old.version))
        return line(1, "archive", actor="", via="Qualytics") if new.ref == ref(1) else None

    await save(store, archived(1), anomaly(2, records=3), at=1, note=note)
    assert seen == [("Active", "Invalid", 1), ("Active", "Active", 1)]
    assert [one.via for one in await store.journal.history(ref(1))] == ["Qualytics"]
    assert not await store.journal.history(ref(2))


async def test_cursor_and_contact_move_with_the_anomalies(store: engine.Store) -> None:
    await save(store, anomaly(1), cursor="page-1")
    await save(store, anomaly(2), at=60, cursor="page-2")
    await save(store, anomaly(3), at=90)
    standing = await store.health.get(SOURCE)
    assert standing.cursor == "page-2"
    assert standing.contacted == NOON


async def test_nothing_is_stored_when_any_part_fails(store: engine.Store) -> None:
    def note(old: model.Anomaly, new: model.Anomaly) -> model.Entry | None:
        raise LookupError("no such word")

    await save(store, anomaly(1), cursor="page-1")
    with pytest.raises(LookupError):
        await save(store, archived(1), anomaly(2), at=1, cursor="page-2", note=note, drafts=drafts(draft(2)), extra=[live(9, ref=None)])
    assert (await store.anomalies.get([ref(1), ref(2)])).keys() == {ref(1)}
    assert (await store.health.get(SOURCE)).cursor == "page-1"
    assert not await store.cards.waiting() and not await store.cards.due_channels(after(5))


async def test_new_anomalies_bring_their_cards_once(store: engine.Store) -> None:
    report = model.CardDraft(model.CardKind.REPORT, making.CHANNEL, "hello", state=model.CardState.LIVE, reason=model.Reason.REPORT)
    for at in (0, 1):
        await save(store, anomaly(1), anomaly(2), at=at, drafts=drafts(draft(1), live(2)), extra=[report])
    assert [card.key for card in await store.cards.waiting()] == ["qualytics:1"]
    due = await store.cards.due(after(2), posted=False)
    assert sorted((card.key, card.kind, card.reason) for card in due) == [
        ("hello", model.CardKind.REPORT, model.Reason.REPORT),
        ("qualytics:2", model.CardKind.ANOMALY, model.Reason.LEADING),
    ]


async def test_the_reason_of_the_first_sight_is_kept(store: engine.Store) -> None:
    await save(store, anomaly(1), reason=model.Reason.FIRST_CONTACT)
    await save(store, anomaly(1, records=5), at=1, reason=model.Reason.NO_ROUTE)
    assert await store.anomalies.reason(ref(1)) is model.Reason.FIRST_CONTACT
    assert await store.anomalies.reason(ref(2)) is None


async def post(store: engine.Store, card: str, at: float = 0, ts: str = "") -> None:
    lease = await store.leases.take("cards", card, after(at), 60)
    assert lease is not None
    found = await store.cards.get(card)
    assert found is not None
    assert await store.cards.delivered(lease, found.wanted, after(at), ts=ts or f"{after(at).timestamp():.6f}")
    await store.leases.release(lease)


async def test_a_change_makes_a_posted_card_due_and_an_old_one_only_dirty(store: engine.Store) -> None:
    await save(store, anomaly(1), anomaly(2), drafts=drafts(live(1), live(2)))
    await post(store, (await only(store, 1)).id)
    await post(store, (await only(store, 2)).id, at=60)
    week = timedelta(days=7).total_seconds()
    await save(store, archived(1), archived(2), at=week + 30)
    old, young = await only(store, 1), await only(store, 2)
    assert (old.wanted, old.due) == (2, None)
    assert (young.wanted, young.due) == (2, after(week + 30))
    await store.cards.touch([old.id], after(week + 40))
    assert (await only(store, 1)).due == after(week + 40)


async def test_who_did_it_reaches_a_card_that_a_poll_had_brought_up_to_date(store: engine.Store) -> None:
    await save(store, anomaly(1), drafts=drafts(live(1)))
    await post(store, (await only(store)).id)
    await save(store, archived(1), at=5)
    await post(store, (await only(store)).id, at=6, ts=(await only(store)).ts or "")
    wanted = (await only(store)).wanted
    await save(store, archived(1), at=7, entries=[line(1, "archive", after(7))])
    card = await only(store)
    assert (card.wanted, card.due) == (wanted + 1, after(7))


async def test_a_change_does_not_hasten_a_delivery_that_was_put_off(store: engine.Store) -> None:
    await save(store, anomaly(1), drafts=drafts(live(1)))
    await post(store, (await only(store)).id)
    await save(store, anomaly(1, records=1), at=5)
    lease = await store.leases.take("cards", (await only(store)).id, after(5), 60)
    assert lease is not None
    await store.cards.defer(lease, after(35), "ratelimited")
    await save(store, anomaly(1, records=2), at=6)
    card = await only(store)
    assert (card.wanted, card.due) == (3, after(35))


async def fold(store: engine.Store, *idents: object) -> model.Card:
    cards = [card.id for card in await store.cards.waiting() if card.ref in [ref(one) for one in idents]]
    await store.cards.decide(model.Decision("default", None, fold=tuple(cards), group=group()), NOON)
    return next(card for card in await store.cards.of([ref(idents[0])]) if card.kind is model.CardKind.GROUP)


@pytest.mark.parametrize("deleted", [True, False])
async def test_one_that_is_open_again_leaves_its_group_only_when_that_was_deleted(store: engine.Store, deleted: bool) -> None:
    await save(store, anomaly(1), anomaly(2), drafts=drafts(draft(1), draft(2)))
    made = await fold(store, 1, 2)
    await post(store, made.id)
    await save(store, archived(2), at=3)
    if deleted:
        lease = await store.leases.take("cards", made.id, NOON, 60)
        assert lease and await store.cards.end(lease, model.CardState.GONE, model.Reason.MESSAGE_GONE)
    await save(store, anomaly(2), at=4, drafts=drafts(draft(2)))
    assert [card.ref for card in await store.cards.waiting()] == ([ref(2)] if deleted else [])


async def test_a_change_of_a_member_makes_its_group_card_due_not_its_folded_one(store: engine.Store) -> None:
    await save(store, anomaly(1), anomaly(2), drafts=drafts(draft(1), draft(2)))
    made = await fold(store, 1, 2)
    await post(store, made.id)
    await save(store, archived(2), at=3)
    alone, grouped = sorted(await store.cards.of([ref(2)]), key=lambda card: card.kind)
    assert (alone.state, alone.due) == (model.CardState.FOLDED, None)
    assert (grouped.id, grouped.wanted, grouped.due) == (made.id, made.wanted + 1, after(3))


async def test_what_is_closed_before_anybody_saw_it_is_never_posted(store: engine.Store) -> None:
    await save(store, anomaly(1), anomaly(2), drafts=drafts(draft(1), draft(2)))
    await save(store, archived(1), at=1)
    assert [card.ref for card in await store.cards.waiting()] == [ref(2)]
    card = await only(store)
    assert (card.state, card.reason, card.due) == (model.CardState.GONE, model.Reason.CLOSED_BEFORE_POST, None)
    await store.cards.touch([card.id], after(2))
    assert not await store.cards.due(after(9), posted=False)


async def test_what_was_never_posted_waits_again_when_it_is_opened_again(store: engine.Store) -> None:
    await save(store, anomaly(1), drafts=drafts(draft(1)))
    await save(store, archived(1), at=1)
    await save(store, anomaly(1, status="Acknowledged", state=model.State.ACKNOWLEDGED), at=2)
    assert [card.ref for card in await store.cards.waiting()] == [ref(1)]


async def test_two_savers_of_the_same_news_agree(store: engine.Store) -> None:
    """The poll and a click see new anomalies at the same moment: one stores them, both succeed, nothing is doubled."""
    seen = [anomaly(number) for number in range(40)]
    cards = drafts(*(draft(number) for number in range(40)))
    answers = await asyncio.gather(
        *(save(store, *(seen if turn % 2 else reversed(seen)), drafts=cards, cursor="x") for turn in range(6)),
    )
    assert sorted(one.id for answer in answers for one in answer.new) == sorted(str(number) for number in range(40))
    assert len(await store.cards.waiting()) == 40


async def test_two_savers_of_the_same_change_make_one_version(store: engine.Store) -> None:
    await save(store, *(anomaly(number) for number in range(20)))
    answers = await asyncio.gather(*(save(store, *(archived(number) for number in range(20)), at=1) for _ in range(6)))
    assert sum(len(answer.changed) for answer in answers) == 20
    assert {one.version for one in (await store.anomalies.get([ref(number) for number in range(20)])).values()} == {2}


async def test_a_finished_action_is_journalled_with_the_state_and_only_once(store: engine.Store) -> None:
    await save(store, anomaly(1))
    assert await store.journal.begin(making.intent("click-1"), NOON, 0)
    for at in (1, 2):
        acknowledged = anomaly(1, state=model.State.ACKNOWLEDGED)
        await store.records.record(ports.Record(SOURCE, [acknowledged], after(at), after(at), [line(1)], intent="click-1"))
    assert len(await store.journal.history(ref(1))) == 1
    assert not await store.journal.unfinished(after(99))


async def test_without_a_date_its_first_sight_is_its_date_however_often_it_is_read(store: engine.Store) -> None:
    await save(store, anomaly(1, created=after(1), undated=True))
    again = await save(store, anomaly(1, created=after(90), undated=True), at=90)
    assert not again.changed
    assert (await store.anomalies.get([ref(1)]))[ref(1)] == anomaly(1, created=after(1), undated=True, version=1)


async def test_a_date_that_was_told_once_is_kept_when_it_is_not_told_again(store: engine.Store) -> None:
    await save(store, anomaly(1, created=after(-90)))
    assert not (await save(store, anomaly(1, created=after(1), undated=True), at=1)).changed
    await save(store, anomaly(2, created=after(1), undated=True), at=1)
    assert (await save(store, anomaly(2, created=after(-90)), at=2)).changed == [ref(2)], "told at last"
    found = await store.anomalies.get([ref(1), ref(2)])
    assert {(one.created, one.undated) for one in found.values()} == {(after(-90), False)}


async def test_it_is_over_since_it_was_seen_so_first_however_often_it_is_read(store: engine.Store) -> None:
    acked = {"state": model.State.ACKNOWLEDGED, "status": "Acknowledged"}
    await save(store, anomaly(1, **acked))
    assert (await save(store, anomaly(1, **acked, over=after(10)), at=10)).changed == [ref(1)]
    assert not (await save(store, anomaly(1, **acked, over=after(90)), at=90)).changed
    assert (await store.anomalies.get([ref(1)]))[ref(1)].over == after(10)
    assert (await save(store, anomaly(1, **acked), at=91)).changed == [ref(1)], "it goes on"
    await save(store, anomaly(1, **acked, over=after(99)), at=99)
    assert (await store.anomalies.get([ref(1)]))[ref(1)].over == after(99), "and is over again"


async def test_lines_are_kept_when_no_intent_was_recorded(store: engine.Store) -> None:
    await store.records.record(ports.Record(SOURCE, [anomaly(1)], NOON, NOON, [line(1)], intent="never-begun"))
    assert len(await store.journal.history(ref(1))) == 1


async def test_known_is_what_was_saved_of_each_source(store: engine.Store) -> None:
    await store.anomalies.save(ports.Observation(SOURCE, [anomaly(1), archived(2)], read_at=NOON, now=NOON))
    stranger = model.Ref("anodot", "1")
    assert await store.anomalies.known([ref(1), ref(2), ref(3), stranger]) == {ref(1), ref(2)}
    assert await store.anomalies.known([stranger]) == await store.anomalies.known([]) == frozenset()


async def test_newest_leaves_out_what_is_archived(store: engine.Store) -> None:
    await save(store, *(anomaly(number, created=after(number)) for number in range(5)), archived(9, created=after(9)))
    assert [one.ref.id for one in await store.anomalies.newest(SOURCE, 3)] == ["4", "3", "2"]
    assert not await store.anomalies.newest("anodot", 3)


async def test_totals_count_by_source_and_state(store: engine.Store) -> None:
    await save(store, anomaly(1), anomaly(2), archived(3))
    other = replace(anomaly(1), ref=model.Ref("anodot", "1"))
    await store.anomalies.save(ports.Observation("anodot", [other], read_at=NOON, now=NOON))
    assert await store.anomalies.totals() == {
        (SOURCE, model.State.ACTIVE): 2,
        (SOURCE, model.State.ARCHIVED): 1,
        ("anodot", model.State.ACTIVE): 1,
    }


async def test_the_watch_sees_only_what_people_see_and_what_is_not_archived(store: engine.Store) -> None:
    await save(
        store,
        *(anomaly(number, created=after(number)) for number in range(6)),
        drafts=drafts(live(0), draft(1), draft(2), draft(3), live(4)),
    )
    made = await fold(store, 2, 3)
    await save(store, archived(4), at=1)
    assert list(await store.anomalies.watched(SOURCE, 10)) == ["3", "2", "0"]
    lease = await store.leases.take("cards", made.id, NOON, 60)
    assert lease is not None
    assert await store.cards.end(lease, model.CardState.GONE, model.Reason.MESSAGE_GONE)
    assert list(await store.anomalies.watched(SOURCE, 10)) == ["0"]
    await save(store, anomaly(4, created=after(4)), at=2)
    assert list(await store.anomalies.watched(SOURCE, 10)) == ["4", "0"]


async def test_the_watch_goes_round_with_the_clicked_ones_first(store: engine.Store) -> None:
    await save(store, *(anomaly(number, created=after(number)) for number in range(6)), drafts=drafts(*map(live, range(6))))
    await store.cards.touch([(await only(store, 1)).id], after(minutes=-90))
    await store.cards.touch([(await only(store, 2)).id], after(-20))
    await store.cards.touch([(await only(store, 3)).id], after(-10))
    await save(store, anomaly(0, created=after(0), state=model.State.ACKNOWLEDGED), at=-5, entries=[line(0)])
    await store.health.ok(SOURCE, NOON)
    round_: list[str] = []
    while ids := await store.anomalies.watched(SOURCE, 2, round_[-1] if round_ else ""):
        round_ += ids
    assert round_ == ["0", "3", "2", "5", "4", "1"]


async def test_the_watch_begins_anew_behind_a_stranger(store: engine.Store) -> None:
    await save(store, anomaly(1), drafts=drafts(live(1)))
    assert list(await store.anomalies.watched(SOURCE, 5, "deleted-since")) == ["1"]


async def test_more_than_one_statement_takes_is_saved_in_one_transaction(store: engine.Store) -> None:
    number = transactions.CHUNK * 2 + 1
    many = [anomaly(one) for one in range(number)]
    saved = await save(store, *many, drafts=drafts(*map(draft, range(number))))
    assert [one.id for one in saved.new] == [str(one) for one in range(number)]
    assert len(await store.anomalies.get(saved.new)) == number
    assert len(await store.cards.of(saved.new)) == number
    changed = await save(store, *(replace(one, records=1) for one in many), at=1, note=lambda old, new: line(new.ref.id))
    assert len(changed.changed) == number
    assert len(await store.journal.history(ref(number - 1))) == 1


async def test_when_it_began_and_ended_is_told_by_its_row(store: engine.Store) -> None:
    columns = (tables.anomalies.c.started, tables.anomalies.c.ended)
    for at, told in enumerate([(NOON, None), (NOON, after(60))]):
        await save(store, anomaly(1, started=told[0], ended=told[1]), at=at)
        (row,) = await store.db.read(lambda connection: connection.execute(sa.select(*columns)))
        assert tuple(row) == told
