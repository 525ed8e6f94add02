"""What is open, answered from the store where the system cannot filter by what was asked; what is shown is read again from the system."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot import model, ports
from bot.core import grammar
from bot.services import selecting

PAGE = 200
"""So many are read from the store at once."""

_EMPTY = model.Query()
_SYSTEMS = ("ids", "types", "checks", "rules", "enriched", "others")
"""Fields of a query whose words a system compares in its own way, and narrows by."""


@dataclass(slots=True, kw_only=True)
class OpenOnes:
    """Finds without paging the system: the store knows every open one of it since it was met, as of the last good look."""

    store: ports.OpenAnomalies

    async def find(self, source: ports.Source, query: model.Query, wanted: int) -> model.Found | None:
        """At most `wanted` (0: all) that match, in the order of the filter, fresh from the system; None when the store cannot answer:
        it does not know everything, or the system narrows better, or a place was named that only the system may know.

        `query` has ids for its people. What is found is true now; what began to match since `as_of`, unknown to this desk, is missing, and
        `total` counts those that are not read again as they were last seen. Raises SourceError.
        """
        as_of = await self._as_of(source, query)
        if as_of is None:
            return None
        kept: list[model.Anomaly] = []
        other = 0
        async for some in self.matching(source.name, query):
            while some and not (wanted and len(kept) >= wanted):
                room = wanted - len(kept) if wanted else PAGE
                fresh = await self._fresh(source, query, some[:room])
                other += len(some[:room]) - len(fresh)
                kept, some = [*kept, *fresh], some[room:]
            if wanted and len(kept) >= wanted:
                break
        if not kept and (query.datastores or query.tables):
            return None
        return model.Found(kept, await self._counted(source, query) - other if wanted else len(kept), as_of)

    async def pages(self, source: ports.Source, query: model.Query) -> selecting.Pages | None:
        """All that `find` finds, page by page; None where that is None. `query.limit` is not looked at. Raises SourceError."""
        if await self._as_of(source, query) is None:
            return None
        found = await selecting.begun(self._read(source, query))
        if found is not None:
            return found.pages()
        return None if query.datastores or query.tables else selecting.nothing()

    async def by_table(self, source: ports.Source, query: model.Query, most: int) -> tuple[Sequence[tuple[str, int]], datetime] | None:
        """The tables with the most that match, as they were last seen, and as of when; None where the store cannot tell."""
        as_of = await self._as_of(source, query)
        told = await self.store.by_table(source.name, query, most) if as_of is not None else None
        return None if told is None or as_of is None else (told, as_of)

    async def _read(self, source: ports.Source, query: model.Query) -> selecting.Pages:
        async for some in self.matching(source.name, query):
            if some:
                yield await self._fresh(source, query, some)

    async def _as_of(self, source: ports.Source, query: model.Query) -> datetime | None:
        if any(getattr(query, name) != getattr(_EMPTY, name) for name in _SYSTEMS) or query.sort not in ("", *grammar.SORTED):
            return None
        return await self.store.as_of(source.name, query)

    async def matching(self, source: str, query: model.Query) -> AsyncIterator[Sequence[model.Anomaly]]:
        """All that match as they were last seen, page by page: memory stays that of one page."""
        mark: ports.Mark | None = None
        while some := await self.store.page(source, query, mark, PAGE):
            mark = ports.Mark(some[-1].created, some[-1].ref.id, some[-1].weight)
            yield [one for one in some if grammar.matches(query, one)]

    async def _counted(self, source: ports.Source, query: model.Query) -> int:
        told = await self.store.count(source.name, query)
        return sum([len(some) async for some in self.matching(source.name, query)]) if told is None else told

    async def _fresh(self, source: ports.Source, query: model.Query, seen: Sequence[model.Anomaly]) -> Sequence[model.Anomaly]:
        """Those that still match in the system itself, in the same order."""
        found = (await source.read([one.ref.id for one in seen])).found
        now = [found[one.ref.id].dated_as(one) for one in seen if one.ref.id in found]
        return [one for one in now if grammar.matches(query, one)]
