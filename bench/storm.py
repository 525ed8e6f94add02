"""One scan finds 10,000 anomalies: how soon the channel knows, in how many messages, and whether any is lost."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import httpx

from bench import figures, stand
from sandbox import qualytics

FOUND = 10_000
BEFORE = 50
PAGE = 100
AT_ONCE = 4
LATENCY_MS = 100
RATIO, MESSAGES = 1.6, 5
SETTLE_SECONDS = 6.0


async def rows(folder: Path) -> list[figures.Row]:
    """The one row. The webhook rings, so that the moment of the poll is known; the bot polls by itself only at its start."""
    async with stand.standing(folder / "storm", open_at_start=BEFORE, latency_ms=LATENCY_MS) as here:
        async with here.bot(DESK_POLL_SECONDS="86400") as bot:
            await stand.until("the channel is told of the first contact", here.messages)
            before = {message["ts"] for message in await here.messages()}
            await asyncio.sleep(1.5)
            ids = set(await here.arrive(FOUND))
            await here.slack("POST", "log/clear")
            polled = time.time()
            await bot.poll_now()
            posts = await stand.until("the channel is told", lambda: here.calls("chat.postMessage"))
            informed = posts[0]["at"] - polled
            await asyncio.sleep(SETTLE_SECONDS)
            new = [message for message in await here.messages() if message["ts"] not in before]
        stored, told = _kept(here.folder / "desk.db", ids)
        floor = await _floor(here)
    said = any(f"{FOUND:,}" in str(message) or str(FOUND) in str(message) for message in new)
    return [
        figures.Row(
            f"{FOUND:,} new anomalies in one scan: seconds from the poll to the message in the channel",
            f"{informed:.2f} s, {len(new)} message{'' if len(new) == 1 else 's'}, {FOUND - told:,} lost",
            f"the same {FOUND // PAGE} pages by bare httpx, {AT_ONCE} at a time, {LATENCY_MS} ms a call: {floor:.2f} s",
            f"{informed / floor:.2f} x",
            f"<= {RATIO:g} x, <= {MESSAGES} messages, none lost",
            informed <= RATIO * floor and 0 < len(new) <= MESSAGES and stored == told == FOUND and said,
            f"Of the {FOUND:,} ids that appeared, {stored:,} are stored and {told:,} belong to a message that was delivered.",
        )
    ]


def _kept(database: Path, ids: set[int]) -> tuple[int, int]:
    """How many of these anomalies the store knows, and how many a delivered card shows, alone or in a group."""
    with closing(sqlite3.connect(database)) as store:
        stored = {int(ident) for (ident,) in store.execute("SELECT id FROM anomalies")}
        shown = store.execute(
            "SELECT anomaly FROM cards WHERE ts IS NOT NULL AND anomaly IS NOT NULL "
            "UNION SELECT m.anomaly FROM card_members m JOIN cards c ON c.id = m.card WHERE c.ts IS NOT NULL"
        )
        return len(stored & ids), len({int(ident) for (ident,) in shown} & ids)


async def _floor(here: stand.Stand) -> float:
    """Read the pages and do nothing with them."""
    turn = asyncio.Semaphore(AT_ONCE)
    headers = {"Authorization": f"Bearer {qualytics.SANDBOX_TOKEN}"}
    async with httpx.AsyncClient(headers=headers, timeout=30) as http:

        async def page(number: int) -> None:
            async with turn:
                answer = await http.get(f"{here.qualytics_url}/api/anomalies", params={"page": number, "size": PAGE})
                answer.raise_for_status()

        began = time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            for number in range(1, FOUND // PAGE + 1):
                tasks.create_task(page(number))
        return time.perf_counter() - began
