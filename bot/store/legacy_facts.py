"""What releases before 0007 remembered as keys with JSON, carried over into the rows of today.

In slices of one transaction, so that a kill loses nothing and does nothing twice; and a fact again when a process of that release, which
may go on beside this one, wrote it again. Whatever is newer than the fact stays. Nothing is deleted, and facts are written no more.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import health_tables, mappers, slack_health, source_health, transactions

log = logging.getLogger(__name__)

SLICE = 100

_FACTS = health_tables.facts
_PENDING = sa.select(_FACTS).where(sa.or_(_FACTS.c.carried.is_(None), _FACTS.c.carried < _FACTS.c.at)).order_by(_FACTS.c.key)


class LegacyFacts:
    """Carries over; a table of a few dozen rows, of which later releases add none."""

    def __init__(self, db: transactions.Database) -> None:
        self._db = db

    async def carry(self) -> int:
        """All that is to be carried over; returns how many facts that were."""
        total = 0
        while await self._db.read(lambda connection: connection.scalar(_PENDING.limit(1))) is not None:
            total += await self._db.write(_slice)
        return total


async def _slice(connection: AsyncConnection) -> int:
    facts = list(await connection.execute(_PENDING.limit(SLICE).with_for_update()))
    for fact in facts:
        await _carry(connection, fact)
        await connection.execute(sa.update(_FACTS).where(_FACTS.c.key == fact.key).values(carried=fact.at))
    return len(facts)


async def _carry(connection: AsyncConnection, fact: mappers.AnyRow) -> None:
    """One fact; what nobody could have read then counts for nothing now."""
    for prefix, carry in _KINDS.items():
        if fact.key.startswith(prefix):
            try:
                await carry(connection, fact.key.removeprefix(prefix), fact.value, fact.at)
            except (TypeError, ValueError, LookupError):
                log.warning("what an earlier release remembered as %s cannot be read, and is left out", fact.key)


# --- one kind of fact after another; `at` is when it was written -------------------------------------------------------------


async def _told(connection: AsyncConnection, source: str, value: Any, at: datetime) -> None:
    """{"since", "error"} of the trouble that people know of, or None."""
    values = (
        {"told_since": _moment(value["since"]), "told_error": str(value["error"])} if value else {"told_since": None, "told_error": None}
    )
    if await _newer(connection, health_tables.sources.c.told_at, {"source": source}, at):
        await source_health.update(connection, source, told_at=at, **values)


async def _noticed(connection: AsyncConnection, source: str, value: Any, at: datetime) -> None:
    """{"at", "old"}: the last look, and what was over before the first."""
    looked, over = _moment(value["at"]), [str(ident) for ident in value["old"]]
    if await _newer(connection, health_tables.sources.c.noticed, {"source": source}, looked):
        await source_health.update(connection, source, noticed=looked, noticed_over=over)


async def _refused(connection: AsyncConnection, channel: str, value: Any, at: datetime) -> None:
    """Since when a channel refuses us, or None."""
    since = _moment(value) if value else None
    if await _newer(connection, health_tables.channel_health.c.at, {"channel": channel}, at):
        await transactions.put(connection, health_tables.channel_health, {"channel": channel}, refused_since=since, at=at)


async def _plain(connection: AsyncConnection, _: str, value: Any, at: datetime) -> None:
    """When charts were refused; True is of the time when that was remembered for ever, and is over."""
    if isinstance(value, str) and await _newer(
        connection, health_tables.block_refusals.c.at, {"blocks": slack_health.CHARTS}, _moment(value)
    ):
        await transactions.put(connection, health_tables.block_refusals, {"blocks": slack_health.CHARTS}, at=_moment(value))


async def _digest(connection: AsyncConnection, route: str, value: Any, at: datetime) -> None:
    """The due time of the last digest."""
    if value and await _newer(connection, health_tables.digest_marks.c.due, {"route": route}, _moment(value)):
        await transactions.put(connection, health_tables.digest_marks, {"route": route}, due=_moment(value))


async def _dialect(connection: AsyncConnection, name: str, value: Any, at: datetime) -> None:
    """What a deployment turned out to speak, by system and host."""
    source, _, host = name.partition(".")
    key = {"source": source, "host": host}
    if await _newer(connection, health_tables.source_traits.c.at, key, at):
        await transactions.put(connection, health_tables.source_traits, key, traits=value, at=at)


_KINDS: Mapping[str, Callable[[AsyncConnection, str, Any, datetime], Awaitable[None]]] = {
    "told.": _told,
    "operations.noticed.": _noticed,
    "slack.refused:": _refused,
    "slack.plain_blocks": _plain,
    "digest.": _digest,
    "dialect.": _dialect,
}


async def _newer(connection: AsyncConnection, column: sa.Column[datetime], key: Mapping[str, str], at: datetime) -> bool:
    """Whether a fact of that time is newer than the row, or there is none."""
    statement = sa.select(column).where(*(column.table.c[name] == value for name, value in key.items()))
    known: datetime | None = await connection.scalar(statement)
    return known is None or known < at


def _moment(words: Any) -> datetime:
    """As it was written; ValueError without a time zone, which the tables would refuse later."""
    moment = datetime.fromisoformat(words)
    if moment.tzinfo is None:
        raise ValueError(f"{words} has no time zone")
    return moment
