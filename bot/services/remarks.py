"""Comments that tell in the system who acted: left after the change was confirmed, each once, waited for by nobody."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot import errors, model, ports
from bot.services import leasing

log = logging.getLogger(__name__)

SKEW = timedelta(minutes=1)
"""So much may the system's clock differ from ours: a comment with these words that is older than the change is another one."""

PAUSE, LONGEST_PAUSE = timedelta(seconds=15), timedelta(minutes=10)

ABREAST = 4
"""Remarks that are left at once: as many as may write."""

WITHIN = timedelta(days=1)
"""A comment that could not be left for so long is news to nobody."""


@dataclass(slots=True, kw_only=True)
class Remarks:
    """Leaves what waits. Several processes may: each remark is leased."""

    sources: Mapping[str, ports.Source]
    store: ports.Remarks
    leases: ports.Leases
    clock: ports.Clock
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _under_way: set[str] = field(default_factory=set)
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(ABREAST))

    def soon(self) -> None:
        """Leave what waits now, without holding anybody up; what fails is left by the job. Where one waits for its turn, it will see this
        one, too."""
        if len(self.tasks) > ABREAST:
            return
        with ports.clicked(really=False):  # nobody looks at the answer
            task = asyncio.create_task(self._quietly())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _quietly(self) -> None:
        try:
            await self.work()
        except errors.BotError as error:
            log.info("comments that tell who acted are left later: %s", error)

    async def work(self) -> None:
        """Leave every remark that is due, a few at once; what somebody else is at is theirs."""
        async with self._places:
            others: set[str] = set()
            while (remark := await self._next(others)) is not None:
                try:
                    lease = await self.store.take(remark, self.clock.now(), leasing.SECONDS)
                    if lease is None:
                        others.add(remark.key)
                        continue
                    async with leasing.holding(self.leases, self.clock, lease) as held:
                        await self._try(held, remark)
                finally:
                    self._under_way.discard(remark.key)

    async def _next(self, others: Collection[str]) -> ports.Remark | None:
        """Read just before its lease is taken, so that nothing has become of it since; none that is under way here: twenty clicks a second
        would ask twenty times for the lease of each."""
        due = await self.store.due(self.clock.now(), len(self._under_way) + len(others) + 1)
        found = next((one for one in due if one.key not in self._under_way and one.key not in others), None)
        if found is not None:
            self._under_way.add(found.key)
        return found

    async def _try(self, held: list[model.Lease], remark: ports.Remark) -> None:
        try:
            await self._leave(remark)
        except errors.SourceError as error:
            log.info("no comment was left on %s yet: %s", remark.ref, error)
            pause = min(PAUSE * 2 ** min(remark.tries, 10), LONGEST_PAUSE)
            await self.store.later(held[0], self.clock.now() + pause)
            return
        with leasing.ending(held) as (lease,):
            await self.store.settle(lease)

    async def _leave(self, remark: ports.Remark) -> None:
        """Leave it where that makes sense; one that may have been there before is looked for before it is said again. Raises SourceError
        while it makes sense to try."""
        source = self.sources.get(remark.ref.source)
        late = self.clock.now() - remark.at > WITHIN
        if source is None or late or model.Action.COMMENT not in source.supports - source.doubtful:
            return
        if remark.asked is not None and await said(source, remark.ref, remark.text, remark.at):
            return
        target = (await source.get([remark.ref.id])).get(remark.ref.id)
        if target is not None:
            await self._say(source, target, remark)

    async def _say(self, source: ports.Source, target: model.Anomaly, remark: ports.Remark) -> None:
        """Raises SourceError when nobody knows whether it is there, or it may be later."""
        try:
            (outcome,) = await source.apply(model.Change(model.Action.COMMENT, comment=remark.text), [target])
        except (errors.SourceForbidden, errors.SourceMissing, errors.SourceRejected) as error:
            log.info("no comment was left on %s: %s", remark.ref, error)
            return
        if outcome.unsure:
            raise errors.SourceUnsure(source.name, outcome.reason)
        if outcome.result is model.Result.REFUSED:
            log.info("no comment was left on %s: %s", remark.ref, outcome.reason)


async def said(source: ports.Source, ref: model.Ref, text: str, since: datetime) -> bool:
    """Whether this comment is there, left after that time; where the system tells no times, ever. Raises SourceError."""
    since -= SKEW
    return any(one.text == text and (one.at is None or one.at >= since) for one in await source.comments(ref.id))
