"""What people do in conversations: type commands and messages, press buttons, choose from menus."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.slack import app_link, errors, event_shapes, input_values, message_content, modals, population, typed, workspace
from sandbox.slack.blockkit import elements, parts, schema, surfaces

Record = dict[str, Any]


@dataclass
class Spot:
    """An element on somebody's screen, and the message or view that holds it."""

    user: population.User
    block: Record
    element: Record
    channel: population.Channel | None = None
    message: population.Message | None = None
    view: modals.View | None = None
    values: dict[str, Record] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str]:
        """Block and action."""
        return self.block["block_id"], self.element["action_id"]

    @property
    def holder(self) -> population.Message | modals.View:
        """What remembers loaded options."""
        held = self.message or self.view
        assert held is not None
        return held

    def place(self) -> Record:
        """The place for payloads."""
        if self.view is not None:
            return event_shapes.in_view(self.view)
        assert self.channel is not None
        assert self.message is not None
        return event_shapes.in_message(self.user, self.channel, self.message)

    def offer(self, options: list[Record]) -> None:
        """Remember what an external menu offered. What an earlier query offered can have been chosen then, except in a message's menu
        for one value: that choice is sent at once."""
        lasting = self.view is not None or self.element["type"].startswith("multi_")
        before = self.holder.options.get(self.key, []) if lasting else []
        self.holder.options[self.key] = list({option["value"]: option for option in [*before, *options]}.values())

    def keep(self, chosen: Record) -> None:
        """Remember a choice."""
        block, action = self.key
        if self.view is not None:
            self.view.values.setdefault(block, {})[action] = chosen
        elif self.message is not None:
            self.message.state.setdefault(self.user.id, {}).setdefault(block, {})[action] = chosen


def person(space: workspace.Workspace, ident: Any) -> population.User:
    """Somebody of the directory. Raises Refused."""
    user = space.people.get(ident) if isinstance(ident, str) else None
    if user is None or user.id in (population.BOT_USER, population.SLACKBOT):
        raise errors.Refused("user_not_found", 404)
    return user


def channel_of(space: workspace.Workspace, ident: Any, user: population.User) -> population.Channel:
    """A conversation that this person is in. Raises Refused."""
    channel = space.channels.get(ident) if isinstance(ident, str) else None
    if channel is None:
        raise errors.Refused("channel_not_found", 404)
    if user.id not in channel.members:
        raise errors.Refused("user_not_in_channel", 403)
    return channel


def message_of(channel: population.Channel, ts: Any, user: population.User) -> population.Message:
    """A message that this person sees. Raises Refused."""
    message = channel.messages.get(ts) if isinstance(ts, str) else None
    if message is None or message.ephemeral_to not in ("", user.id):
        raise errors.Refused("message_not_found", 404)
    return message


def _pick(blocks: list[Record], wanted: Record) -> tuple[Record, Record]:
    """The one element that a request is about. Raises Refused."""
    found = [
        (block, element)
        for block, element in surfaces.interactive(blocks)
        if element["action_id"] == wanted.get("action_id") and wanted.get("block_id") in (None, "", block["block_id"])
    ]
    if not found:
        raise errors.Refused("element_not_found", 404)
    if len(found) > 1:
        found = [pair for pair in found if _holds(pair[1], wanted.get("value"))]
    if len(found) != 1:
        raise errors.Refused("ambiguous_element", detail="more than one element has this action_id: send block_id or value")
    return found[0]


def _holds(element: Record, value: Any) -> bool:
    return element.get("value") == value if element["type"] == "button" else value in [one["value"] for one in elements.offered(element)]


_ANSWER = {"options": schema.array(parts.OPTION, 0, 100), "option_groups": schema.array(parts.OPTION_GROUP, 0, 100)}


class ConversationActs:
    """People at work in one workspace."""

    def __init__(self, space: workspace.Workspace, outbound: app_link.AppLink) -> None:
        self._space = space
        self._outbound = outbound

    def spot(self, wanted: Record) -> Spot:
        """Find an element by `action_id` (and `block_id`) in a message (`channel`, `ts`) or in the person's top view.

        `values` are what the person entered into that view before, as for a submission: payloads carry them in the view's state.
        """
        user = person(self._space, wanted.get("user"))
        if wanted.get("ts"):
            channel = channel_of(self._space, wanted.get("channel"), user)
            message = message_of(channel, wanted["ts"], user)
            return Spot(user, *_pick(message.blocks, wanted), channel=channel, message=message)
        home = self._space.modals.homes.get(user.id) if wanted.get("home") else None
        view = home or self._space.modals.top(user.id)
        if view is None:
            raise errors.Refused("no_view_open", 404)
        view.fill(wanted.get("values") or {})
        return Spot(user, *_pick(view.payload["blocks"], wanted), view=view)

    async def command(self, wanted: Record) -> Record:
        """Type a slash command; what the app answers in its ack becomes a message."""
        user = person(self._space, wanted.get("user"))
        channel = channel_of(self._space, wanted.get("channel"), user)
        text = wanted.get("text")
        if not isinstance(text, str) or not text.startswith("/"):
            raise errors.Refused("not_a_command")
        name, _, rest = text.partition(" ")
        known = self._space.app.commands.get(name)
        if known is None:
            raise errors.Refused("unknown_command", 404, detail=f"{name} is not a valid command")
        if channel.is_archived:
            raise errors.Refused("is_archived")
        rest = typed.escaped(self._space, rest.strip(), labels=True) if known.should_escape else rest.strip()
        ack = await self._outbound.command(event_shapes.command(self._space, user, channel, name, rest))
        error = ack.error or self._answered(user, channel, ack.body)
        if error:
            self._space.whisper(channel, user.id, f'{name} failed with the error "{error}"', [], author=population.SLACKBOT)
        return {"ok": error is None, "ack": ack.body, "ack_ms": ack.ms, "error": error}

    def _answered(self, user: population.User, channel: population.Channel, body: Any) -> str | None:
        if body is None or body in ("", {}):
            return None
        if not isinstance(body, dict):
            return "invalid_command_response"
        try:
            content = message_content.content(body, frozenset(), capped=False)
        except errors.SlackError as error:
            return error.error
        if body.get("response_type", "ephemeral") == "in_channel":
            message = population.Message(
                self._space.next_ts(), population.BOT_USER, content.shown, content.blocks or [], bot=population.BOT
            )
            self._space.store(channel, message)
        else:
            self._space.whisper(channel, user.id, content.shown, content.blocks or [])
        return None

    async def click(self, wanted: Record) -> Record:
        """Press a button, or choose from a menu."""
        spot = self.spot(wanted)
        chosen = self._chosen(spot, wanted.get("value"))
        if chosen is not None and spot.element["type"] in elements.STATEFUL:
            spot.keep(chosen)
            self._space.changed()
        if spot.block["type"] == "input" and not spot.block.get("dispatch_action"):
            return {"ok": True, "ack_ms": 0, "error": None}
        self._interactive()
        action = event_shapes.action(self._space, spot.block, spot.element, chosen)
        ack = await self._outbound.interaction(event_shapes.block_actions(self._space, spot.user, spot.place(), action, self._reply(spot)))
        self._warn(spot, ack.error)
        return {"ok": ack.error is None, "ack_ms": ack.ms, "error": ack.error}

    def _interactive(self) -> None:
        if not self._space.app.interactivity:
            raise errors.Refused("interactivity_not_enabled")

    def _chosen(self, spot: Spot, value: Any) -> Record | None:
        if spot.element["type"] != "button":
            return input_values.choose(spot.element, value, spot.holder.options.get(spot.key, []))
        if value not in (None, spot.element.get("value")):
            raise errors.Refused("value_not_offered")
        return None

    def _reply(self, spot: Spot) -> str:
        if spot.channel is None or spot.message is None:
            return ""
        return event_shapes.response_url(self._space, "actions", spot.user, spot.channel, spot.message.ts)

    def _warn(self, spot: Spot, error: str | None) -> None:
        if spot.view is not None:
            spot.view.warning = error or ""
        elif spot.message is not None:
            spot.message.warnings.pop(spot.user.id, None)
            if error:
                spot.message.warnings[spot.user.id] = error
        self._space.changed()

    async def select(self, wanted: Record) -> Record:
        """Type into an external menu: the options that the app offers."""
        spot = self.spot(wanted)
        if "external" not in spot.element["type"]:
            raise errors.Refused("not_an_external_menu")
        self._interactive()
        query = wanted.get("query") or ""
        if not isinstance(query, str) or len(query) < spot.element.get("min_query_length", 3):
            raise errors.Refused("query_too_short")
        if self._space.http_url and not self._space.app.socket_mode and not self._space.app.options_url:
            return {"ok": False, "options": [], "error": "no_options_url"}
        ack = await self._outbound.interaction(event_shapes.suggestion(spot.user, spot.place(), spot.block, spot.element, query))
        error = ack.error or self._malformed(ack.body)
        if error:
            return {"ok": False, "options": [], "error": error}
        offered = elements.offered(ack.body)
        spot.offer(offered)
        return {"ok": True, "options": offered, "ack_ms": ack.ms, "error": None}

    @staticmethod
    def _malformed(body: Any) -> str | None:
        report = schema.Report()
        schema.record({}, _ANSWER)(report, body, "")
        if report.problems or ("options" in body) == ("option_groups" in body):
            return "invalid_options"
        return None

    def message(self, wanted: Record) -> Record:
        """Write a message."""
        user = person(self._space, wanted.get("user"))
        channel = channel_of(self._space, wanted.get("channel"), user)
        text, thread = wanted.get("text"), wanted.get("thread_ts") or ""
        if not isinstance(text, str) or not text.strip():
            raise errors.Refused("no_text")
        if channel.is_archived:
            raise errors.Refused("is_archived")
        if thread and thread not in channel.messages:
            raise errors.Refused("thread_not_found", 404)
        shown = typed.escaped(self._space, text, labels=False)
        message = self._space.store(channel, population.Message(self._space.next_ts(), user.id, shown, thread_ts=thread))
        kind = {"im": "im", "groups": "group", "channels": "channel"}[channel.kind]
        event = {"type": "message", "channel": channel.id, "user": user.id, "text": shown, "ts": message.ts, "channel_type": kind}
        event |= {"event_ts": message.ts, "team": user.team} | ({"thread_ts": thread} if thread else {})
        if population.BOT_USER in channel.members:
            self._outbound.event(f"message.{'im' if channel.is_im else channel.kind}", event)
            if f"<@{population.BOT_USER}>" in shown and not channel.is_im:  # in direct messages Slack tells of the message alone
                self._outbound.event("app_mention", {**event, "type": "app_mention"})
        return {"ok": True, "ts": message.ts}

    def membership(self, wanted: Record) -> Record:
        """Invite the bot (or a `user`) to a channel, or remove it; the app hears of channels that it is in."""
        channel = self._space.channels.get(str(wanted.get("channel")))
        if channel is None:
            raise errors.Refused("channel_not_found", 404)
        if not isinstance(wanted.get("member"), bool):
            raise errors.Refused("invalid_member")
        who = person(self._space, wanted["user"]).id if wanted.get("user") else population.BOT_USER
        (channel.members.add if wanted["member"] else channel.members.discard)(who)
        name = "member_joined_channel" if wanted["member"] else "member_left_channel"
        event = {"type": name, "user": who, "channel": channel.id, "team": population.TEAM, "event_ts": self._space.next_ts()}
        event["channel_type"] = "G" if channel.is_private else "C"
        if population.BOT_USER in {who, *channel.members}:
            self._outbound.event(name, event)
        self._space.changed()
        return {"ok": True}

    def delete(self, wanted: Record) -> Record:
        """Delete a message, as an administrator may."""
        channel = self._space.channels.get(str(wanted.get("channel")))
        if channel is None or wanted.get("ts") not in channel.messages:
            raise errors.Refused("message_not_found", 404)
        self._space.remove(channel, wanted["ts"])
        return {"ok": True}
