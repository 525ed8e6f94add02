"""All that is known of one anomaly, for whoever looks at its details."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.model.actions import Entry
from bot.model.anomalies import Anomaly, Comment
from bot.model.evidence import NO_EVIDENCE, Evidence
from bot.model.sources import Capabilities
from bot.model.views import Recurrence


@dataclass(frozen=True, slots=True)
class Closed:
    """How others with the same fingerprint were closed: the last line of the journal about it (who, as what), and how many were so."""

    last: Entry
    count: int = 1


@dataclass(frozen=True, slots=True)
class Repeats:
    """What the store knows of anomalies with the same fingerprint, this one included: how many were `seen` within seven days, how many on
    each of the last `days` (the oldest first), and how the others of those seven days were closed. Nothing where it has no fingerprint."""

    seen: int = 1
    days: tuple[int, ...] = ()
    closed: tuple[Closed, ...] = ()


ONCE = Repeats()


@dataclass(frozen=True, slots=True)
class Details:
    """One anomaly as its system tells it now (or, where that does not know it any more, as it was seen last), the journal's lines about it
    (newest first; not all where there are more than `lines`), and what was said about it. `rows`: whoever asks may see its rows. `missing`
    are sentences about what could not be had."""

    anomaly: Anomaly
    capabilities: Capabilities
    past: Recurrence = field(default_factory=Recurrence)
    repeats: Repeats = ONCE
    entries: Sequence[Entry] = ()
    lines: int = 0
    comments: Sequence[Comment] = ()
    evidence: Evidence = NO_EVIDENCE
    rows: bool = False
    missing: Sequence[str] = ()
