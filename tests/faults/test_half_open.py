"""Two thousand strangers who begin to ask and never end, at a desk that may open 1,024 files: nobody else notices."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from tests.walks import orphans
from tests.walks import stage as staging

FILES, STRANGERS, LINES = 1024, 2000, 100


@pytest.fixture
def many_files() -> Iterator[None]:
    """The strangers are this process's: they need files, too."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 2 * STRANGERS + 500)), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Poor(staging.Bot):
    """A bot that cannot open more files than this, however it asks."""

    async def start(self, *, ready: bool = True) -> None:
        """Start it and wait until it is ready."""
        few = f"ulimit -Sn 256 && ulimit -Hn {FILES} && exec {sys.executable} -m bot run"
        self.process = await asyncio.create_subprocess_exec(
            "sh",
            "-c",
            few,
            cwd=staging.ROOT,
            env=dict(self.env),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            preexec_fn=orphans.die_with_parent,
        )
        self._reader = asyncio.create_task(self._read(self.process))
        await self.ready()


def half_open(port: int) -> socket.socket:
    """A stranger who begins to ask."""
    made = socket.create_connection(("127.0.0.1", port))
    made.sendall(b"POST /slack/events HTTP/1.1\r\nHost: desk\r\nX-Slow: ")
    return made


@pytest.mark.usefixtures("many_files")
async def test_two_thousand_half_open_connections_starve_nobody(stage: staging.Stage) -> None:
    env = stage.env()
    bot = Poor(env, int(env["PORT"]))
    await bot.start()
    try:
        await stage.until(stage.messages)
        before = len(bot.output)
        with ExitStack() as strangers:
            await asyncio.to_thread(lambda: [strangers.enter_context(half_open(bot.port)) for _ in range(STRANGERS)])
            (ident,) = await stage.arrive()
            await stage.card(ident, "waiting since")
            await stage.command("/anomalies count")
            await stage.ephemeral("1")
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{bot.port}", timeout=10) as http:
                assert (await http.get("/readyz")).status_code == 200
                cut = (await http.get("/metrics")).text
            assert process_files(bot) < FILES * 0.7
        assert 'connections_cut_total{reason="crowded"}' in cut
        assert len(bot.output) - before < LINES, "".join(bot.output[-50:])
    finally:
        await bot.kill()


def process_files(bot: staging.Bot) -> int:
    """The files that the bot has open."""
    assert bot.process is not None
    return len(os.listdir(f"/proc/{bot.process.pid}/fd"))
