"""Block Kit blocks as Slack draws them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nicegui import ui

from sandbox.page import elements, mrkdwn, richtext, surface, tables
from sandbox.page.control_client import Json
from sandbox.page.surface import Surface

Draw = Callable[[Json, Surface], None]


def draw(blocks: Sequence[Json], on: Surface) -> None:
    """Draw blocks one under the other; an unknown type is named instead of hidden."""
    for block in blocks:
        kind = str(block.get("type", ""))
        with ui.element("div").classes(f"kit-block block-{kind}") as box:
            box.props["data-block-id"] = str(block.get("block_id", ""))
            _DRAW.get(kind, _unknown)(block, on)


def _unknown(block: Json, on: Surface) -> None:
    surface.html(mrkdwn.plain(f"This page cannot draw a “{block.get('type')}” block."), "unsupported")


def _section(block: Json, on: Surface) -> None:
    with ui.element("div").classes("section"):
        with ui.element("div").classes("section-main"):
            if block.get("text"):
                _long_text(block, on)
            if fields := block.get("fields"):
                cells = "".join(f'<div class="field">{surface.text_html(field, on.reader)}</div>' for field in fields)
                surface.html(cells, "fields")
        if accessory := block.get("accessory"):
            with ui.element("div").classes("accessory"):
                elements.draw(accessory, str(block.get("block_id", "")), on)


def _long_text(block: Json, on: Surface) -> None:
    """Long section text hides behind "See more" unless `expand` is set (slack-platform section 4)."""
    drawn = surface.text_html(block["text"], on.reader)
    long = len(str(block["text"].get("text", ""))) > 700 and not block.get("expand")
    box = surface.html(drawn, "text clamp" if long else "text")
    if not long:
        return
    more = surface.marked(ui.element("span").classes("see-more"), "see-more")
    with more:
        label = ui.label("See more")

    def toggle() -> None:
        opened = "clamp" in box.classes
        box.classes(remove="clamp" if opened else "", add="" if opened else "clamp")
        label.set_text("See less" if opened else "See more")

    more.on("click", toggle)


def _header(block: Json, on: Surface) -> None:
    surface.html(surface.text_html(block.get("text"), on.reader), "header-text", tag="h2")


def _divider(block: Json, on: Surface) -> None:
    surface.html("", "divider", tag="hr")


def _context(block: Json, on: Surface) -> None:
    with ui.element("div").classes("context"):
        for element in block.get("elements", []):
            if element.get("type") == "image":
                elements.draw_image(element, "", on, "slack-image tiny")
            else:
                surface.html(surface.text_html(element, on.reader), "context-text")


def _actions(block: Json, on: Surface) -> None:
    with ui.element("div").classes("actions"):
        for element in block.get("elements", []):
            elements.draw(element, str(block.get("block_id", "")), on)


def _image(block: Json, on: Surface) -> None:
    if block.get("title"):
        surface.html(surface.text_html(block["title"], on.reader), "context-text")
    elements.draw_image(block, "", on, "slack-image")


def _rich_text(block: Json, on: Surface) -> None:
    surface.html(richtext.draw(block, on.reader), "text rich")


def _markdown(block: Json, on: Surface) -> None:
    surface.html(mrkdwn.plain(block.get("text", "")), "text")


def _input(block: Json, on: Surface) -> None:
    block_id = str(block.get("block_id", ""))
    optional = '<span class="optional"> (optional)</span>' if block.get("optional") else ""
    surface.html(surface.text_html(block.get("label"), on.reader) + optional, "input-label")
    label = surface.words(block.get("label"))
    elements.draw({**(block.get("element") or {}), "dispatches": bool(block.get("dispatch_action")), "label": label}, block_id, on)
    if block.get("hint"):
        surface.html(surface.text_html(block["hint"], on.reader), "input-hint")
    if on.form and (error := on.form.errors.get(block_id)):
        surface.marked(surface.html(mrkdwn.plain(error), "input-error"), "input-error", block_id=block_id)


def _alert(block: Json, on: Surface) -> None:
    level = block.get("level", "default")
    known = level if level in {"info", "warning", "error", "success"} else "default"
    surface.html(surface.text_html(block.get("text"), on.reader), f"alert alert-{known}")


_DRAW: dict[str, Draw] = {
    "section": _section,
    "header": _header,
    "divider": _divider,
    "context": _context,
    "actions": _actions,
    "image": _image,
    "rich_text": _rich_text,
    "markdown": _markdown,
    "input": _input,
    "alert": _alert,
    "table": tables.draw_table,
    "data_table": tables.draw_data_table,
    "data_visualization": tables.draw_chart,
}
