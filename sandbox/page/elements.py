"""Block elements that people use: buttons, menus, images; `inputs` draws the rest."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui

from sandbox.page import inputs, mrkdwn, pickers, surface
from sandbox.page.control_client import Json
from sandbox.page.surface import Surface

Draw = Callable[[Json, str, Surface], None]
Go = Callable[[], Awaitable[None]]


def draw(element: Json, block_id: str, on: Surface) -> None:
    """Draw one element; an unknown type is named instead of hidden."""
    kind = str(element.get("type", ""))
    _DRAW.get(kind, _unknown)(element, block_id, on)


def _unknown(element: Json, block_id: str, on: Surface) -> None:
    surface.html(mrkdwn.plain(f"This page cannot draw “{element.get('type')}”."), "unsupported")


def _confirmed(element: Json, on: Surface, go: Go) -> Go:
    """`go`, after the question of the element's `confirm` when it has one."""
    confirm = element.get("confirm")
    if not confirm:
        return go

    async def ask() -> None:
        # On the page, not in the message: the message may be drawn anew while somebody reads the question.
        with ui.context.client:
            dialog, box = surface.dialog_frame("confirm", surface.words(confirm.get("title")))
            with box:
                surface.html(surface.text_html(confirm.get("text"), on.reader), "desk-modal-body")
                with ui.element("div").classes("desk-modal-foot"):
                    surface.marked(_button(surface.words(confirm.get("deny")) or "Cancel", dialog.close), "confirm-deny")
                    style = confirm.get("style") or "primary"
                    yes = _button(surface.words(confirm.get("confirm")) or "Yes", lambda: dialog.submit(True), style)
                    surface.marked(yes, "confirm-yes")
            agreed = await dialog
            dialog.delete()
            if agreed:
                await go()

    return ask


def _button(label: str, click: Callable[[], Any], style: str = "") -> ui.button:
    return ui.button(label, on_click=lambda: click(), color=None).props("unelevated no-caps dense").classes(f"slack-button {style}")


def _draw_button(element: Json, block_id: str, on: Surface) -> None:
    async def press() -> None:
        await on.act(element, block_id, element.get("value"))

    button = _button(surface.words(element.get("text")), _confirmed(element, on, press), str(element.get("style", "")))
    surface.marked(button, "button", action_id=element.get("action_id", ""), value=element.get("value", ""))
    if element.get("accessibility_label"):
        button.props["aria-label"] = str(element["accessibility_label"])
    _leads(button, element.get("url"))


def _leads(pressed: ui.element, address: object) -> None:
    """What is pressed also opens its address in a new tab; the app hears of the click as of any other."""
    if url := mrkdwn.safe_url(address):
        pressed.props["href"], pressed.props["target"], pressed.props["rel"] = url, "_blank", "noopener noreferrer"


def _menu(element: Json, block_id: str, on: Surface) -> None:
    """The menu under the element that is being drawn, options with their descriptions."""
    with ui.menu().props("no-parent-event=false auto-close").classes("slack-menu") as menu:
        for option in surface.all_options(element):
            _menu_item(menu, element, option, block_id, on)


def _menu_item(menu: ui.menu, element: Json, option: Json, block_id: str, on: Surface) -> None:
    async def choose() -> None:
        await on.act(element, block_id, option.get("value"))

    item = ui.menu_item(on_click=_confirmed(element, on, choose), auto_close=True).classes("slack-menu-item")
    surface.marked(item, "option", value=option.get("value", ""))
    _leads(item, option.get("url"))  # of overflow menus alone
    item.on(
        "keydown.enter", js_handler="(press) => press.preventDefault()"
    )  # it acts when the key is let go; a link would act before as well
    with item, ui.element("div"):
        surface.html(mrkdwn.plain(surface.words(option.get("text"))), "option-text")
        if option.get("description"):
            surface.html(mrkdwn.plain(surface.words(option["description"])), "option-description")


def _draw_static_select(element: Json, block_id: str, on: Surface) -> None:
    if on.form is not None:
        _draw_picker(element, block_id, on)
        return
    kept = on.state.get(block_id, {}).get(str(element.get("action_id")), {})
    chosen = kept.get("selected_option") or element.get("initial_option") or {}
    label = surface.words(chosen.get("text")) or surface.words(element.get("placeholder")) or "Choose an option"
    button = _button(label, lambda: None).props("icon-right=expand_more").classes("slack-select")
    surface.marked(button, "select", action_id=element.get("action_id", ""), block_id=block_id)
    with button:
        _menu(element, block_id, on)


def _draw_overflow(element: Json, block_id: str, on: Surface) -> None:
    button = _button("", lambda: None).props("icon=more_horiz aria-label='More actions'").classes("slack-overflow")
    surface.marked(button, "overflow", action_id=element.get("action_id", ""), block_id=block_id)
    with button:
        _menu(element, block_id, on)


def _draw_picker(element: Json, block_id: str, on: Surface) -> None:
    form = on.form or surface.Form()
    place = surface.key(element, block_id)
    chosen = form.chosen.setdefault(place, pickers.initial(element, on))

    async def changed(options: list[Json]) -> None:
        form.chosen[place] = list(options)
        await on.act(element, block_id, pickers.value_of(element, options))

    least = int(element.get("min_query_length", 3)) if "external" in str(element.get("type")) else 0
    pickers.Picker(element, block_id, pickers.finder(element, block_id, on), chosen, changed, least)


def draw_image(element: Json, block_id: str, on: Surface, classes: str = "slack-image small") -> None:
    """A picture, or its words when it has no address that a browser may fetch."""
    alt = str(element.get("alt_text", ""))
    url = mrkdwn.safe_url(element.get("image_url"))
    if not url:
        surface.html(mrkdwn.plain(f"[{alt}]"), "context-text")
        return
    tag = f'<img src="{mrkdwn.escape(url)}" alt="{mrkdwn.escape(alt)}" title="{mrkdwn.escape(alt)}">'
    surface.html(tag, classes)


_DRAW: dict[str, Draw] = {
    "button": _draw_button,
    "workflow_button": _draw_button,
    "static_select": _draw_static_select,
    "overflow": _draw_overflow,
    "external_select": _draw_picker,
    "users_select": _draw_picker,
    "channels_select": _draw_picker,
    "conversations_select": _draw_picker,
    "multi_static_select": _draw_picker,
    "multi_external_select": _draw_picker,
    "multi_users_select": _draw_picker,
    "multi_channels_select": _draw_picker,
    "multi_conversations_select": _draw_picker,
    "plain_text_input": inputs.draw_text,
    "number_input": inputs.draw_text,
    "email_text_input": inputs.draw_text,
    "url_text_input": inputs.draw_text,
    "datepicker": inputs.draw_date,
    "timepicker": inputs.draw_date,
    "radio_buttons": inputs.draw_radio,
    "checkboxes": inputs.draw_checkboxes,
    "image": draw_image,
}
