"""The log of a fake system: every call as it came over the wire, with what became of it."""

from __future__ import annotations

import json
from collections import deque
from typing import Any
from urllib import parse

from sandbox import faults

KEPT = 50_000


class Recorder:
    """ASGI middleware that keeps the calls of everything but `/_control`.

    An entry has method, path, query (a list of pairs, in order), json (None without a body), token, status, fault, and the port that it
    came from. The status is None while the call runs and 0 when the connection was dropped.
    """

    def __init__(self, app: faults.ASGIApp) -> None:
        self.app = app
        self.calls: deque[dict[str, Any]] = deque(maxlen=KEPT)

    async def __call__(self, scope: faults.Scope, receive: faults.Receive, send: faults.Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/_control"):
            await self.app(scope, receive, send)
            return
        body = await _read(receive)
        call = _entry(scope, body)
        self.calls.append(call)
        scope[faults.TRANSPORT] = faults.connection(scope, receive)

        async def note(message: faults.Received) -> None:
            if message["type"] == "http.response.start":
                call["status"] = message["status"]
            await send(message)

        try:
            await self.app(scope, _replay(body, receive), note)
        finally:
            call["fault"] = scope.get("sandbox.fault")
            call["status"] = call["status"] or 0


async def _read(receive: faults.Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _replay(body: bytes, receive: faults.Receive) -> faults.Receive:
    """The body once more, then whatever comes."""
    waiting = [body]

    async def again() -> faults.Received:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return again


def _entry(scope: faults.Scope, body: bytes) -> dict[str, Any]:
    headers = {name.decode().lower(): value.decode(errors="replace") for name, value in scope["headers"]}
    return {
        "method": scope["method"],
        "path": scope["path"],
        "query": [list(pair) for pair in parse.parse_qsl(scope["query_string"].decode(), keep_blank_values=True)],
        "json": _json(body),
        "token": headers.get("authorization", headers.get("x-auth-token", "")).removeprefix("Bearer ")[-12:],
        "status": None,
        "fault": None,
        "port": (scope.get("client") or ("", 0))[1],
    }


def _json(body: bytes) -> Any:
    """The body as JSON; as text when it is none."""
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")
