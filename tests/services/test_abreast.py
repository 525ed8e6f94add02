"""Several things at once: all come to their ends, and then the first error is told."""

from __future__ import annotations

import asyncio

import pytest

from bot.services import abreast


async def test_answers_stand_in_the_order_of_their_calls() -> None:
    async def answer(number: int) -> int:
        await asyncio.sleep(0.001 * (3 - number))
        return number

    assert await abreast.to_their_ends(answer(number) for number in range(3)) == [0, 1, 2]


async def test_an_error_ends_nobody_else() -> None:
    ended: list[str] = []

    async def slow() -> None:
        await asyncio.sleep(0.01)
        ended.append("slow")

    async def fails(why: str) -> None:
        raise ValueError(why)

    with pytest.raises(ValueError, match="first"):
        await abreast.to_their_ends([slow(), fails("first"), fails("second")])
    assert ended == ["slow"]
