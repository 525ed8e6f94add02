"""One change to many anomalies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.model.actions import Change
from bot.model.anomalies import Anomaly, Ref, Severity, State
from bot.model.sources import Capabilities


class BatchState(StrEnum):
    """Where a batch stands. A preview has changed nothing; what runs goes on after a restart."""

    PREVIEW = "preview"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"


class Fate(StrEnum):
    """What became of one anomaly of a batch."""

    TODO = "todo"
    SENT = "sent"
    """Row before call: asked for, and nobody has recorded what came of it. It is read before anything is sent again."""
    DONE = "done"
    ALREADY = "already"
    REFUSED = "refused"
    DRIFTED = "drifted"
    """Somebody changed it between the preview and its turn: left alone."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The parts of an anomaly that a change can touch, so that drift can be seen and an undo can restore them. `severity` is none of them:
    it is remembered so that a receipt can say how bad they were."""

    state: State
    status: str
    archived_as: str | None = None
    assignees: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    description: str = ""
    severity: Severity | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Item:
    """One anomaly of a batch. `change` overrides the batch's (reassign, undo); `after` is set when it was done; `place` and `table` are the
    names of its datastore and container; `right` is a missing right ("Editor") when that is why it was refused."""

    ref: Ref
    before: Snapshot
    fate: Fate = Fate.TODO
    change: Change | None = None
    after: Snapshot | None = None
    reason: str = ""
    right: str = ""
    place: str = ""
    table: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """One change to a frozen set. `words` is the selection as typed, `channel` where it was asked for; `undo_of` is the batch that this one
    takes back, `undone_by` the one that took this one back. `confirmed` and `finished` are None until it is."""

    id: str
    source: str
    change: Change
    words: str
    actor: str
    actor_name: str
    channel: str
    state: BatchState
    created: datetime
    total: int
    confirmed: datetime | None = None
    finished: datetime | None = None
    undo_of: str = ""
    undone_by: str = ""


@dataclass(frozen=True, slots=True)
class Refusals:
    """Items with the same fate for the same reason: how many, and the first few. `places` are where the right is missing, those with the
    most of them first; () where none is."""

    fate: Fate
    reason: str
    right: str
    places: tuple[str, ...]
    count: int
    refs: tuple[Ref, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is: counts by fate, and why not, the most frequent reason first."""

    counts: Mapping[Fate, int]
    refusals: Sequence[Refusals] = ()


@dataclass(frozen=True, slots=True)
class Split:
    """What a batch would change, counted, the most first: by datastore, by table ("" for none), by status (nothing where none differ in
    theirs), by severity (the worst first), by system and by assignees ("" for nobody); the worst as samples.

    `others` are assigned, and not to the one who asks; `acknowledged` are open and were acknowledged. `placed` are the systems that have
    datastores or tables: the anomalies of the others are not among those that are counted by them.
    """

    places: Sequence[tuple[str, int]] = ()
    tables: Sequence[tuple[str, int]] = ()
    statuses: Sequence[tuple[str, int]] = ()
    sample: Sequence[Anomaly] = ()
    severities: Sequence[tuple[Severity | None, int]] = ()
    systems: Sequence[tuple[str, int]] = ()
    assignees: Sequence[tuple[str, int]] = ()
    others: int = 0
    acknowledged: int = 0
    placed: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Afterwards:
    """What became of those that a batch changed, counted: by severity (those without one, and those of which nobody wrote it down, not at
    all), and by the word for how the batch left them."""

    severities: Sequence[tuple[Severity, int]] = ()
    statuses: Sequence[tuple[str, int]] = ()


@dataclass(frozen=True, slots=True)
class BatchView:
    """A batch, and what its messages tell of it.

    `systems`: what each of its systems lets people do, by name. `shares`: what became of the items of each, where there are several.
    `undoable`: it can be taken back now. `names` of the people whom it assigns or whom its words mention, by their ids. `back` takes
    it back, or has done so.
    """

    batch: Batch
    progress: Progress
    systems: Mapping[str, Capabilities]
    undoable: bool = False
    names: Mapping[str, str] = field(default_factory=dict)
    shares: Mapping[str, Mapping[Fate, int]] = field(default_factory=dict)
    done: Afterwards = Afterwards()
    back: BatchView | None = None
