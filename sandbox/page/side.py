"""The bar on the left: what there is to look at, who looks, and how dark it is; on a narrow screen it is folded away."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui

from sandbox.page import mrkdwn, surface
from sandbox.page.control_client import Json

HOME = "home"

Go = Callable[[str], Awaitable[None]]
"""Look at this conversation."""


class Side:
    """Draw it first in the frame, and `opener` where the button stands that unfolds it. `become`: act as this person from now on."""

    def __init__(self, go: Go, become: Callable[[str | None], Awaitable[None]]) -> None:
        self._go = go
        self._drawn: Any = None
        self._unfolded = False
        self._nav = surface.marked(ui.element("nav").classes("side").props("aria-label=Workspace"), "side")
        self._nav.on("keydown.escape", lambda: self._fold(back=True))
        with self._nav:
            surface.html("Acme Data", "side-title")
            self._list = ui.element("div").classes("side-list")
            with ui.element("div").classes("act-as"):
                surface.html("Act as", "act-as-label")
                self._act_as = ui.select(dict[str, str](), on_change=lambda event: become(event.value))
                self._act_as.props("dense borderless dark options-dense popup-content-class=act-as-menu aria-label='Act as'")
                surface.marked(self._act_as, "act-as")
                switch = surface.html("Light or dark", "theme-switch", tag="button").props("type=button")
                surface.marked(switch, "theme").on("click", js_handler="() => setDark(!document.body.classList.contains('body--dark'))")
        self._scrim = ui.element("div").classes("side-scrim")
        self._scrim.on("click", lambda: self._fold())

    def opener(self) -> None:
        """The button that is there where the bar is folded."""
        self._opener = ui.button(icon="menu", on_click=self._turn, color=None).props("flat dense aria-label=Channels aria-expanded=false")
        self._opener.props["aria-controls"] = self._nav.html_id
        surface.marked(self._opener.classes("side-opener"), "side-opener")

    def offer(self, seats: dict[str, str], user: str) -> None:
        """Whom a visitor can be, by id."""
        self._act_as.set_options(seats, value=user if user in seats else None)

    def draw(self, channels: list[Json], here: str, partner: Callable[[Json], str]) -> None:
        """The conversations, when they changed; `partner` names whom a direct message is with."""
        direct = [(str(one["id"]), partner(one), "") for one in channels if one.get("is_im")]
        shared = [(str(one["id"]), channel_name(one), _look(one)) for one in channels if not one.get("is_im")]
        groups = (("Channels", shared), ("Direct messages", direct), ("Apps", [(HOME, "Anomaly Desk home", "")]))
        if self._drawn == (groups, here):
            return
        self._drawn = (groups, here)
        self._list.clear()
        with self._list:
            for heading, lines in groups:
                if lines:
                    surface.html(heading, "side-heading")
                for channel, label, look in lines:
                    self._line(channel, label, here, look)

    def _line(self, channel: str, label: str, here: str, look: str) -> None:
        line = ui.element("button").props("type=button").classes(f"side-line {look} {'on' if channel == here else ''}")
        if channel == here:
            line.props["aria-current"] = "page"
        surface.marked(line, "channel", channel=channel).on("click", lambda: self._chosen(channel))
        with line:
            surface.html(mrkdwn.plain(label), tag="span")

    async def _chosen(self, channel: str) -> None:
        self._fold()
        await self._go(channel)

    # --- folding ------------------------------------------------------------------------------------------------------

    def _turn(self) -> None:
        if self._unfolded:
            self._fold(back=True)
            return
        self._show(True)
        # Whoever opens it by keyboard is in it.
        ui.run_javascript(f"setTimeout(() => getHtmlElement({self._nav.id})?.querySelector('[aria-current], .side-line')?.focus(), 60)")

    def _fold(self, *, back: bool = False) -> None:
        """Fold it away; `back`: the button has the keyboard again."""
        if self._unfolded:
            self._show(False)
            if back:
                ui.run_javascript(f"getHtmlElement({self._opener.id})?.focus()")

    def _show(self, unfolded: bool) -> None:
        self._unfolded = unfolded
        change = {"add": "unfolded"} if unfolded else {"remove": "unfolded"}
        self._nav.classes(**change)
        self._scrim.classes(**change)
        self._opener.props["aria-expanded"] = str(unfolded).lower()


def _look(channel: Json) -> str:
    return "private" if channel.get("is_private") else ""


def channel_name(channel: Json) -> str:
    """As Slack writes it; a lock stands before private ones."""
    return f"{'' if channel.get('is_private') else '# '}{channel.get('name', '')}"
