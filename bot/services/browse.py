"""Look, change nothing: lists, counts, one anomaly, its history, why it was or was not announced, and how the desk stands."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot import errors, model, ports
from bot.core import attribution, connected, grammar, lookup, permissions, scan_rules
from bot.services import selecting, slicing

PAGE = 10
"""Anomalies on one page of a list: what fits into a message with room to read."""

MOST_EXPORTED = 100_000
"""So many anomalies fit into one file that a spreadsheet opens and that is made within a minute."""

MEMBERS = 500
"""Members of a group card that are read at once."""

LAST_SCANS = 5
"""So many scans are looked through for the last one that ended."""


@dataclass(frozen=True, slots=True)
class Counted:
    """How many match a filter. `by_state` and `by_table` are empty where counting them would mean reading thousands."""

    words: str
    total: int
    by_state: Mapping[str, int]
    by_table: Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Shown:
    """One anomaly, fresh from its system, with what the store knows of it."""

    anomaly: model.Anomaly
    offer: model.Capabilities
    past: model.Recurrence


@dataclass(slots=True, kw_only=True)
class Browse:
    """Answers questions; each needs the right to browse. `resolve` turns the people of a filter into the system's users."""

    sources: Mapping[str, ports.Source]
    anomalies: ports.Anomalies
    cards: ports.Cards
    journal: ports.Journal
    health: ports.HealthRecords
    resolve: Callable[[model.Query, str, model.Actor], Awaitable[model.Query]]
    clock: ports.Clock
    grants: permissions.Grants
    default_source: str
    routes: Sequence[model.Route] = ()

    def capabilities(self, source: str) -> model.Capabilities:
        """What a source lets people do."""
        return connected.capabilities(self.sources, source)

    async def listing(self, query: model.Query, actor: model.Actor, offset: int = 0) -> model.Listing:
        """A page of what matches, newest first unless the filter says otherwise."""
        permissions.decide(model.Action.BROWSE, actor, self.grants)
        source = self._source(query)
        wanted = min(query.limit or offset + PAGE, offset + PAGE)
        found = await self.find(source, query, actor, wanted)
        total = found.total if found.total is None or not query.limit else min(found.total, query.limit)
        page = await self._versions(found.anomalies[offset : offset + PAGE])
        return model.Listing(grammar.canonical(query), page, total, offset)

    async def select(self, query: model.Query, actor: model.Actor) -> selecting.Selection:
        """Everything that matches, for a change. Raises NotFound with the word that excluded most when nothing does."""
        permissions.decide(model.Action.BROWSE, actor, self.grants)
        found = await selecting.begun(await self.all_of(self._source(query), query, actor))
        if found is None:
            raise errors.NotFound(await self.why_nothing(query, actor))
        return found

    async def all_of(self, source: ports.Source, query: model.Query, actor: model.Actor) -> selecting.Pages:
        """The same of one system, page by page."""
        grammar.check_words(query, source.words, source.title)
        return selecting.matching(source, await self.resolve(query, source.name, actor))

    async def export(self, query: model.Query, actor: model.Actor) -> selecting.Selection:
        """Everything that matches, for a file. Raises NotFound when nothing does, NotSupported when there is too much for one."""
        permissions.decide(model.Action.BROWSE, actor, self.grants)
        source = self._source(query)
        if not (query.limit or grammar.here(query, source.words)):
            grammar.check_words(query, source.words, source.title)
            bounded(await source.count(await self.resolve(query, source.name, actor)))
        return await self.select(query, actor)

    async def pick(self, refs: Sequence[model.Ref], actor: model.Actor) -> tuple[Sequence[model.Anomaly], Sequence[model.Ref]]:
        """These anomalies, fresh from their system, and the references that it does not know. Raises NotFound when it knows none."""
        permissions.decide(model.Action.BROWSE, actor, self.grants)
        source = self._named(refs[0].source)
        found = await source.get([ref.id for ref in refs])
        missing = [ref for ref in refs if ref.id not in found]
        if not found:
            ids = ", ".join(ref.id for ref in missing[:10])
            raise errors.NotFound(f"{source.title} knows none of these: {ids}. They may have been deleted, or the numbers may be wrong.")
        return [found[ref.id] for ref in refs if ref.id in found], missing

    async def why_nothing(self, query: model.Query, actor: model.Actor) -> str:
        """Why a filter finds nothing. Leaves out one word after the other and counts: the word without which most is found excluded
        most. And says when somebody scanned last."""
        permissions.decide(model.Action.BROWSE, actor, self.grants)
        source = self._source(query)
        scanned = await self._last_scan(source, query)
        if not grammar.without_each(query):
            return f"Nothing is open in {source.title}. {scanned}".strip()
        counts = [(await self._size(source, without, actor), word) for word, without in grammar.without_each(query)]
        most, word = max(counts, default=(0, ""))
        if not most:
            return f"Nothing matches: {grammar.canonical(query)}. Nothing does without any one of these words either. {scanned}".strip()
        hint = f"Without {word} there would be {most:,}. Look at them with /anomalies list."
        return f"Nothing matches: {grammar.canonical(query)}. {hint} {scanned}".strip()

    async def _last_scan(self, source: ports.Source, query: model.Query) -> str:
        """When the datastores of a filter were last scanned: a queue is empty, too, because nobody looked. "" when nobody can say."""
        if model.Action.SCAN not in source.supports:
            return ""
        try:
            known = await source.datastores()
            chosen = [place for name in query.datastores if (place := lookup.pick(name, known).place) is not None]
            return " ".join([await self._scanned(source, place) for place in chosen] or [await self._scanned(source, None)])
        except errors.SourceError:
            return ""

    async def _scanned(self, source: ports.Source, place: model.Place | None) -> str:
        newest = await source.scans(datastore=place.id if place else "", kind=scan_rules.SCAN, limit=LAST_SCANS)
        name = place.name if place else source.title
        last = next((scan for scan in newest if scan.ended is not None), None)
        if last is None or last.ended is None:
            running = f"; operation {newest[0].id} is scanning it now" if newest else f": start one with /scan {name}" if place else ""
            return f"{name} has not been scanned yet{running}."
        where = "" if place or last.datastore is None else f" of {last.datastore.name}"
        went = "" if last.result in scan_rules.WENT_WELL else f", and it did not go well ({last.result.value})"
        return f"The last scan{where or f' of {name}'} ended {last.ended:%Y-%m-%d %H:%M} UTC{went}."

    async def _size(self, source: ports.Source, query: model.Query, actor: model.Actor) -> int:
        if grammar.here(query, source.words):
            return await selecting.size(await self.all_of(source, replace(query, limit=0), actor))
        return await source.count(await self.resolve(query, source.name, actor))

    async def count(self, query: model.Query, actor: model.Actor) -> Counted:
        """How many match; with a split by state and table when they had to be read anyway, or are few."""
        permissions.decide(model.Action.BROWSE, actor, self.grants)
        source = self._source(query)
        grammar.check_words(query, source.words, source.title)
        words = grammar.canonical(query)
        if not grammar.here(query, source.words):
            total = await source.count(query)
            if total > source.max_batch:
                return Counted(words, total, {}, ())
        total, states, tables = 0, Counter[str](), Counter[str]()
        async for page in await self.all_of(source, replace(query, limit=0), actor):
            async for some in slicing.each(page):
                total += len(some)
                states.update(anomaly.status for anomaly in some)
                tables.update(anomaly.container.name for anomaly in some if anomaly.container)
        return Counted(words, total, states, tables.most_common(5))

    async def show(self, ref: model.Ref, actor: model.Actor) -> Shown:
        """One anomaly as its system tells it now. Raises NotFound."""
        permissions.decide(model.Action.BROWSE, actor, self.grants)
        source = self._named(ref.source)
        found = (await source.get([ref.id])).get(ref.id)
        if found is None:
            raise errors.NotFound(f"{source.title} has no anomaly {ref.id}. It may have been deleted, or the number may be wrong.")
        anomaly = (await self._versions([found]))[0]
        past = await self.journal.past(anomaly, self.clock.now())
        return Shown(anomaly, self.capabilities(ref.source), past)

    async def history(self, ref: model.Ref, actor: model.Actor) -> tuple[Shown, Sequence[model.Entry], Sequence[model.Comment]]:
        """Who did what to it, here and there, and what was said about it."""
        shown = await self.show(ref, actor)
        source = self._named(ref.source)
        comments = await source.comments(ref.id) if model.Action.COMMENT in source.supports else ()
        entries = await self.journal.history(ref)
        return shown, entries, attribution.foreign(comments, entries)

    async def why(self, ref: model.Ref, actor: model.Actor) -> Sequence[model.Explanation]:
        """Every decision about where this anomaly is shown, or not. Raises NotFound when this desk has never seen it."""
        permissions.decide(model.Action.BROWSE, actor, self.grants)
        cards = await self.cards.of([ref])
        if not any(card.state is model.CardState.LIVE for card in cards):
            await self._is_still_closed(ref)
        if cards:
            routes = {route.id: route for route in self.routes}
            return [_decided(card, routes.get(card.route)) for card in cards]
        reason = await self.anomalies.reason(ref)
        if reason is None:
            raise errors.NotFound(await self._unseen(ref))
        return [model.Explanation(model.Reason.NO_ROUTE if reason is model.Reason.WAITING else reason, None)]

    async def _unseen(self, ref: model.Ref) -> str:
        """Why this desk knows nothing of an anomaly, as far as its system can tell."""
        source = self.sources.get(ref.source)
        if source is None:
            return f"This desk has not seen {ref} yet: no system called {ref.source} is connected."
        try:
            found = (await source.get([ref.id])).get(ref.id)
        except errors.SourceError as error:
            return f"This desk has not seen {ref} yet, and cannot look for it now: {error}"
        if found is None:
            return f"This desk has not seen {ref} yet, and {source.title} has no such anomaly that this desk looks after."
        if found.state is model.State.ARCHIVED:
            return f"This desk has not seen {ref} yet: it is closed in {source.title}. If it is opened again, it gets a card."
        return f"This desk has not seen {ref} yet, though it is open in {source.title}. {_found(source)}"

    async def _is_still_closed(self, ref: model.Ref) -> None:
        """Raises NotFound for an anomaly that was closed when this desk saw it last, and is not any more."""
        stored, source = (await self.anomalies.get([ref])).get(ref), self.sources.get(ref.source)
        if stored is None or stored.state is not model.State.ARCHIVED or source is None:
            return
        with contextlib.suppress(errors.SourceError):
            found = (await source.get([ref.id])).get(ref.id)
            if found is not None and found.state is not model.State.ARCHIVED:
                raise errors.NotFound(f"{ref} was closed when this desk saw it last, and is open in {source.title} again. {_found(source)}")

    async def members(self, card: str, actor: model.Actor, offset: int = 0) -> model.Listing:
        """A page of the anomalies behind a group card, as they were last seen."""
        permissions.decide(model.Action.BROWSE, actor, self.grants)
        tally = await self.cards.tally(card, sample=0)
        return model.Listing("", await self.cards.members(card, offset=offset, limit=PAGE), tally.total, offset)

    async def whole_group(self, card: str, actor: model.Actor) -> selecting.Selection:
        """All anomalies behind a group card, fresh from their system. Raises NotFound when it knows none of them."""
        permissions.decide(model.Action.BROWSE, actor, self.grants)
        found = await selecting.begun(self._group(card, actor))
        if found is None:
            raise errors.NotFound("The anomalies of this group are not known any more. They may have been deleted.")
        return found

    async def _group(self, card: str, actor: model.Actor) -> selecting.Pages:
        offset = 0
        while some := await self.cards.members(card, offset=offset, limit=MEMBERS):
            offset += len(some)
            with contextlib.suppress(errors.NotFound):
                yield (await self.pick([one.ref for one in some], actor))[0]

    async def about(self, channel: str, ts: str, said: str, actor: model.Actor) -> model.ReviewScope:
        """What a message is about: the anomaly or the group of a card of ours, else the anomalies whose links are in its text.
        Raises NotFound when there are none."""
        permissions.decide(model.Action.BROWSE, actor, self.grants)
        card = await self.cards.at(channel, ts)
        if card is not None and card.kind is model.CardKind.GROUP:
            return model.ReviewScope(card=card.id)
        refs = [card.ref] if card is not None and card.ref is not None else grammar.mentioned(said, self.default_source)
        if not refs:
            hint = "Use this on a card of Anomaly Desk, or on a message with a link to an anomaly."
            raise errors.NotFound(f"No anomaly is named in this message. {hint}")
        return model.ReviewScope(words=grammar.canonical(model.Query(ids=tuple(ref.id for ref in refs), statuses=("any",))))

    async def newest(self) -> model.Anomaly | None:
        """The newest open one of the default system as it was last seen, to name in an example."""
        return next(iter(await self.anomalies.newest(self.default_source, 1)), None)

    async def standing(self, name: str) -> tuple[model.SourceHealth, Mapping[model.State, int]]:
        """How one source stands, and how many of its anomalies are tracked in each state."""
        totals = await self.anomalies.totals()
        return await self.health.get(name), {state: count for (source, state), count in totals.items() if source == name}

    async def find(self, source: ports.Source, query: model.Query, actor: model.Actor, wanted: int) -> model.Found:
        """At most `wanted` (0: all) that match, each word applied where the source says: sent to the system, or here. Whatever comes
        back is checked here again."""
        grammar.check_words(query, source.words, source.title)
        query = await self.resolve(query, source.name, actor)
        if not grammar.here(query, source.words):
            return await source.find(replace(query, limit=wanted))
        return await selecting.counted(selecting.matching(source, replace(query, limit=0)), wanted)

    async def _versions(self, anomalies: Sequence[model.Anomaly]) -> Sequence[model.Anomaly]:
        known = await self.anomalies.get([anomaly.ref for anomaly in anomalies])
        return [replace(one.dated_as(old := known.get(one.ref)), version=old.version if old else 0) for one in anomalies]

    def _source(self, query: model.Query) -> ports.Source:
        return self._named(query.source or self.default_source)

    def _named(self, name: str) -> ports.Source:
        return connected.named(self.sources, name)


def _found(source: ports.Source) -> str:
    """When an open anomaly is found that nobody here has seen."""
    soon = "A new one is seen by the next poll; one with an old date, or one that was opened again,"
    return f"{soon} when the desk looks through everything, which it does every {source.census} polls. It gets a card then."


def bounded(amount: int) -> None:
    """Raises NotSupported when so many do not fit into one file."""
    if amount > MOST_EXPORTED:
        raise errors.NotSupported(
            f"{amount:,} anomalies match, and a file holds {MOST_EXPORTED:,} at most. Narrow the filter, for example with table: or "
            "since:, and export it in parts."
        )


def _decided(card: model.Card, route: model.Route | None) -> model.Explanation:
    """Why a card is where it is; one that Slack does not take is nowhere yet, whatever was decided about it."""
    refused = card.state is model.CardState.LIVE and not card.ts and bool(card.error)
    return model.Explanation(model.Reason.REFUSED if refused else card.reason, card.posted or card.created, card.channel, card.error, route)
