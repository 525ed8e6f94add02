"""How systems and Slack stand, and what people were told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from bot import model


class HealthRecords(Protocol):
    """How each source stands."""

    async def get(self, source: str) -> model.SourceHealth: ...

    async def ask(self, source: str) -> None:
        """Somebody wants it to be looked at now, whoever looks."""
        ...

    async def ok(self, source: str, now: datetime, answered: int = 0, next_poll: datetime | None = None) -> model.SourceHealth:
        """It answered, and with it so many of those who had `asked` when the look began. Returns how it stood before."""
        ...

    async def failed(self, source: str, error: str, now: datetime, next_poll: datetime) -> model.SourceHealth:
        """It did not. Returns how it stood before."""
        ...

    async def mark(self, source: str, watch_mark: str, began: datetime | None = None) -> None:
        """Remember how far the watch got, and when this round of it began."""
        ...

    async def told(self, source: str, trouble: model.Trouble | None, now: datetime) -> None:
        """People know of this trouble; None: that it is over."""
        ...

    async def noticed(self, source: str, at: datetime, over: Sequence[str]) -> None:
        """What others started was looked for at that time; these were over before the first such look."""
        ...


class SourceTraits(Protocol):
    """What a deployment of a system turned out to speak, as its adapter wrote it: JSON."""

    async def get(self, source: str, host: str) -> Any: ...

    async def merge(self, source: str, host: str, learned: Mapping[str, Any], now: datetime) -> Any:
        """Add what was learned, as a JSON merge patch (None forgets a key), to what others have learned; returns all of it."""
        ...


class SlackHealth(Protocol):
    """What Slack refuses this desk, so that people are told of it once."""

    async def refused_since(self, channel: str) -> datetime | None:
        """Since when a channel refuses us, as people were told; None while it does not."""
        ...

    async def refuses(self, channel: str, now: datetime) -> None: ...

    async def works(self, channel: str, now: datetime) -> None: ...

    async def pauses(self, channel: str, now: datetime, until: datetime) -> None:
        """It is left alone for a while, by every process."""
        ...

    async def paused(self, now: datetime) -> Mapping[str, datetime]:
        """Channels that are left alone, and until when."""
        ...

    async def charts_refused(self) -> datetime | None:
        """When the workspace refused charts and tables last."""
        ...

    async def refuses_charts(self, now: datetime) -> None: ...


class DigestMarks(Protocol):
    """Up to which due time digests were made, for each route."""

    async def get(self, route: str) -> datetime | None: ...

    async def put(self, route: str, due: datetime) -> None: ...
