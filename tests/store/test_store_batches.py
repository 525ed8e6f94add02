"""Batches: one change to a frozen set, item by item, of which nothing is lost and nothing done twice."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
import sqlalchemy as sa

from bot import model
from bot.store import engine, work_tables
from tests.store.making import CHANNEL, NOON, after, batch, item, ref, snapshot

TODO, SENT, DONE, ALREADY, REFUSED, DRIFTED = model.Fate
PREVIEW, RUNNING, ENDED, CANCELLED = model.BatchState


async def started(store: engine.Store, items: Sequence[model.Item], ident: str = "b1", **values: object) -> model.Lease:
    """A batch that runs, and the lease on it."""
    await store.batches.create(batch(ident, len(items), **values), items)
    assert await store.batches.confirm(ident, NOON)
    lease = await store.leases.take("batches", ident, NOON, 60)
    assert lease is not None
    return lease


async def finished(store: engine.Store, ident: str, at: float, **values: object) -> None:
    lease = await started(store, [item(1)], ident, **values)
    assert await store.batches.finish(lease, after(at))


async def state(store: engine.Store, ident: str = "b1") -> model.BatchState:
    found = await store.batches.get(ident)
    assert found is not None
    return found.state


async def fates(store: engine.Store, ident: str = "b1") -> list[tuple[str, model.Fate]]:
    return [(one.ref.id, one.fate) for one in await store.batches.items(ident)]


# --- made and read ----------------------------------------------------------------------------------------------------------


FULL = model.Change(model.Action.TAG, "Duplicate", ("7", "8"), ("incident",), ("old",), 'Investigating "INC-987" <b>', "by Dana via Slack")


async def test_a_batch_and_its_items_are_read_as_they_were_made(store: engine.Store) -> None:
    whole = batch("b1", 3, change=FULL, state=RUNNING, confirmed=after(1), finished=after(2), undo_of="b0", undone_by="b2", words="tag:“é”")
    items = [
        item(
            3,
            ALREADY,
            before=snapshot(
                state=model.State.ARCHIVED,
                status="Invalid",
                archived_as="Invalid",
                assignees=("7",),
                tags=("pii", "x"),
                description="4,210 rows",
            ),
            after=snapshot(assignees=("8", "9")),
            change=FULL,
            reason="It is archived already.",
            right="Editor",
        ),
        model.Item(model.Ref("anodot", "2af8"), snapshot(), change=model.Change(model.Action.ASSIGN, assignees=())),
        item(1),
    ]
    await store.batches.create(whole, items)
    assert await store.batches.get("b1") == whole
    assert await store.batches.items("b1") == items
    assert await store.batches.get("b0") is None and await store.batches.items("b0") == []


@pytest.mark.parametrize(
    ("announced", "items", "fault"),
    [(2, [item(1)], "2 announced, 1 given"), (2, [item(7), item(7)], "twice in it: qualytics:7")],
)
async def test_a_set_that_cannot_be_right_is_refused_whole(
    store: engine.Store, announced: int, items: Sequence[model.Item], fault: str
) -> None:
    with pytest.raises(ValueError, match=fault):
        await store.batches.create(batch("b1", announced), items)
    assert await store.batches.get("b1") is None


async def test_the_same_id_of_two_sources_are_two_items(store: engine.Store) -> None:
    both = [item(1), model.Item(model.Ref("anodot", "1"), snapshot())]
    lease = await started(store, both)
    assert await store.batches.settle(lease, [item(1, DONE)], after(1))
    assert [one.fate for one in await store.batches.items("b1")] == [DONE, TODO]


async def test_a_batch_is_made_once(store: engine.Store) -> None:
    await store.batches.create(batch("b1", 1), [item(1)])
    with pytest.raises(ValueError, match="b1 exists already"):
        await store.batches.create(batch("b1", 2), [item(2), item(3)])
    assert await fates(store) == [("1", TODO)]


async def test_ten_thousand_items_keep_their_order_from_page_to_page(store: engine.Store) -> None:
    order = [(number * 7919) % 10_000 for number in range(10_000)]
    lease = await started(store, [item(number) for number in order])
    pages = [await store.batches.items("b1", offset=offset, limit=3000) for offset in range(0, 12_000, 3000)]
    assert [len(page) for page in pages] == [3000, 3000, 3000, 1000]
    assert [int(one.ref.id) for page in pages for one in page] == order
    assert [int(one.ref.id) for one in await store.batches.next("b1", 100)] == order[:100]
    assert await store.batches.settle(lease, [item(number, DONE) for number in order[:1200]], after(1))
    assert (await store.batches.progress("b1")).counts == {DONE: 1200, TODO: 8800}
    assert [int(one.ref.id) for one in await store.batches.next("b1", 2)] == order[1200:1202]


async def test_items_are_chosen_by_fate_in_their_order(store: engine.Store) -> None:
    given = [item(5, DONE), item(4, REFUSED), item(3, TODO), item(2, DONE), item(1, DRIFTED)]
    await store.batches.create(batch("b1", 5), given)

    async def ids(*wanted: model.Fate, offset: int = 0, limit: int = 1000) -> list[str]:
        return [one.ref.id for one in await store.batches.items("b1", wanted, offset=offset, limit=limit)]

    assert await ids(DONE) == ["5", "2"]
    assert await ids(DRIFTED, REFUSED, DONE) == ["5", "4", "2", "1"]
    assert await ids(DRIFTED, REFUSED, DONE, offset=1, limit=2) == ["4", "2"]
    assert await ids(SENT) == []


async def test_items_are_chosen_by_their_anomalies_in_their_order(store: engine.Store) -> None:
    elsewhere = model.Item(model.Ref("anodot", "2"), snapshot(), DONE)
    await store.batches.create(batch("b1", 4), [item(3, DONE), item(2, DONE), elsewhere, item(1, TODO)])
    await store.batches.create(batch("b2", 1), [item(2, DONE)])
    assert await store.batches.items("b1", (DONE,), of=[ref(1), ref(2), ref(3), ref(4)]) == [item(3, DONE), item(2, DONE)]
    assert await store.batches.items("b1", of=[ref(1), elsewhere.ref]) == [elsewhere, item(1, TODO)]


# --- confirmed, cancelled ---------------------------------------------------------------------------------------------------


async def test_of_many_confirms_at_once_one_wins(store: engine.Store) -> None:
    await store.batches.create(batch("b1", 1), [item(1)])
    assert sorted(await asyncio.gather(*(store.batches.confirm("b1", after(number)) for number in range(8)))) == [False] * 7 + [True]
    found = await store.batches.get("b1")
    assert found is not None and found.state is RUNNING and found.confirmed is not None and found.finished is None
    assert not await store.batches.confirm("b1", after(99))
    assert await store.batches.get("b1") == found


async def test_either_confirm_or_cancel_wins(store: engine.Store) -> None:
    for number in range(6):
        ident = f"b{number}"
        await store.batches.create(batch(ident, 1), [item(1)])
        confirmed, cancelled = await asyncio.gather(store.batches.confirm(ident, NOON), store.batches.cancel(ident, NOON))
        assert confirmed is not cancelled
        assert await state(store, ident) is (RUNNING if confirmed else CANCELLED)


async def test_what_was_cancelled_never_runs(store: engine.Store) -> None:
    await store.batches.create(batch("b1", 1), [item(1)])
    assert await store.batches.cancel("b1", after(1))
    assert not await store.batches.cancel("b1", after(2)) and not await store.batches.confirm("b1", after(2))
    assert await store.batches.get("b1") == batch("b1", 1, state=CANCELLED, finished=after(1))
    assert await store.batches.runnable(after(9)) == []


async def test_what_does_not_exist_is_neither_confirmed_nor_cancelled(store: engine.Store) -> None:
    assert not await store.batches.confirm("b1", NOON) and not await store.batches.cancel("b1", NOON)


# --- run --------------------------------------------------------------------------------------------------------------------


async def test_what_runs_and_is_not_held_is_runnable_the_first_confirmed_first(store: engine.Store) -> None:
    for ident in ("b1", "b2", "b3", "b4"):
        await store.batches.create(batch(ident, 1), [item(1)])
    for second, ident in enumerate(("b3", "b1", "b2")):
        assert await store.batches.confirm(ident, after(second))
    assert await store.batches.runnable(after(9)) == ["b3", "b1", "b2"]
    lease = await store.leases.take("batches", "b1", after(9), 60)
    assert lease is not None
    assert await store.batches.runnable(after(9)) == ["b3", "b2"]
    await store.leases.release(lease)
    assert await store.batches.runnable(after(9)) == ["b3", "b1", "b2"]


async def test_after_a_crash_the_claim_ends_and_the_successor_looks_up_what_was_sent(store: engine.Store) -> None:
    lease = await started(store, [item(1), item(2), item(3), item(4)])
    assert await store.batches.settle(lease, [item(2, SENT), item(3, SENT)], after(1))
    assert await store.batches.settle(lease, [item(2, DONE, after=snapshot(status="Invalid"))], after(2))
    assert await store.batches.runnable(after(59.9)) == []
    assert await store.batches.runnable(after(60)) == ["b1"]
    successor = await store.leases.take("batches", "b1", after(60), 60)
    assert successor is not None
    assert [(one.ref.id, one.fate) for one in await store.batches.next("b1", 10)] == [("3", SENT), ("1", TODO), ("4", TODO)]


async def test_next_gives_what_was_sent_first_and_no_more_than_asked(store: engine.Store) -> None:
    given = [item(9), item(8, SENT), item(7, DONE), item(6), item(5, SENT), item(4, REFUSED), item(3, ALREADY), item(2, DRIFTED), item(1)]
    await store.batches.create(batch("b1", 9), given)
    await store.batches.create(batch("b2", 1), [item(99, SENT)])

    async def ids(limit: int) -> list[str]:
        return [one.ref.id for one in await store.batches.next("b1", limit)]

    assert await ids(100) == ["8", "5", "9", "6", "1"]
    assert await ids(3) == ["8", "5", "9"]
    assert await ids(2) == ["8", "5"]
    assert await ids(1) == ["8"]


async def test_settling_stores_what_became_of_them_and_nothing_else(store: engine.Store) -> None:
    kept = snapshot(status="Acknowledged", state=model.State.ACKNOWLEDGED, tags=("pii",))
    lease = await started(store, [item(1, before=kept, change=FULL), item(2), item(3)])
    told = item(
        1, REFUSED, before=snapshot(), after=snapshot(tags=("x",)), reason="No right here.", right="Editor", place="finance", table="else"
    )
    assert await store.batches.settle(lease, [told, item(77, DONE)], after(1))
    assert await store.batches.items("b1") == [
        item(
            1,
            REFUSED,
            before=kept,
            change=FULL,
            after=snapshot(tags=("x",)),
            reason="No right here.",
            right="Editor",
            place="finance",
            table="orders",
        ),
        item(2),
        item(3),
    ]


async def test_settling_touches_its_own_batch_alone(store: engine.Store) -> None:
    lease = await started(store, [item(1)])
    await started(store, [item(1)], "b2")
    assert await store.batches.settle(lease, [item(1, DONE)], after(1))
    assert await fates(store, "b2") == [("1", TODO)]


async def test_marking_as_sent_touches_these_items_of_this_batch_alone(store: engine.Store) -> None:
    elsewhere = model.Item(model.Ref("anodot", "1"), snapshot(), place="finance", table="spend")
    lease = await started(store, [item(1), elsewhere, item(2), item(3, DONE, after=snapshot(status="Invalid"))])
    await started(store, [item(1)], "b2")
    assert await store.batches.settle(lease, [item(1, SENT), item(3, SENT), item(77, SENT)], after(1))
    assert await store.batches.items("b1") == [item(1, SENT), elsewhere, item(2), item(3, DONE, after=snapshot(status="Invalid"))]
    assert await fates(store, "b2") == [("1", TODO)]


@pytest.mark.parametrize("final", [DONE, ALREADY, REFUSED, DRIFTED])
async def test_what_is_settled_for_good_is_never_set_back(store: engine.Store, final: model.Fate) -> None:
    lease = await started(store, [item(1), item(2)])
    assert await store.batches.settle(lease, [item(1, final, reason="so", after=snapshot())], after(1))
    for fate in model.Fate:
        assert await store.batches.settle(lease, [item(1, fate, reason="else"), item(2, fate)], after(2))
    assert (await store.batches.items("b1"))[0] == item(1, final, reason="so", after=snapshot())


async def test_what_was_sent_and_proved_not_done_may_have_its_turn_again(store: engine.Store) -> None:
    lease = await started(store, [item(1)])
    for fate in (SENT, TODO, SENT, REFUSED):
        assert await store.batches.settle(lease, [item(1, fate)], after(1))
        assert await fates(store) == [("1", fate)]


async def test_a_claim_that_has_passed_on_settles_and_finishes_nothing(store: engine.Store) -> None:
    stale = await started(store, [item(1)])
    owner = await store.leases.take("batches", "b1", after(60), 60)
    assert owner is not None
    assert not await store.batches.settle(stale, [item(1, DONE)], after(61))
    assert not await store.batches.finish(stale, after(61))
    assert await fates(store) == [("1", TODO)] and await state(store) is RUNNING
    assert await store.batches.runnable(after(119.9)) == [] and await store.batches.runnable(after(120)) == ["b1"]
    assert await store.batches.settle(owner, [item(1, SENT)], after(62)) and await store.batches.finish(owner, after(63))


async def test_a_slow_settling_and_a_taker_never_both_own_it(store: engine.Store) -> None:
    """The lease has run out, but nobody took it: what is settled is settled before somebody does, and nothing afterwards."""
    for number in range(8):
        ident = f"b{number}"
        lease = await started(store, [item(1)], ident)
        settled, taken = await asyncio.gather(
            store.batches.settle(lease, [item(1, DONE)], after(60)), store.leases.take("batches", ident, after(60), 60)
        )
        assert taken is not None and await fates(store, ident) == [("1", DONE if settled else TODO)]
        assert not await store.batches.settle(lease, [item(1, REFUSED)], after(61))


async def test_a_preview_changes_nothing_even_for_who_holds_it(store: engine.Store) -> None:
    await store.batches.create(batch("b1", 1), [item(1)])
    lease = await store.leases.take("batches", "b1", NOON, 60)
    assert lease is not None
    assert not await store.batches.settle(lease, [item(1, DONE)], after(1)) and not await store.batches.finish(lease, after(1))
    assert await fates(store) == [("1", TODO)] and await state(store) is PREVIEW


# --- finished, taken back ---------------------------------------------------------------------------------------------------


async def test_a_finished_batch_is_over(store: engine.Store) -> None:
    lease = await started(store, [item(1)])
    assert await store.batches.finish(lease, after(5))
    assert await store.batches.get("b1") == batch("b1", 1, state=ENDED, confirmed=NOON, finished=after(5))
    assert not await store.batches.finish(lease, after(6)) and not await store.batches.settle(lease, [item(1, DONE)], after(6))
    assert await store.batches.runnable(after(999)) == [] and not await store.batches.cancel("b1", after(7))
    assert await fates(store) == [("1", TODO)]


async def test_a_finished_undo_marks_the_batch_that_it_took_back_and_no_other(store: engine.Store) -> None:
    await finished(store, "b1", 5)
    await finished(store, "b2", 6)
    lease = await started(store, [item(1)], "u1", undo_of="b1")
    before = await store.batches.get("b1")
    assert before is not None and before.undone_by == ""
    assert await store.batches.finish(lease, after(7))
    marks = {ident: (await store.batches.get(ident)) for ident in ("b1", "b2", "u1")}
    assert {ident: found.undone_by for ident, found in marks.items() if found} == {"b1": "u1", "b2": "", "u1": ""}
    await finished(store, "u2", 8, undo_of="b1")
    again = await store.batches.get("b1")
    assert again is not None and again.undone_by == "u1"


async def test_a_lost_claim_marks_nothing_as_taken_back(store: engine.Store) -> None:
    await finished(store, "b1", 5)
    stale = await started(store, [item(1)], "u1", undo_of="b1")
    assert await store.leases.take("batches", "u1", after(60), 60) is not None
    assert not await store.batches.finish(stale, after(61))
    found = await store.batches.get("b1")
    assert found is not None and found.undone_by == ""


async def test_the_latest_is_what_undo_without_a_name_means(store: engine.Store) -> None:
    async def latest(actor: str = "U1", since: float = 0) -> str:
        found = await store.batches.latest(actor, after(since))
        return found.id if found else ""

    assert await latest() == ""
    await finished(store, "b2", 10)
    await finished(store, "b1", 20)
    await finished(store, "other", 30, actor="U2")
    await started(store, [item(1)], "running")
    await store.batches.create(batch("preview", 1), [item(1)])
    await store.batches.create(batch("cancelled", 1), [item(1)])
    assert await store.batches.cancel("cancelled", after(40))
    assert (await latest(), await latest("U2"), await latest("U3")) == ("b1", "other", "")
    assert (await latest(since=19.9), await latest(since=20)) == ("b1", "")
    await finished(store, "u1", 50, undo_of="b1")
    assert await latest() == "b2"
    await finished(store, "u2", 60, undo_of="b2")
    assert await latest() == ""


# --- told -------------------------------------------------------------------------------------------------------------------


async def test_progress_counts_all_fates_and_groups_why_not(store: engine.Store) -> None:
    right = {"reason": "The token may not write here.", "right": "Editor", "place": "finance"}
    given = [
        item(12, REFUSED, reason="Gone."),
        item(11, REFUSED, **(right | {"place": "sales"})),
        *(item(number, REFUSED, **right) for number in (30, 20, 10)),
        item(13, REFUSED, **(right | {"right": "Author"})),
        item(40, ALREADY, reason="Gone."),
        item(41, ALREADY, reason="Gone."),
        item(42, DRIFTED, reason="Lee archived it."),
        item(43, DONE, reason="Its comment stays."),
        item(47, DONE),
        item(44),
        item(45),
        item(46, SENT),
        item(14, REFUSED, reason="Gone.", place="sales"),
    ]
    await store.batches.create(batch("b1", len(given)), given)
    await store.batches.create(batch("b2", 1), [item(12, REFUSED, reason="Gone.")])
    progress = await store.batches.progress("b1", sample=2)
    assert progress.counts == {REFUSED: 7, ALREADY: 2, DRIFTED: 1, DONE: 2, TODO: 2, SENT: 1}
    assert list(progress.refusals) == [
        model.Refusals(REFUSED, right["reason"], "Editor", ("finance", "sales"), 4, (ref(11), ref(30))),
        model.Refusals(REFUSED, "Gone.", "", (), 2, (ref(12), ref(14))),
        model.Refusals(ALREADY, "Gone.", "", (), 2, (ref(40), ref(41))),
        model.Refusals(REFUSED, right["reason"], "Author", ("finance",), 1, (ref(13),)),
        model.Refusals(DRIFTED, "Lee archived it.", "", (), 1, (ref(42),)),
        model.Refusals(DONE, "Its comment stays.", "", (), 1, (ref(43),)),
    ]
    bare = await store.batches.progress("b1", sample=0)
    assert [(one.count, one.refs) for one in bare.refusals] == [(4, ()), (2, ()), (2, ()), *((1, ()) for _ in range(3))]


async def test_progress_of_a_fresh_batch_has_no_refusals_and_counts_nothing_as_done(store: engine.Store) -> None:
    await store.batches.create(batch("b1", 2), [item(1), item(2)])
    progress = await store.batches.progress("b1")
    assert progress == model.Progress({TODO: 2}, []) and progress.counts[DONE] == 0
    assert (await store.batches.progress("nobody")) == model.Progress({}, [])


async def test_the_share_of_each_system_is_counted_in_the_order_of_the_items(store: engine.Store) -> None:
    theirs = [replace(item(number, fate), ref=model.Ref("anomify", str(number))) for number, fate in ((4, DONE), (5, REFUSED))]
    await store.batches.create(batch("b1", 5), [item(1), theirs[0], item(2, DONE), item(3, DONE), theirs[1]])
    await store.batches.create(batch("b2", 1), [item(1)])
    shares = await store.batches.shares("b1")
    assert [(name, dict(counts)) for name, counts in shares.items()] == [
        ("qualytics", {TODO: 1, DONE: 2}),
        ("anomify", {DONE: 1, REFUSED: 1}),
    ]
    assert shares["anomify"][TODO] == 0 and await store.batches.shares("nobody") == {}


async def test_what_was_done_is_counted_by_how_bad_it_is_and_by_how_it_was_left(store: engine.Store) -> None:
    assert await store.batches.afterwards("nobody") == model.Afterwards([], [])
    severe = [snapshot(severity=one) for one in (model.Severity.HIGH, model.Severity.CRITICAL, model.Severity.HIGH, None)]
    left = [snapshot(status=word, state=model.State.ACKNOWLEDGED) for word in ("Acknowledged", "Active", "Acknowledged", "Acknowledged")]
    done = [item(number, DONE, before=before, after=after) for number, (before, after) in enumerate(zip(severe, left, strict=True))]
    await store.batches.create(batch("b1", 6), [*done, item(5, DONE), item(6, REFUSED, before=severe[0], after=left[0])])
    assert await store.batches.afterwards("b1") == model.Afterwards(
        severities=[(model.Severity.CRITICAL, 1), (model.Severity.HIGH, 2)],
        statuses=[("Acknowledged", 3), ("", 1), ("Active", 1)],
    )


# --- forgotten --------------------------------------------------------------------------------------------------------------


async def test_old_previews_are_forgotten_with_their_items_and_nothing_else(store: engine.Store) -> None:
    for ident, made in (("old", 0), ("cancelled", 1), ("running", 2), ("done", 3), ("edge", 10), ("young", 11)):
        await store.batches.create(batch(ident, 2, created=after(made), channel=CHANNEL), [item(1), item(2)])
    assert await store.batches.cancel("cancelled", after(9))
    assert await store.batches.confirm("running", after(9)) and await store.batches.confirm("done", after(9))
    lease = await store.leases.take("batches", "done", after(9), 60)
    assert lease is not None and await store.batches.finish(lease, after(9))
    assert await store.batches.sweep(after(10)) == 2
    for ident, kept in {"old": 0, "cancelled": 0, "running": 2, "done": 2, "edge": 2, "young": 2}.items():
        assert len(await store.batches.items(ident)) == kept, ident
        assert (await store.batches.get(ident) is not None) is bool(kept), ident
    assert await store.batches.sweep(after(10)) == 0


async def test_what_is_confirmed_at_the_last_moment_is_not_forgotten(store: engine.Store) -> None:
    for number in range(8):
        ident = f"b{number}"
        await store.batches.create(batch(ident, 1), [item(1)])
        confirmed, forgotten = await asyncio.gather(store.batches.confirm(ident, after(1)), store.batches.sweep(after(1)))
        assert (confirmed, forgotten) in {(True, 0), (False, 1)}
        assert len(await store.batches.items(ident)) == int(confirmed)


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_a_sweep_waits_for_a_confirm_that_is_on_its_way(store: engine.Store) -> None:
    """SQLite has one writer; here the sweep finds the preview, and its confirmation is committed after that."""
    await store.batches.create(batch("b1", 1), [item(1)])
    async with store.db.writer.connect() as confirming, store.db.reader.connect() as watching:
        await confirming.execute(sa.update(work_tables.batches).values(state=RUNNING.value, confirmed=NOON))
        sweep = asyncio.create_task(store.batches.sweep(after(1)))
        while not await watching.scalar(sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
            assert not sweep.done()
        await confirming.commit()
        assert await sweep == 0
    assert await state(store) is RUNNING and await fates(store) == [("1", TODO)]
