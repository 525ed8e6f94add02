"""Anomalies of Autional list by list and page by page. In which order a list comes is not documented: where it is not the newest first,
it is read as a whole and sorted here."""

from __future__ import annotations

import logging
import math
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from bot import errors, model
from bot.sources import base, paging
from bot.sources.autional import client, filters, members, schema, statuses

log = logging.getLogger(__name__)

_RANK = {severity: number for number, severity in enumerate(model.Severity)}
_ORDERS: dict[str, Any] = {
    "oldest": lambda one: (one.created.timestamp(), one.ref.id),
    "weight": lambda one: (-_RANK.get(one.severity, -1), -one.created.timestamp(), one.ref.id),
    "weight:asc": lambda one: (_RANK.get(one.severity, 9), -one.created.timestamp(), one.ref.id),
}
"""Whatever is not the newest first. It has no score, so what weighs most is what is most severe."""


def newest(one: model.Anomaly) -> tuple[float, str]:
    """The order in which anomalies are listed everywhere."""
    return -one.created.timestamp(), one.ref.id


@dataclass(frozen=True, slots=True)
class AnomalyPage:
    """One page, read; `ids` are all that it names, whether they could be read or not."""

    anomalies: Sequence[model.Anomaly]
    ids: Sequence[Any]
    total: int | None
    size: int

    @property
    def ordered(self) -> bool:
        """Whether the newest come first on it."""
        dates = [one.created for one in self.anomalies]
        return dates == sorted(dates, reverse=True)


class Lister:
    """Reads the lists of one tenant. `lengths` says of how many pages the lists of single statuses were when they were read last."""

    def __init__(self, api: client.Client, reader: schema.Reader, known: members.Members, words: statuses.Words, size: int) -> None:
        self._api, self._reader, self._members, self._words, self._size = api, reader, known, words, size
        self._proven = set[str]()
        self.lengths: dict[str, int] = {}
        self.skipped = 0

    async def page(self, params: base.Params, number: int = 1, size: int = 0) -> AnomalyPage:
        """One page of one list."""
        raw = await self._api.page(params, number=number, size=size or self._size)
        read = self._reader.anomalies(raw.items, await self._members.names())
        self._skip(len(raw.items) - len(read))
        asked = dict(params)
        if not asked.keys() - {"status"} and raw.size > 1:
            self.lengths[str(asked.get("status", ""))] = max(math.ceil((raw.total or 0) / raw.size), 1)
        return AnomalyPage(read, raw.ids, raw.total, raw.size)

    def _skip(self, count: int) -> None:
        """Told once: they come again with every poll."""
        if count and not self.skipped:
            log.warning("autional: %d items of a list were not understood and left out", count)
        self.skipped += count

    async def stream(self, params: base.Params) -> AsyncIterator[AnomalyPage]:
        """A whole list, page by page."""

        async def read(number: int, size: int) -> AnomalyPage:
            return await self.page(params, number, size)

        async for page in paging.stream(read, self._api.bounds()):
            yield page

    async def taken(self, words: Sequence[str]) -> Sequence[str] | None:
        """Those of these statuses that the list can be asked for: where it does not know one, no anomaly stands so. None where some do all
        the same, because we were let set it: then everything has to be read."""
        left = await self._words.taken("list", words)
        refused = [word for word in left if word in statuses.DOUBTED and not await self._lists(word)]
        await self._words.refuses("list", refused)
        kept = [word for word in left if word not in refused]
        return None if self._words.given & (set(words) - set(kept)) else kept

    async def _lists(self, word: str) -> bool:
        if word in self._proven:
            return True
        try:
            await self._api.page([("status", word)], size=1, trying=True)
        except errors.SourceRejected:
            return False
        self._proven.add(word)
        return True

    async def planned(self, query: model.Query, now: Any) -> filters.Plan:
        """How this filter is asked."""
        return filters.plan(query, await self.taken(statuses.among(query.statuses)), now)

    # --- an order over several lists --------------------------------------------------------------------------------------

    async def sorted(self, plan: filters.Plan, sort: str) -> AsyncIterator[Sequence[model.Anomaly]]:
        """What a plan holds, in this order; the newest first page by page, any other once all was read."""
        lists = [_List(self.stream(params), plan, params) for params in plan.lists]
        await base.together([one.fill() for one in lists], paging.ABREAST)
        if sort in _ORDERS or not all(one.ordered for one in lists):
            everything = [one for each in lists for one in await each.rest()]
            yield sorted(everything, key=_ORDERS.get(sort, newest))
            return
        while any(one.waiting for one in lists):
            yield await _wave(lists)


class _List:
    """One list that is being taken from the front."""

    def __init__(self, pages: AsyncIterator[AnomalyPage], plan: filters.Plan, params: base.Params) -> None:
        self._pages, self._plan, self._params = pages, plan, params
        self.waiting: list[model.Anomaly] = []
        self.ordered = True

    async def fill(self) -> None:
        """The next page that holds something of the plan; nothing when there is none left."""
        while not self.waiting:
            page = await anext(self._pages, None)
            if page is None:
                return
            self.ordered = self.ordered and page.ordered
            self.waiting = sorted(self._wanted(page), key=newest)

    async def rest(self) -> list[model.Anomaly]:
        """All that is left."""
        found = self.waiting
        async for page in self._pages:
            found += self._wanted(page)
        return found

    def _wanted(self, page: AnomalyPage) -> list[model.Anomaly]:
        return [one for one in page.anomalies if filters.listed(self._params, one) and self._plan.holds(one)]


async def _wave(lists: Sequence[_List]) -> list[model.Anomaly]:
    """What can be told now without a look at another page: everything that is newer than the oldest of the list that ends first."""
    full = [one for one in lists if one.waiting]
    bound = min(newest(one.waiting[-1]) for one in full)
    found: list[model.Anomaly] = []
    for one in full:
        keys = sum(1 for each in one.waiting if newest(each) <= bound)
        found += one.waiting[:keys]
        one.waiting = one.waiting[keys:]
    await base.together([one.fill() for one in full if not one.waiting], paging.ABREAST)
    return sorted(found, key=newest)
