"""What happens to Acme's metrics: which breaks when, how far, for how long, and what moved with it. Deterministic by seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from sandbox.anomify import catalogue, series

HISTORY = 20
"""Anomalies that had ended at the beginning, spread over thirty days."""
MONTH = 30 * series.DAY
SHORTEST, LONGEST = 4 * 60, 5 * 3600
AHEAD = 5_400
"""What goes on at the start does so for at least this long, in seconds."""
GAP = 53 * 60
SHARE_KNOWN, SHARE_PATTERN, SHARE_PENDING, SHARE_ELSEWHERE = 0.65, 0.3, 0.2, 0.35
REACH = 11.0
"""How far a value goes at most beyond what is just an anomaly, in scatters."""
LABELS = ("Nightly backup", "Weekly report", "Deploy", "Sale starts", "Line starts up")


@dataclass(frozen=True, slots=True)
class Correlation:
    """A metric that moved alike, `later` seconds after it (negative: before)."""

    metric: catalogue.Metric
    coefficient: float
    later: int
    shifted: int


@dataclass(frozen=True, slots=True)
class Event:
    """What else was seen meanwhile: an anomaly, or a match with a known pattern, which has no value."""

    id: int
    metric: catalogue.Metric
    later: int
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Pattern:
    """What somebody or the system taught to be normal: the `duration` seconds before an anomaly. `pending`: still being learned."""

    id: int
    metric: catalogue.Metric
    duration: int
    anomaly_id: int
    anomaly_at: int
    label: str
    creator: catalogue.User | None
    checks: int
    matches: int
    pending: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """An anomaly before it has an id. `known`: whether the expected range is; `seed` decides what moved alike."""

    metric: catalogue.Metric
    started: int
    life: int
    size: float
    score: float
    known: bool
    seed: int
    events: tuple[Event, ...]
    patterns: tuple[Pattern, ...] = field(default=())
    ended: int | None = None

    def correlations(self) -> list[Correlation]:
        """All metrics of its host, and some of elsewhere. Made when they are asked for: with ten thousand anomalies they are many."""
        chance = random.Random(self.seed)
        others = [one for one in catalogue.METRICS.values() if one is not self.metric]
        near = [one for one in others if one.host == self.metric.host or chance.random() < SHARE_ELSEWHERE]
        return sorted((self._correlation(one, chance) for one in near), key=lambda one: one.metric.name)

    def _correlation(self, other: catalogue.Metric, chance: random.Random) -> Correlation:
        shifted = chance.choice((0, 0, 0, 1, -1, 2))
        least = 0.975 if other.host == self.metric.host else 0.94
        return Correlation(other, round(chance.uniform(least, 1), 5), shifted * 60, shifted)


class Story:
    """Tells anomalies, one after the other."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self._watched = [metric for metric in catalogue.METRICS.values() if catalogue.alerts(metric)]
        self._pattern = 400

    def happening(self, started: int, metric: str = "", up: bool | None = None, watched: bool = True) -> Draft:
        """A new anomaly at this time (epoch seconds); what is not said is made up."""
        chosen = self.chance.choice(self._watched if watched else list(catalogue.METRICS.values()))
        if metric:
            chosen = catalogue.METRICS[metric]
        life = self.chance.randint(SHORTEST // 60, LONGEST // 60) * 60
        rises = self.chance.random() < 0.65 if up is None else up
        strong = self.chance.random()
        least = (series.BAND + 1.5) * chosen.measure.noise
        reach = REACH * chosen.measure.noise
        size = least + strong * (reach if rises else min(reach, max(0.9 - least, 0.0)))
        score = round(min(0.35 + 0.6 * strong + 0.05 * self.chance.random(), 0.99), 2)
        return Draft(
            chosen,
            started,
            life,
            size if rises else -size,
            score,
            self.chance.random() < SHARE_KNOWN,
            self.chance.getrandbits(32),
            self._events(chosen, started),
            self._patterns(chosen, started),
        )

    def _events(self, metric: catalogue.Metric, started: int) -> tuple[Event, ...]:
        near = [one for one in catalogue.METRICS.values() if one is not metric and one.host == metric.host]
        chosen = self.chance.sample(near, min(len(near), self.chance.randint(0, 3)))
        return tuple(self._event(one, started) for one in chosen)

    def _event(self, metric: catalogue.Metric, started: int) -> Event:
        later = self.chance.randint(-3, 5) * 60
        if self.chance.random() < 0.4:
            return Event(self.chance.randint(3_000, 3_999), metric, later)
        low, high = series.band(metric, started + later)
        return Event(self.chance.randint(6_000, 7_000), metric, later, round(high + (high - low) * self.chance.random(), 3))

    def _patterns(self, metric: catalogue.Metric, started: int) -> tuple[Pattern, ...]:
        chances = ((SHARE_PATTERN, False), (SHARE_PENDING, True))
        return tuple(self._taught(metric, started, pending) for share, pending in chances if self.chance.random() < share)

    def _taught(self, metric: catalogue.Metric, started: int, pending: bool) -> Pattern:
        self._pattern += 1
        checks = 0 if pending else self.chance.randint(40, 4_000)
        creator: Sequence[catalogue.User | None] = (catalogue.DANA, catalogue.SAM, None)
        return Pattern(
            self._pattern,
            metric,
            self.chance.choice((3_600, 14_400, 86_400, 604_800)),
            self.chance.randint(4_000, 5_900),
            started - self.chance.randint(3, 25) * series.DAY,
            self.chance.choice(LABELS),
            self.chance.choice(creator),
            checks,
            self.chance.randint(0, max(checks // 30, 0)),
            pending,
        )

    def past(self, now: int, open_count: int) -> Iterator[Draft]:
        """History and what goes on now, oldest first."""
        drafts = [self._over(now - MONTH * (i + 1) // (HISTORY + 1), now) for i in range(HISTORY)]
        gap = min(GAP, 29 * series.DAY // max(open_count, 1))
        for i in range(open_count):
            draft = self.happening((now - 7 * 60 - int(gap * (i + self.chance.uniform(0, 0.8)))) // 60 * 60)
            ahead = now - draft.started + AHEAD + self.chance.randint(0, 6 * 3600)
            drafts.append(replace(draft, life=max(draft.life, ahead)))
        return iter(sorted(drafts, key=lambda draft: draft.started))

    def _over(self, started: int, now: int) -> Draft:
        draft = self.happening(started // 60 * 60, watched=False)
        return replace(draft, ended=min(draft.started + draft.life, now - 3600))
