"""Touches: when a card is due after somebody wanted it shown anew, now or in a while."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot import model, ports
from bot.store import engine
from tests.store.making import CHANNEL, NOON, SOURCE, after, anomaly, drafts, live, ref

REPORT = model.CardDraft(
    model.CardKind.SCAN, CHANNEL, "o1", payload={"operation": "o1"}, state=model.CardState.LIVE, reason=model.Reason.REPORT
)


async def shown(store: engine.Store, key: str = "o1") -> str:
    """The id of a card that was posted at noon and shows what is wanted."""
    card = await store.cards.put(replace(REPORT, key=key), NOON)
    lease = await store.leases.take("cards", card.id, NOON, 30)
    assert lease is not None and await store.cards.delivered(lease, 1, NOON, ts=f"1772452800.{len(key):06}")
    await store.leases.release(lease)
    return card.id


async def due(store: engine.Store, at: float) -> list[str]:
    return [card.id for card in await store.cards.due(after(at), posted=True)]


async def test_a_touch_for_later_makes_a_card_due_then_and_not_before(store: engine.Store) -> None:
    card = await shown(store)
    await store.cards.touch([card], after(15))
    found = await store.cards.get(card)
    assert found is not None and (found.wanted, found.delivered, found.due) == (2, 1, after(15))
    assert not await due(store, 14.9) and await due(store, 15) == [card]
    assert (await store.cards.backlog(after(14))).oldest_seconds == 0.0
    assert (await store.cards.backlog(after(25))).oldest_seconds == pytest.approx(10)


@pytest.mark.parametrize(("touches", "moment"), [((5, 15), 5), ((15, 5), 5), ((15, 10, 20), 10), ((5, 5), 5)])
async def test_the_earliest_of_several_moments_counts(store: engine.Store, touches: tuple[int, ...], moment: int) -> None:
    card = await shown(store)
    for at in touches:
        await store.cards.touch([card], after(at))
    found = await store.cards.get(card)
    assert found is not None and (found.wanted, found.due) == (1 + len(touches), after(moment))
    assert not await due(store, moment - 0.1) and await due(store, moment) == [card]
    assert (await store.cards.backlog(after(30))).oldest_seconds == pytest.approx(30 - moment)


async def test_each_card_of_a_touch_keeps_its_own_earlier_moment(store: engine.Store) -> None:
    soon, idle = await shown(store), await shown(store, "o10")
    await store.cards.touch([soon], after(5))
    await store.cards.touch([soon, idle], after(15))
    assert await due(store, 5) == [soon] and sorted(await due(store, 15)) == sorted([soon, idle])


async def test_a_touch_for_later_does_not_hold_up_a_first_post(store: engine.Store) -> None:
    card = await store.cards.put(REPORT, NOON)
    await store.cards.touch([card.id], after(15))
    assert [one.id for one in await store.cards.due(NOON, posted=False)] == [card.id]


async def test_a_click_does_not_wait_for_what_was_put_off(store: engine.Store) -> None:
    card = await shown(store)
    await store.cards.touch([card], after(1))
    lease = await store.leases.take("cards", card, after(1), 1)
    assert lease is not None and await store.cards.defer(lease, after(60), "ratelimited")
    await store.cards.touch([card], after(30))
    assert not await due(store, 29) and await due(store, 30) == [card]


async def test_stirring_hurries_nothing_and_keeps_a_moment_that_is_set(store: engine.Store) -> None:
    stirred, clicked = await shown(store), await shown(store, "o10")
    await store.cards.touch([clicked], after(15))
    await store.cards.stir(stirred, after(15))
    await store.cards.stir(stirred, after(5))
    await store.cards.stir(clicked, after(5))
    assert not await due(store, 14.9) and await due(store, 15) == [clicked, stirred]
    found = await store.cards.get(stirred)
    assert found is not None and (found.wanted, found.delivered) == (3, 1)


async def test_an_ended_card_is_not_stirred(store: engine.Store) -> None:
    card = await shown(store)
    lease = await store.leases.take("cards", card, NOON, 30)
    assert lease is not None and await store.cards.end(lease, model.CardState.GONE, model.Reason.MESSAGE_GONE)
    await store.leases.release(lease)
    await store.cards.stir(card, after(5))
    assert not await due(store, 99)


async def lag(store: engine.Store, at: float) -> float:
    return (await store.cards.backlog(after(at))).oldest_seconds


async def test_what_changes_before_the_moment_to_come_lags_from_then(store: engine.Store) -> None:
    card = await shown(store)
    await store.cards.touch([card], after(50))
    await store.cards.put(replace(REPORT, payload={"operation": "o2"}), after(10))
    assert await due(store, 10) == [card] and await lag(store, 20) == pytest.approx(10)


async def test_a_change_seen_elsewhere_before_the_moment_to_come_lags_from_then(store: engine.Store) -> None:
    await store.anomalies.save(ports.Observation(SOURCE, [anomaly(1)], read_at=NOON, now=NOON, drafts=drafts(live(1))))
    (card,) = await store.cards.of([ref(1)])
    lease = await store.leases.take("cards", card.id, NOON, 30)
    assert lease is not None and await store.cards.delivered(lease, 1, NOON, ts="1772452800.000100")
    await store.leases.release(lease)
    await store.cards.touch([card.id], after(50))
    await store.anomalies.save(ports.Observation(SOURCE, [anomaly(1, records=1)], read_at=after(10), now=after(10)))
    assert await lag(store, 20) == pytest.approx(10)


async def test_a_delivery_of_less_than_is_wanted_lags_from_then(store: engine.Store) -> None:
    card = await shown(store)
    await store.cards.touch([card], after(50))
    lease = await store.leases.take("cards", card, after(5), 30)
    assert lease is not None and await store.cards.delivered(lease, 1, after(10))
    await store.leases.release(lease)
    assert await due(store, 10) == [card] and await lag(store, 20) == pytest.approx(10)


PAYLOADS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "words": {"words": "“é” \ud800 <b>", "none": None, "yes": True, "number": 1.5},
    "tuples": {"ids": ("o1", "o2"), "deep": [{"pair": (1, ("a",))}]},
}


@pytest.mark.parametrize("name", PAYLOADS)
async def test_putting_the_same_payload_again_marks_nothing(store: engine.Store, name: str) -> None:
    draft = replace(REPORT, payload=PAYLOADS[name])
    made = await store.cards.put(draft, NOON)
    assert await store.cards.put(draft, after(5)) == made
    lease = await store.leases.take("cards", made.id, after(5), 30)
    assert lease is not None and await store.cards.delivered(lease, 1, after(5), ts="1772452805.000100")
    again = await store.cards.put(draft, after(9))
    assert (again.wanted, again.delivered, again.due) == (1, 1, None)
    await store.leases.release(lease)
    await store.cards.touch([made.id], after(20))
    assert (await store.cards.put(draft, after(10))).due == after(20)
    other = await store.cards.put(replace(draft, payload=PAYLOADS[name] | {"more": 1}), after(11))
    assert (other.wanted, other.due) == (3, after(11))
