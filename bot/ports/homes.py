"""App Homes: who has one open, and what is in it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot import model


class Homes(Protocol):
    """What is remembered of App Homes, and what they are drawn from. Leasable as kind "homes"."""

    async def opened(self, who: str, shown: str, now: datetime) -> None:
        """Somebody opened theirs: it is due now, without a line on top, on the first pages, and shows what Slack calls `shown` ("" for
        nothing)."""
        ...

    async def want(self, who: str, since: datetime | None, now: datetime, begun: datetime, turn: model.Turn | None = None) -> bool:
        """Have it drawn again, if it was opened after `since` (None: they are looking at it); a line on top from before `begun` goes. False
        when it was not opened."""
        ...

    async def notice(self, who: str, words: str, now: datetime) -> None:
        """Have it drawn with this line on top."""
        ...

    async def recent(self, since: datetime) -> frozenset[str]:
        """Who opened theirs after `since`."""
        ...

    async def due(self, now: datetime, limit: int) -> Sequence[str]:
        """Whose is to be drawn by now, the longest overdue first."""
        ...

    async def get(self, who: str) -> model.Home | None: ...

    async def defer(self, who: str, until: datetime) -> None:
        """It is due at that time, and not before."""
        ...

    async def drawn(self, home: model.Home, *, called: datetime | None, shown: tuple[str, str], again: datetime | None) -> None:
        """What became of drawing it as `home` was: when Slack was asked (None: it was not), Slack's hash and the digest of what it shows
        now, and when it is due again, unless somebody has wanted it since."""
        ...

    async def facts(
        self, home: model.Home, query: model.Query, sources: Sequence[str], themselves: Collection[str], pages: Mapping[str, int]
    ) -> model.HomeFacts:
        """What `sources` and this desk have for this person, as of one moment; of the filter only the words that columns tell count.
        `themselves` are those of the sources in which a Slack user is their own user; `pages` is how many anomalies a page of "mine" and of
        "unseen" has."""
        ...


class Heard(Protocol):
    """Which events Slack sends."""

    async def note(self, event: str, now: datetime) -> None:
        """It came now."""
        ...

    async def last(self) -> Mapping[str, datetime]:
        """When each came last, to the hour."""
        ...
