"""The fake Qualytics as a real HTTP server on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import uvicorn
from starlette import applications, exceptions

from sandbox import faults, recorder
from sandbox.qualytics import anomaly_calls, api, control, deployment, lookup_calls, operation_calls

HOST = "127.0.0.1"
GRACE_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Parts:
    """The server's application and what can be done to it from the same process."""

    app: recorder.Recorder
    faults: faults.Faults
    world: deployment.Deployment


def assemble(state: deployment.Deployment) -> Parts:
    """Log around faults around the service."""
    trouble = faults.Faults()
    inner = applications.Starlette(exception_handlers={exceptions.HTTPException: api.not_served})
    layered = faults.FaultLayer(inner, trouble)
    log = recorder.Recorder(layered)
    inner.router.routes.extend(api.Api(state, (*anomaly_calls.ROWS, *operation_calls.ROWS, *lookup_calls.ROWS)).routes())
    inner.router.routes.extend(control.Control(state, trouble, log).routes())
    return Parts(log, trouble, state)


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
async def serving(state: deployment.Deployment, port: int = 0, latency_ms: float = 0) -> AsyncIterator[tuple[str, Parts]]:
    """Serve this world; yields the base URL (without `/api`) and the parts."""
    state.modes.latency_ms = latency_ms
    parts = assemble(state)
    sock = bound(port)
    server = Server(uvicorn.Config(parts.app, log_level="error", lifespan="off", ws="none"))
    tasks = [asyncio.create_task(server.serve(sockets=[sock])), asyncio.create_task(control.tick(state))]
    listening = asyncio.create_task(server.listening.wait())
    try:
        await asyncio.wait({listening, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        yield f"http://{HOST}:{sock.getsockname()[1]}", parts
    finally:
        parts.faults.clear()
        state.touch()
        server.stopping.set()
        tasks[1].cancel()
        listening.cancel()
        await asyncio.gather(listening, *tasks, return_exceptions=True)
        sock.close()


@contextlib.asynccontextmanager
async def running(state: deployment.Deployment | None = None, port: int = 0, latency_ms: float = 0) -> AsyncIterator[str]:
    """Serve this world (a fresh one by default) on loopback; yields the base URL, to which clients add `/api`."""
    async with serving(state or deployment.Deployment(), port, latency_ms) as (url, _):
        yield url
