"""Two processes of the desk on one database: what one does, the other does not do again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot import errors, model, ports
from bot.services import browse, status, turns
from tests.services import cast
from tests.services import desk as desks
from tests.services.desk import Fuse, World, killed
from tests.services.lab import DANA, LEE

ACK = model.Change(model.Action.ACKNOWLEDGE)
DONE, ALREADY, _ = model.Result
pytestmark = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])


async def journalled(world: World, ident: int) -> int:
    return len(await world.store.journal.history(model.Ref("qualytics", str(ident))))


async def test_two_people_on_the_same_ten_through_two_processes(world: World) -> None:
    """One call, one comment, one line, one success each; the other is told who was first."""
    idents, first, second = range(1, 11), world.desk(), world.desk()
    await first.met(*idents)

    async def system_takes_its_time(name: str) -> None:
        await asyncio.sleep(0.02)

    world.system.on_call = system_takes_its_time
    both = [(first, DANA), (second, LEE)]
    told = await asyncio.gather(
        *(desk.click(ACK, ident, actor, f"{actor.id}:{ident}") for ident in idents for desk, actor in both), return_exceptions=True
    )
    receipts = [one for one in told if isinstance(one, model.Receipt)]
    late = [str(one) for one in told if isinstance(one, errors.Stale)]
    assert len(receipts) + len(late) == len(told), told
    done = [one for one in receipts if one.outcomes[0].result is DONE]
    assert len(done) == len(idents) and len({one.outcomes[0].ref for one in done}) == len(idents)
    for receipt in receipts:
        outcome = receipt.outcomes[0]
        assert outcome.result is DONE or (outcome.by is not None and outcome.by.actor_name in ("Dana", "Lee")), outcome
    assert all("was first" in one for one in late)
    assert sorted(ids for name, ids in world.system.calls if name == "apply") == sorted((str(one),) for one in idents)
    await asyncio.gather(first.remarks.work(), second.remarks.work())
    assert [await journalled(world, ident) for ident in idents] == [1] * len(idents)
    assert [len(world.system.comments_of(ident)) for ident in idents] == [1] * len(idents)


async def test_who_waits_too_long_is_told_who_is_at_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "WAIT_SECONDS", 0.3)
    first, second, free, reached = world.desk(), world.desk(), asyncio.Event(), asyncio.Event()
    await first.met(1)

    async def slow(name: str) -> None:
        if name == "apply":
            reached.set()
            await free.wait()

    world.system.on_call = slow
    going = asyncio.create_task(first.click(ACK, 1, DANA))
    await reached.wait()
    with pytest.raises(errors.Stale, match="Dana was first"):
        await second.click(ACK, 1, LEE)
    free.set()
    assert (await going).outcomes[0].result is DONE
    assert await world.who(1) == ["acknowledge by Dana"]


@pytest.mark.parametrize(("then", "told"), [("a look", "a moment ago"), ("another", "Dana was first")])
async def test_who_asks_twice_is_told_so_and_who_asks_for_something_else_that_it_was_not_done(
    world: World, monkeypatch: pytest.MonkeyPatch, then: str, told: str
) -> None:
    monkeypatch.setattr(turns, "WAIT_SECONDS", 0.3)
    first, second, free, reached = world.desk(), world.desk(), asyncio.Event(), asyncio.Event()
    await first.met(1)

    async def slow(name: str) -> None:
        if name == "comment":
            reached.set()
            await free.wait()

    world.system.on_call = slow
    going = asyncio.create_task(first.click(model.Change(model.Action.COMMENT, comment="a look"), 1, DANA, "one"))
    await reached.wait()
    with pytest.raises(errors.Stale) as refusal:
        await second.click(model.Change(model.Action.COMMENT, comment=then), 1, DANA, "two")
    free.set()
    assert told in str(refusal.value)
    assert (await going).outcomes[0].result is DONE
    assert len(world.system.comments_of(1)) == 1


async def test_a_batch_does_last_what_a_click_is_at(world: World) -> None:
    desk, other, free = world.desk(), world.desk(), asyncio.Event()
    await desk.met(1, 2, 3)
    reached = asyncio.Event()

    async def slow(name: str) -> None:
        if name == "apply" and not reached.is_set():
            reached.set()
            await free.wait()

    world.system.on_call = slow
    clicked = asyncio.create_task(other.click(ACK, 1, LEE))
    await reached.wait()
    batch = await desk.ask(ACK, 1, 2, 3)
    running = asyncio.create_task(desk.runs.work())
    await asyncio.wait({running}, timeout=2)
    assert [fate for fate, _ in (await desk.fates(batch)).values()] == [model.Fate.TODO, model.Fate.DONE, model.Fate.DONE]
    free.set()
    await asyncio.gather(running, clicked)
    assert (await desk.fates(batch))["1"][0] is model.Fate.DRIFTED


class Signed:
    """A messenger that notes who posts."""

    def __init__(self, desk: desks.Desk, name: str, by: list[str]) -> None:
        self._inner, self._name, self._by = desk.post.messenger, name, by

    async def post(self, channel: str, message: model.Message, card: str, thread: str = "", *, broadcast: bool = False) -> str:
        self._by.append(self._name)
        await asyncio.sleep(0)
        return await self._inner.post(channel, message, card, thread, broadcast=broadcast)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


async def test_two_workers_post_each_card_once_and_a_channel_is_ones(world: World) -> None:
    first, second = world.desk(), world.desk()
    by = list[str]()
    first.post.messenger, second.post.messenger = Signed(first, "first", by), Signed(second, "second", by)
    world.system.put(0)
    await first.look()
    world.clock.pass_by(seconds=60)
    world.system.put(*range(1, 5))
    await first.look()
    for _ in range(3):
        by.clear()
        await asyncio.gather(first.post.flush(), second.post.flush())
        assert len(set(by)) <= 1
        world.clock.pass_by(seconds=30)
    cards = [(await first.cards.store.of([model.Ref("qualytics", str(ident))])) for ident in range(1, 5)]
    assert all(any(card.ts for card in few) for few in cards)
    assert len(world.wall.shown) == len({card.id for few in cards for card in few if card.ts}) + 1, "and one greeting"


async def test_two_workers_make_the_calls_of_one(world: World) -> None:
    first, second = world.desk(), world.desk()
    await first.met(1)
    before = [name for name, _ in world.system.calls].count("changes")
    for _ in range(4):
        world.clock.pass_by(seconds=60)
        await asyncio.gather(*(desk.poll.keep_up("qualytics", 0) for desk in (first, second, first, second)))
        await second.poll.keep_up("qualytics", 0)  # out of step
        await second.poll.poll("qualytics")  # it was due when this one looked
    assert [name for name, _ in world.system.calls].count("changes") == before + 4


async def test_what_another_process_ended_since_it_was_read_is_not_done_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = world.desk(), world.desk(Fuse())
    await first.met(1)
    assert await killed(world.desk(Fuse(4)).click(ACK, 1, key="k"))
    world.clock.pass_by(seconds=121)
    old = await world.store.journal.unfinished(world.clock.now())
    assert len(old) == 1 and await first.triage.resume() == 1
    undone = model.Change(model.Action.UNACKNOWLEDGE)
    await first.click(undone, 1, LEE)
    calls = [name for name, _ in world.system.calls]

    async def as_read_before(now: datetime) -> Sequence[ports.Intent]:
        return old

    monkeypatch.setattr(second.triage.journal, "unfinished", as_read_before, raising=False)
    assert await second.triage.resume() == 1
    assert [name for name, _ in world.system.calls] == calls, "nothing is asked of the system"


async def test_a_click_whose_intent_has_passed_to_another_process_sends_nothing(world: World) -> None:
    desk, other, taken = world.desk(), world.desk(), list[model.Lease | None]()
    await desk.met(1)

    async def stolen(name: str) -> None:
        if name == "get":
            world.system.on_call = None
            await world.store.leases.release_all()
            (theirs,) = await world.store.journal.unfinished(world.clock.now())
            taken.append(await world.store.leases.take("intents", theirs.key, world.clock.now(), 30))

    world.system.on_call = stolen
    with pytest.raises(errors.LeaseLost):
        await desk.click(ACK, 1)
    assert taken[0] is not None and "apply" not in [name for name, _ in world.system.calls]
    await world.store.leases.release_all()
    assert await other.triage.resume() == 1
    assert await world.who(1) == ["acknowledge by Dana"]


async def test_a_recorded_click_is_not_called_failed_when_its_leases_cannot_be_given_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = world.desk(Fuse())
    await desk.met(1)

    async def away(*_: model.Lease) -> None:
        raise errors.StoreUnavailable("The database does not answer.")

    monkeypatch.setattr(desk.triage.leases, "release", away, raising=False)
    assert (await desk.click(ACK, 1)).outcomes[0].result is DONE


async def test_a_comment_that_another_process_tried_since_it_was_read_is_looked_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = world.desk(), world.desk(Fuse())
    await first.met(1)
    monkeypatch.setattr(first.remarks, "tasks", {asyncio.create_task(asyncio.sleep(0)) for _ in range(9)})
    await first.click(ACK, 1)
    old = await world.store.remarks.due(world.clock.now())
    world.system.done_but.append(errors.SourceUnavailable("qualytics", "no answer"))
    await first.remarks.work()
    answers = [old]

    async def due(now: datetime, limit: int) -> Sequence[ports.Remark]:
        return answers.pop() if answers else await world.store.remarks.due(now, limit)

    monkeypatch.setattr(second.remarks.store, "due", due, raising=False)
    await second.remarks.work()
    world.clock.pass_by(minutes=20)
    await second.remarks.work()
    assert len(old) == 1 and len(world.system.comments_of(1)) == 1
    assert not await world.store.remarks.due(world.clock.now())


def telling(world: World, desk: desks.Desk) -> status.Status:
    """The status as this process tells it."""
    store: Any = world.store

    async def line() -> str:
        return "connected"

    looking = browse.Browse(
        sources=desk.sources,
        anomalies=store.anomalies,
        cards=store.cards,
        journal=store.journal,
        health=store.health,
        resolve=cast.unresolved,
        clock=world.clock,
        grants=desk.grants,
        routes=desk.cards.routes,
    )
    return status.Status(
        sources=desk.sources,
        browse=looking,
        poll=desk.poll,
        post=desk.post,
        cards=store.cards,
        batches=store.batches,
        operations=store.operations,
        journal=store.journal,
        workers=store.workers,
        pushes=store.pushes,
        clock=world.clock,
        line=line,
        version="1",
    )


async def test_the_status_is_the_same_from_every_process(world: World) -> None:
    """One polls, fails, is refused a channel and posts in a simpler form; the other has done nothing since it started."""
    first = world.desk()
    await world.store.workers.beat("one", "run", world.clock.now())
    await first.met(3)
    world.clock.pass_by(seconds=60)
    second = world.desk()
    await world.store.workers.beat("two", "web", world.clock.now())
    world.system.faults["changes"] = [errors.SourceUnavailable("qualytics", "Qualytics did not answer.")] * 9
    await first.look()
    await world.store.cards.put(model.CardDraft(model.CardKind.REPORT, desks.CHANNEL, "r", state=model.CardState.LIVE), world.clock.now())
    now = world.clock.now()
    await world.store.slack.pauses("C0OTHER", now, now + timedelta(seconds=60))
    await world.store.slack.refuses_charts(now)
    for name, role in (("one", "run"), ("two", "web")):
        await world.store.workers.beat(name, role, world.clock.now())
    one, two = [await telling(world, desk).view() for desk in (first, second)]
    assert one == two
    assert one.sources[0].health.failing_since is not None and one.sources[0].counts == {model.State.ACTIVE: 2}
    assert one.backlog.posts == 1 and one.crew.working == 1 and set(one.paused) == {"C0OTHER"} and one.unsupported
