"""The digest: once per due time, how the queue stands, in the default channel; and for whoever asks."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot import errors, model, ports
from bot.core import connected, digest_stats, grammar, permissions, phrases, schedules, transitions
from bot.render.anomaly import rows
from bot.render.digest import digest_message
from bot.services import browse, cards, leasing, searching, selecting, slicing

log = logging.getLogger(__name__)

MOST = 10_000
"""So many open anomalies are read for the lists of a digest, the newest; the counts are of all of them."""

KNOWN, PAGE = 5_000, 500
"""So many of those that were closed are named at once, and so many of them read."""

WEEK = timedelta(days=7)

_WORDS = digest_stats.Words(rows.title, rows.evidence, rows.rule)

_DESK = model.Actor("", "Anomaly Desk")


@dataclass(frozen=True, slots=True)
class _Part:
    """What one system adds to a digest."""

    counts: digest_stats.Counts
    total: int
    closed: int


@dataclass(slots=True, kw_only=True)
class Digests:
    """Makes digests over all systems. `spec` is `DESK_DIGEST`, `zone` the desk's time zone."""

    sources: Mapping[str, ports.Source]
    anomalies: ports.Anomalies
    journal: ports.Journal
    marks: ports.DigestMarks
    leases: ports.Leases
    browse: browse.Browse
    cards: cards.Cards
    clock: ports.Clock
    grants: permissions.Grants
    spec: str
    zone: ZoneInfo
    _failing: bool = False

    async def tick(self) -> None:
        """Post the digest that is due, once: its message is known by its due time, so a restart in between makes no second one. Of
        several that were missed only the last is posted; it covers the whole time."""
        now = self.clock.now()
        due = schedules.latest(self.spec, self.zone, now)
        if due is None:
            return
        mark = await self._mark()
        if mark is None:
            await self.marks.put(self.cards.routes.home.id, now)  # the first one is due at the next due time
            return
        if mark >= due:
            return
        async with leasing.trying(self.leases, self.clock, "digests", self.cards.routes.home.id) as lease:
            if lease is not None and await self._mark() == mark:
                await self._make(due, mark)

    async def _make(self, due: datetime, mark: datetime) -> None:
        try:
            made = await self._made(model.Query(), _DESK, mark)
        except errors.SourceError as error:
            self._says_no(error)
            return
        if self._failing:
            log.info("the digest waits no more")
        self._failing = False
        await self.cards.publish(self._draft(due, made))
        await self.marks.put(self.cards.routes.home.id, due)

    def _says_no(self, error: errors.SourceError) -> None:
        if not self._failing:
            log.warning("the digest waits: %s", error)
        self._failing = True

    async def ask(self, query: model.Query, actor: model.Actor) -> model.Digest:
        """How what matches a filter stands now, since the last digest of the channel or for a day. Raises UserError."""
        permissions.decide(model.Action.BROWSE, actor, self.grants)
        return await self._made(query, actor, await self._mark() or self.clock.now() - timedelta(days=1))

    async def draw(self, card: model.Card) -> model.Message | None:
        """The digest as it was when it was made. Given to `post`, the only writer."""
        made = digest_stats.unpack(card.payload)
        return digest_message.digest(made, self.capabilities(made))

    def capabilities(self, made: model.Digest) -> model.Capabilities:
        """What the systems of a digest let people do. Raises NotFound for one that is not connected any more."""
        if not made.source:
            return model.Capabilities(phrases.both([title for title, _ in made.systems]), frozenset())
        connected.named(self.sources, made.source)
        return connected.capabilities(self.sources, made.source)

    async def _mark(self) -> datetime | None:
        return await self.marks.get(self.cards.routes.home.id)

    def _draft(self, due: datetime, made: model.Digest) -> model.CardDraft:
        return cards.at_once(model.CardKind.DIGEST, self.cards.channel, due.isoformat(), digest_stats.pack(made))

    # --- counting --------------------------------------------------------------------------------------------------------------

    async def _made(self, query: model.Query, actor: model.Actor, since: datetime) -> model.Digest:
        asked_at = self.clock.now()
        sources = self.browse.search.asked(query)
        heard, unheard = await searching.each(sources, lambda source: self._read(source, query, actor, since, asked_at))
        made = digest_stats.together(
            sources[0].name if len(sources) == 1 else "",
            grammar.canonical(replace(query, limit=0, sort="")),
            [part.counts for _, part in heard],
            total_open=sum(part.total for _, part in heard),
            closed=sum(part.closed for _, part in heard),
        )
        systems = tuple((source.title, part.total) for source, part in heard)
        return replace(made, systems=systems, unheard=tuple(unheard))

    async def _read(self, source: ports.Source, query: model.Query, actor: model.Actor, since: datetime, now: datetime) -> _Part:
        """What one system has to say, counted while it is read: a week may hold a hundred thousand."""
        everything, search = query == model.Query(), self.browse.search
        counts = digest_stats.Counts(since, now, self.zone, _WORDS, model.Action.ASSIGN in source.supports)
        query = replace(query, limit=0, sort="newest")
        first = min(since, now - WEEK).astimezone(self.zone).date()
        async for some in _slices(await search.pages(source, replace(query, statuses=("any",), since=first, ago=()), actor)):
            counts.came(some)
        there: set[str] = set()
        async for some in _slices(await search.pages(source, replace(query, statuses=(), limit=MOST), actor)):
            counts.waits(some)
            there.update(one.ref.id for one in some)
        total = counts.waiting if len(there) < MOST else await search.size_of(source, replace(query, statuses=()), actor)
        if everything and total <= MOST:
            await self._catch_up(source, there)
        return _Part(counts, total, await self._closed(source, query, actor, since))

    async def _catch_up(self, source: ports.Source, there: Collection[str]) -> None:
        """What is open in the store and not in the system any more was closed where nobody looked: read it again and journal it."""
        stored = await self.anomalies.newest(source.name, MOST)
        gone = [one.ref.id for one in stored if one.ref.id not in there]
        if not gone:
            return
        read_at = self.clock.now()
        reading = await source.read(gone)
        await self.anomalies.save(
            ports.Observation(
                source.name,
                list(reading.found.values()),
                read_at=read_at,
                now=self.clock.now(),
                note=lambda old, new: transitions.elsewhere(old, new, source.title, read_at),
            )
        )

    async def _closed(self, source: ports.Source, query: model.Query, actor: model.Actor, since: datetime) -> int:
        wanted = replace(await self.browse.resolve(query, source.name, actor), statuses=("archived",))
        takes = grammar.matcher(wanted, own=source.own_words)
        number = 0
        ids: Sequence[str] = [""]
        while ids := await self.journal.closed(source.name, since, ids[-1], KNOWN):
            for start in range(0, len(ids), PAGE):
                stored = await self.anomalies.get([model.Ref(source.name, ident) for ident in ids[start : start + PAGE]])
                async for some in slicing.each(list(stored.values())):
                    number += sum(map(takes, some))
        return number


async def _slices(pages: selecting.Pages) -> selecting.Pages:
    async for page in pages:
        async for some in slicing.each(page):
            yield some
