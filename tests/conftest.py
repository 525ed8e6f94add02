"""What all tests share: no network but loopback, few examples, one trust store, and the long files first."""

from __future__ import annotations

import functools
import socket
import ssl
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from hypothesis import settings
from xdist import scheduler

from tests import examples

LOOPBACK = ("127.", "::1", "localhost")

LONG = (
    "browser/",
    "walks/test_kill.py",
    "walks/test_scan_walk.py",
    "walks/test_bulk_walk.py",
    "walks/",
    "faults/",
)
"""Files that wait as much as they work. A worker that began one of them last would leave the others waiting for it, so they come first;
of the rest, none takes long."""

settings.load_profile(examples.QUICK)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first; what they share is made once for each file, so files stay whole and in their own order."""
    items.sort(key=_rank)
    for item in items:
        if _needs_server(item):
            item.add_marker(pytest.mark.postgresql)


TOGETHER = ("tests/browser/", "oracle.py")
"""Files that share what takes long to start: one Chromium, one workspace and one page; a process that has imported the vendor's client."""


class Together(scheduler.LoadFileScheduling):
    """What stays together on one worker: a file, and the files that share something."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return next((shared for shared in TOGETHER if shared in file), file)


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
