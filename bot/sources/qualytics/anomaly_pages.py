"""Reading lists of anomalies: all pages at once, against foreign datastores and against pages that drift while they are read."""

from __future__ import annotations

import asyncio
import logging
import math
from collections import deque
from collections.abc import AsyncIterator, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot import errors, model
from bot.sources import base, judging, paging
from bot.sources.qualytics import client, dialect, schema

log = logging.getLogger(__name__)

OTHER_KEY = {"datastore": "datastore_id", "datastore_id": "datastore"}


@dataclass(frozen=True, slots=True)
class AnomalyPage:
    """A page, understood: `anomalies` of the datastore that was asked for, `count` the items as they came, `foreign` when others were
    among them, `pages` how many there are, `ids` what tells its items apart."""

    anomalies: Sequence[model.Anomaly]
    total: int | None
    size: int
    count: int
    foreign: bool
    ids: Sequence[Hashable] = ()

    @property
    def pages(self) -> int:
        """How many pages there are; when the server does not say: another one as long as they are full."""
        return math.ceil(self.total / self.size) if self.total is not None else 1


@dataclass(frozen=True, slots=True)
class AnomalyList:
    """A whole answer; `total` None when it cannot be known."""

    anomalies: Sequence[model.Anomaly]
    total: int | None


class Lister:
    """Lists anomalies of one deployment. `skipped` counts items that could not be understood."""

    def __init__(self, *, api: client.Client, dialect: dialect.Dialect, reader: schema.Reader, size: int) -> None:
        self._api, self._dialect, self._reader, self.size = api, dialect, reader, size
        self.skipped = 0
        self._hopeless = False
        self.proven: set[str] = set()
        """Datastores for which a whole page of many came back clean."""

    async def page(self, datastore: str, params: base.Params, *, number: int = 1, size: int = 0) -> AnomalyPage:
        """One page of a datastore ("" = all). Items of other datastores are dropped; the first time that any are seen, the other name
        of the filter is tried once, and remembered if it is the right one."""
        page = await self._page(datastore, self._dialect.traits.datastore_key, params, number, size)
        if not page.foreign or self._hopeless:
            return page
        other = OTHER_KEY.get(self._dialect.traits.datastore_key, "datastore")
        again = await self._page(datastore, other, params, number, size)
        if again.foreign:
            self._hopeless = True
            return page
        await self._dialect.learn(datastore_key=other)
        return again

    async def all(self, datastore: str, params: base.Params, *, limit: int = 0) -> AnomalyList:
        """All pages, the first one alone and the rest at once; only as many as `limit` anomalies need (0: all). Read once more when
        the list shrank meanwhile: closing one moves the next page's first item out of sight."""
        pages = await self._all(datastore, params, limit)
        if not limit and self._shrank(pages):
            again = await self._all(datastore, params, limit)
            pages = [*again, *pages] if self._shrank(again) else again
        anomalies = await self._different(pages)
        total = None if any(page.foreign for page in pages) else pages[0].total
        return AnomalyList(anomalies[:limit] if limit else anomalies, total if total is not None or limit else len(anomalies))

    async def stream(self, datastore: str, params: base.Params) -> AsyncIterator[AnomalyPage]:
        """All pages with anything on them, one after the other; what another page of lately had already is left out."""

        async def read(number: int, size: int) -> AnomalyPage:
            return await self.page(datastore, params, number=number, size=size)

        lately: deque[frozenset[model.Ref]] = deque(maxlen=paging.WINDOW)
        async for page in paging.stream(read, self.bounds):
            fresh = {one.ref: one for one in page.anomalies if not any(one.ref in few for few in lately)}
            if fresh:
                lately.append(frozenset(fresh))
                yield replace(page, anomalies=list(fresh.values()))

    async def listed(self, datastore: str, params: base.Params) -> AsyncIterator[Sequence[model.Anomaly]]:
        """The anomalies on them."""
        async for page in self.stream(datastore, params):
            yield page.anomalies

    async def _different(self, pages: Sequence[AnomalyPage]) -> Sequence[model.Anomaly]:
        """Each once, in the order and as the page says that has it first; everybody else gets a turn in between."""
        found: dict[model.Ref, model.Anomaly] = {}
        for page in pages:
            for one in page.anomalies:
                found.setdefault(one.ref, one)
            await asyncio.sleep(0)
        return list(found.values())

    async def rest(self, datastore: str, params: base.Params, numbers: Sequence[int]) -> list[AnomalyPage]:
        """Several pages at once."""
        return await base.together(self.page(datastore, params, number=number) for number in numbers)

    async def _all(self, datastore: str, params: base.Params, limit: int) -> list[AnomalyPage]:
        async def read(number: int, size: int) -> AnomalyPage:
            return await self.page(datastore, params, number=number, size=size)

        first = await self.page(datastore, params)
        most = math.ceil(limit / first.size) if limit and not first.foreign else 0
        return await paging.every(read, self.bounds, first=first, most=most)

    @property
    def bounds(self) -> paging.Bounds:
        """How much of one list is read."""
        return self._api.bounds("anomalies", paging.ANOMALIES)

    def _shrank(self, pages: Sequence[AnomalyPage]) -> bool:
        """A later page told a smaller total than the first, or fewer different anomalies came than were told."""
        told = [page.total for page in pages if page.total is not None]
        if len(pages) < 2 or not told or any(page.foreign for page in pages):
            return False
        different = len({one.ref for page in pages for one in page.anomalies})
        unread = sum(page.count - len(page.anomalies) for page in pages)
        return min(told) < told[0] or different + unread < min(told)

    async def _page(self, datastore: str, key: str, params: base.Params, number: int, size: int) -> AnomalyPage:
        asked = [(key, _number(datastore)), *params] if datastore else list(params)
        ask = judging.Ask("Reporter", datastore)
        raw = await self._api.page("anomalies", asked, number=number, size=size or self.size, ask=ask)
        return self.understand(raw, datastore)

    def understand(self, raw: client.RawPage, datastore: str = "") -> AnomalyPage:
        """Read the items of a page. Raises SourceGarbled when not one of them can be understood."""
        read = [self._reader.anomaly(item) for item in raw.items]
        known = [one for one in read if one is not None]
        if raw.items and not known:
            raise errors.SourceGarbled(self._api.name, f"{self._api.title} gave a list in which nothing can be understood.")
        self._skip(len(read) - len(known))
        ours = [one for one in known if not datastore or one.datastore is None or one.datastore.id == datastore]
        page = AnomalyPage(ours, raw.total, raw.size, len(raw.items), len(ours) < len(known), raw.ids)
        if datastore and not page.foreign and page.count > 1:
            self.proven.add(datastore)
        return page

    def _skip(self, count: int) -> None:
        if count and not self.skipped:
            log.warning("qualytics: %d items of a list were not understood and left out", count)
        self.skipped += count


def _number(ident: str) -> int | str:
    """An id as the API wants it: a number where it is one."""
    return int(ident) if ident.isdecimal() else ident


def merged(listings: Sequence[AnomalyList], sort: str, limit: int) -> model.Found:
    """Several answers as one, in the order that was asked for."""
    if len(listings) == 1:
        return model.Found(listings[0].anomalies, listings[0].total)
    found = {one.ref: one for listing in listings for one in listing.anomalies}
    ordered = sorted(found.values(), key=_KEYS.get(sort, _KEYS["newest"]), reverse=sort != "oldest")
    totals = [listing.total for listing in listings]
    total = None if any(one is None for one in totals) else sum(one or 0 for one in totals)
    return model.Found(ordered[:limit] if limit else ordered, total)


async def interleaved(listings: Sequence[AsyncIterator[Sequence[model.Anomaly]]], sort: str) -> AsyncIterator[Sequence[model.Anomaly]]:
    """Several streams, each in the order that was asked for, as one in that order: page by page, and no more than a page of each."""
    heads = [await _following(one) for one in listings]
    before = _before(sort)
    while len(live := [number for number, head in enumerate(heads) if head]) > 1:
        first = min(live, key=lambda number: before(heads[number][0]))
        others = min(before(heads[number][0]) for number in live if number != first)
        cut = next((at for at, one in enumerate(heads[first]) if before(one) > others), len(heads[first]))
        yield heads[first][:cut]
        heads[first] = heads[first][cut:] or await _following(listings[first])
    for number in live:
        yield heads[number]
        async for page in listings[number]:
            yield page


async def _following(listing: AsyncIterator[Sequence[model.Anomaly]]) -> list[model.Anomaly]:
    """The next page with anything on it; nothing at the end."""
    async for page in listing:
        if page:
            return list(page)
    return []


def _before(sort: str) -> Callable[[model.Anomaly], float]:
    """A number that is smaller for what comes first."""
    key = _KEYS.get(sort, _KEYS["newest"])
    return key if sort == "oldest" else lambda one: -key(one)


_KEYS: Mapping[str, Callable[[model.Anomaly], float]] = {
    "newest": lambda one: one.created.timestamp(),
    "oldest": lambda one: one.created.timestamp(),
    "weight": lambda one: -math.inf if one.weight is None else one.weight,
}
