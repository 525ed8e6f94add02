"""What a metric looks like: its days and weeks, its scatter, the band that is expected of it, and what an anomaly does to it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from sandbox.anodot import catalogue

DAY, WEEK = 86_400, 604_800
BAND = 3.2
"""Half the width of the expected band, in scatters."""
FADED = 0.45
"""How much of a transient anomaly is gone at its end."""
MOST_POINTS = 1_500


@dataclass(frozen=True, slots=True)
class Interval:
    """A breach of one metric from `started` until `ended` (epoch seconds; None: it goes on). `size` is the share of the expected value
    by which it is off at its peak, `life` how long it is meant to last."""

    started: int
    life: int
    up: bool
    size: float
    score: float
    kind: str = "transient"
    ended: int | None = None

    def strength(self, at: int) -> float:
        """The share by which the value is off then, with its sign."""
        if at < self.started or (self.ended is not None and at >= self.ended):
            return 0.0
        gone = 0.0 if self.kind == "pattern_change" else FADED * min(1.0, (at - self.started) / max(self.life, 1))
        return self.size * (1 - gone) * (1 if self.up else -1)


@dataclass(slots=True)
class Breach:
    """A metric with what is wrong with it now and what was before."""

    metric: catalogue.Metric
    now: Interval
    others: list[Interval] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return self.now.ended is None


@dataclass(frozen=True, slots=True)
class Peak:
    """How far a breach went: the value, and its distance from the near edge of the band in units and in percent of that edge."""

    value: float
    absolute: float
    percentage: float


def scatter(seed: int, at: int) -> float:
    """A number in -1..1 that is always the same for this metric and moment."""
    mixed = (at * 2_654_435_761 ^ seed * 40_503) & 0xFFFFFFFF
    mixed = ((mixed ^ mixed >> 16) * 0x45D9F3B) & 0xFFFFFFFF
    return ((mixed ^ mixed >> 16) & 0xFFFF) / 32_767.5 - 1


def expected(metric: catalogue.Metric, at: int) -> float:
    """What the metric usually is at this hour of this day: least at four in the morning, most in the afternoon."""
    measure = metric.measure
    daily = 1 - measure.swing * math.cos(2 * math.pi * ((at - 4 * 3600) % DAY) / DAY)
    weekend = measure.weekend if (at // DAY + 4) % 7 in (0, 6) else 1.0
    return metric.level * daily * weekend


def band(metric: catalogue.Metric, at: int) -> tuple[float, float]:
    """Lowest and highest value that would be normal."""
    middle = expected(metric, at)
    half = BAND * metric.measure.noise * middle
    return max(middle - half, 0.0), middle + half


def value(metric: catalogue.Metric, at: int, intervals: Sequence[Interval] = ()) -> float:
    """What was measured, never below zero."""
    off = sum(interval.strength(at) for interval in intervals)
    return max(expected(metric, at) * (1 + metric.measure.noise * scatter(metric.seed, at) + off), 0.0)


def peak(metric: catalogue.Metric, interval: Interval) -> Peak:
    """How far it went at its beginning, when it is strongest."""
    low, high = band(metric, interval.started)
    found = value(metric, interval.started, (interval,))
    edge = high if interval.up else low
    absolute = max(found - edge if interval.up else edge - found, 0.0)
    return Peak(found, absolute, 100 * absolute / edge if edge else 100.0)


def moments(first: int, last: int, step: int) -> range:
    """The times of the data points between both, aligned, the latest MOST_POINTS of them."""
    aligned = range(first // step * step, last + 1, step)
    return aligned[-MOST_POINTS:]
