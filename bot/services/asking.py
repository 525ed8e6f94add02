"""A click that takes long is answered meanwhile: the last line of the clicked card says whom the desk asks, and for whom.

What is wanted is raised before that is shown, so that a crash leaves a card that the next flush makes true."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from bot import errors, model, ports
from bot.render.anomaly import anomaly_card
from bot.services import cards, leasing

log = logging.getLogger(__name__)

SECONDS = 2.5
"""How long nothing has to be seen."""

REPAIRED = timedelta(seconds=60)
"""When the card is made true whatever became of the click."""


async def patience() -> None:
    """As long as nobody wonders."""
    await asyncio.sleep(SECONDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Says so on cards. `wait` is how long nothing is said."""

    cards: cards.Cards
    store: ports.Cards
    leases: ports.Leases
    messenger: ports.Messenger
    clock: ports.Clock
    wait: Callable[[], Awaitable[None]] = patience

    @asynccontextmanager
    async def told(self, channel: str, ts: str, response_url: str, title: str, name: str) -> AsyncIterator[asyncio.Event]:
        """Do it, and tell that it is being done where it takes long: then the event is set. What was told is over when this ends: the
        outcome comes after it."""
        begun = asyncio.Event()
        if not (ts and response_url):
            yield begun
            return
        telling = asyncio.create_task(self._tell(begun, channel, ts, response_url, title, name))
        try:
            yield begun
        finally:
            if not begun.is_set():
                telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)

    async def _tell(self, begun: asyncio.Event, channel: str, ts: str, response_url: str, title: str, name: str) -> None:
        await self.wait()
        begun.set()
        try:
            card = await self.store.at(channel, ts)
            if card is None:
                return
            lease = await self.leases.take("cards", card.id, self.clock.now(), leasing.SECONDS)
            if lease is None:
                return  # it is being edited just now: that is something to be seen
            async with leasing.holding(self.leases, self.clock, lease):
                await self._shown(card, response_url, title, name)
        except (errors.BotError, cards.Undrawn) as error:
            log.info("a card does not say that it waits: %s", error)

    async def _shown(self, card: model.Card, response_url: str, title: str, name: str) -> None:
        message = await self.cards.draw(card)
        if message is None:
            return
        await self.store.touch([card.id], self.clock.now() + REPAIRED)
        await self.messenger.respond(response_url, anomaly_card.asking(message, title, name), replace=True)
