"""Opening a database: which one, how its connections behave, and the store on top of it."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc, pool
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from bot import errors
from bot.store import (
    anomalies,
    backfill,
    batches,
    cards,
    columns,
    connections,
    courses,
    deliveries,
    digest_marks,
    file_lock,
    health_tables,
    heard,
    homes,
    identities,
    journal,
    leases,
    legacy_facts,
    matching,
    operations,
    overlays,
    pictures,
    pushes,
    recording,
    remarks,
    retention,
    slack_health,
    source_health,
    source_traits,
    sqlite_threads,
    transactions,
    workers,
)
from bot.store.migrations import revisions

BUSY_SECONDS = 15.0
"""How long SQLite waits for another process (a migration, a person with the sqlite3 shell) before it gives up."""

READERS = 4
CONNECT_SECONDS = 10.0
"""How long a server may take to let a migration in."""

MIGRATION_LOCK = 0x0A5E_DE5C
"""PostgreSQL's advisory lock that two migrations queue for; any constant that nobody else uses."""

FAULT_SECONDS = 4.0
"""How long readiness waits for the database: a platform asks again, and soon."""

logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)  # it adds a traceback for each connection that an outage breaks

_HOW: Mapping[str, Any] = {"hide_parameters": True, "json_serializer": columns.as_json}

_SSL_WORDS = frozenset({"disable", "allow", "prefer", "require", "verify-ca", "verify-full"})


@dataclass(frozen=True, slots=True)
class DatabaseTarget:
    """A database as the URL names it. `path` is SQLite's file, None for a server."""

    url: URL
    path: Path | None
    options: Mapping[str, Any]
    name: str


@dataclass(frozen=True, slots=True)
class Store:
    """Everything the product remembers. `alone`: no other process can use this database, so old leases belong to a dead one."""

    anomalies: anomalies.Anomalies
    open_ones: matching.OpenAnomalies
    overlays: overlays.Overlays
    cards: cards.Cards
    leases: leases.Leases
    deliveries: deliveries.Deliveries
    pushes: pushes.Pushes
    pictures: pictures.Wanted
    courses: courses.Wanted
    workers: workers.Workers
    journal: journal.Journal
    records: recording.Records
    remarks: remarks.Remarks
    batches: batches.Batches
    operations: operations.Operations
    identities: identities.Identities
    homes: homes.Homes
    heard: heard.Heard
    health: source_health.HealthRecords
    traits: source_traits.SourceTraits
    slack: slack_health.SlackHealth
    digests: digest_marks.DigestMarks
    legacy: legacy_facts.LegacyFacts
    backfill: backfill.Backfill
    retention: retention.Retention
    alone: bool
    db: transactions.Database
    lock: file_lock.Lock | None = None

    async def can_read(self) -> None:
        """Ask the database for an answer. Raises StoreError."""
        await self.db.read(lambda connection: connection.execute(sa.text("SELECT 1")))

    async def can_write(self, now: datetime) -> None:
        """Have it keep something, really: a full disk and a replica can be read. Raises StoreError."""
        await self.db.write(lambda connection: transactions.put(connection, health_tables.readiness, {"name": "desk"}, at=now))

    async def fault(self, now: datetime) -> str:
        """Why it cannot be used at this moment, "" when it can: in words for anybody, never what the database said itself."""
        why = "it does not answer"
        try:
            async with asyncio.timeout(FAULT_SECONDS):
                await self.can_read()
                why = "it can be read, but not written"
                await self.can_write(now)
        except (errors.StoreError, TimeoutError):
            return f"{why}; it is tried again all the time"
        return ""

    async def close(self) -> None:
        """Close all connections, then let the file go."""
        await self.db.close()
        if self.lock is not None:
            self.lock.release()


# --- what the command line and the composition root call ------------------------------------------------------------------


async def open(url: str, patience: connections.Patience | None = None) -> Store:
    """Open the store behind `DATABASE_URL`, which has to be migrated. Raises ConfigError: wrong URL, nobody answers, tables are missing,
    or another process owns this SQLite file."""
    target = parse(url)
    held = file_lock.Lock(target.path) if target.path else None
    db = _database(target, patience or connections.Patience())
    try:
        with _reported(target):
            async with db.reader.connect() as connection:
                behind = await connection.run_sync(revisions.behind)
        if behind:
            raise errors.ConfigError([f"The tables of {target.name} are missing or old. Run `python -m bot migrate` first."])
    except BaseException:
        await db.close()
        if held is not None:
            held.release()
        raise
    return Store(
        anomalies.Anomalies(db),
        matching.OpenAnomalies(db),
        overlays.Overlays(db),
        cards.Cards(db),
        leases.Leases(db),
        deliveries.Deliveries(db),
        pushes.Pushes(db),
        pictures.Wanted(db),
        courses.Wanted(db),
        workers.Workers(db),
        journal.Journal(db),
        recording.Records(db),
        remarks.Remarks(db),
        batches.Batches(db),
        operations.Operations(db),
        identities.Identities(db),
        homes.Homes(db),
        heard.Heard(db),
        source_health.HealthRecords(db),
        source_traits.SourceTraits(db),
        slack_health.SlackHealth(db),
        digest_marks.DigestMarks(db),
        legacy_facts.LegacyFacts(db),
        backfill.Backfill(db),
        retention.Retention(db),
        alone=held is not None,
        db=db,
        lock=held,
    )


async def migrate(url: str) -> str:
    """Bring the tables up to date and return their revision. Several processes may do so at once: one works, the rest wait and find
    nothing to do. Within one process only one database at a time: Alembic's context is global. Raises ConfigError."""
    target = parse(url)

    async def work(connection: AsyncConnection) -> str:
        if target.path is None:
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))
        return await connection.run_sync(_upgraded)

    async with _single(target) as engine:
        # SQLite does not wait for others while it turns to WAL for the first time: the store's way to write tries again.
        return await transactions.Database(engine, engine).write(work)


def _upgraded(connection: sa.Connection) -> str:
    """Alembic is loaded only where it has something to do."""
    if revisions.current(connection) == revisions.head():
        return revisions.head()
    from bot.store.migrations import runner

    return runner.upgrade(connection)


async def current(url: str) -> str:
    """The revision of the tables, "" when there are none yet. Makes no file. Raises ConfigError."""
    target = parse(url)
    if target.path is not None and not target.path.exists():
        return ""
    async with _single(target) as engine:
        async with engine.connect() as connection:
            return await connection.run_sync(revisions.current)


# --- URLs ---------------------------------------------------------------------------------------------------------------


def parse(url: str) -> DatabaseTarget:
    """Read `sqlite:///relative.db`, `sqlite:////absolute.db`, `postgres://...` or `postgresql://...`. Raises ConfigError."""
    try:
        found = make_url(url)
    except (exc.ArgumentError, ValueError):
        raise _fault("it is not a URL") from None
    read = _SCHEMES.get(found.drivername)
    if read is None:
        raise _fault(f"{found.drivername}:// is not known")
    return read(found)


def _fault(what: str) -> errors.ConfigError:
    return errors.ConfigError([f"DATABASE_URL: {what}. Use sqlite:///anomaly-desk.db or postgresql://user:password@host/name."])


def _sqlite(url: URL) -> DatabaseTarget:
    if not url.database or url.database == ":memory:" or url.host or url.query:
        raise _fault("SQLite needs a plain path to a file")
    path = Path(url.database)
    if not path.parent.is_dir():
        raise errors.ConfigError([f"DATABASE_URL: the folder {path.parent} does not exist. Make it first."])
    options = {"connect_args": {"timeout": BUSY_SECONDS}}
    return DatabaseTarget(URL.create("sqlite", database=str(path)), path, options, str(path))


def _postgres(url: URL) -> DatabaseTarget:
    if importlib.util.find_spec("asyncpg") is None:
        raise errors.ConfigError(["DATABASE_URL: PostgreSQL needs asyncpg. Install it with: pip install 'anomaly-desk[postgres]'."])
    query = dict(url.query)
    ssl = query.pop("sslmode", None) or query.pop("ssl", None)
    if ssl is not None and ssl not in _SSL_WORDS:
        raise _fault(f"sslmode={ssl} is not known")
    if unknown := sorted(set(query) - {"host", "port"}):
        raise _fault(f"the option {unknown[0]} is not understood")
    options = {"connect_args": {"timeout": CONNECT_SECONDS} | ({"ssl": ssl} if ssl else {})}
    name = f"{url.database or 'postgres'} on {url.host or query.get('host') or 'localhost'}"
    return DatabaseTarget(url.set(drivername="postgresql+asyncpg", query=query), None, options, name)


_SCHEMES: Mapping[str, Callable[[URL], DatabaseTarget]] = {"sqlite": _sqlite, "postgres": _postgres, "postgresql": _postgres}


# --- connections ----------------------------------------------------------------------------------------------------------


def _database(target: DatabaseTarget, patience: connections.Patience) -> transactions.Database:
    if target.path is None:
        # No ping before each use: the watch closes what is silent, and what is closed is replaced when it is taken.
        arguments = target.options["connect_args"] | {"timeout": patience.connect}
        pooled = {"pool_size": 5, "max_overflow": 5, "pool_timeout": patience.pool, "pool_recycle": patience.life}
        engine = create_async_engine(target.url, **_HOW, connect_args=arguments, **pooled)
        few = pooled | {"pool_size": 1, "max_overflow": 1}
        aside = create_async_engine(target.url, **_HOW, connect_args=arguments, **few)
        watch = connections.Watch(patience)
        watch.attach(engine)
        watch.attach(aside)
        return transactions.Database(engine, engine, watch, patience, aside)
    reader = _lite(target, "BEGIN", ["query_only=ON"], threads=READERS)
    return transactions.Database(reader, _lite(target, "BEGIN IMMEDIATE"))


def _lite(target: DatabaseTarget, begin: str, pragmas: Sequence[str] = (), threads: int = 1) -> sqlite_threads.Engine:
    """Say BEGIN ourselves, as SQLAlchemy advises: the driver's own begins too late, and a transaction that reads first and writes
    later could not be repeated by waiting. IMMEDIATE takes the right to write at once.

    WAL survives `kill -9` with synchronous=NORMAL too; FULL (one fsync, 0.3 ms here) keeps commits over a power cut as well: a lost
    row of a begun post would be a doubled message.
    """
    safe = ["journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", *pragmas]
    return sqlite_threads.Engine(target.url, begin, safe, threads=threads, **_HOW, **target.options)


@contextlib.asynccontextmanager
async def _single(target: DatabaseTarget) -> AsyncIterator[transactions.Engine]:
    """An engine for one errand."""
    if target.path is not None:
        engine: transactions.Engine = _lite(target, "BEGIN IMMEDIATE")
    else:
        engine = create_async_engine(target.url, **_HOW, **target.options, poolclass=pool.NullPool)
    try:
        with _reported(target):
            yield engine
    finally:
        await engine.dispose()


@contextlib.contextmanager
def _reported(target: DatabaseTarget) -> Iterator[None]:
    """What goes wrong before the product runs is a matter of its settings: say so, and never show the password."""
    try:
        with transactions.translated():
            yield
    except errors.StoreError as error:
        raise errors.ConfigError([f"DATABASE_URL: cannot use {target.name}: {transactions.reason(error.__cause__ or error)}."]) from error
