"""How many calls of a system are under way at once, and in a minute: a click never waits behind a bulk or a poll."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from typing import Any

import httpx
import pytest

from bot import ports
from bot.sources import base, budgets
from tests.delivery.conftest import VirtualLoop
from tests.sources import wires
from tests.sources.staging import Clock


class Held:
    """A server that answers nobody before it is told to, and counts who is there."""

    def __init__(self) -> None:
        self.open, self.there, self.most = asyncio.Event(), Counter[str](), Counter[str]()

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        lane = request.url.path.rpartition("/")[2]
        self.there[lane] += 1
        self.most[lane] = max(self.most[lane], self.there[lane])
        try:
            await self.open.wait()
        finally:
            self.there[lane] -= 1
        return httpx.Response(200, json={})


async def click(wire: base.HttpSource, *, write: bool) -> None:
    with ports.clicked():
        await (wire.write("PUT", "click") if write else wire.read("click"))


async def settled() -> None:
    """Everybody has come as far as they come."""
    for _ in range(50):
        await asyncio.sleep(0)


@pytest.mark.parametrize("allowance", [None, ports.Lanes(clicks=3, writes=1, reads=2)])
async def test_each_lane_has_its_own_places(allowance: ports.Lanes | None, clock: Clock) -> None:
    held = Held()
    wire = wires.wire(held, clock, allowance=allowance)
    bulk = [asyncio.create_task(wire.read("read") if number % 2 else wire.write("PUT", "write")) for number in range(80)]
    await settled()
    clicks = [asyncio.create_task(click(wire, write=bool(number % 2))) for number in range(40)]
    await settled()
    expected = allowance or ports.Lanes(12, 4, 8)
    assert held.there == {"read": expected.reads, "write": expected.writes, "click": expected.clicks}
    held.open.set()
    await asyncio.gather(*bulk, *clicks)
    assert held.most == {"read": expected.reads, "write": expected.writes, "click": expected.clicks}


async def test_a_task_that_a_click_begins_is_urgent_and_what_follows_the_click_is_not() -> None:
    async def look() -> bool:
        return ports.urgent()

    with ports.clicked():
        within = asyncio.create_task(look())
        with ports.clicked(really=False):
            assert not ports.urgent()
        assert ports.urgent()
    after = asyncio.create_task(look())
    assert (await within, await after, ports.urgent()) == (True, False, False)


# --- budgets, in virtual time


def virtually(scenario: Coroutine[Any, Any, Any]) -> Any:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(scenario)


class Log:
    """Calls within a budget, each with the time at which it was let go."""

    def __init__(self, budget: budgets.Budget) -> None:
        self.budget, self.bulk, self.clicks = budget, list[float](), list[float]()

    async def call(self, *, urgent: bool = False) -> None:
        await self.budget.spend(urgent=urgent)
        (self.clicks if urgent else self.bulk).append(asyncio.get_running_loop().time())


def most_in_a_minute(times: list[float]) -> int:
    return max(sum(start <= at < start + 60.0 for at in times) for start in times)


@pytest.mark.parametrize("per_minute", [1, 2, 6, 60, 600])
def test_no_minute_holds_more_than_the_budget(per_minute: int) -> None:
    async def scenario() -> None:
        log = Log(budgets.Budget(per_minute))
        calls = [asyncio.create_task(log.call()) for _ in range(per_minute * 4)]
        for _ in range(12):
            await asyncio.sleep(7)
            calls.append(asyncio.create_task(log.call(urgent=True)))
        await asyncio.gather(*calls)
        assert most_in_a_minute([*log.bulk, *log.clicks]) <= per_minute
        assert max(log.bulk) <= 60.0 * len(calls) / per_minute * 2 + 60.0, "and little of it is wasted"

    virtually(scenario())


def test_a_click_goes_before_a_bulk_that_waits() -> None:
    async def scenario() -> None:
        log = Log(budgets.Budget(120))
        bulk = [asyncio.create_task(log.call()) for _ in range(500)]
        await asyncio.sleep(30)
        for _ in range(5):
            began = asyncio.get_running_loop().time()
            await log.call(urgent=True)
            assert log.clicks[-1] - began < 0.01, "a quarter of the burst is kept for clicks"
        for one in bulk:
            one.cancel()
        await asyncio.gather(*bulk, return_exceptions=True)

    virtually(scenario())


def test_who_gives_up_costs_nobody_a_call() -> None:
    async def scenario() -> None:
        log = Log(budgets.Budget(6))
        await log.call()
        waiting = [asyncio.create_task(log.call()) for _ in range(20)]
        await asyncio.sleep(0)
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await log.call()
        assert log.bulk == pytest.approx([0.0, 12.0], abs=0.1)

    virtually(scenario())


def test_a_budget_is_shared_among_processes() -> None:
    async def scenario() -> None:
        budget = budgets.Budget(600)
        assert budget.per_minute == 600
        budget.share(3)
        assert budget.per_minute == 200
        log = Log(budget)
        await asyncio.gather(*(log.call() for _ in range(800)))
        assert most_in_a_minute(log.bulk) <= 200
        budget.share(0)
        assert budget.per_minute == 600

    virtually(scenario())


def test_without_a_budget_nobody_waits() -> None:
    async def scenario() -> None:
        log = Log(budgets.Budget())
        await asyncio.gather(*(log.call() for _ in range(10_000)))
        assert set(log.bulk) == {0.0}

    virtually(scenario())


async def test_every_call_is_counted_also_one_that_is_repeated(clock: Clock) -> None:
    spent: list[bool] = []

    class Counted:
        async def spend(self, *, urgent: bool) -> None:
            spent.append(urgent)

    wire = wires.wire(lambda _: httpx.Response(500), clock, budget=Counted())
    with pytest.raises(Exception, match="HTTP 500"):
        await click(wire, write=False)
    with pytest.raises(Exception, match="HTTP 500"):
        await wire.write("PUT", "things/1")
    assert spent == [True] * base.ATTEMPTS + [False]
