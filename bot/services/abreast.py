"""Several things at once, each to its end whatever becomes of the others."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

Thing = TypeVar("Thing")


async def to_their_ends(calls: Iterable[Coroutine[Any, Any, Thing]]) -> list[Thing]:
    """Await all, and all to their ends; then the first error is raised as it is. (`sources.base.together` ends the others at once: its
    calls only read.)"""
    ended = await asyncio.gather(*calls, return_exceptions=True)
    for one in ended:
        if isinstance(one, BaseException):
            raise one
    return [one for one in ended if not isinstance(one, BaseException)]
