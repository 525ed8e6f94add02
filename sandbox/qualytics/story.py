"""What happens at Acme: which checks fail when, how many rows, who closed it. Deterministic by seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sandbox import acme
from sandbox.qualytics import catalogue

HISTORY = 36
"""Archived anomalies that exist from the beginning, spread over thirty days."""
RECURRING = ((timedelta(days=5, hours=2), "Resolved"), (timedelta(days=2, hours=7), "Invalid"))
"""How long before the newest open anomaly the same checks failed, and how that was closed."""
PEOPLE = (acme.DANA.id, acme.LEE.id, acme.SAM.id)
SHARE_NOISY, SHARE_ACKNOWLEDGED, SHARE_ENRICHED, SHARE_SHAPE = 0.35, 0.2, 0.4, 0.25


@dataclass(frozen=True, slots=True)
class Draft:
    """An anomaly before it has an id."""

    container: catalogue.Container
    checks: tuple[catalogue.Check, ...]
    created: datetime
    type: str
    weight: int
    records: int | None
    description: str
    message: str
    tags: tuple[str, ...]
    assignees: tuple[int, ...]
    enriched: bool
    status: str = "Active"


def _volume(table: acme.Table, check: acme.Check, chance: random.Random) -> str:
    share = chance.randint(38, 91)
    return f"Row count of {table.name} is {share} % below the usual range of the last 14 days ({table.rows * (100 - share) // 100:,} rows)"


def _fresh(table: acme.Table, check: acme.Check, chance: random.Random) -> str:
    allowed = int(check.properties["max_age_hours"])
    return f"{table.name} was last updated {allowed + chance.randint(1, 40)} hours ago; expected every {allowed} hours"


def _schema(table: acme.Table, check: acme.Check, chance: random.Random) -> str:
    return f"Schema of {table.name} changed: {check.says}"


SHAPES: Mapping[str, Callable[[acme.Table, acme.Check, random.Random], str]] = {
    "volumetric": _volume,
    "freshness": _fresh,
    "expectedSchema": _schema,
}


def _checked(containers: Iterable[catalogue.Container]) -> list[catalogue.Container]:
    return [container for container in containers if any(check.active for check in container.checks)]


class Story:
    """Tells anomalies, one after the other."""

    def __init__(self, facts: catalogue.Catalogue, seed: int) -> None:
        self.facts = facts
        self.chance = random.Random(seed)
        self._noisy = [
            check
            for check in facts.checks.values()
            if check.spec.fields and (check.container.table.name, check.spec.fields[0]) in acme.NOISY
        ]

    def happening(self, created: datetime, within: Sequence[catalogue.Container] = ()) -> Draft:
        """A new anomaly at this time, in one of these containers (any, if there are none that have active checks)."""
        allowed = _checked(within) or _checked(self.facts.containers.values())
        noisy = [check for check in self._noisy if check.active and (not within or check.container in allowed)]
        if noisy and self.chance.random() < SHARE_NOISY:
            return self.failing((self.chance.choice(noisy),), created)
        container = self.chance.choice(allowed)
        shapes = [check for check in container.checks if check.spec.shape and check.active]
        rows = [check for check in container.checks if not check.spec.shape and check.active]
        if shapes and (not rows or self.chance.random() < SHARE_SHAPE):
            return self.failing((self.chance.choice(shapes),), created)
        several = sorted(self.chance.sample(rows, k=min(len(rows), self.chance.choice((1, 1, 2)))), key=lambda check: check.id)
        return self.failing(tuple(several), created)

    def failing(self, checks: tuple[catalogue.Check, ...], created: datetime) -> Draft:
        """These checks of one container fail."""
        container, first = checks[0].container, checks[0].spec
        table, chance = container.table, self.chance
        records = None if first.shape else max(1, round(table.rows * 10 ** chance.uniform(-5.5, -2)))
        if records is None:
            text = SHAPES[first.rule](table, first, chance)
        else:
            text = f"{records:,} {'row fails' if records == 1 else 'rows fail'}: {'; '.join(check.spec.says for check in checks)}"
        return Draft(
            container=container,
            checks=checks,
            created=created,
            type="shape" if first.shape else "record",
            weight=max(check.spec.weight for check in checks),
            records=records,
            description=text,
            message=f"{len(checks)} quality check{'s' if len(checks) > 1 else ''} failed on {table.name}",
            tags=table.tags,
            assignees=tuple(sorted({person for check in checks for person in check.assignees})),
            enriched=records is not None and chance.random() < SHARE_ENRICHED,
        )

    def scanned(self) -> tuple[int, acme.Datastore, list[catalogue.Container]]:
        """Somebody scans a few tables of a datastore that have checks: who, where, which."""
        containers = _checked(self.facts.containers.values())
        store = self.chance.choice(containers).datastore
        there = [container for container in containers if container.datastore is store]
        return self.chance.choice(PEOPLE), store, self.chance.sample(there, k=self.chance.randint(2, 5))

    def past(self, now: datetime, open_count: int) -> Iterator[Draft]:
        """History and what is open now, oldest first: the newest open one has failed twice before and was last found Invalid."""
        drafts = [self._closed(now - timedelta(days=30) * ((i + 1) / (HISTORY + 1))) for i in range(HISTORY)]
        gap = min(timedelta(minutes=95), timedelta(days=30) / max(open_count, 1))
        newest = now - timedelta(minutes=7)
        for i in range(1, open_count):
            drafts.append(self._opened(self.happening(newest - gap * (i + self.chance.uniform(-0.4, 0.4)))))
        if open_count:
            drafts += self._recurring(newest)
        return iter(sorted(drafts, key=lambda draft: draft.created))

    def _recurring(self, newest: datetime) -> Iterator[Draft]:
        noisy = (self._noisy[0],)
        for ago, status in RECURRING:
            yield replace(self.failing(noisy, newest - ago), status=status)
        yield self.failing(noisy, newest)

    def _closed(self, created: datetime) -> Draft:
        status = self.chance.choice(("Resolved", "Resolved", "Invalid", "Duplicate", "Discarded"))
        return replace(self.happening(created), status=status, assignees=(self.chance.choice(PEOPLE),))

    def _opened(self, draft: Draft) -> Draft:
        if self.chance.random() < SHARE_ACKNOWLEDGED:
            return replace(draft, status="Acknowledged", assignees=(self.chance.choice(PEOPLE),))
        return draft
