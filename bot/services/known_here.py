"""A system that lists nothing, as all services see it: filters are answered from what the desk knows of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot import errors, model, ports
from bot.services import kept_here, searching, selecting

PAGE = 200
"""So many are read from the store at once."""
SORTED = 10_000
"""So many are sorted by what the store does not sort by."""
STORED = frozenset({"newest", "oldest", "weight"})
"""The orders in which the store reads."""


def sources(
    given: Mapping[str, ports.Source], rows: ports.Overlays, known: ports.OpenAnomalies, directory: ports.Directory
) -> Mapping[str, ports.Source]:
    """These systems as services are to see them: with what is kept here in their place, and with what is known of those without a list."""
    unlisted = {name: KnownHere(source, rows, known, directory) for name, source in given.items() if isinstance(source, ports.Unlisted)}
    return {**kept_here.sources(given, rows, directory), **unlisted}


class KnownHere(kept_here.KeptHere):
    """What is found is as it was last read; what is asked for by its id is read."""

    def __init__(
        self, inner: ports.Source, rows: ports.Overlays, known: ports.OpenAnomalies, directory: ports.Directory | None = None
    ) -> None:
        super().__init__(inner, rows, directory)
        self._known = known
        # Whatever is applied anywhere is applied here: to whoever asks, all of it is answered by this system.
        refused = {name: word for name, word in inner.words.items() if word.handling is model.Handling.REFUSED}
        self.words = {**{name: replace(word, handling=model.Handling.SENT) for name, word in inner.words.items()}, **refused}

    async def find(self, query: model.Query) -> model.Found:
        """`ports.Source.find` among what is known, and since when that is complete."""
        found = await selecting.counted(self.pages(query), query.limit)
        return found if query.ids else replace(found, as_of=await self._known.as_of(self.name, model.Query()))

    async def pages(self, query: model.Query) -> selecting.Pages:
        """`ports.Source.pages` among what is known."""
        if query.ids:
            yield [one for one in (await self.read(query.ids)).found.values() if self._matches(query, one)]
            return
        if query.sort and query.sort not in STORED:
            yield await self._sorted(query)
            return
        read = self._known.page if await self._open(query) else self._known.every
        mark: ports.Mark | None = None
        while some := await read(self.name, query, mark, PAGE):
            mark = ports.Mark(some[-1].created, some[-1].ref.id, some[-1].weight)
            if page := [one for one in some if self._matches(query, one)]:
                yield page

    async def _sorted(self, query: model.Query) -> Sequence[model.Anomaly]:
        """All of it, in an order that the store does not have. Raises NotSupported for more than are sorted at once."""
        found: list[model.Anomaly] = []
        async for page in self.pages(replace(query, sort="newest")):
            found += page
            if len(found) > SORTED:
                raise errors.NotSupported(
                    f"More than {SORTED:,} anomalies of {self.title} match, too many to sort by {query.sort}. Narrow that, or leave it out."
                )
        return await asyncio.to_thread(sorted, found, key=searching.order(query.sort))

    async def count(self, query: model.Query) -> int:
        """`ports.Source.count` among what is known."""
        told = await self._known.count(self.name, query) if not query.ids and await self._open(query) else None
        return await selecting.size(self.pages(query)) if told is None else told

    async def _open(self, query: model.Query) -> bool:
        """Whether the columns of open ones tell it."""
        return await self._known.as_of(self.name, query) is not None
