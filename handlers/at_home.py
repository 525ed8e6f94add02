"""What follows from a click in an App Home, where nothing can be told to its reader alone: a line on top of it, a form to read, or the
direct messages."""

from __future__ import annotations

import logging
from datetime import datetime

from bot import errors, model
from bot.render.kit import blocks, ids, modals, text
from handlers import desk, incoming

log = logging.getLogger(__name__)

LINE = 320
"""A longer answer is read in a form of its own."""

WAITING = frozenset({ids.BATCH_CONFIRM, ids.SCAN_START, ids.SCAN_FIX, ids.SCAN_SYNC, ids.SCAN_OPTIONS})
"""Buttons of answers that wait for a decision: they replace the message that they stand on."""


DOORS = frozenset({ids.LINK_ME})
"""Buttons of refusals that lead on: where nothing but a line can be shown they would be lost."""


async def answer(desk: desk.Desk, request: incoming.Request, message: model.Message, *, refused: bool = False) -> None:
    """Where it can be read: what waits for a decision in the direct messages, what is long in a form, and the rest, with all that was
    `refused`, on top of the Home, which is drawn after every click with the buttons that make sense now. Raises DeliveryError."""
    if not _has(message, WAITING):
        if (refused or _brief(message)) and not _has(message, DOORS):
            await desk.home.note(request.user, message)
            return
        if await _opened(desk, request, message):
            return
    await desk.messenger.whisper(request.user, request.user, message)
    await desk.home.note(request.user, blocks.line("The answer is in your direct messages with Anomaly Desk: see the tab Messages."))


async def _opened(desk: desk.Desk, request: incoming.Request, message: model.Message) -> bool:
    """A form to read, while the click still allows one."""
    if not request.trigger_id:
        return False
    try:
        await desk.messenger.open_view(request.trigger_id, modals.notice("Anomaly Desk", message))
    except errors.DeliveryError as error:
        log.info("answering directly, because no form could be opened: %s", error)
        return False
    return True


def _has(message: model.Message, buttons: frozenset[str]) -> bool:
    parts = [part for block in message.blocks for part in (*block.get("elements", ()), block.get("accessory") or {})]
    return any(part.get("action_id") in buttons for part in parts)


def _brief(message: model.Message) -> bool:
    """One thing that is said in one line."""
    said = [block for block in message.blocks if block.get("type") != "actions"]
    return len(said) <= 1 and text.size(message.text, markup=True) <= LINE


async def follow(desk: desk.Desk, request: incoming.Request, begun: datetime) -> None:
    """Draw the Home of somebody who did something at `begun`, if they have it open."""
    try:
        await desk.home.after(request.user, begun, there=request.channel == incoming.HOME)
    except errors.BotError as error:
        log.info("a Home is drawn later: %s", error)
