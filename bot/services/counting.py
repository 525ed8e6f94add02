"""How many match a filter, by system; by state at any size, and by table as far as that is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot import model, ports
from bot.core import grammar
from bot.services import searching, slicing

TABLES = 5
"""So many tables are named, those with the most."""

_PLAIN: Mapping[model.State, str] = {
    model.State.ACTIVE: "active",
    model.State.ACKNOWLEDGED: "acknowledged",
    model.State.ARCHIVED: "archived",
}
"""The words that all systems share; a status with a word of its own is counted by that."""

_COMMON = frozenset({"", "active", "open", "acknowledged", "archived"})
"""What systems call these states, too."""


@dataclass(frozen=True, slots=True)
class Counted:
    """How many match a filter, and how many of these by state. `by_table` is empty where nobody knows; where it is not counted from the
    systems' own answers, `as_of` is when this desk knew it. `totals` are by the titles of the systems where several were asked."""

    words: str
    total: int
    by_state: Mapping[str, int]
    by_table: Sequence[tuple[str, int]]
    totals: Sequence[tuple[str, int]] = ()
    unheard: Sequence[model.Unheard] = ()
    as_of: datetime | None = None


@dataclass(slots=True)
class _Part:
    """How many one system counted. `tables` is None where nobody knows, `as_of` when this desk knew them (None: the system says so)."""

    total: int = 0
    states: Counter[str] = field(default_factory=Counter)
    tables: Counter[str] | None = field(default_factory=Counter)
    as_of: datetime | None = None


async def count(search: searching.Search, query: model.Query, actor: model.Actor) -> Counted:
    """In all systems that the filter is for. Few are read; of many the systems count the states, and the desk's own store the tables."""
    query = replace(query, limit=0, sort="")
    heard, unheard = await searching.each(search.asked(query), lambda source: _part(search, source, query, actor))
    parts = [part for _, part in heard]
    total = sum(part.total for part in parts)
    states: Counter[str] = sum((part.states for part in parts), Counter())
    if states.total() != total:  # a part of it is known of some systems alone
        states.clear()
    tables: Counter[str] = Counter()
    if all(part.tables is not None for part in parts):
        tables = sum((part.tables for part in parts if part.tables is not None), Counter())
    totals = [(source.title, part.total) for source, part in heard] if len(search.asked(query)) > 1 else []
    as_of = min((part.as_of for part in parts if part.as_of), default=None) if tables else None
    return Counted(grammar.canonical(query), total, _ordered(states), tables.most_common(TABLES), totals, unheard, as_of)


def _ordered(states: Counter[str]) -> Mapping[str, int]:
    """The shared words first, in the order in which an anomaly goes through them."""
    shared = [word for word in _PLAIN.values() if states[word]]
    return {word: states[word] for word in [*shared, *(word for word, _ in states.most_common() if word not in shared)]}


async def _part(search: searching.Search, source: ports.Source, query: model.Query, actor: model.Actor) -> _Part:
    grammar.check_words(query, source.words, source.title)
    if not grammar.here(query, source.words):
        asked = await search.resolve(search.mine(query, source), source.name, actor)
        total = await source.count(asked)
        if total > source.max_batch:
            return await _many(search, source, query, asked, actor, total)
    part, tables = _Part(), Counter[str]()
    async for page in await search.pages(source, query, actor):
        part.total += len(page)
        async for some in slicing.each(page):
            part.states.update(map(_word, some))
            tables.update(anomaly.container.name for anomaly in some if anomaly.container)
    return replace(part, tables=tables)


async def _many(
    search: searching.Search, source: ports.Source, query: model.Query, asked: model.Query, actor: model.Actor, total: int
) -> _Part:
    """Without reading them."""
    words = [_PLAIN[state] for state in _told(query.statuses)]
    states: Counter[str] = Counter()
    for word in words[:-1]:
        states[word] = await source.count(replace(asked, statuses=(word,)))
    if words:
        states[words[-1]] = max(0, total - states.total())
    known = await search.by_table(source, query, actor, TABLES)
    return _Part(total, +states, Counter(dict(known[0])) if known else None, known[1] if known else None)


def _told(statuses: Sequence[str]) -> Sequence[model.State]:
    """The states that these words take whole; none where one of them takes a part of one, as an outcome does."""
    taken: set[str] = set()
    for word in statuses or ("open",):
        taken |= set(_WHOLE.get(word, (word,)))
    return [state for state, word in _PLAIN.items() if word in taken] if taken <= set(_PLAIN.values()) else []


_WHOLE: Mapping[str, Sequence[str]] = {"open": ("active", "acknowledged"), "any": tuple(_PLAIN.values())}
"""Words for a status that take several states."""


def _word(anomaly: model.Anomaly) -> str:
    """Its state in the word of its system, where that is another one than all share."""
    return _PLAIN[anomaly.state] if anomaly.status.casefold() in _COMMON else anomaly.status
