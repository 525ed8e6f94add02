"""`/scan` as it is typed: what runs, stopping it, the preview with its buttons, and the form that a preview opens."""

from __future__ import annotations

import pytest

from bot.render.kit import ids
from tests.handlers.front import CHANNEL, DANA, GUS, LEE, Front, Json

pytestmark = pytest.mark.asyncio(loop_scope="module")


def _scan(front: Front, text: str, user: str = DANA) -> Json:
    return front.command(text, user=user, name="/scan")


async def _started(front: Front, words: str) -> str:
    """Start one that runs for long; returns the system's id of it."""
    await front.stage.qualytics("POST", "operations", seconds=600)
    told = await front.told(_scan(front, words))
    assert "Started: " in told and f"<#{CHANNEL}>" in told
    return str(max(front.stage.world.operations))


async def _plan(front: Front) -> str:
    async with front.running.store.db.writer.connect() as connection:
        return str((await connection.exec_driver_sql("SELECT plan FROM operations WHERE state = 'preview'")).scalar_one())


def _preview(front: Front) -> str:
    """The ts of what Dana was told last."""
    return max(one.ts for one in front.stage.workspace.channels[CHANNEL].messages.values() if one.ephemeral_to == DANA)


async def test_what_runs_is_listed_shown_and_stopped_by_its_number(front: Front) -> None:
    assert "nothing ran lately" in await front.told(_scan(front, "status"))
    number = await _started(front, "warehouse-prod tables:orders incremental")
    assert "1 operation running" in await front.told(_scan(front, "status"))
    assert "orders" in await front.told(_scan(front, f"status {number}"))
    assert "No operation 999 is followed here." in await front.told(_scan(front, "status 999"))
    assert "Qualytics was asked to abort" in await front.told(_scan(front, f"abort {number}"))
    assert front.stage.world.operations[int(number)].result == "aborted"
    assert "No operation 999 is followed here." in await front.told(_scan(front, "abort 999"))


async def test_a_cancelled_preview_starts_nothing_and_is_nobody_elses(front: Front) -> None:
    before = len(front.stage.world.operations)
    assert "Start this scan?" in await front.told(_scan(front, "warehouse-prod tables:customers"))
    plan = await _plan(front)
    for action_id in (ids.SCAN_START, ids.SCAN_CANCEL):
        assert "Only the person who asked" in await front.told(front.click(action_id, plan, user=LEE))
    await front.send(front.click(ids.SCAN_OPTIONS, plan, user=LEE))
    assert "Only the person who asked" in front.modal(LEE)
    await front.send(front.click(ids.SCAN_CANCEL, plan, ts=_preview(front)))
    assert front.whispers()[-1] == "Cancelled. Nothing was started."
    assert "already" in await front.told(front.click(ids.SCAN_START, plan))
    assert len(front.stage.world.operations) == before


async def test_the_form_of_a_preview_is_filled_and_takes_its_place(front: Front) -> None:
    await front.told(_scan(front, "warehouse-prod tables:customers"))
    plan = await _plan(front)
    await front.send(front.click(ids.SCAN_OPTIONS, plan))
    assert front.form()["callback_id"] == ids.SCAN_VIEW and "customers" in front.modal()
    await front.send(front.click(ids.SCAN_CANCEL, plan, ts=_preview(front)))


async def test_a_guest_gets_a_reason_instead_of_a_form_or_a_scan(front: Front) -> None:
    before = len(front.stage.world.operations)
    await front.send(_scan(front, "", GUS))
    assert "Guests" in front.modal(GUS)
    assert "Guests" in await front.told(_scan(front, "warehouse-prod incremental", GUS))
    assert len(front.stage.world.operations) == before


async def test_buttons_that_nobody_understands_any_more_say_what_to_do(front: Front) -> None:
    assert "too old to be understood" in await front.told(front.click(ids.SCAN_FIX, "nonsense"))
    assert "too old to be understood" in await front.told(front.click(ids.SCAN_SYNC, ""))
    assert "not known any more" in await front.told(front.click(ids.SCAN_FIX, "again|nowhere"))
    assert "not known any more" in await front.told(front.click(ids.SCAN_FIX, "follow|nowhere"))
    assert "not known any more" in await front.told(front.click(ids.SCAN_START, "nowhere"))


async def test_a_misspelt_datastore_offers_a_button_that_works_once_with_the_rights_of_whoever_clicks(front: Front) -> None:
    before = len(front.stage.world.operations)
    told = await front.told(_scan(front, "warehose-prod tables:orders incremental"))
    assert "warehouse-prod" in told and len(front.stage.world.operations) == before
    message = front.stage.workspace.channels[CHANNEL].messages[_preview(front)]
    shown = {"ts": message.ts, "text": message.text, "blocks": message.blocks}
    assert "Guests" in await front.told(front.press(shown, ids.SCAN_INSTEAD, user=GUS))
    assert "Started: Scan orders in warehouse-prod" in await front.told(front.press(shown, ids.SCAN_INSTEAD))
    assert "already" in await front.told(front.press(shown, ids.SCAN_INSTEAD))
    assert len(front.stage.world.operations) == before + 1
