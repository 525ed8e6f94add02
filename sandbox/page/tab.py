"""One browser tab: a person in a workspace."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import Client, app, background_tasks, ui

from sandbox.page import blocks, chaos, composer, dates, feed, modals, mrkdwn, panes, shortcuts, side, surface, trying
from sandbox.page.control_client import Json, Slack
from sandbox.page.surface import Form, Surface

SLACKBOT, DANA = "USLACKBOT", "U0DANA"
HOME_LOOK = "padding: 16px 20px; margin-bottom: auto; max-width: 780px"
NEW_MARK = '<button type="button" class="new-mark" data-testid="new-messages" hidden></button>'
"""What `page.js` shows when messages came that nobody sees."""
WIDE = 1100
"""From this many pixels on there is room beside the channel."""
GONE = frozenset({"element_not_found", "message_not_found"})
"""What the server says of a click on what an edit has replaced; in Slack it is not there to be clicked."""


class Bell:
    """Rings in every tab when the workspace changed: one long poll for all of them."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack
        self.rung = asyncio.Event()
        self.alive = True

    async def run(self) -> None:
        revision = -1
        while True:
            told = await self._slack.changes(revision)
            if (told is not None) != self.alive or (told is not None and told != revision):
                self.alive, revision = told is not None, revision if told is None else told
                self.rung.set()
                self.rung = asyncio.Event()
            if told is None:
                revision = -1
                await asyncio.sleep(0.25)


class Tab:
    """What one person sees, and everything they can do."""

    def __init__(self, client: Client, levers: chaos.Levers, guide: trying.Guide, bell: Bell, user: str, channel: str) -> None:
        """Without a `user` it is a visitor who has just come: Dana, and in a wide window the steps to try stand beside the channel."""
        self._client, self._guide, self._new_here = client, guide, not user
        self._slack, self._levers, self._bell = levers.slack, levers, bell
        self.user, self.channel, self.thread = user or DANA, channel, ""
        self._zone = ""
        self._people: dict[str, Json] = {}
        self._channels: list[Json] = []
        self._own: dict[tuple[str, str], list[Json]] = {}
        self._home_form = Form()
        self._home_shown = ""
        self._lock = asyncio.Lock()

    # --- life ---------------------------------------------------------------------------------------------------------

    def build(self) -> None:
        """The frame; `live` fills it, also when the server comes up later."""
        self._layout()

    async def live(self, client: Client) -> None:
        """Repaint whenever the bell rings, until the tab is closed."""
        await client.connected()
        with client:
            zone, width = await ui.run_javascript("[Intl.DateTimeFormat().resolvedOptions().timeZone, innerWidth]", timeout=5) or ("", 0)
            self._zone = str(zone or "")
            self._trying_pane.show(self._new_here and width >= WIDE)
        if self.channel == side.HOME:
            await self._slack.do("home", user=self.user)
        while not client.is_deleted:
            rung = self._bell.rung
            with client:
                await self.repaint()
            await rung.wait()

    async def _meet(self) -> None:
        """Learn who is here, which channels this person is in, and whom the tab may act as."""
        listed = await self._slack.people()
        self._people = {str(one["id"]): {**one, "name": one.get("real_name") or one.get("name")} for one in listed if one.get("id")}
        self._people.setdefault(SLACKBOT, {"id": SLACKBOT, "name": "Slackbot"})
        self._channels = await self._slack.channels(self.user)
        known = [str(channel.get("id")) for channel in self._channels]
        if known and self.channel not in [*known, side.HOME]:
            self.channel = known[0]
        offered = await self._slack.shortcuts()
        self._feed.shortcuts = self._thread_feed.shortcuts = shortcuts.of_kind(offered, "message")
        self._composer.offer(shortcuts.of_kind(offered, "global"), self._shortcut)
        seats = {ident: _titled(person) for ident, person in self._people.items() if person.get("seat")}
        self._side.offer(seats, self.user)

    def reader(self) -> mrkdwn.Reader:
        person = self._people.get(self.user, {})
        return mrkdwn.Reader(
            users={ident: str(one.get("name") or ident) for ident, one in self._people.items()},
            channels={str(one.get("id")): str(one.get("name")) for one in self._channels if not one.get("is_im")},
            zone=dates.zone(self._zone or str(person.get("tz") or "")),
        )

    # --- layout -------------------------------------------------------------------------------------------------------

    def _layout(self) -> None:
        with ui.element("div").classes("desk"):
            self._side = side.Side(self._go, self._become)
            with ui.element("div").classes("main"):
                with ui.element("header").classes("main-head"):
                    self._side.opener()
                    with ui.element("h1").classes("main-title"):
                        self._title = surface.marked(ui.label(""), "channel-name")
                    self._topic = ui.label("").classes("main-topic")
                    if self._levers.systems:
                        panes.opener("What to try", "checklist", "trying-open", lambda: self._toggle(self._trying_pane))
                    panes.opener("Chaos", "bolt", "chaos-open", lambda: self._toggle(self._chaos_pane))
                self._away = surface.html("The Slack server does not answer. Waiting for it…", "away")
                surface.marked(self._away, "away").set_visibility(False)
                with ui.element("div").classes("desk-scroll"):
                    with surface.marked(ui.element("div"), "feed"):
                        self._feed = feed.Feed(self._message_surface, self._slack.file, self._shortcut, self._open_thread)
                    self._home = surface.marked(ui.element("div").classes("home").style(HOME_LOOK), "home")
                surface.html(NEW_MARK, "new-messages").props["role"] = "status"
                self._composer = composer.Composer(self._say)
            self._thread_pane = panes.Pane("Thread", "thread", self._close_thread)
            with self._thread_pane.body:
                self._draw_thread_pane()
            self._trying_pane = panes.Pane("What to try", "trying-pane", scrolls=True)
            with self._trying_pane.body:
                self._trying = trying.Trying(self._guide)
            self._chaos_pane = panes.Pane("Chaos", "chaos-pane", scrolls=True)
            with self._chaos_pane.body:
                self._chaos = chaos.Chaos(self._levers, lambda: self.channel)
            self._modals = modals.Modals(self._slack, lambda: self.user, self._view_surface, self.repaint)

    def _draw_thread_pane(self) -> None:
        with ui.element("div").classes("desk-scroll"), ui.element("div"):
            self._thread_feed = feed.Feed(self._message_surface, self._slack.file, self._shortcut, None)
        self._thread_composer = composer.Composer(self._reply, "thread-composer", "Reply…")

    async def _become(self, user: str | None) -> None:
        if not user or user == self.user:
            return
        self.user, self._home_shown = user, ""
        await self._meet()
        await self._go(self.channel)

    async def _toggle(self, pane: panes.Pane) -> None:
        """Show a pane beside the channel in place of the other one, or nothing."""
        for one in (self._trying_pane, self._chaos_pane):
            one.show(one is pane and not pane.shown)
        await self._refresh_panes()

    async def _refresh_panes(self) -> None:
        if self._chaos_pane.shown:
            await self._chaos.refresh()
        if self._trying_pane.shown:
            await self._trying.refresh()

    # --- painting -----------------------------------------------------------------------------------------------------

    async def repaint(self) -> None:
        """Bring everything on the screen up to date."""
        async with self._lock:
            if not self._channels:
                await self._meet()
            slack, user, channel = self._slack, self.user, self.channel
            listed = self._nothing() if channel == side.HOME else slack.messages(channel, user)
            messages, views, channels, commands = await asyncio.gather(listed, slack.views(user), slack.channels(user), slack.commands())
            if (user, channel) != (self.user, self.channel):
                return
            self._channels = channels or self._channels
            self._composer.know(commands)
            self._away.set_visibility(not self._bell.alive)
            self._side.draw(self._channels, channel, self._partner)
            self._draw_title()
            self._draw_messages([*messages, *self._own.get((user, channel), [])])
            self._modals.draw(views)
            if channel == side.HOME:
                self._draw_home(await slack.home(user))
            await self._refresh_panes()

    async def _nothing(self) -> list[Json]:
        return []

    def _draw_messages(self, messages: list[Json]) -> None:
        reader = self.reader()
        replies: dict[str, int] = {}
        for message in messages:
            if feed.is_reply(message):
                replies[str(message["thread_ts"])] = replies.get(str(message["thread_ts"]), 0) + 1
        roots = [{**message, "reply_count": replies.get(str(message.get("ts")), 0)} for message in messages if feed.in_channel(message)]
        if fresh := self._feed.draw(roots, reader, self._people, self.repaint):
            self._feed.tell(fresh, self.user)
        if self.thread:
            within = [message for message in messages if self.thread in (message.get("ts"), message.get("thread_ts"))]
            self._thread_feed.draw(within, reader, self._people, self.repaint)

    def _draw_title(self) -> None:
        channel = next((one for one in self._channels if one.get("id") == self.channel), {})
        shown = side.channel_name(channel)
        name = "Anomaly Desk" if self.channel == side.HOME else self._partner(channel) if channel.get("is_im") else shown
        self._title.set_text(name)
        self._topic.set_text("" if self.channel == side.HOME or channel.get("is_im") else _about(channel))
        self._composer.hint(f"Message {name.replace('# ', '#')}")
        self._home.set_visibility(self.channel == side.HOME)

    def _partner(self, channel: Json) -> str:
        other = str(channel.get("user") or "")
        return "Anomaly Desk" if other in ("", self.user) else str(self._people.get(other, {}).get("name") or other)

    def _draw_home(self, view: Json) -> None:
        now = json.dumps(view, sort_keys=True, default=str)
        if now == self._home_shown:
            return
        self._home_shown = now
        self._home.clear()
        with self._home:
            if view.get("blocks"):
                blocks.draw(view["blocks"], self._view_surface(self._home_form, str(view.get("id", ""))))
            else:
                surface.html("This app has published no home tab yet.", "picker-none")

    # --- moving around ------------------------------------------------------------------------------------------------

    async def _go(self, channel: str) -> None:
        self.channel, self._home_shown = channel, ""
        self._feed.clear()
        self._close_thread()
        ui.run_javascript(f"history.replaceState(null, '', {json.dumps(f'?as={self.user}&channel={channel}')})")
        if channel == side.HOME:
            await self._slack.do("home", user=self.user)
        await self.repaint()

    async def _open_thread(self, ts: str) -> None:
        self.thread = ts
        self._thread_feed.clear()
        self._thread_pane.show(True)
        await self.repaint()

    def _close_thread(self) -> None:
        self.thread = ""
        self._thread_pane.show(False)

    # --- acting -------------------------------------------------------------------------------------------------------

    def _picked(self, text: str) -> str:
        """The text with people by their handles: in Slack one picks them from a menu by the names that everybody sees."""
        handles = {str(one.get("name")).casefold(): str(one.get("handle")) for one in self._people.values() if one.get("handle")}
        names = "|".join(re.escape(name) for name in sorted(handles, key=len, reverse=True))
        return re.sub(rf"(?<![\w@])@({names})(?!\w)", lambda found: f"@{handles[found[1].casefold()]}", text, flags=re.I) if names else text

    async def _say(self, text: str) -> None:
        if not text.startswith("/"):
            await self._message(text)
            return
        told = await self._slack.do("command", user=self.user, channel=self.channel, text=self._picked(text))
        if not told.get("ok") and "ack" not in told:
            self._slackbot(command_failed(text, str(told.get("error"))))
        await self.repaint()

    async def _reply(self, text: str) -> None:
        if text.startswith("/"):
            self._slackbot(f"{text.split()[0]} is not supported in threads. Sorry!", self.thread)
            await self.repaint()
        else:
            await self._message(text, thread_ts=self.thread)

    async def _message(self, text: str, **more: str) -> None:
        told = await self._slack.do("message", user=self.user, channel=self.channel, text=self._picked(text), **more)
        if not told.get("ok", True):
            ui.notify(f"The message was not sent: {told.get('error')}", type="negative")
        await self.repaint()

    async def _shortcut(self, callback_id: str, ts: str = "") -> None:
        """Start a shortcut; with a ts the one in the menu of that message."""
        where = {"channel": self.channel, "ts": ts} if ts else {}
        told = await self._slack.do("shortcut", user=self.user, callback_id=callback_id, **where)
        if not told.get("ok"):
            ui.notify(action_failed(told), type="negative")
        await self.repaint()

    def _slackbot(self, text: str, thread: str = "") -> None:
        """Slack's own words, for this person alone, in this tab."""
        said = {"ts": f"{time.time():.6f}", "user": SLACKBOT, "text": text, "ephemeral": True, "slackbot": True, "parse": "none"}
        self._own.setdefault((self.user, self.channel), []).append({**said, **({"thread_ts": thread} if thread else {})})

    def _message_surface(self, message: Json) -> Surface:
        ts, channel = str(message.get("ts")), self.channel

        async def act(element: Json, block_id: str, value: Any) -> None:
            with self._client:  # the button may be gone when the answer comes
                told = await self._click(element, block_id, value, channel=channel, ts=ts)
                if told.get("error") in GONE:
                    ui.notify("That is gone: the message has changed meanwhile.")
                elif not told.get("ok") and "ack_ms" not in told:
                    ui.notify(action_failed(told), type="negative")
                await self.repaint()

        state = (message.get("state") or {}).get("values") or {}
        return Surface(self.reader(), act, self._options_of(channel=channel, ts=ts), state=state)

    def _view_surface(self, form: Form, view: str) -> Surface:
        async def act(element: Json, block_id: str, value: Any) -> None:
            where = {"home": True} if self.channel == side.HOME and form is self._home_form else {"view": True}
            with self._client:  # the element may be gone already: a chip that was taken away
                async with form.telling:
                    told = await self._click(element, block_id, value, values=form.typed, **where)
                if not told.get("ok"):
                    ui.notify(action_failed(told), type="negative")
                await self.repaint()

        return Surface(self.reader(), act, self._options_of(view=True, values=form.typed), form)

    async def _click(self, element: Json, block_id: str, value: Any, **where: Any) -> Json:
        chosen = {} if value is None else {"value": value}
        return await self._slack.do("click", user=self.user, action_id=element.get("action_id", ""), block_id=block_id, **chosen, **where)

    def _options_of(self, **where: Any) -> Callable[[Json, str, str], Awaitable[list[Json]]]:
        async def find(element: Json, block_id: str, typed: str) -> list[Json]:
            asked = {"action_id": element.get("action_id", ""), "block_id": block_id, "query": typed}
            told = await self._slack.do("select", user=self.user, **asked, **where)
            groups = told.get("option_groups") or []
            return [option for group in groups for option in group.get("options", [])] or list(told.get("options") or [])

        return find


def command_failed(text: str, error: str) -> str:
    """What Slackbot says when a command was not answered."""
    word = text.split()[0]
    if error == "unknown_command":
        return (
            f"`{word}` is not a valid command. In Slack, all messages that start with the “/” character are interpreted as commands.\n"
            "If you are trying to send a message and not run a command, try preceding the “/” with an empty space."
        )
    return f"{word} failed with the error “{error}”"


def _about(channel: Json) -> str:
    bot = "" if channel.get("is_member", True) else " · Anomaly Desk is not in this channel"
    kind = "Archived" if channel.get("is_archived") else f"{len(channel.get('members') or [])} members"
    return f"{kind}{bot}"


def action_failed(told: Json) -> str:
    """What a person reads when a click came to nothing."""
    return f"Something went wrong with this action: {told.get('detail') or told.get('error') or 'no answer'}."


def _titled(person: Json) -> str:
    kind = "guest" if person.get("is_restricted") or person.get("is_guest") else "admin" if person.get("is_admin") else "member"
    return f"{person.get('name')} ({person.get('role') or kind})"


def install(levers: chaos.Levers) -> Bell:
    """Register the page at `/`; returns the bell, which starts with the application."""
    bell, guide = Bell(levers.slack), trying.Guide(levers)

    @ui.page("/", title="Anomaly Desk sandbox", language="en-US")
    async def workspace(client: Client) -> None:
        params = client.request.query_params
        tab = Tab(client, levers, guide, bell, params.get("as", ""), params.get("channel", ""))
        tab.build()
        task = background_tasks.create(tab.live(client), name="tab")
        client.on_delete(task.cancel)

    app.on_startup(lambda: background_tasks.create(bell.run(), name="bell"))
    return bell
