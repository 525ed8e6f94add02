"""The one transaction that writes down what we changed: state, journal, the end of the intent or of a batch's items, remarks to leave."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from bot import model, ports
from bot.store import batches, ingest, journal, leases, mappers, transactions, work_tables


class Records:
    """The port `Records`."""

    def __init__(self, db: transactions.Database) -> None:
        self._db = db

    async def record(self, record: ports.Record) -> bool:
        """Store all of it, or nothing (`ports.Records.record`)."""

        async def work(connection: AsyncConnection) -> bool:
            if record.lease is not None and not await batches.settle(connection, self._db, record.lease, record.items):
                return False
            first = not record.intent or await journal.close(connection, record.intent, record.now)
            await ingest.save(connection, _sight(record, first=first))
            if first:
                await _leave(connection, record)
            if record.given_back:
                await leases.give_back(connection, record.given_back)
            return True

        return await self._db.write(work)


def _sight(record: ports.Record, *, first: bool) -> ingest.Sight:
    """An action that somebody ended before keeps nothing here."""
    observation = ports.Observation(
        record.source,
        record.seen,
        record.read_at,
        record.now,
        model.Reason.ADOPTED,
        extra=record.extra,
        note=record.note,
        entries=record.entries,
        own=record.lease.key if record.lease else record.intent,
    )
    return ingest.Sight(
        observation,
        ours=True,
        ended=not first,
        known_only=not record.adopting,
        kept=record.kept if first else (),
        awaited=bool(record.intent),
    )


async def _leave(connection: AsyncConnection, record: ports.Record) -> None:
    """Each remark once, whoever recorded it before."""
    for remark in record.remarks:
        adding = transactions.insert(connection, work_tables.remarks).values(mappers.remark_values(remark))
        await connection.execute(adding.on_conflict_do_nothing())
