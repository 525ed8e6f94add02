"""What Slack sent, decoded once: who, where, which element, which view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """What Slack sent, read once. Fields that a payload lacks are ""."""

    body: Mapping[str, Any]
    user: str
    channel: str
    response_url: str
    trigger_id: str

    @property
    def action(self) -> Mapping[str, Any]:
        """The pressed element of a block_actions payload."""
        pressed: Mapping[str, Any] = self.body["actions"][0]
        return pressed

    @property
    def value(self) -> str:
        """The value of the pressed button or of the chosen option."""
        chosen = self.action.get("selected_option") or self.action
        return str(chosen.get("value", ""))

    @property
    def view(self) -> Mapping[str, Any]:
        """The modal of a view payload."""
        view: Mapping[str, Any] = self.body["view"]
        return view


def read(body: Mapping[str, Any]) -> Request:
    """Find user, channel, response_url and trigger in any interactive payload or slash command."""
    user = body.get("user_id") or (body.get("user") or {}).get("id", "")
    channel = body.get("channel_id") or (body.get("channel") or {}).get("id", "")
    return Request(body, user, channel, body.get("response_url", ""), body.get("trigger_id", ""))
