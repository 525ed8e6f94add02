"""How the metric of an anomaly went, on its own card: asked for once, after the card is there, and kept for every later edit.

A row says that it is wanted before it is recorded that the card stands. What the system said, that the row is done, and that the cards want
an edit are one transaction: a desk that ends before asks again, one that ends after it has all of it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot import errors, model, ports
from bot.render.anomaly import sparkline
from bot.services import following

log = logging.getLogger(__name__)

METRICS = 5
"""Further metrics of one anomaly that are asked for: where the heaviest one is another at each look, that has to end."""
NEVER = (errors.SourceMissing, errors.SourceRejected)
"""What asking again would not change."""


@dataclass(slots=True, kw_only=True)
class Courses:
    """`tellers` are the systems that tell it, by their names. Several processes may ask: each row is leased."""

    tellers: Mapping[str, ports.Courses]
    anomalies: ports.Anomalies
    store: ports.WantedCourses
    leases: ports.Leases
    clock: ports.Clock
    telemetry: ports.Telemetry
    rounds: following.Rounds[ports.WantedCourse] = field(init=False)

    def __post_init__(self) -> None:
        self.rounds = following.Rounds(kind="courses", rows=self.store, leases=self.leases, clock=self.clock, do=self._learn)

    @property
    def tasks(self) -> set[asyncio.Task[Any]]:
        """What goes on at this moment."""
        return self.rounds.tasks

    async def want(self, card: model.Card, ts: str) -> None:
        """A card stands there: where it is of one anomaly, the course of that is to follow."""
        if card.kind is model.CardKind.ANOMALY and card.ref is not None and card.ref.source in self.tellers:
            await self.store.ask(card.ref, self.clock.now())
            self.rounds.start()

    async def work(self) -> None:
        """Ask for everything that is wanted by now; what somebody else is at is theirs."""
        if self.tellers:
            await self.rounds.work()

    async def told(self, anomaly: model.Anomaly) -> Sequence[model.Point]:
        """What is known of the metric that an anomaly is told by, without a call."""
        known = await self._known(anomaly)
        return known.points if known and anomaly.series and known.metric == anomaly.series.ident else ()

    async def followed(self, anomaly: model.Anomaly) -> Sequence[model.Point]:
        """The same for its card. Where an anomaly is told by another metric by now, one that joined it for example, that one's course is to
        follow: the old one beside its numbers would be no truth."""
        known = await self._known(anomaly)
        if known is None or anomaly.series is None or known.metric == anomaly.series.ident:
            return known.points if known else ()
        if known.settled and known.asked < METRICS:
            await self.store.again(anomaly.ref, known, self.clock.now())
            self.rounds.start()
        return ()

    async def _known(self, anomaly: model.Anomaly) -> ports.KnownCourse | None:
        return await self.store.known(anomaly.ref) if anomaly.series and anomaly.ref.source in self.tellers else None

    async def _learn(self, lease: model.Lease, wanted: ports.WantedCourse) -> None:
        """One call, written down before it is made: who dies of the answer does not make it for ever."""
        now, teller = self.clock.now(), self.tellers.get(wanted.ref.source)
        anomaly = (await self.anomalies.get([wanted.ref])).get(wanted.ref)
        metric = anomaly.series.ident if anomaly is not None and anomaly.series is not None else ""
        late = now - wanted.at > following.WITHIN or wanted.tries > len(following.AGAIN)
        if teller is None or anomaly is None or anomaly.series is None or late:
            await self.store.settle(lease, metric, (), now)
            return
        last = wanted.tries == len(following.AGAIN)
        if not await self.store.begin(lease, now + following.AGAIN[min(wanted.tries, len(following.AGAIN) - 1)]):
            return
        self.telemetry.count("courses", source=wanted.ref.source)
        try:
            points = await teller.course(anomaly)
        except errors.SourceError as error:
            log.debug("how %s went is not known: %s", wanted.ref, error)
            if last or isinstance(error, NEVER):
                log.info("the card of %s stays without the course of its metric: %s", wanted.ref, error)
                await self.store.settle(lease, metric, (), self.clock.now())
        else:
            await self.store.settle(lease, metric, points[-sparkline.MOST :], self.clock.now())
