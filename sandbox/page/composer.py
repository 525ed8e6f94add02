"""The composer: messages, and slash commands with completion."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import events, ui

from sandbox.page import mrkdwn, shortcuts, surface
from sandbox.page.control_client import Json

Send = Callable[[str], Awaitable[None]]

_ENTER = "(event) => { if (!event.shiftKey && !event.isComposing) { event.preventDefault(); emit(event.target.value); } }"


class Composer:
    """Where people type. `send` gets the text; `know` are the commands that the app installed; `offer` shows its global shortcuts."""

    def __init__(self, send: Send, testid: str = "composer", hint: str = "Message") -> None:
        self._send, self._commands = send, list[Json]()
        self._hints = surface.marked(ui.element("div").classes("command-hints"), f"{testid}-hints")
        self._hints.set_visibility(False)
        with ui.element("div").classes("composer"):
            self._shortcuts = ui.element("div").classes("composer-shortcuts")
            self._field = ui.textarea(placeholder=hint).props("borderless autogrow dense rows=1").classes("composer-field")
            surface.marked(self._field, testid).props["aria-label"] = hint
            send_button = ui.button(icon="send", on_click=lambda: self._go(str(self._field.value or "")), color=None)
            surface.marked(send_button.props("flat dense aria-label=Send").classes("composer-send"), f"{testid}-send")
        self._field.on("keydown.enter", self._entered, js_handler=_ENTER)
        self._field.on("keydown.tab.prevent", self._complete)
        self._field.on("keydown.escape", lambda: self._hints.set_visibility(False))
        self._field.on_value_change(lambda event: self._suggest(str(event.value or "")))

    def know(self, commands: list[Json]) -> None:
        """The commands there are; whoever began to type before they were known gets the hints now."""
        if commands != self._commands:
            self._commands = commands
            self._suggest(str(self._field.value or ""))

    def hint(self, words: str) -> None:
        if self._field.props.get("placeholder") != words:
            self._field.props["placeholder"] = self._field.props["aria-label"] = words

    def offer(self, rows: list[Json], use: shortcuts.Use) -> None:
        """Put the global shortcuts behind a bolt; without any there is none."""
        self._shortcuts.clear()
        with self._shortcuts:
            if rows:
                shortcuts.button(rows, use, "bolt", "Shortcuts", "shortcuts")

    async def _entered(self, event: events.GenericEventArguments) -> None:
        await self._go(str(event.args or ""))

    async def _go(self, text: str) -> None:
        text = text.strip()
        if text:
            self._field.set_value("")
            self._hints.set_visibility(False)
            await self._send(text)

    def _fitting(self, typed: str) -> list[Json]:
        if not typed.startswith("/"):
            return []
        word = typed.split(" ", 1)[0]
        exact = " " in typed
        return [row for row in self._commands if (row.get("command") == word if exact else str(row.get("command", "")).startswith(word))]

    def _complete(self) -> None:
        typed = str(self._field.value or "")
        fitting = self._fitting(typed)
        if fitting and " " not in typed:
            self._field.set_value(f"{fitting[0]['command']} ")

    def _suggest(self, typed: str) -> None:
        fitting = self._fitting(typed)
        self._hints.clear()
        self._hints.set_visibility(bool(fitting))
        with self._hints:
            for row in fitting:
                self._hint_row(row)

    def _hint_row(self, row: Json) -> None:
        line = surface.marked(ui.element("div").classes("command-hint"), "command-hint", command=row.get("command", ""))
        line.on("mousedown.prevent", lambda: self._field.set_value(f"{row['command']} "))
        with line:
            usage = f'<span class="usage">{mrkdwn.plain(row.get("usage_hint", ""))}</span>'
            surface.html(f"<b>{mrkdwn.plain(row.get('command', ''))}</b> {usage}")
            surface.html(mrkdwn.plain(row.get("description", "")), "command-about")
