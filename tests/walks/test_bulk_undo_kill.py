"""A bot killed half-way through taking a batch back goes on after the restart: all come back, each once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.walks import forking
from tests.walks import stage as staging
from tests.walks.stage import Json, visible

MANY = 300


async def test_killed_in_the_middle_of_an_undo(tmp_path: Path, zygote: forking.Zygote) -> None:
    async with staging.staged(tmp_path, open_at_start=MANY) as stage:
        bot = stage.fork(zygote)
        await bot.start()
        await stage.until(stage.messages)
        before = await _statuses(stage)
        many = Counter(before.values())["Active"]
        await stage.command("/anomalies archive status:active as:resolved")
        await stage.press(await stage.ephemeral("Confirm"), "batch.confirm")
        receipt = await _message(stage, "batch.undo")
        assert f"archived {many} anomalies" in visible(receipt)
        await stage.qualytics("POST", "modes", latency_ms=30)
        await stage.press(receipt, "batch.undo")
        for part in (0.1, 0.6):
            await _restored(stage, int(many * part))
            await bot.kill()
            await bot.start()
        told = visible(await _message(stage, "Taken back by"))
        await bot.kill()
        assert f"{many} as before again" in told
        assert await _statuses(stage) == before
        restored = Counter(await _restorations(stage))
        assert len(restored) == many
        assert max(restored.values()) == 1


async def _statuses(stage: staging.Stage) -> dict[int, str]:
    state = (await stage.http.get(f"{stage.qualytics_url}/_control/state")).json()
    return {anomaly["id"]: anomaly["status"] for anomaly in state["anomalies"]}


async def _message(stage: staging.Stage, word: str) -> Json:
    async def look() -> Json | None:
        return next((m for m in await stage.messages() if not m["ephemeral"] and word in str(m["blocks"])), None)

    found: Json = await stage.until(look)
    return found


async def _restored(stage: staging.Stage, least: int) -> None:
    async def look() -> bool:
        return len(await _restorations(stage)) >= least

    await stage.until(look)


async def _restorations(stage: staging.Stage) -> list[str]:
    """What was brought back, alone or in bulk: the way on from there, from acknowledged to open, says so in its body."""
    log = (await stage.http.get(f"{stage.qualytics_url}/_control/log")).json()["calls"]
    done = [one for one in log if one["method"] in ("PUT", "PATCH") and 200 <= (one["status"] or 0) < 300]
    items = [
        item
        for one in done
        for item in (one["json"] if one["method"] == "PATCH" else [one["json"] | {"id": one["path"].rpartition("/")[2]}])
    ]
    return [str(item["id"]) for item in items if item.get("status") == "Acknowledged"]
