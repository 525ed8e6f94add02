"""App Homes: drawn when somebody opens theirs, and after what they do as long as they have it open, by whichever process.

That one is to be drawn stands in its row, so that a redraw survives whoever wanted it; a lease has one process draw it, Slack's hash
keeps an older drawing from taking the place of a newer one, and Slack is asked at most once in `PACE`.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot import errors, model, ports
from bot.core import connected, features, grammar, home_filter, permissions
from bot.render.home import home_view
from bot.render.kit import refusals
from bot.services import leasing, people
from bot.services.batches import freeze

log = logging.getLogger(__name__)

OPEN_FOR = timedelta(minutes=15)
"""So long after somebody opened theirs it follows what they do."""
PACE = timedelta(seconds=3)
"""Slack is asked once in so long for each person."""
LIVE = timedelta(seconds=30)
"""How often it is drawn again while something runs that it shows."""
AGAIN = timedelta(seconds=30)
"""When it is tried again after Slack did not do it."""
LOOK_AGAIN = timedelta(seconds=1)
"""How long it is believed who has theirs open: this is asked after each click of anybody."""
HEARD_EVERY = timedelta(hours=1)
MEET_SECONDS = 1.0
"""So long a first drawing waits for the systems to say who somebody is by their address."""
SOME = 20

CONFLICT, DISABLED = "hash_conflict", "not_enabled"


@dataclass(slots=True, kw_only=True)
class Home:
    """Draws them. `elsewhere` are whose the filter words of single systems are."""

    sources: Mapping[str, ports.Source]
    scanners: Mapping[str, ports.Scanner]
    store: ports.Homes
    heard: ports.Heard
    leases: ports.Leases
    people: people.People
    batches: freeze.Batches
    messenger: ports.Messenger
    clock: ports.Clock
    telemetry: ports.Telemetry
    grants: permissions.Grants
    zone: ZoneInfo
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    _open: frozenset[str] = frozenset()
    _looked: datetime | None = None
    _noted: dict[str, datetime] = field(default_factory=dict)

    # --- what people do -----------------------------------------------------------------------------------------------------

    async def opened(self, who: str, shown: str) -> None:
        """Somebody opened theirs; `shown` is Slack's hash of what it shows, "" for nothing."""
        await self.store.opened(who, shown, self.clock.now())
        self._open |= {who}
        with contextlib.suppress(TimeoutError, errors.SourceError, errors.DeliveryError):
            async with asyncio.timeout(MEET_SECONDS):
                await self._meet(who)
        await self.draw(who)

    async def turned(self, who: str, turn: model.Turn) -> None:
        """Another filter or another page; it is drawn with what follows every click."""
        now = self.clock.now()
        await self.store.want(who, None, now, now, turn)

    async def turns(self, who: str) -> model.Turn:
        """How somebody looks at theirs now."""
        home = await self.store.get(who)
        return model.Turn() if home is None else model.Turn(home.words, home.mine, home.unseen)

    async def filtered(self, who: str, typed: str, today: date) -> None:
        """Another filter. Raises BadCommand, and NotSupported for words that it cannot have."""
        query = grammar.query(typed, today=today, systems=self._spoken)
        home_filter.check(query)
        await self.turned(who, model.Turn(grammar.canonical(query)))

    async def note(self, who: str, message: model.Message) -> None:
        """A line on top, for what has no other place; it is drawn with what follows every click."""
        await self.store.notice(who, home_view.line(message), self.clock.now())

    async def after(self, who: str, begun: datetime, *, there: bool) -> None:
        """Somebody did something, `there` or elsewhere: theirs is drawn again, if they have it open."""
        now = self.clock.now()
        if not there and who not in await self._recently(now):
            return
        wanted = await self.store.want(who, None if there else now - OPEN_FOR, now, begun)
        if there and not wanted:
            await self.store.opened(who, "", now)
        await self.draw(who)

    async def _recently(self, now: datetime) -> frozenset[str]:
        if self._looked is None or now - self._looked >= LOOK_AGAIN:
            self._open, self._looked = await self.store.recent(now - OPEN_FOR), now
        return self._open

    # --- who they are ---------------------------------------------------------------------------------------------------------

    async def unlinked(self, who: str) -> Sequence[tuple[str, str]]:
        """The systems with users in which somebody is nobody yet: names and titles."""
        home = await self.store.get(who)
        return self._unlinked(home.people if home else {})

    def _unlinked(self, known: Mapping[str, str]) -> Sequence[tuple[str, str]]:
        return [(name, self.sources[name].title) for name in self.people.peopled() if name not in known]

    async def _meet(self, who: str) -> None:
        """Whoever has the same address in a system is linked to it."""
        for name, _ in await self.unlinked(who):
            with contextlib.suppress(errors.SourceError):
                await self.people.match(name, [who])

    # --- what Slack tells ---------------------------------------------------------------------------------------------------------

    async def hear(self, event: str) -> None:
        """Remember that Slack sends this, at most once an hour."""
        now = self.clock.now()
        known = self._noted.get(event)
        if known is None or now - known >= HEARD_EVERY:
            self._noted[event] = now
            await self.heard.note(event, now)

    async def off(self) -> Sequence[str]:
        """What is switched off, because the app was installed without it: a sentence for each."""
        try:
            scopes = await self.people.directory.scopes()
        except errors.DeliveryError:
            scopes = frozenset()
        return features.off(scopes, await self.heard.last())

    # --- drawing --------------------------------------------------------------------------------------------------------------

    async def work(self) -> None:
        """Draw those that are due: after a pause, after trouble, or while something runs."""
        for who in await self.store.due(self.clock.now(), SOME):
            try:
                await self.draw(who)
            except errors.StoreError:
                raise
            except Exception:
                log.exception("the Home of %s cannot be drawn; the others go on without it", who)

    async def draw(self, who: str) -> None:
        """Draw one, if it is due and nobody is at it."""
        async with leasing.trying(self.leases, self.clock, "homes", who) as lease:
            home = await self.store.get(who) if lease else None
            now = self.clock.now()
            if home is None or home.due is None or home.due > now:
                return
            if home.called is not None and now - home.called < PACE:
                await self.store.defer(who, home.called + PACE)
                return
            await self._show(home, now)

    async def _show(self, home: model.Home, now: datetime) -> None:
        try:
            view, again = await self._view(home, now)
        except errors.DeliveryError as error:
            log.info("a Home is drawn later, because Slack does not say who %s is: %s", home.who, error)
            await self.store.drawn(home, called=None, shown=(home.hash, home.shown), again=self._later(home, now, AGAIN))
            return
        except errors.StoreError:
            raise
        except Exception:  # nobody foresaw it: it is tried again now and then, and not with each look
            await self.store.drawn(home, called=None, shown=(home.hash, home.shown), again=self._later(home, now, AGAIN))
            raise
        digest = _digest(view)
        if home.hash and digest == home.shown:
            await self.store.drawn(home, called=None, shown=(home.hash, home.shown), again=again)
            return
        try:
            shown = await self.messenger.publish(home.who, view, home.hash)
        except errors.DeliveryError as error:
            await self._refused(home, now, error)
            return
        self.telemetry.count("homes_drawn")
        await self.store.drawn(home, called=now, shown=(shown, digest), again=again)
        self._noted.pop(features.HOME_OFF, None)
        await self.hear(features.HOME_ON)

    async def _refused(self, home: model.Home, now: datetime, error: errors.DeliveryError) -> None:
        """What it shows is not known then: the next drawing goes over whatever it is."""
        wait = {CONFLICT: PACE, DISABLED: None}.get(error.code, AGAIN)
        if isinstance(error, errors.SlackRateLimited):
            wait = timedelta(seconds=error.retry_after)
        elif isinstance(error, errors.SlackRejected | errors.BlocksRefused | errors.ChannelGone) and error.code != CONFLICT:
            wait = None
        if error.code == DISABLED:
            self._noted.pop(features.HOME_ON, None)
            await self.hear(features.HOME_OFF)
        elif wait is None:
            log.error("Slack does not show a Home: %s", error)
        await self.store.drawn(home, called=now, shown=("", ""), again=self._later(home, now, wait) if wait else None)

    def _later(self, home: model.Home, now: datetime, wait: timedelta) -> datetime | None:
        """Nobody looks any more at one that was opened long ago."""
        return now + wait if now - home.opened < OPEN_FOR else None

    async def _view(self, home: model.Home, now: datetime) -> tuple[model.Block, datetime | None]:
        """What it shows, and when it is to be drawn again by itself."""
        actor = await self.people.actor(home.who)
        try:
            permissions.decide(model.Action.BROWSE, actor, self.grants)
        except errors.NotAllowed as error:
            return home_view.refused(refusals.error(error)), None
        facts = await self.store.facts(home, self._query(home.words, now), list(self.sources), self._themselves(), home_view.PAGES)
        running = bool(facts.operations) or any(batch.finished is None for batch, _ in facts.batches)
        view = home_view.HomeView(
            facts,
            {name: connected.capabilities(self.sources, name) for name in self.sources},
            connected.together(self.sources, self.sources),
            undoable=frozenset(batch.id for batch, _ in facts.batches if self.batches.undoable(batch)),
            unlinked=self._unlinked(home.people),
            words=home.words,
            notice=home.notice,
            scans=bool(self.scanners),
            names=await self._names(facts),
        )
        return home_view.home(view), self._later(home, now, LIVE) if running else None

    async def _names(self, facts: model.HomeFacts) -> Mapping[str, str]:
        """Whom batches assigned, by the ids of the systems, and whom their words mention, by those of Slack;
        nobody is waited for, because ids will do."""
        known = {one.id: one.name for queue in (facts.mine, facts.unseen) for anomaly in queue.anomalies for one in anomaly.assignees}
        wanted = [(batch, [one for one in batch.change.assignees or () if one not in known]) for batch, _ in facts.batches]
        with contextlib.suppress(TimeoutError, errors.DeliveryError):
            async with asyncio.timeout(MEET_SECONDS):
                for batch in [batch for batch, unknown in wanted if unknown]:
                    known |= await self.batches.names([batch.source] if batch.source else list(self.sources), batch.change)
                known |= await self.people.called(*(batch.words for batch, _ in facts.batches))
        return known

    def _query(self, words: str, now: datetime) -> model.Query:
        """The filter; one that names a system which is not connected any more is none."""
        with contextlib.suppress(errors.UserError):
            return grammar.stored(words, today=now.astimezone(self.zone).date(), systems=self._spoken)
        return model.Query()

    def _themselves(self) -> frozenset[str]:
        return frozenset(name for name, source in self.sources.items() if isinstance(source, ports.Unpeopled))

    @property
    def _spoken(self) -> grammar.Systems:
        return grammar.spoken(self.sources.values(), self.elsewhere)


def _digest(view: model.Block) -> str:
    return hashlib.blake2b(json.dumps(view, sort_keys=True).encode(), digest_size=16).hexdigest()
