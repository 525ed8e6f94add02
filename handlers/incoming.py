"""What Slack sent, decoded once: who, where, which element, which view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot import errors

UNREADABLE = "What Slack sent here cannot be understood. Nothing was changed. Try it again from the anomaly's card."


HOME = "home"
"""The channel of what is pressed in an App Home, and of the forms that are opened from there: answers go to the Home."""


@dataclass(frozen=True, slots=True)
class Request:
    """What Slack sent, read once. Fields that a payload lacks, or that are no text, are ""; `channel` is `HOME` for what happened in an App
    Home, `thread` the thread that an event is about."""

    body: Mapping[str, Any]
    user: str
    channel: str
    response_url: str
    trigger_id: str
    thread: str = ""

    @property
    def action(self) -> Mapping[str, Any]:
        """The pressed element of a block_actions payload. Raises NotFound where there is none."""
        pressed = self.body.get("actions")
        first = pressed[0] if isinstance(pressed, list) and pressed else None
        if not isinstance(first, Mapping):
            raise errors.NotFound(UNREADABLE)
        return first

    @property
    def value(self) -> str:
        """The value of the pressed button or of the chosen option."""
        chosen = part(self.action, "selected_option") or self.action
        return str(chosen.get("value", ""))

    @property
    def container(self) -> Mapping[str, Any]:
        """Where the pressed element stands; empty when the payload does not say."""
        return part(self.body, "container")

    @property
    def view(self) -> Mapping[str, Any]:
        """The modal of a view payload. Raises NotFound where there is none."""
        view = part(self.body, "view")
        if not view:
            raise errors.NotFound(UNREADABLE)
        return view


def read(body: Mapping[str, Any]) -> Request:
    """Find user, channel, response_url and trigger in any interactive payload or slash command."""
    user = _text(body.get("user_id")) or _text(part(body, "user").get("id"))
    channel = _text(body.get("channel_id")) or _text(part(body, "channel").get("id"))
    if part(body, "view").get("type") == "home":
        channel = HOME
    return Request(body, user, channel, _text(body.get("response_url")), _text(body.get("trigger_id")))


def event(body: Mapping[str, Any]) -> Request:
    """Find user, channel and thread in an event."""
    told = part(body, "event")
    channel = HOME if told.get("type") == "app_home_opened" else _text(told.get("channel"))
    return Request(body, _text(told.get("user")), channel, "", "", _text(told.get("thread_ts")))


def part(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object inside a payload; empty when it is missing, or something else."""
    found = body.get(name)
    return found if isinstance(found, Mapping) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
