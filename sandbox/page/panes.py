"""What stands to the right of the channel: a pane with a title and a way to close it; on a narrow screen it covers the page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui

from sandbox.page import surface


class Pane:
    """Draw into `body`. `close` is what its cross does instead of hiding it; `scrolls`: the body as a whole does."""

    def __init__(self, title: str, testid: str, close: Callable[[], None] | None = None, *, scrolls: bool = False) -> None:
        self._box = surface.marked(ui.element("aside").classes("pane pane-wide" if not scrolls else "pane"), testid)
        self._box.props["aria-label"] = title
        with self._box:
            with ui.element("div").classes("pane-head"):
                ui.label(title).classes("pane-title")
                cross = ui.button(icon="close", on_click=close or (lambda: self.show(False)), color=None)
                cross.props("flat round dense").props["aria-label"] = f"Close {title}"
                surface.marked(cross, f"{testid}-close")
            self.body = ui.element("div").classes("pane-body scrolls" if scrolls else "pane-body")
            if scrolls:
                self.body.props("tabindex=0 role=group").props["aria-label"] = title
        self.show(False)

    @property
    def shown(self) -> bool:
        return bool(self._box.visible)

    def show(self, shown: bool) -> None:
        self._box.set_visibility(shown)


def opener(label: str, icon: str, testid: str, turn: Callable[[], Awaitable[None]]) -> None:
    """The button of a pane; in a narrow window it is its words alone."""
    button = ui.button(label, icon=icon, on_click=turn, color=None).props("unelevated dense no-caps").classes("slack-button pane-opener")
    button.props["aria-label"] = label
    surface.marked(button, testid)
