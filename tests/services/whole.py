"""The scripted system as a whole source: it lists, counts and filters too."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot import model
from bot.core import grammar
from tests.services import desk as desks

HERE = ("source", "status", "sort", "limit", "id", "table", "type", "tag", "min", "since", "until", "q", "assignee", "severity")


@dataclass
class Whole(desks.System):
    """One that filters by these words itself."""

    words: Mapping[str, model.Word] = field(default_factory=lambda: dict.fromkeys(HERE, model.Word(model.Handling.SENT)))

    async def find(self, query: model.Query) -> model.Found:
        await self._call("find")
        found = [one for one in self.there.values() if grammar.matches(query, one)]
        ordered = sorted(found, key=lambda one: one.created, reverse=True)
        return model.Found(ordered[: query.limit or None], len(found))

    async def count(self, query: model.Query) -> int:
        return len((await self.find(replace(query, limit=0))).anomalies)

    async def pages(self, query: model.Query) -> AsyncIterator[Sequence[model.Anomaly]]:
        yield (await self.find(replace(query, limit=0))).anomalies
