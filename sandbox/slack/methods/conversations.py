"""conversations.*: what the bot may know of channels and what was said in them."""

from __future__ import annotations

import re

from sandbox.slack import errors, message_content, population
from sandbox.slack.methods import arguments
from sandbox.slack.methods.arguments import Call, Json, Method

_TS = re.compile(r"\d+(\.\d+)?")
_READS = frozenset({"channels:read", "groups:read", "im:read", "mpim:read"})


def _info(channel: population.Channel) -> Json:
    return channel.json()


def info(call: Call) -> Json:
    """conversations.info: an app that may read no kind of conversation does not even learn which ones exist."""
    ident = call.text("channel")
    if not call.workspace.app.scopes & _READS:
        call.workspace.require(*sorted(_READS))
    channel = call.workspace.visible(ident)
    call.workspace.require(f"{channel.kind}:read")
    shown = _info(channel)
    if call.flag("include_num_members"):
        shown["num_members"] = len(channel.members)
    return {"ok": True, "channel": shown}


def listed(call: Call) -> Json:
    """conversations.list"""
    types = (call.optional("types") or "public_channel").split(",")
    known = {"public_channel": "channels", "private_channel": "groups", "im": "im", "mpim": "mpim"}
    if not all(kind in known for kind in types):
        raise errors.SlackError("invalid_types")
    call.workspace.require(*(f"{known[kind]}:read" for kind in types))
    kinds = {known[kind] for kind in types}
    hidden = call.flag("exclude_archived")
    found = [
        _info(channel)
        for channel in call.workspace.channels.values()
        if channel.kind in kinds
        and (not channel.is_private or population.BOT_USER in channel.members)
        and not (hidden and channel.is_archived)
    ]
    page, after = arguments.page(call, found, "id")
    return {"ok": True, "channels": page, "response_metadata": after}


def open_(call: Call) -> Json:
    """conversations.open: one user, whose direct message is opened."""
    names = [name for name in call.optional("users").split(",") if name]
    ident, before = call.optional("channel"), set(call.workspace.channels)
    call.workspace.require("mpim:write" if len(names) > 1 else "im:write")
    if ident:
        channel = call.workspace.visible(ident)
    elif not names:
        raise errors.SlackError("users_list_not_supplied")
    else:
        channel = _direct(call, names)
    if not channel.is_im:
        raise errors.SlackError("method_not_supported_for_channel_type")
    shown = _info(channel) if call.flag("return_im") else {"id": channel.id}
    return {"ok": True, "no_op": channel.id in before, "already_open": channel.id in before, "channel": shown}


def _direct(call: Call, names: list[str]) -> population.Channel:
    if len(names) > 1:
        raise errors.SlackError("method_not_supported_for_channel_type")
    return call.workspace.dm(names[0])


def members(call: Call) -> Json:
    """conversations.members"""
    channel = call.workspace.visible(call.text("channel"))
    call.workspace.require(f"{channel.kind}:read")
    page, after = arguments.page(call, [{"id": user} for user in sorted(channel.members)], "id")
    return {"ok": True, "members": [item["id"] for item in page], "response_metadata": after}


def _bound(call: Call, name: str, default: str) -> float:
    value = str(call.args.get(name) or default)
    if _TS.fullmatch(value) is None:
        raise errors.SlackError(f"invalid_ts_{name}")
    return float(value)


def _between(call: Call, found: list[population.Message]) -> list[population.Message]:
    oldest, latest = _bound(call, "oldest", "0"), _bound(call, "latest", "99999999999")
    inclusive = call.flag("inclusive")
    return [message for message in found if oldest < float(message.ts) < latest or (inclusive and float(message.ts) in (oldest, latest))]


def _page(call: Call, found: list[population.Message], channel: population.Channel) -> Json:
    with_metadata = call.flag("include_all_metadata")
    shown = [message_content.public(message, channel, all_metadata=with_metadata) for message in found]
    page, after = arguments.page(call, shown, "ts", high=999)
    more = bool(after["next_cursor"])
    return {"ok": True, "messages": page, "has_more": more, **({"response_metadata": after} if more else {})}


def _readable(call: Call) -> population.Channel:
    ident = call.text("channel")
    channel = call.workspace.visible(ident)
    call.workspace.require(f"{channel.kind}:history")
    return call.workspace.joined(ident)


def history(call: Call) -> Json:
    """conversations.history: newest first, without the answers in threads and without what only one person sees."""
    channel = _readable(call)
    found = [
        message
        for message in reversed(channel.messages.values())
        if not message.ephemeral_to and (not message.thread_ts or message.thread_ts == message.ts or message.broadcast)
    ]
    return {**_page(call, _between(call, found), channel), "pin_count": 0}


def replies(call: Call) -> Json:
    """conversations.replies: the parent, then the answers, oldest first."""
    channel = _readable(call)
    parent = channel.messages.get(call.text("ts"))
    if parent is None or parent.ephemeral_to:
        raise errors.SlackError("thread_not_found")
    answers = _between(call, message_content.replies_to(channel, parent.ts))
    return _page(call, [parent, *answers], channel)


METHODS = {
    "conversations.info": Method(info, "T3", json=False),
    "conversations.list": Method(listed, "T2", json=False),
    "conversations.open": Method(open_, "T3"),
    "conversations.members": Method(members, "T4", json=False),
    "conversations.history": Method(history, "T3", json=False),
    "conversations.replies": Method(replies, "T3", json=False),
}
