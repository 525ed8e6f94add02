"""Capabilities that run out: trigger ids (3 s, one use) and response URLs (30 min, 5 uses)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.slack import errors, limits, population


@dataclass
class Trigger:
    """Who may be shown a view, and until when."""

    user: str
    issued: float
    used: bool = False


@dataclass
class ReplyTicket:
    """A response URL: for whom, where, and the message it came from ("" for a command)."""

    user: str
    channel: str
    original: str
    issued: float
    uses: int = 0


class Tickets:
    """Issues and checks both kinds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._triggers: dict[str, Trigger] = {}
        self._replies: dict[str, ReplyTicket] = {}

    def trigger(self, user: str) -> str:
        """A new trigger id for what this user just did."""
        ident = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self._triggers[ident] = Trigger(user, self._now())
        return ident

    def look(self, ident: str) -> Trigger:
        """The trigger, still good. Raises invalid_trigger_id, exchanged_trigger_id, expired_trigger_id."""
        trigger = self._triggers.get(ident)
        if trigger is None:
            raise errors.SlackError("invalid_trigger_id")
        if trigger.used:
            raise errors.SlackError("exchanged_trigger_id")
        if self._now() - trigger.issued > limits.TRIGGER_SECONDS:
            raise errors.SlackError("expired_trigger_id")
        return trigger

    def reply_path(self, kind: str, user: str, channel: str, original: str = "") -> str:
        """The path of a new response URL; `kind` is commands or actions."""
        path = f"{kind}/{population.TEAM}/{secrets.randbelow(10**12)}/{secrets.token_urlsafe(18)}"
        self._replies[path] = ReplyTicket(user, channel, original, self._now())
        return path

    def peek_reply(self, path: str) -> ReplyTicket | None:
        """A response URL, looked at without using it."""
        return self._replies.get(path)

    def use_reply(self, path: str) -> ReplyTicket:
        """Use a response URL once. Raises no_such_url, expired_url, used_url."""
        ticket = self._replies.get(path)
        if ticket is None:
            raise errors.SlackError("no_such_url")
        if self._now() - ticket.issued > limits.RESPONSE_URL_SECONDS:
            raise errors.SlackError("expired_url")
        if ticket.uses >= limits.RESPONSE_URL_USES:
            raise errors.SlackError("used_url")
        ticket.uses += 1
        return ticket
