"""How often the same came before, and how it was closed then: read for whoever looks at the details of one anomaly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import model
from bot.store import columns, mappers, tables

WITHIN = timedelta(days=7)
DAYS = 14
"""So many days are counted one by one, the last of them ending now."""
MOST = 10_000
"""So many of one fingerprint are looked at: of more the newest."""

_JOURNAL, _ANOMALIES = tables.journal, tables.anomalies


def _week() -> sa.Select[*tuple[Any, ...]]:
    """How many others like one were made on each of the days before a moment, the newest day first, and whether there ever was any. Made
    once: each card that is drawn asks it."""
    edges = [sa.bindparam(f"edge{age}", type_=columns.Utc()) for age in range(WITHIN.days + 1)]
    made, last = _ANOMALIES.c.created, len(edges) - 1
    since = [made >= edge if days == last else made > edge for days, edge in enumerate(edges)]
    counts: list[sa.ColumnElement[int]] = [
        sa.func.count(sa.case((sa.and_(since[days], made <= edges[days - 1]), 1))) for days in range(1, len(edges))
    ]
    ever = _ANOMALIES.alias("ever")
    any_one = sa.select(sa.literal_column("1")).select_from(ever).where(_like(ever)).limit(1).scalar_subquery()
    return sa.select(*counts, any_one).select_from(_ANOMALIES).where(_like(_ANOMALIES), since[last], made <= edges[0])


def _like(others: sa.FromClause) -> sa.ColumnElement[bool]:
    source, fingerprint, ident = (sa.bindparam(name, type_=columns.Words()) for name in ("of_source", "of_fingerprint", "of_id"))
    return sa.and_(others.c.source == source, others.c.fingerprint == fingerprint, others.c.id != ident)


_WEEK = _week()


async def week(connection: AsyncConnection, anomaly: model.Anomaly, now: datetime) -> tuple[Sequence[int], bool]:
    """How many others like this one were made on each of the last seven days, the newest first, and whether there ever was any."""
    about = {"of_source": anomaly.ref.source, "of_fingerprint": anomaly.fingerprint, "of_id": anomaly.ref.id}
    edges = {f"edge{days}": now - timedelta(days=days) for days in range(WITHIN.days + 1)}
    *counted, ever = (await connection.execute(_WEEK, about | edges)).one()
    return counted, ever is not None


def age(anomaly: model.Anomaly, now: datetime) -> int:
    """How many whole days ago it was made."""
    return (now - anomaly.created) // timedelta(days=1)


async def of(connection: AsyncConnection, anomaly: model.Anomaly, now: datetime) -> model.Repeats:
    """What its fingerprint tells."""
    if not anomaly.fingerprint:
        return model.ONCE
    dates = [anomaly.created, *await _dates(connection, anomaly, now)]
    ages = Counter((now - at) // timedelta(days=1) for at in dates if at <= now)
    seen = 1 + sum(now - WITHIN <= at <= now for at in dates[1:])
    return model.Repeats(seen, tuple(ages[age] for age in reversed(range(DAYS))), await _closed(connection, anomaly, now))


async def _dates(connection: AsyncConnection, anomaly: model.Anomaly, now: datetime) -> list[datetime]:
    """When the others were created, within the days that are counted."""
    like = sa.and_(
        _ANOMALIES.c.source == anomaly.ref.source,
        _ANOMALIES.c.fingerprint == anomaly.fingerprint,
        _ANOMALIES.c.id != anomaly.ref.id,
        _ANOMALIES.c.created > now - timedelta(days=DAYS),
        _ANOMALIES.c.created <= now,
    )
    return list(await connection.scalars(sa.select(_ANOMALIES.c.created).where(like).order_by(_ANOMALIES.c.created.desc()).limit(MOST)))


async def _closed(connection: AsyncConnection, anomaly: model.Anomaly, now: datetime) -> tuple[model.Closed, ...]:
    """How the others were closed within the week, each by its last closing, the most frequent way first."""
    told = sa.and_(
        _JOURNAL.c.source == anomaly.ref.source,
        _JOURNAL.c.fingerprint == anomaly.fingerprint,
        _JOURNAL.c.closing.is_(True),
        _JOURNAL.c.anomaly != anomaly.ref.id,
        _JOURNAL.c.at >= now - WITHIN,
    )
    lines = await connection.execute(sa.select(_JOURNAL).where(told).order_by(_JOURNAL.c.at.desc(), _JOURNAL.c.id.desc()).limit(MOST))
    last: dict[model.Ref, model.Entry] = {}
    for row in lines:
        entry = mappers.entry(row)
        last.setdefault(entry.ref, entry)
    ways: dict[tuple[str, str, str], list[model.Entry]] = {}
    for entry in last.values():
        ways.setdefault((entry.after, entry.actor_name, entry.via), []).append(entry)
    return tuple(model.Closed(some[0], len(some)) for some in sorted(ways.values(), key=len, reverse=True))
