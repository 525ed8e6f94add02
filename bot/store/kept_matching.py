"""Which anomalies of which something is kept match a filter: what a system cannot tell, because it takes them to stand elsewhere.

What no column tells of a closed one (a tag, a check, a word in a text) narrows nothing here: the grammar's own matcher decides about what
comes back. Nothing but keys is read of the many that are kept; the bodies are read of those that are wanted.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import model, ports
from bot.core import overlay
from bot.store import anomaly_columns, matching, tables

_A, _KEPT = tables.anomalies, tables.overlay

BESIDE = sa.and_(_KEPT.c.source == _A.c.source, _KEPT.c.anomaly == _A.c.id)

_STANDS: sa.ColumnElement[bool] = sa.or_(_KEPT.c.state.is_not(None), _KEPT.c.outcome.is_not(None))
"""Something is kept of where it stands."""

_OVER: sa.ColumnElement[bool] = _A.c.body["over"].as_string().is_not(None)
"""Its system closed it by itself."""

_THERE = _A.c.body["there"]["state"].as_string()
"""Where it stands in its system, which could keep that, and was not asked to."""

_STATE = sa.func.coalesce(_KEPT.c.state, _A.c.state)
"""Where it stands: what people said holds whether or not it is over."""

_EMPTY = model.Query()
_FRAME = {"source", "statuses", "sort", "limit", "ago"}


async def groups(connection: AsyncConnection, source: str, query: model.Query) -> list[model.Kept] | None:
    """What is kept of those that match all but the statuses of a filter; None where columns do not tell all of its words."""
    anything = sa.select(_KEPT.c.anomaly).where(_KEPT.c.source == source, _STANDS).limit(1)
    if await connection.scalar(anything) is None:
        return []
    if any(getattr(query, name) != getattr(_EMPTY, name) for name in set(model.Query.__dataclass_fields__) - _FRAME - _WORDS.keys()):
        return None
    alike = (_KEPT.c.state, _KEPT.c.outcome, _A.c.state.label("stored"), _OVER.label("over"), _THERE.label("there"))
    statement = sa.select(*alike, sa.func.count().label("number")).join(_KEPT, BESIDE).where(*_conditions(source, query))
    return [
        model.Kept(
            model.State(row.state) if row.state else None,
            row.outcome,
            model.State(row.stored),
            bool(row.over),
            row.number,
            model.State(row.there) if row.there else None,
        )
        for row in await connection.execute(statement.group_by(*alike))
    ]


async def marks(connection: AsyncConnection, source: str, query: model.Query, after: ports.Mark | None, limit: int) -> list[ports.Mark]:
    """The next ones, in the order of the filter, that stand as it says with what is kept, and may stand otherwise without."""
    here = sa.select(_A.c.created, _A.c.id, _A.c.score).join(_KEPT, BESIDE).where(*_conditions(source, query), _only_here(query))
    found = await matching.in_order(connection, here, query.sort, after, limit)
    return [ports.Mark(row.created, row.id, row.score) for row in found]


def _conditions(source: str, query: model.Query) -> list[sa.ColumnElement[bool]]:
    told = [word(value) for name, word in _WORDS.items() if (value := getattr(query, name)) != getattr(_EMPTY, name)]
    return [_KEPT.c.source == source, _A.c.source == source, _STANDS, *told]


def _only_here(query: model.Query) -> sa.ColumnElement[bool]:
    """Where they have to stand, asked of the overlay, which alone knows what the words for it mean: one combination after the other."""
    taken: list[sa.ColumnElement[bool]] = []
    for state, outcome in itertools.product((None, model.State.ACKNOWLEDGED, model.State.ARCHIVED), (None, *query.statuses)):
        stored = state or model.State.ARCHIVED
        over = [word for word in (False, True) if overlay.moved(query, [model.Kept(state, outcome, stored, word, 1)])[0]]
        if over:
            kept = [_STATE == stored.value, _KEPT.c.state.is_(None) if state is None else _KEPT.c.state == state.value]
            kept += [] if outcome is None else [sa.func.lower(_KEPT.c.outcome) == outcome.casefold()]
            taken.append(sa.and_(*kept, *([] if len(over) == 2 else [_OVER if over == [True] else ~_OVER])))
    return sa.or_(sa.false(), *taken)


def _place(ident: str, name: str) -> Callable[[Sequence[str]], sa.ColumnElement[bool]]:
    return lambda words: sa.or_(*(_A.c[column].in_(matching.folded(words)) for column in (ident, name)))


_WORDS: Mapping[str, Callable[[Any], sa.ColumnElement[bool]]] = {
    "ids": lambda ids: _A.c.id.in_(ids),
    "datastores": _place("datastore_id", "datastore_name"),
    "tables": _place("container_id", "container_name"),
    "severities": lambda words: _A.c.rank.in_(sorted({anomaly_columns.RANKS[word] for word in words})),
    "min_weight": lambda least: _A.c.score >= least,
    "since": lambda day: _A.c.created >= matching.midnight(day),
    "until": lambda day: matching.until("", day),
    "fingerprint": lambda word: _A.c.fingerprint == word,
}
"""Fields of a query whose words the columns tell exactly, of closed ones too."""
