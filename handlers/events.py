"""What Slack tells by itself: an App Home opened, a mention of the bot, a direct message to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.render.desk import short_help
from handlers import desk, guard, home, incoming


async def mentioned(desk: desk.Desk, request: incoming.Request) -> None:
    """The bot was mentioned, or written to directly: the short help, for the one who did, where it was (in the thread, where it was
    in one)."""
    await guard.may_look(desk, request)
    await guard.say(desk, request, short_help.message(scans=bool(desk.scans.scanners)))


EVENTS: Mapping[str, tuple[str, str, guard.Handler]] = {
    "app_home_opened": ("app_home_opened", "", home.opened),
    "app_mention": ("app_mention", "", mentioned),
    "message": ("message.im", "im", mentioned),
}
"""By the type that Slack gives them: what the manifest calls them, the kind of channel that is meant (what is said in others is nothing to
the desk: a mention comes as an event of its own), and what is done."""

UNUSED = ("member_joined_channel", "member_left_channel")
"""Subscribed to for what comes, so that the app need not be installed again then."""


async def ignored(ack: Callable[[], Awaitable[Any]]) -> None:
    """Nothing is done about it yet."""
    await ack()
