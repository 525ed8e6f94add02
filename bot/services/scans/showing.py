"""The lasting messages of operations: one for each, one for all steps of a chain, and in its thread where an anomaly is verified."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot import model, ports
from bot.core import connected, scan_rules
from bot.render.scan import scan_message
from bot.services import cards


@dataclass(slots=True, kw_only=True)
class Shown:
    """Wants these messages, and draws them from what the store knows."""

    sources: Mapping[str, ports.Source]
    store: ports.Operations
    cards: cards.Cards
    clock: ports.Clock

    async def publish(self, operation: model.Operation) -> None:
        """Want the operation's message."""
        await self.cards.publish(await self.draft(operation))

    async def progress(self, operation: model.Operation, later: timedelta = timedelta(0)) -> None:
        """Want it as the operation stands now, as soon as an edit for progress is free."""
        await self.cards.progress(await self.draft(operation), later)
        if operation.step > 1:  # earlier releases gave each step a message of its own
            await self.cards.redraw_old(_draft(operation, operation.id))

    async def draft(self, operation: model.Operation) -> model.CardDraft:
        """The lasting message. What it shows is read when it is drawn."""
        return _draft(operation, scan_rules.first(operation.id), await self._thread(operation))

    async def draw(self, card: model.Card) -> model.Message | None:
        """What the message shows now. Given to `post`, the only writer."""
        operation = await self.store.get(str(card.payload.get("operation", "")))
        if operation is None:
            return None
        connected.named(self.sources, operation.source)
        *before, last = await self.steps(operation)
        return await self.card(last, before)

    async def card(self, operation: model.Operation, before: Sequence[model.Operation] | None = None) -> model.Message:
        """The operation as it stands, with the steps before it."""
        if before is None:
            before = [one for one in await self.steps(operation) if one.step < operation.step]
        known = await self.cards.anomalies.get([operation.verifies]) if operation.verifies else {}
        capabilities = connected.capabilities(self.sources, operation.source)
        anomaly = known.get(operation.verifies) if operation.verifies else None
        return scan_message.card(operation, capabilities, self.clock.now(), before, anomaly)

    async def steps(self, operation: model.Operation) -> Sequence[model.Operation]:
        """The steps of its chain that have begun, in their order; an operation alone is the only one."""
        if operation.steps <= 1 or not operation.plan:
            return [operation]
        chain = scan_rules.first(operation.id)
        found = [one for one in await self.store.plan(operation.plan) if scan_rules.first(one.id) == chain]
        return sorted(found, key=lambda one: one.step) or [operation]

    async def told(self, ref: model.Ref) -> None:
        """Have the cards of an anomaly drawn again that was verified: what came of it may be all that is new about it."""
        shown = [card.id for card in await self.cards.store.of([ref]) if card.ref == ref and card.ts]
        if shown:
            await self.cards.store.touch(shown, self.clock.now())

    async def _thread(self, operation: model.Operation) -> str:
        """The message of the anomaly that it verifies, in the channel where it was asked for; "" where there is none, or none any more:
        nobody finds a thread without its message."""
        if operation.verifies is None:
            return ""
        about = [one for one in await self.cards.store.of([operation.verifies]) if one.state is model.CardState.LIVE]
        return next((one.ts for one in about if one.ref == operation.verifies and one.channel == operation.channel and one.ts), "")


def _draft(operation: model.Operation, key: str, thread: str = "") -> model.CardDraft:
    payload = {"operation": key, **({"thread": thread} if thread else {})}
    return cards.at_once(model.CardKind.SCAN, operation.channel, key, payload)
