"""The state of one fake Qualytics deployment: anomalies, comments, operations, tokens, switches. It knows nothing of HTTP."""

from __future__ import annotations

import bisect
import random
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox import acme, revisions
from sandbox.qualytics import catalogue, story, switches, tokens

OPEN = ("Active", "Acknowledged")
CLOSED = ("Resolved", "Invalid", "Duplicate", "Discarded")
FIRST_ANOMALY = 1001
FIRST_OPERATION = 3001


def utc_now() -> datetime:
    """The real time; tests hand in their own clock."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Comment:
    """A remark on an anomaly."""

    id: int
    anomaly: int
    user: int
    message: str
    created: datetime


@dataclass(slots=True, eq=False)
class Anomaly:
    """One anomaly; `wire` caches its JSON until it changes."""

    id: int
    uuid: uuid.UUID
    type: str
    status: str
    weight: float
    records: int | None
    description: str
    message: str
    created: datetime
    fingerprint: int
    container: catalogue.Container
    checks: tuple[catalogue.Check, ...]
    tags: list[str]
    assignees: list[int]
    enriched: bool
    is_new: bool = True
    dated: Callable[[datetime], Any] | None = None
    """What the service writes as its date of creation instead; it is listed by the real one."""
    wire: bytes | None = None
    history: list[tuple[datetime, str]] = field(default_factory=list)
    """When it got which status, after the one that it was found with."""

    @property
    def archived(self) -> bool:
        return self.status in CLOSED

    @property
    def key(self) -> tuple[datetime, float, int]:
        """The order of a list without a sort: newest first, then weight."""
        return (self.created, self.weight, self.id)


@dataclass(slots=True, eq=False)
class Operation:
    """A scan or one of its relatives. It moves with the clock: `begins` leaves the queue, `ends` is the end unless it is aborted."""

    id: int
    kind: str
    datastore: acme.Datastore
    containers: tuple[catalogue.Container, ...]
    user: int
    created: datetime
    begins: datetime
    ends: datetime
    body: dict[str, Any]
    result: str = ""
    """How it ended; "" while it is queued or runs."""
    message: str | None = None
    share: float = 0.0
    """How much of it was done when it ended, 0..1."""
    plan: dict[str, Any] = field(default_factory=dict)
    found: list[int] = field(default_factory=list)


class Deployment(revisions.Revised):
    """One deployment. `open_count` anomalies are open at the start; the same seed and clock give the same world."""

    def __init__(self, seed: int = 25, open_count: int = 12, clock: Callable[[], datetime] = utc_now) -> None:
        super().__init__()
        self.clock = clock
        self.facts = catalogue.Catalogue()
        self.modes = switches.ContractSwitches()
        self.tokens = tokens.Tokens(acme.BOT.id, self.facts.datastores)
        self.story = story.Story(self.facts, seed)
        self.anomalies: dict[int, Anomaly] = {}
        self.by_uuid: dict[uuid.UUID, Anomaly] = {}
        self.open: list[tuple[tuple[datetime, float, int], Anomaly]] = []
        self.closed: list[tuple[tuple[datetime, float, int], Anomaly]] = []
        self.comments: dict[int, Comment] = {}
        self.operations: dict[int, Operation] = {}
        self.plans: list[dict[str, Any]] = []
        self._ids = random.Random(seed ^ 0x5EED)
        self._next_anomaly, self._next_comment = FIRST_ANOMALY, 1
        self.started = clock()
        for draft in self.story.past(self.started, open_count):
            self._keep(draft)

    # --- reading ---------------------------------------------------------------------------------------------------

    def find(self, ident: int | uuid.UUID) -> Anomaly | None:
        """By id or UUID, archived ones too."""
        return self.by_uuid.get(ident) if isinstance(ident, uuid.UUID) else self.anomalies.get(ident)

    def shelf(self, archived: bool) -> Sequence[tuple[tuple[datetime, float, int], Anomaly]]:
        """The open or the archived ones, oldest first."""
        return self.closed if archived else self.open

    def remarks(self, anomaly: Anomaly) -> list[Comment]:
        """The comments on one anomaly, oldest first."""
        return [comment for comment in self.comments.values() if comment.anomaly == anomaly.id]

    # --- new anomalies -----------------------------------------------------------------------------------------------

    def arrive(self, count: int = 1, within: Sequence[catalogue.Container] = (), **fields: Any) -> list[Anomaly]:
        """New anomalies, created now unless `fields` (attributes of Anomaly) say otherwise."""
        now = self.clock()
        # A microsecond apart, so that the order of a list is the order of arrival.
        made = [self._keep(self.story.happening(now + timedelta(microseconds=i), within), **fields) for i in range(count)]
        if made:
            self.touch()
        return made

    def _keep(self, draft: story.Draft, **fields: Any) -> Anomaly:
        values: dict[str, Any] = {
            "type": draft.type,
            "status": draft.status,
            "weight": draft.weight,
            "records": draft.records,
            "description": draft.description,
            "message": draft.message,
            "created": draft.created,
            "fingerprint": catalogue.fingerprint(draft.checks),
            "container": draft.container,
            "checks": draft.checks,
            "tags": list(draft.tags),
            "assignees": list(draft.assignees),
            "enriched": draft.enriched,
            "is_new": draft.status == "Active",
        }
        ident = uuid.UUID(int=self._ids.getrandbits(128), version=4)
        anomaly = Anomaly(id=self._next_anomaly, uuid=ident, **{**values, **fields})
        self._next_anomaly += 1
        self.anomalies[anomaly.id] = self.by_uuid[ident] = anomaly
        self._shelve(anomaly)
        return anomaly

    # --- changes -----------------------------------------------------------------------------------------------------

    def change(self, anomaly: Anomaly, **fields: Any) -> None:
        """Set attributes; a status moves the anomaly between the open and the archived ones."""
        self._unshelve(anomaly)
        if fields.get("status", anomaly.status) != anomaly.status:
            anomaly.history.append((self.clock(), fields["status"]))
        for name, value in fields.items():
            setattr(anomaly, name, value)
        anomaly.is_new = False
        anomaly.wire = None
        self._shelve(anomaly)
        self.touch()

    def erase(self, anomaly: Anomaly) -> None:
        """Hard delete, with its comments."""
        self._unshelve(anomaly)
        del self.anomalies[anomaly.id], self.by_uuid[anomaly.uuid]
        for comment in self.remarks(anomaly):
            del self.comments[comment.id]
        self.touch()

    def comment(self, anomaly: Anomaly, user: int, message: str) -> Comment:
        made = Comment(self._next_comment, anomaly.id, user, message, self.clock())
        self._next_comment += 1
        self.comments[made.id] = made
        self.touch()
        return made

    def _shelve(self, anomaly: Anomaly) -> None:
        bisect.insort(self.closed if anomaly.archived else self.open, (anomaly.key, anomaly), key=_first)

    def _unshelve(self, anomaly: Anomaly) -> None:
        shelf = self.closed if anomaly.archived else self.open
        del shelf[bisect.bisect_left(shelf, anomaly.key, key=_first)]

    # --- who may what ------------------------------------------------------------------------------------------------

    def visible(self, grant: tokens.Grant) -> set[int]:
        """The datastores whose anomalies this token may list."""
        return {ident for ident in self.facts.datastores if grant.may(ident, "Viewer")}

    def datastores_of(self, anomalies: Iterable[Anomaly]) -> list[acme.Datastore]:
        """Each datastore once, by id."""
        return [self.facts.datastores[ident] for ident in sorted({anomaly.container.datastore.id for anomaly in anomalies})]


def _first(entry: tuple[tuple[datetime, float, int], Anomaly]) -> tuple[datetime, float, int]:
    return entry[0]
