"""What one process owns for a while, and which processes there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on some things of one kind for a while, fenced by its token. `until` is as the taker's clock tells it."""

    kind: str
    keys: tuple[str, ...]
    token: str
    until: datetime

    @property
    def key(self) -> str:
        """The only thing of a lease that is on one."""
        return self.keys[0]


@dataclass(frozen=True, slots=True)
class Crew:
    """The processes that are there at this moment, by role (run, web, worker). `since` when the first of them started; `ahead` is how far
    the database's clock is before the one that asked: nothing where the database has none of its own."""

    roles: Mapping[str, int] = field(default_factory=dict)
    since: datetime | None = None
    ahead: timedelta = timedelta(0)

    @property
    def working(self) -> int:
        """How many poll and post; one at least, which is the one that asks."""
        return max(1, sum(self.roles.get(role, 0) for role in ("run", "worker")))

    @property
    def all(self) -> int:
        """How many call the systems: any process does, and one is there at least."""
        return max(1, sum(self.roles.values()))

    @property
    def listening(self) -> int:
        """How many answer Slack."""
        return max(1, sum(self.roles.get(role, 0) for role in ("run", "web")))
