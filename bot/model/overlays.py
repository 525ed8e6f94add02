"""What a system cannot keep of an anomaly, and the desk keeps in its place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.model.anomalies import Person, Ref, State


@dataclass(frozen=True, slots=True)
class Overlay:
    """What people made of one anomaly, as far as its system does not keep it; None where nobody said anything. `actor` is the Slack user
    who said so last, and when."""

    ref: Ref
    state: State | None = None
    outcome: str | None = None
    assignees: tuple[Person, ...] | None = None
    snoozed_until: datetime | None = None
    actor: str = ""
    at: datetime | None = None

    @property
    def empty(self) -> bool:
        """Whether it says nothing."""
        return self.state is None and self.outcome is None and not self.assignees and self.snoozed_until is None


@dataclass(frozen=True, slots=True)
class Kept:
    """So many anomalies of which the same is kept, and that stand alike. `stored` is where they stand with what is kept; `over` says
    whether their system closed them by itself; `there` where they stand in their system, which keeps that itself (None: it does not)."""

    state: State | None
    outcome: str | None
    stored: State
    over: bool
    count: int
    there: State | None = None
