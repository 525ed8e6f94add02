"""The strange system as a real HTTP server on loopback, and what tests do to it under `/_control`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any

import uvicorn
from starlette import applications, requests, responses, routing

from sandbox import faults, loopback, recorder
from tests.strange import service
from tests.strange import world as worlds

FIELDS = {"at", "phase", "kind", "score", "line", "ending", "loose"}


@dataclass(frozen=True, slots=True)
class Parts:
    """The server's application and what can be done to it from the same process."""

    app: recorder.Recorder
    faults: faults.Faults
    world: worlds.World


class Control:
    """The control routes, in the words of the other fakes."""

    def __init__(self, world: worlds.World, trouble: faults.Faults, log: recorder.Recorder) -> None:
        self.world, self.faults, self.log = world, trouble, log

    def routes(self) -> list[routing.BaseRoute]:
        """POST anomalies|close|faults|tokens/expire|log/clear, PATCH and DELETE of one, GET state|log|changes."""
        table: tuple[tuple[str, str, Callable[[requests.Request], Awaitable[Any]]], ...] = (
            ("POST", "/anomalies", self.create),
            ("PATCH", "/anomalies/{ident:path}", self.change),
            ("DELETE", "/anomalies/{ident:path}", self.erase),
            ("POST", "/close", self.close),
            ("POST", "/tokens/expire", self.expire),
            ("POST", "/faults", self.add_fault),
            ("DELETE", "/faults", self.clear_faults),
            ("GET", "/log", self.show_log),
            ("POST", "/log/clear", self.clear_log),
            ("GET", "/state", self.state),
            ("GET", "/changes", self.changes),
        )
        return [routing.Route("/_control" + path, _answered(handler), methods=[method]) for method, path, handler in table]

    async def create(self, request: requests.Request) -> Any:
        """{count?, fields?}; returns the new ids."""
        body = await request.json()
        made = self.world.arrive(int(body.get("count", 1)), **_fields(body.get("fields", {})))
        return {"ids": [one.id for one in made]}

    async def change(self, request: requests.Request) -> Any:
        """Somebody changes it there."""
        signal = self.world.signals[request.path_params["ident"]]
        self.world.change(signal, **_fields(await request.json()))
        return asdict(signal)

    async def erase(self, request: requests.Request) -> Any:
        self.world.erase(request.path_params["ident"])
        return {"ok": True}

    async def close(self, request: requests.Request) -> Any:
        """{id}: it is over by itself."""
        self.world.close((await request.json())["id"])
        return {"ok": True}

    async def expire(self, request: requests.Request) -> Any:
        self.world.expire()
        return {"ok": True}

    async def add_fault(self, request: requests.Request) -> Any:
        return self.faults.add(**await request.json()).to_json()

    async def clear_faults(self, request: requests.Request) -> Any:
        self.faults.clear()
        return {"ok": True}

    async def show_log(self, request: requests.Request) -> Any:
        return {"calls": list(self.log.calls)}

    async def clear_log(self, request: requests.Request) -> Any:
        self.log.calls.clear()
        return {"ok": True}

    async def state(self, request: requests.Request) -> Any:
        """One signal (`id`)."""
        return {"anomaly": asdict(self.world.signals[request.query_params["id"]])}

    async def changes(self, request: requests.Request) -> Any:
        """Answers when something is newer than `since`, or after `timeout` seconds."""
        asked = request.query_params
        return {"revision": await self.world.changed(int(asked.get("since", -1)), float(asked.get("timeout", 0)))}


def _fields(given: dict[str, Any]) -> dict[str, Any]:
    if set(given) - FIELDS:
        raise ValueError(f"unknown: {sorted(set(given) - FIELDS)}")
    return given


def _answered(handler: Callable[[requests.Request], Awaitable[Any]]) -> Callable[[requests.Request], Awaitable[responses.Response]]:
    async def endpoint(request: requests.Request) -> responses.Response:
        try:
            return responses.JSONResponse(await handler(request))
        except (KeyError, ValueError) as error:
            return responses.JSONResponse({"detail": repr(error)}, 400)

    return endpoint


def assemble(world: worlds.World) -> Parts:
    """Log around faults around the service."""
    trouble = faults.Faults()
    inner = applications.Starlette()
    log = recorder.Recorder(faults.FaultLayer(inner, trouble))
    inner.router.routes.extend([*Control(world, trouble, log).routes(), *service.Service(world).routes()])
    return Parts(log, trouble, world)


@contextlib.asynccontextmanager
async def serving(world: worlds.World) -> AsyncIterator[tuple[str, Parts]]:
    """Serve this world on a free port; yields the URL and the parts."""
    parts = assemble(world)
    sock = loopback.bound(0)
    server = loopback.Server(uvicorn.Config(parts.app, log_level="error", lifespan="off", ws="none"))
    task = asyncio.create_task(server.serve(sockets=[sock]))
    listening = asyncio.create_task(server.listening.wait())
    try:
        await asyncio.wait({listening, task}, return_when=asyncio.FIRST_COMPLETED)
        yield f"http://{loopback.HOST}:{sock.getsockname()[1]}", parts
    finally:
        parts.faults.clear()
        world.touch()
        server.stopping.set()
        listening.cancel()
        await asyncio.gather(listening, task, return_exceptions=True)
        sock.close()
