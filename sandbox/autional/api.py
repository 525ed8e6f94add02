"""How every call of the service is treated: path, latency, limit, token, tenant, right, refusals; and the routes put together."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette import exceptions, requests, responses, routing

from sandbox.autional import answers, catalogue, listing, tenant, tokens

AUDIT = ("audit", "audit-service")
TENANTS = "/bff/tenant/api/v1"
MINUTE = timedelta(minutes=1)
ELSEWHERE = "tenant isolation required: the token belongs to another tenant"


@dataclass(slots=True)
class Call:
    """One call of somebody who may make it."""

    request: requests.Request
    world: tenant.Tenant
    listing: listing.Listing
    grant: tokens.Grant

    def anomaly(self) -> tenant.Anomaly:
        """The one of the path. Raises 404."""
        ident = str(self.request.path_params["id"])
        found = self.world.anomalies.get(ident)
        if found is None:
            raise answers.Refused(404, f"Anomaly '{ident}' not found")
        return found


Handler = Callable[[Call], Awaitable[responses.Response]]


@dataclass(frozen=True, slots=True)
class Row:
    """One call. `writes` needs a role that may; `audit`: of the audit service, with its two prefixes and its problem objects."""

    method: str
    path: str
    handler: Handler
    writes: bool = False
    audit: bool = True


class Limit:
    """No more calls than this in any minute; what is refused does not count."""

    def __init__(self, state: tenant.Tenant) -> None:
        self.world = state
        self._made: deque[datetime] = deque()

    def take(self) -> None:
        """Raises 429 with the seconds until the oldest call is a minute old, in the body and nowhere else."""
        most, now = self.world.modes.calls_per_minute, self.world.clock()
        while self._made and now - self._made[0] >= MINUTE:
            self._made.popleft()
        if most and len(self._made) >= most:
            wait = int((self._made[0] + MINUTE - now).total_seconds()) + 1
            raise answers.Refused(429, "Too many requests, please retry later", wait=wait)
        self._made.append(now)


class Api:
    """The service: its routes, bound to one world."""

    def __init__(self, state: tenant.Tenant, rows: Sequence[Row]) -> None:
        self.world, self.rows = state, rows
        self.listing, self.limit = listing.Listing(state), Limit(state)

    def routes(self) -> list[routing.BaseRoute]:
        made: list[routing.BaseRoute] = []
        for row in self.rows:
            if row.audit:
                made += [routing.Route(f"/bff/{name}/api/v1{row.path}", self._endpoint(row, name), methods=[row.method]) for name in AUDIT]
            else:
                made.append(routing.Route(TENANTS + row.path, self._endpoint(row), methods=[row.method]))
        return made

    def _endpoint(self, row: Row, name: str = "") -> Callable[[requests.Request], Awaitable[responses.Response]]:
        async def endpoint(request: requests.Request) -> responses.Response:
            await asyncio.sleep(self.world.modes.latency_ms / 1000)
            if name and name != self.world.modes.prefix:
                return unknown_route(self.world)
            self.world.advance()
            try:
                self.limit.take()
                return await row.handler(Call(request, self.world, self.listing, self._grant(request, row)))
            except answers.Refused as error:
                error.plain = error.plain or not row.audit
                return answers.refusal(error, request, self.world.modes)

        return endpoint

    def _grant(self, request: requests.Request, row: Row) -> tokens.Grant:
        """Raises 401 for a token that is none, then 403 for a tenant that is not told or not the token's, then for a missing right."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise answers.Refused(401, "Authentication is required")
        try:
            grant = self.world.tokens.grant(token, self.world.clock().timestamp())
        except tokens.BadToken as error:
            raise answers.Refused(401, str(error)) from error
        self._at_home(request, grant)
        self._allowed(grant, row)
        return grant

    def _at_home(self, request: requests.Request, grant: tokens.Grant) -> None:
        named = [request.headers.get("x-tenant-id"), *request.query_params.getlist("tenant_id"), request.path_params.get("tenant")]
        if named[0] is None:
            raise answers.Refused(403, "tenant isolation required: no tenant in the request")
        if any(name is not None and name != grant.tenant for name in named) or grant.tenant != catalogue.TENANT:
            raise answers.Refused(403, ELSEWHERE)

    def _allowed(self, grant: tokens.Grant, row: Row) -> None:
        if not row.audit:
            return
        modes = self.world.modes
        if grant.machine and modes.machines == "forbidden":
            raise answers.Refused(403, "client credentials may not access the audit service")
        if modes.duties == "separated" and grant.role not in tokens.SEPARATED:
            raise answers.Refused(403, "separation of duties: this role is restricted to statistics")
        if grant.role not in (tokens.WRITERS if row.writes else tokens.READERS):
            raise answers.Refused(403, f"the role {grant.role} may not {'change' if row.writes else 'read'} audit anomalies")


def unknown_route(state: tenant.Tenant) -> responses.Response:
    """How the gateway says that there is no such path; nobody asked for a token."""
    if state.modes.unknown_route == "text":
        return responses.PlainTextResponse("404 page not found", 404)
    return answers.plain(404, "route not found", state.modes)


def not_served(state: tenant.Tenant) -> Callable[[requests.Request, Exception], Awaitable[responses.Response]]:
    """404 and 405 of the router, as the gateway says it."""

    async def answer(request: requests.Request, error: Exception) -> responses.Response:
        assert isinstance(error, exceptions.HTTPException)
        return unknown_route(state) if error.status_code == 404 else answers.plain(error.status_code, error.detail, state.modes)

    return answer
