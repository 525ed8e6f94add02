"""When a digest is due: "09:00 weekdays" in a time zone, as moments.

A day has at most one. A time of the wall clock that a change of the clock skips is due at the moment of that change; one that comes
twice is due the first time. A day that a zone leaves out as a whole (Samoa, 30 December 2011) has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

OFF = "off"

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NAMED: Mapping[str, frozenset[int]] = {
    "": frozenset(range(7)),
    "daily": frozenset(range(7)),
    "weekdays": frozenset(range(5)),
    "weekends": frozenset({5, 6}),
}
_SPEC = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?: ([a-z,]+))?")
_REACH = 16
"""Days to look at: one weekday of every two weeks, should a zone leave one out."""


@dataclass(frozen=True, slots=True)
class _Spec:
    at: time
    weekdays: frozenset[int]


def latest(spec: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    """The last due moment that is not after `now`, in UTC; None for "off". Raises ValueError for what is no such text."""
    return next((due for due in _around(spec, zone, now, -1) if due <= now), None)


def following(spec: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    """The first due moment after `now`, in UTC; None for "off". Raises ValueError for what is no such text."""
    return next((due for due in _around(spec, zone, now, 1) if due > now), None)


def _around(spec: str, zone: ZoneInfo, now: datetime, step: int) -> Iterator[datetime]:
    """Due moments one after the other in this direction, from a day before that of `now`: a clock that is put back at midnight takes
    the day back, too."""
    read = _read(spec)
    today = now.astimezone(zone).date()
    for number in range(-1, _REACH):
        day = today + timedelta(days=number * step)
        due = _due(read, zone, day) if read is not None and day.weekday() in read.weekdays else None
        if due is not None:
            yield due


def _read(spec: str) -> _Spec | None:
    found = _SPEC.fullmatch(spec)
    if found is None and spec != OFF:
        raise ValueError(f"no schedule: {spec!r}")
    if found is None:
        return None
    days = found[3] or ""
    named = days.split(",")
    if days not in _NAMED and not set(named) <= set(_DAYS):
        raise ValueError(f"no days of the week: {spec!r}")
    return _Spec(time(int(found[1]), int(found[2])), _NAMED.get(days) or frozenset(map(_DAYS.index, named)))


def _due(spec: _Spec, zone: ZoneInfo, day: date) -> datetime | None:
    wall = datetime.combine(day, spec.at, zone)
    first = wall.astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return first
    change = _change(zone, wall.replace(fold=1).astimezone(UTC), first)
    days = (change - timedelta(seconds=1), change)
    return change if day in [moment.astimezone(zone).date() for moment in days] else None


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The moment when the clock changes, between these two (PEP 495: a skipped time read with either offset lies on either side)."""
    offset = after.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after
