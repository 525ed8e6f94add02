"""What services answer and render shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.model.actions import Action, Change, Outcome
from bot.model.anomalies import Anomaly, ArchiveAs, Ref
from bot.model.cards import Reason, Route


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
