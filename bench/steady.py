"""A poll and a flush that find nothing new, with 1,000 and with 1,000,000 anomalies tracked; and the memory of the bot with the latter.

The store is filled in its own tables, copied from rows that the product wrote itself. The newest 1,000 anomalies are in the fake
Qualytics, too, and are what one watch looks at, in both stores; of the rest every tenth is open, and each has a card of its own.
"""

from __future__ import annotations

import asyncio
import gc
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import sqlalchemy as sa

from bench import figures, stand, starting
from bot import app
from bot.services import poll
from bot.store import tables

FEW, MANY = 1_000, 1_000_000
ROUNDS, BARE_ROUNDS = 11, 5
RATIO = 1.2
MEMORY = 150.0
POLLS = 3

_NUMBERS = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MANY // FEW - 1}) "
_ID = f"CAST(CAST(id AS INTEGER) + n.i * {FEW * 10} AS TEXT)"


def _earlier(column: str, unit: str = "minutes") -> str:
    return f"strftime('%Y-%m-%d %H:%M:%f000', {column}, '-' || n.i || ' {unit}', '-1 day')"


ANOMALIES: Mapping[str, str] = {
    "id": _ID,
    "created": _earlier("created"),
    "state": "CASE WHEN n.i % 10 THEN 'archived' ELSE state END",
    "body": f"json_set(body, '$.ref.id', {_ID})",
    "digest": "lower(hex(randomblob(16)))",
    "fingerprint": "CAST(abs(random()) AS TEXT)",
    "closed": f"CASE WHEN n.i % 10 THEN {_earlier('created')} END",
    "shown": _earlier("created"),
}
"""What a copy of an anomaly has of its own, as SQL over the original and n.i."""

CARDS: Mapping[str, str] = {
    "id": "lower(hex(randomblob(16)))",
    "key": f"'qualytics:' || {_ID.replace('id AS', 'anomaly AS')}",
    "anomaly": _ID.replace("id AS", "anomaly AS"),
    "state": "'live'",
    "reason": "'leading'",
    "created": _earlier("created"),
    "posted": _earlier("created"),
    "delivered": "1",
    "ts": "(1600000000 + n.i * 60) || '.' || substr('00000' || rowid, -6)",
    "due": "NULL",
    "since": "NULL",
}


class Unwatched(poll.Poll):
    """Polls and does not look again at what is posted: the cost of the store is not hidden behind ten pages of HTTP."""

    async def _watch(self, name: str, standing: object, began: object) -> None:
        return


@dataclass
class Tracked:
    """One of the two stores, open, and what each round took in milliseconds."""

    desk: app.Running
    bare: Unwatched
    whole: list[float]
    alone: list[float]
    cpu: list[float]

    async def round(self) -> None:
        """One poll with its watch of 1,000 and a flush; some polls and flushes alone."""
        # The next watch would go on with older ones, which only this store has: from the top again.
        await self.desk.poll.health.mark("qualytics", "")
        for polling, took in ((self.desk.poll, self.whole), *[(self.bare, self.alone)] * BARE_ROUNDS):
            gc.collect()
            began, worked = time.perf_counter(), time.process_time()
            saved = await polling.poll("qualytics", now_please=True)
            await self.desk.post.flush()
            took.append((time.perf_counter() - began) * 1000)
            self.cpu += [(time.process_time() - worked) * 1000] if polling is self.bare else []
            if saved is None or saved.new or saved.changed:
                raise RuntimeError(f"this was to be a poll that finds nothing: {saved}")


async def rows(folder: Path) -> list[figures.Row]:
    """The ratio, with and without the watch, and the memory."""
    async with stand.standing(folder / "steady", budgets=False) as here:
        async with here.desk("few.db") as desk:
            await post_group(here, desk)
        shutil.copy(here.folder / "few.db", here.folder / "many.db")
        took = await asyncio.to_thread(fill, here.folder / "many.db")
        async with here.desk("few.db") as few, here.desk("many.db") as many:
            tracked = [await _tracked(few, FEW), await _tracked(many, MANY)]
            for number in range(ROUNDS + 1):
                for one in tracked if number % 2 else reversed(tracked):
                    await one.round()
        ratios = [
            _ratio("with the watch of the newest 1,000", *(one.whole[1:] for one in tracked)),
            _ratio("without the watch", *(one.alone[BARE_ROUNDS:] for one in tracked)),
            _ratio("without the watch, processor time alone", *(one.cpu[BARE_ROUNDS:] for one in tracked)),
        ]
        memory = await _memory(here, took)
    return [*ratios, memory]


async def post_group(here: stand.Stand, desk: app.Running) -> None:
    """First contact, then 1,000 arrive and are shown by one group card."""
    await desk.poll.poll("qualytics")
    await desk.post.flush()
    await here.arrive(FEW)
    await desk.poll.poll("qualytics", now_please=True)
    await desk.post.flush()


def fill(database: Path) -> float:
    """Copy the 1,000 rows 999 times; returns the seconds that it took. Indices are made afterwards: sorting is faster than inserting."""
    began = time.perf_counter()
    filling = sa.create_engine(f"sqlite:///{database}")
    with filling.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -400000", "temp_store = MEMORY"):
            connection.exec_driver_sql(f"PRAGMA {pragma}")
        for table, own, which in ((tables.anomalies, ANOMALIES, ""), (tables.cards, CARDS, " WHERE kind = 'anomaly'")):
            for index in table.indexes:
                index.drop(connection)
            names = [column.name for column in table.columns]
            columns, values = ", ".join(f'"{name}"' for name in names), ", ".join(own.get(name, f'"{name}"') for name in names)
            connection.exec_driver_sql(
                f"INSERT INTO {table.name} ({columns}) {_NUMBERS}SELECT {values} FROM n CROSS JOIN {table.name}{which}"
            )
            for index in table.indexes:
                index.create(connection)
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    filling.dispose()
    return time.perf_counter() - began


async def _tracked(desk: app.Running, count: int) -> Tracked:
    known = sum((await desk.store.anomalies.totals()).values())
    if known != count:
        raise RuntimeError(f"{known:,} are tracked instead of {count:,}")
    bare = Unwatched(**{one.name: getattr(desk.poll, one.name) for one in fields(poll.Poll) if one.init and not one.name.startswith("_")})
    return Tracked(desk, bare, [], [], [])


def _ratio(how: str, few: list[float], many: list[float]) -> figures.Row:
    less, more = figures.median(few), figures.median(many)
    return figures.Row(
        f"steady poll and flush, {MANY:,} tracked, SQLite file, {how} (median of {len(many)}, interleaved)",
        f"{more:.1f} ms",
        f"{FEW:,} tracked: {less:.1f} ms",
        f"{more / less:.2f} x",
        f"<= {RATIO} x",
        more <= RATIO * less,
        "Fake Qualytics without latency.",
    )


async def _memory(here: stand.Stand, took: float) -> figures.Row:
    """Start the bot on the large store; let it poll, answer a status and a list."""
    await here.qualytics("POST", "log/clear")
    began = time.perf_counter()
    async with here.bot("many.db", DESK_POLL_SECONDS="1") as bot:
        ready = time.perf_counter() - began
        for text in ("/anomalies status", "/anomalies list"):
            await here.slack("POST", "command", user=stand.PEOPLE[0], channel=stand.CHANNEL, text=text)

        async def polled() -> bool:
            return await here.lists() >= 11 * POLLS

        await stand.until("the bot polls a few times", polled)
        await asyncio.sleep(2)
        now, peak = bot.process.memory()
        status = max((message for message in await _whispers(here) if "qualytics" in str(message).lower()), key=len, default="")
    imported = await starting.imported_memory(here)
    return figures.Row(
        f"memory with {MANY:,} tracked, after {POLLS} polls and watches, a status and a list",
        f"{now:.1f} MB resident, {peak:.1f} MB at its highest",
        f"Python with slack_bolt, sqlalchemy.ext.asyncio and httpx imported: {imported:.0f} MB",
        f"{peak / imported:.2f} x",
        f"<= {MEMORY:.0f} MB",
        peak <= MEMORY and bool(status),
        f"Ready after {ready:.2f} s with this store; filling it took {took:.0f} s, "
        f"{(here.folder / 'many.db').stat().st_size / 2**20:,.0f} MB on disk.",
    )


async def _whispers(here: stand.Stand) -> list[str]:
    found = (await here.slack("GET", f"channels/{stand.CHANNEL}/messages", user=stand.PEOPLE[0]))["messages"]
    return [str(message) for message in found if message.get("ephemeral")]
