"""The course of a metric in one line: drawn with eight heights of a bar, and the same in words for those who hear it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bot import model
from bot.render.kit import text

BARS = "▁▂▃▄▅▆▇█"
MOST = 20
"""Points that are drawn: the last ones."""

_STEADY = 0.02
"""A course that changes by less than this part of its height stays where it is."""


def drawn(points: Sequence[model.Point]) -> str:
    """ "▁▁▂▁▇█", the last points; "" for fewer than two, or where one of them is no number."""
    values = [point.value for point in points[-MOST:]]
    if len(values) < 2 or not all(map(math.isfinite, values)):
        return ""
    low, high = min(values), max(values)
    if high - low == 0 or not math.isfinite(high - low):
        return BARS[0] * len(values)
    return "".join(BARS[min(len(BARS) - 1, int((value - low) / (high - low) * len(BARS)))] for value in values)


def words(points: Sequence[model.Point], told: model.Series) -> str:
    """ "rose from 3 to 41": from where the points that are drawn begin to the one that is farthest from there; "" without a drawing."""
    if not drawn(points):
        return ""
    values = [point.value for point in points[-MOST:]]
    first = values[0]
    peak = max(values, key=lambda value: abs(value - first))
    unit = text.short(told.unit, 20, "")
    begun, ended = text.number(first), f"{text.number(peak)} {unit}".strip()
    if abs(peak - first) <= _STEADY * max(map(abs, values)):
        return f"stays at {ended}"
    return f"{'rose' if peak > first else 'fell'} from {begun} to {ended}"
