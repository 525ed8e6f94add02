"""Files in messages: a box with the name, a look inside, and the file itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui

from sandbox.page import mrkdwn, surface
from sandbox.page.control_client import Json

Fetch = Callable[[Json], Awaitable[bytes | None]]
"""The bytes of a file object, None when they cannot be had."""

SHOWN_LINES, SHOWN_BYTES = 40, 20_000
_TEXT = ("text/", "application/json")


def draw(found: list[Json], fetch: Fetch) -> None:
    """One box per file."""
    for file in found:
        _box(file, fetch)


def size(count: int) -> str:
    """A number of bytes for the eye."""
    if count < 1000:
        return f"{count} {'byte' if count == 1 else 'bytes'}"
    return f"{count / 1000:.0f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"


def glance(content: bytes) -> str:
    """The first lines of a text file, with a note when there are more."""
    lines = content[:SHOWN_BYTES].decode("utf-8-sig", "replace").splitlines()
    cut = len(content) > SHOWN_BYTES or len(lines) > SHOWN_LINES
    return "\n".join(lines[:SHOWN_LINES] + (["…"] if cut else []))


def _box(file: Json, fetch: Fetch) -> None:
    async def save() -> None:
        content = await fetch(file)
        if content is None:
            _gone()
        else:
            ui.download(content, str(file.get("name", "")), str(file.get("mimetype", "")))

    async def look() -> None:
        content = await fetch(file)
        if content is None:
            _gone()
        else:
            _show(file, content)

    box = surface.marked(ui.element("div").classes("file"), "file", file=file.get("id", ""), name=file.get("name", ""))
    with box:
        ui.icon("description").classes("file-icon").props("aria-hidden=true")
        about = f"{file.get('name', '')} · {size(int(file.get('size') or 0))}"
        title, about = mrkdwn.escape(str(file.get("title") or file.get("name") or "")), mrkdwn.escape(about)
        surface.html(f'<div class="file-title">{title}</div><div class="file-about">{about}</div>', "file-main")
        if str(file.get("mimetype", "")).startswith(_TEXT):
            _button("Preview", look, "file-preview")
        _button("Download", save, "file-download")


def _button(label: str, act: Callable[[], Awaitable[None]], testid: str) -> None:
    button = ui.button(label, on_click=act, color=None).props("unelevated dense no-caps")
    surface.marked(button.classes("slack-button"), testid)


def _gone() -> None:
    ui.notify("The file is not there any more.", type="negative")


def _show(file: Json, content: bytes) -> None:
    dialog, box = surface.dialog_frame("file-dialog", str(file.get("title") or file.get("name") or ""))
    with box:
        surface.html(f"<pre>{mrkdwn.escape(glance(content))}</pre>", "file-text")
        with ui.element("div").classes("desk-modal-foot"):
            _button("Close", _closing(dialog), "file-close")


def _closing(dialog: ui.dialog) -> Callable[[], Awaitable[None]]:
    async def close() -> None:
        dialog.close()

    return close
