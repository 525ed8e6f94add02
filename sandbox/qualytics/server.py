"""The fake Qualytics as a real HTTP server on loopback."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from starlette import applications, exceptions

from sandbox import faults, loopback, recorder
from sandbox.qualytics import anomaly_calls, api, control, deployment, lookup_calls, operation_calls, web_page

Parts = loopback.Parts[deployment.Deployment]


def assemble(state: deployment.Deployment) -> Parts:
    """Log around faults around the service."""
    trouble = faults.Faults()
    inner = applications.Starlette(exception_handlers={exceptions.HTTPException: api.not_served})
    layered = faults.FaultLayer(inner, trouble)
    log = recorder.Recorder(layered)
    inner.router.routes.extend(api.Api(state, (*anomaly_calls.ROWS, *operation_calls.ROWS, *lookup_calls.ROWS)).routes())
    inner.router.routes.extend(control.Control(state, trouble, log).routes())
    inner.router.routes.extend(web_page.routes(state))
    return loopback.Parts(log, trouble, state)


@contextlib.asynccontextmanager
async def serving(state: deployment.Deployment, port: int = 0, latency_ms: float = 0) -> AsyncIterator[tuple[str, Parts]]:
    """Serve this world; yields the base URL (without `/api`) and the parts."""
    parts = assemble(state)
    async with loopback.standing(parts, port, latency_ms, lambda: control.tick(state)) as url:
        yield url, parts


@contextlib.asynccontextmanager
async def running(state: deployment.Deployment | None = None, port: int = 0, latency_ms: float = 0) -> AsyncIterator[str]:
    """Serve this world (a fresh one by default) on loopback; yields the base URL, to which clients add `/api`."""
    async with serving(state or deployment.Deployment(), port, latency_ms) as (url, _):
        yield url
