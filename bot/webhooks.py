"""The doors for what systems push: who may come in is decided before a byte of the body is read, and 200 means that it is stored.

A secret may come in several places of a request, some of them parts of the address: nothing of a request is logged or counted here but the
name of its route.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from aiohttp import web

from bot import errors, ports, strangers

ROUTES = ("/hooks/{system}", "/hooks/{system}/{secret}")

PER_SECOND, BURST = 50.0, 3000.0
"""How many webhooks of one system are taken: a scan with thousands of new anomalies at once, and then what no person would notice."""
RETRY_SECONDS = 10

Receive = Callable[[str, bytes], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Door:
    """Where one system comes in: its secret, and how it may bring it."""

    secret: str = field(repr=False)
    ways: Sequence[ports.Way]


@dataclass(slots=True)
class _Rate:
    """How many more may come now."""

    left: float = field(default_factory=lambda: BURST)
    at: float = 0.0

    def takes(self, now: float) -> bool:
        """Whether there is room for one, which is taken."""
        self.left, self.at = min(BURST, self.left + (now - self.at) * PER_SECOND), now
        if self.left < 1:
            return False
        self.left -= 1
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhooks:
    """`doors` by the names of the systems; `secret` is the one of all, "" when there is none: whoever knows it is told that a system is
    not there. `receive` stores what a body is about; it raises `errors.NotFound`, `errors.SourceGarbled` or `errors.StoreError`."""

    doors: Mapping[str, Door]
    receive: Receive
    secret: str = field(default="", repr=False)
    _rates: dict[str, _Rate] = field(default_factory=dict)
    _nobodys: str = field(default_factory=lambda: os.urandom(32).hex(), repr=False)

    def __bool__(self) -> bool:
        return any(door.secret for door in self.doors.values()) or bool(self.secret)

    async def answer(self, request: web.Request) -> web.Response:
        """200 when it is stored, or needs no storing; 401 before anything else for a wrong secret, whatever the system."""
        name = request.match_info["system"]
        if not self._knows(request, self.doors.get(name)):
            raise strangers.Refusal(401, "secret")
        strangers.admit(request)
        if name not in self.doors:
            return _said(404, "No such system is connected here.")
        if not self._rates.setdefault(name, _Rate()).takes(asyncio.get_running_loop().time()):
            return _said(429, "Too many webhooks: send this one again later.", {"Retry-After": str(RETRY_SECONDS)})
        try:
            await self.receive(name, await strangers.body(request))
        except errors.NotFound as error:
            return _said(404, str(error))
        except errors.SourceGarbled as error:
            return _said(400, str(error))
        except errors.StoreError:
            return _said(503, "It could not be stored: send it again later.", {"Retry-After": str(RETRY_SECONDS)})
        return _said(200, "ok")

    def _knows(self, request: web.Request, door: Door | None) -> bool:
        """Whether a place where the secret may be has it. All places are compared, whatever the first one says, and digests of equal length
        are: no time tells how much of it was right, or whether there is such a system."""
        wanted = _digest((door.secret if door else self.secret) or self._nobodys)
        may = {*ports.ALWAYS, *(door.ways if door else ())}
        every = dict.fromkeys([*ports.ALWAYS, *(way for one in self.doors.values() for way in one.ways)])
        right = [hmac.compare_digest(_digest(_OFFERED[way.carrier](request, way.name)), wanted) for way in every]
        return any(good and way in may for good, way in zip(right, every, strict=True))


def _said(status: int, text: str, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(status=status, text=f"{text}\n", headers=headers)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()


# --- where a secret may be ---------------------------------------------------------------------------------------------------


def _authorization(request: web.Request, scheme: str) -> str:
    given, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if given.lower() == scheme else ""


def _password(request: web.Request, _: str) -> str:
    """What stands behind the user's name."""
    try:
        pair = base64.b64decode(_authorization(request, "basic"), validate=True).decode("utf-8", "surrogateescape")
    except (binascii.Error, ValueError):
        return ""
    return pair.partition(":")[2]


_OFFERED: Mapping[ports.Carrier, Callable[[web.Request, str], str]] = {
    ports.Carrier.BEARER: lambda request, _: _authorization(request, "bearer"),
    ports.Carrier.BASIC: _password,
    ports.Carrier.HEADER: lambda request, name: request.headers.get(name, ""),
    ports.Carrier.QUERY: lambda request, name: request.query.get(name, ""),
    ports.Carrier.PATH: lambda request, _: request.match_info.get("secret", ""),
}
