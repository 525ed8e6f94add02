"""What the desk keeps of anomalies in place of their systems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from bot import model
from bot.ports import queries


class Overlays(Protocol):
    """Rows beside the anomalies. They are written by `Records` alone, and cleared by whatever sees that the system keeps it by now."""

    async def get(self, source: str, ids: Sequence[str]) -> Mapping[str, model.Overlay]:
        """What is kept of these."""
        ...

    async def stored(self, source: str, ids: Sequence[str]) -> Mapping[str, model.Anomaly]:
        """Those of these that are known and of which something is kept, as they were last seen."""
        ...

    async def groups(self, source: str, query: model.Query) -> Sequence[model.Kept] | None:
        """What is kept of those that match all of a filter but its statuses, counted; () where nothing is kept of any. None where its words
        are not all told by columns."""
        ...

    async def marks(self, source: str, query: model.Query, after: queries.Mark | None, limit: int) -> Sequence[queries.Mark]:
        """The next ones, in the order of the filter, that may match it though their system takes them to stand elsewhere: never too few."""
        ...
