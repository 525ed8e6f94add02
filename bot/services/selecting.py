"""What is selected, page by page: a selection of a million costs as much memory as one of a hundred."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot import model, ports
from bot.core import grammar
from bot.services import slicing

Pages = AsyncIterator[Sequence[model.Anomaly]]

FEW = 1_000
"""So many are read whole where no more are wanted."""

SIZE = 100
"""Anomalies of a page that is made of those of several systems."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Anomalies of which the `first` few were read already; the `rest` is read while it is taken, once. `systems` are those that have some
    of them. `missing` are those asked for that their system does not know, and `unheard` the systems that did not answer: of what is read
    on the way both are complete when it was taken. `later` joined a group card after it was seen, and are not meant. `matching`: so many
    match where only the first of them are in it, None where they are all, or nobody can say."""

    first: Sequence[model.Anomaly]
    rest: Pages
    systems: Sequence[str] = ()
    missing: Sequence[model.Ref] = ()
    unheard: Sequence[model.Unheard] = field(default=())
    later: int = 0
    matching: int | None = None

    async def pages(self) -> Pages:
        """All of them."""
        yield self.first
        async for page in self.rest:
            yield page


async def nothing() -> Pages:
    """No more pages."""
    none: Sequence[Sequence[model.Anomaly]] = ()
    for page in none:
        yield page


async def one_page(anomalies: Sequence[model.Anomaly]) -> Pages:
    """All that there is on one."""
    yield anomalies


def whole(anomalies: Sequence[model.Anomaly], missing: Sequence[model.Ref] = (), unheard: Sequence[model.Unheard] = ()) -> Selection:
    """Anomalies that are all here."""
    return Selection(anomalies, nothing(), list(dict.fromkeys(one.ref.source for one in anomalies)), missing, unheard)


def of(targets: Sequence[model.Anomaly] | Selection) -> Selection:
    """A selection, whichever of both it was."""
    return targets if isinstance(targets, Selection) else whole(targets)


async def begun(pages: Pages) -> Selection | None:
    """A selection of one system whose first page was read; None when there is nothing on any."""
    async for page in pages:
        if page:
            return Selection(page, pages, [page[0].ref.source])
    return None


async def matching(source: ports.Source, query: model.Query) -> Pages:
    """What matches a filter whose people are the system's already, at most `query.limit` (0: all); each word is applied where the source
    says."""
    here = grammar.here(query, source.words)
    if not here and 0 < query.limit <= FEW:
        with ports.clicked(really=ports.urgent() and query.limit <= SIZE):
            found = await source.find(query)
        yield found.anomalies
        return
    pages = unhurried(source.pages(replace(query, limit=0)))
    async for page in limited(_kept(source, query, pages) if here else pages, query.limit):
        yield page


async def unhurried(pages: Pages) -> Pages:
    """The same, read behind clicks: it may be thousands, whoever asked for them."""
    while True:
        with ports.clicked(really=False):  # around each page, not around what is done with it
            page = await anext(pages, None)
        if page is None:
            return
        yield page


async def _kept(source: ports.Source, query: model.Query, pages: Pages) -> Pages:
    async for page in pages:
        yield [one async for some in slicing.each(page) for one in some if grammar.matches(query, one, source.words, source.own_words)]


async def limited(pages: Pages, limit: int) -> Pages:
    """The first so many of them (0: all)."""
    left = limit
    async for page in pages:
        yield page[:left] if limit else page
        left -= len(page)
        if limit and left <= 0:
            return


async def merged(listings: Sequence[Pages], order: Callable[[model.Anomaly], Any]) -> Pages:
    """Several, each in this order, as one in this order; no more than a page of each is here."""
    heads = [deque(await _following(one)) for one in listings]
    page: list[model.Anomaly] = []
    while live := [number for number, head in enumerate(heads) if head]:
        first = min(live, key=lambda number: order(heads[number][0]))
        page.append(heads[first].popleft())
        if not heads[first]:
            heads[first].extend(await _following(listings[first]))
        if len(page) == SIZE:
            yield page
            page = []
    if page:
        yield page


async def _following(listing: Pages) -> Sequence[model.Anomaly]:
    """The next page with anything on it; nothing at the end."""
    async for page in listing:
        if page:
            return page
    return ()


async def counted(pages: Pages, wanted: int) -> model.Found:
    """The first `wanted` (0: all) of a selection, and how many there are."""
    kept: list[model.Anomaly] = []
    total = 0
    async for page in pages:
        kept += page[: max(0, wanted - len(kept))] if wanted else page
        total += len(page)
    return model.Found(kept, total)


async def least(pages: Pages, wanted: int, order: Callable[[model.Anomaly], Any]) -> model.Found:
    """Those `wanted` that come first in this order, and how many there are: no more than a few times as many are here."""
    kept: list[model.Anomaly] = []
    total = 0
    async for page in pages:
        total += len(page)
        async for some in slicing.each(page):
            kept += some
            if len(kept) > 4 * wanted:
                kept = sorted(kept, key=order)[:wanted]
    return model.Found(sorted(kept, key=order)[:wanted], total)


async def size(pages: Pages) -> int:
    """How many there are."""
    return sum([len(page) async for page in pages])
