"""Looking through many at once: a page of a review, and the facts of a digest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.model.actions import Change
from bot.model.anomalies import Anomaly, Ref, Severity


@dataclass(frozen=True, slots=True)
class Scope:
    """What a review looks through: the members of a group card, or (`card` "") what matches a filter, as canonical text."""

    words: str = ""
    card: str = ""


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """A page of a review: at most ten anomalies from `offset` on, of `total` (None: nobody says); `picked` are the ids that are ticked, on
    this page and others. `notice` is why the filter that was typed last cannot be used."""

    scope: Scope
    anomalies: Sequence[Anomaly]
    total: int | None
    offset: int = 0
    picked: frozenset[str] = frozenset()
    channel: str = ""
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Reviewing:
    """What a review form says: `which` is picked, page or all; `shown` the ids of its page; `typed` the text of its filter field.

    `change` is the one action, None while none is chosen; `people` are Slack ids to be assigned with it.
    """

    scope: Scope
    source: str
    offset: int
    shown: tuple[str, ...]
    picked: frozenset[str]
    which: str
    typed: str
    change: Change | None
    people: tuple[str, ...] = ()
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Glance:
    """An anomaly in one line of a digest; `check` is the first that failed, in words."""

    ref: Ref
    version: int
    type: str
    table: str
    datastore: str
    severity: Severity | None
    created: datetime
    url: str = ""
    check: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """What one day brought: `opened` anomalies, of which `open` are not archived yet."""

    day: date
    opened: int
    open: int


@dataclass(frozen=True, slots=True)
class Noise:
    """A check, its table, and how many anomalies it raised within seven days."""

    check: str
    table: str
    count: int


@dataclass(frozen=True, slots=True)
class Digest:
    """How the queue stands: counts since the last digest, seven days, what waits longest, who has how much, which checks are noisiest.

    `words` is the filter as canonical text ("" = all). `open` includes the `unacknowledged`. `load` is by assignee, the most first;
    `unassigned` are those without. `read` is how many of the open ones the lists below the counts are made of: all, unless there are
    very many.
    """

    source: str
    words: str
    since: datetime
    until: datetime
    opened: int
    closed: int
    open: int
    unacknowledged: int
    days: Sequence[Day] = ()
    oldest: Sequence[Glance] = ()
    load: Sequence[tuple[str, int]] = ()
    unassigned: int = 0
    noise: Sequence[Noise] = ()
    read: int = 0
