"""files.*: announce a file, and post it once its bytes are there."""

from __future__ import annotations

import re
import secrets
from typing import Any

from sandbox.slack import errors, limits, message_content, population
from sandbox.slack.methods import chat
from sandbox.slack.methods.arguments import Call, Json, Method, invalid

_CHANNEL_ID = re.compile(r"[CGDZ][A-Z0-9]+")
_KEYS = frozenset({"id", "title", "highlight_type"})


def _length(call: Call) -> int:
    value = call.args.get("length")
    if value in (None, "", 0, "0"):
        raise errors.SlackError("missing_argument")
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,15}", str(value)):
        raise invalid("must be an integer [json-pointer:/length]")
    length = int(str(value))
    if length > limits.FILE_BYTES:
        raise errors.SlackError("file_upload_size_restricted")
    return length


def get_upload_url(call: Call) -> Json:
    """files.getUploadURLExternal: a one-time address, good without a token."""
    space, name, length = call.workspace, call.text("filename"), _length(call)
    if call.optional("snippet_type") and length > limits.SNIPPET_BYTES:
        raise errors.SlackError("snippet_too_large")
    if len(call.optional("alt_txt")) > limits.FILE_ALT_TEXT:
        raise errors.SlackError("alt_txt_too_large")
    ident = "F" + secrets.token_hex(5).upper()
    file = space.files[ident] = population.File(ident, name, length, secrets.token_urlsafe(48), int(space.now()))
    return {"ok": True, "upload_url": f"{space.base_url}/upload/v1/{file.ticket}", "file_id": ident}


def complete(call: Call) -> Json:
    """files.completeUploadExternal: all files in one message per channel; without a channel only the app sees them."""
    titled = _titled(call)
    channels = _channels(call)
    if call.optional("thread_ts") and len(channels) != 1:
        raise invalid("thread_ts needs exactly one channel [json-pointer:/thread_ts]")
    threads = [chat.thread(call, channel) for channel in channels]
    text = call.optional("initial_comment")
    blocks = None if text else message_content.blocks_of(call.args.get("blocks"), call.unsupported)
    for file, title in titled:
        file.title = title or file.name
    for channel, thread in zip(channels, threads, strict=True):
        _share(call, channel, thread, [file for file, _ in titled], text, blocks or [])
    return {"ok": True, "files": [{"id": file.id, "title": file.title} for file, _ in titled]}


def _share(call: Call, channel: population.Channel, thread: str, files: list[population.File], text: str, blocks: list[Json]) -> None:
    message = population.Message(
        call.workspace.next_ts(), population.BOT_USER, text, blocks, bot=population.BOT, thread_ts=thread, files=files
    )
    for file in files:
        file.shares.append((channel, message.ts, thread))
    call.workspace.store(channel, message)


def _titled(call: Call) -> list[tuple[population.File, str]]:
    """The files, with the titles they are to get. Raises file_not_found for what was not uploaded, or completed before."""
    value = message_content.parse(call.args.get("files"), "invalid_arguments")
    if value in (None, ""):
        raise invalid("missing required field: files")
    if not isinstance(value, list) or not value or not all(_is_entry(entry) for entry in value):
        raise invalid("must be an array of objects with id and title [json-pointer:/files]")
    found = [(call.workspace.files.get(entry["id"]), str(entry.get("title") or "")) for entry in value]
    ready = [(file, title) for file, title in found if file is not None and file.content is not None and not file.title]
    if len({file.id for file, _ in ready}) != len(found):
        raise errors.SlackError("file_not_found")
    return ready


def _is_entry(entry: Any) -> bool:
    return isinstance(entry, dict) and "id" in entry and set(entry) <= _KEYS and all(isinstance(value, str) for value in entry.values())


def _channels(call: Call) -> list[population.Channel]:
    """Where to post: `channel_id` takes no user id, `channels` does."""
    space, one = call.workspace, call.optional("channel_id")
    if one and not _CHANNEL_ID.fullmatch(one):
        raise invalid("input must match regex pattern: ^[CGDZ][A-Z0-9]{8,}$ [json-pointer:/channel_id]")
    several = [ident.strip() for ident in call.optional("channels").split(",") if ident.strip()]
    found = [
        space.dm(ident) if ident[0] in "UW" and ident in space.people else space.joined(ident)
        for ident in dict.fromkeys([*([one] if one else []), *several])
    ]
    if any(channel.is_archived for channel in found):
        raise errors.SlackError("posting_to_channel_denied")
    return found


def info(call: Call) -> Json:
    """files.info: files that are completed."""
    file = call.workspace.files.get(call.text("file"))
    if file is None or not file.title:
        raise errors.SlackError("file_not_found")
    return {"ok": True, "file": {**file.json(), **file.shared()}, "comments": [], "response_metadata": {"next_cursor": ""}}


METHODS = {
    "files.getUploadURLExternal": Method(get_upload_url, "T4", ("files:write",)),
    "files.completeUploadExternal": Method(complete, "T4", ("files:write",)),
    "files.info": Method(info, "T4", ("files:read",), json=False),
}
