"""Tables and charts: table, data_table, data_visualization."""

from __future__ import annotations

from sandbox.slack import limits
from sandbox.slack.blockkit import parts, schema

_CELL_TEXT = schema.string(1, limits.TABLE_TEXT)
_RAW = {
    "raw_text": schema.record({"type": schema.anything, "text": _CELL_TEXT}),
    "raw_number": schema.record({"type": schema.anything, "value": schema.number(), "text": _CELL_TEXT}),
}
_CELLS = {**_RAW, "rich_text": schema.record({"type": schema.anything, "elements": parts.RICH_TEXT_ELEMENTS})}
_HEADER_CELL = schema.typed(lambda _: _RAW)
_CELL = schema.typed(lambda _: _CELLS)
_ROW = schema.array(_CELL, 1, limits.TABLE_COLUMNS)
_COLUMN = schema.nullable(schema.record({}, {"align": schema.one_of("left", "center", "right"), "is_wrapped": schema.boolean}))


def _data_table(report: schema.Report, value: schema.Record, at: str) -> None:
    rows = value["rows"]
    for index, cell in enumerate(rows[0]):
        _HEADER_CELL(report, cell, f"{at}/rows/0/{index}")
    for index, row in enumerate(rows):
        if len(row) != len(rows[0]):
            report.add(f"{at}/rows/{index}", "all rows must have the same number of cells")
    if value.get("row_header_column_index", 0) >= len(rows[0]):
        report.add(f"{at}/row_header_column_index", "must be the index of a column")


TABLE = schema.record(
    {"type": schema.anything, "rows": schema.array(_ROW, 1, limits.TABLE_ROWS)},
    {"block_id": parts.IDENT, "column_settings": schema.array(_COLUMN, 1, limits.TABLE_COLUMNS)},
)

DATA_TABLE = schema.record(
    {
        "type": schema.anything,
        "caption": schema.string(1, limits.TEXT),
        "rows": schema.array(_ROW, 1, limits.DATA_TABLE_ROWS),
    },
    {
        "block_id": parts.IDENT,
        "page_size": schema.number(1, whole=True, high=limits.DATA_TABLE_PAGE),
        "row_header_column_index": schema.number(0, whole=True),
    },
    _data_table,
)

_LABEL = schema.string(1, limits.CHART_LABEL)
_AXIS_LABEL = schema.string(1, limits.CHART_TITLE)
_POINT = schema.record({"label": _LABEL, "value": schema.number()})
_SERIES = schema.record({"name": _LABEL, "data": schema.array(_POINT, 1, limits.CHART_POINTS)})
_AXES = schema.record(
    {"categories": schema.array(_LABEL, 1, limits.CHART_POINTS)},
    {"x_label": _AXIS_LABEL, "y_label": _AXIS_LABEL},
)


def _axis_chart(report: schema.Report, value: schema.Record, at: str) -> None:
    categories = value["axis_config"]["categories"]
    if len(set(categories)) != len(categories):
        report.add(f"{at}/axis_config/categories", "categories must be unique")
    names = [series["name"] for series in value["series"]]
    if len(set(names)) != len(names):
        report.add(f"{at}/series", "series names must be unique")
    for index, series in enumerate(value["series"]):
        if sorted(point["label"] for point in series["data"]) != sorted(categories):
            report.add(f"{at}/series/{index}/data", "must have exactly one data point for every category")


_AXIS = schema.record(
    {"type": schema.anything, "series": schema.array(_SERIES, 1, limits.CHART_SERIES), "axis_config": _AXES}, rule=_axis_chart
)
_SEGMENT = schema.record({"label": _LABEL, "value": schema.number(0, above=True)})
_CHARTS = {
    "pie": schema.record({"type": schema.anything, "segments": schema.array(_SEGMENT, 1, limits.CHART_SERIES)}),
    "bar": _AXIS,
    "area": _AXIS,
    "line": _AXIS,
}
DATA_VISUALIZATION = schema.record(
    {"type": schema.anything, "title": schema.string(1, limits.CHART_TITLE), "chart": schema.typed(lambda _: _CHARTS)},
    {"block_id": parts.IDENT},
)
