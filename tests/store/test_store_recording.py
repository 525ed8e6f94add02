"""The one transaction that writes down what we changed, and what others may not tell meanwhile."""

from __future__ import annotations

from collections.abc import Sequence

from bot import model, ports
from bot.core import transitions
from bot.store import engine
from tests.store.making import NOON, SOURCE, after, anomaly, batch, intent, item, line, ref

ACKNOWLEDGED = {"state": model.State.ACKNOWLEDGED, "status": "Acknowledged"}
DONE, SENT, TODO = model.Fate.DONE, model.Fate.SENT, model.Fate.TODO


def elsewhere(old: model.Anomaly, new: model.Anomaly) -> model.Entry | None:
    return transitions.elsewhere(old, new, "Qualytics", after(9))


async def seen(store: engine.Store, *anomalies: model.Anomaly, at: float, own: str = "") -> model.Ingested:
    """A poll, or the first look of a click (`own`)."""
    return await store.anomalies.save(ports.Observation(SOURCE, anomalies, read_at=after(at), now=after(at), note=elsewhere, own=own))


async def told(store: engine.Store, ident: object) -> Sequence[str]:
    return [f"{one.action} {one.via}" for one in reversed(await store.journal.history(ref(ident)))]


async def running(store: engine.Store, *items: model.Item) -> model.Lease:
    await store.batches.create(batch("b1", len(items)), items)
    assert await store.batches.confirm("b1", NOON)
    lease = await store.leases.take("batches", "b1", NOON, 60)
    assert lease is not None
    return lease


async def test_a_poll_leaves_what_an_intent_is_about_and_its_record_tells_it(store: engine.Store) -> None:
    await seen(store, anomaly(1), anomaly(2), at=0)
    await store.journal.begin(intent("k", 1), after(1), 60)
    await seen(store, anomaly(1, **ACKNOWLEDGED), anomaly(2, **ACKNOWLEDGED), at=2)
    found = await store.anomalies.get([ref(1), ref(2)])
    assert [found[ref(one)].status for one in (1, 2)] == ["Active", "Acknowledged"]
    assert await told(store, 1) == [] and await told(store, 2) == ["acknowledge Qualytics"]
    mine = ports.Record(SOURCE, [anomaly(1, **ACKNOWLEDGED)], after(3), after(3), [line(1, at=after(3))], intent="k")
    assert await store.records.record(mine)
    assert (await store.anomalies.get([ref(1)]))[ref(1)].status == "Acknowledged" and await told(store, 1) == ["acknowledge slack"]
    await seen(store, anomaly(1), at=4)
    assert await told(store, 1) == ["acknowledge slack", "unacknowledge Qualytics"]


async def test_the_first_look_of_a_click_is_not_hindered_by_its_own_intent(store: engine.Store) -> None:
    await seen(store, anomaly(1), at=0)
    await store.journal.begin(intent("k", 1), after(1), 60)
    await seen(store, anomaly(1, **ACKNOWLEDGED), at=2, own="k")
    assert await told(store, 1) == ["acknowledge Qualytics"]


async def test_a_poll_leaves_what_a_running_batch_has_sent(store: engine.Store) -> None:
    await seen(store, anomaly(1), anomaly(2), at=0)
    lease = await running(store, item(1), item(2))
    assert await store.batches.settle(lease, [item(1, SENT)], after(1))
    both = [anomaly(one, **ACKNOWLEDGED) for one in (1, 2)]
    await seen(store, *both, at=2)
    assert await told(store, 1) == [] and await told(store, 2) == ["acknowledge Qualytics"]
    record = ports.Record(SOURCE, both[:1], after(3), after(3), [line(1, at=after(3))], lease=lease, items=[item(1, DONE)])
    assert await store.records.record(record)
    assert await told(store, 1) == ["acknowledge slack"]
    assert [one.fate for one in await store.batches.items("b1")] == [DONE, TODO]


async def test_of_a_lost_claim_nothing_is_recorded(store: engine.Store) -> None:
    await seen(store, anomaly(1), at=0)
    lease = await running(store, item(1))
    assert await store.leases.take("batches", "b1", after(61), 60)
    remark = ports.Remark("r", ref(1), "x", NOON)
    record = ports.Record(
        SOURCE, [anomaly(1, **ACKNOWLEDGED)], after(3), after(3), [line(1)], remarks=[remark], lease=lease, items=[item(1, DONE)]
    )
    assert not await store.records.record(record)
    assert await told(store, 1) == [] and (await store.anomalies.get([ref(1)]))[ref(1)].status == "Active"
    assert [one.fate for one in await store.batches.items("b1")] == [TODO] and await store.remarks.due(after(99)) == []


async def test_what_is_not_known_stays_so_unless_it_is_adopted(store: engine.Store) -> None:
    for adopting in (False, True):
        await store.records.record(ports.Record(SOURCE, [anomaly(1)], NOON, NOON, [line(1)], adopting=adopting))
        assert (ref(1) in await store.anomalies.known([ref(1)])) is adopting
    assert await told(store, 1) == ["acknowledge slack"] * 2


async def test_a_record_does_not_tell_what_another_action_is_about(store: engine.Store) -> None:
    await seen(store, anomaly(1), at=0)
    await store.journal.begin(intent("k", 1), after(1), 60)
    await store.journal.begin(intent("other", 1), after(1), 60)
    record = ports.Record(SOURCE, [anomaly(1, **ACKNOWLEDGED)], after(3), after(3), note=elsewhere, intent="k")
    await store.records.record(record)
    assert await told(store, 1) == []


async def test_what_was_stored_as_it_was_before_our_change_is_not_told_as_somebody_elses(store: engine.Store) -> None:
    await store.records.record(ports.Record(SOURCE, [], after(3), after(3), [line(1, at=after(3))]))
    await seen(store, anomaly(1), at=2)
    await seen(store, anomaly(1, **ACKNOWLEDGED), at=4)
    assert await told(store, 1) == ["acknowledge slack"]
    await seen(store, anomaly(1), at=5)
    assert await told(store, 1) == ["acknowledge slack", "unacknowledge Qualytics"]


async def test_a_remark_is_kept_once_until_it_is_settled(store: engine.Store) -> None:
    remark = ports.Remark("k", ref(1), "Acknowledged by Dana via Slack.", NOON)
    for _ in range(2):
        await store.records.record(ports.Record(SOURCE, [], NOON, NOON, remarks=[remark]))
    assert await store.remarks.due(NOON) == [remark] and await store.remarks.due(after(-1)) == []
    lease = await store.remarks.take(remark, after(1), 60)
    assert lease is not None and await store.remarks.due(after(60)) == []
    assert await store.remarks.take(remark, after(2), 60) is None and await store.remarks.later(lease, after(100))
    await store.leases.release(lease)
    assert await store.remarks.due(after(99)) == []
    (waiting,) = await store.remarks.due(after(100))
    assert (waiting.asked, waiting.tries) == (after(1), 1)
    assert not await store.remarks.settle(lease)
    lease = await store.remarks.take(waiting, after(100), 60)
    assert lease is not None and await store.remarks.settle(lease) and await store.remarks.due(after(999)) == []
    assert await store.leases.take("remarks", "k", after(100), 60) is not None, "it was given back"


TAKEN = model.Change(model.Action.ACKNOWLEDGE, assignees=("12",), taking=True)


async def test_an_intent_is_marked_as_sent_once(store: engine.Store) -> None:
    own, _ = await store.journal.begin(intent("k", 1), NOON, 60)
    for at in (1, 2):
        assert await store.journal.sent(own, TAKEN, after(at))
    one = await store.journal.open("k")
    assert one is not None and (one.sent, one.change) == (after(1), TAKEN), "with what it comes to"


async def test_an_intent_that_is_another_ones_or_over_is_not_marked_as_sent(store: engine.Store) -> None:
    old, _ = await store.journal.begin(intent("k", 1), NOON, 5)
    new = await store.leases.take("intents", "k", after(5), 60)
    assert new is not None and not await store.journal.sent(old, TAKEN, after(6))
    one = await store.journal.open("k")
    assert one is not None and one.sent is None and one.change != TAKEN
    await store.journal.finish("k", [], after(7))
    assert not await store.journal.sent(new, TAKEN, after(8)) and await store.journal.open("k") is None


async def test_who_ends_an_intent_second_leaves_no_comment_and_keeps_nothing(store: engine.Store) -> None:
    await store.journal.begin(intent("k", 1), NOON, 60)
    await store.journal.finish("k", [], NOON)
    remark = ports.Remark("k", ref(1), "Acknowledged by Dana via Slack.", NOON)
    mine = model.Overlay(ref(1), state=model.State.ACKNOWLEDGED, actor="U1", at=NOON)
    await store.records.record(ports.Record(SOURCE, [], NOON, NOON, [line(1)], remarks=[remark], intent="k", kept=[mine]))
    assert await store.remarks.due(after(9)) == [] and await store.journal.history(ref(1)) == []
    assert not await store.overlays.get(SOURCE, ["1"])


async def test_a_comment_is_not_asked_for_by_who_read_it_before_it_was_tried(store: engine.Store) -> None:
    remark = ports.Remark("k", ref(1), "Acknowledged by Dana via Slack.", NOON)
    await store.records.record(ports.Record(SOURCE, [], NOON, NOON, remarks=[remark]))
    lease = await store.remarks.take(remark, NOON, 60)
    assert lease is not None
    await store.leases.release(lease)
    assert await store.remarks.take(remark, after(1), 60) is None
    (tried,) = await store.remarks.due(after(1))
    assert tried.tries == 1 and await store.remarks.take(tried, after(2), 60) is not None
