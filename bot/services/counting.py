"""How many match a filter, by system; and by state and table where that is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot import model, ports
from bot.core import grammar
from bot.services import searching, slicing


@dataclass(frozen=True, slots=True)
class Counted:
    """How many match a filter. `by_state` and `by_table` are empty where counting them would mean reading thousands; `totals` are by the
    titles of the systems where several were asked."""

    words: str
    total: int
    by_state: Mapping[str, int]
    by_table: Sequence[tuple[str, int]]
    totals: Sequence[tuple[str, int]] = ()
    unheard: Sequence[model.Unheard] = ()


@dataclass(slots=True)
class _Part:
    """How many one system counted; `whole` where they were read."""

    total: int = 0
    states: Counter[str] = field(default_factory=Counter)
    tables: Counter[str] = field(default_factory=Counter)
    whole: bool = True


async def count(search: searching.Search, query: model.Query, actor: model.Actor) -> Counted:
    """In all systems that the filter is for; with a split by state and table when they had to be read anyway, or are few."""
    query = replace(query, limit=0)
    heard, unheard = await searching.each(search.asked(query), lambda source: _part(search, source, query, actor))
    parts = [part for _, part in heard]
    states: Counter[str] = Counter()
    tables: Counter[str] = Counter()
    if all(part.whole for part in parts):
        for part in parts:
            states.update(part.states)
            tables.update(part.tables)
    totals = [(source.title, part.total) for source, part in heard] if len(search.asked(query)) > 1 else []
    return Counted(grammar.canonical(query), sum(part.total for part in parts), states, tables.most_common(5), totals, unheard)


async def _part(search: searching.Search, source: ports.Source, query: model.Query, actor: model.Actor) -> _Part:
    grammar.check_words(query, source.words, source.title)
    part = _Part()
    if not grammar.here(query, source.words):
        part.total = await source.count(await search.resolve(search.mine(query, source), source.name, actor))
        if part.total > source.max_batch:
            part.whole = False
            return part
    part.total = 0
    async for page in await search.pages(source, query, actor):
        part.total += len(page)
        async for some in slicing.each(page):
            part.states.update(anomaly.status for anomaly in some)
            part.tables.update(anomaly.container.name for anomaly in some if anomaly.container)
    return part
