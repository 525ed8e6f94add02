"""What is selected, page by page: a selection of a million costs as much memory as one of a hundred."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

from bot import model, ports
from bot.core import grammar
from bot.services import slicing

Pages = AsyncIterator[Sequence[model.Anomaly]]


@dataclass(frozen=True, slots=True)
class Selection:
    """Anomalies of which the `first` few were read already; the `rest` is read while it is taken, once."""

    first: Sequence[model.Anomaly]
    rest: Pages

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


def whole(anomalies: Sequence[model.Anomaly]) -> Selection:
    """Anomalies that are all here."""
    return Selection(anomalies, nothing())


def of(targets: Sequence[model.Anomaly] | Selection) -> Selection:
    """A selection, whichever of both it was."""
    return targets if isinstance(targets, Selection) else whole(targets)


async def begun(pages: Pages) -> Selection | None:
    """A selection whose first page was read; None when there is nothing on any."""
    async for page in pages:
        if page:
            return Selection(page, pages)
    return None


async def matching(source: ports.Source, query: model.Query) -> Pages:
    """What matches a filter whose people are the system's already, at most `query.limit` (0: all); each word is applied where the source
    says."""
    here, left = grammar.here(query, source.words), query.limit
    if left and not here:
        yield (await source.find(query)).anomalies
        return
    async for page in source.pages(replace(query, limit=0)):
        kept = [one async for some in slicing.each(page) for one in some if grammar.matches(query, one, source.words)] if here else page
        if query.limit:
            kept = kept[:left]
            left -= len(kept)
        yield kept
        if query.limit and not left:
            return


async def counted(pages: Pages, wanted: int) -> model.Found:
    """The first `wanted` (0: all) of a selection, and how many there are."""
    kept: list[model.Anomaly] = []
    total = 0
    async for page in pages:
        kept += page[: max(0, wanted - len(kept))] if wanted else page
        total += len(page)
    return model.Found(kept, total)


async def size(pages: Pages) -> int:
    """How many there are."""
    return sum([len(page) async for page in pages])
