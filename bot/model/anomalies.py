"""Anomalies as their systems tell them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bot.model.findings import WEIGHT, Fact, Scale, Series


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """Which anomaly: the system's name and the system's own id, always text. Printed as `acme:1001`."""

    source: str
    id: str

    def __str__(self) -> str:
        return f"{self.source}:{self.id}"

    @classmethod
    def parse(cls, text: str, default_source: str = "") -> Ref:
        """Read `source:id`, split at the first colon: ids may have colons of their own; or a bare id of the default source, without one.
        Raises ValueError when there is nothing to read."""
        source, colon, ident = text.partition(":")
        if not colon:
            source, ident = default_source, text
        if not (source and ident):
            raise ValueError(f"not a reference: {text!r}")
        return cls(source, ident)


class State(StrEnum):
    """Where an anomaly stands, in the words all systems share; what nobody acknowledged is stored under its older word."""

    ACTIVE = "open"
    ACKNOWLEDGED = "acknowledged"
    ARCHIVED = "archived"


OVER = "Over"
"""How an anomaly is archived that its system closed by itself; never one of the ways that people choose."""


class Part(StrEnum):
    """What people make of an anomaly, of which a system may keep some and not other. A state goes with its outcome."""

    STATE = "state"
    OUTCOME = "outcome"
    ASSIGNEES = "assignees"


class Severity(StrEnum):
    """A word for the raw number; thresholds per source (`DESK_SEVERITY`)."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was found, a datastore or a container (table) for example: the system's id and name."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Person:
    """A user of an anomaly system."""

    source: str
    id: str
    name: str
    email: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A quality check that failed: its id, rule type, fields and the system's message."""

    id: str
    rule: str
    fields: tuple[str, ...] = ()
    message: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an anomaly stands, and with whom."""

    state: State
    status: str
    archived_as: str | None = None
    assignees: tuple[Person, ...] = ()


@dataclass(frozen=True, slots=True)
class Anomaly:
    """One anomaly as its system told it last. What a system does not tell keeps its default.

    `status` is the system's own word, `archived_as` the word of the way in which it was closed (`model.Closing`), `weight` its raw severity
    number (None: not given), `records` the number of anomalous rows (None where it counts none), `version` counts the visible changes seen
    by this desk (0: never stored). `undated`: the system gives no date that can be read, and `created` is when this desk saw it first (or
    reads it now, where it is not stored).

    `type` is the system's own word, `type_title` what it is called for people ("": the word itself). `weight` is a number on the `scale`.
    `facts` come in order of importance. `places` are all places around it, from the outermost to the innermost, where there are others
    than `datastore` and `container`, by which anomalies are filtered and counted. `merged_into` goes on in place of it. `deleted`: its
    system does not know it any more. `over`: since when it is closed there, by nobody but the system. `kept_here` are the parts that its
    system has no way to keep of this one, in the order of `Part`: the desk keeps them (`core.overlay`). `keepable` are those that its
    system keeps unless the desk was made to keep them in its place (`Outcome.ours`): then they are among `kept_here`, too, and `there` says
    how it stands in its system.
    """

    ref: Ref
    state: State
    status: str
    created: datetime
    archived_as: str | None = None
    type: str = ""
    description: str = ""
    severity: Severity | None = None
    weight: float | None = None
    records: int | None = None
    fingerprint: str = ""
    tags: tuple[str, ...] = ()
    assignees: tuple[Person, ...] = ()
    checks: tuple[Check, ...] = ()
    datastore: Place | None = None
    container: Place | None = None
    enriched: bool | None = None
    url: str = ""
    version: int = 0
    undated: bool = False
    scale: Scale = WEIGHT
    type_title: str = ""
    series: Series | None = None
    facts: tuple[Fact, ...] = ()
    places: tuple[Place, ...] = ()
    related: tuple[Ref, ...] = ()
    merged_into: Ref | None = None
    deleted: bool = False
    started: datetime | None = None
    ended: datetime | None = None
    over: datetime | None = None
    kept_here: tuple[Part, ...] = ()
    keepable: tuple[Part, ...] = ()
    there: Standing | None = None

    @property
    def where(self) -> tuple[Place, ...]:
        """The places around it, from the outermost to the innermost."""
        return self.places or tuple(place for place in (self.datastore, self.container) if place is not None)

    def dated_as(self, stored: Anomaly | None) -> Anomaly:
        """This anomaly with the dates that were stored before, where it brings none itself: of its creation, and since when it is over."""
        if stored is None:
            return self
        dated = replace(self, created=stored.created, undated=stored.undated) if self.undated else self
        if dated.over and stored.over and stored.over < dated.over:
            return replace(dated, over=stored.over)
        return dated


@dataclass(frozen=True, slots=True)
class Comment:
    """A remark on an anomaly in its system."""

    author: str
    text: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Contact:
    """A place that was looked at for the first time, and what was open there already."""

    place: Place
    already: frozenset[Ref]


@dataclass(slots=True)
class Opening:
    """All that is open when a system is met, page by page, so that nobody has to hold it; the `cursor` is there when they were read."""

    pages: AsyncIterator[Sequence[Anomaly]]
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a source has to say since a cursor.

    `anomalies` newest first; `cursor` is opaque to everybody else. `met` are places that no earlier cursor knew; `late` those anomalies
    that only looking through everything has found.
    """

    anomalies: Sequence[Anomaly]
    cursor: str
    met: Sequence[Contact] = ()
    late: frozenset[Ref] = frozenset()


@dataclass(frozen=True, slots=True)
class Reading:
    """Anomalies read again by id: those that were found, ids that do not exist any more, and those of which came what cannot be read: these
    stay as they are. Ids in none were not looked at."""

    found: Mapping[str, Anomaly]
    gone: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()
