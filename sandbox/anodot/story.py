"""What happens to Acme's metrics: which break when, together with which, how far, for how long. Deterministic by seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sandbox.anodot import catalogue, series

HISTORY = 24
"""Anomalies that had ended at the beginning, spread over thirty days."""
MONTH = 30 * series.DAY
LIVES: Mapping[str, tuple[int, int]] = {
    "short": (6 * 60, 50 * 60),
    "medium": (40 * 60, 9 * 3600),
    "long": (6 * 3600, 40 * 3600),
    "longlong": (2 * series.DAY, 8 * series.DAY),
    "weekly": (series.WEEK, 3 * series.WEEK),
}
"""Shortest and longest life of an anomaly of each scale, in seconds."""
SHARES: Sequence[tuple[str, float]] = (("medium", 0.45), ("short", 0.15), ("long", 0.22), ("longlong", 0.13), ("weekly", 0.05))
AHEAD = 5_400
"""What is open at the start stays so for at least this long, in seconds."""
NAMED = ("Spring campaign, second wave", "Gateway maintenance", "Load test of the catalogue", "Cooling of line b")
SHARE_NAMED, SHARE_LASTING, SHARE_AGAIN, SHARE_GOOD = 0.15, 0.3, 0.35, 0.2
REACH = 12.5
"""How far a value goes at most beyond what is just an anomaly, in scatters."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An anomaly before it has an id; its metrics share one measure and one place."""

    resolution: str
    started: int
    life: int
    score: float
    breaches: tuple[series.Breach, ...]
    name: str = ""
    ended: int | None = None


class Story:
    """Tells anomalies, one after the other."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def happening(self, started: int, what: str = "", resolution: str = "", count: int = 0, up: bool | None = None) -> Draft:
        """A new anomaly at this time (epoch seconds); what is not said is made up."""
        measure = catalogue.MEASURE[what] if what else self.chance.choice(catalogue.MEASURES)
        scale = resolution or self.chance.choices([name for name, _ in SHARES], [share for _, share in SHARES])[0]
        life = self.chance.randint(*LIVES[scale])
        # What is nearly all of all cannot rise much.
        good = self.chance.random() < SHARE_GOOD and measure.spread > series.BAND * measure.noise
        rises = measure.bad_up is not good if up is None else up
        kind = "pattern_change" if self.chance.random() < SHARE_LASTING else "transient"
        chosen = self._together(measure, count or self.chance.choices((1, 2, 3, 5, 9), (5, 4, 3, 2, 1))[0])
        breaches = [self._breach(metric, started, life, rises, kind, scale) for metric in chosen]
        name = self.chance.choice(NAMED) if self.chance.random() < SHARE_NAMED else ""
        best = max(breach.now.score for breach in breaches)
        return Draft(scale, started, life, best, tuple(breaches), name)

    def joining(self, breaches: Sequence[series.Breach], at: int, scale: str, count: int) -> list[series.Breach]:
        """More metrics of the same measure that go the same way, as far as there are any."""
        known, first = {breach.metric for breach in breaches}, breaches[0]
        free = [metric for metric in first.metric.measure.metrics if metric not in known]
        return [self._breach(metric, at, first.now.life, first.now.up, first.now.kind, scale) for metric in free[:count]]

    def _together(self, measure: catalogue.Measure, count: int) -> list[catalogue.Metric]:
        """Metrics that share a place, as those of one cause do."""
        key = self.chance.randrange(len(measure.places))
        shared = self.chance.choice(list(measure.places.values())[key])
        near = [metric for metric in measure.metrics if metric.values[key] == shared]
        return self.chance.sample(near, min(count, len(near)))

    def _breach(self, metric: catalogue.Metric, started: int, life: int, up: bool, kind: str, scale: str) -> series.Breach:
        least = (series.BAND + 1.5) * metric.measure.noise
        strong = self.chance.random()
        reach = REACH * metric.measure.noise
        size = least + strong * (reach if up else min(reach, 0.9 - least))
        score = round(min(0.12 + 0.8 * strong + 0.07 * self.chance.random(), 0.99), 3)
        made = series.Breach(metric, series.Interval(started, life, up, size, score, kind))
        if self.chance.random() < SHARE_AGAIN:
            before = started - life - self.chance.randint(2, 12) * catalogue.SCALES[scale]
            made.others.append(series.Interval(before, life // 2, up, size * 0.8, round(score * 0.7, 3), "transient", before + life // 2))
        return made

    def past(self, now: int, open_count: int) -> Iterator[Draft]:
        """History and what is open now, oldest first."""
        drafts = [self._ended(self.happening(now - MONTH * (i + 1) // (HISTORY + 1)), now) for i in range(HISTORY)]
        gap = min(47 * 60, 29 * series.DAY // max(open_count, 1))
        for i in range(open_count):
            drafts.append(self._lasting(self.happening(now - 7 * 60 - int(gap * (i + self.chance.uniform(0, 0.8)))), now))
        return iter(sorted(drafts, key=lambda draft: draft.started))

    def _ended(self, draft: Draft, now: int) -> Draft:
        ended = min(draft.started + draft.life, now - 3600)
        for breach in draft.breaches:
            breach.now = replace(breach.now, ended=ended)
        return replace(draft, ended=ended)

    def _lasting(self, draft: Draft, now: int) -> Draft:
        life = max(draft.life, now - draft.started + AHEAD + self.chance.randint(0, 6 * 3600))
        for breach in draft.breaches:
            breach.now = replace(breach.now, life=life)
        return replace(draft, life=life)
