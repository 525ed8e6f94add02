"""A series of numbers as one line of blocks, for places that have no charts."""

from __future__ import annotations

import math
from collections.abc import Sequence

_LEVELS = "▁▂▃▄▅▆▇█"
GAP = " "


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
