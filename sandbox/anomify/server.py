"""The fake Anomify as a real HTTP server on loopback."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from starlette import applications, exceptions

from sandbox import faults, loopback, recorder
from sandbox.anomify import anomaly_calls, api, control, graph_calls, organisation, push, web_page

ROWS = (*anomaly_calls.ROWS, *graph_calls.ROWS)


@dataclass(frozen=True, slots=True)
class Parts(loopback.Parts[organisation.Organisation]):
    """The application, its faults, its world, and the channel that posts."""

    channel: push.Channel


def assemble(state: organisation.Organisation) -> Parts:
    """Log around faults around the API."""
    trouble, channel = faults.Faults(control.REPLIES), push.Channel(state)
    inner = applications.Starlette(exception_handlers={exceptions.HTTPException: api.not_served})
    inner.state.world = state
    inner.router.redirect_slashes = False
    log = recorder.Recorder(faults.FaultLayer(inner, trouble))
    inner.router.routes.extend(api.Api(state, ROWS).routes())
    inner.router.routes.extend(control.Control(state, trouble, log, channel).routes())
    inner.router.routes.extend(web_page.routes(state))
    return Parts(log, trouble, state, channel)


@contextlib.asynccontextmanager
async def serving(state: organisation.Organisation, port: int = 0, latency_ms: float = 0) -> AsyncIterator[tuple[str, Parts]]:
    """Serve this world; yields the base URL and the parts."""
    parts = assemble(state)
    async with loopback.standing(parts, port, latency_ms, lambda: control.tick(state, parts.channel)) as url:
        yield url, parts


@contextlib.asynccontextmanager
async def running(state: organisation.Organisation | None = None, port: int = 0, latency_ms: float = 0) -> AsyncIterator[str]:
    """Serve this world (a fresh one by default) on loopback; yields the base URL."""
    async with serving(state or organisation.Organisation(), port, latency_ms) as (url, _):
        yield url
