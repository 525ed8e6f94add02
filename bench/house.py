"""What others must not notice: the answers of /healthz while 100,000 rows are exported, and the cost of what strangers send.

The real bot as a child process, with the garbage collector as the product sets it; whoever asks is this process.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bench import figures, stand

MANY = 100_000
EVERY_SECONDS = 0.02
IDLE_SECONDS = 10.0
HEALTHY_MS = 100.0
EXPORT_PATIENCE = 900.0

STRANGERS = 200
BODY = b"x" * 2**20
STRANGER_MS = 5.0
POST = (
    "POST /slack/events HTTP/1.1\r\nHost: desk\r\nContent-Type: application/x-www-form-urlencoded\r\n{signs}Content-Length: {size}\r\n\r\n"
)
SIGNS = "X-Slack-Request-Timestamp: {now}\r\nX-Slack-Signature: v0={guess}\r\n"
GET = b"GET /healthz HTTP/1.1\r\nHost: desk\r\nConnection: close\r\n\r\n"


async def rows(folder: Path) -> list[figures.Row]:
    """Health, then strangers."""
    return [await _health(folder / "health"), *await _strangers(folder / "strangers")]


# --- an export ----------------------------------------------------------------------------------------------------------


async def _health(folder: Path) -> figures.Row:
    async with stand.standing(folder, open_at_start=MANY, budgets=False) as here:
        async with here.bot(DESK_POLL_SECONDS="86400") as bot:
            await stand.until("the channel is told", lambda: here.calls("chat.postMessage"), patience=EXPORT_PATIENCE, every=0.5)
            async with _asked(bot) as idle:
                await asyncio.sleep(IDLE_SECONDS)
            began = time.perf_counter()
            async with _asked(bot) as took:
                await here.slack(
                    "POST", "command", user=stand.PEOPLE[0], channel=stand.CHANNEL, text="/anomalies export status:open,acknowledged"
                )
                sent = await stand.until(
                    "the file is there", lambda: here.calls("files.completeUploadExternal"), patience=EXPORT_PATIENCE, every=0.5
                )
            seconds = time.perf_counter() - began
            _, peak = bot.process.memory()
        lines = await _lines(here, sent[0])
    worst, calm = max(took), figures.percentile(idle, 0.99)
    return figures.Row(
        f"/healthz while {MANY:,} rows are exported, asked by another process",
        f"p50 {figures.median(took):.1f} ms, p99 {figures.percentile(took, 0.99):.1f} ms, at most {worst:.1f} ms ({len(took):,} asked)",
        f"the same bot, idle: p50 {figures.median(idle):.1f} ms, p99 {calm:.1f} ms, at most {max(idle):.1f} ms",
        f"{worst / max(idle):.2f} x",
        f"<= {HEALTHY_MS:g} ms, all of it in the file",
        worst <= HEALTHY_MS and lines == MANY,
        f"{lines:,} rows are in the file, which came after {seconds:.1f} s; the bot held {peak:.0f} MB at most. "
        "Qualytics answers without latency, so the bot has no pause.",
    )


@asynccontextmanager
async def _asked(bot: stand.Bot) -> AsyncIterator[list[float]]:
    """The milliseconds of each answer, asked for again and again meanwhile."""
    took: list[float] = []

    async def ask() -> None:
        while True:
            began = time.perf_counter()
            (await bot.http.get(f"{bot.url}/healthz")).raise_for_status()
            took.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(EVERY_SECONDS)

    asking = asyncio.create_task(ask())
    try:
        yield took
    finally:
        asking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asking


async def _lines(here: stand.Stand, call: stand.Json) -> int:
    """How many anomalies are in the file that was sent."""
    files = call["args"]["files"]
    ident = (json.loads(files) if isinstance(files, str) else files)[0]["id"]
    answer = await here.http.get(f"{here.slack_url}/_control/files/{ident}")
    answer.raise_for_status()
    return sum(line.startswith(b"qualytics:") for line in answer.content.splitlines())


# --- strangers ----------------------------------------------------------------------------------------------------------


async def _strangers(folder: Path) -> list[figures.Row]:
    """The processor time of a request, with all that its connection costs."""
    async with stand.standing(folder) as here:
        secrets = {"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": "5" * 32}
        async with here.bot(DESK_POLL_SECONDS="86400", **secrets) as bot:
            await stand.until("the channel is told", lambda: here.calls("chat.postMessage"))
            floor = await _cost(bot, lambda: _sent(bot, GET, b"200"))
            bare = await _cost(bot, lambda: _sent(bot, _head("") + BODY, b"401"))
            signs = SIGNS.format(now=int(time.time()), guess="a" * 64)
            signed = await _cost(bot, lambda: _sent(bot, _head(signs) + BODY, b"401"))
    said = {"without the headers of a signature": bare, "with a signature that is wrong": signed}
    return [
        figures.Row(
            f"a request of 1 MB from a stranger, {how}: processor time of the bot (mean of {STRANGERS})",
            f"{cost:.2f} ms",
            f"GET /healthz: {floor:.2f} ms",
            f"{cost / floor:.2f} x",
            f"< {STRANGER_MS:g} ms",
            cost < STRANGER_MS,
            "Each comes on a connection of its own, one after the other, over Slack's HTTP; what the bot does by itself meanwhile counts.",
        )
        for how, cost in said.items()
    ]


def _head(signs: str) -> bytes:
    return POST.format(signs=signs, size=len(BODY)).encode()


async def _cost(bot: stand.Bot, send: Callable[[], Coroutine[Any, Any, None]]) -> float:
    """Milliseconds of processor time of the bot for one of many."""
    await send()
    before = bot.process.worked()
    for _ in range(STRANGERS):
        await send()
    return (bot.process.worked() - before) / STRANGERS * 1000


async def _sent(bot: stand.Bot, request: bytes, status: bytes) -> None:
    """One request to the end of its answer, whether or not the bot takes all of it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(bot.url.rpartition(":")[2]))
    writer.write(request)
    answer = await reader.readline()
    with contextlib.suppress(ConnectionError):
        await reader.read()
    writer.close()
    if status not in answer:
        raise RuntimeError(f"answered with {answer!r} instead of {status!r}")
