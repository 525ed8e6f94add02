"""Keep up with the anomaly systems: what is new since the cursor, and what became of what was posted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot import errors, model, ports
from bot.core import transitions
from bot.services import cards, leasing

log = logging.getLogger(__name__)

TELL_AFTER = 2
"""A single failed poll is not worth a message; the second one in a row is. A refused token is told at once."""

BACKOFF_LIMIT = timedelta(minutes=2)

SOON = timedelta(seconds=5)
"""After so long a look that somebody asked for is tried again when it failed; twice as long each time."""

WATCH_PAGES = 10
"""Calls that one watch may cost (design section 4)."""

WATCH_IDS = 1000

OPENING_SLICE = 500
"""Anomalies of one transaction while a system is met."""


@dataclass(slots=True, kw_only=True)
class Poll:
    """Polls and watches one source at a time; a failing one backs off, is told once, and once when it recovers."""

    sources: Mapping[str, ports.Source]
    anomalies: ports.Anomalies
    health: ports.HealthRecords
    leases: ports.Leases
    cards: cards.Cards
    clock: ports.Clock
    telemetry: ports.Telemetry
    every: timedelta

    async def keep_up(self, name: str, within: float) -> model.Ingested | None:
        """Poll when it is due within so many seconds, whoever polled last: however many workers look, and whenever, the system is polled
        once per interval."""
        due = _due(await self.health.get(name), self.clock.now(), self._limit)
        if due > within:
            return None
        await asyncio.sleep(due)
        return await self.poll(name)

    async def poll(self, name: str, *, now_please: bool = False, then: Callable[[], None] | None = None) -> model.Ingested | None:
        """Read what is new and store it; None when somebody else does, or when the source is being left alone. `then` is called as soon as
        something new is stored, before what people see already is read again.

        `now_please` is written down before anything else: whoever polls at this moment polls once more right after, so that what the push
        was about is not missed by a list that was read a moment too early."""
        if now_please:
            await self.health.ask(name)
        saved, again = None, True
        while again:
            async with leasing.trying(self.leases, self.clock, "sources", name) as lease:
                if lease is None:
                    return saved
                taken = await self._turn(name, now_please, then)
            saved = _both(saved, taken.saved)
            # Only after the release: whoever could not lease has asked before that.
            again = now_please = (await self.health.get(name)).asked > taken.asked
        return saved

    async def catch_up(self) -> None:
        """Take the looks that somebody asked for and that a failure or a restart kept from being taken."""
        for name in self.sources:
            if (await self.health.get(name)).wanted:
                await self.poll(name)

    def rests(self, standing: model.SourceHealth) -> bool:
        """Whether a system that did not answer is being left alone."""
        return standing.failing_since is not None and _due(standing, self.clock.now(), self._limit) > 0

    async def look(self, name: str, about: Sequence[model.Mention], then: Callable[[], None]) -> frozenset[str]:
        """Read these now, as a list would bring them: what is new gets its card, what is gone is told; `then` is called when a message is
        to be made or corrected. Returns the ids of those that are not there and never were here."""
        source, read_at = self.sources[name], self.clock.now()
        reading = await (source.pushed(about) if isinstance(source, ports.Finder) else source.read([one.ident for one in about]))
        found = list(reading.found.values())
        lost = [model.Ref(name, ident) for ident in reading.gone]
        known = {ref.id for ref in await self.anomalies.known(lost)} if lost else set()
        gone = await self._deleted(source, known) if known else ()
        observed = ports.Observation(
            source.name,
            [*found, *gone],
            read_at=read_at,
            now=self.clock.now(),
            drafts=await self.cards.drafts(found),
            note=await self._note(source.title, read_at),
        )
        saved = await self.anomalies.save(observed)
        self.telemetry.count("anomalies_new", len(saved.new), source=name)
        if saved.new or saved.changed:
            then()
        return reading.gone - known

    async def stumbled(self, name: str, error: errors.SourceError) -> None:
        """Something else than a poll found that a system does not answer: it is told and left alone all the same, and tried again soon."""
        await self.health.ask(name)
        await self._failed(name, error)

    async def lag(self, name: str) -> float | None:
        """Seconds since that posted open anomaly was read that was read longest ago: how far behind the truth a card may be. None where
        nothing is posted."""
        oldest = await self.anomalies.read_longest_ago(name)
        return None if oldest is None else max(0.0, (self.clock.now() - oldest).total_seconds())

    async def _turn(self, name: str, now_please: bool, then: Callable[[], None] | None) -> _Turn:
        """One poll, with its watch."""
        standing, began = await self.health.get(name), self.clock.now()
        if not now_please and _due(standing, began, self._limit) > 0:
            return _Turn(standing.asked)
        try:
            saved = await self._poll(name, standing)
            if then and saved.new:
                then()
            await self._watch(name, standing, began)
        except errors.SourceError as error:
            await self._failed(name, error)
            return _Turn(standing.asked)
        await self._answered(name, standing.asked, began + self.every)
        return _Turn(standing.asked, saved)

    # --- what is new -----------------------------------------------------------------------------------------------------

    async def _poll(self, name: str, standing: model.SourceHealth) -> model.Ingested:
        source, read_at = self.sources[name], self.clock.now()
        if not standing.cursor and isinstance(source, ports.Opener):
            saved = await self._opened(source, source.opening(), read_at)
            self.telemetry.observe("poll", (self.clock.now() - read_at).total_seconds(), source=name)
            return saved
        changes = await source.changes(standing.cursor)
        if not standing.cursor:
            greeting = self._greeting(source, len(changes.anomalies))
            saved = await self._met(source, changes.anomalies, read_at, [greeting], changes.cursor)
        else:
            saved = await self._news(source, changes, read_at)
        odd = {anomaly.ref for anomaly in changes.anomalies if anomaly.undated}
        self.telemetry.count("anomalies_new", len(saved.new), source=name)
        self.telemetry.count("anomalies_undated", len(odd.intersection(saved.new)), source=name)
        self.telemetry.count("census_anomalies", len(changes.late), source=name)
        self.telemetry.count("census_found", len(changes.late.intersection(saved.new)), source=name)
        self.telemetry.observe("poll", (self.clock.now() - read_at).total_seconds(), source=name)
        return saved

    async def _opened(self, source: ports.Source, opening: model.Opening, read_at: datetime) -> model.Ingested:
        """What is open when a system is met, stored while it is read. The cursor comes last, with the message: should the rest not follow,
        the system is met again, and what is there already is known."""
        count, some = 0, list[model.Anomaly]()
        async for page in opening.pages:
            count += len(page)
            some += page
            if len(some) >= OPENING_SLICE:
                await self._kept(source, some, read_at)
                some = []
        await self._kept(source, some, read_at)
        return await self._met(source, (), read_at, [self._greeting(source, count)], opening.cursor)

    async def _kept(self, source: ports.Source, seen: Sequence[model.Anomaly], read_at: datetime) -> None:
        new = frozenset((await self._met(source, seen, read_at, ())).new)
        self.telemetry.count("anomalies_new", len(new), source=source.name)
        self.telemetry.count("anomalies_undated", sum(one.undated and one.ref in new for one in seen), source=source.name)

    async def _news(self, source: ports.Source, changes: model.Changes, read_at: datetime) -> model.Ingested:
        """What was open already in a place that is met for the first time is stored without a card, and told by one message. It is stored
        first: should the rest not follow, the place is met again, and everything is known."""
        already = frozenset[model.Ref]().union(*(contact.already for contact in changes.met))
        met = None
        if already:
            seen = [anomaly for anomaly in changes.anomalies if anomaly.ref in already]
            met = await self._met(source, seen, read_at, await self._introductions(source, changes.met))
        fresh = [anomaly for anomaly in changes.anomalies if anomaly.ref not in already]
        saved = await self.anomalies.save(
            ports.Observation(
                source.name,
                fresh,
                read_at=read_at,
                now=self.clock.now(),
                cursor=changes.cursor,
                drafts=await self.cards.drafts(fresh),
                note=await self._note(source.title, read_at),
            )
        )
        return _both(met, saved) or saved

    async def _met(
        self,
        source: ports.Source,
        seen: Sequence[model.Anomaly],
        read_at: datetime,
        extra: Sequence[model.CardDraft],
        cursor: str | None = None,
    ) -> model.Ingested:
        return await self.anomalies.save(
            ports.Observation(
                source.name,
                seen,
                read_at=read_at,
                now=self.clock.now(),
                reason=model.Reason.FIRST_CONTACT,
                cursor=cursor,
                extra=extra,
                note=await self._note(source.title, read_at),
            )
        )

    def _greeting(self, source: ports.Source, count: int) -> model.CardDraft:
        said = model.FirstContact(source.name, source.title, count, self.clock.now())
        return cards.report(f"first_contact:{source.name}", said, self.cards.channel)

    async def _introductions(self, source: ports.Source, met: Sequence[model.Contact]) -> Sequence[model.CardDraft]:
        """One message for all places that are met at once; none for those of which everything is known, or nothing is open."""
        known = await self.anomalies.known([ref for contact in met for ref in contact.already])
        told = [contact for contact in met if not contact.already <= known]
        if not told:
            return ()
        places = tuple((contact.place.name, len(contact.already)) for contact in told)
        said = model.PlacesMet(source.name, source.title, places, self.clock.now())
        key = f"first_contact:{source.name}:{','.join(sorted(contact.place.id for contact in told))}"
        return [cards.report(key, said, self.cards.channel)]

    # --- what became of what was posted ------------------------------------------------------------------------------------

    async def _watch(self, name: str, standing: model.SourceHealth, began: datetime) -> None:
        """Re-read what people see in Slack, within a budget, in turn where there is more than it allows. What was read since this round
        began, by this poll's list or by a click, costs nothing."""
        mark, round_began = standing.watch_mark, standing.watch_began or began
        ids = await self.anomalies.watched(name, WATCH_IDS, mark) if mark else {}
        if not ids:
            mark, round_began = "", began
            ids = await self.anomalies.watched(name, WATCH_IDS)
        ahead = self.clock.now() + ports.AHEAD
        unread = [ident for ident, read_at in ids.items() if read_at < round_began or read_at > ahead]
        looked = await self._look(self.sources[name], unread) if unread else frozenset[str]()
        left = next((ident for ident in unread if ident not in looked), "")
        done = list(ids)[: list(ids).index(left)] if left else list(ids)
        ended = not left and len(ids) < WATCH_IDS
        if standing.watch_mark or not ended:
            await self.health.mark(name, "" if ended else (done or [mark])[-1], None if ended else round_began)

    async def _look(self, source: ports.Source, ids: Sequence[str]) -> frozenset[str]:
        """Read as many of these as the budget allows; returns which."""
        read_at = self.clock.now()
        reading = await source.read(ids, pages=WATCH_PAGES)
        await self._seen(source, list(reading.found.values()), read_at)
        if reading.gone:
            await self._seen(source, await self._deleted(source, reading.gone), read_at)
        return frozenset(reading.found) | reading.gone

    async def _seen(self, source: ports.Source, anomalies: Sequence[model.Anomaly], read_at: datetime) -> None:
        note = await self._note(source.title, read_at)
        await self.anomalies.save(ports.Observation(source.name, anomalies, read_at=read_at, now=self.clock.now(), note=note))

    async def _deleted(self, source: ports.Source, idents: Collection[str]) -> Sequence[model.Anomaly]:
        """Those that do not exist any more, as deleted. Lists also leave out what the token may not see, and rights are given by datastore:
        so one of each datastore is asked for alone, and a refusal is told instead of being taken for a deletion; where it is there after
        all, as it is."""
        stored = await self.anomalies.get([model.Ref(source.name, ident) for ident in sorted(idents)])
        places: dict[str, list[model.Anomaly]] = {}
        for one in stored.values():
            places.setdefault(one.datastore.id if one.datastore else "", []).append(one)
        there = {ident: one for few in places.values() for ident, one in (await source.get([few[0].ref.id])).items()}
        gone = [one for few in places.values() if few[0].ref.id not in there for one in few]
        return [*there.values(), *map(transitions.gone, gone)]

    async def _note(self, title: str, read_at: datetime) -> ports.Note:
        """The journal's lines for what somebody did in the system itself; the store leaves out what an action of ours is about."""
        return lambda before, after: transitions.elsewhere(before, after, title, read_at)

    # --- trouble -------------------------------------------------------------------------------------------------------------

    async def _answered(self, name: str, asked: int, next_poll: datetime) -> None:
        """Tell that it is over if people were told that it began, and only then forget it: after a kill it is the same report again."""
        before, now = await self.health.ok(name, self.clock.now(), asked, next_poll), self.clock.now()
        if before.failing_since is not None:
            log.info("%s answers again", name)
        if before.told:
            title, error, since = self.sources[name].title, before.told.error, before.told.since
            await self.cards.report(f"failing:{name}:{since.isoformat()}", model.SourceFailing(title, error, since, over=now))
            await self.cards.report(f"recovered:{name}:{since.isoformat()}", model.SourceRecovered(title, error, since, now))
            await self.health.told(name, None, now)

    async def _failed(self, name: str, error: errors.SourceError) -> None:
        now = self.clock.now()
        standing = await self.health.get(name)
        wait = self._pause(standing, error)
        said = _said(self.sources[name].title, error, wait)
        before = await self.health.failed(name, said, now, now + wait)
        self.telemetry.count("source_errors", source=name, kind=type(error).__name__)
        if before.failing_since is None:
            log.warning("%s does not answer as it should: %s", name, said)
        if (before.failures + 1 >= TELL_AFTER or not error.retryable) and not before.told:
            trouble = model.Trouble(before.failing_since or now, said)
            key = f"failing:{name}:{trouble.since.isoformat()}"
            await self.cards.report(key, model.SourceFailing(self.sources[name].title, said, trouble.since))
            await self.health.told(name, trouble, now)

    @property
    def _limit(self) -> timedelta:
        """The longest that a source is left alone."""
        return max(BACKOFF_LIMIT, self.every)

    def _pause(self, standing: model.SourceHealth, error: errors.SourceError) -> timedelta:
        """How long the source is left alone: longer each time, up to a limit that no answer of its own can raise."""
        first = min(SOON, self.every) if standing.wanted else self.every
        wait: timedelta = min(first * 2 ** min(standing.failures, 10), BACKOFF_LIMIT if standing.wanted else self._limit)
        if isinstance(error, errors.SourceRateLimited):
            wait = max(wait, min(timedelta(seconds=error.retry_after), self._limit))
        return wait


@dataclass(frozen=True, slots=True)
class _Turn:
    """One poll: how many had asked for one before it began, and what it stored (None: it was not made, or it failed)."""

    asked: int
    saved: model.Ingested | None = None


def _due(standing: model.SourceHealth, now: datetime, limit: timedelta) -> float:
    """In how many seconds it is to be polled. What somebody asked for is due now, unless the system fails; and a time that no process can
    have meant was written by a clock that has been set back since."""
    at = standing.next_poll
    if at is None or at > now + limit + ports.AHEAD or (standing.wanted and standing.failing_since is None):
        return 0.0
    return max(0.0, (at - now).total_seconds())


def _both(one: model.Ingested | None, other: model.Ingested | None) -> model.Ingested | None:
    """What two saves changed together."""
    if one is None or other is None:
        return one or other
    return model.Ingested([*one.new, *other.new], [*one.changed, *other.changed])


def _said(title: str, error: errors.SourceError, wait: timedelta) -> str:
    """What is wrong, for people; and where a system asks for more patience than the desk has, both figures."""
    if isinstance(error, errors.SourceRateLimited) and error.retry_after > wait.total_seconds():
        return f"{title} asked to wait {error.retry_after:,.0f} s; the desk tries again in {wait.total_seconds():,.0f} s."
    return str(error)
