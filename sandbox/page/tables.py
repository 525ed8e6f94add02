"""Tables and charts: table, data_table, data_visualization."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nicegui import ui

from sandbox.page import mrkdwn, richtext, surface
from sandbox.page.control_client import Json
from sandbox.page.surface import Surface

_COLOURS = ["#1264a3", "#e8912d", "#2eb67d", "#e01e5a", "#7b5cc7", "#36c5f0"]


def _cell(cell: Mapping[str, Any], on: Surface) -> str:
    if cell.get("type") == "rich_text":
        return richtext.draw(cell, on.reader)
    return mrkdwn.plain(cell.get("text") if cell.get("text") is not None else cell.get("value", ""), signs=False)


def _row(tag: str, row: list[Json], styles: list[str], on: Surface) -> str:
    cells = (
        f'<{tag} style="text-align:{styles[at] if at < len(styles) else "left"}">{_cell(cell, on)}</{tag}>' for at, cell in enumerate(row)
    )
    return f"<tr>{''.join(cells)}</tr>"


def _markup(rows: list[list[Json]], styles: list[str], on: Surface) -> str:
    if not rows:
        return ""
    body = "".join(_row("td", row, styles, on) for row in rows[1:])
    return f"<table><thead>{_row('th', rows[0], styles, on)}</thead><tbody>{body}</tbody></table>"


def _alignments(rows: list[list[Json]]) -> list[str]:
    """Columns of numbers stand to the right."""
    body = rows[1:]
    return ["right" if body and all(cell.get("type") == "raw_number" for cell in column) else "left" for column in zip(*body, strict=False)]


def draw_table(block: Json, on: Surface) -> None:
    """A table: the first row is its head."""
    settings = [(setting or {}).get("align", "left") for setting in block.get("column_settings") or []]
    safe = [align if align in {"left", "center", "right"} else "left" for align in settings]
    rows = block.get("rows") or []
    surface.html(_markup(rows, safe or _alignments(rows), on), "slack-table")


def draw_data_table(block: Json, on: Surface) -> None:
    """A data_table: a caption, a head and pages of `page_size` rows."""
    rows = block.get("rows") or []
    size = int(block.get("page_size") or 5)
    styles = _alignments(rows)
    surface.html(mrkdwn.plain(block.get("caption", ""), signs=False), "slack-caption")
    box = surface.html(_markup(rows[: size + 1], styles, on), "slack-table")
    pages = max(1, -(-(len(rows) - 1) // size))
    if pages == 1:
        return
    state = {"page": 0}
    with ui.element("div").classes("table-pages"):
        label = ui.label(f"1–{size} of {len(rows) - 1}")

        def turn(step: int) -> None:
            state["page"] = min(pages - 1, max(0, state["page"] + step))
            start = 1 + state["page"] * size
            box.set_content(_markup([rows[0], *rows[start : start + size]], styles, on))
            label.set_text(f"{start}–{min(start + size - 1, len(rows) - 1)} of {len(rows) - 1}")

        for icon, step, name in (("chevron_left", -1, "previous"), ("chevron_right", 1, "next")):
            button = ui.button(icon=icon, on_click=lambda step=step: turn(step), color=None).props("flat dense round size=sm")
            surface.marked(button, f"table-{name}").props(f"aria-label='{name.title()} page'")


_INKED: Json = {"color": "#7f858d"}
"""A grey that is read on light and on dark: a canvas takes no colours of the page."""


def _axes(chart: Json) -> Json:
    axis = chart.get("axis_config") or {}
    return {
        "xAxis": {
            "type": "category",
            "data": axis.get("categories") or [],
            "name": axis.get("x_label", ""),
            "nameLocation": "middle",
            "nameGap": 28,
            "axisLabel": _INKED,
        },
        "yAxis": {
            "type": "value",
            "name": axis.get("y_label", ""),
            "axisLabel": _INKED,
            "splitLine": {"lineStyle": _INKED | {"opacity": 0.3}},
        },
        "grid": {"left": 48, "right": 16, "top": 32, "bottom": 56},
    }


def _series(chart: Json) -> list[Json]:
    kind = chart.get("type")
    if kind == "pie":
        parts = [{"name": part.get("label"), "value": part.get("value")} for part in chart.get("segments") or []]
        return [{"type": "pie", "radius": ["35%", "65%"], "center": ["50%", "45%"], "data": parts}]
    order = (chart.get("axis_config") or {}).get("categories") or []
    lines = []
    for one in chart.get("series") or []:
        points = {point.get("label"): point.get("value") for point in one.get("data") or []}
        line = {"type": "bar" if kind == "bar" else "line", "name": one.get("name"), "data": [points.get(name) for name in order]}
        lines.append({**line, "areaStyle": {"opacity": 0.25}} if kind == "area" else line)
    return lines


def draw_chart(block: Json, on: Surface) -> None:
    """A data_visualization, drawn by ECharts."""
    chart = block.get("chart") or {}
    surface.html(mrkdwn.plain(block.get("title", ""), signs=False), "chart-title")
    options = {
        "color": _COLOURS,
        "animation": False,
        "tooltip": {"trigger": "item" if chart.get("type") == "pie" else "axis", "renderMode": "richText"},
        "legend": {"bottom": 0, "textStyle": _INKED},
        "textStyle": {"fontFamily": "inherit"},
        "series": _series(chart),
        **({} if chart.get("type") == "pie" else _axes(chart)),
    }
    surface.marked(ui.echart(options).classes("slack-chart"), "chart")
