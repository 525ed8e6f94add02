"""Four systems with 10,000 open anomalies each, polled as usual: calls a minute, processor time, memory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import httpx

from bench import figures, stand, starting
from sandbox import systems

OPEN = 10_000
LATENCY_MS = 100
SETTLE_SECONDS = 60.0
"""After a start, until the first looks are over."""
MEASURED_SECONDS = 120.0
CORE = 0.05
MEMORY = 130.0

MOST: Mapping[str, tuple[int, str]] = {
    "qualytics": (120, "none is published"),
    "autional": (120, "none is published"),
    "anodot": (1_000, "1,000 about anomalies"),
    "anomify": (30, "none is published; 30 for what nobody waits for"),
}
"""The most calls in a minute that a system's desk may make by itself, and where the figure comes from."""


async def rows(folder: Path) -> list[figures.Row]:
    """Calls of each system, the share of a core, and the memory."""
    async with stand.standing(folder / "four", open_at_start=OPEN, latency_ms=LATENCY_MS) as here, _others(here) as urls:
        env = {name: value for one in systems.SYSTEMS if one.name in urls for name, value in one.settings(urls[one.name]).items()}
        began = time.monotonic()
        async with here.bot(ANOMIFY_UNDOCUMENTED="list", DESK_POLL_SECONDS="86400", **env) as bot:
            await stand.until("the channel is told of each system", lambda: _told(here), patience=300)
            told = time.monotonic() - began
            _, first = bot.process.memory()
        async with here.bot(**env) as bot:
            await asyncio.sleep(SETTLE_SECONDS)
            everywhere = {"qualytics": here.qualytics_url, **urls}
            for url in everywhere.values():
                (await here.http.post(f"{url}/_control/log/clear", json={})).raise_for_status()
            before, start = bot.process.worked(), time.monotonic()
            await asyncio.sleep(MEASURED_SECONDS)
            spent, took = bot.process.worked() - before, time.monotonic() - start
            calls = {name: len((await here.http.get(f"{url}/_control/log")).json()["calls"]) for name, url in everywhere.items()}
            now, peak = bot.process.memory()
        imported = await starting.imported_memory(here)
    return [
        *(_calls(name, count * 60 / took) for name, count in calls.items()),
        figures.Row(
            f"steady polling of four systems with {OPEN:,} open each: processor time of the bot, of one core",
            f"{spent / took:.1%}",
            f"{sum(calls.values())} calls in {took:.0f} s",
            "",
            f"<= {CORE:.0%}",
            spent / took <= CORE,
            f"The channel was told of all four {told:.0f} s after the first start; measured is a second start, after {SETTLE_SECONDS:g} s.",
        ),
        figures.Row(
            f"memory with four systems and {OPEN:,} tracked of each",
            f"{now:.1f} MB resident, {peak:.1f} MB at its highest",
            f"Python with slack_bolt, sqlalchemy.ext.asyncio and httpx imported: {imported:.0f} MB",
            f"{peak / imported:.2f} x",
            f"<= {MEMORY:.0f} MB",
            peak <= MEMORY,
            f"While all four met at once, Anomify with the one list of all that no document describes: {first:.1f} MB at its highest.",
        ),
    ]


def _calls(name: str, minute: float) -> figures.Row:
    most, source = MOST[name]
    return figures.Row(
        f"steady polling of four systems with {OPEN:,} open each: calls a minute, {name.title()}",
        f"{minute:.1f}",
        f"its limit: {source}",
        f"{minute / most:.2f} x",
        f"<= {most}",
        minute <= most,
    )


async def _told(here: stand.Stand) -> bool:
    text = str(await here.messages()).lower()
    return all(name in text for name in MOST)


@asynccontextmanager
async def _others(here: stand.Stand) -> AsyncIterator[Mapping[str, str]]:
    """The fakes that the stand does not have already; their URLs."""
    async with AsyncExitStack() as stack:
        urls = {}
        for name in (one.name for one in systems.SYSTEMS if one.name != "qualytics"):
            port = stand.free_port()
            arguments = ("-m", f"sandbox.{name}", "--port", f"{port}", "--open", f"{OPEN}", "--latency-ms", f"{LATENCY_MS}")
            child = await stack.enter_async_context(stand.process(f"the fake of {name}", here.folder / f"{name}.log", *arguments))
            urls[name] = f"http://127.0.0.1:{port}"

            async def look(url: str = urls[name], child: stand.Process = child) -> bool:
                child.check()
                with suppress(httpx.HTTPError):
                    return (await here.http.get(f"{url}/_control/log")).status_code == 200
                return False

            await stand.until(f"the fake of {name} answers", look)
        yield urls
