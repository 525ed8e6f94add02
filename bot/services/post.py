"""The only writer of lasting messages: group, decide, render, lease, deliver, record.

`flush` takes no anomalies: it reads what is dirty, so that a poll, a click, a webhook, a restart and a repair share one path.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot import errors, model, ports
from bot.core import grouping, retries
from bot.services import cards, fallback, leasing

log = logging.getLogger(__name__)

SETTLE = timedelta(seconds=10)
"""How long Slack gets to store a message whose answer was lost before its absence is believed."""

CHANNEL_PAUSE = timedelta(seconds=60)
"""How often a channel that refuses us is tried again; a person has to mend it."""

BATCH = 25

EDITS = "edits"
"""The lane of all edits; the first posts of a channel are a lane each."""

PATIENCE_SECONDS = 5.0
"""How long a flush waits for its lanes; one that has more to do, or is told by Slack to wait, goes on without holding up the others."""

LOOK_SECONDS, OTHERS = 0.5, 60
"""How often a process that does not post itself looks whether a card is posted, and how many times."""

QUEUED = "budget"
"""The code of a call that waited too long for its turn: nothing that Slack said."""

UNREADABLE = frozenset({"missing_scope", "no_permission", "not_allowed_token_type"})
"""The app may not read histories at all, whatever becomes of its token."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A clicked message and the response_url that can edit it without a budget ("": none). Never stored."""

    channel: str
    ts: str
    response_url: str

    def on(self, card: model.Card) -> bool:
        """Whether this card is the clicked message."""
        return (card.channel, card.ts) == (self.channel, self.ts)


@dataclass(slots=True, kw_only=True)
class Post:
    """Delivers every card until Slack shows what is wanted. Several processes may flush at once: each card is leased."""

    cards: cards.Cards
    store: ports.Cards
    leases: ports.Leases
    slack: ports.SlackHealth
    messenger: ports.Messenger
    clock: ports.Clock
    telemetry: ports.Telemetry
    admins: Sequence[str] = ()
    stands: Callable[[model.Card, str], Awaitable[None]] | None = None
    """Told of a card that was posted, and where, before that is recorded: whoever dies in between tells it again."""
    crew: model.Crew = field(default_factory=model.Crew)
    """Who else is there: of the channels that are free each worker takes its part."""
    works: bool = True
    """Whether channels are posted to from here. Where Slack is only answered, clicked cards are edited and the rest is the workers'."""
    _lanes: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _paused: dict[str, datetime] = field(default_factory=dict)
    _resting: dict[str, datetime] = field(default_factory=dict)
    _grouping: asyncio.Lock = field(default_factory=asyncio.Lock)
    _closing: bool = False
    _progressed: datetime | None = None
    _good: set[str] = field(default_factory=set)
    fallback: fallback.Fallback = field(init=False)

    def __post_init__(self) -> None:
        self.fallback = fallback.Fallback(self.slack, self.clock)

    # --- the loop ------------------------------------------------------------------------------------------------------

    async def flush(self) -> None:
        """Decide what waits, then deliver all that is due. Returns when nothing more can be delivered now, or after a few seconds:
        each lane goes on by itself. Raises what a lane raised."""
        if self._closing or not self.works:
            return
        self._paused |= await self.pauses()
        await self._group()
        self._start(EDITS, self._edits)
        free = await self.store.due_channels(self.clock.now())
        for channel in free[: math.ceil(len(free) / self.crew.working)]:
            self._start(channel, lambda channel=channel: self._posts(channel))  # type: ignore[misc]
        if self._lanes:
            await asyncio.wait(self._lanes.values(), timeout=PATIENCE_SECONDS)
        ended = [self._lanes.pop(name) for name, lane in list(self._lanes.items()) if lane.done()]
        for failed in filter(None, await asyncio.gather(*ended, return_exceptions=True)):
            raise failed

    async def posted(self, card: model.Card) -> str:
        """Where Slack shows a card, "" when it does not yet: it is posted now, or by a worker within a few seconds."""
        await self.flush()
        left = 0 if self.works else OTHERS
        while (now := await self.store.get(card.id)) is not None and not now.ts and left and not self._closing:
            left -= 1
            await asyncio.sleep(LOOK_SECONDS)
        return "" if now is None else now.ts

    async def close(self, seconds: float) -> None:
        """Start no more deliveries, give those under way `seconds` to end, then cut them off: the next start looks what became of them."""
        self._closing = True
        if self._lanes:
            _, late = await asyncio.wait(self._lanes.values(), timeout=seconds)
            for lane in late:
                lane.cancel()
            await asyncio.gather(*self._lanes.values(), return_exceptions=True)

    async def show(self, refs: Sequence[model.Ref], hint: Hint | None = None, channel: str = "") -> bool:
        """Bring the cards of these anomalies up to date now; the clicked one through its response_url, adopted where no row knows it.
        Whether all of them are, or are just being edited by somebody else, and there is one, in this `channel` if one is named."""
        cards = await self.store.of(refs)
        if hint is not None and not any(hint.on(card) for card in cards):
            for ref in refs:
                await self.cards.adopt(ref, hint.channel, hint.ts)
            cards = await self.store.of(refs)
        shown = [card for card in cards if card.ts and card.reason is not model.Reason.MESSAGE_GONE]
        now = self.clock.now()
        if settled := [card.id for card in shown if card.due is None or card.due > now]:
            await self.store.touch(settled, now)
        good = any(card.channel == channel for card in shown) if channel else bool(shown)
        for card in shown:
            clicked = hint is not None and hint.on(card)
            good = await self._deliver(card.id, hint if clicked else None, clicked=True) is not ports.Shown.PART and good
        return good

    def paused(self) -> Mapping[str, datetime]:
        """Channels that are left alone for now, and until when."""
        now = self.clock.now()
        return {channel: until for channel, until in self._paused.items() if until > now}

    async def pauses(self) -> Mapping[str, datetime]:
        """The same for all processes: what one has met, the others leave alone too."""
        return await self.slack.paused(self.clock.now())

    async def _group(self) -> None:
        """One at a time: two flushes that read the same ten thousand cards would decide the same."""
        async with self._grouping:
            waiting = await self.store.waiting()
            if not waiting:
                return
            now = self.clock.now()
            routes = {route.id: route for route in await self.cards.routes.list()}
            for decision in grouping.decide(waiting, await self.store.windows(), routes, now):
                await self.store.decide(decision, now)

    def _start(self, lane: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        if lane not in self._lanes and not self._closing:
            with ports.clicked(really=False):  # a lane is everybody's, whoever started it
                self._lanes[lane] = asyncio.create_task(work())

    async def _posts(self, channel: str) -> None:
        """The lane of a channel is one process's, so that its budget is kept and its messages keep their order."""
        async with leasing.trying(self.leases, self.clock, "lanes", channel) as lane:
            while lane is not None:
                due = await self.store.due(self.clock.now(), posted=False, channel=channel, limit=BATCH)
                if not await self._deliver_all(channel, due):
                    return

    async def _edits(self) -> None:
        while True:
            due = await self.store.due(self.clock.now(), posted=True, without=sorted(self.paused()), limit=BATCH)
            if not await self._deliver_all(EDITS, due):
                return

    async def _deliver_all(self, lane: str, due: Sequence[model.Card]) -> bool:
        """Deliver one after the other; False when nothing moved, so that nobody spins."""
        moved = False
        for card in due:
            if not (self._closing or self._rests(lane) or self._held(card.channel)):
                moved = await self._deliver(card.id) is not ports.Shown.LOST or moved
        return moved

    def _rests(self, lane: str) -> bool:
        until = self._resting.get(lane)
        return until is not None and until > self.clock.now()

    def _held(self, channel: str) -> bool:
        until = self._paused.get(channel)
        return until is not None and until > self.clock.now()

    # --- one card --------------------------------------------------------------------------------------------------------

    async def _deliver(self, card_id: str, hint: Hint | None = None, *, clicked: bool = False) -> ports.Shown:
        """Deliver until Slack shows what is wanted: all of it, or a part where that could not be done. LOST when somebody else holds the
        card."""
        lease = await self.leases.take("cards", card_id, self.clock.now(), leasing.SECONDS)
        if lease is None:
            return ports.Shown.LOST
        async with leasing.holding(self.leases, self.clock, lease) as held:
            while await self._step(held, card_id, hint, clicked):
                hint = None
            return ports.Shown.PART if held else ports.Shown.ALL  # what was delivered for good was given back with that

    async def _step(self, held: list[model.Lease], card_id: str, hint: Hint | None, clicked: bool) -> bool:
        """One call to Slack; True when there is more to do. What was delivered for good is not held any more."""
        lease = held[0]
        card = await self.store.get(card_id)
        now = self.clock.now()
        if card is None or card.state is not model.CardState.LIVE or card.due is None or card.due > now:
            return False
        try:
            if card.ts:
                return await self._edit(held, card, hint, clicked)
            if card.posting is not None:
                return await self._reconcile(held, card)
            return await self._first(held, card)
        except errors.DeliveryError as error:
            await self._trouble(lease, card, error)
        except errors.NotFound as error:  # its system is not configured any more; should it come back, the card is as it was
            await self.store.defer(lease, now + retries.AWAY, str(error), unsent=card.posting is None)
        except cards.Undrawn as error:
            if card.error != str(error):
                log.error("card %s cannot be drawn; the others go on without it", card.id, exc_info=error.__cause__)
            await self.store.defer(lease, now + retries.after_refusal(card.tries), str(error), unsent=card.posting is None)
        return False

    async def _delivered(self, held: list[model.Lease], version: int, now: datetime, **told: Any) -> bool:
        with leasing.ending(held) as (lease,):
            shown = await self.store.delivered(lease, version, now, **told)
        if shown is ports.Shown.PART:
            held.append(lease)
        return shown is ports.Shown.PART

    async def _first(self, held: list[model.Lease], card: model.Card) -> bool:
        message, lease = await self.cards.draw(card), held[0]
        if message is None:
            await self.store.end(lease, model.CardState.GONE, model.Reason.CLOSED_BEFORE_POST)
            return False
        if not await self.store.begin(lease, self.clock.now()):
            return False
        thread, broadcast = await self._thread(card)

        def post(shown: model.Message) -> Awaitable[str]:
            return self.messenger.post(card.channel, shown, card.id, thread, broadcast=broadcast)

        ts, whole = await self.fallback.send(message, post)
        await self._recovered(card.channel)
        self.telemetry.count("posts", kind=card.kind)
        now = self.clock.now()
        if self.stands is not None:
            await self.stands(card, ts)
        return await self._delivered(held, card.wanted, now, ts=ts, again=None if whole else retries.whole_again(None, now))

    async def _thread(self, card: model.Card) -> tuple[str, bool]:
        """Where it stands. A line that belongs to another card is in its thread and told to the channel, or in the channel alone when that
        card is not there any more."""
        if card.kind is not model.CardKind.REPORT:
            return card.thread, False
        parent = await self.store.get(card.thread) if card.thread else None
        ts = parent.ts if parent is not None and parent.state is model.CardState.LIVE else ""
        return ts, bool(ts)

    async def _edit(self, held: list[model.Lease], card: model.Card, hint: Hint | None, clicked: bool) -> bool:
        message, whole = await self.cards.draw(card), True
        if message is not None:
            _, whole = await self.fallback.send(message, lambda shown: self._rewrite(card, shown, hint, clicked))
            await self._recovered(card.channel)
            self.telemetry.count("edits", kind=card.kind)
        now = self.clock.now()
        return await self._delivered(held, card.wanted, now, again=None if whole else retries.whole_again(card.posted, now))

    async def _rewrite(self, card: model.Card, message: model.Message, hint: Hint | None, clicked: bool) -> str:
        if hint is not None and hint.response_url:
            try:
                await self.messenger.respond(hint.response_url, message, replace=True)
                return card.ts
            except errors.BlocksRefused:
                raise
            except errors.DeliveryError as error:
                log.debug("the response_url did not take the edit (%s); editing the message itself", error)
        await self.messenger.update(card.channel, card.ts, message, clicked=clicked)
        return card.ts

    async def _reconcile(self, held: list[model.Lease], card: model.Card) -> bool:
        """A first post whose end nobody recorded: look for it, adopt it if it is there, post again only if it is not."""
        assert card.posting is not None
        lease, now = held[0], self.clock.now()
        try:
            thread, _ = await self._thread(card)
            ts = await self.messenger.find(card.channel, card.id, card.posting, thread)
        except errors.ChannelGone as error:  # no reason to hold up the posts of that channel: they may work where reading does not
            await self.store.defer(lease, now + retries.after_refusal(card.tries), str(error), unsent=False)
            return False
        except errors.SlackAuthFailed as error:
            if error.code not in UNREADABLE:
                raise
            log.warning("card %s may or may not be in %s, and its history cannot be read: %s", card.id, card.channel, error)
            await self.store.end(lease, model.CardState.LOST, model.Reason.UNVERIFIABLE, str(error))
            return False
        if ts:
            self.telemetry.count("reconciled", found="yes")
            if self.stands is not None:
                await self.stands(card, ts)
            return await self._delivered(held, card.delivered, now, ts=ts, reason=model.Reason.RECONCILED)
        if now - card.posting < SETTLE:
            await self.store.defer(lease, card.posting + SETTLE, card.error, unsent=False)
            return False
        self.telemetry.count("reconciled", found="no")
        return await self.store.defer(lease, now, card.error, unsent=True)

    # --- trouble ---------------------------------------------------------------------------------------------------------

    async def _trouble(self, lease: model.Lease, card: model.Card, error: errors.DeliveryError) -> None:
        """What each kind of refusal means for this card. Nothing is dropped without a stored reason."""
        now = self.clock.now()
        unsent = card.posting is None  # else it was only looked for: whether an earlier call posted it is still open
        self.telemetry.count("delivery_errors", code=error.code or type(error).__name__)
        match error:
            case errors.SlackRateLimited():
                until = now + timedelta(seconds=error.retry_after)
                if unsent and error.code != QUEUED:
                    self._resting[EDITS if card.ts else card.channel] = until
                await self.store.defer(lease, until, str(error), unsent=unsent)
            case errors.SlackAmbiguous():
                await self.store.defer(lease, now, str(error), unsent=False)
            case errors.MessageGone():
                await self.store.end(lease, model.CardState.GONE, model.Reason.MESSAGE_GONE, str(error))
            case errors.ChannelGone() | errors.SlackAuthFailed():
                self._paused[card.channel] = now + CHANNEL_PAUSE
                await self.slack.pauses(card.channel, now, now + CHANNEL_PAUSE)
                await self.store.defer(lease, now + CHANNEL_PAUSE, str(error), unsent=unsent)
                await self._tell(card.channel, error)
            case errors.BlocksRefused() | errors.SlackRejected():
                await self._refused(lease, card, error, unsent=unsent)
            case _:
                await self.store.defer(lease, now + retries.after_outage(card.tries), str(error), unsent=unsent)

    async def _refused(self, lease: model.Lease, card: model.Card, error: errors.DeliveryError, *, unsent: bool) -> None:
        """A refusal is not for ever: the card is tried again slowly until it is shown or its anomaly is closed; only old news is given
        up."""
        self.fallback.say(error)
        now = self.clock.now()
        if not card.ts and card.kind in (model.CardKind.REPORT, model.CardKind.DIGEST) and now - card.created > retries.STALE:
            await self.store.end(lease, model.CardState.LOST, model.Reason.REFUSED, str(error))
            return
        await self.store.defer(lease, now + retries.after_refusal(card.tries), str(error), unsent=unsent)

    async def _tell(self, channel: str, error: errors.DeliveryError) -> None:
        """A channel refuses us: say so once, in the log and to the admins, and go on trying quietly."""
        self._good.discard(channel)
        now = self.clock.now()
        if await self.slack.refused_since(channel):
            return
        await self.slack.refuses(channel, now)
        log.error("cannot post in %s: %s; trying again every %.0f seconds", channel, error, CHANNEL_PAUSE.total_seconds())
        await self._tell_admins(channel, f"channel_gone:{channel}:{now.isoformat()}", model.ChannelRefuses(channel, error.code, now))

    async def _recovered(self, channel: str) -> None:
        """The first success in a channel, in this process or after trouble: if people were told of trouble, tell them that it is over."""
        if channel in self._good:
            return
        self._good.add(channel)
        self._paused.pop(channel, None)
        since = await self.slack.refused_since(channel)
        if since:
            now = self.clock.now()
            await self.slack.works(channel, now)
            log.info("posting in %s works again", channel)
            await self._tell_admins(channel, f"channel_back:{channel}:{now.isoformat()}", model.ChannelWorks(channel, since, now))

    async def _tell_admins(self, channel: str, key: str, said: model.Report) -> None:
        for admin in self.admins:
            if admin.startswith(("U", "W")) and admin != channel:
                await self.cards.report(key, said, admin)
