"""Who did what, and what was accepted but is not finished."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import model, ports
from bot.store import leases, mappers, recurrences, tables, transactions, work_tables

LINES = 20
"""Lines about one anomaly that its card is told of."""

OURS = "slack"
"""What a line says about the way (`via`) of what was done through this desk."""

_JOURNAL, _INTENTS, _ANOMALIES = tables.journal, work_tables.intents, tables.anomalies


class Journal:
    """The port `Journal`."""

    def __init__(self, db: transactions.Database) -> None:
        self._db = db

    async def begin(self, intent: ports.Intent, now: datetime, seconds: float) -> Sequence[model.Lease]:
        """Record an accepted action, and own it for `seconds`, and with it its anomaly where nobody has that; nothing when this key was
        recorded before."""
        own = leases.new(leases.INTENTS, [intent.key], now, seconds)
        about = leases.new(leases.ANOMALIES, [str(intent.ref)], now, seconds, own.token)

        async def work(connection: AsyncConnection) -> Sequence[model.Lease]:
            adding = transactions.insert(connection, _INTENTS).values(mappers.intent_values(intent)).on_conflict_do_nothing()
            if (await connection.execute(adding.returning(_INTENTS.c.key))).one_or_none() is None:
                return ()
            got = await leases.grab(connection, self._db, [own, about], now, seconds)
            return [own, about] if (about.kind, about.key) in got else [own]

        return await self._db.write(work)

    async def unfinished(self, now: datetime) -> Sequence[ports.Intent]:
        """Intents that nobody holds and nobody finished, oldest first."""
        statement = (
            sa.select(_INTENTS)
            .where(_INTENTS.c.finished.is_(None), leases.free(leases.INTENTS, _INTENTS.c.key, self._db, now))
            .order_by(_INTENTS.c.at, _INTENTS.c.key)
        )

        async def work(connection: AsyncConnection) -> Sequence[ports.Intent]:
            return [mappers.intent(row) for row in await connection.execute(statement)]

        return await self._db.read(work)

    async def open(self, key: str) -> ports.Intent | None:
        """The intent with that key as it is now; None when somebody has finished it."""
        statement = sa.select(_INTENTS).where(_INTENTS.c.key == key, _INTENTS.c.finished.is_(None))

        async def work(connection: AsyncConnection) -> ports.Intent | None:
            row = (await connection.execute(statement)).one_or_none()
            return None if row is None else mappers.intent(row)

        return await self._db.read(work)

    async def under_way(self, ref: model.Ref, but: str) -> ports.Intent | None:
        """The oldest unfinished one about this anomaly, but for the one with that key."""
        others = sa.select(_INTENTS).where(_INTENTS.c.finished.is_(None), _INTENTS.c.key != but).order_by(_INTENTS.c.at, _INTENTS.c.key)

        async def work(connection: AsyncConnection) -> ports.Intent | None:
            found = (mappers.intent(row) for row in await connection.execute(others))
            return next((intent for intent in found if intent.ref == ref), None)

        return await self._db.read(work)

    async def sent(self, lease: model.Lease, change: model.Change, now: datetime) -> bool:
        """Row before call: from now on an intent may have been done; the first time counts. `change` is what it comes to, which nobody can
        tell afterwards. False when its lease has passed to somebody else, or somebody has finished it."""
        mine = sa.and_(leases.held(lease, self._db), _INTENTS.c.finished.is_(None))
        moment = sa.func.coalesce(_INTENTS.c.sent, self._db.moment(now))
        marked = sa.update(_INTENTS).where(mine).values(sent=moment, change=mappers.change_values(change))

        async def work(connection: AsyncConnection) -> bool:
            return (await connection.execute(marked)).rowcount == 1

        return await self._db.write(work)

    async def finish(self, key: str, entries: Sequence[model.Entry], now: datetime) -> None:
        """Close an intent with its journal lines; neither is done twice."""

        async def work(connection: AsyncConnection) -> None:
            if await close(connection, key, now):
                await record(connection, entries)

        await self._db.write(work)

    async def history(self, ref: model.Ref, limit: int = 20) -> Sequence[model.Entry]:
        """Lines about one anomaly, newest first."""

        async def work(connection: AsyncConnection) -> Sequence[model.Entry]:
            return await _newest(connection, _about(ref), limit)

        return await self._db.read(work)

    async def past(self, anomaly: model.Anomaly, now: datetime) -> model.Recurrence:
        """How often its fingerprint was seen within seven days, how the last of the others was closed, what was done to it last."""

        async def work(connection: AsyncConnection) -> model.Recurrence:
            lines = await _newest(connection, sa.and_(_about(anomaly.ref), _JOURNAL.c.result == model.Result.DONE.value), LINES)
            last = next(iter(lines), None)
            if not anomaly.fingerprint:
                return model.Recurrence(last=last, lines=lines)
            days, ever = await recurrences.week(connection, anomaly, now)
            closing = await _closing_before(connection, anomaly)
            own = recurrences.age(anomaly, now)
            shown = [count + (age == own) for age, count in enumerate(days)]
            return model.Recurrence(1 + sum(days), closing, last, lines, closing is None and not ever, tuple(reversed(shown)))

        return await self._db.read(work)

    async def repeats(self, anomaly: model.Anomaly, now: datetime) -> model.Repeats:
        """How often its fingerprint was seen lately, and how the others were closed."""

        async def work(connection: AsyncConnection) -> model.Repeats:
            return await recurrences.of(connection, anomaly, now)

        return await self._db.read(work)

    async def closed(self, source: str, since: datetime, after: str, limit: int) -> Sequence[str]:
        """The ids of the anomalies that somebody closed after `since`, each once, in order from behind the id `after` on; some may be open
        again."""
        ident = _JOURNAL.c.anomaly.concat("")  # as an expression: lines are to be found by their time, there are few of these
        lines = sa.and_(tables.CLOSING, _JOURNAL.c.source == source, _JOURNAL.c.at > since, ident > after)
        statement = sa.select(ident).where(lines).distinct().order_by(ident).limit(limit)

        async def work(connection: AsyncConnection) -> Sequence[str]:
            return list(await connection.scalars(statement))

        return await self._db.read(work)


# --- parts of transactions, also of those that save anomalies -------------------------------------------------------------


async def close(connection: AsyncConnection, key: str, now: datetime) -> bool:
    """Close an intent. False when somebody else has closed it before: the lines of the journal are theirs then."""
    open_one = sa.and_(_INTENTS.c.key == key, _INTENTS.c.finished.is_(None))
    closed = await connection.execute(sa.update(_INTENTS).where(open_one).values(finished=now))
    if closed.rowcount:
        return True
    return await connection.scalar(sa.select(_INTENTS.c.key).where(_INTENTS.c.key == key)) is None


_NONE: Mapping[model.Ref, str] = {}


async def record(
    connection: AsyncConnection,
    entries: Sequence[model.Entry],
    closings: Collection[model.Ref] = (),
    prints: Mapping[model.Ref, str] = _NONE,
) -> None:
    """Write lines. `closings` are anomalies known to have been archived; an archive action that was done is one in any case. `prints` are
    the fingerprints that are known already."""
    for chunk in transactions.chunks(entries):
        prints = {**prints, **await _fingerprints(connection, [entry.ref for entry in chunk if entry.ref not in prints])}
        await connection.execute(sa.insert(_JOURNAL), [_line(entry, prints, closings) for entry in chunk])


def _line(entry: model.Entry, prints: Mapping[model.Ref, str], closings: Collection[model.Ref]) -> dict[str, Any]:
    archived = entry.action == model.Action.ARCHIVE or entry.ref in closings
    return {
        "source": entry.ref.source,
        "anomaly": entry.ref.id,
        "fingerprint": prints.get(entry.ref, ""),
        "closing": archived and entry.result is model.Result.DONE,
        "action": entry.action,
        "at": entry.at,
        "actor": entry.actor,
        "actor_name": entry.actor_name,
        "via": entry.via,
        "before": entry.before,
        "after": entry.after,
        "result": entry.result.value,
        "detail": entry.detail,
    }


async def _fingerprints(connection: AsyncConnection, refs: Sequence[model.Ref]) -> dict[model.Ref, str]:
    found: dict[model.Ref, str] = {}
    for source in sorted({ref.source for ref in refs}):
        ids = sorted({ref.id for ref in refs if ref.source == source})
        statement = sa.select(_ANOMALIES.c.id, _ANOMALIES.c.fingerprint).where(_ANOMALIES.c.source == source, _ANOMALIES.c.id.in_(ids))
        found |= {model.Ref(source, row.id): row.fingerprint for row in await connection.execute(statement)}
    return found


async def ours_since(connection: AsyncConnection, source: str, read: Mapping[str, datetime]) -> frozenset[str]:
    """Those ids of which a line tells that we changed them after they were read as they are stored: by a command about an anomaly that
    was not known yet, and that a poll stored as it was before."""
    newest = sa.select(_JOURNAL.c.anomaly, sa.func.max(_JOURNAL.c.at).label("at")).where(
        _JOURNAL.c.source == source,
        _JOURNAL.c.anomaly.in_(sorted(read)),
        _JOURNAL.c.via == OURS,
        _JOURNAL.c.result == model.Result.DONE.value,
    )
    found = await connection.execute(newest.group_by(_JOURNAL.c.anomaly))
    return frozenset(row.anomaly for row in found if row.at > read[row.anomaly])


# --- what happened before -----------------------------------------------------------------------------------------------


def _about(ref: model.Ref) -> sa.ColumnElement[bool]:
    return sa.and_(_JOURNAL.c.source == ref.source, _JOURNAL.c.anomaly == ref.id)


async def _newest(connection: AsyncConnection, condition: sa.ColumnElement[bool], limit: int) -> Sequence[model.Entry]:
    statement = sa.select(_JOURNAL).where(condition).order_by(_JOURNAL.c.at.desc(), _JOURNAL.c.id.desc()).limit(limit)
    return [mappers.entry(row) for row in await connection.execute(statement)]


def _like(anomaly: model.Anomaly) -> sa.ColumnElement[bool]:
    return sa.and_(
        _ANOMALIES.c.source == anomaly.ref.source,
        _ANOMALIES.c.fingerprint == anomaly.fingerprint,
        _ANOMALIES.c.id != anomaly.ref.id,
    )


async def _closing_before(connection: AsyncConnection, anomaly: model.Anomaly) -> model.Entry | None:
    """The last closing of another one: a line of the journal where there is one, else what its system says about it."""
    told = sa.and_(
        _JOURNAL.c.source == anomaly.ref.source,
        _JOURNAL.c.fingerprint == anomaly.fingerprint,
        _JOURNAL.c.closing.is_(True),
    )
    lines = await _newest(connection, sa.and_(told, _JOURNAL.c.anomaly != anomaly.ref.id), 1)
    row = (
        await connection.execute(
            sa.select(_ANOMALIES.c.source, _ANOMALIES.c.id, _ANOMALIES.c.state, _ANOMALIES.c.body, _ANOMALIES.c.closed)
            .where(_like(anomaly), _ANOMALIES.c.closed.is_not(None))
            .order_by(_ANOMALIES.c.closed.desc())
            .limit(1)
        )
    ).one_or_none()
    if row is None:
        return next(iter(lines), None)
    ref = model.Ref(row.source, row.id)
    own = await _newest(connection, sa.and_(told, _about(ref)), 1)
    found = own or [model.Entry(ref, model.Action.ARCHIVE, row.closed, via=ref.source, after=row.body.get("status", ""))]
    return max([*lines, *found], key=lambda entry: entry.at)
