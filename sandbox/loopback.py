"""A fake system as a real HTTP server on loopback, beside whatever else a process does."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import uvicorn

from sandbox import controls, faults, recorder

HOST = "127.0.0.1"
GRACE_SECONDS = 2
Beside = Callable[[], Coroutine[Any, Any, None]]
"""What runs as long as a server does."""

World = TypeVar("World", bound=controls.World)


@dataclass(frozen=True, slots=True)
class Parts(Generic[World]):
    """The application of a fake and what can be done to it from the same process."""

    app: recorder.Recorder
    faults: faults.Faults
    world: World


class Server(uvicorn.Server):
    """uvicorn that leaves the signals of the process alone, says when it listens, and stops at once instead of at its next tick."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening, self.stopping = asyncio.Event(), asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    async def main_loop(self) -> None:
        await self.stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections, close the idle ones, give running calls GRACE_SECONDS."""
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if self.server_state.tasks:
            _, late = await asyncio.wait(self.server_state.tasks, timeout=GRACE_SECONDS)
            for task in late:
                task.cancel()
        await asyncio.sleep(0)


def bound(port: int) -> socket.socket:
    """A listening socket on loopback; 0 takes a free port."""
    # With the protocol left open asyncio does not set TCP_NODELAY, and every answer waits 40 ms for a delayed ACK.
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((HOST, port))
    return made


@contextlib.asynccontextmanager
async def served(app: faults.ASGIApp, port: int, beside: Beside) -> AsyncIterator[str]:
    """Serve this application, with something running beside it as long; yields the base URL."""
    sock = bound(port)
    server = Server(uvicorn.Config(app, log_level="error", lifespan="off", ws="none"))
    tasks = [asyncio.create_task(server.serve(sockets=[sock])), asyncio.create_task(beside())]
    listening = asyncio.create_task(server.listening.wait())
    try:
        await asyncio.wait({listening, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        yield f"http://{HOST}:{sock.getsockname()[1]}"
    finally:
        server.stopping.set()
        tasks[1].cancel()
        listening.cancel()
        await asyncio.gather(listening, *tasks, return_exceptions=True)
        sock.close()


@contextlib.asynccontextmanager
async def standing(parts: Parts[World], port: int, latency_ms: float, beside: Beside) -> AsyncIterator[str]:
    """Serve a fake: each call takes `latency_ms`; at the end whoever hangs or waits is let go."""
    parts.world.modes.latency_ms = latency_ms
    async with served(parts.app, port, beside) as url:
        try:
            yield url
        finally:
            parts.faults.clear()
            parts.world.touch()
