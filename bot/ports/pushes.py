"""What the desk has to know of a kind of system that tells us of news, and what it promises about what it was told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from bot import model


class Carrier(Enum):
    """The part of a request that brings a secret."""

    BEARER = "Authorization: Bearer"
    BASIC = "Authorization: Basic"
    HEADER = "a header"
    QUERY = "the address, behind ?"
    PATH = "the end of the address"


@dataclass(frozen=True, slots=True)
class Way:
    """How a webhook may bring its secret; `name` is that of the header or parameter. The user of BASIC may be anybody."""

    carrier: Carrier
    name: str = ""


BEARER, BASIC, PATH = Way(Carrier.BEARER), Way(Carrier.BASIC), Way(Carrier.PATH)
KEY, DESK_SECRET = Way(Carrier.QUERY, "key"), Way(Carrier.HEADER, "X-Desk-Secret")

ALWAYS: Sequence[Way] = (DESK_SECRET, KEY, PATH)
"""Ours: every system may use them, and so may whoever tries it by hand."""


def header(name: str) -> Way:
    """In a header of the system's own."""
    return Way(Carrier.HEADER, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What a kind of system can push.

    `ways` are those that it can use besides `ALWAYS`. `read` finds in a body what it is about; it raises ValueError with the rest of a
    sentence that "The webhook's body" begins. `steps` tell a person what to do in the system's console: `$url` is the address,
    `$keyed` and `$path` the addresses with the secret in them, `$secret` the variable that holds it.
    """

    ways: Sequence[Way]
    read: Callable[[bytes], model.News]
    steps: Sequence[str]


class Pushes(Protocol):
    """Pushes, one row each: stored before they are answered, settled once what they are about was read."""

    async def add(self, source: str, news: model.News, now: datetime) -> None: ...

    async def systems(self, names: Sequence[str], now: datetime) -> Sequence[str]:
        """Those of these that have any to be read by now."""
        ...

    async def waiting(self, source: str, now: datetime, limit: int) -> Sequence[model.Push]:
        """Those of a system to be read by now, in the order in which they came."""
        ...

    async def backlog(self, source: str) -> tuple[int, datetime | None]:
        """How many of a system wait, and since when the first of them."""
        ...

    async def settle(self, pushes: Sequence[model.Push], now: datetime) -> None:
        """What they are about was read."""
        ...

    async def again(self, pushes: Sequence[model.Push], due: datetime) -> None:
        """They were read in vain: once more at that time."""
        ...
