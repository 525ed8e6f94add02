"""From `python -m bot run` to ready."""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path

from bench import figures, stand

RUNS = 5
SECONDS = 2.0
FLOOR = "import slack_bolt, sqlalchemy.ext.asyncio, httpx"


async def rows(folder: Path) -> list[figures.Row]:
    """The one row: warm (the first start, which makes the database and the byte code, is not counted)."""
    async with stand.standing(folder / "starting", open_at_start=50) as here:
        await _start(here)
        ours, floors = [], []
        for _ in range(RUNS):
            floors.append(await _import())
            ours.append(await _start(here))
    mine, floor = figures.median(ours), figures.median(floors)
    return [
        figures.Row(
            f"start to ready, warm, Socket Mode connected (median of {RUNS} interleaved runs)",
            f"{mine:.2f} s (runs {figures.spread(ours, ' s')})",
            f'python -c "{FLOOR}": {floor:.2f} s',
            f"{mine / floor:.2f} x",
            f"<= {SECONDS:g} s",
            mine <= SECONDS,
        )
    ]


async def _start(here: stand.Stand) -> float:
    began = time.perf_counter()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(here.bot())
        return time.perf_counter() - began


async def _import() -> float:
    began = time.perf_counter()
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", FLOOR, cwd=stand.ROOT)
    await child.wait()
    return time.perf_counter() - began


async def imported_memory(here: stand.Stand) -> float:
    """MB of a Python that has imported the same libraries and waits."""
    code = f"{FLOOR}, sys; print(flush=True); sys.stdin.read()"
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, cwd=stand.ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    await child.stdout.readline()
    now, _ = stand.Process("the imports", child.pid, child, here.folder / "imports.log").memory()
    await child.communicate(b"")
    return now
