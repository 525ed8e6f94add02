"""How every call of the API is treated: latency, how many at once, token, calls in a minute, right, refusals; and the routes."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from starlette import exceptions, requests, responses, routing

from sandbox.anodot import account, answers, listing, tokens

BASE = "/api/v2"
MINUTE = 60
Handler = Callable[["Call"], Awaitable[responses.Response]]


@dataclass(slots=True)
class Call:
    """One call; `grant` is None where no token is asked for."""

    request: requests.Request
    world: account.Account
    listing: listing.Listing
    grant: tokens.Grant | None

    def anomaly(self) -> account.Anomaly:
        """The one of the path. Raises 404."""
        ident = str(self.request.path_params["id"])
        found = self.world.found(ident)
        if found is None:
            raise answers.missing(f"Anomaly {ident}")
        return found

    def trigger(self) -> account.Trigger:
        """The one of the path. Raises 404."""
        ident = str(self.request.path_params["id"])
        found = self.world.triggers.get(ident)
        if found is None:
            raise answers.missing(f"Alert trigger {ident}")
        return found


@dataclass(frozen=True, slots=True)
class Row:
    """One call. `budget` names the switch with its calls in a minute; `writes` needs a role that may; `open`: without a token."""

    method: str
    path: str
    handler: Handler
    budget: str = "other_calls"
    writes: bool = False
    open: bool = False


class Limits:
    """No more calls of one budget than this in any minute; what is refused does not count."""

    def __init__(self, state: account.Account) -> None:
        self.world = state
        self._made: dict[str, deque[float]] = defaultdict(deque)
        self.under_way = 0

    def take(self, budget: str) -> None:
        """Raises 1004. Nothing says how long to wait."""
        most, now, made = getattr(self.world.modes, budget), self.world.clock().timestamp(), self._made[budget]
        while made and now - made[0] >= MINUTE:
            made.popleft()
        if most and len(made) >= most:
            raise self._refused(answers.RATE, "API calls rate exceeded the maximum allowed")
        made.append(now)

    def enter(self) -> None:
        """One more at the same time. Raises 2002."""
        if self.world.modes.at_once and self.under_way >= self.world.modes.at_once:
            raise self._refused(answers.AT_ONCE, "Too many concurrent requests")

    def _refused(self, code: int, says: str) -> answers.Refused:
        return answers.Refused(int(self.world.modes.limited), says, code, fixed=True)


class Api:
    """The service: its routes, bound to one world."""

    def __init__(self, state: account.Account, rows: Sequence[Row]) -> None:
        self.world, self.rows = state, rows
        self.listing, self.limits = listing.Listing(state), Limits(state)

    def routes(self) -> list[routing.BaseRoute]:
        return [routing.Route(BASE + row.path, self._endpoint(row), methods=[row.method]) for row in self.rows]

    def _endpoint(self, row: Row) -> Callable[[requests.Request], Awaitable[responses.Response]]:
        async def endpoint(request: requests.Request) -> responses.Response:
            try:
                self.limits.enter()
                self.limits.under_way += 1
                try:
                    return await self._answer(row, request)
                finally:
                    self.limits.under_way -= 1
            except answers.Refused as error:
                return answers.refusal(error, self.world.modes)

        return endpoint

    async def _answer(self, row: Row, request: requests.Request) -> responses.Response:
        await asyncio.sleep(self.world.modes.latency_ms / 1000)
        self.world.advance()
        grant = None if row.open else self._grant(request)
        self.limits.take(row.budget)
        if grant and grant.key.role not in (tokens.WRITERS if row.writes else tokens.READERS):
            raise answers.Refused(403, "You are not allowed to perform this action", bare=True)
        return await row.handler(Call(request, self.world, self.listing, grant))

    def _grant(self, request: requests.Request) -> tokens.Grant:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise answers.Refused(401, "No authorization token was found", bare=True)
        try:
            return self.world.tokens.grant(token, self.world.clock().timestamp())
        except tokens.Revoked as error:
            raise inactive() from error
        except tokens.Ended as error:
            raise answers.Refused(int(self.world.modes.expired), "jwt expired", bare=True) from error
        except tokens.BadToken as error:
            raise answers.Refused(401, "invalid token", bare=True) from error


def inactive() -> answers.Refused:
    """The key was taken back: that goes for its tokens, too."""
    return answers.Refused(401, "Token is not active", answers.INACTIVE, fixed=True)


async def not_served(request: requests.Request, error: Exception) -> responses.Response:
    """404 and 405 of the router."""
    assert isinstance(error, exceptions.HTTPException)
    return responses.JSONResponse({"message": error.detail}, error.status_code)
