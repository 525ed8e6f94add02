"""The facts of a digest: counts, days, lines, noisy checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.model.anomalies import Ref, Severity
from bot.model.queries import Unheard


@dataclass(frozen=True, slots=True)
class DigestLine:
    """An anomaly in one line of a digest. `title` and `evidence` are in the words of its card; digests of earlier releases have `check`,
    the first that failed, in their place."""

    ref: Ref
    version: int
    type: str
    table: str
    datastore: str
    severity: Severity | None
    created: datetime
    url: str = ""
    check: str = ""
    title: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Unread:
    """How many of a severity (None: none was given) nobody has acknowledged, and when the oldest of them was created."""

    severity: Severity | None
    count: int
    since: datetime


@dataclass(frozen=True, slots=True)
class DigestDay:
    """What one day brought: `opened` anomalies, of which `open` are not archived yet."""

    day: date
    opened: int
    open: int


@dataclass(frozen=True, slots=True)
class NoisyCheck:
    """A check, its table, and how many anomalies it raised within seven days."""

    check: str
    table: str
    count: int


@dataclass(frozen=True, slots=True)
class Digest:
    """How the queue stands: counts since the last digest, seven days, what waits longest, who has how much, which checks are noisiest.

    `words` is the filter as canonical text ("" = all). `open` includes the `unacknowledged`; `unread` are these by severity, the worst
    first (() in digests of earlier releases), and `oldest` are some of them, by severity and age. `load` is by assignee, the most first;
    `unassigned` are those without. `read` is how many of the open ones the lists below the counts are made of: all, unless there are
    very many. `source` is "" for a digest of several systems; `systems` are their titles with how many are open in each, `unheard` those
    that are not in it.
    """

    source: str
    words: str
    since: datetime
    until: datetime
    opened: int
    closed: int
    open: int
    unacknowledged: int
    days: Sequence[DigestDay] = ()
    oldest: Sequence[DigestLine] = ()
    load: Sequence[tuple[str, int]] = ()
    unassigned: int = 0
    noise: Sequence[NoisyCheck] = ()
    read: int = 0
    systems: Sequence[tuple[str, int]] = ()
    unheard: Sequence[Unheard] = ()
    unread: Sequence[Unread] = ()
