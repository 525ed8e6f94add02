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


def fits(one: account.Anomaly, wanted: questions.Filter, now: int) -> bool:
    return all(holds(one, wanted, now) for asked, holds in CHECKS if asked(wanted))


class Listing:
    """Answers of the list call; what matched is remembered until the world or the second changes, so that paging filters once."""

    def __init__(self, state: account.Account) -> None:
        self.world = state
        self._when = (-1, -1)
        self._answers: dict[questions.Filter, Sequence[account.Anomaly]] = {}

    def matching(self, wanted: questions.Filter) -> Sequence[account.Anomaly]:
        """All that match, in the order that is asked for."""
        when = (self.world.revision, self.world.now())
        if self._when != when or len(self._answers) > KEPT:
            self._answers, self._when = {}, when
        if wanted not in self._answers:
            self._answers[wanted] = self._sorted(self._those(wanted), wanted)
        return self._answers[wanted]

    def _those(self, wanted: questions.Filter) -> list[account.Anomaly]:
        now = self.world.now()
        checks = [holds for asked, holds in CHECKS if asked(wanted)]
        return [one for one in self._young(wanted.start) if all(holds(one, wanted, now) for holds in checks)]

    def _young(self, start: int | None) -> Iterable[account.Anomaly]:
        """Newest first, no further than what was asked for."""
        for one in self.world.newest():
            if start is not None and one.started < start:
                return
            yield one

    def _sorted(self, found: list[account.Anomaly], wanted: questions.Filter) -> list[account.Anomaly]:
        now, by = self.world.now(), SORTS[wanted.sort or self.world.modes.unsorted]
        found.sort(key=lambda one: (by(one, now), one.serial), reverse=wanted.order == "desc")
        return found
