"""The first start with 10,000 anomalies open: what it asks of Qualytics, what it says in Slack, what it takes of memory."""

from __future__ import annotations

import asyncio
import math
import time
from pathlib import Path

from bench import figures, stand, starting

OPEN = 10_000
PAGE = 100
LATENCY_MS = 100
MESSAGES = 2
MEMORY = 110.0
SETTLE_SECONDS = 4.0


async def rows(folder: Path) -> list[figures.Row]:
    """List requests, messages, memory."""
    async with stand.standing(folder / "first", open_at_start=OPEN, latency_ms=LATENCY_MS) as here:
        made = await stand.start("the migration", here.folder / "migrate.log", "-m", "bot", "migrate", env=here.env())
        if await made.child.wait():
            raise RuntimeError((here.folder / "migrate.log").read_text())
        began = time.time()
        async with here.bot(DESK_POLL_SECONDS="86400") as bot:
            posted = await stand.until("the channel is told", lambda: here.calls("chat.postMessage"))
            first = await here.lists()
            await here.qualytics("POST", "log/clear")
            await bot.poll_now()
            await stand.until("the second poll asks", here.lists)
            await asyncio.sleep(SETTLE_SECONDS)
            second = await here.lists()
            now, peak = bot.process.memory()
            messages = await here.messages()
        imported = await starting.imported_memory(here)
    expected = math.ceil(OPEN / PAGE) + 1
    return [
        figures.Row(
            f"{OPEN:,} open at the first start: list requests of the first and the second poll",
            f"{first}, then {second}; the channel was told after {posted[0]['at'] - began:.1f} s at {LATENCY_MS} ms a call",
            f"pages that hold them all: {OPEN // PAGE}",
            f"{first / (OPEN // PAGE):.2f} x",
            f"<= {expected}, then 1",
            first <= expected and second == 1,
            "No QUALYTICS_DATASTORES set: all datastores are one list.",
        ),
        figures.Row(
            f"{OPEN:,} open at the first start: messages in the channel",
            f"{len(messages)}",
            f"one for each anomaly: {OPEN:,}",
            f"{len(messages) / OPEN:.4f} x",
            f"<= {MESSAGES}",
            0 < len(messages) <= MESSAGES and f"{OPEN:,}" in str(messages),
        ),
        figures.Row(
            f"memory with {OPEN:,} tracked, after first contact and a second poll",
            f"{now:.1f} MB resident, {peak:.1f} MB at its highest",
            f"Python with slack_bolt, sqlalchemy.ext.asyncio and httpx imported: {imported:.0f} MB",
            f"{peak / imported:.2f} x",
            f"<= {MEMORY:.0f} MB",
            peak <= MEMORY,
            "The highest value counts. The tables were made by `python -m bot migrate`, as a release does.",
        ),
    ]
