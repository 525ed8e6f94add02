"""The fake Anodot as a real HTTP server on loopback."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from starlette import applications, exceptions

from sandbox import faults, loopback, recorder
from sandbox.anodot import account, account_calls, anomaly_calls, api, control, feedback_calls, push, trigger_calls, web_page

ROWS = (*account_calls.ROWS, *anomaly_calls.ROWS, *trigger_calls.ROWS, *feedback_calls.ROWS)


@dataclass(frozen=True, slots=True)
class Parts(loopback.Parts[account.Account]):
    """The application, its faults, its world, and the channel that posts."""

    channel: push.Channel


def assemble(state: account.Account) -> Parts:
    """Log around faults around the API."""
    trouble, channel = faults.Faults(control.REPLIES), push.Channel(state)
    inner = applications.Starlette(exception_handlers={exceptions.HTTPException: api.not_served})
    inner.router.redirect_slashes = False
    log = recorder.Recorder(faults.FaultLayer(inner, trouble))
    inner.router.routes.extend(api.Api(state, ROWS).routes())
    inner.router.routes.extend(control.Control(state, trouble, log, channel).routes())
    inner.router.routes.extend(web_page.routes(state))
    return Parts(log, trouble, state, channel)


@contextlib.asynccontextmanager
async def serving(state: account.Account, port: int = 0, latency_ms: float = 0) -> AsyncIterator[tuple[str, Parts]]:
    """Serve this world; yields the base URL (without `/api/v2`) and the parts."""
    parts = assemble(state)
    async with loopback.standing(parts, port, latency_ms, lambda: control.tick(state, parts.channel)) as url:
        parts.channel.base = url
        yield url, parts


@contextlib.asynccontextmanager
async def running(state: account.Account | None = None, port: int = 0, latency_ms: float = 0) -> AsyncIterator[str]:
    """Serve this world (a fresh one by default) on loopback; yields the base URL."""
    async with serving(state or account.Account(), port, latency_ms) as (url, _):
        yield url
