"""How a metric of Anodot went: its data points with the baseline beside them (contracts 2.4)."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from bot import model, ports
from bot.sources import base
from bot.sources.anodot import client, schema

SHOWN = 20
"""Data points that are handed over to be drawn."""
BEFORE = 3
"""As many times its own length is told of what was before an anomaly: of the points on its card a quarter is the anomaly then."""
STEPS: Mapping[str, timedelta] = {
    "short": timedelta(minutes=1), "medium": timedelta(minutes=5), "long": timedelta(hours=1), "longlong": timedelta(days=1),
    "weekly": timedelta(weeks=1),
}  # fmt: skip
"""How far apart data points are, by scale."""


class Reader:
    """The port `Courses` of one account."""

    def __init__(self, api: client.Client, clock: ports.Clock) -> None:
        self._api, self._clock = api, clock

    async def course(self, anomaly: model.Anomaly) -> Sequence[model.Point]:
        """The heaviest metric, as it was named when the anomaly was read: one call."""
        if anomaly.series is None or not anomaly.series.ident or anomaly.merged_into:
            return ()
        scale = next((one for one, words in schema.STEPS.items() if words == anomaly.series.resolution), "")
        return thinned(await self.points(anomaly, anomaly.ref.id, anomaly.series.ident, scale, BEFORE))

    async def points(self, anomaly: model.Anomaly, ident: str, metric: str, scale: str, times: int) -> Sequence[model.Point]:
        """A metric of this anomaly, by both of their ids, the oldest first: as many times as long before it as it has lasted, and long
        enough to be drawn."""
        now, began = self._clock.now(), anomaly.started or anomaly.created
        ended = anomaly.ended or now
        before = max((ended - began) * times, SHOWN * STEPS.get(scale, STEPS["medium"]))
        params: base.Params = [
            ("anomalyId", ident), ("metricId", metric), ("startDate", int((began - before).timestamp())),
            ("endDate", int(ended.timestamp())), ("resolution", scale or ",".join(client.SCALES)),
            ("datapoints", "true"), ("baseline", "true"), ("startBucketMode", "false"),
        ]  # fmt: skip
        return read(await self._api.read(self._api.one(ident, f"metric/{quote(metric, safe='')}"), params))


def read(reply: Any) -> Sequence[model.Point]:
    """The data points, the oldest first, each with the baseline of its time where that is told."""
    if not isinstance(reply, Mapping):
        return []
    bands = {at: tuple(found) for at, found in map(_numbers, _rows(reply.get("baseline"))) if at is not None and found}
    points = []
    for at, found in map(_numbers, _rows(reply.get("dataPoints"))):
        if at is None or not found:
            continue
        band = sorted(bands.get(at, ()))
        points.append(model.Point(at, found[0], band[0] if len(band) > 1 else None, band[-1] if band else None))
    return sorted(points, key=lambda one: one.at)


def _rows(found: Any) -> Sequence[Sequence[Any]]:
    return [one for one in found if isinstance(one, list) and one] if isinstance(found, list) else []


def _numbers(row: Sequence[Any]) -> tuple[datetime | None, list[float]]:
    """A time and the numbers beside it, which may be a list of their own."""
    flat = [part for one in row[1:] for part in (one if isinstance(one, list) else [one])]
    return schema.moment(row[0]), [found for one in flat if (found := schema.number(one)) is not None]


def thinned(points: Sequence[model.Point], most: int = SHOWN) -> Sequence[model.Point]:
    """At most so many: of each stretch the one that is farthest out of its baseline, or else of what is usual, so that no peak is lost."""
    if len(points) <= most:
        return points
    usual = statistics.median(one.value for one in points)
    edges = [number * len(points) // most for number in range(most + 1)]
    return [max(points[first:end], key=lambda one: _out(one, usual)) for first, end in itertools.pairwise(edges)]


def _out(one: model.Point, usual: float) -> tuple[float, datetime]:
    """How far, and of two that are as far the later one."""
    edges = [edge for edge in (one.low, one.high) if edge is not None] or [usual]
    return max(min(edges) - one.value, one.value - max(edges), 0.0), one.at
