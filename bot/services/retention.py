"""How long the desk remembers: what was over long enough ago is forgotten, a slice at a time, beside everything else."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from bot import errors, ports
from bot.core import phrases
from bot.services import leasing

log = logging.getLogger(__name__)


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
        try:
            async with leasing.trying(self.leases, self.clock, "sweep", "retention") as lease:
                if lease is not None:
                    await self._forget(removed)
        except errors.LeaseLost:
            pass  # whoever has it goes on, and finds what is left
        finally:
            self._told(removed)
        return removed

    async def _forget(self, removed: Counter[str]) -> None:
        before = self.clock.now() - self.keep
        for step in self.store.steps:
            mark: ports.Reached | None = ()
            while mark is not None:
                found = await self.store.remove(step, before, self.clock.now(), mark)
                mark = found.mark
                removed.update(found.rows)
                await asyncio.sleep(0)  # a queue of others gets its turn at the database

    def _told(self, removed: Mapping[str, int]) -> None:
        """One line for a run that removed something, and a counter."""
        if not removed:
            return
        for kind, number in removed.items():
            self.telemetry.count("rows_forgotten", number, kind=kind)
        told = phrases.both([f"{number:,} {kind}" for kind, number in removed.items()])
        log.info("forgot what was over for %d days: %s", self.keep.days, told)
