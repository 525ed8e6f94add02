"""What all tests share: no network but loopback, few examples, one trust store, statements compiled once, and the long files first."""

from __future__ import annotations

import functools
import gc
import os
import shutil
import socket
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import settings
from xdist import scheduler, workermanage

from tests import examples

LOOPBACK = ("127.", "::1", "localhost")

GARBAGE = 10_000
"""New objects between two looks for garbage, as in the product."""

MEMORY = Path("/dev/shm")
ROOM = 2 * 2**30

LONG = (
    "browser/",
    "walks/test_kill.py",
    "walks/test_scan_walk.py",
    "walks/test_bulk_walk.py",
    "walks/",
    "faults/",
    "services/",
    "handlers/",
    "store/",
)
"""Files that wait as much as they work, then those that work for seconds. A worker that began one of them last would leave the others
waiting for it, so they come first; of the rest, none takes long."""

settings.load_profile(examples.QUICK)


def pytest_configure() -> None:
    """Temporary files live in memory where there is room: a database waits for the disk at each commit, and no test cuts the power."""
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first; what they share is made once for each file, so files stay whole and in their own order."""
    items.sort(key=_rank)
    for item in items:
        if _needs_server(item):
            item.add_marker(pytest.mark.postgresql)


def pytest_collection_finish() -> None:
    """What is loaded by now stays for good. Looking through it again and again costs a tenth of the time, and stops the loop of a test for
    half a second now and then; so, like the product, have it looked through no more."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE)


TOGETHER = ("tests/browser/", "oracle.py")
"""Files that share what takes long to start: one Chromium, one workspace and one page; a process that has imported the vendor's client."""


class Together(scheduler.LoadFileScheduling):
    """What stays together on one worker: a file, and the files that share something."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return next((shared for shared in TOGETHER if shared in file), file)

    def remove_node(self, node: workermanage.WorkerController) -> str | None:
        """A test that takes its worker with it has failed; the scheduler of xdist would hand it to the next worker, and the next. It would
        also hand out again the files that this worker had done, and wait for ever for the first result out of none."""
        work = self.assigned_work[node]
        for unit in [unit for unit, tests in work.items() if all(tests.values())]:
            del work[unit]
        begun = [(tests, test) for tests in work.values() for test, done in tests.items() if not done]
        if not begun:
            return super().remove_node(node)
        tests, crashed = begun[0]
        tests[crashed] = True
        if all(tests.values()):
            work.pop(self._split_scope(crashed))
        super().remove_node(node)
        return crashed

    def _reschedule(self, node: workermanage.WorkerController) -> None:
        """A worker begins a test when it knows the next one, or that there is none: with the last one in hand it is told so."""
        super()._reschedule(node)
        if not self.workqueue and not node.shutting_down and self._pending_of(self.assigned_work[node]) < 2:
            node.shutdown()


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together:
    """Asked once, by whoever hands out the tests; without workers nobody asks."""
    return Together(config, log)


def _needs_server(item: pytest.Item) -> bool:
    """Whether a test is the PostgreSQL half of a pair (`kind`), or takes the server itself."""
    spec = getattr(item, "callspec", None)
    return "server" in getattr(item, "fixturenames", ()) or (spec is not None and spec.params.get("kind") == "postgresql")


def _rank(item: pytest.Item) -> int:
    path = item.path.as_posix()
    return next((rank for rank, part in enumerate(LONG) if f"/tests/{part}" in path), len(LONG))


@pytest.fixture(autouse=True, scope="session")
def _only_loopback() -> Iterator[None]:
    """Refuse every connection that leaves this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and not str(address[0]).startswith(LOOPBACK):
            raise OSError(f"tests may not connect to {address[0]}")
        connect(self, address)

    socket.socket.connect = guarded  # type: ignore[method-assign]
    yield
    socket.socket.connect = connect  # type: ignore[method-assign]


@pytest.fixture(autouse=True, scope="session")
def _one_trust_store() -> Iterator[None]:
    """Each new HTTP client reads all certificates of the world, for 30 ms; on loopback nobody needs them even once."""
    with mock.patch.object(ssl, "create_default_context", functools.cache(ssl.create_default_context)):
        yield


class Compilations(dict[tuple[Any, ...], Any]):
    """Compiled statements by what they are, for all dialect objects of one kind: each engine makes one of its own, and they are equal."""

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        return super().get(_of_kind(key), default)

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        super().__setitem__(_of_kind(key), compiled)


def _of_kind(key: tuple[Any, ...]) -> tuple[Any, ...]:
    dialect, *rest = key
    return (dialect.name, dialect.driver, *rest)


@pytest.fixture(autouse=True, scope="session")
def _one_compilation() -> Iterator[None]:
    """Each test has engines of its own; compiling every statement anew for each took a quarter of the time of the services' tests."""
    engine = sys.modules.get("bot.store.engine")
    if engine is None:  # no test of this run has imported it
        yield
        return
    options = {"compiled_cache": Compilations()}
    with mock.patch.object(engine, "_HOW", {**engine._HOW, "execution_options": options}):
        yield
