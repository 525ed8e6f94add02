"""The state of one fake tenant: anomalies with their comments, tokens, switches. It knows nothing of HTTP."""

from __future__ import annotations

import bisect
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox import revisions
from sandbox.autional import catalogue, odd, story, switches, tokens

ENDED = frozenset({"resolved", "false_positive", "dismissed"})
MOMENT = timedelta(milliseconds=1)
"""What tells the anomalies of one burst apart: times are milliseconds on the wire."""


def utc_now() -> datetime:
    """The real time; tests hand in their own clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Comment:
    """A remark. It cannot be edited or removed."""

    id: str
    author: str
    content: str
    created: datetime


@dataclass(slots=True, eq=False)
class Anomaly:
    """One anomaly. `odd` names a way of writing it wrongly (`odd.ODD`); `serial` orders those of one moment."""

    id: str
    serial: int
    type: str
    severity: str
    status: str
    description: str
    user_id: str
    detected: datetime
    created: datetime
    updated: datetime
    events: list[str]
    technique: str = ""
    assignee: str = ""
    case: str = ""
    resolved: datetime | None = None
    resolved_by: str = ""
    comments: list[Comment] = field(default_factory=list)
    odd: str = ""

    @property
    def key(self) -> tuple[datetime, int]:
        return (self.detected, self.serial)


class Tenant(revisions.Revised):
    """One tenant. `open_count` anomalies are open at the start; the same seed and clock give the same world."""

    def __init__(self, seed: int = 25, open_count: int = 12, clock: Callable[[], datetime] = utc_now) -> None:
        super().__init__()
        self.clock = clock
        self.modes = switches.ContractSwitches()
        self.tokens = tokens.Tokens()
        self.story = story.Story(seed)
        self.members = list(catalogue.MEMBERS)
        self.anomalies: dict[str, Anomaly] = {}
        self.shelf: list[Anomaly] = []
        """All of them, oldest first."""
        self._ids = random.Random(seed ^ 0x5EED)
        self._serial = self._arrived = 0
        self._due: list[tuple[datetime, int]] = []
        for draft in self.story.past(clock(), open_count):
            self._keep(draft)

    # --- new anomalies -----------------------------------------------------------------------------------------------

    def arrive(self, count: int = 1, **fields: Any) -> list[Anomaly]:
        """New anomalies, detected now unless `fields` (attributes of Anomaly) say otherwise."""
        now = self.clock()
        made = [self._keep(self.story.happening(now + i * MOMENT), **{"odd": self._odd(), **fields}) for i in range(count)]
        if made:
            self.touch()
        return made

    def _odd(self) -> str:
        """How the next arrival is written: every so-many-th in the next odd way."""
        self._arrived += 1
        often = self.modes.odd_every
        return odd.WORDS[(self._arrived // often - 1) % len(odd.WORDS)] if often and self._arrived % often == 0 else ""

    def detect_later(self, count: int) -> str:
        """Anomalies that a task will have found in a while; returns the task's id."""
        self._due.append((self.clock() + timedelta(seconds=self.modes.detect_seconds), count))
        return self.ident("tsk")

    def advance(self) -> None:
        """Bring the tasks up to now."""
        now = self.clock()
        ready, self._due = [count for at, count in self._due if at <= now], [(at, count) for at, count in self._due if at > now]
        for count in ready:
            self.arrive(count)

    def ident(self, kind: str) -> str:
        """A new id in the vendor's form."""
        return f"{kind}_{self._ids.getrandbits(48):012x}"

    def _keep(self, draft: story.Draft, **fields: Any) -> Anomaly:
        self._serial += 1
        values: dict[str, Any] = {
            "type": draft.kind.type,
            "severity": draft.severity,
            "status": draft.status,
            "description": draft.description,
            "user_id": draft.account.user_id,
            "detected": draft.detected,
            "technique": draft.kind.technique,
            "assignee": draft.assignee,
            "case": draft.case,
            "resolved": draft.ended,
            "resolved_by": draft.assignee if draft.ended else "",
            "events": [self.ident("audit") for _ in range(draft.events)],
            **fields,
        }
        values |= {"created": values["detected"], "updated": values["resolved"] or values["detected"]}
        anomaly = Anomaly(id=self.ident("ano"), serial=self._serial, **values)
        if draft.comment and draft.ended:
            anomaly.comments.append(Comment(self.ident("cmt"), draft.assignee, draft.comment, draft.ended))
        self.anomalies[anomaly.id] = anomaly
        bisect.insort(self.shelf, anomaly, key=_key)
        return anomaly

    # --- changes -----------------------------------------------------------------------------------------------------

    def set_status(self, anomaly: Anomaly, status: str, by: str, assignee: str | None = None) -> None:
        """A new status, and with `assignee` who works on it; an end is kept with who and when."""
        now = self.clock()
        ended = status in ENDED
        if ended != (anomaly.status in ENDED) or (ended and status != anomaly.status):
            anomaly.resolved, anomaly.resolved_by = (now, by) if ended else (None, "")
        self.change(anomaly, status=status, **({} if assignee is None else {"assignee": assignee}))

    def comment(self, anomaly: Anomaly, author: str, content: str) -> Comment:
        made = Comment(self.ident("cmt"), author, content, self.clock())
        self.change(anomaly, comments=[*anomaly.comments, made])
        return made

    def change(self, anomaly: Anomaly, **fields: Any) -> None:
        """Set attributes."""
        self._unshelve(anomaly)
        for name, value in fields.items():
            setattr(anomaly, name, value)
        anomaly.updated = self.clock()
        bisect.insort(self.shelf, anomaly, key=_key)
        self.touch()

    def erase(self, anomaly: Anomaly) -> None:
        """It is gone, as after the end of its retention; no call of the service does that."""
        self._unshelve(anomaly)
        del self.anomalies[anomaly.id]
        self.touch()

    def _unshelve(self, anomaly: Anomaly) -> None:
        del self.shelf[bisect.bisect_left(self.shelf, anomaly.key, key=_key)]

    # --- looking -----------------------------------------------------------------------------------------------------

    def newest(self) -> Iterable[Anomaly]:
        """All of them, newest first."""
        return reversed(self.shelf)


def _key(anomaly: Anomaly) -> tuple[datetime, int]:
    return anomaly.key
