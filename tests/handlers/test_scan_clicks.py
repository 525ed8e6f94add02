"""Clicks on messages about scans, as Slack sends them: the same one twice starts once, and a refusal is told to whoever clicked."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.render.kit import ids
from tests.handlers import front as fronts
from tests.handlers.front import CHANNEL, DANA, Front, Json, visible


def _whisper(front: Front, *words: str) -> str:
    """The ts of what Dana alone was told."""
    for message in front.stage.workspace.channels[CHANNEL].messages.values():
        said = visible({"text": message.text, "blocks": message.blocks})
        if message.ephemeral_to == DANA and all(word in said for word in words):
            return str(message.ts)
    raise AssertionError(f"Dana was not told {words}: {front.whispers()}")


async def _operations(front: Front) -> list[Json]:
    return list((await front.stage.http.get(f"{front.stage.qualytics_url}/_control/state")).json()["operations"])


async def test_sync_first_pressed_twice_starts_one_sync(tmp_path: Path) -> None:
    async with fronts.opened(tmp_path) as front:
        await front.send(front.command("warehouse-prod tables:orderz incremental", name="/scan"))
        click = front.click(ids.SCAN_SYNC, "qualytics|42", ts=_whisper(front, "orderz"))
        await asyncio.gather(front.send(click), front.send(click))
        assert [one["type"] for one in await _operations(front)] == ["sync"]
        assert len(await front.running.store.operations.running()) == 1


async def test_start_pressed_twice_starts_one_scan(tmp_path: Path) -> None:
    async with fronts.opened(tmp_path) as front:
        await front.send(front.command("warehouse-prod tables:orders", name="/scan"))
        assert await _operations(front) == []
        plan = await _preview(front)
        click = front.click(ids.SCAN_START, plan, ts=_whisper(front, "orders"))
        await asyncio.gather(front.send(click), front.send(click))
        assert [one["type"] for one in await _operations(front)] == ["scan"]


async def _preview(front: Front) -> str:
    async with front.running.store.db.writer.connect() as connection:
        return str((await connection.exec_driver_sql("SELECT plan FROM operations WHERE state = 'preview'")).scalar_one())


async def test_an_abort_that_is_forbidden_is_told_and_shown_as_nothing(tmp_path: Path) -> None:
    async with fronts.opened(tmp_path) as front:
        await front.stage.qualytics("POST", "operations", seconds=600)
        await front.send(front.command("warehouse-prod tables:orders incremental", name="/scan"))
        (running,) = await front.running.store.operations.running()
        await front.stage.qualytics("POST", "rights", datastore=42, role="Viewer")
        told = await front.told(front.click(ids.SCAN_ABORT, running.id))
        assert "Editor" in told
        after = await front.running.store.operations.get(running.id)
        assert after is not None and after.aborted_by == ""
