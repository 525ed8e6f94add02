"""The top of a person's view stack as a dialog: inputs, errors under them, updates and pushes in place."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

from nicegui import ui

from sandbox.page import blocks, mrkdwn, surface
from sandbox.page.control_client import Json, Slack
from sandbox.page.surface import Form, Surface

Make = Callable[[Form, str], Surface]
"""Builds the surface of a view with this form; the second value is the view id."""


class Modals:
    """Shows the top view of one person. Inputs keep their values while their block_id and action_id stay (slack-platform section 2)."""

    def __init__(self, slack: Slack, user: Callable[[], str], make: Make, changed: Callable[[], Awaitable[None]]) -> None:
        self._slack, self._user, self._make, self._changed = slack, user, make, changed
        self._forms: dict[str, Form] = {}
        self._shown = ""
        self._trouble = ""
        self._busy = False
        self._dialog = ui.dialog().props("persistent no-shake transition-duration=120 no-refocus")
        self._dialog.on("keydown.escape", self._close)
        with self._dialog:
            self._box = surface.marked(ui.element("form").props("novalidate").classes("desk-modal"), "modal")
        self._box.on("submit.prevent", self._submit)

    def draw(self, views: list[Json]) -> None:
        """Show the top of the stack, or nothing; redraws only what changed."""
        if not views:
            self._shown, self._trouble = "", ""
            self._forms.clear()
            self._dialog.close()
            return
        view = views[-1]
        form = self._forms.setdefault(str(view.get("id", "")), Form())
        seen = {name: value for name, value in view.items() if name not in {"state", "hash"}}
        now = json.dumps([seen, form.errors, self._trouble, self._busy, len(views)], sort_keys=True, default=str)
        if now != self._shown:
            self._shown = now
            self._redraw(view, form, len(views))
        self._dialog.open()

    def _redraw(self, view: Json, form: Form, depth: int) -> None:
        _forget_gone(view, form)
        self._box.clear()
        self._dialog.props["aria-label"] = surface.words(view.get("title")) or "Form"
        self._box.props["data-callback-id"] = str(view.get("callback_id", ""))
        self._box.props["data-depth"] = str(depth)
        with self._box:
            with ui.element("div").classes("desk-modal-head"):
                surface.html(mrkdwn.plain(surface.words(view.get("title"))), "desk-modal-title")
                cross = ui.button(icon="close", on_click=self._close, color=None).props("flat round dense type=button aria-label=Close")
                surface.marked(cross, "modal-close")
            with ui.element("div").classes("desk-modal-body").props("tabindex=0 role=group aria-label=Form"):
                if self._trouble:
                    surface.marked(surface.html(mrkdwn.plain(self._trouble), "alert alert-error"), "modal-trouble")
                blocks.draw(view.get("blocks") or [], self._make(form, str(view.get("id", ""))))
            self._foot(view)

    def _foot(self, view: Json) -> None:
        with ui.element("div").classes("desk-modal-foot"):
            cancel = ui.button(surface.words(view.get("close")) or "Cancel", on_click=self._close, color=None)
            surface.marked(cancel.props("unelevated no-caps dense type=button").classes("slack-button"), "modal-cancel")
            if view.get("submit"):
                submit = ui.button(surface.words(view["submit"]), color=None).props("unelevated no-caps dense type=submit")
                submit.set_enabled(not self._busy)
                surface.marked(submit.classes("slack-button primary"), "modal-submit")

    async def _submit(self) -> None:
        views = await self._slack.views(self._user())
        if not views or self._busy:
            return
        view = views[-1]
        form = self._forms.setdefault(str(view.get("id", "")), Form())
        self._busy, self._trouble, form.errors = True, "", {}
        self.draw(views)
        try:
            async with form.telling:
                told = await self._slack.do("submit", user=self._user(), values=form.typed)
        finally:
            self._busy = False
        form.errors = {str(block): str(words) for block, words in (told.get("errors") or {}).items()}
        if not told.get("ok") and not form.errors:
            self._trouble = f"We had some trouble connecting. Try again? ({told.get('detail') or told.get('error') or 'no answer'})"
        await self._changed()

    async def _close(self) -> None:
        await self._slack.do("close", user=self._user())
        await self._changed()


def _forget_gone(view: Json, form: Form) -> None:
    """Inputs that an update took away, or gave new ids, start anew."""
    here = {surface.key(element, str(block.get("block_id", ""))) for block in view.get("blocks") or [] for element in _elements(block)}
    for held in (form.typed, form.values, form.chosen):
        for place in [place for place in held if place not in here]:
            del held[place]


def _elements(block: Json) -> list[Json]:
    return [element for element in [block.get("element"), block.get("accessory"), *block.get("elements", [])] if isinstance(element, dict)]
