"""What happens to Acme's accounts: which anomalies are found when, who looked at them, how they ended. Deterministic by seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sandbox.autional import catalogue

HISTORY = 24
"""Anomalies that had ended at the beginning, spread over thirty days."""
RECURRING = (timedelta(days=6, hours=3), timedelta(days=3, hours=1))
"""How long before the newest open anomaly the noisy account was found and cleared."""
SHARE_NOISY, SHARE_INVESTIGATED, SHARE_HARMLESS = 0.2, 0.25, 0.4
SAID_OF: Mapping[tuple[str, bool], Sequence[str]] = {
    ("resolved", True): (
        "Password reset and all sessions ended. The owner confirmed that it was not them.",
        "Second factor enrolled again after a call with the owner; the device is blocked.",
    ),
    ("resolved", False): ("Key rotated and the old one revoked.", "Scope of the service account cut down to what the job needs."),
    ("false_positive", True): (
        "Confirmed as false positive after investigation: the owner is travelling.",
        "Confirmed as false positive after investigation: requested in a ticket.",
    ),
    ("false_positive", False): ("Confirmed as false positive after investigation: a planned job under this account.",),
}
"""What is said at an end, of a person's account (True) or of a service's."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An anomaly before it has an id; `events` is how many log entries made it."""

    kind: catalogue.Kind
    account: catalogue.Account
    severity: str
    description: str
    detected: datetime
    events: int
    status: str = "open"
    assignee: str = ""
    case: str = ""
    comment: str = ""
    ended: datetime | None = None


class Story:
    """Tells anomalies, one after the other."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self._cases = 0

    def happening(self, detected: datetime) -> Draft:
        """A new anomaly at this time."""
        if self.chance.random() < SHARE_NOISY:
            return self.found(catalogue.KIND["unusual_time"], catalogue.NOISY, detected)
        kind = self.chance.choice(catalogue.KINDS)
        accounts = [account for account in catalogue.ACCOUNTS if account.person or not kind.people]
        return self.found(kind, self.chance.choice(accounts), detected)

    def found(self, kind: catalogue.Kind, account: catalogue.Account, detected: datetime) -> Draft:
        """This kind of anomaly of this account."""
        severity, events = self.chance.choice(kind.severities), self.chance.randint(*kind.events)
        return Draft(kind, account, severity, kind.says(account, self.chance), detected, events)

    def past(self, now: datetime, open_count: int) -> Iterator[Draft]:
        """History and what is open now, oldest first: the newest open one was found twice before and was harmless."""
        drafts = [self._ended(self.happening(now - timedelta(days=30) * ((i + 1) / (HISTORY + 1)))) for i in range(HISTORY)]
        gap = min(timedelta(minutes=110), timedelta(days=29) / max(open_count, 1))
        newest = now - timedelta(minutes=11)
        for i in range(1, open_count):
            drafts.append(self._looked_at(self.happening(newest - gap * (i + self.chance.uniform(-0.4, 0.4)))))
        if open_count:
            drafts += self._recurring(newest)
        return iter(sorted(drafts, key=lambda draft: draft.detected))

    def _recurring(self, newest: datetime) -> Iterator[Draft]:
        kind = catalogue.KIND["unusual_time"]
        for ago in RECURRING:
            yield self._ended(self.found(kind, catalogue.NOISY, newest - ago), "false_positive")
        yield self.found(kind, catalogue.NOISY, newest)

    def _ended(self, draft: Draft, status: str = "") -> Draft:
        status = status or ("false_positive" if self.chance.random() < SHARE_HARMLESS else "resolved")
        ended = draft.detected + timedelta(minutes=self.chance.randint(12, 400))
        who = self.chance.choice(catalogue.ANALYSTS).user_id
        said = self.chance.choice(SAID_OF[status, draft.account.person])
        return replace(draft, status=status, assignee=who, comment=said, ended=ended, case=self._case(draft))

    def _looked_at(self, draft: Draft) -> Draft:
        if self.chance.random() >= SHARE_INVESTIGATED:
            return draft
        who = self.chance.choice(catalogue.ANALYSTS).user_id
        return replace(draft, status="investigating", assignee=who, case=self._case(draft))

    def _case(self, draft: Draft) -> str:
        """The bad ones are part of a case."""
        if draft.severity != "critical":
            return ""
        self._cases += 1
        return f"CASE-{draft.detected.year}-{self._cases:03d}"
