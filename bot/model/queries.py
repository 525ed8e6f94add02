"""Filters, parsed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from bot.model.anomalies import Anomaly, Severity


@dataclass(frozen=True, slots=True)
class Query:
    """A filter, parsed. Empty tuples and None mean "any". Commas in a word mean "or"; words together mean "and".

    `statuses` are the grammar's words (active, acknowledged, archived, resolved, duplicate, invalid, discarded, any); empty means open: not
    archived. `assignees` are as typed ("me", "none", `<@U1>`, a name or address) until people are looked up, then ids of the system's users
    or "none". `sort` is one of newest, oldest, weight; "" leaves it to whoever answers. `limit` 0 means no limit. `others` are words of
    single systems, each with a kept text (`OwnWord`). `ago` says of `since` and `until` how many days before today that was when the filter
    was read: it is written back so, and means other days when it is read another day.
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
    sort: str = ""
    limit: int = 0
    others: tuple[tuple[str, str], ...] = ()
    ago: tuple[tuple[str, int], ...] = field(default=(), compare=False)


class Handling(StrEnum):
    """Where a filter word is applied."""

    SENT = "sent to the system"
    HERE = "applied here"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Word:
    """How a source treats one filter word; `because` explains a refusal, `values` are all that it takes (() where they are not known)."""

    handling: Handling
    because: str = ""
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OwnWord:
    """A filter word that belongs to one system: `read` makes the kept text of a typed value and raises ValueError with a sentence for
    people; what it kept, it reads as the same. `matches` compares a kept text with an anomaly, None where only the system can. With `many`,
    commas mean "or". With `people` a kept text may name somebody of Slack, as `<@U1>` or `@me`: the system gets `@` and their id there."""

    name: str
    example: str
    about: str
    read: Callable[[str], str]
    matches: Callable[[str, Anomaly], bool] | None = None
    aliases: tuple[str, ...] = ()
    many: bool = False
    people: bool = False


@dataclass(frozen=True, slots=True)
class Idents:
    """How a system names its anomalies: a pattern that its ids fit as a whole ("": as ids usually look); the hosts of its web pages, with
    the port where there is one; a pattern for what follows the host in a link to an anomaly, whose one group is the id; and an id that
    hints may show."""

    form: str = ""
    hosts: tuple[str, ...] = ()
    path: str = r"/(?:[^\s?#<>|\"]*/)?anomalies/([A-Za-z0-9][A-Za-z0-9._:-]{0,199})"
    example: str = "1001"


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """What people know from a system's own command line: the name of the program, and the words here for its options ("": what follows
    stands alone; "-": no word, and what follows belongs to it; "--": no word), of what changes anomalies and of operations."""

    program: str = ""
    flags: Mapping[str, str] = field(default_factory=dict)
    scan_flags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """An answer to a query. `total` counts all that match, also those beyond the limit; None when the system does not say. With `as_of`
    it was found among what is known here since then, and read again from the system; without, the system itself was asked."""

    anomalies: Sequence[Anomaly]
    total: int | None
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class Unheard:
    """A system whose anomalies are not in an answer, and why: it is `down`, or this filter (or this change) is not for it."""

    source: str
    title: str
    why: str
    down: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What several systems answered together, in one order. `totals` are by the titles of those that answered, None where one does not say;
    `unheard` are the others. `as_of` as of `Found`, the earliest."""

    anomalies: Sequence[Anomaly]
    totals: Sequence[tuple[str, int | None]]
    unheard: Sequence[Unheard] = ()
    as_of: datetime | None = None

    @property
    def total(self) -> int | None:
        """All that match; None when one system does not say."""
        counts = [count for _, count in self.totals if count is not None]
        return sum(counts) if len(counts) == len(self.totals) else None
