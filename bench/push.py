"""A system pushes: how soon the card is posted, by one process and by a worker that reads what a web stored."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from bench import figures, replicas, stand

LATENCY_MS = 100
PUSHES = 12
MOST_SECONDS = 1.0
PACE_SECONDS = 1.6
"""Between two pushes: Slack takes a message a second in one channel, and what waits for that is not measured here."""
REST_SECONDS = 20.0
BEFORE = 50

NAMED, UNNAMED = "the anomaly is named", "none is named: the list is read"


async def rows(folder: Path) -> list[figures.Row]:
    """Both ways to run, each with pushes that name the anomaly and with some that do not."""
    found = []
    async with stand.standing(folder / "push", open_at_start=BEFORE, latency_ms=LATENCY_MS) as here, here.bot(**QUIET) as bot:
        await stand.until("the channel is told of the first contact", here.messages)
        found += [_row("run", what, await _pushed(here, bot, what)) for what in (NAMED, UNNAMED)]
    async with _apart(folder) as (here, web, worker):
        found += [_row("web and worker, PostgreSQL", what, await _pushed(here, web, what)) for what in (NAMED, UNNAMED)]
        before = worker.process.worked()
        await asyncio.sleep(REST_SECONDS)
        found.append(_rest((worker.process.worked() - before) / REST_SECONDS))
    return found


QUIET = {"DESK_POLL_SECONDS": "86400", "DESK_WAIT_SECONDS": "0"}


@asynccontextmanager
async def _apart(folder: Path) -> AsyncIterator[tuple[stand.Stand, stand.Bot, stand.Bot]]:
    """A web, and a worker beside it."""
    with replicas.postgresql(folder / "push-pg") as url:
        async with stand.standing(folder / "push-apart", open_at_start=BEFORE, latency_ms=LATENCY_MS) as here, AsyncExitStack() as stack:
            given = {**QUIET, **replicas.HTTP, "DATABASE_URL": url}
            web, worker = [await stack.enter_async_context(here.bot(role=role, **given)) for role in ("web", "worker")]
            await stand.until("the channel is told of the first contact", here.messages)
            yield here, web, worker


async def _pushed(here: stand.Stand, bot: stand.Bot, what: str) -> list[float]:
    """Seconds from each push to the post of its card."""
    took = []
    for _ in range(PUSHES):
        await asyncio.sleep(PACE_SECONDS)
        await here.slack("POST", "log/clear")
        (ident,) = await here.arrive(1)
        began = time.time()
        await bot.push({"anomaly": f"https://acme.example/anomalies/{ident}"} if what == NAMED else {})
        posts = await stand.until("the card is posted", lambda: here.calls("chat.postMessage"), every=0.02)
        took.append(posts[0]["at"] - began)
    return took


def _row(how: str, what: str, took: list[float]) -> figures.Row:
    worst, middle = max(took), figures.percentile(took, 0.5)
    return figures.Row(
        f"{how}: from a push to the post of the card, {LATENCY_MS} ms a call; {what}",
        f"p50 {middle:.2f} s, worst of {len(took)} {worst:.2f} s",
        f"one call to read it: {LATENCY_MS / 1000:.2f} s",
        f"{worst * 1000 / LATENCY_MS:.1f} x",
        f"worst <= {MOST_SECONDS:g} s",
        worst <= MOST_SECONDS,
        "",
    )


def _rest(share: float) -> figures.Row:
    return figures.Row(
        "a worker at rest that looks for pushes four times a second, PostgreSQL: of one core",
        f"{share:.1%}",
        "nothing to do",
        "",
        "<= 5 %",
        share <= 0.05,
        "All other jobs of a worker are in it.",
    )
