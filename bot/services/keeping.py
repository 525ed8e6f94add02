"""How long the desk remembers: what was over long enough ago is forgotten, a slice at a time, beside everything else."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from bot import model, ports
from bot.core import phrases

log = logging.getLogger(__name__)

LEASE_SECONDS = 120.0
LEASE = ("sources", "retention")
"""The lease of the whole house's forgetting: a row beside those of the systems, made when it is first taken."""


@dataclass(slots=True, kw_only=True)
class Keeping:
    """Forgets what was over for `keep`. One process does it at a time; a slice that two did would only find nothing."""

    store: ports.Retention
    leases: ports.Leases
    clock: ports.Clock
    telemetry: ports.Telemetry
    keep: timedelta

    async def work(self) -> Mapping[str, int]:
        """One run, over everything; what it removed, by kind. Ends early where somebody else has taken over."""
        removed: Counter[str] = Counter()
        before = self.clock.now() - self.keep
        lease = await self._taken()
        try:
            for step in self.store.steps:
                mark: ports.Mark | None = ()
                while lease is not None and mark is not None:
                    found = await self.store.remove(step, before, self.clock.now(), mark)
                    mark = found.mark
                    removed.update(found.rows)
                    lease = await self._renewed(lease)
                    await asyncio.sleep(0)  # a queue of others gets its turn at the database
        finally:
            self._told(removed)
            if lease is not None:
                await self.leases.release(lease)
        return removed

    async def _taken(self) -> model.Lease | None:
        return await self.leases.take(*LEASE, self.clock.now(), LEASE_SECONDS)

    async def _renewed(self, lease: model.Lease) -> model.Lease | None:
        """The same as long as half of it is left, then another one; None when somebody else was faster."""
        if lease.until - self.clock.now() > timedelta(seconds=LEASE_SECONDS / 2):
            return lease
        await self.leases.release(lease)
        return await self._taken()

    def _told(self, removed: Mapping[str, int]) -> None:
        """One line for a run that removed something, and a counter."""
        if not removed:
            return
        for kind, number in removed.items():
            self.telemetry.count("rows_forgotten", number, kind=kind)
        told = phrases.both([f"{number:,} {kind}" for kind, number in removed.items()])
        log.info("forgot what was over for %d days: %s", self.keep.days, told)
