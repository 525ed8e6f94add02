"""Calls that belong together: the first failure ends them all, and its caller goes on as if nothing had been."""

from __future__ import annotations

import asyncio
import inspect

import pytest

from bot.sources import base


class Lasting:
    """A call that lasts until it is cut off."""

    def __init__(self) -> None:
        self.begun, self.ended = asyncio.Event(), asyncio.Event()

    async def call(self) -> int:
        self.begun.set()
        try:
            return await asyncio.get_running_loop().create_future()
        finally:
            self.ended.set()


async def test_a_failure_ends_the_others_and_leaves_its_caller_as_it_was() -> None:
    other, task = Lasting(), asyncio.current_task()

    async def fails() -> int:
        await other.begun.wait()
        raise LookupError

    assert task is not None
    with pytest.raises(LookupError):
        await base.together([other.call(), fails()])
    assert other.ended.is_set()
    assert task.cancelling() == 0, "with Python 3.11.2 no time-out of this task would be one any more"


async def test_one_that_is_cut_off_ends_all() -> None:
    one = Lasting()
    task = asyncio.create_task(base.together([one.call()]))
    await one.begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert one.ended.is_set()


@pytest.mark.parametrize("abreast", [1, 3])
async def test_those_whose_turn_never_came_are_not_begun(abreast: int) -> None:
    begun = []

    async def fails(number: int) -> int:
        begun.append(number)
        raise LookupError

    calls = [fails(number) for number in range(7)]
    with pytest.raises(LookupError):
        await base.together(calls, abreast)
    assert begun == list(range(abreast))
    assert {inspect.getcoroutinestate(call) for call in calls} == {inspect.CORO_CLOSED}, "none is left to be awaited"


async def test_what_is_cut_off_before_its_first_step_is_closed() -> None:
    one = Lasting()
    call = one.call()
    task = asyncio.create_task(base.together([call]))
    await asyncio.sleep(0)  # it has made its own task, which waits for its turn
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not one.begun.is_set() and inspect.getcoroutinestate(call) == inspect.CORO_CLOSED
