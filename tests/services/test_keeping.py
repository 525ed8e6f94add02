"""How long the desk remembers, seen from outside: what is said about it, and what becomes of whatever it met before."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

import pytest

from bot import model, ports
from bot.services import keeping, leasing, triage
from tests.services.desk import ACK, DANA, INVALID, World
from tests.services.inbox import Counts

KEEP = timedelta(days=180)
REOPEN = model.Change(model.Action.REOPEN)
REF = model.Ref("qualytics", "1")


def keeper(world: World, counts: Counts | None = None) -> keeping.Keeping:
    store = world.store
    return keeping.Keeping(store=store.retention, leases=store.leases, clock=world.clock, telemetry=counts or Counts(), keep=KEEP)


async def closed_long_ago(world: World) -> str:
    """One that was posted, closed from Slack, and is over for longer than the desk keeps it; returns the message."""
    desk = world.desk()
    await desk.met(1)
    await desk.click(INVALID, 1)
    await desk.post.flush()
    (card,) = await world.store.cards.of([REF])
    world.clock.pass_by(days=KEEP.days + 1)
    await desk.look()
    return card.ts


async def test_a_run_tells_once_what_it_removed(world: World, caplog: pytest.LogCaptureFixture) -> None:
    await closed_long_ago(world)
    counts = Counts()
    with caplog.at_level(logging.INFO, logger="bot.services.keeping"):
        removed = await keeper(world, counts).work()
        assert await keeper(world, counts).work() == {}
    assert removed == {"intents": 1, "remarks": 1, "cards": 2, "anomalies": 1} and counts.of["rows_forgotten"] == 5
    assert caplog.messages == ["forgot what was over for 180 days: 1 intents, 1 remarks, 2 cards and 1 anomalies"]


async def test_what_is_over_for_less_stays(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    await desk.click(INVALID, 1)
    await desk.post.flush()
    world.clock.pass_by(days=KEEP.days - 1)
    assert await keeper(world).work() == {}
    assert await world.stored(1)


async def test_somebody_else_who_does_it_is_left_alone(world: World) -> None:
    await closed_long_ago(world)
    lease = await world.store.leases.take("sweep", "retention", world.clock.now(), 120)
    assert lease is not None
    assert await keeper(world).work() == {}
    await world.store.leases.release(lease)
    assert (await keeper(world).work())["anomalies"] == 1


async def test_a_run_whose_lease_is_lost_ends_and_says_what_it_removed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leasing, "EVERY", 0.01)
    await closed_long_ago(world)
    mine = keeper(world)

    class Slow:
        steps = world.store.retention.steps

        async def remove(self, step: str, before: object, now: object, mark: ports.Reached = ()) -> ports.Removed:
            if step != self.steps[0]:
                world.clock.pass_by(seconds=2 * leasing.SECONDS)
                while await world.store.leases.take("sweep", "retention", world.clock.now(), 1) is None:
                    world.clock.pass_by(seconds=2 * leasing.SECONDS)
                await asyncio.Event().wait()
            return await world.store.retention.remove(step, before, now, mark)  # type: ignore[arg-type]

    mine.store = Slow()
    assert await mine.work() == {"intents": 1}
    assert await world.store.leases.take("sweep", "retention", world.clock.now(), 1) is None, "the other's is left alone"


async def test_a_click_on_a_card_whose_rows_are_gone_adopts_its_message_and_acts(world: World) -> None:
    ts = await closed_long_ago(world)
    await keeper(world).work()
    assert not await world.store.anomalies.get([REF]) and not await world.store.cards.of([REF])
    desk, shown = world.desk(), len(world.wall.shown)
    receipt = await desk.triage.act(REOPEN, REF, DANA, triage.Click("late click", "C0ANOMALY", ts, shown={REF: 2}))
    assert [outcome.result for outcome in receipt.outcomes] == [model.Result.DONE]
    assert world.system.there["1"].status == "Acknowledged" and (await world.stored(1)).state is model.State.ACKNOWLEDGED
    (card,) = await world.store.cards.of([REF])
    assert (card.ts, card.state, card.reason) == (ts, model.CardState.LIVE, model.Reason.ADOPTED)
    await desk.post.flush()
    assert len(world.wall.shown) == shown and "Dana" in world.wall.shown[ts], "edited, not posted"
    assert await world.who(1) == ["archive by Dana", "reopen by Dana"], "the journal stayed"


async def test_a_click_that_makes_no_sense_any_more_is_answered_by_the_system_as_it_is_now(world: World) -> None:
    ts = await closed_long_ago(world)
    await keeper(world).work()
    receipt = await world.desk().triage.act(ACK, REF, DANA, triage.Click("late click", "C0ANOMALY", ts, shown={REF: 2}))
    (outcome,) = receipt.outcomes
    assert outcome.result is model.Result.REFUSED and "archived as Invalid" in outcome.reason
    assert outcome.by is not None and outcome.by.actor_name == "Dana", "who was first, from the journal"


async def test_what_was_forgotten_and_is_still_closed_is_no_news_and_opened_again_it_is(world: World) -> None:
    await closed_long_ago(world)
    await keeper(world).work()
    desk, shown = world.desk(), len(world.wall.shown)
    for state, more in ((model.State.ARCHIVED, 0), (model.State.ACTIVE, 1)):
        there = world.system.there["1"]
        world.system.set(1, state=state, status="Invalid" if state is model.State.ARCHIVED else "Active", archived_as=there.archived_as)
        seen, now = [world.system.there["1"]], world.clock.now()
        await world.store.anomalies.save(
            ports.Observation("qualytics", seen, read_at=now, now=now, drafts=await desk.cards.drafts(seen))
        )  # a list or a census that meets it, whatever its state
        await desk.look()
        await desk.post.flush()
        world.clock.pass_by(seconds=60)
        await desk.post.flush()
        assert len(world.wall.shown) == shown + more


async def test_what_is_opened_again_after_it_was_forgotten_is_new(world: World) -> None:
    await closed_long_ago(world)
    await keeper(world).work()
    desk, shown = world.desk(), len(world.wall.shown)
    await desk.look()
    await desk.post.flush()
    assert len(world.wall.shown) == shown
    world.system.set(1, state=model.State.ACTIVE, status="Active", archived_as=None)
    await desk.look()
    world.clock.pass_by(seconds=60)
    await desk.post.flush()
    assert len(world.wall.shown) == shown + 1
