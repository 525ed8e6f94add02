"""What people start with a shortcut: at the composer, or in the menu of a message."""

from __future__ import annotations

from typing import Any

from sandbox.slack import app_link, conversation_acts, errors, event_shapes, manifest, population, workspace

Record = dict[str, Any]


class ShortcutActs:
    """The shortcuts of the manifest in one workspace."""

    def __init__(self, space: workspace.Workspace, outbound: app_link.AppLink) -> None:
        self._space = space
        self._outbound = outbound

    async def use(self, wanted: Record) -> Record:
        """Choose a shortcut by `callback_id`; a message shortcut is for the message at `channel` and `ts`."""
        user = conversation_acts.person(self._space, wanted.get("user"))
        known = self._space.app.shortcuts.get(str(wanted.get("callback_id")))
        if known is None:
            raise errors.Refused("unknown_shortcut", 404, detail=f"the manifest has no shortcut {wanted.get('callback_id')}")
        if not self._space.app.interactivity:
            raise errors.Refused("interactivity_not_enabled")
        ack = await self._outbound.interaction(self._payload(known, user, wanted))
        return {"ok": ack.error is None, "ack_ms": ack.ms, "error": ack.error}

    def _payload(self, known: manifest.Shortcut, user: population.User, wanted: Record) -> Record:
        if known.kind == "global":
            return event_shapes.shortcut(self._space, user, known.callback_id)
        channel = conversation_acts.channel_of(self._space, wanted.get("channel"), user)
        message = conversation_acts.message_of(channel, wanted.get("ts"), user)
        if message.ephemeral_to or message.subtype == "tombstone":
            raise errors.Refused("message_has_no_shortcuts")
        return event_shapes.message_action(self._space, user, channel, message, known.callback_id)
