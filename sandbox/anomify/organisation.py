"""The state of one fake organisation: its anomalies, and what happens to them. It knows nothing of HTTP, and nobody triages here."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox import revisions
from sandbox.anomify import catalogue, odd, series, sessions, story, switches

FIRST_ID = 7_702
INITIAL, CORRELATED, FINAL = "initial", "correlated", "final"
KEPT_RUNNING = 9
"""So many go on, whatever else happens."""
EARLY_VALUE, EARLY_SCORE = 0.97, 0.04
"""What is told before the correlation is less than what is told after it: values are revised."""


def utc_now() -> datetime:
    """The real time; tests hand in their own clock."""
    return datetime.now(UTC)


@dataclass(slots=True, eq=False)
class Anomaly:
    """A metric that is not what was expected; times in epoch seconds. `odd` names a way of writing it wrongly (`odd.ODD`)."""

    id: int
    draft: story.Draft
    life: int
    value: float
    score: float
    ended: int | None = None
    correlated: bool = False
    odd: str = ""

    @property
    def metric(self) -> catalogue.Metric:
        return self.draft.metric

    @property
    def started(self) -> int:
        return self.draft.started

    @property
    def positive(self) -> bool:
        return self.draft.size > 0

    def dent(self) -> series.Dent:
        until = self.started + max(self.life, 60) if self.ended is None else self.ended
        return series.Dent(self.started, max(until, self.started + 60), self.draft.size)

    def told_value(self) -> float:
        return round(self.value * (1 if self.correlated else EARLY_VALUE), 3)

    def told_score(self) -> float:
        return round(max(self.score - (0 if self.correlated else EARLY_SCORE), 0.0), 2)


class Organisation(revisions.Revised):
    """One organisation. `open_count` anomalies go on at the start; the same seed and clock give the same world."""

    def __init__(self, seed: int = 25, open_count: int = 12, clock: Callable[[], datetime] = utc_now) -> None:
        super().__init__()
        self.clock = clock
        self.modes = switches.ContractSwitches()
        self.doors = sessions.Doors()
        self.story = story.Story(seed)
        self.anomalies: dict[int, Anomaly] = {}
        """All of them by id, oldest first."""
        self.patterns: dict[int, story.Pattern] = {}
        self.muted_until: int | None = None
        self.news: deque[tuple[str, Anomaly]] = deque(maxlen=1000)
        """What webhooks have not told yet: which of the three posts, and of which anomaly."""
        self._next, self._arrived = FIRST_ID, 0
        self._due: list[tuple[float, int, str]] = []
        for draft in self.story.past(self.now(), open_count):
            self._keep(draft, correlated=True)
        self.news.clear()

    def now(self) -> int:
        return int(self.clock().timestamp())

    def muted(self) -> bool:
        return self.muted_until is not None and self.now() < self.muted_until

    def stored(self, one: Anomaly) -> bool:
        """Whether it can be asked for by its id by now."""
        return one.correlated or self.now() >= one.started + self.modes.stored_after

    def of_metric(self, metric: catalogue.Metric) -> list[Anomaly]:
        return [one for one in self.anomalies.values() if one.metric is metric]

    def newest(self) -> Iterable[Anomaly]:
        return reversed(self.anomalies.values())

    # --- what happens to metrics -------------------------------------------------------------------------------------

    def arrive(self, count: int = 1, **wanted: Any) -> list[Anomaly]:
        """New anomalies that begin now. `wanted`: attributes of Anomaly, and of the draft: metric, up, started."""
        told = {name: wanted.pop(name) for name in ("metric", "up") if name in wanted}
        began = int(wanted.pop("started", self.now()))
        made = [self._keep(self.story.happening(began, **told), **{"odd": self._odd(), **wanted}) for _ in range(count)]
        self.touch()
        return made

    def _odd(self) -> str:
        """How the next arrival is written: every so-many-th in the next odd way."""
        self._arrived += 1
        often = self.modes.odd_every
        return odd.WORDS[(self._arrived // often - 1) % len(odd.WORDS)] if often and self._arrived % often == 0 else ""

    def _keep(self, draft: story.Draft, **wanted: Any) -> Anomaly:
        self._next += 1 + draft.metric.seed % 3
        peak = series.value(draft.metric, draft.started, (series.Dent(draft.started, draft.started + 60, draft.size),))
        fields = {"life": draft.life, "value": peak, "score": draft.score, "ended": draft.ended, **wanted}
        one = Anomaly(self._next, draft, **fields)
        self.anomalies[one.id] = one
        self.patterns.update({pattern.id: pattern for pattern in draft.patterns})
        self._tell(INITIAL, one)
        if not one.correlated:
            heapq.heappush(self._due, (one.started + self.modes.correlated_after, one.id, CORRELATED))
        if one.ended is None:
            heapq.heappush(self._due, (one.started + one.life, one.id, FINAL))
        return one

    def advance(self) -> None:
        """What is due by now: correlations are found, metrics are as expected again."""
        now = self.now()
        while self._due and self._due[0][0] <= now:
            at, ident, what = heapq.heappop(self._due)
            one = self.anomalies.get(ident)
            if one is None:
                continue
            if what == CORRELATED and not one.correlated:
                self.correlate(one)
            elif what == FINAL and one.ended is None and one.started + one.life <= now:
                self.end(one, int(at))

    def correlate(self, one: Anomaly) -> None:
        """Its correlations are known from now on, and its value and score are revised."""
        one.correlated = True
        self._tell(CORRELATED, one)

    def end(self, one: Anomaly, at: int | None = None) -> None:
        """The metric is as expected again. What ends early is correlated without a post of its own."""
        one.ended = max(self.now() if at is None else at, one.started + 60)
        one.correlated = True
        self._tell(FINAL, one)

    def settle(self) -> None:
        """Where enough goes on, one of it is over."""
        running = [one for one in self.anomalies.values() if one.ended is None]
        if len(running) > KEPT_RUNNING:
            self.end(self.story.chance.choice(running))

    def change(self, one: Anomaly, **fields: Any) -> None:
        """Revise it: life, value, score, odd."""
        for name, value in fields.items():
            setattr(one, name, value)
        if "life" in fields and one.ended is None:
            heapq.heappush(self._due, (one.started + one.life, one.id, FINAL))
        self.touch()

    def erase(self, one: Anomaly) -> None:
        del self.anomalies[one.id]
        self.touch()

    def mute(self, seconds: int) -> None:
        """No alerts for so long; 0: alerts again."""
        self.muted_until = self.now() + seconds if seconds else None
        self.touch()

    def _tell(self, what: str, one: Anomaly) -> None:
        if catalogue.alerts(one.metric) and not self.muted():
            self.news.append((what, one))
        self.touch()
