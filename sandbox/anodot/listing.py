"""Filter and sort the anomalies, cheaply also with many thousands of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from sandbox.anodot import account, questions, series

KEPT = 32

Holds = Callable[[account.Anomaly, questions.Filter, int], bool]


def _bookmarked(one: account.Anomaly, wanted: questions.Filter, now: int) -> bool:
    if wanted.bookmark == "all":
        return bool(one.bookmarks)
    if wanted.bookmark == "none":
        return not one.bookmarks
    return (wanted.bookmark.removeprefix("-") in one.bookmarks) is not wanted.bookmark.startswith("-")


def _started(one: account.Anomaly, wanted: questions.Filter, now: int) -> bool:
    """The end of the time frame is looked at for closed ones only, and it is about their start, too."""
    late = wanted.end is not None and one.ended is not None and one.started > wanted.end
    return not late and (wanted.start is None or one.started >= wanted.start)


def _far(one: account.Anomaly, wanted: questions.Filter, now: int) -> bool:
    least = wanted.delta or 0
    return any(_distance(breach, wanted.delta_type) >= least for breach in one.breaches)


def _distance(breach: series.Breach, delta_type: str) -> float:
    peak = series.peak(breach.metric, breach.now)
    return peak.percentage if delta_type == "percentage" else peak.absolute


CHECKS: Sequence[tuple[Callable[[questions.Filter], bool], Holds]] = (
    (lambda wanted: wanted.state != "both", lambda one, wanted, now: one.state == wanted.state),
    (lambda wanted: True, lambda one, wanted, now: one.resolution in wanted.resolutions),
    (lambda wanted: wanted.start is not None or wanted.end is not None, _started),
    (lambda wanted: wanted.least > 0, lambda one, wanted, now: one.duration(now) >= wanted.least),
    (lambda wanted: wanted.score > 0, lambda one, wanted, now: one.score >= wanted.score),
    (lambda wanted: bool(wanted.bookmark), _bookmarked),
    (
        lambda wanted: wanted.direction != "both",
        lambda one, wanted, now: any(breach.now.up is (wanted.direction == "up") for breach in one.breaches),
    ),
    (lambda wanted: bool(wanted.query.parts), lambda one, wanted, now: any(wanted.query.holds(breach.metric) for breach in one.breaches)),
    (lambda wanted: wanted.delta is not None, _far),
)
"""Whether it is asked for, and whether it is so; the dear ones last."""

SORTS: Mapping[str, Callable[[account.Anomaly, int], float]] = {
    "startDate": lambda one, now: one.started,
    "endDate": lambda one, now: now if one.ended is None else one.ended,
    "duration": lambda one, now: one.duration(now),
    "score": lambda one, now: one.score,
    "delta": lambda one, now: max(_distance(breach, "percentage") for breach in one.breaches),
}


AGING = frozenset({"duration", "endDate"})
"""Orders that change while nothing happens."""


def fits(one: account.Anomaly, wanted: questions.Filter, now: int) -> bool:
    return all(holds(one, wanted, now) for asked, holds in CHECKS if asked(wanted))


class Listing:
    """Answers of the list call; what matched is remembered until the world changes, or the second where it counts."""

    def __init__(self, state: account.Account) -> None:
        self.world = state
        self._revision = -1
        self._answers: dict[tuple[questions.Filter, int], Sequence[account.Anomaly]] = {}

    def matching(self, wanted: questions.Filter) -> Sequence[account.Anomaly]:
        """All that match, in the order that is asked for."""
        if self._revision != self.world.revision or len(self._answers) > KEPT:
            self._answers, self._revision = {}, self.world.revision
        now = self.world.now()
        by = wanted.sort or self.world.modes.unsorted
        key = (wanted, now if wanted.least or by in AGING else 0)
        if key not in self._answers:
            self._answers[key] = self._sorted(self._those(wanted, now), by, wanted.order, now)
        return self._answers[key]

    def _those(self, wanted: questions.Filter, now: int) -> list[account.Anomaly]:
        checks = [holds for asked, holds in CHECKS if asked(wanted)]
        return [one for one in self._young(wanted.start) if all(holds(one, wanted, now) for holds in checks)]

    def _young(self, start: int | None) -> Iterable[account.Anomaly]:
        """Newest first, no further than what was asked for."""
        for one in self.world.newest():
            if start is not None and one.started < start:
                return
            yield one

    def _sorted(self, found: list[account.Anomaly], by: str, order: str, now: int) -> list[account.Anomaly]:
        """They come newest first: that is an order already."""
        if by != "startDate":
            found.sort(key=lambda one: SORTS[by](one, now), reverse=order == "desc")
        return found[::-1] if by == "startDate" and order == "asc" else found
