"""How every call of the API is treated: latency, who calls, calls in a minute, refusals, the envelope, cookies; and the routes."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib import parse

from starlette import exceptions, requests, responses, routing

from sandbox.anomify import answers, organisation, sessions

MINUTE = 60
MOST_DIGITS = 18
Handler = Callable[["Call"], Awaitable[Any]]
"""Answers with `data`, or with a response that has no envelope."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `asked` are its parameters, in the address or in a form; `base` is the address of this server."""

    request: requests.Request
    world: organisation.Organisation
    caller: sessions.Caller
    asked: Mapping[str, str]
    base: str

    def number(self, name: str) -> int:
        """A parameter that has to be one. Raises 400."""
        try:
            return int(self.asked[name])
        except (KeyError, ValueError) as error:
            raise answers.wrong(f"Parameter {name} is missing or not a number") from error

    def ident(self) -> int:
        """The id of the path. Raises 404."""
        told = str(self.request.path_params["id"])
        if not told.isdecimal() or len(told) > MOST_DIGITS:
            raise answers.missing("Method")
        return int(told)


@dataclass(frozen=True, slots=True)
class Row:
    """One call, by GET or POST. `open`: for everybody; `demo`: for demo accounts, too."""

    path: str
    handler: Handler
    open: bool = False
    demo: bool = False


class Limits:
    """No more calls of one caller than this in any minute; what is refused does not count."""

    def __init__(self, state: organisation.Organisation) -> None:
        self.world = state
        self._made: dict[str, deque[float]] = defaultdict(deque)

    def take(self, caller: sessions.Caller) -> None:
        """Raises 429. Nothing says how long to wait."""
        most, now, made = self.world.modes.calls_per_minute, self.world.clock().timestamp(), self._made[caller.kind]
        while made and now - made[0] >= MINUTE:
            made.popleft()
        if most and len(made) >= most:
            raise answers.Refused(429, "Too many requests", fixed=True)
        made.append(now)


class Api:
    """The service: its routes, bound to one world."""

    def __init__(self, state: organisation.Organisation, rows: Sequence[Row]) -> None:
        self.world, self.rows, self.limits = state, rows, Limits(state)

    def routes(self) -> list[routing.BaseRoute]:
        return [routing.Route(row.path, self._endpoint(row), methods=["GET", "POST"]) for row in self.rows]

    def _endpoint(self, row: Row) -> Callable[[requests.Request], Awaitable[responses.Response]]:
        async def endpoint(request: requests.Request) -> responses.Response:
            began = time.perf_counter()
            await asyncio.sleep(self.world.modes.latency_ms / 1000)
            self.world.advance()
            asked = await _asked(request)
            caller = self.world.doors.caller(request, asked)
            frame = answers.Frame(self.world.now(), began, caller.session, _host(request, self.world))
            try:
                self._admit(caller, row)
                self.limits.take(caller)
                found = await row.handler(Call(request, self.world, caller, asked, _base(request)))
            except answers.Refused as error:
                reply = answers.refusal(error, frame, self.world.modes)
            else:
                reply = found if isinstance(found, responses.Response) else answers.reply(answers.envelope(frame, found))
            return self._marked(reply, caller)

        return endpoint

    def _admit(self, caller: sessions.Caller, row: Row) -> None:
        """Raises 401 for nobody, 403 for demo accounts."""
        modes, kind = self.world.modes, caller.kind
        if kind == sessions.NOBODY and not row.open and modes.strangers == "refused":
            raise answers.Refused(401, "You need to be logged in to use this method")
        is_demo = kind in (sessions.DEMO, sessions.NOBODY) or (kind == sessions.ORG and modes.demo == "yes")
        if is_demo and not row.open and not row.demo:
            raise answers.Refused(403, "This method is not available to demo user accounts")

    def _marked(self, reply: responses.Response, caller: sessions.Caller) -> responses.Response:
        if caller.fresh or (caller.kind == sessions.ORG and self.world.modes.cookies == "everybody"):
            reply.set_cookie(sessions.COOKIE, caller.session or sessions.new_session(), httponly=True)
        return reply


def _base(request: requests.Request) -> str:
    return str(request.base_url).rstrip("/")


def _host(request: requests.Request, state: organisation.Organisation) -> str:
    return answers.STAGE if state.modes.hosts == "stage" else str(request.url.netloc)


async def _asked(request: requests.Request) -> Mapping[str, str]:
    """Parameters of the address, then those of a form."""
    form = parse.parse_qsl((await request.body()).decode(errors="replace")) if request.method == "POST" else []
    return {**request.query_params, **dict(form)}


async def not_served(request: requests.Request, error: Exception) -> responses.Response:
    """404 and 405 of the router, in the envelope."""
    assert isinstance(error, exceptions.HTTPException)
    state: organisation.Organisation = request.app.state.world
    frame = answers.Frame(state.now(), time.perf_counter(), "", _host(request, state))
    return answers.refusal(answers.Refused(error.status_code, "Method not found"), frame, state.modes)
