"""What is under way: leases, deliveries, processes, batches, operations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot import model


class Leases(Protocol):
    """What one process owns for a while: one conditional statement, fenced by a token, expiring by itself. Times are the database's, where
    it has a clock; else `now` counts. Kinds are cards, anomalies, sources, lanes and what else is worked on by one process at a time."""

    async def take(self, kind: str, keys: str | Sequence[str], now: datetime, seconds: float) -> model.Lease | None:
        """Own those of these that nobody else does; None when that is none."""
        ...

    async def renew(self, leases: Sequence[model.Lease], now: datetime, seconds: float) -> bool:
        """Go on owning them. False when one has passed to somebody else."""
        ...

    async def release(self, *leases: model.Lease) -> None: ...

    async def release_all(self) -> None:
        """Only for a store that one process owns alone: what is leased at its start belongs to a dead one."""
        ...

    async def sweep(self, before: datetime) -> int:
        """Forget those that ended before this time; returns how many."""
        ...


@dataclass(frozen=True, slots=True)
class Delivery:
    """Something that Slack delivered, as whoever works on it knows it."""

    kind: str
    key: str
    token: str


class Deliveries(Protocol):
    """What Slack delivered and may deliver again. Methods with a Delivery do nothing when it has passed to somebody else."""

    async def begin(self, kind: str, key: str, now: datetime, seconds: float) -> Delivery | None:
        """Write it down before any work. None when it is known; but one that was begun and whose time ran out is begun again."""
        ...

    async def renew(self, delivery: Delivery, now: datetime, seconds: float) -> bool: ...

    async def done(self, delivery: Delivery, now: datetime) -> bool: ...

    async def forget(self, delivery: Delivery) -> None:
        """It may come again: nothing was done."""
        ...

    async def sweep(self, before: datetime) -> int:
        """Forget those of before this time; returns how many."""
        ...


class Workers(Protocol):
    """Which processes there are. `role` is run, web or worker."""

    async def beat(self, ident: str, role: str, now: datetime) -> model.Crew:
        """This process is there; returns who is. One that says nothing for 20 s is not there any more."""
        ...

    async def crew(self, now: datetime) -> model.Crew: ...

    async def leave(self, ident: str) -> None: ...

    async def sweep(self, before: datetime) -> int:
        """Forget those that were seen last before this time; returns how many."""
        ...


class Batches(Protocol):
    """One change to many anomalies, item by item. Methods with a Lease do nothing and return False when it has passed to somebody else.
    Leasable as kind "batches"."""

    async def create(self, batch: model.Batch, items: Sequence[model.Item]) -> None:
        """A new preview with its frozen items, in their order."""
        ...

    async def open(self, batch: model.Batch, now: datetime) -> model.Lease | None:
        """A batch that is being filled: nobody can confirm it. None when it exists already, unless whoever filled it has died."""
        ...

    async def fill(self, lease: model.Lease, items: Sequence[tuple[int, model.Item]]) -> bool:
        """Some more of its items, with their turns; those that are in it already are left out."""
        ...

    async def seal(self, lease: model.Lease, batch: model.Batch) -> model.Batch | None:
        """It is whole: stored as `batch` says, with the number of its items. None when the lease has passed to somebody else."""
        ...

    async def drop(self, lease: model.Lease) -> None:
        """It was not wanted: forget what is being filled."""
        ...

    async def get(self, batch: str) -> model.Batch | None: ...

    async def latest(self, actor: str, since: datetime) -> model.Batch | None:
        """The newest batch of this actor that finished after `since`, was not taken back, and is no undo itself."""
        ...

    async def confirm(self, batch: str, now: datetime) -> bool:
        """PREVIEW -> RUNNING, once: the second caller gets False."""
        ...

    async def cancel(self, batch: str, now: datetime) -> bool:
        """PREVIEW -> CANCELLED, once."""
        ...

    async def runnable(self, now: datetime) -> Sequence[str]:
        """Batches that run and that nobody holds, oldest first."""
        ...

    async def next(self, batch: str, limit: int, source: str = "") -> Sequence[model.Item]:
        """The first items that are SENT (to be looked up), then those that are TODO, in their order; those of one system, "" of all."""
        ...

    async def systems(self, batch: str) -> Sequence[str]:
        """The systems whose anomalies are in it, in the order of its items."""
        ...

    async def settle(self, lease: model.Lease, items: Sequence[model.Item], now: datetime) -> bool:
        """Store fate, reason, right, place and after of these items."""
        ...

    async def finish(self, lease: model.Lease, now: datetime) -> bool:
        """RUNNING -> DONE; an undo marks the batch that it took back."""
        ...

    async def progress(self, batch: str, sample: int = 5) -> model.Progress: ...

    async def items(
        self, batch: str, fates: Sequence[model.Fate] = (), *, of: Sequence[model.Ref] = (), offset: int = 0, limit: int = 1000
    ) -> Sequence[model.Item]:
        """Items with these fates and of these anomalies (() = all), in their order."""
        ...

    async def shares(self, batch: str) -> Mapping[str, Mapping[model.Fate, int]]:
        """What became of the items of each system, in the order of the items."""
        ...

    async def afterwards(self, batch: str) -> model.Afterwards:
        """What became of those that are DONE, the worst and the most first."""
        ...

    async def sweep(self, before: datetime) -> int:
        """Forget previews made before this time; returns how many."""
        ...


class Operations(Protocol):
    """Operations that this desk starts or follows. Methods with a Lease do nothing and return False when it has passed to somebody else.
    Leasable as kind "operations"."""

    async def add(self, operations: Sequence[model.Operation]) -> Sequence[str]:
        """Insert them; returns the ids of those that are new. One whose id is there already, or whose (source, scan id) is, is left out."""
        ...

    async def get(self, ident: str) -> model.Operation | None: ...

    async def plan(self, plan: str) -> Sequence[model.Operation]:
        """The operations of one plan, in the order in which they were added."""
        ...

    async def confirm(self, plan: str, now: datetime) -> bool:
        """PREVIEW -> STARTING for a whole plan, once: confirmed and to be looked at `now`. The second caller gets False."""
        ...

    async def cancel(self, plan: str, now: datetime) -> bool:
        """PREVIEW -> CANCELLED for a whole plan, once."""
        ...

    async def due(self, now: datetime, limit: int = 50) -> Sequence[str]:
        """Ids of what starts or runs, is to be looked at by now, and nobody holds; the longest overdue first."""
        ...

    async def save(self, lease: model.Lease, operation: model.Operation, then: Sequence[model.Operation] = ()) -> bool:
        """Store all that can change of an operation except who stopped it, and add those that follow it, in one transaction. False too
        when another row has this (source, scan id) already: nothing is stored then."""
        ...

    async def stop(self, ident: str, who: str, now: datetime) -> None:
        """Remember who asked it to stop (`aborted_by`), and have it looked at `now`; nothing happens once it is DONE."""
        ...

    async def known(self, source: str, scans: Sequence[str]) -> Mapping[str, str]:
        """Scan id -> operation id, for those that are followed or were."""
        ...

    async def running(self) -> Sequence[model.Operation]:
        """What starts or runs, the newest first."""
        ...

    async def recent(self, limit: int) -> Sequence[model.Operation]:
        """What ended, the latest first."""
        ...

    async def by_scan(self, source: str, scan: str) -> model.Operation | None:
        """The operation that the system calls `scan`."""
        ...

    async def sweep(self, before: datetime) -> int:
        """Forget previews made before this time; returns how many."""
        ...
