"""Forgetting what was over long ago, slice by slice. The journal stays whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import model, ports
from bot.store import health_tables, ingest, leases, outbox, tables, transactions, work_tables

ROWS = 200
"""Rows that one slice looks at."""
CHILDREN = 500
"""Items of batches, or members of groups, that one slice removes."""

_ANOMALIES, _CARDS, _MEMBERS, _WINDOWS = tables.anomalies, tables.cards, tables.card_members, tables.windows
_OVERLAY = tables.overlay
_BATCHES, _ITEMS, _OPERATIONS = work_tables.batches, work_tables.batch_items, work_tables.operations
_INTENTS, _REMARKS, _PUSHES, _PICTURES = work_tables.intents, work_tables.remarks, work_tables.pushes, work_tables.pictures

BESIDE: Sequence[tuple[sa.Column[str], sa.Column[str]]] = (
    (tables.anomaly_tags.c.source, tables.anomaly_tags.c.anomaly),
    (tables.anomaly_assignees.c.source, tables.anomaly_assignees.c.anomaly),
    (tables.overlay.c.source, tables.overlay.c.anomaly),
    (work_tables.courses.c.source, work_tables.courses.c.anomaly),
)
"""Tables with what else is known of an anomaly, as (source, anomaly): their rows go with its row."""

_FORGETTABLE = (model.CardKind.GROUP, model.CardKind.SCAN, model.CardKind.BATCH, model.CardKind.DIGEST, model.CardKind.REPORT)
"""A board is shown as long as it is pinned."""


@dataclass(frozen=True, slots=True)
class _Since:
    """What one slice goes by: what was over `before` that may go, what is leased at `now` may not."""

    before: datetime
    now: datetime
    db: transactions.Database

    def free(self, kind: str, key: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
        """The condition that nobody works on what a row is about."""
        return leases.free(kind, key, self.db, self.now)


@dataclass(slots=True)
class _Tally:
    """What one slice has removed, and how many more items or members it may."""

    left: int
    rows: Counter[str] = field(default_factory=Counter)

    async def delete(self, connection: AsyncConnection, kind: str, table: sa.Table, *conditions: sa.ColumnElement[bool]) -> int:
        """Remove rows and count them."""
        gone = (await connection.execute(sa.delete(table).where(*conditions))).rowcount
        self.rows[kind] += gone
        return gone


_Step = Callable[[AsyncConnection, _Since, Sequence[Any], _Tally], Awaitable[int]]
"""(connection, since, rows, tally) -> how many of the rows, from the first on, are dealt with."""


@dataclass(frozen=True, slots=True)
class _Walk:
    """How a step finds its rows: from what was over last to what was over first, so that an undo goes before its batch. `old` is the
    condition of the index."""

    over: sa.Column[datetime]
    key: Sequence[sa.Column[Any]]
    old: sa.ColumnElement[bool]
    step: _Step
    beside: Sequence[sa.Column[Any]] = ()
    leased: tuple[str, sa.Column[str]] | None = None

    def rows(self, since: _Since, mark: ports.Reached) -> sa.Select[Any]:
        """The next slice, locked."""
        order = (self.over, *self.key)
        free = [since.free(*self.leased).label("free")] if self.leased else []
        statement = sa.select(*order, *self.beside, *free).where(self.old, self.over < since.before)
        if mark:
            at = [sa.literal(value, column.type) for value, column in zip(mark, order, strict=True)]
            statement = statement.where(self.over <= mark[0], sa.tuple_(*order) < sa.tuple_(*at))
        return statement.order_by(*(column.desc() for column in order)).limit(ROWS).with_for_update()


class Retention:
    """The port `Retention`."""

    def __init__(self, db: transactions.Database) -> None:
        self._db = db
        self.steps: Sequence[str] = tuple(_WALKS)

    async def remove(self, step: str, before: datetime, now: datetime, mark: ports.Reached = ()) -> ports.Removed:
        """One slice of a step, in one transaction."""
        walk, since = _WALKS[step], _Since(before, now, self._db)

        async def work(connection: AsyncConnection) -> ports.Removed:
            rows, tally = (await connection.execute(walk.rows(since, mark))).all(), _Tally(CHILDREN)
            if not rows:
                return ports.Removed()
            done = await walk.step(connection, since, rows, tally)
            further = tuple(rows[done - 1][: 1 + len(walk.key)]) if done else mark
            return ports.Removed(+tally.rows, None if done == len(rows) < ROWS else further)

        return await self._db.write(work)


# --- what stands alone ----------------------------------------------------------------------------------------------------


def _alone(kind: str, key: sa.Column[str], *conditions: Callable[[_Since], sa.ColumnElement[bool]]) -> _Step:
    """Rows of which nothing else knows."""

    async def step(connection: AsyncConnection, since: _Since, rows: Sequence[Any], tally: _Tally) -> int:
        still = [condition(since) for condition in conditions]
        await tally.delete(connection, kind, key.table, key.in_([getattr(row, key.name) for row in rows]), *still)
        return len(rows)

    return step


# --- batches and operations, with their messages ----------------------------------------------------------------------------


def _busy(since: _Since) -> sa.ColumnElement[bool]:
    """A card that somebody works on: not decided, on its way to Slack, or perhaps there already."""
    waits = sa.or_(_CARDS.c.state == model.CardState.WAITING, _CARDS.c.due.is_not(None), _CARDS.c.posting.is_not(None))
    return sa.or_(waits, sa.not_(since.free(leases.CARDS, _CARDS.c.id)))


async def _messages(connection: AsyncConnection, since: _Since, kind: model.CardKind, keys: Sequence[str]) -> frozenset[str]:
    """Lock the messages of these, and say which of them are busy."""
    statement = sa.select(_CARDS.c.key, _busy(since).label("busy")).where(_CARDS.c.key.in_(keys), _CARDS.c.kind == kind.value)
    return frozenset(row.key for row in await connection.execute(statement.with_for_update()) if row.busy)


async def _forget_messages(connection: AsyncConnection, tally: _Tally, kind: model.CardKind, keys: Sequence[str]) -> None:
    await tally.delete(connection, "cards", _CARDS, _CARDS.c.key.in_(keys), _CARDS.c.kind == kind.value)


async def _batches(connection: AsyncConnection, since: _Since, rows: Sequence[Any], tally: _Tally) -> int:
    """Its message goes first, so that it never tells of half a batch; then its items, slice by slice; then its row."""
    busy = await _messages(connection, since, model.CardKind.BATCH, [row.id for row in rows])
    for done, row in enumerate(rows):
        if row.id in busy or not row.free or await connection.scalar(_undo_of(row.id)) is not None:
            continue
        await _forget_messages(connection, tally, model.CardKind.BATCH, [row.id])
        if not await _emptied(connection, tally, "items", _ITEMS.c.batch == row.id, _ITEMS.c.turn):
            return done
        await tally.delete(connection, "batches", _BATCHES, _BATCHES.c.id == row.id)
    return len(rows)


def _undo_of(batch: str) -> sa.Select[str]:
    return sa.select(_BATCHES.c.id).where(work_tables.UNDOING, _BATCHES.c.undo_of == batch).limit(1)


async def _emptied(connection: AsyncConnection, tally: _Tally, kind: str, which: sa.ColumnElement[bool], order: sa.Column[Any]) -> bool:
    """Remove as much of this as the slice may; whether nothing is left of it."""
    first = sa.select(order).where(which).order_by(order).limit(1).offset(tally.left)
    bound = await connection.scalar(first)
    whole = sa.true() if bound is None else order < bound
    tally.left -= await tally.delete(connection, kind, order.table, which, whole)
    return bound is None


async def _operations(connection: AsyncConnection, since: _Since, rows: Sequence[Any], tally: _Tally) -> int:
    busy = await _messages(connection, since, model.CardKind.SCAN, [row.id for row in rows])
    young = await _young_plans(connection, since, sorted({row.plan for row in rows if row.plan}))
    gone = [row.id for row in rows if row.id not in busy and row.plan not in young and row.free and not _goes_on(row)]
    if not gone:
        return len(rows)
    await _forget_messages(connection, tally, model.CardKind.SCAN, gone)
    await tally.delete(connection, "operations", _OPERATIONS, _OPERATIONS.c.id.in_(gone))
    return len(rows)


def _goes_on(row: Any) -> bool:
    """The desk gave up following it, and its system may list it as running still: without its row it would be news."""
    problem = (row.verdict or {}).get("problem") or {}
    return bool(problem.get("cause") == model.Cause.GAVE_UP)


async def _young_plans(connection: AsyncConnection, since: _Since, plans: Sequence[str]) -> frozenset[str]:
    """Of these plans those of which a part is not over, or not long enough."""
    young = sa.or_(_OPERATIONS.c.ended.is_(None), _OPERATIONS.c.ended >= since.before)
    statement = sa.select(_OPERATIONS.c.plan).distinct().where(work_tables.PLANNED, _OPERATIONS.c.plan.in_(plans), young)
    return frozenset(await connection.scalars(statement))


# --- messages about no anomaly, or about several -----------------------------------------------------------------------------


async def _cards(connection: AsyncConnection, since: _Since, rows: Sequence[Any], tally: _Tally) -> int:
    told = await _troubles(connection)
    windows = frozenset(await connection.scalars(sa.select(_WINDOWS.c.group_card)))
    locked = sa.select(_CARDS.c.id).where(_CARDS.c.id.in_([row.id for row in rows]), sa.not_(_busy(since)))
    quiet = frozenset(await connection.scalars(locked))
    for done, row in enumerate(rows):
        late = row.posted is not None and row.posted >= since.before
        if row.id not in quiet or late or row.id in windows or await _wanted(connection, since, row, told):
            continue
        if row.kind == model.CardKind.GROUP and not await _dissolved(connection, since, row.id, tally):
            return done
        await tally.delete(connection, "cards", _CARDS, _CARDS.c.id == row.id)
    return len(rows)


async def _troubles(connection: AsyncConnection) -> datetime | None:
    """Since when people have known of the oldest trouble that is not over: what was told since is told on when it is."""
    sources, channels = health_tables.sources.c.told_since, health_tables.channel_health.c.refused_since
    found = [await connection.scalar(sa.select(sa.func.min(column))) for column in (sources, channels)]
    return min((moment for moment in found if moment is not None), default=None)


async def _wanted(connection: AsyncConnection, since: _Since, row: Any, told: datetime | None) -> bool:
    """Whether a message that is at rest is a part of something that stays."""
    if row.kind == model.CardKind.REPORT:
        return told is not None and row.created >= told
    owner = _OWNERS.get(row.kind)
    if owner is not None:
        return await connection.scalar(sa.select(owner).where(owner == row.key)) is not None
    return row.kind == model.CardKind.GROUP and await connection.scalar(_living(row.id, since)) is not None


_OWNERS: Mapping[str, sa.Column[str]] = {model.CardKind.BATCH: _BATCHES.c.id, model.CardKind.SCAN: _OPERATIONS.c.id}


def _living(group: str, since: _Since) -> sa.Select[str]:
    """A member that is not closed, or not for long enough."""
    same = sa.and_(_ANOMALIES.c.source == _MEMBERS.c.source, _ANOMALIES.c.id == _MEMBERS.c.anomaly)
    young = sa.or_(_ANOMALIES.c.closed.is_(None), _ANOMALIES.c.closed >= since.before)
    return sa.select(_ANOMALIES.c.id).select_from(_MEMBERS.join(_ANOMALIES, same)).where(_MEMBERS.c.card == group, young).limit(1)


async def _dissolved(connection: AsyncConnection, since: _Since, group: str, tally: _Tally) -> bool:
    """Remove members, as many as the slice may; whether none is left. From the first on nobody is shown by it any more, so that one of
    them that is opened again in between is shown by a card of its own."""
    ended = {"state": model.CardState.GONE.value, "reason": model.Reason.MESSAGE_GONE.value}
    if (await connection.execute(sa.update(_CARDS).where(_CARDS.c.id == group, outbox.LIVE).values(ended))).rowcount:
        await outbox.refresh_shown(connection, [group], since.now)
    most = tally.left
    statement = sa.select(_MEMBERS.c.source, _MEMBERS.c.anomaly).where(_MEMBERS.c.card == group).limit(most + 1)
    found = (await connection.execute(statement.order_by(_MEMBERS.c.source, _MEMBERS.c.anomaly))).all()
    for source, ids in _by_source(found[:most]):
        this = sa.and_(_MEMBERS.c.card == group, _MEMBERS.c.source == source, _MEMBERS.c.anomaly.in_(ids))
        tally.left -= await tally.delete(connection, "members", _MEMBERS, this)
    return len(found) <= most


# --- anomalies ------------------------------------------------------------------------------------------------------------------


async def _anomalies(connection: AsyncConnection, since: _Since, rows: Sequence[Any], tally: _Tally) -> int:
    """With their cards. What still names one keeps it: whatever named it and was over went before."""
    acted = await _acted_on(connection)
    for source, ids in _by_source((row.source, row.id) for row in rows):
        kept = {ident for system, ident in acted if system == source} | await _named(connection, since, source, ids)
        gone = [ident for ident in ids if ident not in kept]
        if not gone:
            continue
        await tally.delete(connection, "cards", _CARDS, _CARDS.c.source == source, _CARDS.c.anomaly.in_(gone))
        for system, anomaly in BESIDE:
            await connection.execute(sa.delete(system.table).where(system == source, anomaly.in_(gone)))
        await tally.delete(connection, "anomalies", _ANOMALIES, _ANOMALIES.c.source == source, _ANOMALIES.c.id.in_(gone))
    return len(rows)


async def _named(connection: AsyncConnection, since: _Since, source: str, ids: Sequence[str]) -> set[str]:
    """Those of these anomalies that a busy card, a group, a batch or a remark to leave is about, or that are closed here alone."""
    own = sa.select(_CARDS.c.anomaly, _busy(since).label("busy")).where(_CARDS.c.source == source, _CARDS.c.anomaly.in_(ids))
    found = {row.anomaly for row in await connection.execute(own.with_for_update()) if row.busy}
    for table in (_MEMBERS, _ITEMS, _REMARKS):
        named = sa.select(table.c.anomaly).distinct().where(table.c.source == source, table.c.anomaly.in_(ids))
        found.update(await connection.scalars(named))
    return found | await _kept_closed(connection, source, ids)


async def _kept_closed(connection: AsyncConnection, source: str, ids: Sequence[str]) -> set[str]:
    """Those of these that are closed here alone: their system may list them as open still, and without their rows they would be news."""
    stands = sa.select(_OVERLAY.c.anomaly).where(_OVERLAY.c.source == source, _OVERLAY.c.anomaly.in_(ids), _OVERLAY.c.state.is_not(None))
    closed = set(await connection.scalars(stands))
    stored = await ingest.stored_anomalies(connection, source, sorted(closed)) if closed else {}
    return closed - {ref.id for ref, one in stored.items() if one.over or one.deleted}


async def _acted_on(connection: AsyncConnection) -> frozenset[tuple[str, str]]:
    """What unfinished actions and operations that verify are about: few, and named in JSON."""
    intents = await connection.scalars(sa.select(_INTENTS.c.refs).where(_INTENTS.c.finished.is_(None)))
    verified = await connection.scalars(sa.select(_OPERATIONS.c.verifies).where(_OPERATIONS.c.verifies.is_not(None)))
    return frozenset((source, ident) for refs in [*intents, list(verified)] for source, ident in refs)


def _by_source(rows: Iterable[Any]) -> list[tuple[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for source, ident in rows:
        found.setdefault(source, []).append(ident)
    return sorted(found.items())


_WALKS: Mapping[str, _Walk] = {
    "intents": _Walk(_INTENTS.c.finished, (_INTENTS.c.key,), _INTENTS.c.finished.is_not(None), _alone("intents", _INTENTS.c.key)),
    "remarks": _Walk(
        _REMARKS.c.due,
        (_REMARKS.c.key,),
        sa.true(),
        _alone("remarks", _REMARKS.c.key, lambda since: since.free(leases.REMARKS, _REMARKS.c.key)),
    ),
    "pushes": _Walk(_PUSHES.c.at, (_PUSHES.c.turn,), sa.true(), _alone("pushes", _PUSHES.c.turn)),
    "pictures": _Walk(_PICTURES.c.at, (_PICTURES.c.key,), sa.true(), _alone("pictures", _PICTURES.c.key)),
    "batches": _Walk(
        _BATCHES.c.finished, (_BATCHES.c.id,), _BATCHES.c.finished.is_not(None), _batches, leased=(leases.BATCHES, _BATCHES.c.id)
    ),
    "operations": _Walk(
        _OPERATIONS.c.ended,
        (_OPERATIONS.c.turn,),
        _OPERATIONS.c.ended.is_not(None),
        _operations,
        (_OPERATIONS.c.id, _OPERATIONS.c.plan, _OPERATIONS.c.verdict),
        (leases.OPERATIONS, _OPERATIONS.c.id),
    ),
    "cards": _Walk(
        _CARDS.c.created,
        (_CARDS.c.id,),
        sa.and_(_CARDS.c.anomaly.is_(None), _CARDS.c.kind.in_([kind.value for kind in _FORGETTABLE])),
        _cards,
        (_CARDS.c.kind, _CARDS.c.key, _CARDS.c.posted),
    ),
    "anomalies": _Walk(_ANOMALIES.c.closed, (_ANOMALIES.c.source, _ANOMALIES.c.id), _ANOMALIES.c.closed.is_not(None), _anomalies),
}
"""The steps in their order. A further table of which nothing else knows is one more line here, with `_alone`."""
