"""Anomalies as their systems tell them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """Which anomaly: the system's name and the system's own id, always text. Printed as `qualytics:1001`."""

    source: str
    id: str

    def __str__(self) -> str:
        return f"{self.source}:{self.id}"

    @classmethod
    def parse(cls, text: str, default_source: str = "") -> Ref:
        """Read `source:id`, or a bare id of the default source. Raises ValueError when there is nothing to read."""
        source, _, ident = text.rpartition(":")
        if not ident or not (source or default_source):
            raise ValueError(f"not a reference: {text!r}")
        return cls(source or default_source, ident)


class State(StrEnum):
    """Where an anomaly stands, in the words all systems share."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    ARCHIVED = "archived"


class ArchiveAs(StrEnum):
    """Why an anomaly was closed (Qualytics archive statuses, contracts 1.5)."""

    RESOLVED = "Resolved"
    DUPLICATE = "Duplicate"
    INVALID = "Invalid"
    DISCARDED = "Discarded"


class Severity(StrEnum):
    """A word for the raw number; thresholds per source (`DESK_SEVERITY`)."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Place:
    """A datastore or a container (table): the system's id and name."""

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
class Anomaly:
    """One anomaly as its system told it last.

    `status` is the system's own word, `weight` its raw severity number (None: not given), `records` the number of
    anomalous rows (None for shape anomalies), `version` counts the visible changes seen by this desk (0: never stored). `undated`: the
    system gives no date that can be read, and `created` is when this desk saw it first (or reads it now, where it is not stored).
    """

    ref: Ref
    state: State
    status: str
    created: datetime
    archived_as: ArchiveAs | None = None
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

    def dated_as(self, stored: Anomaly | None) -> Anomaly:
        """This anomaly with the date that was stored before, where it brings none itself."""
        if not self.undated or stored is None:
            return self
        return replace(self, created=stored.created, undated=stored.undated)


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
    """Anomalies read again by id: those that were found, and ids that do not exist any more. Ids in neither were not looked at."""

    found: Mapping[str, Anomaly]
    gone: frozenset[str] = frozenset()
