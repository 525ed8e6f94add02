"""What is open, asked of the store: for filters that a system cannot answer itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot import model


@dataclass(frozen=True, slots=True)
class Mark:
    """How far an answer was read: the last anomaly of a page."""

    created: datetime
    id: str
    weight: float | None = None


class OpenAnomalies(Protocol):
    """The open anomalies that are known, found by what filters ask for. One system at a time; words of people are ids by now, and days
    are days of UTC."""

    async def as_of(self, source: str, query: model.Query) -> datetime | None:
        """As of when this filter can be answered: every open anomaly of the system was known then. None when it cannot: the system was
        never looked at whole, rows of an earlier release are not filled yet, or the filter asks for closed ones too."""
        ...

    async def page(self, source: str, query: model.Query, after: Mark | None = None, limit: int = 200) -> Sequence[model.Anomaly]:
        """The next ones in the order that the filter asks for, as they were last seen: all that match, and where words are used that
        `exact` does not know, some that do not."""
        ...

    async def every(self, source: str, query: model.Query, after: Mark | None = None, limit: int = 200) -> Sequence[model.Anomaly]:
        """The next ones of all that are kept, closed ones too, as they were last seen, in the order that the filter asks for: all that
        match, and some that do not."""
        ...

    async def count(self, source: str, query: model.Query) -> int | None:
        """How many match; None where only the anomalies themselves tell."""
        ...

    async def by_table(self, source: str, query: model.Query, most: int) -> Sequence[tuple[str, int]] | None:
        """The tables with the most that match, and how many; None as for `count`."""
        ...
