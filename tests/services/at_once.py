"""SQLite without a thread for each connection: a statement is run where it is asked for, its result comes with the loop's next turn.

A trip to the thread and back costs more than most statements do, and in which order two tasks come back from theirs is chance. Here
tasks take turns at each statement, as they do there. One connection alone writes to a file, so none waits for another's lock. The tests
of the store, and those that run the whole desk, have the threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from unittest import mock

from aiosqlite import core

from bot.store import aiosqlite_driver


class _Queue:
    """What is put here is done already; what it raises reaches whoever puts it here, who would wait for it next."""

    def put_nowait(self, item: tuple[Any, Callable[[], Any]]) -> None:
        future, work = item
        result = work()
        if future is not None:
            future.get_loop().call_soon(core.set_result, future, result)


class _Connection(aiosqlite_driver.Connection):
    def __init__(self, database: str, **options: Any) -> None:
        super().__init__(database, **options)
        self._tx: Any = _Queue()
        self._thread: Any = SimpleNamespace(start=lambda: None)


@contextmanager
def connected() -> Iterator[None]:
    """Stores that are opened meanwhile are of this kind."""
    with mock.patch.object(aiosqlite_driver, "Connection", _Connection):
        yield
