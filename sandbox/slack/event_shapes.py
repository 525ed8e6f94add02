"""The shapes of what an app is told when people act."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from sandbox.slack import message_content, modals, population, workspace
from sandbox.slack.input_values import KINDS

Record = dict[str, Any]
_TOKEN = "unused"


def _user(user: population.User) -> Record:
    return {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team}


def _common(kind: str, user: population.User) -> Record:
    team = {"id": population.TEAM, "domain": population.TEAM_DOMAIN}
    return {
        "type": kind,
        "user": _user(user),
        "api_app_id": population.APP,
        "token": _TOKEN,
        "team": team,
        "enterprise": None,
        "is_enterprise_install": False,
    }


def command(space: workspace.Workspace, user: population.User, channel: population.Channel, name: str, text: str) -> dict[str, str]:
    """A slash command."""
    return {
        "token": _TOKEN,
        "team_id": user.team,
        "team_domain": population.TEAM_DOMAIN,
        "channel_id": channel.id,
        "channel_name": channel_name(channel),
        "user_id": user.id,
        "user_name": user.name,
        "command": name,
        "text": text,
        "api_app_id": population.APP,
        "is_enterprise_install": "false",
        "response_url": response_url(space, "commands", user, channel),
        "trigger_id": space.tickets.trigger(user.id),
    }


def response_url(space: workspace.Workspace, kind: str, user: population.User, channel: population.Channel, original: str = "") -> str:
    """A fresh response URL."""
    return f"{space.base_url}/response/{space.tickets.reply_path(kind, user.id, channel.id, original)}"


def channel_name(channel: population.Channel) -> str:
    """The name that payloads carry; a private channel's is withheld."""
    if channel.is_im:
        return "directmessage"
    return "privategroup" if channel.is_private else channel.name


def in_message(user: population.User, channel: population.Channel, message: population.Message) -> Record:
    """Where a message's elements are: the message itself is left out when only one person sees it."""
    container = {"type": "message", "message_ts": message.ts, "channel_id": channel.id, "is_ephemeral": bool(message.ephemeral_to)}
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    place: Record = {"container": container, "channel": {"id": channel.id, "name": channel_name(channel)}}
    if not message.ephemeral_to:
        place["message"] = message_content.public(message, channel)
    return {**place, "state": {"values": message.state.get(user.id, {})}}


def in_view(view: modals.View) -> Record:
    """Where a view's elements are."""
    return {"container": {"type": "view", "view_id": view.id}, "view": view.json()}


def block_actions(space: workspace.Workspace, user: population.User, place: Record, action: Record, reply: str = "") -> Record:
    """A click or a choice; `reply` is the response URL of a message."""
    payload = {**_common("block_actions", user), **place, "trigger_id": space.tickets.trigger(user.id), "actions": [action]}
    return {**payload, "response_url": reply} if reply else payload


def action(space: workspace.Workspace, block: Record, element: Record, chosen: Record | None) -> Record:
    """One entry of `actions`."""
    ids = {"action_id": element["action_id"], "block_id": block["block_id"], "type": element["type"], "action_ts": space.next_ts()}
    names = ("text", "value", "style", "url", "confirm") if chosen is None else ("placeholder", "initial_option", "initial_date", "confirm")
    known: Record = {name: element[name] for name in names if name in element}
    key = KINDS[element["type"]].key if chosen is not None else ""
    return {**ids, **known, **({key: chosen[key]} if chosen is not None else {})}


def suggestion(user: population.User, place: Record, block: Record, element: Record, query: str) -> Record:
    """A request for the options of an external menu."""
    asked = {"action_id": element["action_id"], "block_id": block["block_id"], "value": query}
    return {**_common("block_suggestion", user), **place, **asked}


def callback(event: Record, at: int) -> Record:
    """An event as the Events API sends it; a second delivery of it has the same id."""
    authorization = {
        "enterprise_id": None,
        "team_id": population.TEAM,
        "user_id": population.BOT_USER,
        "is_bot": True,
        "is_enterprise_install": False,
    }
    payload: Record = {"token": _TOKEN, "team_id": population.TEAM, "api_app_id": population.APP, "event": event}
    payload |= {"type": "event_callback", "event_id": "Ev" + secrets.token_hex(5).upper(), "event_time": at}
    return payload | {"authorizations": [authorization], "is_ext_shared_channel": False, "event_context": secrets.token_hex(12)}


def own_message(tell: Callable[[str, Record], None], channel: population.Channel, message: population.Message) -> None:
    """What an app writes in direct messages it hears of, like everybody; what only one person sees is no event."""
    if not message.bot or message.ephemeral_to or not channel.is_im:
        return
    event = {"type": "message", "channel": channel.id, "user": message.user, "bot_id": message.bot, "app_id": population.APP}
    event |= {"text": message.text, "ts": message.ts, "event_ts": message.ts, "channel_type": "im", "team": population.TEAM}
    tell("message.im", {**event, **({"thread_ts": message.thread_ts} if message.thread_ts else {})})


def shortcut(space: workspace.Workspace, user: population.User, callback_id: str) -> Record:
    """A global shortcut: no channel, no message, no response URL."""
    people = {"id": user.id, "username": user.name, "team_id": user.team}
    return _shortcut(space, user, "shortcut", callback_id, people)


def message_action(
    space: workspace.Workspace, user: population.User, channel: population.Channel, message: population.Message, callback_id: str
) -> Record:
    """A message shortcut. Its response URL adds messages, it replaces none."""
    place = {
        "message_ts": message.ts,
        "message": message_content.public(message, channel),
        "channel": {"id": channel.id, "name": channel_name(channel)},
        "response_url": response_url(space, "app", user, channel),
    }
    return {**_shortcut(space, user, "message_action", callback_id, {"id": user.id, "name": user.name}), **place}


def _shortcut(space: workspace.Workspace, user: population.User, kind: str, callback_id: str, people: Record) -> Record:
    """What both kinds carry; neither names the app, and who acted is told in fewer words than elsewhere."""
    common = {key: value for key, value in _common(kind, user).items() if key != "api_app_id"}
    fresh = {"callback_id": callback_id, "trigger_id": space.tickets.trigger(user.id), "action_ts": space.next_ts()}
    return {**common, "user": people, **fresh}


def submission(space: workspace.Workspace, user: population.User, view: modals.View) -> Record:
    """A submitted modal."""
    return {
        **_common("view_submission", user),
        "trigger_id": space.tickets.trigger(user.id),
        "view": view.json(),
        "response_urls": [],
    }


def closed(user: population.User, view: modals.View, *, cleared: bool) -> Record:
    """A closed modal."""
    return {**_common("view_closed", user), "view": view.json(), "is_cleared": cleared}
