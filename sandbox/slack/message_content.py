"""Messages: what an app may write, and how Slack hands them out again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sandbox.slack import errors, limits, population, workspace
from sandbox.slack.blockkit import schema, surfaces

NO_TEXT = "This content can't be displayed."


@dataclass(frozen=True, slots=True)
class Content:
    """Checked text and blocks; None means that the caller did not send them."""

    text: str | None
    blocks: list[dict[str, Any]] | None
    warnings: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """The text to keep: Slack puts a stand-in where only blocks were sent."""
        return self.text or NO_TEXT


def refusal(report: schema.Report) -> errors.SlackError:
    """How Slack answers to bad blocks."""
    lines = report.lines
    return errors.SlackError(report.problems[0].error, errors=lines, response_metadata={"messages": [f"[ERROR] {line}" for line in lines]})


def parse(value: Any, error: str) -> Any:
    """A JSON argument that form-encoded calls send as a string. Raises SlackError(`error`)."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise errors.SlackError(error) from None


def blocks_of(value: Any, unsupported: frozenset[str]) -> list[dict[str, Any]] | None:
    """The `blocks` argument, checked and normalised; None when it was not sent. Raises invalid_blocks_format, invalid_blocks."""
    if value is None or value == "":
        return None
    value = parse(value, "invalid_blocks_format")
    if not isinstance(value, list):
        raise errors.SlackError("invalid_blocks_format")
    report = surfaces.check(value, "message", unsupported)
    if report.problems:
        raise refusal(report)
    return surfaces.normalise(value, workspace.new_ident)


def content(args: dict[str, Any], unsupported: frozenset[str], *, capped: bool = True) -> Content:
    """Text and blocks of a message. `capped` applies the sum over all blocks that the Web API has and response URLs have not.

    Raises no_text, invalid_blocks, invalid_blocks_format, msg_blocks_too_long, markdown_text_conflict, msg_too_long, invalid_arguments.
    """
    text = args.get("text")
    if text is not None and not isinstance(text, str):
        raise errors.SlackError("invalid_arguments", response_metadata={"messages": ["[ERROR] text must be a string"]})
    if args.get("markdown_text"):
        return _markdown(args)
    if args.get("attachments") not in (None, "", [], "[]"):
        raise errors.SlackError("invalid_attachments")
    blocks = blocks_of(args.get("blocks"), unsupported)
    if capped and blocks is not None and surfaces.characters(blocks) > limits.MESSAGE_BLOCKS_TEXT:
        raise errors.SlackError("msg_blocks_too_long")
    if not text and not blocks:
        raise errors.SlackError("no_text")
    if text is not None and len(text) > limits.MESSAGE_TEXT:
        return Content(text[: limits.MESSAGE_TEXT], blocks, ("message_truncated",))
    return Content(text, blocks)


def _markdown(args: dict[str, Any]) -> Content:
    text = args["markdown_text"]
    if args.get("text") or args.get("blocks"):
        raise errors.SlackError("markdown_text_conflict")
    if not isinstance(text, str) or len(text) > limits.MARKDOWN:
        raise errors.SlackError("msg_too_long")
    return Content(text, None)


def metadata_of(value: Any) -> dict[str, Any] | None:
    """The `metadata` argument; None when it was not sent, {} to clear it.

    Raises invalid_metadata_format, invalid_metadata_schema, metadata_too_large.
    """
    if value is None or value == "":
        return None
    value = parse(value, "invalid_metadata_format")
    if not isinstance(value, dict):
        raise errors.SlackError("invalid_metadata_format")
    if not value:
        return {}
    kind, payload = value.get("event_type"), value.get("event_payload")
    if not isinstance(kind, str) or not 0 < len(kind) <= limits.METADATA_TYPE or not isinstance(payload, dict):
        raise errors.SlackError("invalid_metadata_schema")
    if set(value) - {"event_type", "event_payload"}:
        raise errors.SlackError("invalid_metadata_schema")
    if len(json.dumps(value).encode()) > limits.METADATA_BYTES:
        raise errors.SlackError("metadata_too_large")
    return value


def public(message: population.Message, channel: population.Channel, *, all_metadata: bool = False) -> dict[str, Any]:
    """A message object of Slack's answers and payloads."""
    shown: dict[str, Any] = {"type": "message", "user": message.user, "text": message.text, "ts": message.ts, "team": population.TEAM}
    if message.subtype:
        shown["subtype"] = message.subtype
    if message.bot:
        profile = {"id": message.bot, "app_id": population.APP, "name": "Anomaly Desk", "deleted": False, "team_id": population.TEAM}
        shown |= {"bot_id": message.bot, "app_id": population.APP, "bot_profile": profile}
    if message.blocks:
        shown["blocks"] = message.blocks
    if message.files:
        shown |= {"files": [file.json() for file in message.files], "upload": True, "display_as_bot": False}
    if message.edited:
        shown["edited"] = {"user": message.user, "ts": message.edited}
    if message.metadata:
        shown["metadata"] = message.metadata if all_metadata else {"event_type": message.metadata["event_type"]}
    return {**shown, **_thread(message, channel)}


def _thread(message: population.Message, channel: population.Channel) -> dict[str, Any]:
    reply: dict[str, Any]
    if message.thread_ts and message.thread_ts != message.ts:
        parent = channel.messages.get(message.thread_ts)
        reply = {"thread_ts": message.thread_ts, "parent_user_id": parent.user if parent else ""}
        if message.broadcast and parent:  # docs.slack.dev/reference/events/message/thread_broadcast
            reply |= {"subtype": "thread_broadcast", "root": public(parent, channel)}
        return reply
    replies = replies_to(channel, message.ts)
    if not replies:
        return {}
    people = list(dict.fromkeys(reply.user for reply in replies))
    counts = {"reply_count": len(replies), "reply_users_count": len(people), "reply_users": people}
    return {"thread_ts": message.ts, **counts, "latest_reply": replies[-1].ts}


def replies_to(channel: population.Channel, ts: str) -> list[population.Message]:
    """The visible answers in a thread, oldest first."""
    return [other for other in channel.messages.values() if other.thread_ts == ts and other.ts != ts and not other.ephemeral_to]


def seen_by(message: population.Message, channel: population.Channel, user: str) -> dict[str, Any] | None:
    """A message as one person sees it (control routes); None when it is whispered to somebody else."""
    if message.ephemeral_to and message.ephemeral_to != user:
        return None
    shown = public(message, channel, all_metadata=True)
    shown.setdefault("blocks", [])
    shown.setdefault("files", [])
    shown.setdefault("metadata", None)
    shown.setdefault("edited", None)
    shown.setdefault("thread_ts", None)
    shown.setdefault("reply_count", 0)
    choices = message.state.get(user, {})
    return {**shown, "ephemeral": bool(message.ephemeral_to), "warning": message.warnings.get(user), "state": {"values": choices}}
