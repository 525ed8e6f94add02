"""What Slack tells by itself: an App Home opened, a mention of the bot, a direct message to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.render.desk import short_help
from handlers import desk, guard, home, incoming


async def mentioned(desk: desk.Desk, request: incoming.Request) -> None:
    """The bot was mentioned: the short help, for the one who did, where it was (in the thread, where it was in one)."""
    await guard.may_look(desk, request)
    await guard.say(desk, request, short_help.message(scans=bool(desk.scans.scanners)))


async def written(desk: desk.Desk, request: incoming.Request) -> None:
    """Somebody wrote to the bot directly. What is said in channels is nothing to it: a mention comes as an event of its own."""
    if incoming.part(request.body, "event").get("channel_type") == "im":
        await mentioned(desk, request)


EVENTS: Mapping[str, tuple[str, guard.Handler]] = {
    "app_home_opened": ("app_home_opened", home.opened),
    "app_mention": ("app_mention", mentioned),
    "message": ("message.im", written),
}
"""By the type that Slack gives them: the name by which the manifest subscribes to it, and what is done."""

UNUSED = ("member_joined_channel", "member_left_channel")
"""Subscribed to for what comes, so that the app need not be installed again then."""


async def ignored(ack: Callable[[], Awaitable[Any]]) -> None:
    """Nothing is done about it yet."""
    await ack()
