"""SQLite without its threads: a transaction is done where it is asked for, its result comes with the loop's next turn.

A trip to the thread and back costs more than most transactions do, and in which order two tasks come back from theirs is chance. Here
tasks take turns at each transaction, as they do there. The tests of the store, and those that run the whole desk, have the threads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from bot.store import sqlite_threads


async def _trip(_engine: sqlite_threads.Engine, work: Callable[..., Any], *arguments: Any) -> Any:
    """What it raises reaches whoever asked, who would wait for it next."""
    result = work(*arguments)
    await asyncio.sleep(0)
    return result


@contextmanager
def connected() -> Iterator[None]:
    """Stores work so meanwhile."""
    with mock.patch.object(sqlite_threads.Engine, "_trip", _trip):
        yield
