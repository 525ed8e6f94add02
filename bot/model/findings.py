"""What a system tells of an anomaly besides where it stands: its score, its series, its facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Scale:
    """What a raw severity number is called by its system, and the most that it can be (None: it has no end)."""

    name: str
    most: float | None = None


WEIGHT = Scale("weight")
"""The scale of whatever was stored before a scale was told."""


class Direction(StrEnum):
    """Where a metric went."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Series:
    """A metric that left what was expected of it. `delta` and `percent` say by how much, `start` and `end` for how long (no end: it goes
    on), `resolution` in which steps it is measured, in the system's own word, `ident` by what its system knows the metric. None and "" are
    what the system does not tell."""

    metric: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    delta: float | None = None
    percent: float | None = None
    direction: Direction | None = None
    start: datetime | None = None
    end: datetime | None = None
    resolution: str = ""
    unit: str = ""
    ident: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """A value of a metric, and the range in which it was expected at that time (None: nobody says)."""

    at: datetime
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened around an anomaly, as its system tells it."""

    what: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that a system knows about an anomaly, as a card tells it; `link` is a web page about it, "" for none, `at` the time that
    it tells, each reader's own. `more` is for whoever asks for details: no card has room for it."""

    label: str
    value: str
    link: str = ""
    at: datetime | None = None
    more: tuple[str, ...] = ()
