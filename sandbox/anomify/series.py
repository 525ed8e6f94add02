"""What a metric looks like: its days, its scatter, the range that is expected of it, and what anomalies do to it."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.anomify import catalogue

DAY = 86_400
BAND = 3.2
"""Half the width of the expected range, in scatters."""
FADED = 0.4
"""How much of an anomaly is gone at its end."""


@dataclass(frozen=True, slots=True)
class Dent:
    """From `started` until `until` (epoch seconds) a metric is off by `size`, a share of what is expected, with its sign."""

    started: int
    until: int
    size: float

    def strength(self, at: int) -> float:
        if not self.started <= at < self.until:
            return 0.0
        return self.size * (1 - FADED * (at - self.started) / (self.until - self.started))


def expected(metric: catalogue.Metric, at: int) -> float:
    """What the metric usually is at this hour: least at four in the morning, most in the afternoon."""
    return metric.level * (1 - metric.measure.swing * math.cos(2 * math.pi * ((at - 4 * 3600) % DAY) / DAY))


def band(metric: catalogue.Metric, at: int) -> tuple[float, float]:
    """Lowest and highest value that would be normal."""
    middle = expected(metric, at)
    half = BAND * metric.measure.noise * middle
    return max(middle - half, 0.0), min(middle + half, metric.measure.most)


def value(metric: catalogue.Metric, at: int, dents: Iterable[Dent] = ()) -> float:
    """What was measured, never below zero; always the same for a metric and a moment."""
    scatter = zlib.crc32(f"{metric.name} {at}".encode()) / 2**31 - 1
    off = sum(dent.strength(at) for dent in dents)
    return min(max(expected(metric, at) * (1 + metric.measure.noise * scatter + off), 0.0), metric.measure.most)
