"""What services and the store answer and render shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.model.actions import Change, Entry, Outcome
from bot.model.anomalies import Anomaly, Ref
from bot.model.cards import Reason, Route
from bot.model.queries import Unheard
from bot.model.sources import Capabilities


@dataclass(frozen=True, slots=True)
class Ingested:
    """What a save changed: refs never seen before, and refs whose visible content is another now."""

    new: Sequence[Ref]
    changed: Sequence[Ref]


@dataclass(frozen=True, slots=True)
class Recurrence:
    """What the store knows of earlier anomalies with the same fingerprint, and of this one.

    `seen` counts them within seven days, this one included; `archived_before` is the last earlier closing; `last` the newest thing
    that was done to this very anomaly. `lines` are the newest things that were, the last one first: not all of very many. `first` says
    that the store knows of no other one like it, ever; without a fingerprint nobody can say. `days` counts the same seven days one by one,
    the newest last.
    """

    seen: int = 1
    archived_before: Entry | None = None
    last: Entry | None = None
    lines: Sequence[Entry] = ()
    first: bool = False
    days: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an action did: one outcome per anomaly, the anomalies as read back, and remarks for the actor in full sentences. `shown`: the
    message that was clicked tells it already, or is just being edited."""

    change: Change
    outcomes: Sequence[Outcome]
    after: Mapping[Ref, Anomaly]
    remarks: Sequence[str] = ()
    shown: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of an answer to a filter. `words` is the filter as canonical text, `total` None when nobody can say. Where several systems
    were asked, `totals` are by their titles, and `unheard` are those whose anomalies are not in it. `as_of` as of `Answer`.
    `capabilities_of` is what the systems of its anomalies let people do, by their names. `later` joined a group card after it was seen.
    `limit` is how many were asked for at most (0: all); `total` counts what it leaves out, too. `names` are those of the Slack users whom
    `words` mention, by their ids."""

    words: str
    anomalies: Sequence[Anomaly]
    total: int | None
    offset: int = 0
    totals: Sequence[tuple[str, int | None]] = ()
    unheard: Sequence[Unheard] = ()
    as_of: datetime | None = None
    capabilities_of: Mapping[str, Capabilities] = field(default_factory=dict)
    later: int = 0
    limit: int = 0
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Explanation:
    """One decision about one anomaly, for `/anomalies why`: `channel` "" when none was involved, `route` whose numbers decided."""

    reason: Reason
    at: datetime | None
    channel: str = ""
    detail: str = ""
    route: Route | None = None
