"""Filters, parsed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from bot.model.anomalies import Anomaly, Severity


@dataclass(frozen=True, slots=True)
class Query:
    """A filter, parsed. Empty tuples and None mean "any". Commas in a word mean "or"; words together mean "and".

    `statuses` are the grammar's words (open, acknowledged, archived, resolved, duplicate, invalid, discarded, any);
    empty means not archived. `assignees` are as typed ("me", "none", `<@U1>`, a name or address) until people are looked up, then ids of
    the system's users or "none". `sort` is one of newest, oldest, weight. `limit` 0 means no limit. `others` are words that only some
    systems know (metric, direction, delta, duration, resolution), each with one value. `ago` says of `since` and `until` how many days
    before today that was when the filter was read: it is written back so, and means other days when it is read another day.
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
    ago: tuple[tuple[str, int], ...] = field(default=(), compare=False)


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
    """An answer to a query. `total` counts all that match, also those beyond the limit; None when the system does not say. With `as_of`
    it was found among what is known here since then, and read again from the system; without, the system itself was asked."""

    anomalies: Sequence[Anomaly]
    total: int | None
    as_of: datetime | None = None
