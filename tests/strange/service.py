"""The strange system on the wire: HTTP 200 whatever happens, a `code` in each answer, numbers as text, lists with a `next`. What it does
not expect it refuses."""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib import parse

from starlette import requests, responses, routing

from tests.strange import world as worlds

BAD_KEY, SPENT, MISSING, CONFLICT, MALFORMED, WAIT, BUSY = 40, 41, 44, 45, 46, 47, 53

Json = dict[str, Any]
Handler = Callable[[requests.Request], Awaitable[Json]]


class Refused(Exception):
    """An answer with a code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Service:
    """Its calls, bound to one world."""

    def __init__(self, world: worlds.World) -> None:
        self.world = world

    def routes(self) -> list[routing.BaseRoute]:
        """What it serves."""
        table: tuple[tuple[str, str, Handler], ...] = (
            ("POST", "/v0/token", self.exchange),
            ("GET", "/v0/signals", self.listing),
            ("POST", "/v0/signals/{ident:path}/phase", self.move),
            ("GET", "/v0/signals/{ident:path}", self.one),
        )
        return [routing.Route(path, _answered(handler), methods=[method]) for method, path, handler in table]

    async def exchange(self, request: requests.Request) -> Json:
        """{key} for a token: the only call that takes the key, and one that takes nothing else."""
        body = await _body(request, {"key"})
        if "authorization" in request.headers:
            raise Refused(MALFORMED, "the key is exchanged without a token")
        if body.get("key") != worlds.KEY:
            raise Refused(BAD_KEY, "this key opens nothing")
        return {"token": self.world.exchange(), "seconds": f"{self.world.token_seconds:g}"}

    async def listing(self, request: requests.Request) -> Json:
        """A page, newest first; `open=yes|no` for some of them, `next` for what follows."""
        self._spend(request)
        asked = _query(request, {"open", "next"})
        which, at = asked.get("open", ""), _place(asked["next"]) if "next" in asked else None
        if which not in ("", "yes", "no") or (at is not None and at[0] != which):
            raise Refused(MALFORMED, "open is yes or no, and the same on each page")
        found = [one for one in self.world.signals.values() if not which or worlds.waits(one) == (which == "yes")]
        found.sort(key=lambda one: (-one.at, one.id))
        rest = [one for one in found if at is None or (-one.at, one.id) > (-at[1], at[2])]
        page = rest[: self.world.page_size]
        more = _mark(which, page[-1]) if len(rest) > len(page) else None
        return {"signals": [_wire(one) for one in page], "next": more}

    async def one(self, request: requests.Request) -> Json:
        """One signal."""
        self._spend(request)
        _query(request, set())
        return {"signal": _wire(self._signal(request))}

    async def move(self, request: requests.Request) -> Json:
        """{to, as}: another phase; `as` says why one is shut. What is so already is a conflict; what the system shut itself takes nothing
        but somebody's word for it."""
        self._spend(request)
        body = await _body(request, {"to", "as"})
        signal, to, ending = self._signal(request), body.get("to"), body.get("as", "")
        if to not in (worlds.LIVE, worlds.SEEN, worlds.SHUT) or ending not in ("", *worlds.ENDINGS) or (ending and to != worlds.SHUT):
            raise Refused(MALFORMED, "no such phase, or no such ending")
        if signal.loose:
            raise Refused(CONFLICT, "nobody can say anything about it")
        over = signal.ending == worlds.ITSELF
        if over and not (to == worlds.SHUT and ending):
            raise Refused(CONFLICT, "it is over by itself and stays so")
        if not over and (signal.phase == to or (signal.phase == worlds.SHUT and to != worlds.LIVE)):
            raise Refused(CONFLICT, f"it is {signal.phase}")
        self.world.change(signal, phase=to, ending=ending)
        return {"signal": _wire(signal)}

    def _spend(self, request: requests.Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Strange" or not self.world.spend(token):
            raise Refused(SPENT, "the token is spent")

    def _signal(self, request: requests.Request) -> worlds.Signal:
        """The one of the path, whose id is one segment of it: colon and slash are escaped."""
        ident = str(request.path_params["ident"])
        raw = bytes(request.scope["raw_path"]).decode().partition("?")[0]
        if f"/signals/{parse.quote(ident, safe='')}" not in raw:
            raise Refused(MALFORMED, "an id is one segment of a path")
        if ident not in self.world.signals:
            raise Refused(MISSING, "no such signal")
        return self.world.signals[ident]


def _wire(one: worlds.Signal) -> Json:
    return {
        "id": one.id,
        "phase": None if one.loose else one.phase,
        "as": one.ending or None,
        "was": one.was or None,
        "until": f"{one.until:.3f}" if one.until else None,
        "kind": one.kind,
        "score": f"{one.score:g}",
        "at": f"{one.at:.3f}",
        "line": one.line,
        "metric": {"name": "orders per minute", "value": f"{one.value:g}", "low": "40", "high": "60"},
        "rev": str(one.rev),
        "surprise": {"nobody": ["expects", "this"]},
    }


def _mark(which: str, last: worlds.Signal) -> str:
    return base64.urlsafe_b64encode(json.dumps([which, last.at, last.id]).encode()).decode()


def _place(mark: str) -> tuple[str, float, str]:
    try:
        which, at, ident = json.loads(base64.urlsafe_b64decode(mark))
        return str(which), float(at), str(ident)
    except ValueError as error:
        raise Refused(MALFORMED, "no such place in a list") from error


def _query(request: requests.Request, known: set[str]) -> Mapping[str, str]:
    pairs = request.query_params.multi_items()
    if {name for name, _ in pairs} - known or len(pairs) > len(dict(pairs)):
        raise Refused(MALFORMED, "a word that is not known, or twice")
    return dict(pairs)


async def _body(request: requests.Request, known: set[str]) -> Json:
    try:
        body = await request.json()
    except ValueError as error:
        raise Refused(MALFORMED, "this is no JSON") from error
    if not isinstance(body, dict) or set(body) - known:
        raise Refused(MALFORMED, "a word that is not known")
    return body


def _answered(handler: Handler) -> Callable[[requests.Request], Awaitable[responses.Response]]:
    async def endpoint(request: requests.Request) -> responses.Response:
        try:
            return responses.JSONResponse({"code": 0, **await handler(request)})
        except Refused as error:
            return responses.JSONResponse({"code": error.code, "message": str(error)})

    return endpoint
