"""A bot killed half-way through a batch goes on after the restart, and the receipt is right to the last id."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections import Counter
from pathlib import Path

from tests.walks import forking
from tests.walks import stage as staging
from tests.walks.stage import Json, visible

MANY = 2_000


async def test_killed_in_the_middle_of_a_batch(tmp_path: Path, zygote: forking.Zygote) -> None:
    async with staging.staged(tmp_path, open_at_start=MANY) as stage:
        await stage.qualytics("POST", "modes", latency_ms=30)
        bot = stage.fork(zygote)
        await bot.start()
        await stage.until(stage.messages)
        many = stage_statuses(await _state(stage))["Active"]
        await stage.command("/anomalies archive status:active as:resolved")
        await stage.press(await stage.ephemeral("Confirm"), "batch.confirm")
        for part in (0.1, 0.5):
            await _archived(stage, int(many * part))
            await bot.kill()
            await bot.start()
        receipt = await _receipt(stage)
        await bot.kill()
        assert f"archived {many:,} anomalies" in visible(receipt)
        # Polls went on all the while: whatever they saw first, the history of each names the one who did it.
        assert await _told(stage.folder / "desk.db") == {("archive", "Dana", "slack"): many}
        sent = Counter(item["id"] for call in await _calls(stage) for item in call["json"] or [])
        # What was under way at a kill may be asked for once more, after a look; everything else was asked for once.
        assert len(sent) == many
        assert sum(count - 1 for count in sent.values()) <= 2 * 100 * 4


async def _told(file: Path) -> Counter[tuple[str, str, str]]:
    """The lines of the journal, each with its action, its actor and its way."""
    with contextlib.closing(sqlite3.connect(file)) as database:
        found = database.execute("SELECT action, actor_name, via FROM journal").fetchall()
    return Counter((row[0], row[1], row[2]) for row in found)


async def _archived(stage: staging.Stage, least: int) -> None:
    async def look() -> bool:
        return stage_statuses(await _state(stage))["Resolved"] >= least

    await stage.until(look)


def stage_statuses(state: Json) -> Counter[str]:
    return Counter(anomaly["status"] for anomaly in state["anomalies"])


async def _state(stage: staging.Stage) -> Json:
    return dict((await stage.http.get(f"{stage.qualytics_url}/_control/state")).json())


async def _calls(stage: staging.Stage) -> list[Json]:
    log = (await stage.http.get(f"{stage.qualytics_url}/_control/log")).json()["calls"]
    return [call for call in log if call["method"] == "DELETE" and call["status"] < 300]


async def _receipt(stage: staging.Stage) -> Json:
    async def look() -> Json | None:
        return next((m for m in await stage.messages() if not m["ephemeral"] and "batch.undo" in str(m["blocks"])), None)

    found: Json = await stage.until(look)
    await asyncio.sleep(0)
    return found
