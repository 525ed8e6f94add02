"""This process among the others: it says that it is there, learns who else is, and forgets for all what nobody needs any more."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot import errors, model, ports

SWEEP_SECONDS = 600.0
KEEP_DELIVERIES, KEEP_ENDED = timedelta(days=1), timedelta(hours=1)

TURN = 0.9
"""The part of an interval in which nobody else sweeps; the rest is for clocks that do not tick alike."""


@dataclass(slots=True)
class SetClock:
    """A machine's clock, set by the database's, so that processes on several machines stamp alike."""

    machine: ports.Clock
    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        """The time, as the database has it."""
        return self.machine.now() + self.ahead

    def correct(self, ahead: timedelta) -> None:
        """The database is ahead of it by so much."""
        if abs(ahead) > ports.STEP:
            self.ahead += ahead


@dataclass(slots=True, kw_only=True)
class Presence:
    """`role` is run, web or worker; `told` hears who is there each time that it is asked."""

    role: str
    workers: ports.Workers
    leases: ports.Leases
    deliveries: ports.Deliveries
    clock: ports.Clock
    told: Sequence[Callable[[model.Crew], None]] = ()
    ident: str = field(default_factory=lambda: uuid.uuid4().hex)

    async def beat(self) -> None:
        """Say that it is there."""
        crew = await self.workers.beat(self.ident, self.role, self.clock.now())
        for tell in self.told:
            tell(crew)

    async def leave(self) -> None:
        """Say that it ends; where that cannot be said, it is noticed."""
        with contextlib.suppress(errors.StoreError):
            await self.workers.leave(self.ident)

    async def sweep(self) -> None:
        """Forget what is over of deliveries, leases and processes: one process does it for all."""
        now = self.clock.now()
        if await self.leases.take("sweeps", "desk", now, SWEEP_SECONDS * TURN) is not None:
            await self.deliveries.sweep(now - KEEP_DELIVERIES)
            await self.leases.sweep(now - KEEP_ENDED)
            await self.workers.sweep(now - KEEP_ENDED)
