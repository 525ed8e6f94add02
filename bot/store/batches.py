"""One change to many anomalies, item by item."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import model
from bot.store import batch_filling, leases, mappers, transactions, work_tables

NOT_DONE = (model.Fate.REFUSED, model.Fate.DRIFTED, model.Fate.ALREADY)
"""The fates that have a reason to tell."""

_BATCHES, _ITEMS = work_tables.batches, work_tables.batch_items

_PREVIEW = sa.and_(_BATCHES.c.state == model.BatchState.PREVIEW.value, _BATCHES.c.total > 0)
"""Whole, and nobody has confirmed it."""

# Two comparisons, not IN: a statement that is sent with many sets of parameters cannot expand a list.
_OPEN = sa.or_(_ITEMS.c.fate == model.Fate.TODO.value, _ITEMS.c.fate == model.Fate.SENT.value)

_SETTLE = sa.update(_ITEMS).where(
    _ITEMS.c.batch == sa.bindparam("of"),
    _ITEMS.c.source == sa.bindparam("system"),
    _ITEMS.c.anomaly == sa.bindparam("ident"),
    _OPEN,
)


_SENT = {"fate": model.Fate.SENT.value, "after": None, "reason": "", "missing_right": ""}
"""An item of which nothing is known but that it was sent: one statement marks a whole chunk of them before its call."""


class Batches:
    """The port `Batches`."""

    def __init__(self, db: transactions.Database) -> None:
        self._db = db

    async def create(self, batch: model.Batch, items: Sequence[model.Item]) -> None:
        """A new batch with its frozen items, in their order; all of it or nothing.

        Raises ValueError when `total` is not their number, when an anomaly is in it twice, and when this batch exists already.
        """
        if batch.total != len(items):
            raise ValueError(f"batch {batch.id}: {batch.total} announced, {len(items)} given")
        if twice := [str(ref) for ref, times in Counter(item.ref for item in items).items() if times > 1]:
            raise ValueError(f"batch {batch.id}: twice in it: {', '.join(twice[:5])}")

        async def work(connection: AsyncConnection) -> None:
            if await connection.scalar(sa.select(_BATCHES.c.id).where(_BATCHES.c.id == batch.id)) is not None:
                raise ValueError(f"batch {batch.id} exists already")
            await connection.execute(sa.insert(_BATCHES).values(mappers.batch_values(batch)))
            for chunk in transactions.chunks(list(enumerate(items))):
                values = [{"batch": batch.id, "turn": turn, **mappers.item_values(item)} for turn, item in chunk]
                await connection.execute(sa.insert(_ITEMS), values)

        await self._db.write(work)

    async def open(self, batch: model.Batch, now: datetime) -> model.Lease | None:
        """A batch that is being filled (`ports.Batches.open`)."""
        return await self._db.write(lambda connection: batch_filling.open(connection, self._db, batch, now))

    async def fill(self, lease: model.Lease, items: Sequence[tuple[int, model.Item]]) -> bool:
        """Some more of its items; False, and nothing stored, when the lease has passed to somebody else."""
        return await self._db.write(lambda connection: batch_filling.fill(connection, self._db, lease, items))

    async def seal(self, lease: model.Lease, batch: model.Batch) -> model.Batch | None:
        """It is whole (`ports.Batches.seal`)."""
        return await self._db.write(lambda connection: batch_filling.seal(connection, self._db, lease, batch))

    async def drop(self, lease: model.Lease) -> None:
        """Forget what is being filled, slice by slice."""
        while await self._db.write(lambda connection: batch_filling.drop(connection, self._db, lease)):
            pass

    async def get(self, batch: str) -> model.Batch | None:
        """A batch by its id."""
        return await self._first(sa.select(_BATCHES).where(_BATCHES.c.id == batch))

    async def latest(self, actor: str, since: datetime) -> model.Batch | None:
        """The newest batch of this actor that finished after `since`, was not taken back, and is no undo itself."""
        statement = (
            sa.select(_BATCHES)
            .where(_BATCHES.c.actor == actor, _BATCHES.c.finished > since, _BATCHES.c.state == model.BatchState.DONE.value)
            .where(_BATCHES.c.undo_of == "", _BATCHES.c.undone_by == "")
            .order_by(_BATCHES.c.finished.desc(), _BATCHES.c.id.desc())
        )
        return await self._first(statement.limit(1))

    async def confirm(self, batch: str, now: datetime) -> bool:
        """PREVIEW -> RUNNING, once: the second caller gets False."""
        return await self._change(_BATCHES.c.id == batch, _PREVIEW, state=model.BatchState.RUNNING.value, confirmed=now)

    async def cancel(self, batch: str, now: datetime) -> bool:
        """PREVIEW -> CANCELLED, once; that is its end."""
        return await self._change(_BATCHES.c.id == batch, _PREVIEW, state=model.BatchState.CANCELLED.value, finished=now)

    async def runnable(self, now: datetime) -> Sequence[str]:
        """Batches that run and that nobody holds, the one confirmed first first."""
        statement = (
            sa.select(_BATCHES.c.id)
            .where(work_tables.RUNNING, leases.free(leases.BATCHES, _BATCHES.c.id, self._db, now))
            .order_by(_BATCHES.c.confirmed, _BATCHES.c.id)
        )

        async def work(connection: AsyncConnection) -> Sequence[str]:
            return list(await connection.scalars(statement))

        return await self._db.read(work)

    async def next(self, batch: str, limit: int, source: str = "") -> Sequence[model.Item]:
        """The first items that are SENT (to be looked up), then those that are TODO, in their order; those of one system, "" of all."""

        async def work(connection: AsyncConnection) -> Sequence[model.Item]:
            sent = await _items(connection, _of(_with(batch, (model.Fate.SENT,)), source).limit(limit))
            todo = await _items(connection, _of(_with(batch, (model.Fate.TODO,)), source).limit(limit - len(sent)))
            return [*sent, *todo]

        return await self._db.read(work)

    async def systems(self, batch: str) -> Sequence[str]:
        """The systems whose anomalies are in it, in the order of its items."""
        first = sa.func.min(_ITEMS.c.turn)
        statement = sa.select(_ITEMS.c.source).where(_ITEMS.c.batch == batch).group_by(_ITEMS.c.source).order_by(first)

        async def work(connection: AsyncConnection) -> Sequence[str]:
            return list(await connection.scalars(statement))

        return await self._db.read(work)

    async def settle(self, lease: model.Lease, items: Sequence[model.Item], now: datetime) -> bool:
        """Store fate, reason, right, place and after of these items, in one transaction.

        What is DONE, ALREADY, REFUSED or DRIFTED stays what it is; a SENT item may become TODO again (it was looked up: not done).
        False, and nothing stored, when the lease has passed to somebody else or the batch does not run.
        """
        return await self._db.write(lambda connection: settle(connection, self._db, lease, items))

    async def finish(self, lease: model.Lease, now: datetime) -> bool:
        """RUNNING -> DONE; an undo marks the batch that it took back."""
        own = _BATCHES.alias("own")
        taken_back = sa.select(own.c.undo_of).where(own.c.id == lease.key).scalar_subquery()
        done = {"state": model.BatchState.DONE.value, "finished": now}

        async def work(connection: AsyncConnection) -> bool:
            change = sa.update(_BATCHES).where(leases.held(lease, self._db), work_tables.RUNNING).values(done)
            if not (await connection.execute(change)).rowcount:
                return False
            first = sa.and_(_BATCHES.c.id == taken_back, _BATCHES.c.undone_by == "")
            await connection.execute(sa.update(_BATCHES).where(first).values(undone_by=lease.key))
            return True

        return await self._db.write(work)

    async def progress(self, batch: str, sample: int = 5) -> model.Progress:
        """How far it is; a fate that no item has counts 0. Refusals are those of `NOT_DONE`, and what was
        done with a reservation (an undo that could not bring everything back), each with its first `sample` refs."""
        number = sa.select(_ITEMS.c.fate, sa.func.count()).where(_ITEMS.c.batch == batch).group_by(_ITEMS.c.fate)

        async def work(connection: AsyncConnection) -> model.Progress:
            counts = Counter({model.Fate(row[0]): int(row[1]) for row in await connection.execute(number)})
            return model.Progress(counts, await _refusals(connection, batch, sample))

        return await self._db.read(work)

    async def items(
        self, batch: str, fates: Sequence[model.Fate] = (), *, of: Sequence[model.Ref] = (), offset: int = 0, limit: int = 1000
    ) -> Sequence[model.Item]:
        """Items with these fates and of these anomalies (() = all), in their order."""
        statement = _with(batch, fates).offset(offset).limit(limit)
        statement = statement.where(_among(of)) if of else statement
        return await self._db.read(lambda connection: _items(connection, statement))

    async def shares(self, batch: str) -> Mapping[str, Mapping[model.Fate, int]]:
        """What became of the items of each system, in the order of the items; a fate that none has counts 0."""
        alike = (_ITEMS.c.source, _ITEMS.c.fate)
        statement = sa.select(*alike, sa.func.count(), sa.func.min(_ITEMS.c.turn).label("first")).where(_ITEMS.c.batch == batch)

        async def work(connection: AsyncConnection) -> Mapping[str, Mapping[model.Fate, int]]:
            shares: dict[str, Counter[model.Fate]] = {}
            for source, fate, number, _ in await connection.execute(statement.group_by(*alike).order_by("first")):
                shares.setdefault(source, Counter())[model.Fate(fate)] = int(number)
            return shares

        return await self._db.read(work)

    async def afterwards(self, batch: str) -> model.Afterwards:
        """What became of those that are DONE: by the severity that they had when it was frozen, the worst first, and by the word for how
        they were left, the most first."""
        alike = (_ITEMS.c.before["severity"].as_string(), _ITEMS.c.after["status"].as_string())
        done = sa.and_(_ITEMS.c.batch == batch, _ITEMS.c.fate == model.Fate.DONE.value)
        severity, status = (column.label(name) for column, name in zip(alike, ("severity", "left"), strict=True))
        each = sa.select(severity, status).where(done).subquery()
        statement = sa.select(each.c.severity, each.c.left, sa.func.count()).group_by(each.c.severity, each.c.left)

        async def work(connection: AsyncConnection) -> model.Afterwards:
            found = [tuple(row) for row in await connection.execute(statement)]
            severities = dict(_summed((severity or "", number) for severity, _, number in found))
            worst = [(one, severities[one]) for one in reversed(model.Severity) if one in severities]
            return model.Afterwards(worst, _summed((left or "", number) for _, left, number in found))

        return await self._db.read(work)

    async def sweep(self, before: datetime) -> int:
        """Forget what was made before this time and never confirmed: old previews, cancelled ones too. Returns how many."""
        old = sa.select(_BATCHES.c.id).where(_BATCHES.c.confirmed.is_(None), _BATCHES.c.created < before).order_by(_BATCHES.c.created)

        async def find(connection: AsyncConnection) -> Sequence[str]:
            return list(await connection.scalars(old))

        return sum([await self._forget(batch) for batch in await self._db.read(find)])

    async def _forget(self, batch: str) -> bool:
        """One transaction for each: a big one does not keep others waiting for long. One that was confirmed by now stays."""
        still = sa.select(_BATCHES.c.id).where(_BATCHES.c.id == batch, _BATCHES.c.confirmed.is_(None)).with_for_update()

        async def work(connection: AsyncConnection) -> bool:
            if await connection.scalar(still) is None:
                return False
            await connection.execute(sa.delete(_ITEMS).where(_ITEMS.c.batch == batch))
            await connection.execute(sa.delete(_BATCHES).where(_BATCHES.c.id == batch))
            return True

        return await self._db.write(work)

    async def _first(self, statement: sa.Select[Any]) -> model.Batch | None:
        async def work(connection: AsyncConnection) -> model.Batch | None:
            row = (await connection.execute(statement)).one_or_none()
            return mappers.batch(row) if row else None

        return await self._db.read(work)

    async def _change(self, *conditions: sa.ColumnElement[bool], **values: Any) -> bool:
        statement = sa.update(_BATCHES).where(*conditions).values(values)

        async def work(connection: AsyncConnection) -> bool:
            return (await connection.execute(statement)).rowcount == 1

        return await self._db.write(work)


async def settle(connection: AsyncConnection, db: transactions.Database, lease: model.Lease, items: Sequence[model.Item]) -> bool:
    """`Batches.settle`, as a part of a transaction: nothing is written before it is certain that the lease holds."""
    sent = [item.ref for item in items if _only_sent(item)]
    settled = [item for item in items if not _only_sent(item)]
    values = [{"of": lease.key, "system": item.ref.source, "ident": item.ref.id, **mappers.settled_values(item)} for item in settled]
    if await connection.scalar(sa.select(_BATCHES.c.id).where(leases.held(lease, db), work_tables.RUNNING)) is None:
        return False
    for refs in transactions.chunks(sent):
        await connection.execute(sa.update(_ITEMS).where(_ITEMS.c.batch == lease.key, _among(refs), _OPEN).values(_SENT))
    for chunk in transactions.chunks(values):
        await connection.execute(_SETTLE, chunk)
    return True


def _only_sent(item: model.Item) -> bool:
    return item.fate is model.Fate.SENT and item.after is None and not (item.reason or item.right)


def _among(refs: Sequence[model.Ref]) -> sa.ColumnElement[bool]:
    """Items of these anomalies."""
    sources = sorted({ref.source for ref in refs})
    each = [
        sa.and_(_ITEMS.c.source == source, _ITEMS.c.anomaly.in_([ref.id for ref in refs if ref.source == source])) for source in sources
    ]
    return sa.or_(sa.false(), *each)


def _with(batch: str, fates: Sequence[model.Fate]) -> sa.Select[Any]:
    statement = sa.select(_ITEMS).where(_ITEMS.c.batch == batch).order_by(_ITEMS.c.turn)
    return statement.where(_ITEMS.c.fate.in_([fate.value for fate in fates])) if fates else statement


def _of(statement: sa.Select[Any], source: str) -> sa.Select[Any]:
    return statement.where(_ITEMS.c.source == source) if source else statement


async def _items(connection: AsyncConnection, statement: sa.Select[Any]) -> Sequence[model.Item]:
    return await mappers.each(await connection.execute(statement), mappers.item)


async def _refusals(connection: AsyncConnection, batch: str, sample: int) -> Sequence[model.Refusals]:
    """What was not done, by reason: the most frequent first, of equally frequent ones that which came up first. Where they are tells
    something only of a missing right."""
    place = sa.case((_ITEMS.c.missing_right == "", ""), else_=_ITEMS.c.datastore).label("place")
    alike = (_ITEMS.c.fate, _ITEMS.c.reason, _ITEMS.c.missing_right, place)
    told = (
        sa.select(
            *(*alike, _ITEMS.c.source, _ITEMS.c.anomaly, _ITEMS.c.turn),
            sa.func.count().over(partition_by=alike).label("number"),
            sa.func.row_number().over(partition_by=alike, order_by=_ITEMS.c.turn).label("nth"),
        )
        .where(_ITEMS.c.batch == batch, _ITEMS.c.fate.in_([fate.value for fate in (*NOT_DONE, model.Fate.DONE)]))
        .where(sa.or_(_ITEMS.c.fate != model.Fate.DONE.value, _ITEMS.c.reason != ""))
        .subquery()
    )
    groups: dict[tuple[str, str, str], list[mappers.AnyRow]] = {}
    for row in await connection.execute(sa.select(told).where(told.c.nth <= max(sample, 1)).order_by(told.c.turn)):
        groups.setdefault((row.fate, row.reason, row.missing_right), []).append(row)
    return sorted((_refusal(group, sample) for group in groups.values()), key=lambda one: -one.count)


def _refusal(alike: Sequence[mappers.AnyRow], sample: int) -> model.Refusals:
    row, numbers = alike[0], {one.place: one.number for one in alike}
    places = tuple(sorted((place for place in numbers if place), key=lambda place: -numbers[place]))
    refs = tuple(model.Ref(one.source, one.anomaly) for one in alike[:sample])
    return model.Refusals(model.Fate(row.fate), row.reason, row.missing_right, places, sum(numbers.values()), refs)


def _summed(pairs: Iterable[tuple[str, int]]) -> Sequence[tuple[str, int]]:
    counted: Counter[str] = Counter()
    for name, number in pairs:
        counted[name] += number
    return sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
