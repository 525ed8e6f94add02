"""The app's shortcuts: behind the bolt at the composer, and in the menu of each message."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui

from sandbox.page import mrkdwn, surface
from sandbox.page.control_client import Json

Use = Callable[[str], Awaitable[None]]
"""Start the shortcut with this callback_id."""


def of_kind(rows: list[Json], kind: str) -> list[Json]:
    """The shortcuts that are global, or for messages."""
    return [row for row in rows if row.get("kind") == kind]


def button(rows: list[Json], use: Use, icon: str, name: str, testid: str) -> ui.button:
    """A button with a menu of shortcuts; the menu is made when it is wanted first, since every message has one."""
    made: list[ui.menu] = []

    def show() -> None:
        if not made:
            with opener:
                made.append(_menu(rows, use))
        made[0].open()

    opener = ui.button(icon=icon, on_click=show, color=None).props("flat dense type=button").classes("shortcuts-button")
    opener.props["aria-label"] = name
    return surface.marked(opener, testid)


def _menu(rows: list[Json], use: Use) -> ui.menu:
    with ui.menu().props("no-parent-event=true auto-close").classes("slack-menu") as menu:
        surface.html("Anomaly Desk", "slack-menu-title")
        for row in rows:
            _item(row, use)
    return menu


def _item(row: Json, use: Use) -> None:
    ident = str(row.get("callback_id", ""))
    item = ui.menu_item(on_click=lambda: use(ident), auto_close=True).classes("slack-menu-item")
    surface.marked(item, "shortcut", callback_id=ident)
    with item, ui.element("div"):
        surface.html(mrkdwn.plain(row.get("name", "")), "option-text")
        surface.html(mrkdwn.plain(row.get("description", "")), "option-description")
