"""What systems push: stored before it is answered, and read soon, by whoever works.

A push is only a hint. What it is about is read from the system, which tells the truth: so duplicates and a wrong order do no harm, and what
came while one read was under way is read by the next one together.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from bot import errors, model, ports
from bot.services import leasing, poll

log = logging.getLogger(__name__)

MOST = 500
"""Pushes that are read together."""

TRIES = 4
"""How often a push is read in vain while its system answers: it may be known there a moment later."""
SOON = timedelta(seconds=2)
"""How long after the first time it is read again; twice as long each time."""

AWAY = (errors.SourceUnavailable, errors.SourceRateLimited, errors.SourceAuthFailed)
"""What is wrong with a system as a whole: its pushes wait until a poll gets through."""


@dataclass(slots=True, kw_only=True)
class Pushes:
    """`hooks` are what the connected systems can push. A process that does not post (`works`) stores pushes for those that do."""

    hooks: Mapping[str, ports.Hooks]
    store: ports.Pushes
    leases: ports.Leases
    poll: poll.Poll
    flush: Callable[[], Awaitable[None]]
    clock: ports.Clock
    telemetry: ports.Telemetry
    works: bool = True
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _wanted: set[str] = field(default_factory=set)
    _going: set[str] = field(default_factory=set)

    async def receive(self, name: str, body: bytes) -> None:
        """Store what a webhook is about, and have it read. Raises NotFound for a system that pushes nothing here, SourceGarbled for a
        body that cannot be one, StoreError when it could not be stored."""
        hooks = self.hooks.get(name)
        if hooks is None:
            raise errors.NotFound(f"No system called {name} that pushes is connected.")
        try:
            news = hooks.read(body)
        except ValueError as error:
            raise errors.SourceGarbled(name, f"The webhook's body {error}.") from error
        self.telemetry.count("pushes", source=name, about="anomalies" if news.about else "everything" if news else "nothing")
        if news:
            await self.store.add(name, news, self.clock.now())
            self._wake(name)

    async def work(self) -> None:
        """Have read what waits, whoever stored it: another process, or one that died before it read."""
        for name in await self.store.systems(list(self.hooks), self.clock.now()):
            self._wake(name)

    async def take(self, name: str) -> None:
        """Read what pushes of a system are about until none waits; what comes meanwhile is read once more, together. Nothing when somebody
        else is at it, who looks again after that, or while the system is left alone."""
        more = True
        while more and not self.poll.rests(standing := await self.poll.health.get(name)):
            async with leasing.trying(self.leases, self.clock, "pushes", name) as lease:
                if lease is None or not (standing.cursor or await self._met(name)):
                    return
                for some in _together(await self.store.waiting(name, self.clock.now(), MOST)):
                    if not await self._read(name, some):
                        break
            # Only after the release: whoever could not lease has stored before that.
            more = bool(await self.store.waiting(name, self.clock.now(), 1))

    async def _met(self, name: str) -> bool:
        """What is open when a system is met is stored first, or it would be news."""
        await self.poll.poll(name, then=self._flush_soon)
        return bool((await self.poll.health.get(name)).cursor)

    # --- reading ---------------------------------------------------------------------------------------------------------

    async def _read(self, name: str, some: Sequence[model.Push]) -> bool:
        """One read for all of them; False when the system does not answer, and they wait."""
        about = {one.ident: one for push in some for one in push.news.about}
        missing = frozenset(about)
        try:
            missing = await self.poll.look(name, list(about.values()), then=self._flush_soon) if about else frozenset()
        except AWAY as error:
            await self.poll.stumbled(name, error)
            return False
        except errors.SourceError as error:
            log.info("what %s pushed could not be read: %s", name, error)
        if any(push.news.everything for push in some):
            await self.poll.poll(name, now_please=True, then=self._flush_soon)
        vain = [push for push in some if push.tries + 1 < TRIES and any(one.ident in missing for one in push.news.about)]
        for push in vain:
            await self.store.again([push], self.clock.now() + SOON * 2**push.tries)
        await self.store.settle([push for push in some if push not in vain], self.clock.now())
        return True

    def _flush_soon(self) -> None:
        """Beside what is read next, and without holding it up."""
        self._start(self.flush())

    # --- in this process -----------------------------------------------------------------------------------------------------

    def _wake(self, name: str) -> None:
        """One read of a system goes on here, and one more waits for it: however often somebody asks."""
        if self.works:
            self._wanted.add(name)
            if name not in self._going:
                self._going.add(name)
                self._start(self._run(name))

    async def _run(self, name: str) -> None:
        try:
            while name in self._wanted:
                self._wanted.discard(name)
                await self.take(name)
        finally:
            self._going.discard(name)

    def _start(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """The database tells by itself when it is away, and what waits is taken up again."""
        self.tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, errors.BotError):
            log.error("what was pushed could not be read", exc_info=error)


def _together(waiting: Sequence[model.Push]) -> list[list[model.Push]]:
    """What is read for the first time together; what was read in vain alone, so that none keeps others from being read."""
    fresh = [push for push in waiting if not push.tries]
    return [*([fresh] if fresh else []), *([push] for push in waiting if push.tries)]
