"""One widget for every menu in a modal: chosen values as chips, a field to type in, a list to choose from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui

from sandbox.page import mrkdwn, surface
from sandbox.page.control_client import Json
from sandbox.page.surface import Surface

Find = Callable[[str], Awaitable[list[Json]]]

_PRESSED = """(event) => {
    event.preventDefault();
    const row = event.target.closest('[data-testid=option]');
    if (row) emit(row.dataset.value);
}"""
"""The menu listens for its rows: a row may be gone on this side when the browser's press of it arrives."""


class Picker:
    """A select, static or external, for one value or several.

    `find` gives the options for what is typed; `least` is how many characters it wants first (`min_query_length`);
    `chosen` are the options at the start; `changed` hears the chosen options after every change.
    """

    def __init__(
        self, element: Json, block_id: str, find: Find, chosen: list[Json], changed: Callable[[list[Json]], Awaitable[None]], least: int = 0
    ) -> None:
        self._find, self._chosen, self._changed, self._least = find, list(chosen), changed, least
        self._many = str(element.get("type", "")).startswith("multi_")
        self._limit = int(element.get("max_selected_items") or 1000)
        self._asked = 0
        self._offered: dict[str, Json] = {}
        self._hint = surface.words(element.get("placeholder")) or ("Type to search" if least else "Choose an option")
        with surface.marked(ui.element("div").classes("picker"), "select", action_id=element.get("action_id", ""), block_id=block_id):
            with ui.element("div").classes("picker-field"):
                self._chips = ui.element("div").classes("picker-chips")
                self._input = ui.input(placeholder=self._hint).props("dense borderless autocomplete=off").classes("picker-input")
                surface.marked(surface.named(self._input, {"label": self._hint, **element}), "select-input")
            self._menu = surface.marked(ui.element("div").classes("picker-menu"), "select-menu")
            self._menu.set_visibility(False)
            self._menu.on("mousedown", lambda event: self._choose(self._offered[str(event.args)]), js_handler=_PRESSED)
        self._input.on("focus", lambda: self._open(str(self._input.value or "")))
        self._input.on("click", lambda: None if self._menu.visible else self._open(str(self._input.value or "")))
        self._input.on("blur", self._hide)
        self._input.on("keydown.escape.stop", self._hide)
        self._input.on("update:modelValue", lambda event: self._open(str(event.args or "")), throttle=0.2)
        self._draw_chips()

    async def _open(self, typed: str) -> None:
        self._asked += 1
        asked = self._asked
        if len(typed) < self._least:
            self._show([], f"Type at least {self._least} characters.")
            return
        if self._least or not self._menu.visible:
            self._show([], "Searching…")
        options = await self._find(typed)
        if asked == self._asked and not self._menu.is_deleted:
            self._show(options, "No results found")

    def _show(self, options: list[Json], nothing: str) -> None:
        self._menu.clear()
        self._menu.set_visibility(True)
        with self._menu:
            if not options:
                surface.html(mrkdwn.plain(nothing), "picker-none")
            for option in options:
                self._offered[str(option.get("value", ""))] = option
                draw_option(option)
        ui.run_javascript(f"getHtmlElement({self._menu.id})?.scrollIntoView({{block: 'nearest'}})")

    def _hide(self) -> None:
        self._asked += 1
        self._menu.set_visibility(False)

    async def _choose(self, option: Json) -> None:
        self._hide()
        if not self._many:
            self._chosen = [option]
        elif option not in self._chosen and len(self._chosen) < self._limit:
            self._chosen.append(option)
        self._input.set_value("")
        self._draw_chips()
        await self._changed(self._chosen)

    async def _drop(self, option: Json) -> None:
        self._chosen.remove(option)
        self._draw_chips()
        await self._changed(self._chosen)

    def _draw_chips(self) -> None:
        self._input.props["placeholder"] = "" if self._chosen else self._hint
        self._chips.clear()
        with self._chips:
            for option in self._chosen:
                with surface.marked(ui.element("span").classes("picker-chip"), "chip", value=option.get("value", "")):
                    surface.html(mrkdwn.plain(surface.words(option.get("text"))), tag="span")
                    cross = surface.marked(ui.element("button").classes("picker-drop").props("type=button"), "chip-remove")
                    cross.props["aria-label"] = f"Remove {surface.words(option.get('text'))}"
                    cross.on("click", lambda option=option: self._drop(option))
                    with cross:
                        surface.html("&times;", tag="span")


def draw_option(option: Json) -> None:
    """One line of a menu: its words and, smaller, its description."""
    with surface.marked(ui.element("div").classes("picker-option"), "option", value=option.get("value", "")):
        surface.html(mrkdwn.plain(surface.words(option.get("text"))), "option-text")
        if option.get("description"):
            surface.html(mrkdwn.plain(surface.words(option["description"])), "option-description")


def person_option(user: str, name: str) -> Json:
    return {"text": {"type": "plain_text", "text": name, "emoji": False}, "value": user}


def _fits(option: Json, typed: str) -> bool:
    return typed.casefold() in surface.words(option.get("text")).casefold()


def static_find(options: list[Json]) -> Find:
    async def find(typed: str) -> list[Json]:
        return [option for option in options if _fits(option, typed)]

    return find


def initial(element: Json, on: Surface) -> list[Json]:
    """What is chosen before anybody chooses."""
    for name in ("initial_options", "initial_option"):
        if told := element.get(name):
            return list(told) if isinstance(told, list) else [told]
    users = element.get("initial_users") or [user for user in [element.get("initial_user")] if user]
    return [person_option(user, on.reader.users.get(user, user)) for user in users]


def finder(element: Json, block_id: str, on: Surface) -> Find:
    """Where the options of a menu come from: the element, the app, the workspace."""
    kind = str(element.get("type", ""))
    if "external" in kind:
        return lambda typed: on.options(element, block_id, typed)
    if "users" in kind:
        return static_find([person_option(user, name) for user, name in on.reader.users.items() if not user.startswith("USLACKBOT")])
    if "channels" in kind or "conversations" in kind:
        return static_find([person_option(ident, f"#{name}") for ident, name in on.reader.channels.items()])
    return static_find(surface.all_options(element))


def value_of(element: Json, chosen: list[Json]) -> Any:
    """What is submitted: a list for a multi select, one value (or None) for a single one."""
    values = [option.get("value") for option in chosen]
    return values if str(element.get("type", "")).startswith("multi_") else (values[0] if values else None)
