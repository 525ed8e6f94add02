"""Calls that belong together: the first failure ends them all, and its caller goes on as if nothing had been."""

from __future__ import annotations

import asyncio

import pytest

from bot.sources import base


async def _fails() -> int:
    raise LookupError


async def test_a_failure_ends_the_others_and_leaves_its_caller_as_it_was() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def lasts() -> int:
        begun.set()
        try:
            return await asyncio.get_running_loop().create_future()
        finally:
            ended.set()

    async def fails_later() -> int:
        await begun.wait()
        raise LookupError

    task = asyncio.current_task()
    assert task is not None
    with pytest.raises(LookupError):
        await base.together([lasts(), fails_later()])
    assert ended.is_set()
    assert task.cancelling() == 0, "with Python 3.11.2 no time-out of this task would be one any more"


async def test_one_that_is_cut_off_ends_all() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def lasts() -> int:
        begun.set()
        try:
            return await asyncio.get_running_loop().create_future()
        finally:
            ended.set()

    task = asyncio.create_task(base.together([lasts()]))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


async def test_those_whose_turn_never_came_are_not_begun() -> None:
    with pytest.raises(LookupError):
        await base.together([_fails(), _fails(), _fails()], abreast=1)
