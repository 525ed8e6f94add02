"""Faults that a fake system can be told to have: wrong answers, silence, dropped connections.

`FaultLayer` wraps any ASGI application; `Faults` is the list that tests and the chaos panel change. A fault is matched by path and
method, counts down, and is gone when it has struck `times` times (0: until somebody clears it).
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

Scope = MutableMapping[str, Any]
Received = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Received]]
Send = Callable[[Received], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

now = time.monotonic
HUGE_BYTES = 10_000_000
TRANSPORT = "sandbox.transport"
"""Scope key under which an outer layer leaves the connection, when it replaces `receive`."""


class BadFault(ValueError):
    """The description of a fault cannot be understood."""


@dataclass(slots=True)
class Fault:
    """One fault: `path` is a regular expression searched in the path, `method` "" means any, `skip` lets that many calls pass first.

    `status`, `json` and `headers` are the answer of mode "reply". `retry_after` in seconds goes along as a header. `after` lets the
    application do its work first and then takes its answer away; `seconds` is how long the fault lasts (0: as long as nobody clears it).
    """

    mode: str
    path: str = ""
    method: str = ""
    times: int = 0
    skip: int = 0
    retry_after: float | None = None
    status: int = 200
    json: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    after: bool = False
    seconds: float = 0
    until: float | None = None
    id: int = 0
    hits: int = 0

    def over(self) -> bool:
        return self.until is not None and now() >= self.until

    def matches(self, method: str, path: str) -> bool:
        return (not self.method or self.method.upper() == method) and re.search(self.path, path) is not None

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, slots=True)
class Reply:
    """What a fault answers instead of the system. `waits_in_body`: how long to wait stands there, and in no header."""

    status: int
    body: bytes
    content_type: str = "application/json"
    waits_in_body: bool = False


Answer = Callable[[Fault, str], Reply]
"""What a fault answers on a path."""


def _detail(status: int, text: str) -> Answer:
    return lambda fault, path: Reply(status, json.dumps({"detail": text}).encode())


def _huge(fault: Fault, path: str) -> Reply:
    return Reply(200, b'{"items":["' + b"x" * HUGE_BYTES + b'"]}')


REPLIES: Mapping[str, Answer] = {
    "500": lambda fault, path: Reply(500, b"Internal Server Error", "text/plain; charset=utf-8"),
    "503": lambda fault, path: Reply(503, b"<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>", "text/html"),
    "429": _detail(429, "Too many requests"),
    "401": _detail(401, "Could not validate credentials"),
    "403": _detail(403, "Not enough permissions"),
    "garbage": lambda fault, path: Reply(200, b'{"items": [{"id": 10<!doctype html>'),
    "empty": lambda fault, path: Reply(200, b""),
    "huge": _huge,
    "reply": lambda fault, path: Reply(fault.status, b"" if fault.json is None else json.dumps(fault.json).encode()),
}
"""What a fault of each mode answers, in FastAPI's words; a fake of another house has its own table."""
SILENCES = frozenset({"hang", "drop", "drop_after"})


class Faults:
    """The faults of one fake system, oldest first; the first that matches strikes."""

    def __init__(self, replies: Mapping[str, Answer] = REPLIES) -> None:
        self.replies = replies
        self._faults: list[Fault] = []
        self._ids = itertools.count(1)
        self._cleared = asyncio.Event()

    def add(self, **fields: Any) -> Fault:
        """Add a fault. Raises BadFault for an unknown mode or key and for a path that is no regular expression."""
        mode = str(fields.get("mode", ""))
        known = {*self.replies, *SILENCES}
        if mode not in known:
            raise BadFault(f"unknown mode {mode!r}; known: {', '.join(sorted(known))}")
        try:
            lasts = float(fields.get("seconds", 0))
            until = now() + lasts if lasts else None
            fault = Fault(**{**fields, "mode": mode, "id": next(self._ids), "until": until})
            re.compile(fault.path)
        except (TypeError, ValueError, re.error) as error:
            raise BadFault(str(error)) from error
        self._faults.append(fault)
        return fault

    def all(self) -> list[Fault]:
        self._faults = [fault for fault in self._faults if not fault.over()]
        return list(self._faults)

    def clear(self, ident: int | None = None) -> None:
        """Forget one fault, or all of them; whoever hangs is let go."""
        self._faults = [fault for fault in self._faults if ident is not None and fault.id != ident]
        self._cleared.set()
        self._cleared = asyncio.Event()

    def strike(self, method: str, path: str) -> Fault | None:
        """The fault that strikes this call, counted."""
        for fault in self.all():
            if not fault.matches(method, path):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            fault.hits += 1
            if fault.times and fault.hits >= fault.times:
                self._faults.remove(fault)
            return fault
        return None

    async def until_cleared(self) -> None:
        await self._cleared.wait()


class FaultLayer:
    """ASGI middleware: strikes calls before the application sees them, or after it did its work; `/_control` is never struck.

    The struck fault's mode is left in `scope["sandbox.fault"]` for a log around this layer. Dropping needs a real uvicorn connection.
    """

    def __init__(self, app: ASGIApp, faults: Faults, spare: str = "/_control") -> None:
        self.app, self.faults, self.spare = app, faults, spare

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(self.spare):
            await self.app(scope, receive, send)
            return
        fault = self.faults.strike(scope["method"], scope["path"])
        if fault is None:
            await self.app(scope, receive, send)
            return
        scope["sandbox.fault"] = fault.mode
        if fault.after or fault.mode == "drop_after":
            await self.app(scope, receive, _swallow)
        if fault.mode in self.faults.replies:
            await _reply(fault, self.faults.replies[fault.mode](fault, scope["path"]), send)
        elif fault.mode == "hang":
            await self._hang(scope, receive)
        else:
            await _drop(scope, receive)

    async def _hang(self, scope: Scope, receive: Receive) -> None:
        gone = asyncio.ensure_future(_disconnected(receive))
        cleared = asyncio.ensure_future(self.faults.until_cleared())
        try:
            await asyncio.wait({gone, cleared}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            cleared.cancel()
            await asyncio.gather(gone, cleared, return_exceptions=True)
        await _drop(scope, receive)


async def _swallow(message: Received) -> None:
    """An answer that nobody will see."""


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _reply(fault: Fault, reply: Reply, send: Send) -> None:
    headers = {"content-type": reply.content_type, "content-length": str(len(reply.body)), **fault.headers}
    if fault.retry_after is not None and not reply.waits_in_body:
        headers["retry-after"] = f"{fault.retry_after:g}"
    raw = [(name.lower().encode(), str(value).encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": raw})
    await send({"type": "http.response.body", "body": reply.body})


def connection(scope: Scope, receive: Receive) -> Any:
    """The TCP connection behind a request: uvicorn's `receive` is a method of the object that owns it."""
    return scope.get(TRANSPORT) or getattr(getattr(receive, "__self__", None), "transport", None)


async def _drop(scope: Scope, receive: Receive) -> None:
    transport = connection(scope, receive)
    if transport is None:
        raise RuntimeError("a connection can be dropped only under uvicorn")
    transport.abort()
    # uvicorn answers 500 for an application that returns silently, unless it has noticed the disconnect.
    await _disconnected(receive)
