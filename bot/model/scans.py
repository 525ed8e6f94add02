"""Scans and their relatives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.model.anomalies import Place, Ref


class ScanResult(StrEnum):
    """How an operation stands; a warning is a success with a message (contracts 1.6)."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCESS = "success"
    WARNING = "warning"
    FAILURE = "failure"
    ABORTED = "aborted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """What to start on one datastore. `kind` is scan, sync, profile, materialize or export; `options` go as they are."""

    kind: str
    datastore: str
    tables: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scan:
    """An operation as its system tells it. Finished when `ended` is set, whatever `result` says.

    `tables` are the names of the containers that it is about, () where the system does not say; `started` is when it was asked for, until
    it runs.
    """

    source: str
    id: str
    kind: str
    result: ScanResult
    datastore: Place | None = None
    message: str = ""
    started: datetime | None = None
    ended: datetime | None = None
    tables_total: int | None = None
    tables_done: int | None = None
    records: int | None = None
    anomalies: int | None = None
    by: str = ""
    url: str = ""
    tables: tuple[str, ...] = ()


class OperationState(StrEnum):
    """Where an operation of this desk stands. A preview has started nothing; what starts or runs goes on after a restart."""

    PREVIEW = "preview"
    STARTING = "starting"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"


class Cause(StrEnum):
    """Why an operation could not start, or did not help; each has its sentence and its one-click fix (vendor's troubleshooting rows)."""

    DATASTORE_MISSING = "datastore_missing"
    TABLE_MISSING = "table_missing"
    """No such table: renamed, dropped, or not synced yet."""
    TABLE_AMBIGUOUS = "table_ambiguous"
    """Several tables differ in upper and lower case alone."""
    NO_TABLES = "no_tables"
    """The datastore has no tables: it was never synced."""
    TAG_MISSING = "tag_missing"
    TAG_NOWHERE = "tag_nowhere"
    """The tag exists, and is on no table of this datastore."""
    NO_CHECKS = "no_checks"
    """Nothing was found because no check is active on these tables."""
    NO_RIGHT = "no_right"
    REFUSED = "refused"
    """The system refused to start it, in its own words."""
    NOT_ALLOWED = "not_allowed"
    """Who asked for it may not do so any more: it was not started."""
    FAILED = "failed"
    VANISHED = "vanished"
    """The system does not know the operation any more."""
    GAVE_UP = "gave_up"
    """It did not end within the time that the desk follows an operation."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a request: `names` are the words as typed, `near` what may have been meant, `detail` the system's own
    words, `right` the missing right. `place` is None where not even the datastore is known."""

    cause: Cause
    place: Place | None = None
    names: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    detail: str = ""
    right: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How an operation ended, decided once.

    `problem` is the likely cause where there is one. `stopped` are the kinds of a chain that were not started because of it. `passes` says
    for the anomaly that was to be verified whether it passes now (None: nothing was verified, or nobody can say). `words` is the filter
    that finds what is open on its tables. `stands` is how the anomaly to be verified was closed by somebody while the operation ran, in
    the system's word, or `GONE`.
    """

    result: ScanResult
    problem: Problem | None = None
    stopped: tuple[str, ...] = ()
    passes: bool | None = None
    words: str = ""
    stands: str = ""


GONE = "gone"
"""How an anomaly stands that its system does not know any more."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation that this desk starts or follows; its row is there before the call.

    `request.tables` are names, `place` is the datastore. `plan` groups what one [Start] starts. `actor` is "" when somebody started it
    elsewhere (`scan.by` says who). `asked` is when a call that starts it was begun whose end nobody recorded: it is looked for before it is
    asked for again. `scan` is what the system told last, at `seen`; `look` is when it is looked at next, `misses` the looks in a row that
    got no answer. `then` are the kinds that follow when it succeeds, `step` of `steps` its place among them (1 of 1: alone).
    """

    id: str
    source: str
    request: ScanRequest
    place: Place
    channel: str
    state: OperationState
    created: datetime
    plan: str = ""
    actor: str = ""
    actor_name: str = ""
    confirmed: datetime | None = None
    asked: datetime | None = None
    scan: Scan | None = None
    seen: datetime | None = None
    look: datetime | None = None
    misses: int = 0
    ended: datetime | None = None
    verdict: Verdict | None = None
    then: tuple[str, ...] = ()
    step: int = 1
    steps: int = 1
    verifies: Ref | None = None
    aborted_by: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a request would start: previews that nobody confirmed yet, and what is wrong with the rest.

    `closes` counts by operation id the open anomalies that a full scan may resolve by itself. Where `problems` name what is near, the
    operations are those with the near names in place of the typed ones.
    """

    operations: Sequence[Operation]
    closes: Mapping[str, int] = field(default_factory=dict)
    problems: Sequence[Problem] = ()
