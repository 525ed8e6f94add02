"""The message list: one row per message, redrawn only when the message changed."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Awaitable, Callable
from datetime import datetime

from nicegui import ui

from sandbox.page import blocks, dates, files, mrkdwn, shortcuts, surface
from sandbox.page.control_client import Json
from sandbox.page.mrkdwn import Reader
from sandbox.page.surface import Surface

SHOWN = 80
"""How many messages are drawn at first; more on demand."""

Make = Callable[[Json], Surface]
Use = Callable[[str, str], Awaitable[None]]

_OF_THREAD = ("reply_count", "reply_users_count", "reply_users", "latest_reply", "thread_ts", "root")
"""What a message says of its replies, or of what it answers."""

_COLOURS = ("#2f6f9f", "#8a5a9e", "#b4632f", "#3d7f5c", "#a03d5c", "#5a6aa8")


def avatar(name: str, *, app: bool = False) -> str:
    """A square with initials; apps have their own colour."""
    letters = "".join(word[0] for word in re.findall(r"\w+", name)[:2]).upper() or "?"
    colour = "#1f3a5f" if app else _COLOURS[sum(map(ord, name)) % len(_COLOURS)]
    return f'<div class="avatar{" app" if app else ""}" style="background:{colour}" aria-hidden="true">{mrkdwn.escape(letters)}</div>'


def at(message: Json, reader: Reader) -> datetime:
    """When a message was posted, in the reader's zone."""
    try:
        return datetime.fromtimestamp(float(message.get("ts") or 0), reader.zone)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, reader.zone)


class Feed:
    """A list of messages, newest at the bottom. `fetch` gets the bytes of a file, `thread` opens a thread; None inside a thread.

    `use` starts a shortcut for the message with this ts; `shortcuts` are those of messages.
    """

    def __init__(self, make: Make, fetch: files.Fetch, use: Use, thread: Callable[[str], Awaitable[None]] | None) -> None:
        self._make, self._fetch, self._use, self._thread = make, fetch, use, thread
        self.shortcuts: list[Json] = []
        self._rows: dict[str, tuple[str, ui.element]] = {}
        self._threads: dict[str, tuple[int, ui.element]] = {}
        self._limit = SHOWN
        self._box = ui.element("div").classes("feed")

    def clear(self) -> None:
        self._rows.clear()
        self._threads.clear()
        self._limit = SHOWN
        self._box.clear()

    def draw(self, messages: list[Json], reader: Reader, names: dict[str, Json], earlier: Callable[[], Awaitable[None]]) -> list[Json]:
        """Bring the list up to date; returns what came below that it showed already. `names` are people by id."""
        wanted, last = self._entries(messages, reader), max(map(_age, self._rows), default=math.inf)
        for gone in [key for key in self._rows if key not in wanted]:
            self._rows.pop(gone)[1].delete()
            self._threads.pop(gone, None)
        for index, (key, entry) in enumerate(wanted.items()):
            self._row(index, key, entry, reader, names, earlier)
        return [entry for key, entry in wanted.items() if _age(key) > last]

    def tell(self, fresh: list[Json], user: str) -> None:
        """Say that these are new: the answer to this person comes into sight, the rest are counted where nobody sees them."""
        answer = next((one for one in fresh if one.get("ephemeral") or one.get("user") == user), None)
        row = self._rows[_key(answer)][1].id if answer else None
        ui.run_javascript(f"deskNews({self._box.id}, {len(fresh)}, {json.dumps(row)})")

    def _entries(self, messages: list[Json], reader: Reader) -> dict[str, Json]:
        """What stands in the list, by key: messages with a divider before each new day."""
        ordered = sorted(messages, key=lambda message: float(message.get("ts") or 0))
        entries: dict[str, Json] = {}
        if len(ordered) > self._limit:
            entries["earlier"] = {"earlier": len(ordered) - self._limit}
        for message in ordered[-self._limit :]:
            label = dates.day(at(message, reader), reader.now().astimezone(reader.zone))
            entries.setdefault(f"day {label}", {"day": label})
            entries[_key(message)] = message
        return entries

    def _row(
        self, index: int, key: str, entry: Json, reader: Reader, names: dict[str, Json], earlier: Callable[[], Awaitable[None]]
    ) -> None:
        # A reply redraws its count alone: the buttons of a message must not change under a click that is on its way.
        shown = {name: value for name, value in entry.items() if name not in _OF_THREAD}
        now = json.dumps([shown, self.shortcuts, names.get(str(entry.get("user"))), str(reader.zone)], sort_keys=True, default=str)
        drawn, element = self._rows.get(key, ("", None))
        if drawn == now and element is not None:
            self._replies(key, entry)
            return
        if element is None:
            with self._box:
                element = ui.element("div")
            element.move(self._box, index)
        element.clear()
        self._rows[key] = (now, element)
        with element:
            if "earlier" in entry:
                self._earlier(entry["earlier"], earlier)
            elif "day" in entry:
                surface.html(f"<span>{mrkdwn.escape(entry['day'])}</span>", "day-divider")
            else:
                self._message(key, element, entry, reader, names)

    def _earlier(self, count: int, earlier: Callable[[], Awaitable[None]]) -> None:
        async def more() -> None:
            self._limit += SHOWN
            await earlier()

        button = ui.button(f"Show earlier messages ({count})", on_click=more, color=None).props("flat dense no-caps")
        surface.marked(button.classes("earlier"), "earlier")

    def _message(self, key: str, element: ui.element, message: Json, reader: Reader, names: dict[str, Json]) -> None:
        whisper = bool(message.get("ephemeral"))
        author = names.get(str(message.get("user") or message.get("bot_id")), {})
        app = bool(message.get("bot_id") or author.get("is_bot"))
        name = str(message.get("username") or author.get("name") or message.get("user") or "App")
        element.classes(replace="message whisper" if whisper else "message")
        surface.marked(element, "message", ts=message.get("ts", ""), user=message.get("user", ""), ephemeral=str(whisper).lower())
        with element:
            surface.html(avatar(name, app=app), "message-side")
            with ui.element("div").classes("message-main"):
                _head(name, app and not message.get("slackbot"), whisper, at(message, reader))
                if _told_to_all(message):
                    where = "replied to a thread" if self._thread else "also sent to the channel"
                    surface.marked(surface.html(where, "of-thread"), "of-thread")
                self._body(message, reader)
                files.draw(message.get("files") or [], self._fetch)
                if warning := message.get("warning"):
                    words = f"&#9888; This action did not work ({mrkdwn.plain(warning)}). Try again."
                    surface.marked(surface.html(words, "failed"), "failed")
                if self._thread and not whisper:
                    self._threads[key] = (-1, ui.element("div"))
                    self._replies(key, message)
            if self.shortcuts and not whisper:
                self._more(str(message.get("ts", "")))

    def _more(self, ts: str) -> None:
        """The menu of a message, as Slack shows it under the pointer."""
        with ui.element("div").classes("message-more"):
            shortcuts.button(self.shortcuts, lambda ident: self._use(ident, ts), "more_vert", "More actions", "message-menu")

    def _body(self, message: Json, reader: Reader) -> None:
        if message.get("blocks"):
            blocks.draw(message["blocks"], self._make(message))
        else:
            edited = ' <span class="edited">(edited)</span>' if message.get("edited") else ""
            surface.html(mrkdwn.draw(str(message.get("text", "")), reader, verbatim=message.get("parse") == "none") + edited, "text")

    def _replies(self, key: str, message: Json) -> None:
        """The link to the thread of a message, where it has one."""
        drawn, box = self._threads.get(key, (0, None))
        count, thread = int(message.get("reply_count") or 0), self._thread
        if box is None or thread is None or drawn == count:
            return
        self._threads[key] = (count, box)
        label = f"{count} {'reply' if count == 1 else 'replies'}" if count else "Reply in thread"
        box.clear()
        with box:
            link = ui.element("button").props("type=button").classes("thread-link" if count else "thread-link quiet")
            surface.marked(link, "thread-link")
            link.on("click", lambda: thread(str(message.get("thread_ts") or message.get("ts"))))
            with link:
                surface.html(mrkdwn.escape(label), tag="span")


def is_reply(message: Json) -> bool:
    """Whether it stands in the thread of another one."""
    return bool(message.get("thread_ts")) and message.get("thread_ts") != message.get("ts")


def in_channel(message: Json) -> bool:
    """Whether the channel shows it: what is no reply, and replies that were also sent to the channel."""
    return not is_reply(message) or _told_to_all(message)


def _told_to_all(message: Json) -> bool:
    return message.get("subtype") == "thread_broadcast"


def _key(message: Json) -> str:
    return f"{message.get('ts')} {bool(message.get('ephemeral'))}"


def _age(key: str) -> float:
    """When the message of this row was posted; what is no message is older than any."""
    try:
        return float(key.split(" ")[0])
    except ValueError:
        return -math.inf


def _head(name: str, app: bool, whisper: bool, when: datetime) -> None:
    badge = '<span class="badge-app" data-testid="app-badge">APP</span>' if app else ""
    head = f'<b class="author">{mrkdwn.escape(name)}</b>{badge}<time class="when">{mrkdwn.escape(dates.clock(when))}</time>'
    if whisper:
        head = f'<div class="only-you" data-testid="only-you">Only visible to you</div>{head}'
    surface.html(head, "message-head")
