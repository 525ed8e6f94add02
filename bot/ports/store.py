"""What is remembered of anomalies, messages and people, and how it is written."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bot import model


@dataclass(frozen=True, slots=True)
class Intent:
    """An action that was accepted but may not be finished: what a restart has to end. `key` is unique for ever; `sent` is None as long as
    it is certain that nothing was asked of the system."""

    key: str
    change: model.Change
    ref: model.Ref
    actor: str
    actor_name: str
    at: datetime
    channel: str = ""
    shown: Mapping[model.Ref, int] = field(default_factory=dict)
    sent: datetime | None = None


Note = Callable[[model.Anomaly, model.Anomaly], model.Entry | None]
"""(stored, seen now) -> a journal line for a change that was made elsewhere, or None."""


@dataclass(frozen=True, slots=True)
class Observation:
    """Anomalies of `source` as a request at `read_at` saw them, and all that follows from it.

    What is new is inserted: `reason` says why it was or was not announced, its `drafts` become cards. What is visibly different gets
    another version, a line from `note`, and its cards are corrected; what was closed and is open again gets its `drafts` where no card
    shows it. The `cursor` moves (None: it does not), `extra` cards are added, `entries` written. `own` is the intent whose work this is a
    part of.
    """

    source: str
    seen: Sequence[model.Anomaly]
    read_at: datetime
    now: datetime
    reason: model.Reason = model.Reason.WAITING
    cursor: str | None = None
    drafts: Mapping[model.Ref, Sequence[model.CardDraft]] = field(default_factory=dict)
    extra: Sequence[model.CardDraft] = ()
    note: Note | None = None
    entries: Sequence[model.Entry] = ()
    own: str = ""


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment that tells in the system who acted, to be left once. `asked` is None as long as it is certain that it is not there."""

    key: str
    ref: model.Ref
    text: str
    at: datetime
    asked: datetime | None = None
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """Our own change as it was read back: all that one transaction stores of it.

    `seen` are the anomalies of `source` as a request at `read_at` saw them: those that are not known stay so unless it is `adopting`.
    `entries` are the lines about what we did; `note` makes those about what turns out to be somebody else's doing. It closes `intent`, or
    settles `items` of the batch that is held by `lease`. `kept` is what we keep of anomalies from now on in place of their system, known
    or not. `given_back` are leases that end with it.
    """

    source: str
    seen: Sequence[model.Anomaly]
    read_at: datetime
    now: datetime
    entries: Sequence[model.Entry] = ()
    note: Note | None = None
    adopting: bool = False
    extra: Sequence[model.CardDraft] = ()
    remarks: Sequence[Remark] = ()
    intent: str = ""
    lease: model.Lease | None = None
    items: Sequence[model.Item] = ()
    kept: Sequence[model.Overlay] = ()
    given_back: Sequence[model.Lease] = ()


class Records(Protocol):
    """The one way to write down what we changed."""

    async def record(self, record: Record) -> bool:
        """Store all of it. False, and nothing stored, when the batch's lease has passed to somebody else or it does not run. Of an intent
        that somebody ended before only what was seen is stored: the lines, what is kept here and the comments are theirs."""
        ...


class Remarks(Protocol):
    """Comments that are not left yet. Leasable as kind "remarks"; methods with a Lease do nothing when it has passed to somebody else."""

    async def due(self, now: datetime, limit: int = 50) -> Sequence[Remark]:
        """Those to be left by now that nobody holds, the longest due first."""
        ...

    async def take(self, remark: Remark, now: datetime, seconds: float) -> model.Lease | None:
        """Row before call: own it, and from now on it may be there. None when somebody owns it, or has tried since it was read."""
        ...

    async def later(self, lease: model.Lease, until: datetime) -> bool:
        """Try again at that time."""
        ...

    async def settle(self, lease: model.Lease) -> bool:
        """It is there, or never will be: forget it, and give the lease back."""
        ...


class Anomalies(Protocol):
    """What is known of every anomaly."""

    async def get(self, refs: Sequence[model.Ref]) -> Mapping[model.Ref, model.Anomaly]: ...

    async def known(self, refs: Sequence[model.Ref]) -> frozenset[model.Ref]:
        """Which of these are tracked."""
        ...

    async def save(self, observation: Observation) -> model.Ingested:
        """Store it in one transaction. An observation older than what is stored is left out. So is what an action of ours is about at this
        moment, `own` excepted: what became of it is told by the record of that action.
        """
        ...

    async def newest(self, source: str, limit: int) -> Sequence[model.Anomaly]:
        """The newest that are not archived."""
        ...

    async def reason(self, ref: model.Ref) -> model.Reason | None:
        """Why it was or was not announced when it was first seen."""
        ...

    async def watched(self, source: str, limit: int, after: str = "") -> Mapping[str, datetime]:
        """Ids whose card is live and whose state is not archived, and when each was read last: clicked within the last hour first, then
        newest; `after` is an id of an earlier answer, to go on behind it."""
        ...

    async def read_longest_ago(self, source: str) -> datetime | None:
        """When the one of these was read that was read longest ago; None when there are none."""
        ...

    async def totals(self) -> Mapping[tuple[str, model.State], int]:
        """How many are tracked, by source and state."""
        ...


@dataclass(frozen=True, slots=True)
class Tally:
    """The members of a group card, counted: by state, by table, and by the name of their system, with the most first.

    `latest` joined when the card was already there, the last ones that did; `changed` are not any more what they were when they joined.
    Those that joined before this was remembered are in neither. `later` joined after the version of the card that was asked for: they are
    in nothing else. `severities` come worst first, `places` is the number of all tables, `critical` of the critical ones that are open,
    `worst` are at most ten of these.
    """

    total: int
    states: Mapping[model.State, int]
    tables: Sequence[tuple[str, int]]
    sample: Sequence[model.Anomaly]
    latest: int = 0
    changed: int = 0
    sources: Sequence[tuple[str, int]] = ()
    later: int = 0
    severities: Sequence[tuple[model.Severity | None, int]] = ()
    places: int = 0
    critical: int = 0
    worst: Sequence[model.Anomaly] = ()


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits: first posts, edits, cards held by their window, cards nobody could deliver; the age of the oldest in seconds.

    `errors` are the reasons why deliveries fail, with how many each holds up, `next_tries` when the first of them is tried again (none for
    what is not tried again). `plain` messages are shown in a simpler form than they should be.
    """

    posts: int = 0
    edits: int = 0
    waiting: int = 0
    lost: int = 0
    oldest_seconds: float = 0.0
    errors: Sequence[tuple[str, int]] = ()
    next_tries: Mapping[str, datetime] = field(default_factory=dict)
    plain: int = 0


class Shown(enum.IntEnum):
    """What a delivery came to: nothing, because the lease has passed to somebody else; a part of what is wanted by now; all of it."""

    LOST = 0
    PART = 1
    ALL = 2


class Cards(Protocol):
    """Every lasting message. Methods that take a Lease do nothing and return False when the lease has passed to somebody else."""

    async def waiting(self) -> Sequence[model.Card]:
        """Cards that nobody has decided about, oldest first."""
        ...

    async def windows(self) -> Mapping[str, model.Window]: ...

    async def decide(self, decision: model.Decision, now: datetime) -> None:
        """Carry out a decision in one transaction; cards that were decided in between are left alone."""
        ...

    async def due(
        self, now: datetime, *, posted: bool, channel: str = "", without: Sequence[str] = (), limit: int = 50
    ) -> Sequence[model.Card]:
        """Live cards that are due and not leased: first posts (oldest first) or edits (clicked first, then newest)."""
        ...

    async def due_channels(self, now: datetime) -> Sequence[str]:
        """Channels with first posts that are due, and in which nobody else posts."""
        ...

    async def get(self, card: str) -> model.Card | None: ...

    async def at(self, channel: str, ts: str) -> model.Card | None:
        """The card behind a message."""
        ...

    async def of(self, refs: Sequence[model.Ref]) -> Sequence[model.Card]:
        """All cards that show these anomalies, group cards too."""
        ...

    async def find(self, draft: model.CardDraft) -> model.Card | None:
        """The card of (kind, channel, key), None where there is none."""
        ...

    async def put(self, draft: model.CardDraft, now: datetime) -> model.Card:
        """The card of (kind, channel, key): made when missing, else given this payload and marked dirty when that is another one."""
        ...

    async def touch(self, cards: Sequence[str], now: datetime) -> None:
        """Mark dirty and due now, however old; a moment to come makes it due then, unless it is due before."""
        ...

    async def stir(self, card: str, at: datetime) -> None:
        """Mark a live card dirty without hurry: it is delivered at that moment or later; one that is due already stays due when it is."""
        ...

    async def adopt(self, draft: model.CardDraft, ts: str, now: datetime) -> model.Card:
        """Take over a message of ours that no row knows."""
        ...

    async def begin(self, lease: model.Lease, now: datetime) -> bool:
        """Row before call: a first post starts now."""
        ...

    async def delivered(
        self,
        lease: model.Lease,
        version: int,
        now: datetime,
        *,
        ts: str = "",
        reason: model.Reason | None = None,
        again: datetime | None = None,
    ) -> Shown:
        """Slack shows `version`; with `ts` it was the first post. The card stays due when `wanted` has moved on; else it is due `again`,
        where it is shown in a simpler form than it should be, and the lease is given back."""
        ...

    async def defer(self, lease: model.Lease, until: datetime, error: str, *, unsent: bool = True) -> bool:
        """Try again later; `unsent` when it is certain that nothing was posted."""
        ...

    async def end(self, lease: model.Lease, state: model.CardState, reason: model.Reason, error: str = "") -> bool:
        """No more deliveries until somebody touches it."""
        ...

    async def tally(self, card: str, sample: int = 5, *, version: int = 0, severity: str = "") -> Tally:
        """The members that a group card has, or had when it was of this version; of one severity those that are open."""
        ...

    async def members(
        self, card: str, *, offset: int = 0, limit: int = 10, version: int = 0, severity: str = ""
    ) -> Sequence[model.Anomaly]:
        """Some of them, newest first."""
        ...

    async def backlog(self, now: datetime) -> Backlog: ...


class Journal(Protocol):
    """Who did what, and what was accepted but is not finished."""

    async def begin(self, intent: Intent, now: datetime, seconds: float) -> Sequence[model.Lease]:
        """Record an accepted action, and own it for `seconds`, and its anomaly where nobody has it: a lease on the intent, and one on the
        anomaly. Nothing when this key was recorded before."""
        ...

    async def unfinished(self, now: datetime) -> Sequence[Intent]:
        """Intents that nobody holds and nobody finished, oldest first."""
        ...

    async def open(self, key: str) -> Intent | None:
        """The intent with that key as it is now; None when somebody has finished it."""
        ...

    async def under_way(self, ref: model.Ref, but: str) -> Intent | None:
        """The oldest unfinished intent about this anomaly, but for the one with that key."""
        ...

    async def sent(self, lease: model.Lease, change: model.Change, now: datetime) -> bool:
        """Row before call: from now on an intent may have been done, and `change` is what it comes to. False when the lease on it is lost,
        or somebody has finished it."""
        ...

    async def finish(self, key: str, entries: Sequence[model.Entry], now: datetime) -> None:
        """Close an intent that changed nothing, with its journal lines."""
        ...

    async def history(self, ref: model.Ref, limit: int = 20) -> Sequence[model.Entry]:
        """Newest first."""
        ...

    async def past(self, anomaly: model.Anomaly, now: datetime) -> model.Recurrence: ...

    async def repeats(self, anomaly: model.Anomaly, now: datetime) -> model.Repeats:
        """How often its fingerprint was seen lately, and how the others were closed."""
        ...

    async def closed(self, source: str, since: datetime, after: str, limit: int) -> Sequence[str]:
        """The ids of the anomalies that somebody closed after `since`, here or elsewhere, each once, in order from behind `after` on; some
        may be open again."""
        ...


class Identities(Protocol):
    """Which user of a system a Slack user is: one owner for each user of a system."""

    async def find(self, slack_ids: Sequence[str], source: str) -> Mapping[str, model.Person]:
        """The users of `source` behind these Slack users; who is not linked, or was replaced, is left out."""
        ...

    async def link(
        self,
        slack_id: str,
        person: model.Person,
        how: str,
        now: datetime,
        *,
        replacing: str = "",
        told: Sequence[model.CardDraft] = (),
    ) -> bool:
        """Make a Slack user the one owner of a system's user, in place of `replacing` ("" for nobody), with the messages about it in one
        transaction. False, and nothing is done, when somebody else owns that user meanwhile. `how` is "email" or "picked"."""
        ...

    async def unlink(self, slack_id: str, source: str) -> None: ...

    async def slack_id(self, person: model.Person) -> str:
        """The Slack user behind a system's user, "" when nobody knows."""
        ...
