"""How many calls a system gets in a minute, in virtual time: no minute holds more, and clicks go first."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from bot.sources import budgets
from tests.delivery.conftest import VirtualLoop


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


def test_who_gives_up_in_the_moment_of_their_turn_gives_it_back() -> None:
    class Sudden(budgets.Budget):
        victim: asyncio.Task[None] | None = None

        def _serve(self) -> None:
            super()._serve()
            if self.victim and not self._others:
                self.victim.cancel()

    async def scenario() -> None:
        budget = Sudden(6)
        log = Log(budget)
        await log.call()
        budget.victim = asyncio.create_task(log.call())
        await asyncio.gather(budget.victim, return_exceptions=True)
        assert budget.victim.cancelled()
        budget.victim = None
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


def test_a_share_that_grows_is_spent_at_once() -> None:
    async def scenario() -> None:
        budget = budgets.Budget(6)
        budget.share(6)
        log = Log(budget)
        calls = [asyncio.create_task(log.call()) for _ in range(2)]
        await asyncio.sleep(1)
        assert len(log.bulk) == 1, "one a minute, and the next one is far"
        budget.share(1)
        await asyncio.gather(*calls)
        assert log.bulk[-1] <= 13

    virtually(scenario())


def test_without_a_budget_nobody_waits() -> None:
    async def scenario() -> None:
        log = Log(budgets.Budget())
        await asyncio.gather(*(log.call() for _ in range(10_000)))
        assert set(log.bulk) == {0.0}

    virtually(scenario())
