"""What a system draws of an anomaly, shared into the thread of its card: after the card is there, each file once, and nobody waits for it.

A row says that they are wanted before it is recorded that the card stands, and names each file before that is sent: a desk that ends
meanwhile leaves nothing out, and sends nothing twice that may have arrived.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot import errors, model, ports
from bot.services import following

log = logging.getLogger(__name__)

WORST = 3
"""Members of a group whose pictures are shared: the worst of the critical ones, which have rows of their own on its card. Ten of them with
six files each would bury the thread, and cost a system of thirty calls a minute more than two minutes of them."""


@dataclass(slots=True, kw_only=True)
class Sharing:
    """`artists` are the systems that draw, by their names. Several processes may share: each row is leased."""

    artists: Mapping[str, ports.Pictures]
    anomalies: ports.Anomalies
    store: ports.WantedPictures
    leases: ports.Leases
    messenger: ports.Messenger
    clock: ports.Clock
    telemetry: ports.Telemetry
    rounds: following.Rounds[ports.WantedPicture] = field(init=False)

    def __post_init__(self) -> None:
        self.rounds = following.Rounds(kind="pictures", rows=self.store, leases=self.leases, clock=self.clock, do=self._share)

    @property
    def tasks(self) -> set[asyncio.Task[Any]]:
        """What goes on at this moment."""
        return self.rounds.tasks

    async def want(self, card: model.Card, ts: str) -> None:
        """A card stands there: what is drawn of it is to follow."""
        refs = await self._drawable(card)
        if refs:
            await self.store.ask(card, ts, refs, self.clock.now())
            self.rounds.start()

    async def work(self) -> None:
        """Share everything that is wanted by now; what somebody else is at is theirs."""
        if self.artists:
            await self.rounds.work()

    async def _drawable(self, card: model.Card) -> Sequence[model.Ref]:
        """Its anomaly; of a group the worst."""
        if card.kind is model.CardKind.GROUP and self.artists:
            return await self.store.worst(card.id, sorted(self.artists), WORST)
        own = card.ref if card.kind is model.CardKind.ANOMALY else None
        return [own] if own is not None and own.source in self.artists else []

    # --- one row -------------------------------------------------------------------------------------------------------------

    async def _share(self, lease: model.Lease, wanted: ports.WantedPicture) -> None:
        """What is left of it; put off where its system does not draw yet, or Slack has no time."""
        begun = list(wanted.begun)
        try:
            for drawn in await self._drawn(wanted):
                if drawn.name not in begun:
                    begun.append(drawn.name)
                    if not await self.store.begun(lease, begun):
                        return
                    await self._send(wanted, drawn)
        except (errors.SlackRateLimited, errors.SlackUnavailable) as error:
            await self._put_off(lease, wanted, begun[:-1], error)  # it is certain that this one is not there
        except errors.SourceError as error:
            await self._put_off(lease, wanted, begun, error)
        except errors.DeliveryError as error:
            await self._left_out(lease, wanted, error)
        else:
            await self.store.settle(lease, self.clock.now())

    async def _send(self, wanted: ports.WantedPicture, drawn: ports.Picture) -> None:
        try:
            await self.messenger.upload(wanted.channel, wanted.ts, drawn.name, drawn.alt, drawn.content, alt=drawn.alt)
        except errors.SlackAmbiguous as error:
            log.info("a picture of %s may or may not be there, and is not sent again: %s", wanted.ref, error)
        self.telemetry.count("pictures", source=wanted.ref.source)

    async def _drawn(self, wanted: ports.WantedPicture) -> Sequence[ports.Picture]:
        """What its system draws; nothing where that is not connected any more, or it is too late."""
        artist = self.artists.get(wanted.ref.source)
        anomaly = (await self.anomalies.get([wanted.ref])).get(wanted.ref)
        if artist is None or anomaly is None or self.clock.now() - wanted.at > following.WITHIN:
            return ()
        return await artist.pictures(anomaly)

    async def _put_off(self, lease: model.Lease, wanted: ports.WantedPicture, begun: Sequence[str], error: errors.BotError) -> None:
        if wanted.tries >= len(following.AGAIN):
            await self._left_out(lease, wanted, error)
            return
        log.debug("pictures of %s are shared later: %s", wanted.ref, error)
        await self.store.later(lease, self.clock.now() + following.AGAIN[wanted.tries], begun)

    async def _left_out(self, lease: model.Lease, wanted: ports.WantedPicture, error: errors.BotError) -> None:
        log.info("pictures of %s are left out: %s", wanted.ref, error)
        await self.store.settle(lease, self.clock.now())
