"""The course of a metric as a chart in its card's own message: its values, and the range in which they were expected."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bot import model
from bot.render.anomaly import sparkline
from bot.render.kit import blocks, text

_VALUE, _LOW, _HIGH = "value", "expected at least", "expected at most"


def drawn(course: Sequence[model.Point], anomaly: model.Anomaly) -> tuple[model.Block, ...]:
    """A line for the values and one for each edge of what was expected that is known for every point; no chart for fewer than two points.
    Times are UTC: a chart has no words for each reader's own."""
    points = course[-sparkline.MOST :]
    if anomaly.series is None or not sparkline.drawn(points):
        return ()
    labels = _labels(points)
    told = {_VALUE: [one.value for one in points], _LOW: _edge([one.low for one in points]), _HIGH: _edge([one.high for one in points])}
    series = {name: list(zip(labels, values, strict=True)) for name, values in told.items() if values}
    return (blocks.chart(f"{text.short(anomaly.series.metric, 40)} (UTC)", series, "line"),)


def _edge(values: Sequence[float | None]) -> Sequence[float]:
    """A chart has no gaps: an edge is drawn where it is known throughout."""
    known = [one for one in values if one is not None and math.isfinite(one)]
    return known if len(known) == len(values) else ()


def _labels(points: Sequence[model.Point]) -> Sequence[str]:
    """ "09:10", with the day where the points are of several days; those that look the same get their seconds, or a number."""
    days = len({one.at.date() for one in points}) > 1
    found = [f"{one.at:%d %b %H:%M}" if days else f"{one.at:%H:%M}" for one in points]
    if len(set(found)) < len(found):
        found = [f"{one.at:%H:%M:%S}" for one in points]
    return found if len(set(found)) == len(found) else [f"{number} {label}" for number, label in enumerate(found, 1)]
