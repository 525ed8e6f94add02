"""The fake Autional as a real HTTP server on loopback."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from starlette import applications, exceptions

from sandbox import faults, loopback, recorder
from sandbox.autional import anomaly_calls, api, control, oauth, tenant, web_page

Parts = loopback.Parts[tenant.Tenant]


def assemble(state: tenant.Tenant) -> Parts:
    """Log around faults around the service."""
    trouble = faults.Faults(control.REPLIES)
    inner = applications.Starlette(exception_handlers={exceptions.HTTPException: api.not_served(state)})
    inner.router.redirect_slashes = False
    log = recorder.Recorder(faults.FaultLayer(inner, trouble))
    inner.router.routes.extend(api.Api(state, anomaly_calls.ROWS).routes())
    inner.router.routes.extend(oauth.Exchange(state).routes())
    inner.router.routes.extend(control.Control(state, trouble, log).routes())
    inner.router.routes.extend(web_page.routes(state))
    return loopback.Parts(log, trouble, state)


@contextlib.asynccontextmanager
async def serving(state: tenant.Tenant, port: int = 0, latency_ms: float = 0) -> AsyncIterator[tuple[str, Parts]]:
    """Serve this world; yields the base URL (without `/bff`) and the parts."""
    parts = assemble(state)
    async with loopback.standing(parts, port, latency_ms, lambda: control.tick(state)) as url:
        yield url, parts


@contextlib.asynccontextmanager
async def running(state: tenant.Tenant | None = None, port: int = 0, latency_ms: float = 0) -> AsyncIterator[str]:
    """Serve this world (a fresh one by default) on loopback; yields the base URL."""
    async with serving(state or tenant.Tenant(), port, latency_ms) as (url, _):
        yield url
