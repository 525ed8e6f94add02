"""A storm of kills around the start, the progress and the end of operations: each is started once, shown once and told once."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
from collections import Counter
from pathlib import Path

from tests.walks import forking
from tests.walks import stage as staging
from tests.walks.stage import Json, Stage, visible

KILLS = 8
SCANS = 5


async def test_kills_at_any_moment_start_nothing_twice_and_lose_no_verdict(tmp_path: Path, zygote: forking.Zygote) -> None:
    dice = random.Random(20261121)
    async with staging.staged(tmp_path) as stage:
        there = [one.table.name for one in stage.world.facts.containers.values() if one.datastore.id == 42]
        await stage.qualytics("POST", "modes", latency_ms=5)
        for _ in range(SCANS):
            await stage.qualytics("POST", "operations", seconds=1 + 2 * dice.random(), anomalies=0)
        bot = stage.fork(zygote)
        await bot.start()
        await stage.until(stage.messages)
        await stage.until(lambda: _noticing(tmp_path))  # before that, what runs elsewhere is nobody's news
        for kill in range(KILLS):
            if kill < SCANS:
                await stage.command(f"/scan warehouse-prod tables:{there[kill]} incremental")
            if kill == 1:
                await stage.qualytics("POST", "operations/start", kind="scan", datastore=43, seconds=2.0, anomalies=0)
            await asyncio.sleep(dice.uniform(0.1, 1.2))  # this is the storm: any moment will do
            await bot.kill()
            await bot.start()

        async def settled() -> bool:
            wanted = Counter([*_confirmed(tmp_path), "elsewhere"])
            told = [one for one in await _shown(stage) if "succeeded" in visible(one)]
            return len(told) == wanted.total()

        await stage.until(settled)
        await bot.kill()
        state = await _operations(stage)
        ours = [one["containers"][0]["name"] for one in state if one["datastore"]["id"] == 42]
        assert sorted(ours) == sorted(_confirmed(tmp_path)), "what was confirmed ran once"
        shown = [visible(one) for one in await _shown(stage)]
        assert sorted(f"operation {one['id']}" for one in state) == sorted(_number(one) for one in shown), "one message each"
        assert len(ours) >= SCANS // 2, "the storm left something to look at"


def _rows(folder: Path, words: str) -> list[tuple[str, ...]]:
    with sqlite3.connect(folder / "desk.db") as desk:
        return list(desk.execute(words))


async def _noticing(folder: Path) -> bool:
    return bool(_rows(folder, "SELECT source FROM sources WHERE noticed IS NOT NULL"))


def _confirmed(folder: Path) -> list[str]:
    """The tables of what somebody confirmed here, as the desk's own rows have it."""
    rows = _rows(folder, "SELECT request FROM operations WHERE actor <> '' AND state IN ('starting', 'running', 'done')")
    return [str(json.loads(request)["tables"][0]) for (request,) in rows]


async def _operations(stage: Stage) -> list[Json]:
    return list((await stage.http.get(f"{stage.qualytics_url}/_control/state")).json()["operations"])


async def _shown(stage: Stage) -> list[Json]:
    return [one for one in await stage.messages() if not one["ephemeral"] and "operation " in visible(one)]


def _number(shown: str) -> str:
    return next(part.strip() for line in shown.splitlines() for part in line.split("·") if part.strip().startswith("operation "))
