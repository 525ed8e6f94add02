"""Lasting messages as they are wanted: which there are, what is said in them, and how each is drawn. `post` alone brings them to Slack."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot import errors, model, ports
from bot.core import connected, routing, stored_reports
from bot.render.anomaly import anomaly_card, group_card
from bot.render.desk import reports
from bot.services import slicing

PROGRESS_EVERY = timedelta(seconds=4)
"""All progress together is at most 15 edits a minute, of the 35 that machines may make."""

Draw = Callable[[model.Card], Awaitable[model.Message | None]]


class Undrawn(Exception):
    """A card that cannot be drawn, for a mistake of ours: no reason to keep all others of its lane from being delivered."""


@dataclass(slots=True, kw_only=True)
class Cards:
    """What is wanted is a row; it is drawn from what the store knows when it is delivered, so that a late message is a true one."""

    routes: ports.Routes
    sources: Mapping[str, ports.Source]
    anomalies: ports.Anomalies
    store: ports.Cards
    journal: ports.Journal
    clock: ports.Clock
    drawers: dict[model.CardKind, Draw] = field(default_factory=dict)
    """How services above this one draw the kinds of cards that are theirs; they register here."""
    course: Callable[[model.Anomaly], Awaitable[Sequence[model.Point]]] | None = None
    """How the metric of one anomaly went, as far as that is known here."""
    ack_takes: bool = True
    """Whether whoever acknowledges what nobody has gets it."""
    _progressed: datetime | None = None

    @property
    def channel(self) -> str:
        """Where what belongs to no other route is told."""
        return self.routes.home.channel

    # --- what is wanted ------------------------------------------------------------------------------------------------

    async def drafts(self, anomalies: Sequence[model.Anomaly]) -> Mapping[model.Ref, Sequence[model.CardDraft]]:
        """The cards that these anomalies get when they turn out to be new; none for what is closed already."""
        own = {name: source.own_words for name, source in self.sources.items()}
        routes = routing.chooser(await self.routes.list(), own)
        made: dict[model.Ref, Sequence[model.CardDraft]] = {}
        async for some in slicing.each(anomalies):
            for one in some:
                if one.state is not model.State.ARCHIVED:
                    made[one.ref] = [_draft(one.ref, route) for route in routes(one)]
        return made

    async def publish(self, draft: model.CardDraft) -> model.Card:
        """Want this message: it is made once, and corrected when the draft says something else than the one before."""
        return await self.store.put(draft, self.clock.now())

    async def redraw(self, draft: model.CardDraft) -> None:
        """Want it, and want it drawn again at once: what it shows is somewhere else than in the draft."""
        card = await self.publish(draft)
        await self.store.touch([card.id], self.clock.now())

    async def redraw_old(self, draft: model.CardDraft) -> None:
        """Have it drawn again where it is there already: an earlier release wanted it, and nobody begins it any more."""
        card = await self.store.find(draft)
        if card is not None:
            await self.store.touch([card.id], self.clock.now())

    async def progress(self, draft: model.CardDraft, later: timedelta = timedelta(0)) -> None:
        """Show how far something is: its message is made, or edited when the next edit for progress is free. What waits is shown as it
        stands by then, so that nothing is edited twice for the same reason."""
        card, now = await self.publish(draft), self.clock.now()
        free = now + later if self._progressed is None else max(now + later, self._progressed + PROGRESS_EVERY)
        if card.due is None:
            self._progressed = free
        await self.store.stir(card.id, free)

    async def report(self, key: str, said: model.Report, channel: str = "") -> None:
        """Say something once: a card of kind report in this channel, by default the default route's."""
        await self.publish(report(key, said, channel or self.channel))

    async def adopt(self, ref: model.Ref, channel: str, ts: str) -> None:
        """Take over a message of ours that no row knows, so that it stays true from now on."""
        if await self.store.at(channel, ts) is None and await self.anomalies.get([ref]):
            draft = model.CardDraft(
                model.CardKind.ANOMALY, channel, str(ref), ref=ref, state=model.CardState.LIVE, reason=model.Reason.ADOPTED
            )
            await self.store.adopt(draft, ts, self.clock.now())

    # --- what it shows ---------------------------------------------------------------------------------------------------

    async def draw(self, card: model.Card) -> model.Message | None:
        """What Slack should show; None when an anomaly was closed before anybody saw it. Raises NotFound while its system is away, and
        Undrawn."""
        drawn: Mapping[model.CardKind, Draw] = {
            model.CardKind.ANOMALY: self._anomaly,
            model.CardKind.GROUP: self._group,
            model.CardKind.REPORT: self._report,
            **self.drawers,
        }
        try:
            return await drawn[card.kind](card)
        except (errors.StoreError, errors.NotFound):
            raise
        except Exception as error:
            raise Undrawn("The desk cannot draw this message; its log says why.") from error

    async def _anomaly(self, card: model.Card) -> model.Message | None:
        assert card.ref is not None
        connected.named(self.sources, card.ref.source)
        anomaly = (await self.anomalies.get([card.ref])).get(card.ref)
        if anomaly is None or (anomaly.state is model.State.ARCHIVED and not card.ts):
            return None
        past = await self.journal.past(anomaly, self.clock.now())
        capabilities = replace(connected.capabilities(self.sources, card.ref.source), ack_takes=self.ack_takes)
        course = await self.course(anomaly) if self.course and anomaly.state is not model.State.ARCHIVED else ()
        return anomaly_card.anomaly(anomaly, capabilities, past, course)

    async def _group(self, card: model.Card) -> model.Message | None:
        tally = await self.store.tally(card.id)
        names = [name for name, _ in tally.sources]
        if names and not self.sources.keys() & set(names):
            connected.named(self.sources, names[0])
        route = await self.routes.get(card.route) or self.routes.home
        capabilities_of = {name: connected.capabilities(self.sources, name) for name in names}
        return group_card.group(card.id, tally, capabilities_of, route.burst, card.wanted)

    async def _report(self, card: model.Card) -> model.Message | None:
        said = stored_reports.unpack(card.payload)
        if not isinstance(said, model.CriticalJoined):
            return reports.report(said)
        known = await self.anomalies.get(said.refs)
        left = [known[ref] for ref in said.refs if ref in known and known[ref].state is not model.State.ARCHIVED]
        names = {one.ref.source for one in left}
        return group_card.joined(left, {name: connected.capabilities(self.sources, name) for name in names}) if left else None


def _draft(ref: model.Ref, route: model.Route) -> model.CardDraft:
    return model.CardDraft(model.CardKind.ANOMALY, route.channel, str(ref), route=route.id, ref=ref)


def at_once(kind: model.CardKind, channel: str, key: str, payload: Mapping[str, object]) -> model.CardDraft:
    """The draft of a message that nobody has to decide about: not folded, not held, not routed."""
    return model.CardDraft(kind, channel, key, payload=payload, state=model.CardState.LIVE, reason=model.Reason.REPORT)


def report(key: str, said: model.Report, channel: str) -> model.CardDraft:
    """The draft of a report, for a transaction of somebody else."""
    return at_once(model.CardKind.REPORT, channel, key, stored_reports.pack(said))
