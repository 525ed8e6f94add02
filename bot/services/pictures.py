"""What a system draws of an anomaly, shared into the thread of its card: once, after the card is there, and nobody waits for it.

Nothing of it is done again: a picture that may have arrived is not sent twice, and a desk that ends meanwhile leaves the rest out.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot import errors, model, ports

log = logging.getLogger(__name__)

KIND = "pictures"
"""What is leased of a card, and never given back: no other process shares its pictures meanwhile."""
HELD = 3600.0
AGAIN = (5.0, 30.0)
"""Seconds after which a system is asked again that did not draw: nothing has been sent then."""

pause: Callable[[float], Awaitable[None]] = asyncio.sleep


@dataclass(slots=True, kw_only=True)
class Sharing:
    """`artists` are the systems that draw, by their names. `tasks` are those under way."""

    artists: Mapping[str, ports.Pictures]
    anomalies: ports.Anomalies
    leases: ports.Leases
    messenger: ports.Messenger
    clock: ports.Clock
    telemetry: ports.Telemetry
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    def follow(self, card: model.Card, ts: str) -> None:
        """Its card stands there: what is drawn of it follows."""
        if card.kind is model.CardKind.ANOMALY and card.ref is not None and card.ref.source in self.artists:
            task = asyncio.ensure_future(self._share(card, card.ref, ts))
            self.tasks.add(task)
            task.add_done_callback(self._ended)

    async def _share(self, card: model.Card, ref: model.Ref, ts: str) -> None:
        if await self.leases.take(KIND, card.id, self.clock.now(), HELD) is None:
            return
        sent = 0
        try:
            for drawn in await self._drawn(ref):
                await self.messenger.upload(card.channel, ts, drawn.name, drawn.alt, drawn.content, alt=drawn.alt)
                sent += 1
        except (errors.SourceError, errors.DeliveryError) as error:
            log.info("pictures of %s are left out after %d: %s", ref, sent, error)
        self.telemetry.count("pictures", sent, source=ref.source)

    async def _drawn(self, ref: model.Ref) -> Sequence[ports.Picture]:
        """What its system draws; it is asked a few times, because it may not know of the anomaly yet."""
        anomaly = (await self.anomalies.get([ref])).get(ref)
        if anomaly is None:
            return ()
        for seconds in AGAIN:
            try:
                return await self.artists[ref.source].pictures(anomaly)
            except errors.SourceError as error:
                log.debug("%s draws nothing of %s yet: %s", ref.source, ref, error)
            await pause(seconds)
        return await self.artists[ref.source].pictures(anomaly)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        """The database tells by itself when it is away."""
        self.tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, errors.BotError):
            log.error("pictures could not be shared", exc_info=error)
