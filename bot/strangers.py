"""What is done with a request before anybody is known: who is let in, what is read of it, and how it is refused.

Raw bytes and their size, nothing else: nothing is decoded, parsed or logged; a refusal is a status and a counter.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from aiohttp import web

from bot import ports, serving

log = logging.getLogger(__name__)

BODY_BYTES = 1024 * 1024
BODY_SECONDS = 10.0
"""How long a body may take after its headers."""

ADMITTED: web.RequestKey[bool] = web.RequestKey("admitted", bool)


class Refusal(Exception):
    """A request that goes no further: the status it gets, and the reason that is counted."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


@dataclass(frozen=True, slots=True)
class Porter:
    """Stands before every route: whatever goes wrong for somebody who has proved nothing is a counted 4xx without a line in the log."""

    telemetry: ports.Telemetry

    @web.middleware
    async def let_in(self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> web.StreamResponse:
        """Answer a request, or say no."""
        with _under_way(request):
            try:
                return await handler(request)
            except Refusal as refusal:
                return await self._refuse(request, refusal.status, refusal.reason)
            except web.HTTPException as error:
                return await self._refuse(request, error.status, error.reason)
            except Exception:
                if not request.get(ADMITTED):
                    return await self._refuse(request, 400, "unreadable")
                log.exception("an authenticated request to %s failed", _door(request))
                return web.Response(status=500)

    async def _refuse(self, request: web.Request, status: int, reason: str) -> web.Response:
        self.telemetry.count("requests_refused", door=_door(request), status=str(status), reason=reason)
        if request.content_length is not None:
            await _drained(request)
        answer = web.Response(status=status)
        answer.force_close()
        return answer


@contextmanager
def _under_way(request: web.Request) -> Iterator[None]:
    """Tell the connection when its request begins and ends; it waits for a request in between."""
    connection = request.protocol
    known = connection if isinstance(connection, serving.Connection) else None
    if known:
        known.begun()
    try:
        yield
    finally:
        if known:
            known.ended()


def admit(request: web.Request) -> None:
    """From here on the sender is known."""
    request[ADMITTED] = True
    if isinstance(request.protocol, serving.Connection):
        request.protocol.admitted()


def _door(request: web.Request) -> str:
    """The route's own words: the address may be anything."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else "none"


async def expected(_: web.Request) -> None:
    """An `Expect` header is met later, or not at all: the library would answer it before anybody is known, with the sender's own words."""


async def body(request: web.Request) -> bytes:
    """The raw bytes, no more than a megabyte, within ten seconds."""
    if (request.content_length or 0) > BODY_BYTES:
        raise Refusal(413, "size")
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    except TimeoutError:
        raise Refusal(408, "slow") from None


DRAIN_SECONDS = 1.0


async def _drained(request: web.Request) -> None:
    """Take what is on its way, so that the answer can be read (unread bytes reset the connection), but no more than a body may be."""
    left = BODY_BYTES
    with suppress(Exception):
        async with asyncio.timeout(DRAIN_SECONDS):
            while left > 0 and (chunk := await request.content.readany()):
                left -= len(chunk)
