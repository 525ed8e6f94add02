"""The state of one fake account: anomalies, the triggers that alert rules raised for them, what people said. It knows nothing of HTTP."""

from __future__ import annotations

import bisect
import heapq
import itertools
import random
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sandbox import revisions
from sandbox.anodot import catalogue, odd, series, story, switches, tokens


def utc_now() -> datetime:
    """The real time; tests hand in their own clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Feedback:
    """A verdict of somebody about one trigger; times in epoch seconds."""

    id: str
    user: catalogue.User
    trigger: str
    type: str
    created: int
    modified: int
    reason: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Comment:
    """A remark on the timeline of a group; `user` is "" where nobody was named."""

    id: str
    group: str
    text: str
    user: str
    created: int


@dataclass(slots=True, eq=False)
class Trigger:
    """What an alert rule raised; `anomaly` is None for static and no-data rules. `status` is OPEN, UPDATE or CLOSE."""

    id: str
    serial: int
    rule: catalogue.Rule
    anomaly: Anomaly | None
    group: str
    started: int
    updated: int
    ended: int | None = None
    status: str = "OPEN"
    acks: list[str] = field(default_factory=list)
    assignee: str = ""
    assigner: str = ""


@dataclass(slots=True, eq=False)
class Anomaly:
    """A group of metrics that broke together; times in epoch seconds. `odd` names a way of writing it wrongly (`odd.ODD`)."""

    id: str
    serial: int
    resolution: str
    started: int
    life: int
    score: float
    breaches: list[series.Breach]
    name: str = ""
    ended: int | None = None
    merged: list[str] = field(default_factory=list)
    bookmarks: set[str] = field(default_factory=set)
    triggers: list[Trigger] = field(default_factory=list)
    odd: str = ""

    @property
    def key(self) -> tuple[int, int]:
        return (self.started, self.serial)

    @property
    def state(self) -> str:
        return "open" if self.ended is None else "closed"

    def duration(self, now: int) -> int:
        """Seconds until its end, or until now."""
        return max((now if self.ended is None else self.ended) - self.started, 0)


class Account(revisions.Revised):
    """One account. `open_count` anomalies are open at the start; the same seed and clock give the same world."""

    def __init__(self, seed: int = 25, open_count: int = 12, clock: Callable[[], datetime] = utc_now) -> None:
        super().__init__()
        self.clock = clock
        self.modes = switches.ContractSwitches()
        self.tokens = tokens.Tokens()
        self.story = story.Story(seed)
        self.users = list(catalogue.USERS)
        self.anomalies: dict[str, Anomaly] = {}
        self.shelf: list[Anomaly] = []
        """All of them, oldest first."""
        self.gone: dict[str, str] = {}
        """Which anomaly those that were merged went into."""
        self.triggers: dict[str, Trigger] = {}
        self.feedbacks: dict[str, Feedback] = {}
        self.comments: list[Comment] = []
        self.news: deque[tuple[str, Anomaly]] = deque(maxlen=1000)
        """What webhooks have not told yet: open, update or close, and of which."""
        self._ids = random.Random(seed ^ 0x5EED)
        self._serial = self._arrived = 0
        self._ends: list[tuple[int, int, Anomaly]] = []
        self._pushes = itertools.count()
        for draft in self.story.past(self.now(), open_count):
            self._keep(draft)
        self._standing()
        self.news.clear()

    def now(self) -> int:
        return int(self.clock().timestamp())

    # --- what happens to metrics -------------------------------------------------------------------------------------

    def arrive(self, count: int = 1, **wanted: Any) -> list[Anomaly]:
        """New anomalies that begin now. `wanted`: attributes of Anomaly, and of the draft: what, resolution, metrics, up."""
        told = {name: wanted.pop(name) for name in ("what", "resolution", "count", "up") if name in wanted}
        began = int(wanted.pop("started", self.now()))
        made = [self._keep(self.story.happening(began, **told), **{"odd": self._odd(), **wanted}) for _ in range(count)]
        self.touch()
        return made

    def _odd(self) -> str:
        """How the next arrival is written: every so-many-th in the next odd way."""
        self._arrived += 1
        often = self.modes.odd_every
        return odd.WORDS[(self._arrived // often - 1) % len(odd.WORDS)] if often and self._arrived % often == 0 else ""

    def advance(self) -> None:
        """Close what is normal again by now."""
        now = self.now()
        while self._ends and self._ends[0][0] <= now:
            at, _, anomaly = heapq.heappop(self._ends)
            if self.anomalies.get(anomaly.id) is anomaly and anomaly.ended is None and anomaly.started + anomaly.life == at:
                self.close(anomaly, at)

    def close(self, anomaly: Anomaly, at: int | None = None) -> None:
        """All of its metrics are normal again."""
        ended = max(self.now() if at is None else at, anomaly.started + 1)
        for breach in anomaly.breaches:
            if breach.is_open:
                breach.now = replace(breach.now, ended=ended)
        anomaly.ended = ended
        for trigger in anomaly.triggers:
            trigger.status, trigger.ended, trigger.updated = "CLOSE", ended, ended
        self._tell("close", anomaly)

    def reopen(self, anomaly: Anomaly) -> None:
        """The last breach goes on: it was no end."""
        now = self.now()
        anomaly.ended, anomaly.life = None, now - anomaly.started + story.AHEAD
        for breach in anomaly.breaches:
            breach.now = replace(breach.now, ended=None, life=anomaly.life)
        for trigger in anomaly.triggers:
            trigger.status, trigger.ended, trigger.updated = "UPDATE", None, now
        self._await_end(anomaly)
        self._tell("update", anomaly)

    def spread(self, anomaly: Anomaly, count: int = 1) -> None:
        """More metrics break the same way."""
        more = self.story.joining(anomaly.breaches, self.now(), anomaly.resolution, count)
        anomaly.breaches += more
        anomaly.score = max([anomaly.score, *(breach.now.score for breach in more)])
        self._update(anomaly)

    def calm(self, anomaly: Anomaly, metric: str) -> None:
        """One of its metrics is normal again; with the last one it closes. Raises KeyError for an unknown metric."""
        found = {breach.metric.id: breach for breach in anomaly.breaches}[metric]
        found.now = replace(found.now, ended=max(self.now(), found.now.started + 1))
        if any(breach.is_open for breach in anomaly.breaches):
            self._update(anomaly)
        else:
            self.close(anomaly)

    def merge(self, into: Anomaly, other: Anomaly) -> None:
        """Two groups turn out to be one: the other's id is no longer an anomaly, its metrics and triggers move."""
        self._unshelve(into)
        self._unshelve(other)
        del self.anomalies[other.id]
        for name in (other.id, *other.merged):
            self.gone[name] = into.id
        into.merged += [other.id, *other.merged]
        known = {breach.metric for breach in into.breaches}
        into.breaches += [breach for breach in other.breaches if breach.metric not in known]
        lasts = max(into.started + into.life, other.started + other.life)
        into.started, into.score = min(into.started, other.started), max(into.score, other.score)
        into.life = lasts - into.started
        if any(breach.is_open for breach in into.breaches):
            into.ended = None
        into.bookmarks |= other.bookmarks
        for trigger in other.triggers:
            trigger.anomaly, trigger.group = into, into.id
        into.triggers += other.triggers
        self._shelve(into)
        if into.ended is None:
            self._await_end(into)
        self._update(into)

    def erase(self, anomaly: Anomaly) -> None:
        """It is gone, as after the end of its retention; no call of the API does that."""
        self._unshelve(anomaly)
        del self.anomalies[anomaly.id]
        for trigger in anomaly.triggers:
            del self.triggers[trigger.id]
        self.touch()

    def change(self, anomaly: Anomaly, **fields: Any) -> None:
        """Set attributes."""
        self._unshelve(anomaly)
        for name, value in fields.items():
            setattr(anomaly, name, value)
        self._shelve(anomaly)
        if anomaly.ended is None:
            self._await_end(anomaly)
        self.touch()

    # --- what people do ----------------------------------------------------------------------------------------------

    def user(self, ident: str) -> catalogue.User | None:
        """Who that is."""
        return next((user for user in self.users if user.id == ident), None)

    def acknowledge(self, trigger: Trigger, user: str, on: bool) -> None:
        """Each person's own; said twice it stays once."""
        trigger.acks = [one for one in trigger.acks if one != user] + ([user] if on else [])
        self.touch()

    def assign(self, trigger: Trigger, assignee: str, assigner: str) -> None:
        trigger.assignee, trigger.assigner = assignee, assigner
        self.touch()

    def say(self, group: str, text: str, user: str) -> Comment:
        made = Comment(f"{self._ids.getrandbits(96):024x}", group, text, user, self.now())
        self.comments.append(made)
        self.touch()
        return made

    def judge(self, trigger: Trigger, user: catalogue.User, verdict: str) -> Feedback:
        now = self.now()
        made = Feedback(self._uuid(), user, trigger.id, verdict, now, now)
        self.feedbacks[made.id] = made
        self.touch()
        return made

    def judge_again(self, feedback: Feedback, **fields: Any) -> Feedback:
        changed = replace(feedback, modified=self.now(), **fields)
        self.feedbacks[changed.id] = changed
        self.touch()
        return changed

    # --- keeping -----------------------------------------------------------------------------------------------------

    def _keep(self, draft: story.Draft, **fields: Any) -> Anomaly:
        self._serial += 1
        given = fields.pop("triggered", True)
        values: dict[str, Any] = {
            "resolution": draft.resolution,
            "started": draft.started,
            "life": draft.life,
            "score": draft.score,
            "breaches": list(draft.breaches),
            "name": draft.name,
            "ended": draft.ended,
            **fields,
        }
        anomaly = Anomaly(id=f"{self._ids.getrandbits(128):032x}", serial=self._serial, **values)
        if self._serial % 7 == 3:
            anomaly.bookmarks.add(catalogue.SAM.id)
        self.anomalies[anomaly.id] = anomaly
        self._shelve(anomaly)
        if given:
            self._alert(anomaly)
        if anomaly.ended is None:
            self._await_end(anomaly)
            self._tell("open", anomaly)
        return anomaly

    def _alert(self, anomaly: Anomaly) -> None:
        what = anomaly.breaches[0].metric.measure.what
        for rule in catalogue.RULES:
            if what in rule.whats and anomaly.score >= rule.least:
                anomaly.triggers.append(self._raise(rule, anomaly, anomaly.id, anomaly.started, anomaly.ended))

    def _standing(self) -> None:
        """Alerts that are about no anomaly stand beside the others."""
        for hours, rule in enumerate((rule for rule in catalogue.RULES if not rule.whats), 2):
            self._raise(rule, None, self._uuid(), self.now() - hours * 3600, None)

    def _raise(self, rule: catalogue.Rule, anomaly: Anomaly | None, group: str, started: int, ended: int | None) -> Trigger:
        serial = len(self.triggers) + 1
        made = Trigger(self._uuid(), serial, rule, anomaly, group, started, ended or started, ended, "OPEN" if ended is None else "CLOSE")
        self.triggers[made.id] = made
        return made

    def _uuid(self) -> str:
        return str(uuid.UUID(int=self._ids.getrandbits(128), version=4))

    def _update(self, anomaly: Anomaly) -> None:
        for trigger in anomaly.triggers:
            trigger.updated = self.now()
            if anomaly.ended is None:
                trigger.status, trigger.ended = "UPDATE", None
        self._tell("update", anomaly)

    def _tell(self, event: str, anomaly: Anomaly) -> None:
        """A webhook tells what has a trigger."""
        if anomaly.triggers:
            self.news.append((event, anomaly))
        self.touch()

    def _await_end(self, anomaly: Anomaly) -> None:
        heapq.heappush(self._ends, (anomaly.started + anomaly.life, next(self._pushes), anomaly))

    def _shelve(self, anomaly: Anomaly) -> None:
        bisect.insort(self.shelf, anomaly, key=_key)

    def _unshelve(self, anomaly: Anomaly) -> None:
        del self.shelf[bisect.bisect_left(self.shelf, anomaly.key, key=_key)]

    # --- looking -----------------------------------------------------------------------------------------------------

    def newest(self) -> Iterable[Anomaly]:
        """All of them, newest first."""
        return reversed(self.shelf)

    def found(self, ident: str) -> Anomaly | None:
        """The one of this id; of an id that was merged only where the switch says so."""
        if self.modes.merged == "followed":
            while ident in self.gone:
                ident = self.gone[ident]
        return self.anomalies.get(ident)

    def feedback_of(self, triggers: Sequence[str]) -> list[Feedback]:
        return [one for one in self.feedbacks.values() if one.trigger in triggers]


def _key(anomaly: Anomaly) -> tuple[int, int]:
    return anomaly.key
