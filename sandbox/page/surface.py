"""Where blocks are drawn: who reads, what a click does, and the inputs a person has filled in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from nicegui import ui

from sandbox.page import mrkdwn
from sandbox.page.control_client import Json

E = TypeVar("E", bound=ui.element)

Act = Callable[[Json, str, Any], Awaitable[None]]
"""What happens when an element is used: (element, block_id, chosen value)."""

Options = Callable[[Json, str, str], Awaitable[list[Json]]]
"""Options of an external select: (element, block_id, typed text)."""


@dataclass
class Form:
    """What a person entered into a view, by `block_id/action_id`, and errors by block_id.

    The server hears of `values` and `chosen` options when they change, of `typed` text with the next click or submission. Whoever tells it
    holds `telling`, so that a submission is not faster than the choice before it.
    """

    typed: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    chosen: dict[str, list[Json]] = field(default_factory=dict)
    telling: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(frozen=True)
class Surface:
    """What drawing needs to know; `form` is None on messages, `state` is what the reader chose in their menus, by block and action."""

    reader: mrkdwn.Reader
    act: Act
    options: Options
    form: Form | None = None
    state: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)


def key(element: Json, block_id: str) -> str:
    return f"{block_id}/{element.get('action_id', '')}"


def marked(element: E, testid: str, **facts: object) -> E:
    """Stable names for browser tests: `data-testid` and `data-*`."""
    element.props["data-testid"] = testid
    for name, value in facts.items():
        element.props[f"data-{name.replace('_', '-')}"] = str(value)
    return element


def named(element: E, drawn: Json) -> E:
    """What a screen reader calls an input: the label of its block."""
    if label := drawn.get("label"):
        element.props["aria-label"] = str(label)
    return element


def html(content: str, classes: str = "", tag: str = "div") -> ui.html:
    """HTML that was made of escaped text only: every caller goes through `mrkdwn`."""
    return ui.html(content, sanitize=False, tag=tag).classes(classes)


def text_html(text: Json | None, reader: mrkdwn.Reader) -> str:
    """A text object as HTML."""
    if not text:
        return ""
    words = str(text.get("text", ""))
    if text.get("type") == "mrkdwn":
        return mrkdwn.draw(words, reader, verbatim=bool(text.get("verbatim")))
    return mrkdwn.plain(words, signs=bool(text.get("emoji", True)))


def words(text: Json | None) -> str:
    """A plain_text object as the words on a button or a menu."""
    return mrkdwn.emoji(str((text or {}).get("text", "")))


def all_options(element: Json) -> list[Json]:
    """The options of a menu, groups laid flat."""
    groups: Sequence[Json] = element.get("option_groups") or []
    return [option for group in groups for option in group.get("options", [])] or list(element.get("options") or [])


def dialog_frame(testid: str, title: str) -> tuple[ui.dialog, ui.element]:
    """An open dialog with a title; draw into the second value."""
    dialog = ui.dialog(value=True).props("persistent no-shake transition-duration=120")
    dialog.props["aria-label"] = title or "Question"
    with dialog, marked(ui.element("div").classes("desk-modal"), testid) as box:
        html(mrkdwn.plain(title), "desk-modal-title")
    return dialog, box
