"""The members of a group card, counted by the database and read page by page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import model, ports
from bot.store import anomaly_columns, mappers, tables

TABLES_SHOWN = 50
"""Tables of a group that `tally` names."""

WORST = 10
"""Critical ones that are told one by one."""

_MEMBERS, _ANOMALIES = tables.card_members, tables.anomalies
_WORDS = {rank: word for word, rank in anomaly_columns.RANKS.items()}


@dataclass(frozen=True, slots=True)
class Members:
    """Those that a card had when it was of this version (0: has now); of one `severity` ("": of all) only those that are open."""

    card: str
    version: int = 0
    severity: str = ""

    @property
    def rows(self) -> sa.FromClause:
        """Where they stand."""
        same = sa.and_(_ANOMALIES.c.source == _MEMBERS.c.source, _ANOMALIES.c.id == _MEMBERS.c.anomaly)
        return _MEMBERS.join(_ANOMALIES, same)

    @property
    def meant(self) -> sa.ColumnElement[bool]:
        """Which they are; those that joined before this was remembered are in all versions."""
        seen = sa.or_(_MEMBERS.c.joined_wanted.is_(None), _MEMBERS.c.joined_wanted <= self.version) if self.version else sa.true()
        rank = anomaly_columns.RANKS.get(model.Severity(self.severity)) if self.severity else None
        bad = sa.and_(_ANOMALIES.c.rank == rank, _ANOMALIES.c.closed.is_(None)) if self.severity else sa.true()
        return sa.and_(_MEMBERS.c.card == self.card, seen, bad)

    def select(self, *parts: Any) -> sa.Select[Any]:
        """These parts of each."""
        return sa.select(*parts).select_from(self.rows).where(self.meant)


async def tally(connection: AsyncConnection, those: Members, sample: int) -> ports.Tally:
    """They, counted; the sample is of the newest, `worst` are told with it."""
    states, severities, critical = await _standings(connection, those)
    number = sa.func.count()
    container = _ANOMALIES.c.container
    grouped = those.select(container, number).group_by(container).order_by(number.desc(), container)
    named = [(str(row[0]), int(row[1])) for row in await connection.execute(grouped.limit(TABLES_SHOWN + 1)) if row[0]]
    more = await connection.scalar(those.select(sa.func.count(sa.distinct(container)))) if len(named) >= TABLES_SHOWN else len(named)
    systems = those.select(_ANOMALIES.c.source, number).group_by(_ANOMALIES.c.source).order_by(number.desc(), _ANOMALIES.c.source)
    told = [(str(row[0]), int(row[1])) for row in await connection.execute(systems)]
    shown = await page(connection, those, 0, sample) if sample else []
    worst = await _worst(connection, those) if sample and critical else []
    latest, changed = (await connection.execute(_since_joining(those))).one()
    later = await connection.scalar(_later(those)) if those.version else 0
    return ports.Tally(
        sum(states.values()),
        states,
        named[:TABLES_SHOWN],
        shown,
        latest or 0,
        changed or 0,
        told,
        later or 0,
        severities=severities,
        places=more or 0,
        critical=critical,
        worst=worst,
    )


async def _standings(
    connection: AsyncConnection, those: Members
) -> tuple[dict[model.State, int], Sequence[tuple[model.Severity | None, int]], int]:
    """How many stand where, how many are how severe (the worst first), and how many critical ones are open."""
    states: dict[model.State, int] = defaultdict(int)
    ranks: dict[int, int] = defaultdict(int)
    critical = 0
    parts = (_ANOMALIES.c.state, _ANOMALIES.c.rank)
    for state, rank, amount in await connection.execute(those.select(*parts, sa.func.count()).group_by(*parts)):
        states[model.State(state)] += amount
        ranks[rank or 0] += amount
        open_ = model.State(state) is not model.State.ARCHIVED
        critical += amount if open_ and _WORDS.get(rank) is model.Severity.CRITICAL else 0
    return dict(states), [(_WORDS.get(rank), ranks[rank]) for rank in sorted(ranks, reverse=True)], critical


async def _worst(connection: AsyncConnection, those: Members) -> Sequence[model.Anomaly]:
    """Critical ones that are open: those that nobody acknowledged first, then the highest score, then the oldest."""
    critical = Members(those.card, those.version, model.Severity.CRITICAL)
    touched = sa.case((_ANOMALIES.c.state == model.State.ACTIVE.value, 0), else_=1)
    order = (touched, sa.func.coalesce(_ANOMALIES.c.score, 0).desc(), _ANOMALIES.c.created, _ANOMALIES.c.id)
    found = await connection.execute(critical.select(_ANOMALIES.c.body, _ANOMALIES.c.version).order_by(*order).limit(WORST))
    return [mappers.anomaly(row) for row in found]


async def page(connection: AsyncConnection, those: Members, offset: int, limit: int) -> Sequence[model.Anomaly]:
    """Some of them, newest first."""
    order = (_ANOMALIES.c.created.desc(), _ANOMALIES.c.id.desc())
    some = those.select(_ANOMALIES.c.body, _ANOMALIES.c.version).order_by(*order).offset(offset).limit(limit)
    return [mappers.anomaly(row) for row in await connection.execute(some)]


def _later(those: Members) -> sa.Select[int]:
    late = sa.and_(_MEMBERS.c.card == those.card, _MEMBERS.c.joined_wanted > those.version)
    return sa.select(sa.func.count()).select_from(_MEMBERS).where(late)


def _since_joining(those: Members) -> sa.Select[int, int]:
    """How many joined last, not with the first ones; and how many have another version now."""
    last = sa.select(sa.func.max(_MEMBERS.c.joined_wanted)).where(_MEMBERS.c.card == those.card).scalar_subquery()
    latest = sa.case((sa.and_(_MEMBERS.c.joined_wanted == last, last > 1), 1), else_=0)
    changed = sa.case((_MEMBERS.c.joined_version < _ANOMALIES.c.version, 1), else_=0)
    return those.select(sa.func.sum(latest), sa.func.sum(changed))
