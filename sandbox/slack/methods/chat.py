"""chat.*: write, edit, delete."""

from __future__ import annotations

from sandbox.slack import errors, limits, message_content, population
from sandbox.slack.methods.arguments import Call, Json, Method


def _destination(call: Call) -> population.Channel:
    """Where to post: a conversation with the bot in it, or a user's direct message."""
    space, ident = call.workspace, call.text("channel")
    if ident[0] in "UW" and ident in space.people:
        if not space.app.messages_tab:
            raise errors.SlackError("messages_tab_disabled")
        return space.dm(ident)
    channel = space.visible(ident)
    if channel.is_archived:
        raise errors.SlackError("is_archived")
    if population.BOT_USER not in channel.members and "chat:write.public" not in space.app.scopes:
        raise errors.SlackError("not_in_channel")
    return channel


def thread(call: Call, channel: population.Channel) -> str:
    """The thread to answer in, "" for none. Raises thread_not_found, cannot_reply_to_message: only a parent can be answered."""
    ts = call.optional("thread_ts")
    if not ts:
        return ""
    parent = channel.messages.get(ts)
    if parent is None or parent.ephemeral_to:
        raise errors.SlackError("thread_not_found")
    if parent.thread_ts and parent.thread_ts != ts:
        raise errors.SlackError("cannot_reply_to_message")
    return ts


def _answer(channel: population.Channel, message: population.Message, content: message_content.Content) -> Json:
    answer: Json = {"ok": True, "channel": channel.id, "ts": message.ts}
    answer["message"] = message_content.public(message, channel, all_metadata=True)
    if content.warnings:
        answer |= {"warning": ",".join(content.warnings), "response_metadata": {"warnings": list(content.warnings)}}
    return answer


def post_message(call: Call) -> Json:
    """chat.postMessage"""
    channel = _destination(call)
    content = message_content.content(call.args, call.unsupported)
    message = population.Message(
        call.workspace.next_ts(),
        population.BOT_USER,
        content.shown,
        content.blocks or [],
        message_content.metadata_of(call.args.get("metadata")) or None,
        bot=population.BOT,
        thread_ts=thread(call, channel),
        broadcast=call.flag("reply_broadcast"),
    )
    _link_flags(call)
    return _answer(channel, call.workspace.store(channel, message), content)


def _link_flags(call: Call) -> None:
    for name in ("unfurl_links", "unfurl_media", "mrkdwn", "link_names"):
        call.flag(name)
    if call.optional("parse") not in ("", "none", "full", "client"):
        raise errors.SlackError("invalid_arguments")


def post_ephemeral(call: Call) -> Json:
    """chat.postEphemeral"""
    channel = _destination(call)
    user = call.text("user")
    if user not in channel.members:
        raise errors.SlackError("user_not_in_channel")
    content = message_content.content(call.args, call.unsupported)
    message = population.Message(
        call.workspace.next_ts(), population.BOT_USER, content.shown, content.blocks or [], bot=population.BOT, ephemeral_to=user
    )
    message.thread_ts = thread(call, channel)
    call.workspace.store(channel, message)
    return {"ok": True, "message_ts": message.ts}


def _own(call: Call, missing: str, foreign: str) -> tuple[population.Channel, population.Message]:
    channel = call.workspace.joined(call.text("channel"))
    message = channel.messages.get(call.text("ts"))
    if message is None or message.subtype == "tombstone":
        raise errors.SlackError(missing)
    if message.ephemeral_to or message.user != population.BOT_USER:
        raise errors.SlackError(foreign)
    return channel, message


def update(call: Call) -> Json:
    """chat.update: text without blocks removes the blocks; metadata stays unless it is sent."""
    channel, message = _own(call, "message_not_found", "cant_update_message")
    if channel.is_archived:
        raise errors.SlackError("is_inactive")
    content = message_content.content(call.args, call.unsupported)
    if content.text is not None and len(content.text) > limits.UPDATE_TEXT:
        raise errors.SlackError("msg_too_long")
    metadata = message_content.metadata_of(call.args.get("metadata"))
    before = message.text
    message.text, message.blocks = content.shown, content.blocks or []
    message.metadata = message.metadata if metadata is None else metadata or None
    message.state.clear()
    if content.blocks is None and message.text != before:
        message.edited = call.workspace.next_ts()
    call.workspace.changed()
    return {**_answer(channel, message, content), "text": message.text}


def delete(call: Call) -> Json:
    """chat.delete"""
    channel, message = _own(call, "message_not_found", "cant_delete_message")
    call.workspace.remove(channel, message.ts)
    return {"ok": True, "channel": channel.id, "ts": message.ts}


def get_permalink(call: Call) -> Json:
    """chat.getPermalink"""
    channel = call.workspace.visible(call.text("channel"))
    message = channel.messages.get(call.text("message_ts"))
    if message is None or message.ephemeral_to:
        raise errors.SlackError("message_not_found")
    link = f"https://{population.TEAM_DOMAIN}.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.thread_ts:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"ok": True, "channel": channel.id, "permalink": link}


METHODS = {
    "chat.postMessage": Method(post_message, "special", ("chat:write",)),
    "chat.postEphemeral": Method(post_ephemeral, "T4", ("chat:write",)),
    "chat.update": Method(update, "T3", ("chat:write",)),
    "chat.delete": Method(delete, "T3", ("chat:write",)),
    "chat.getPermalink": Method(get_permalink, "special", json=False),
}
