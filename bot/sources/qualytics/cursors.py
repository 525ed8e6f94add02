"""How far a list was read: for each datastore the newest anomaly, how many were open, which ones were seen within the overlap, which
datastores the list is known to cover, and how far the census of everything that is open has come.

A scan commits thousands of anomalies with nearly the same date of creation, in any order. So the ids seen lately are kept, by the minute
of their creation and as ranges: ten thousand of one scan are a few characters.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot import model

OVERLAP = timedelta(minutes=10)
"""Anomalies may appear this much later than their date of creation says."""

EVERYWHERE = ""
"""The key of the list that is not narrowed to one datastore."""


@dataclass(frozen=True, slots=True)
class Census:
    """How far everything that is open was looked through: `age` polls since it began, `page` is the last one that was read (0: it is
    over), `total` how many were open then."""

    age: int = 0
    page: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class ReadMark:
    """Known ground of one datastore. `seen` maps a minute (UTC, since 1970) to the ids created in it. `places` are the datastores that a
    list of everywhere is known to cover, None for all of them: nobody asked."""

    newest: datetime
    total: int = 0
    seen: Mapping[int, frozenset[str]] = field(default_factory=dict)
    places: frozenset[str] | None = None
    census: Census = Census()

    @property
    def ground(self) -> datetime:
        """Everything created at or before this was seen."""
        return self.newest - OVERLAP

    def knows(self, anomaly: model.Anomaly) -> bool:
        """Whether it was seen before, as far as a date can tell. One without says nothing about the list."""
        return anomaly.undated or anomaly.created <= self.ground or anomaly.ref.id in self.seen.get(minute(anomaly.created), frozenset())

    def advanced(self, anomalies: Sequence[model.Anomaly], total: int, now: datetime) -> ReadMark:
        """The mark after seeing these too. A date in the future does not move it, nor does one that the system did not tell."""
        told = [one for one in anomalies if not one.undated]
        newest = max((min(one.created, now) for one in told), default=self.newest)
        newest = max(newest, self.newest)
        seen = {at: set(ids) for at, ids in self.seen.items()}
        for one in told:
            seen.setdefault(minute(one.created), set()).add(one.ref.id)
        first = minute(newest - OVERLAP)
        return replace(self, newest=newest, total=total, seen={at: frozenset(ids) for at, ids in seen.items() if at >= first})

    def covers(self, datastore: str) -> bool:
        """Whether a datastore was looked at through this list before."""
        return self.places is None or datastore in self.places


def minute(when: datetime) -> int:
    """The minute of a time, since 1970."""
    return int(when.timestamp() // 60)


def start() -> ReadMark:
    """The mark of somebody who has seen nothing."""
    return ReadMark(datetime(1970, 1, 2, tzinfo=UTC))


def of(marks: Mapping[str, ReadMark], datastore: str) -> ReadMark | None:
    """Where to go on in a datastore; None where nobody has looked. What the list of everywhere covered was looked at through that."""
    everywhere = marks.get(EVERYWHERE)
    if datastore in marks or everywhere is None or not everywhere.covers(datastore):
        return marks.get(datastore)
    return replace(everywhere, total=0, places=None, census=Census())


def write(marks: Mapping[str, ReadMark]) -> str:
    """A cursor as text."""
    return json.dumps({key: _written(mark) for key, mark in marks.items()}, separators=(",", ":"))


def read(cursor: str) -> Mapping[str, ReadMark]:
    """Marks by datastore; a cursor that cannot be read counts as none: everything open is listed again."""
    try:
        stored = json.loads(cursor) if cursor else {}
        return {key: _mark(value) for key, value in stored.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _written(mark: ReadMark) -> Mapping[str, Any]:
    seen = {str(at): _ranges(ids) for at, ids in sorted(mark.seen.items())}
    places = {} if mark.places is None else {"places": sorted(mark.places)}
    census = [mark.census.age, mark.census.page, mark.census.total]
    return {"newest": mark.newest.isoformat(), "total": mark.total, "seen": seen, **places, "census": census}


def _mark(value: Any) -> ReadMark:
    """A stored mark; those of earlier releases tell neither places nor a census."""
    seen = {int(at): frozenset(_ids(ranges)) for at, ranges in value["seen"].items()}
    places = frozenset(value["places"]) if "places" in value else None
    census = Census(*(int(one) for one in value.get("census", ())))
    return ReadMark(datetime.fromisoformat(value["newest"]), int(value["total"]), seen, places, census)


def _ranges(ids: Iterable[str]) -> str:
    """`1,2,3,7,x` as `1-3,7,x`."""
    numbers = sorted(int(one) for one in ids if one.isdecimal())
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    others = sorted(f"={one}" for one in ids if not one.isdecimal())
    return ",".join([*(f"{low}-{high}" if low < high else str(low) for low, high in parts), *others])


def _ids(ranges: str) -> Iterable[str]:
    for part in ranges.split(",") if ranges else ():
        if part.startswith("="):
            yield part[1:]
            continue
        low, _, high = part.partition("-")
        yield from (str(number) for number in range(int(low), int(high or low) + 1))
