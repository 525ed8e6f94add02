"""The words that all rooms share: frozen values, no behaviour beyond reading themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

Block = dict[str, Any]
"""One Block Kit block as a plain dict (SDK classes drop new blocks; slack-platform section 5)."""


# --- anomalies ----------------------------------------------------------------------------------------------------


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
    anomalous rows (None for shape anomalies), `version` counts the visible changes seen by this desk (0: never stored).
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


@dataclass(frozen=True, slots=True)
class Comment:
    """A remark on an anomaly in its system."""

    author: str
    text: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Changes:
    """What a source has to say since a cursor.

    `anomalies` newest first; `cursor` is opaque to everybody else; `complete` is False when a page budget ended early.
    """

    anomalies: Sequence[Anomaly]
    cursor: str
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Reading:
    """Anomalies read again by id: those that were found, and ids that do not exist any more. Ids in neither were not looked at."""

    found: Mapping[str, Anomaly]
    gone: frozenset[str] = frozenset()


# --- actions ------------------------------------------------------------------------------------------------------


class Action(StrEnum):
    """What a person can do. The values are the words of `DESK_PERMISSIONS` and of `Source.supports`."""

    ACKNOWLEDGE = "acknowledge"
    UNACKNOWLEDGE = "unacknowledge"
    ASSIGN = "assign"
    ARCHIVE = "archive"
    REOPEN = "reopen"
    COMMENT = "comment"
    TAG = "tag"
    DESCRIBE = "describe"
    DELETE = "delete"
    SCAN = "scan"
    ABORT = "abort"
    BROWSE = "browse"


@dataclass(frozen=True, slots=True)
class Change:
    """One action with everything it carries.

    `assignees` are ids of the system's users: None leaves them, () clears them, anything else replaces them.
    """

    action: Action
    archive_as: ArchiveAs | None = None
    assignees: tuple[str, ...] | None = None
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    description: str | None = None
    comment: str = ""


class Result(StrEnum):
    """What became of one anomaly of an action."""

    DONE = "done"
    ALREADY = "already"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One anomaly of an action: what became of it, and why it was refused, in words for people.

    `right` and `place` name a missing right and its datastore when that was the reason; `by` is the journal's newest line where somebody
    else was faster.
    """

    ref: Ref
    result: Result
    reason: str = ""
    right: str = ""
    place: str = ""
    by: Entry | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, as Slack told it for this very request (slack-platform section 14)."""

    id: str
    name: str
    email: str = ""
    tz: str = "UTC"
    is_bot: bool = False
    is_guest: bool = False
    is_outsider: bool = False
    is_deleted: bool = False
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the journal: who did what to which anomaly, when, and what became of it.

    `via` is "slack", or the source's title for what somebody did there; `actor` is a Slack user id or "".
    """

    ref: Ref
    action: str
    at: datetime
    actor: str = ""
    actor_name: str = ""
    via: str = "slack"
    before: str = ""
    after: str = ""
    result: Result = Result.DONE
    detail: str = ""


# --- queries ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Query:
    """A filter, parsed. Empty tuples and None mean "any". Commas in a word mean "or"; words together mean "and".

    `statuses` are the grammar's words (open, acknowledged, archived, resolved, duplicate, invalid, discarded, any);
    empty means not archived. `assignees` are as typed ("me", "none", `<@U1>`, a name or address) until people are looked up, then ids of
    the system's users or "none". `sort` is one of newest, oldest, weight. `limit` 0 means no limit. `others` are words that only some
    systems know (metric, direction, delta, duration, resolution), each with one value.
    """

    source: str = ""
    ids: tuple[str, ...] = ()
    datastores: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    severities: tuple[Severity, ...] = ()
    min_weight: float | None = None
    since: date | None = None
    until: date | None = None
    assignees: tuple[str, ...] = ()
    enriched: bool | None = None
    fingerprint: str = ""
    text: str = ""
    sort: str = "newest"
    limit: int = 0
    others: tuple[tuple[str, str], ...] = ()


class Handling(StrEnum):
    """Where a filter word is applied."""

    SENT = "sent to the system"
    HERE = "applied here"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Word:
    """How a source treats one filter word; `because` explains a refusal."""

    handling: Handling
    because: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """An answer to a query. `total` counts all that match, also those beyond the limit; None when the system does not say."""

    anomalies: Sequence[Anomaly]
    total: int | None


# --- operations (scans and their relatives) -------------------------------------------------------------------------


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
    """An operation as its system tells it. Finished when `ended` is set, whatever `result` says."""

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


@dataclass(frozen=True, slots=True)
class Push:
    """What an inbound webhook of a system says: which anomalies it is about, as far as it tells."""

    refs: tuple[Ref, ...] = ()


# --- messages and cards ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Message:
    """What Slack shows. `text` is a full sentence: screen readers and notifications read only that."""

    text: str
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """Where new anomalies go: a channel, a filter, and its pace."""

    id: str
    channel: str
    query: Query = field(default_factory=Query)
    burst: int = 5
    wait_seconds: float = 10.0


class CardKind(StrEnum):
    """The kinds of lasting messages (design section 4)."""

    ANOMALY = "anomaly"
    GROUP = "group"
    SCAN = "scan"
    BATCH = "batch"
    DIGEST = "digest"
    BOARD = "board"
    REPORT = "report"


class CardState(StrEnum):
    """Where a lasting message stands."""

    WAITING = "waiting"
    """Nobody has decided yet whether it is posted alone, folded into a group, or not at all."""
    LIVE = "live"
    """It is to be seen in Slack: posted, or about to be."""
    FOLDED = "folded"
    """A group card shows it."""
    LOST = "lost"
    """Nobody knows whether Slack has it, and it cannot be looked up: never posted again."""
    GONE = "gone"
    """Deleted in Slack, or its channel is gone."""


class Reason(StrEnum):
    """Why a message was posted, edited, folded, held or left out; stored, and told by `/anomalies why`."""

    FIRST_CONTACT = "first_contact"
    NO_ROUTE = "no_route"
    LEADING = "leading"
    WAITING = "waiting"
    AFTER_WAIT = "after_wait"
    BURST = "burst"
    JOINED_GROUP = "joined_group"
    CLOSED_BEFORE_POST = "closed_before_post"
    ADOPTED = "adopted"
    REPORT = "report"
    RECONCILED = "reconciled"
    UNVERIFIABLE = "unverifiable"
    CHANNEL_GONE = "channel_gone"
    MESSAGE_GONE = "message_gone"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class CardDraft:
    """A lasting message that is wanted: one live message per (kind, channel, key)."""

    kind: CardKind
    channel: str
    key: str
    route: str = ""
    ref: Ref | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)
    state: CardState = CardState.WAITING
    reason: Reason = Reason.WAITING


@dataclass(frozen=True, slots=True)
class Card:
    """A lasting message: a row before the call to Slack, with `ts` after it.

    `wanted` counts the reasons to show something new, `delivered` is the count that Slack shows. `due` is when it may be delivered next
    (None: nothing to do). `posting` is when a first post was begun whose end nobody recorded: it is ambiguous until looked up.
    """

    id: str
    kind: CardKind
    channel: str
    key: str
    state: CardState
    reason: Reason
    created: datetime
    route: str = ""
    ref: Ref | None = None
    ts: str = ""
    wanted: int = 1
    delivered: int = 0
    due: datetime | None = None
    posting: datetime | None = None
    posted: datetime | None = None
    tries: int = 0
    error: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Window:
    """A route's pace: when its window opened, when it closes, how many were announced in it, the group card that still takes in more.

    `group` is the id of that card ("" when there is none): the store fills it in when a `Decision.group` was made. `grouped` is when
    the group card was made and `joined` when it last took somebody in.
    """

    route: str
    opened: datetime
    closes: datetime
    posted: int = 0
    group: str = ""
    grouped: datetime | None = None
    joined: datetime | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What grouping decided for waiting cards of one route: which are posted alone, which are folded into which card.

    `window` is the route's window from now on. `fold` goes into the new card `group` (reason BURST), or else into the card with the id
    `join` (reason JOINED_GROUP).
    """

    route: str
    window: Window | None
    post: tuple[str, ...] = ()
    post_reason: Reason = Reason.LEADING
    fold: tuple[str, ...] = ()
    group: CardDraft | None = None
    join: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to write one row for a while, fenced by its token."""

    table: str
    key: str
    token: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Saved:
    """What a save changed: refs never seen before, and refs whose visible content is another now."""

    new: Sequence[Ref]
    changed: Sequence[Ref]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a source stands: `failing_since` is None while it answers; times are UTC."""

    source: str
    cursor: str = ""
    contacted: datetime | None = None
    last_ok: datetime | None = None
    failing_since: datetime | None = None
    failures: int = 0
    error: str = ""
    next_poll: datetime | None = None
    watch_mark: str = ""


@dataclass(frozen=True, slots=True)
class Past:
    """What the store knows of earlier anomalies with the same fingerprint, and of this one.

    `seen` counts them within seven days, this one included; `archived_before` is the last earlier closing; `last` the newest thing
    that was done to this very anomaly.
    """

    seen: int = 1
    archived_before: Entry | None = None
    last: Entry | None = None


# --- batches: one change to many anomalies ---------------------------------------------------------------------------


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
    """The parts of an anomaly that a change can touch, so that drift can be seen and an undo can restore them."""

    state: State
    status: str
    archived_as: ArchiveAs | None = None
    assignees: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    description: str = ""


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
    """Items with the same fate for the same reason: how many, and the first few."""

    fate: Fate
    reason: str
    right: str
    place: str
    count: int
    refs: tuple[Ref, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is: counts by fate, and why not, the most frequent reason first."""

    counts: Mapping[Fate, int]
    refusals: Sequence[Refusals] = ()


@dataclass(frozen=True, slots=True)
class Split:
    """What a batch selects, counted: by datastore, by table and by status, the most first; five samples."""

    places: Sequence[tuple[str, int]]
    tables: Sequence[tuple[str, int]]
    statuses: Sequence[tuple[str, int]]
    sample: Sequence[Anomaly] = ()


# --- answers that services give and render shows ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Offer:
    """What a source lets people do, as far as a card has to know: its title, the actions that exist, the outcomes of closing."""

    title: str
    supports: frozenset[Action]
    archive_as: tuple[ArchiveAs, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an action did: one outcome per anomaly, the anomalies as read back, and remarks for the actor in full sentences."""

    change: Change
    outcomes: Sequence[Outcome]
    after: Mapping[Ref, Anomaly]
    remarks: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of an answer to a filter. `words` is the filter as canonical text, `total` None when nobody can say."""

    words: str
    anomalies: Sequence[Anomaly]
    total: int | None
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision about one anomaly, for `/anomalies why`: `channel` "" when none was involved, `route` whose numbers decided."""

    reason: Reason
    at: datetime | None
    channel: str = ""
    detail: str = ""
    route: Route | None = None
