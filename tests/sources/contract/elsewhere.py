"""Another host than the one in the settings: a real server that counts what it is asked, answers that lead to it, and every question that a
system can be asked."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

from bot import model, ports
from sandbox import faults, loopback

SECRETS = ("authorization", "x-api-key", "x-auth-token", "x-tenant-id", "cookie")
"""Headers that would tell a stranger something."""


class Elsewhere:
    """A server that nobody should ask: `heard` is what it was asked all the same. `address` is another host than 127.0.0.1 by its name."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.address = ""

    async def __call__(self, scope: faults.Scope, receive: faults.Receive, send: faults.Send) -> None:
        told = {name.decode().lower() for name, _ in scope["headers"]}
        self.heard.append(f"{scope['method']} {scope['path']} with {', '.join(sorted(told & set(SECRETS))) or 'no secret'}")
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": b"{}"})

    def leads(self) -> Sequence[Mapping[str, Any]]:
        """Redirects to it, in each of the ways that clients follow."""
        targets = (self.address, self.address.removeprefix("http:"))
        return [
            {"status": status, "headers": {"location": f"{target}/elsewhere"}} for status in (301, 302, 303, 307, 308) for target in targets
        ]


@contextlib.asynccontextmanager
async def standing() -> AsyncIterator[Elsewhere]:
    """It, listening."""
    made = Elsewhere()
    async with loopback.served(made, 0, asyncio.Event().wait) as url:
        made.address = url.replace("127.0.0.1", "localhost")
        yield made


class Naming:
    """ASGI middleware: whatever is answered names `address`, as the host of each address in it, and as where the list goes on."""

    def __init__(self, app: faults.ASGIApp, address: str) -> None:
        self._app, self._address = app, address

    async def __call__(self, scope: faults.Scope, receive: faults.Receive, send: faults.Send) -> None:
        body, start = bytearray(), dict[str, Any]()

        async def held(message: faults.Received) -> None:
            start.update(message if message["type"] == "http.response.start" else {})
            body.extend(message.get("body", b""))

        await self._app(scope, receive, held)
        headers = [(name, value) for name, value in start["headers"] if name != b"content-length"]
        with contextlib.suppress(ValueError):
            told = json.dumps(self._whole(json.loads(bytes(body)))).encode()
            body[:] = told
        more = {"content-length": str(len(body)), "link": f'<{self._address}/next>; rel="next"', "refresh": f"0; url={self._address}/next"}
        await send({**start, "headers": [*headers, *((name.encode(), value.encode()) for name, value in more.items())]})
        await send({"type": "http.response.body", "body": bytes(body)})

    def _whole(self, told: Any) -> Any:
        """Nothing that the system tells itself is taken away."""
        if not isinstance(told, dict):
            return self._named(told)
        following = f"{self._address}/next?page=2&index=2"
        pages = dict.fromkeys(("next", "next_page", "nextPage", "next_url"), following)
        links = {name: {"next": following, "self": self._address} for name in ("links", "_links", "paging")}
        return {**pages, **links, "location": following, **self._named(told)}

    def _named(self, told: Any) -> Any:
        if isinstance(told, dict):
            return {name: self._address if name.endswith("host") else self._named(one) for name, one in told.items()}
        if isinstance(told, list):
            return [self._named(one) for one in told]
        if isinstance(told, str) and told.startswith(("http://", "https://")):
            return "/".join([self._address, *told.split("/")[3:]])
        return told


Question = Callable[[], Awaitable[Any]]


def questions(made: ports.System, one: model.Anomaly) -> Sequence[Question]:
    """Whatever the ports of a system offer."""
    source, scanner, witness, pictures, rows, detector, commons = (
        made.source, made.scanner, made.witness, made.pictures, made.rows, made.detector, made.commons,
    )  # fmt: skip
    closed = model.Change(model.Action.ARCHIVE, archive_as=source.archive_as[0].word)
    asked: list[Question] = [
        source.check,
        source.people,
        lambda: source.changes(""),
        lambda: source.find(model.Query()),
        lambda: source.count(model.Query()),
        lambda: anext(source.pages(model.Query())),
        lambda: source.get([one.ref.id]),
        lambda: source.read([one.ref.id], pages=3),
        lambda: source.comments(one.ref.id),
        lambda: source.apply(model.Change(model.Action.ACKNOWLEDGE, comment="seen"), [one]),
        lambda: source.apply(closed, [one, one]),
    ]
    asked += [lambda: witness.evidence(one)] if witness else []
    asked += [lambda: pictures.pictures(one)] if pictures else []
    asked += [lambda: rows.rows(one)] if rows else []
    asked += [lambda: detector.detect(detector.spans[0])] if detector else []
    asked += [lambda: commons.common(model.Query(others=(("metric", "signups"),)))] if commons else []
    if scanner:
        asked += [scanner.datastores, lambda: scanner.tables("42"), scanner.scans, lambda: scanner.abort("1")]
        asked += [lambda: scanner.start(model.ScanRequest("scan", "42"))]
    return asked
