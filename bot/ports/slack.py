"""What can be shown in Slack, and who people are there."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from bot import model


class Messenger(Protocol):
    """What can be shown in Slack. Every call raises `errors.DeliveryError` or a child of it, and nothing else."""

    async def post(self, channel: str, message: model.Message, card: str, thread: str = "", *, broadcast: bool = False) -> str:
        """A new message with our card id in its metadata; returns its ts. `channel` may be a user id (a direct message), `thread` is the
        ts of the message that it answers; with `broadcast` the channel sees it too.
        Raises SlackAmbiguous when nobody knows whether it was stored."""
        ...

    async def update(self, channel: str, ts: str, message: model.Message, *, clicked: bool = False) -> None:
        """Edit a message of ours; `clicked` when somebody is waiting for it."""
        ...

    async def find(self, channel: str, card: str, since: datetime, thread: str = "") -> str:
        """The ts of our message with this card id posted after `since` (in this thread), "" when it is not there.
        Raises ChannelGone or SlackAuthFailed where the history cannot be read."""
        ...

    async def respond(self, response_url: str, message: model.Message, *, replace: bool = False) -> None:
        """Answer a click or command: for its actor alone, or in place of the clicked message with `replace`."""
        ...

    async def dismiss(self, response_url: str) -> None:
        """Take away the clicked message that only its actor sees."""
        ...

    async def whisper(self, channel: str, user: str, message: model.Message, thread: str = "") -> None:
        """A message that only this user sees, in a thread of the channel where one is given."""
        ...

    async def upload(self, channel: str, thread: str, name: str, title: str, content: bytes, *, alt: str = "") -> None:
        """A file in a thread of a channel (a user id: their direct messages; thread "": the channel itself); `alt` says what is to be seen
        in a picture. Not repeated by itself."""
        ...

    async def home(self, channel: str, user: str) -> str:
        """Where a lasting message for this person can be posted: the channel when the bot is in it, else the id of their direct messages
        with the bot. `channel` "" asks for the direct messages."""
        ...

    async def open_view(self, trigger_id: str, view: model.Block) -> str:
        """Open a modal (within 3 s of the click); returns its view id."""
        ...

    async def update_view(self, view_id: str, view: model.Block) -> None: ...

    async def publish(self, user: str, view: model.Block, shown: str) -> str:
        """What a person's App Home shows from now on; returns Slack's hash of it. `shown` is the hash of what it shows so far, "" when
        nobody knows. Raises SlackRejected with code "hash_conflict" when it shows something else, "not_enabled" where the app has no
        Home."""
        ...


class Directory(Protocol):
    """Who people are in Slack."""

    async def actor(self, user: str) -> model.Actor:
        """Fresh facts about a user: name, address, time zone, guest, bot, outsider, deactivated, user groups that matter here."""
        ...

    async def by_address(self, address: str) -> str:
        """The id of the active member of this workspace who has this e-mail address, "" when nobody has."""
        ...

    async def home(self) -> model.Installation:
        """Where this app is installed. Raises DeliveryError when Slack cannot be asked."""
        ...

    async def scopes(self) -> frozenset[str]:
        """What the bot token may do, empty where Slack does not say. Raises DeliveryError when it cannot be asked."""
        ...
