"""What Slack sent, decoded once: who, where, which element, which view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot import errors
from bot.render.kit import asked, ids

UNREADABLE = "What Slack sent here cannot be understood. Nothing was changed. Try it again from the anomaly's card."

HOME = ids.HOME
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


def asked_for(request: Request) -> asked.Asked:
    """What this was, so that it can be finished later: a command, a click on a message, a form; nothing for anything else."""
    body, key = request.body, request.trigger_id
    if "command" in body:
        return asked.Asked(asked.COMMAND, key, _text(body["command"]), _text(body.get("text")), request.channel)
    if body.get("type") == "view_submission":
        view = request.view
        values = part(part(view, "state"), "values")
        return asked.Asked(asked.FORM, key, _text(view.get("callback_id")), _text(view.get("private_metadata")), "", values=values)
    if body.get("type") == "block_actions" and (request.channel == HOME or not part(body, "view")):
        ts, fleeting = _text(request.container.get("message_ts")), bool(request.container.get("is_ephemeral"))
        return asked.Asked(asked.CLICK, key, _text(request.action.get("action_id")), request.value, request.channel, ts, fleeting)
    return asked.NOTHING


def again(wanted: asked.Asked, request: Request) -> Request:
    """What was asked for, as Slack would send it once more; `request` is what came in between, by the same person."""
    body: dict[str, Any] = {"trigger_id": request.trigger_id, "user": {"id": request.user}}
    if wanted.kind == asked.COMMAND:
        body |= {"command": wanted.name, "text": wanted.said}
    elif wanted.kind == asked.CLICK:
        container = {"type": "message", "message_ts": wanted.ts, "channel_id": wanted.channel, "is_ephemeral": wanted.fleeting}
        body |= {"type": "block_actions", "actions": [{"action_id": wanted.name, "value": wanted.said}], "container": container}
    else:
        view = {"id": request.view.get("id"), "callback_id": wanted.name, "private_metadata": wanted.said}
        body |= {"type": "view_submission", "view": {**view, "state": {"values": wanted.values}}}
    return Request(body, request.user, wanted.channel, "", request.trigger_id)


def part(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object inside a payload; empty when it is missing, or something else."""
    found = body.get(name)
    return found if isinstance(found, Mapping) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
