"""The fixed world: a team, its people, channels and one user group, as plain values."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass, field
from typing import Any, Final
from urllib import parse

TEAM: Final = "T0DESK"
TEAM_NAME: Final = "Acme Data"
TEAM_DOMAIN: Final = "acme-data"
APP: Final = "A0DESK"
BOT_USER: Final = "U0DESKBOT"
BOT: Final = "B0DESKBOT"
SLACKBOT: Final = "USLACKBOT"


@dataclass(frozen=True, slots=True)
class User:
    """A member of the directory. `seat` marks the three people whom a visitor can be."""

    id: str
    name: str
    real_name: str
    email: str = ""
    tz: str = "UTC"
    tz_offset: int = 0
    team: str = TEAM
    is_admin: bool = False
    is_restricted: bool = False
    is_stranger: bool = False
    is_bot: bool = False
    deleted: bool = False
    seat: bool = False

    def json(self, *, with_email: bool) -> dict[str, Any]:
        """The user object of `users.info`; a stranger's address is never told."""
        profile: dict[str, Any] = {
            "real_name": self.real_name,
            "real_name_normalized": self.real_name,
            "display_name": self.real_name.split(" ")[0],
            "display_name_normalized": self.real_name.split(" ")[0],
            "team": self.team,
        }
        if with_email and self.email and not self.is_stranger:
            profile["email"] = self.email
        user: dict[str, Any] = {"id": self.id, "team_id": self.team, "name": self.name, "deleted": self.deleted, "profile": profile}
        if self.deleted:
            return {**user, "is_bot": self.is_bot, "is_app_user": False}
        user |= {"real_name": self.real_name, "tz": self.tz, "tz_label": self.tz, "tz_offset": self.tz_offset, "color": "9f69e7"}
        flags = {"is_admin": self.is_admin, "is_owner": False, "is_primary_owner": False, "is_restricted": self.is_restricted}
        user |= {**flags, "is_ultra_restricted": False, "is_bot": self.is_bot, "is_app_user": False, "is_email_confirmed": bool(self.email)}
        return {**user, "is_stranger": True} if self.is_stranger else user


@dataclass(frozen=True, slots=True)
class UserGroup:
    """A user group (`@handle`)."""

    id: str
    name: str
    handle: str
    users: tuple[str, ...]


@dataclass
class File:
    """A file: announced with its `length`, then `content`, then completed; `shares` are the channel and message (and thread) of each post.

    `ticket` is the secret part of its upload URL, `title` "" until the upload is completed.
    """

    id: str
    name: str
    length: int
    ticket: str
    created: int
    title: str = ""
    content: bytes | None = None
    shares: list[tuple[Channel, str, str]] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """The type as Slack names it: the ending of the name."""
        return self.name.rpartition(".")[2].lower() if "." in self.name else "text"

    @property
    def mimetype(self) -> str:
        """The media type that the name stands for."""
        return mimetypes.guess_type(self.name)[0] or "text/plain"

    def json(self) -> dict[str, Any]:
        """The file object of messages and `files.info`."""
        place = f"{TEAM}-{self.id}/{parse.quote(self.name)}"
        return {
            "id": self.id,
            "created": self.created,
            "timestamp": self.created,
            "name": self.name,
            "title": self.title,
            "mimetype": self.mimetype,
            "filetype": self.kind,
            "pretty_type": self.kind.upper(),
            "user": BOT_USER,
            "user_team": TEAM,
            "editable": False,
            "size": self.length,
            "mode": "hosted",
            "is_external": False,
            "is_public": any(channel.kind == "channels" for channel, _, _ in self.shares),
            "public_url_shared": False,
            "url_private": f"https://files.slack.com/files-pri/{place}",
            "url_private_download": f"https://files.slack.com/files-pri/{TEAM}-{self.id}/download/{parse.quote(self.name)}",
            "permalink": f"https://{TEAM_DOMAIN}.slack.com/files/{BOT_USER}/{self.id}/{parse.quote(self.name)}",
        }

    def shared(self) -> dict[str, Any]:
        """Where it was posted, as `files.info` adds it."""
        shares: dict[str, dict[str, list[dict[str, Any]]]] = {}
        ids: dict[str, list[str]] = {"channels": [], "groups": [], "ims": []}
        for channel, ts, thread in self.shares:
            one = {"ts": ts, "channel_name": channel.name, "team_id": TEAM} | ({"thread_ts": thread} if thread else {})
            shares.setdefault("public" if channel.kind == "channels" else "private", {}).setdefault(channel.id, []).append(one)
            ids["ims" if channel.is_im else channel.kind].append(channel.id)
        return {"shares": shares, **ids}


@dataclass
class Message:
    """A message as the workspace keeps it. `ephemeral_to` is the one person who sees it ("" = everybody in the channel).

    `state` holds what each person chose in its menus, `options` what an external menu offered them last,
    `warnings` whose click the app did not acknowledge.
    """

    ts: str
    user: str
    text: str
    blocks: list[dict[str, Any]] = field(default_factory=list)
    metadata: dict[str, Any] | None = None
    bot: str = ""
    thread_ts: str = ""
    broadcast: bool = False
    ephemeral_to: str = ""
    edited: str = ""
    subtype: str = ""
    files: list[File] = field(default_factory=list)
    state: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    options: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    warnings: dict[str, str] = field(default_factory=dict)


@dataclass
class Channel:
    """A conversation: channel, private channel or direct message (`dm_with`)."""

    id: str
    name: str
    members: set[str]
    is_private: bool = False
    is_archived: bool = False
    dm_with: str = ""
    messages: dict[str, Message] = field(default_factory=dict)

    @property
    def is_im(self) -> bool:
        """Whether this is a direct message."""
        return bool(self.dm_with)

    @property
    def kind(self) -> str:
        """The prefix of the scopes that this conversation needs."""
        return "im" if self.is_im else "groups" if self.is_private else "channels"

    def json(self) -> dict[str, Any]:
        """The conversation object of `conversations.info`."""
        member = BOT_USER in self.members
        if self.is_im:
            return {
                "id": self.id,
                "created": 1_700_000_000,
                "is_im": True,
                "is_archived": False,
                "is_org_shared": False,
                "user": self.dm_with,
            }
        return {
            "id": self.id,
            "name": self.name,
            "name_normalized": self.name,
            "created": 1_700_000_000,
            "creator": "U0DANA",
            "is_channel": not self.is_private,
            "is_group": self.is_private,
            "is_im": False,
            "is_mpim": False,
            "is_private": self.is_private,
            "is_archived": self.is_archived,
            "is_general": self.id == "C0GENERAL",
            "is_member": member,
            "is_shared": False,
            "is_ext_shared": False,
            "is_org_shared": False,
        }


def people() -> dict[str, User]:
    """The directory: three people, and the kinds of user that an app must tell apart."""
    users = (
        User("U0DANA", "dana", "Dana Reyes", "dana@acme.example", "Europe/Berlin", 3600, is_admin=True, seat=True),
        User("U0LEE", "lee", "Lee Park", "lee@acme.example", "America/New_York", -18000, seat=True),
        User("U0GUS", "gus", "Gus Ito", "gus@partner.example", "Asia/Tokyo", 32400, is_restricted=True, seat=True),
        User("U0EXT", "ext", "Ext Ernal", "ext@other.example", team="T0OTHER", is_stranger=True),
        User("U0OTHERBOT", "otherbot", "Other Bot", is_bot=True),
        User("U0GONE", "gone", "Gone Away", "gone@acme.example", deleted=True),
        User(SLACKBOT, "slackbot", "Slackbot"),
        User(BOT_USER, "anomaly_desk", "Anomaly Desk", is_bot=True),
    )
    return {user.id: user for user in users}


def channels() -> dict[str, Channel]:
    """The channels. Everybody of the directory is in #data-quality, the deactivated user too: a click may be older than a deactivation."""
    everybody = {"U0DANA", "U0LEE", "U0GUS", "U0EXT", "U0OTHERBOT", "U0GONE"}
    listed = (
        Channel("C0QUALITY", "data-quality", everybody | {BOT_USER}),
        Channel("C0GENERAL", "general", {"U0DANA", "U0LEE", "U0GUS"}),
        Channel("C0PRIVATE", "incidents-private", {"U0DANA"}, is_private=True),
        Channel("C0OLD", "old-alerts", {"U0DANA", "U0LEE", BOT_USER}, is_archived=True),
    )
    return {channel.id: channel for channel in listed}


def groups() -> dict[str, UserGroup]:
    """The user groups."""
    return {"S0ONCALL": UserGroup("S0ONCALL", "On call", "oncall", ("U0DANA",))}
