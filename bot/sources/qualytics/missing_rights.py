"""What is known of missing rights: the first chunk of a datastore that is refused is halved to its end, the others wait for what it finds.

Halving a chunk in which nothing may be changed costs twice as many calls as it has ids, and rights are given by datastore.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta

from bot import errors, ports

BELIEVED = timedelta(minutes=1)
"""How long it is believed what a scout found."""

Key = tuple[str, bool]
"""A datastore, and whether something is removed there: that needs another right than an update."""


class Scout:
    """One chunk that is being halved; `bare`: not one of its ids could be changed."""

    def __init__(self) -> None:
        self.back, self.bare = asyncio.Event(), False
        self.until: datetime | None = None


class Scouts:
    """The scouts of one deployment."""

    def __init__(self, clock: ports.Clock) -> None:
        self._clock = clock
        self._sent: dict[Key, Scout] = {}

    async def found_bare(self, key: Key, own: Scout) -> bool:
        """Whether nothing may be changed there, as another chunk found out; False for the first to ask, who has to find it out."""
        first = self._sent.get(key)
        if first is None or (first.until is not None and first.until <= self._clock.now()):
            first = self._sent[key] = own
        if first is own:
            return False
        await first.back.wait()
        return first.bare

    def returned(self, key: Key, own: Scout, fates: Iterable[errors.SourceError | None] = ()) -> None:
        """A chunk is settled: what the scout found holds for a while, and longer while others find the same. Where something could be
        changed after all, nothing is taken for granted until then."""
        bare, first, until = same_right_missing(fates), self._sent.get(key), self._clock.now() + BELIEVED
        if first is own:
            first.bare, first.until = bare, until
        elif first is not None and first.bare:
            first.bare, first.until = bare, until if bare else first.until
        own.back.set()


def same_right_missing(fates: Iterable[errors.SourceError | None]) -> bool:
    """All of them, and there are some, were refused for one and the same missing right."""
    rights = {(one.right, one.place) if isinstance(one, errors.SourceForbidden) else None for one in fates}
    return len(rights) == 1 and None not in rights
