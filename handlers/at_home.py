"""What follows from a click in an App Home, where nothing can be told to its reader alone: a line on top of it, a form to read, or the
direct messages."""

from __future__ import annotations

import logging
from datetime import datetime

from bot import errors, model
from bot.render.kit import blocks, modals, text
from handlers import desk, incoming

log = logging.getLogger(__name__)

LINE = 320
"""A longer answer is read in a form of its own."""


async def answer(desk: desk.Desk, request: incoming.Request, message: model.Message) -> None:
    """Where it can be read: with buttons in the direct messages, where they work as they are meant; what is long in a form; the rest on top
    of the Home, which is drawn after every click. Raises DeliveryError."""
    if not _pressable(message):
        if text.size(message.text, markup=True) <= LINE:
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


def _pressable(message: model.Message) -> bool:
    return any(block.get("type") == "actions" or "accessory" in block for block in message.blocks)


async def follow(desk: desk.Desk, request: incoming.Request, begun: datetime) -> None:
    """Draw the Home of somebody who did something at `begun`, if they have it open."""
    try:
        await desk.home.after(request.user, begun, there=request.channel == incoming.HOME)
    except errors.BotError as error:
        log.info("a Home is drawn later: %s", error)
