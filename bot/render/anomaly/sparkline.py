"""The course of a metric in one line: drawn with eight heights of a bar, and the same in words for those who hear it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bot import model
from bot.render.kit import text

MOST = 20
"""Points that are drawn: the last ones."""

_LEVELS = "▁▂▃▄▅▆▇█"
GAP = " "
_STEADY = 0.02
"""A course that changes by less than this part of its height stays where it is."""


def drawn(values: Sequence[float | None]) -> str:
    """One character for each value, from the lowest to the highest; a gap for what is no number. Values that are all the same are a line in
    the middle. "" where there is nothing to draw."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    if not known:
        return ""
    low, high = min(known), max(known)
    return "".join(GAP if value is None or not math.isfinite(value) else _LEVELS[_level(value, low, high)] for value in values)


def _level(value: float, low: float, high: float) -> int:
    """Halved first: the difference of two enormous numbers is no number."""
    span = high / 2 - low / 2
    if span <= 0:
        return len(_LEVELS) // 2 - 1
    return round((value / 2 - low / 2) / span * (len(_LEVELS) - 1))


def course(points: Sequence[model.Point]) -> str:
    """The last points, drawn; "" for fewer than two, or where one of them is no number."""
    values = [point.value for point in points[-MOST:]]
    return drawn(values) if len(values) > 1 and all(map(math.isfinite, values)) else ""


def words(points: Sequence[model.Point], told: model.Series) -> str:
    """ "rose from 3 to 41": from where the points that are drawn begin to the one that is farthest from there; "" without a drawing."""
    if not course(points):
        return ""
    values = [point.value for point in points[-MOST:]]
    first = values[0]
    peak = max(values, key=lambda value: abs(value - first))
    unit = text.short(told.unit, 20, "")
    begun, ended = text.number(first), f"{text.number(peak)} {unit}".strip()
    if abs(peak - first) <= _STEADY * max(map(abs, values)):
        return f"stays at {ended}"
    return f"{'rose' if peak > first else 'fell'} from {begun} to {ended}"
