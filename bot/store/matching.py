"""Which open anomalies match a filter, as far as columns can tell: for words that their system cannot filter by.

Only open ones are indexed this way. What no column tells (a check, a rule, a word in a text) narrows nothing here: the grammar's own
matcher decides about what comes back, so that this may find too much and never too little.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import model, ports
from bot.core import grammar
from bot.store import anomaly_columns, columns, health_tables, mappers, tables, transactions

_A = tables.anomalies

_OPEN = (model.State.ACTIVE, model.State.ACKNOWLEDGED)
_OF_OPEN = frozenset({"open", "active", "acknowledged"})
"""Words for a status that take no closed anomaly."""

_NOBODY = "none"
"""The assignee of what nobody is assigned to."""

_EMPTY = model.Query()


class OpenAnomalies:
    """The port `OpenAnomalies`."""

    def __init__(self, db: transactions.Database) -> None:
        self._db = db

    async def as_of(self, source: str, query: model.Query) -> datetime | None:
        """The last good look at the system, when the filter can be answered here."""
        if not _OF_OPEN.issuperset(query.statuses):
            return None
        return await self._db.read(lambda connection: _complete(connection, source))

    async def page(self, source: str, query: model.Query, after: ports.Mark | None = None, limit: int = 200) -> Sequence[model.Anomaly]:
        """The next ones, from behind `after` on."""
        return await self._db.read(lambda connection: _page(connection, source, query, after, limit))

    async def every(self, source: str, query: model.Query, after: ports.Mark | None = None, limit: int = 200) -> Sequence[model.Anomaly]:
        """The next ones of all, by their age alone: nothing else is told by columns of closed ones."""
        return await self._db.read(lambda connection: _every(connection, source, query, after, limit))

    async def count(self, source: str, query: model.Query) -> int | None:
        """Counted by the database, where the columns tell all of the filter."""
        if not _exact(query):
            return None
        statement = sa.select(sa.func.count()).select_from(_A).where(*_conditions(source, query))
        return await self._db.read(lambda connection: connection.scalar(statement))

    async def by_table(self, source: str, query: model.Query, most: int) -> Sequence[tuple[str, int]] | None:
        """Counted by the database, where the columns tell all of the filter."""
        if not _exact(query):
            return None
        amount = sa.func.count()
        statement = sa.select(_A.c.container, amount).where(*_conditions(source, query), _A.c.container != "")
        found = await self._db.read(
            lambda connection: connection.execute(statement.group_by(_A.c.container).order_by(amount.desc(), _A.c.container).limit(most))
        )
        return [(str(name), int(number)) for name, number in found]


def _exact(query: model.Query) -> bool:
    """Whether the columns tell all of a filter."""
    told = {"source", "statuses", "sort", "limit", "ago", *_WORDS}
    return all(name in told or getattr(query, name) == getattr(_EMPTY, name) for name in model.Query.__dataclass_fields__)


async def _complete(connection: AsyncConnection, source: str) -> datetime | None:
    health = health_tables.sources
    met = sa.select(health.c.last_ok).where(health.c.source == source, health.c.contacted.is_not(None))
    stale = sa.select(_A.c.id).where(tables.STALE, _A.c.source == source).limit(1)
    last: datetime | None = await connection.scalar(met)
    return None if last is None or await connection.scalar(stale) is not None else last


# --- order ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Phase:
    """A stretch of an order that one index gives: its columns, the last of which is the id, and which rows lie in it."""

    columns: Sequence[sa.Column[Any]]
    behind: Callable[[ports.Mark], Sequence[Any]]
    rows: Sequence[sa.ColumnElement[bool]] = ()
    holds: Callable[[ports.Mark], bool] = lambda mark: True
    falling: bool = True

    def read(self, after: ports.Mark | None) -> tuple[list[sa.ColumnElement[bool]], list[sa.ColumnElement[Any]]]:
        order: list[sa.ColumnElement[Any]] = [column.desc() if self.falling else column.asc() for column in self.columns]
        if after is None or not self.holds(after):
            return [*self.rows], order
        mark = sa.tuple_(*(sa.literal(value, one.type) for value, one in zip(self.behind(after), self.columns, strict=True)))
        row = sa.tuple_(*self.columns)
        return [*self.rows, row < mark if self.falling else row > mark], order


_AGE = (_A.c.created, _A.c.id)


def _age(mark: ports.Mark) -> Sequence[Any]:
    return mark.created, mark.id


_WEIGHED = _Phase(
    (_A.c.score, *_AGE),
    lambda mark: (mark.weight, *_age(mark)),
    rows=(_A.c.score.is_not(None),),
    holds=lambda mark: mark.weight is not None,
)
_UNWEIGHED = _Phase(_AGE, _age, rows=(_A.c.score.is_(None),), holds=lambda mark: mark.weight is None)
_ORDERS: Mapping[str, Sequence[_Phase]] = {
    "newest": (_Phase(_AGE, _age),),
    "oldest": (_Phase(_AGE, _age, falling=False),),
    "weight": (_WEIGHED, _UNWEIGHED),
}


async def _page(
    connection: AsyncConnection, source: str, query: model.Query, after: ports.Mark | None, limit: int
) -> Sequence[model.Anomaly]:
    statement = sa.select(_A.c.body, _A.c.version).where(*_conditions(source, query))
    return await mappers.each(await in_order(connection, statement, query.sort, after, limit), mappers.anomaly)


async def _every(
    connection: AsyncConnection, source: str, query: model.Query, after: ports.Mark | None, limit: int
) -> Sequence[model.Anomaly]:
    born = [_WORDS[name](source, day) for name in ("since", "until") if (day := getattr(query, name)) is not None]
    statement = sa.select(_A.c.body, _A.c.version).where(_A.c.source == source, *born)
    return await mappers.each(await in_order(connection, statement, query.sort, after, limit), mappers.anomaly)


async def in_order(
    connection: AsyncConnection, statement: sa.Select[*tuple[Any, ...]], sort: str, after: ports.Mark | None, limit: int
) -> Sequence[mappers.AnyRow]:
    """The next rows of a select over `anomalies`, from behind `after` on, in the order that this word means."""
    found: list[mappers.AnyRow] = []
    phases = _ORDERS.get(sort, _ORDERS["newest"])
    begun = next((place for place, phase in enumerate(phases) if after is not None and phase.holds(after)), 0)
    for phase in phases[begun:]:
        if len(found) < limit:
            behind, order = phase.read(after)
            found += await connection.execute(statement.where(*behind).order_by(*order).limit(limit - len(found)))
    return found


# --- words ----------------------------------------------------------------------------------------------------------------


def _conditions(source: str, query: model.Query) -> list[sa.ColumnElement[bool]]:
    return [_A.c.source == source, _A.c.closed.is_(None), *_state(query), *told(source, query)]


def told(source: str, query: model.Query) -> list[sa.ColumnElement[bool]]:
    """What the columns tell of the words of a filter, but for those about where something stands."""
    used = {name: value for name in _WORDS if (value := getattr(query, name)) != getattr(_EMPTY, name)}
    return [_WORDS[name](source, value) for name, value in used.items()]


def _state(query: model.Query) -> list[sa.ColumnElement[bool]]:
    """The states that the words for them take, asked of the grammar: it alone knows what they mean."""
    one = model.Anomaly(model.Ref("", ""), model.State.ACTIVE, "", datetime.min.replace(tzinfo=UTC))
    wanted = model.Query(statuses=query.statuses)
    taken = [state for state in _OPEN if grammar.matches(wanted, replace(one, state=state))]
    return [] if len(taken) == len(_OPEN) else [_A.c.state.in_([state.value for state in taken])]


def folded(words: Sequence[str]) -> list[str]:
    """As the columns of places hold them."""
    return sorted({word.casefold() for word in words if word})


def _told(column: str, source: str, values: Sequence[Any]) -> sa.ColumnElement[bool]:
    """A select of its own, which its index answers alone, while the open ones are read in the order that is asked for."""
    there = _A.alias()
    return _A.c.id.in_(sa.select(there.c.id).where(there.c.source == source, there.c.closed.is_(None), there.c[column].in_(values)))


def _place(ident: str, name: str) -> Callable[[str, Sequence[str]], sa.ColumnElement[bool]]:
    return lambda source, words: sa.or_(*(_told(column, source, folded(words)) for column in (ident, name)))


def _having(side: sa.Table, source: str, values: Sequence[str]) -> sa.ColumnElement[bool]:
    return _A.c.id.in_(sa.select(side.c.anomaly).where(side.c.source == source, side.c.value.in_(values)))


def _assigned(source: str, people: Sequence[str]) -> sa.ColumnElement[bool]:
    side = tables.anomaly_assignees
    theirs = _having(side, source, sorted(set(people)))
    nobody = ~sa.exists().where(side.c.source == source, side.c.anomaly == _A.c.id)
    return sa.or_(theirs, nobody) if _NOBODY in people else theirs


def until(source: str, day: date) -> sa.ColumnElement[bool]:
    """What had appeared by the end of this day."""
    return sa.true() if day == date.max else _A.c.created < midnight(day + timedelta(days=1))


def midnight(day: date) -> sa.ColumnElement[datetime]:
    """When a day began."""
    return sa.literal(datetime.combine(day, time(), UTC), columns.Utc())


_WORDS: Mapping[str, Callable[[str, Any], sa.ColumnElement[bool]]] = {
    "datastores": _place("datastore_id", "datastore_name"),
    "tables": _place("container_id", "container_name"),
    "tags": lambda source, words: _having(tables.anomaly_tags, source, folded(words)),
    "severities": lambda source, words: _told("rank", source, sorted({anomaly_columns.RANKS[word] for word in words})),
    "min_weight": lambda source, least: _A.c.score >= least,
    "since": lambda source, day: _A.c.created >= midnight(day),
    "until": until,
    "assignees": _assigned,
    "fingerprint": lambda source, word: _A.c.fingerprint == word,
}
"""Fields of a query whose words the columns tell exactly."""
