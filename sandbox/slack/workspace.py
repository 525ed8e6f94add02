"""The fake's world in memory: conversations, messages, views, budgets, faults, the log, and a revision that rises with every change."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.slack import errors, faults, limits, manifest, modals, population, rate_limits, tickets

BOT_TOKEN = "xoxb-sandbox"
APP_TOKEN = "xapp-sandbox"
SIGNING_SECRET = "sandbox-signing-secret"


@dataclass
class Call:
    """A line of the log: one call that the app made. `at` in seconds since 1970 by the workspace's clock."""

    at: float
    method: str
    args: dict[str, Any]
    status: int = 0
    error: str | None = None
    fault: str | None = None


class Workspace:
    """One workspace with one installed app (default: ./manifest.yml). `budgets` False switches the rate limits off.

    `http_url` set: payloads are POSTed there, signed; else they go over Socket Mode. `ack_seconds` is how long Slack waits for an answer.
    """

    def __init__(
        self,
        app: manifest.Manifest | None = None,
        *,
        http_url: str = "",
        budgets: bool = True,
        bot_token: str = BOT_TOKEN,
        app_token: str = APP_TOKEN,
        signing_secret: str = SIGNING_SECRET,
        ack_seconds: float = limits.ACK_SECONDS,
    ) -> None:
        self.app = app or manifest.load("manifest.yml")
        self.http_url = http_url
        self.bot_token = bot_token
        self.app_token = app_token
        self.signing_secret = signing_secret
        self.ack_seconds = ack_seconds
        self.base_url = ""
        self.people = population.people()
        self.channels = population.channels()
        self.groups = population.groups()
        self.files: dict[str, population.File] = {}
        self.budgets = rate_limits.Budgets(self.now, enabled=budgets)
        self.faults = faults.Faults()
        self.tickets = tickets.Tickets(self.now)
        self.modals = modals.Modals(self.now, new_ident)
        self.log: deque[Call] = deque(maxlen=20_000)
        self.deeds: deque[dict[str, Any]] = deque(maxlen=500)
        """What people did, as the control routes were told; of a click also what the message said then."""
        self.socket_tickets: set[str] = set()
        self.revision = 0
        self.written: list[Callable[[population.Channel, population.Message], None]] = []
        self.closing = asyncio.Event()
        self._changed = asyncio.Event()
        self._advanced = 0.0
        self._last_ts = 0

    @classmethod
    def installed(cls, path: Path | str = "manifest.yml", **options: Any) -> Workspace:
        """A workspace with the app of this manifest file. Raises ManifestError."""
        return cls(manifest.load(path), **options)

    # --- time and change ---

    def now(self) -> float:
        """Seconds since 1970, moved on by `advance`."""
        return time.time() + self._advanced

    def advance(self, seconds: float) -> None:
        """Let time pass at once: for triggers, response URLs and budgets."""
        self._advanced += seconds
        self.changed()

    def changed(self) -> None:
        """Something visible happened: wake whoever waits."""
        self.revision += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait_beyond(self, revision: int, seconds: float) -> int:
        """The revision, as soon as it is greater than `revision` or the time is up."""
        deadline = time.monotonic() + seconds
        while self.revision <= revision and not self.closing.is_set():
            try:
                await asyncio.wait_for(self._changed.wait(), deadline - time.monotonic())
            except TimeoutError:
                break
        return self.revision

    def close(self) -> None:
        """Let go of everybody who waits."""
        self.closing.set()
        self._changed.set()

    def next_ts(self) -> str:
        """A message timestamp, greater than all before it."""
        self._last_ts = max(int(self.now() * 1_000_000), self._last_ts + 1)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    # --- people and conversations ---

    def user(self, ident: str) -> population.User:
        """A user. Raises user_not_found."""
        user = self.people.get(ident)
        if user is None:
            raise errors.SlackError("user_not_found")
        return user

    def dm(self, user: str) -> population.Channel:
        """The direct message between the bot and a user, opened if need be. Raises user_not_found, cannot_dm_bot, user_disabled."""
        person = self.user(user)
        if person.is_bot or user == population.SLACKBOT:
            raise errors.SlackError("cannot_dm_bot")
        if person.deleted:
            raise errors.SlackError("user_disabled")
        ident = "D" + user[1:]
        if ident not in self.channels:
            self.channels[ident] = population.Channel(ident, "directmessage", {user, population.BOT_USER}, is_private=True, dm_with=user)
            self.changed()
        return self.channels[ident]

    def visible(self, ident: str) -> population.Channel:
        """A conversation that the bot may know of. Raises channel_not_found: a private one without the bot does not exist for it."""
        channel = self.channels.get(ident)
        if channel is None or (channel.is_private and population.BOT_USER not in channel.members):
            raise errors.SlackError("channel_not_found")
        return channel

    def joined(self, ident: str) -> population.Channel:
        """A conversation with the bot in it. Raises channel_not_found, not_in_channel."""
        channel = self.visible(ident)
        if population.BOT_USER not in channel.members:
            raise errors.SlackError("not_in_channel")
        return channel

    def require(self, *scopes: str) -> None:
        """The app holds all these scopes. Raises missing_scope."""
        missing = [scope for scope in scopes if scope not in self.app.scopes]
        if missing:
            raise errors.SlackError("missing_scope", needed=",".join(missing), provided=",".join(sorted(self.app.scopes)))

    # --- messages ---

    def store(self, channel: population.Channel, message: population.Message) -> population.Message:
        """Put a message into a conversation, and tell those who wait for what is `written`."""
        channel.messages[message.ts] = message
        for tell in self.written:
            tell(channel, message)
        self.changed()
        return message

    def remove(self, channel: population.Channel, ts: str) -> None:
        """Delete a message; the parent of a thread leaves a tombstone."""
        message = channel.messages[ts]
        if any(other.thread_ts == ts and other.ts != ts for other in channel.messages.values()):
            message.subtype, message.text, message.blocks, message.metadata = "tombstone", "This message was deleted.", [], None
            message.files = []
            message.user, message.bot = population.SLACKBOT, ""
        else:
            del channel.messages[ts]
        self.changed()

    def whisper(
        self, channel: population.Channel, user: str, text: str, blocks: list[dict[str, Any]], *, author: str = population.BOT_USER
    ) -> population.Message:
        """A message that only one person sees."""
        bot = population.BOT if author == population.BOT_USER else ""
        message = population.Message(self.next_ts(), author, text, blocks, bot=bot, ephemeral_to=user)
        return self.store(channel, message)


def new_ident() -> str:
    """A block_id or action_id as Slack makes them up."""
    return secrets.token_urlsafe(4)[:5]
