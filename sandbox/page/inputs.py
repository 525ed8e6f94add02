"""Inputs that are not menus: text, numbers, days, times, ticks and radio buttons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nicegui import ui

from sandbox.page import pickers, surface
from sandbox.page.control_client import Json
from sandbox.page.surface import Surface

_ON_ENTER, _ON_CHARACTER = "on_enter_pressed", "on_character_entered"
_KINDS: Mapping[str, str] = {
    "number_input": "type=number",
    "email_text_input": "type=email",
    "url_text_input": "type=url",
    "datepicker": "type=date",
    "timepicker": "type=time",
}
"""The browser's own field for an element."""


def draw_text(element: Json, block_id: str, on: Surface) -> None:
    """A field to type in. What is typed goes to the server with the next click, and at Enter when the block dispatches."""
    form, place = on.form or surface.Form(), surface.key(element, block_id)
    value = form.typed.setdefault(place, str(element.get("initial_value") or ""))
    make = ui.textarea if element.get("multiline") else ui.input

    def typed(entered: Any) -> None:
        form.typed[place] = "" if entered is None else str(entered)

    field = make(value=value, placeholder=surface.words(element.get("placeholder")), on_change=lambda event: typed(event.value))
    field.props(f"outlined dense autocomplete=off {_KINDS.get(str(element.get('type')), '')}").classes("slack-input")
    _bound(field, element)
    if element.get("dispatches"):
        _dispatch(field, element, block_id, on)
    surface.marked(surface.named(field, element), "input", action_id=element.get("action_id", ""), block_id=block_id)


def _bound(field: ui.element, element: Json) -> None:
    if element.get("type") == "number_input":
        field.props["step"] = "any" if element.get("is_decimal_allowed") else "1"
        for prop, key in (("min", "min_value"), ("max", "max_value")):
            if key in element:
                field.props[prop] = str(element[key])
    if element.get("max_length"):
        field.props["maxlength"] = int(element["max_length"])
    if element.get("focus_on_load"):
        field.props["autofocus"] = True


def _dispatch(field: ui.element, element: Json, block_id: str, on: Surface) -> None:
    """Tell the app while the form is open: at Enter, or with every character, as `dispatch_action_config` says."""
    triggers = (element.get("dispatch_action_config") or {}).get("trigger_actions_on") or [_ON_ENTER]
    if _ON_ENTER in triggers and not element.get("multiline"):
        field.on("keydown.enter.prevent", lambda event: on.act(element, block_id, event.args or None), js_handler=_TYPED_NOW)
    if _ON_CHARACTER in triggers:
        field.on("update:model-value", lambda event: on.act(element, block_id, event.args or None), throttle=0.3)


_TYPED_NOW = "(event) => { event.preventDefault(); emit(event.target.value); }"


def draw_date(element: Json, block_id: str, on: Surface) -> None:
    """A day or a time, in the browser's own field."""
    form = on.form or surface.Form()
    place, start = surface.key(element, block_id), element.get("initial_date") or element.get("initial_time")
    value = form.values.setdefault(place, start)

    async def changed(picked: str | None) -> None:
        form.values[place] = picked
        await on.act(element, block_id, picked)

    kind = _KINDS[str(element.get("type"))]
    field = ui.input(value=value or "", on_change=lambda event: changed(event.value or None)).props(f"outlined dense {kind}")
    surface.marked(
        surface.named(field, element).classes("slack-input short"), "input", action_id=element.get("action_id", ""), block_id=block_id
    )


def draw_radio(element: Json, block_id: str, on: Surface) -> None:
    """Radio buttons, one under the other."""
    form, place = on.form or surface.Form(), surface.key(element, block_id)
    start = [option.get("value") for option in pickers.initial(element, on)]
    form.values.setdefault(place, start[0] if start else None)
    buttons: dict[str, ui.element] = {}

    async def choose(value: str) -> None:
        form.values[place] = value
        for button in buttons.values():
            button.props["model-value"] = value
        await on.act(element, block_id, value)

    with surface.marked(ui.element("div").classes("choices"), "radio", action_id=element.get("action_id", ""), block_id=block_id) as box:
        surface.named(box, element).props["role"] = "radiogroup"
        for option in surface.all_options(element):
            value = str(option.get("value"))
            button = buttons[value] = ui.element("q-radio").props("dense").classes("choice")
            button.props["val"], button.props["model-value"] = value, form.values[place]
            button.on("update:model-value", lambda value=value: choose(value))
            surface.marked(button, "radio-option", value=value)
            with button:
                _words(option, on)


def draw_checkboxes(element: Json, block_id: str, on: Surface) -> None:
    """Boxes to tick, one under the other. `held` is what is ticked, in the order of the options."""
    form, place = on.form or surface.Form(), surface.key(element, block_id)
    options = surface.all_options(element)
    held: list[Any] = form.values.setdefault(place, [option.get("value") for option in pickers.initial(element, on)])

    async def changed(value: Any, ticked: bool) -> None:
        now = {*held, value} if ticked else set(held) - {value}
        held[:] = [option.get("value") for option in options if option.get("value") in now]
        await on.act(element, block_id, list(held))

    with surface.marked(ui.element("div").classes("choices"), "checkboxes", action_id=element.get("action_id", ""), block_id=block_id):
        for option in options:
            value = option.get("value")
            box = ui.checkbox(value=value in held).props("dense").classes("choice")
            box.on_value_change(lambda event, value=value: changed(value, event.value))
            surface.marked(box, "checkbox", value=value)
            with box:
                _words(option, on)


def _words(option: Json, on: Surface) -> None:
    surface.html(surface.text_html(option.get("text"), on.reader), "option-text")
    if option.get("description"):
        surface.html(surface.text_html(option["description"], on.reader), "option-description")
