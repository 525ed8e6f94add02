"""What follows a card once it stands: rows of work that nobody waits for, one process at each at a time, beside everything else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

from bot import errors, model, ports
from bot.services import leasing

log = logging.getLogger(__name__)

AGAIN = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600))
"""How long after the first time, the second and so on it is tried again where a system has nothing yet, or does not answer."""
WITHIN = timedelta(days=1)
"""What could not be had for so long is news to nobody."""
ABREAST = 2
"""Rows that one process works on at once."""


class Wanted(Protocol):
    """A row of work."""

    @property
    def key(self) -> str: ...


W = TypeVar("W", bound=Wanted, covariant=True)


class Rows(Protocol[W]):
    """Those that are not done."""

    async def due(self, now: datetime, limit: int = 50) -> Sequence[W]:
        """Those to be done by now that nobody holds, the longest due first."""
        ...

    async def get(self, key: str, now: datetime) -> W | None:
        """One as it is; None when it is done, or was put off."""
        ...


@dataclass(slots=True, kw_only=True)
class Rounds(Generic[W]):
    """Does what is due, row by row, each under a lease of this `kind`. `tasks` are the rounds under way."""

    kind: str
    rows: Rows[W]
    leases: ports.Leases
    clock: ports.Clock
    do: Callable[[model.Lease, W], Awaitable[None]]
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(ABREAST))

    async def work(self) -> None:
        """Do everything that is due by now; what somebody else is at is theirs."""
        async with self._places:
            tried: set[str] = set()
            while (wanted := await self._next(tried)) is not None:
                tried.add(wanted.key)
                async with leasing.trying(self.leases, self.clock, self.kind, wanted.key) as lease:
                    now = await self.rows.get(wanted.key, self.clock.now()) if lease is not None else None
                    if lease is not None and now is not None:
                        await self.do(lease, now)

    def start(self) -> None:
        """Beside everything else; where enough of it goes on already, that looks again for what is wanted."""
        if len(self.tasks) > ABREAST:
            return
        with ports.clicked(really=False):  # nobody waits for it
            task = asyncio.ensure_future(self.work())
        self.tasks.add(task)
        task.add_done_callback(self._ended)

    async def _next(self, tried: Collection[str]) -> W | None:
        due = await self.rows.due(self.clock.now(), len(tried) + 1)
        return next((one for one in due if one.key not in tried), None)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        """The database tells by itself when it is away, and what waits is taken up again."""
        self.tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, errors.BotError):
            log.error("%s could not follow their cards", self.kind, exc_info=error)
