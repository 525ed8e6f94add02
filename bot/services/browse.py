"""Look, change nothing: lists, counts, one anomaly, its history, why it was or was not announced, and how the desk stands."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot import errors, model, ports
from bot.core import attribution, connected, grammar, lookup, permissions, phrases, scan_rules
from bot.services import counting, likeness, open_ones, placing, searching, selecting

PAGE = 10
"""Anomalies on one page of a list: what fits into a message with room to read."""

MOST_EXPORTED = 100_000
"""So many anomalies fit into one file that a spreadsheet opens and that is made within a minute."""

MEMBERS = 500
"""Members of a group card that are read at once."""

LAST_SCANS = 5
"""So many scans are looked through for the last one that ended."""

Refs = AsyncIterator[Sequence[model.Ref]]
"""References, page by page."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One anomaly, fresh from its system, with what the store knows of it. `course`: how its metric went."""

    anomaly: model.Anomaly
    capabilities: model.Capabilities
    past: model.Recurrence
    course: Sequence[model.Point] = ()


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
    routes: ports.Routes
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    scanners: Mapping[str, ports.Scanner] = field(default_factory=dict)
    known: open_ones.OpenOnes | None = None
    witnesses: Mapping[str, ports.Witness] = field(default_factory=dict)
    commons: Mapping[str, ports.Commons] = field(default_factory=dict)
    course: Callable[[model.Anomaly], Awaitable[Sequence[model.Point]]] | None = None
    ack_takes: bool = True

    def capabilities(self, source: str) -> model.Capabilities:
        """What a source lets people do."""
        return replace(connected.capabilities(self.sources, source), ack_takes=self.ack_takes)

    @property
    def search(self) -> searching.Search:
        """What asks the systems."""
        return searching.Search(self.sources, self.resolve, self.known)

    @property
    def likeness(self) -> likeness.Likeness:
        """What tells what anomalies have in common."""
        return likeness.Likeness(search=self.search, commons=self.commons, grants=self.grants)

    @property
    def spoken(self) -> grammar.Systems:
        """What the systems bring to the grammar."""
        return grammar.spoken(self.sources.values(), self.elsewhere)

    def together(self, sources: Collection[str]) -> model.Capabilities:
        """What these systems let people do between them; () are all."""
        return connected.together(self.sources, sources or self.sources)

    def _capabilities_of(self, page: Sequence[model.Anomaly]) -> Mapping[str, model.Capabilities]:
        return {name: self.capabilities(name) for name in dict.fromkeys(one.ref.source for one in page)}

    async def listing(self, query: model.Query, actor: model.Actor, offset: int = 0) -> model.Listing:
        """A page of what matches: by severity and age, unless the filter says otherwise."""
        permissions.decide(model.Action.BROWSE, actor, self.grants)
        wanted = min(query.limit or offset + PAGE, offset + PAGE)
        found = await self.search.find(query, actor, wanted)
        page = await self._versions(found.anomalies[offset : offset + PAGE])
        totals = found.totals if len(found.totals) > 1 else ()
        told = model.Listing(grammar.canonical(query), page, found.total, offset, totals, found.unheard, limit=query.limit)
        return replace(told, as_of=found.as_of, capabilities_of=self._capabilities_of(page))

    async def select(self, query: model.Query, actor: model.Actor) -> selecting.Selection:
        """Everything that matches, for a change. Raises NotFound with the word that excluded most when nothing does."""
        permissions.decide(model.Action.BROWSE, actor, self.grants)
        found = await self._selected(query, actor)
        if not query.limit:
            return found
        matching = found.matching
        if matching is None:
            with contextlib.suppress(*searching.APART):
                matching = await self.search.size(replace(query, limit=0), actor)
        return replace(found, matching=matching if matching is not None and matching > query.limit else None)

    async def _selected(self, query: model.Query, actor: model.Actor) -> selecting.Selection:
        found = await self.search.select(query, actor)
        if found is None:
            raise errors.NotFound(await self.why_nothing(query, actor))
        return found

    async def export(self, query: model.Query, actor: model.Actor) -> selecting.Selection:
        """Everything that matches, for a file. Raises NotFound when nothing does, NotSupported when there is too much for one."""
        permissions.decide(model.Action.BROWSE, actor, self.grants)
        if not query.limit:
            counted, _ = await searching.each(self.search.asked(query), lambda source: self._sent(source, query, actor))
            bounded(sum(amount for _, amount in counted))
        return await self._selected(query, actor)

    async def _sent(self, source: ports.Source, query: model.Query, actor: model.Actor) -> int:
        """How many match in one system, as far as it can say without reading them; else 0."""
        grammar.check_words(query, source.words, source.title)
        if grammar.here(query, source.words):
            return 0
        return await source.count(await self.resolve(self.search.mine(query, source), source.name, actor))

    async def pick(self, refs: Sequence[model.Ref], actor: model.Actor) -> searching.Picked:
        """These anomalies, fresh from their systems, in their order. Raises NotFound when no system knows any."""
        permissions.decide(model.Action.BROWSE, actor, self.grants)
        picked, failed = await self._picked(refs)
        if failed and len(failed) == len({ref.source for ref in refs}):
            raise searching.together([error for _, error in failed])
        if not picked.anomalies:
            names = dict.fromkeys(ref.source for ref in picked.missing)
            titles = phrases.both([self._named(name).title for name in names])
            ids = ", ".join(ref.id for ref in picked.missing[:10])
            knows = "knows" if len(names) == 1 else "know"
            said = f"{titles} {knows} none of these: {ids}. They may have been deleted, or the numbers may be wrong."
            raise errors.NotFound(" ".join([said, *(one.why for one in picked.unheard)]))
        return picked

    async def _picked(self, refs: Sequence[model.Ref]) -> tuple[searching.Picked, Sequence[tuple[ports.Source, errors.BotError]]]:
        """Those that their systems know, and what was said by systems that did not answer."""
        asked = {name: [ref.id for ref in refs if ref.source == name] for name in dict.fromkeys(ref.source for ref in refs)}
        with ports.clicked(really=ports.urgent() and len(refs) <= selecting.SIZE):  # so many are no click any more
            heard, failed = await searching.asked([self._named(name) for name in asked], lambda source: source.get(asked[source.name]))
        found = {one.ref: one for _, answer in heard for one in answer.values()}
        missing = [ref for ref in refs if ref not in found and ref.source in {source.name for source, _ in heard}]
        silent = [searching.unheard(*one) for one in failed]
        return searching.Picked([found[ref] for ref in refs if ref in found], missing, silent), failed

    async def placed(self, refs: Sequence[model.Ref], actor: model.Actor, home: str = "", text: str = "") -> tuple[model.Ref, ...]:
        """These references, each with its system (`placing`)."""
        permissions.decide(model.Action.BROWSE, actor, self.grants)
        return await placing.Placing(self.sources, self.anomalies, self.spoken).placed(refs, home, text)

    async def why_nothing(self, query: model.Query, actor: model.Actor) -> str:
        """Why a filter finds nothing. Leaves out one word after the other and counts: the word without which most is found excluded
        most. And says when somebody scanned last, and which system could not be asked."""
        permissions.decide(model.Action.BROWSE, actor, self.grants)
        heard = self.search.asked(query)
        unheard: Sequence[model.Unheard] = ()
        if len(heard) > 1:
            counted, unheard = await searching.each(heard, lambda source: self.search.size_of(source, query, actor))
            heard = [source for source, _ in counted]
        scanned = [await self._last_scan(source, query) for source in heard]
        silent = [f"{one.why} Its anomalies are not in this answer." for one in unheard if one.down]
        more = " ".join(filter(None, [*silent, *scanned]))
        if not grammar.without_each(query):
            return f"Nothing is open in {phrases.both([source.title for source in heard])}. {more}".strip()
        counts = [(await self.search.size(without, actor), word) for word, without in grammar.without_each(query)]
        most, word = max(counts, default=(0, ""))
        if not most:
            return f"Nothing matches: {grammar.canonical(query)}. Nothing does without any one of these words either. {more}".strip()
        hint = f"Without {word} there would be {most:,}. Look at them with /anomalies list."
        return f"Nothing matches: {grammar.canonical(query)}. {hint} {more}".strip()

    async def _last_scan(self, source: ports.Source, query: model.Query) -> str:
        """When the datastores of a filter were last scanned: a queue is empty, too, because nobody looked. "" when nobody can say."""
        scanner = self.scanners.get(source.name)
        if scanner is None:
            return ""
        try:
            known = await scanner.datastores()
            chosen = [place for name in query.datastores if (place := lookup.pick(name, known).place) is not None]
            return " ".join([await _scanned(scanner, place, source.title) for place in chosen or (None,)])
        except errors.SourceError:
            return ""

    async def count(self, query: model.Query, actor: model.Actor) -> counting.Counted:
        """How many match; with a split by state and table when they had to be read anyway, or are few."""
        permissions.decide(model.Action.BROWSE, actor, self.grants)
        return await counting.count(self.search, query, actor)

    async def show(self, ref: model.Ref, actor: model.Actor) -> Shown:
        """One anomaly as its system tells it now. Raises NotFound."""
        permissions.decide(model.Action.BROWSE, actor, self.grants)
        source = self._named(ref.source)
        found = (await source.get([ref.id])).get(ref.id)
        if found is None:
            raise errors.NotFound(f"{source.title} has no anomaly {ref.id}. It may have been deleted, or the number may be wrong.")
        anomaly = (await self._versions([found]))[0]
        past = await self.journal.past(anomaly, self.clock.now())
        return Shown(anomaly, self.capabilities(ref.source), past, await self.course(anomaly) if self.course else ())

    async def closely(self, anomaly: model.Anomaly) -> model.Evidence:
        """What its system tells of it besides, to whoever looks closely; a sentence where that cannot be had now."""
        witness = self.witnesses.get(anomaly.ref.source)
        try:
            return await witness.evidence(anomaly) if witness is not None else model.NO_EVIDENCE
        except errors.SourceError as error:
            return model.Evidence(missing=(str(error),))

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
            routes = {route.id: route for route in await self.routes.list()}
            return [_decided(card, routes.get(card.route)) for card in cards]
        reason = await self.anomalies.reason(ref)
        if reason is None:
            raise errors.NotFound(await self._unseen(ref))
        return [model.Explanation(model.Reason.NO_ROUTE if reason is model.Reason.WAITING else reason, None)]

    async def seen(self, ref: model.Ref) -> model.Anomaly | None:
        """The anomaly as this desk saw it last, None for one that it never saw: to name it, once somebody may look."""
        return (await self.anomalies.get([ref])).get(ref)

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

    async def members(self, card: str, actor: model.Actor, offset: int = 0, version: int = 0, severity: str = "") -> model.Listing:
        """A page of the anomalies behind a group card, as they were last seen: of those that it had in this version (0: has now), all or
        the open ones of one severity."""
        permissions.decide(model.Action.BROWSE, actor, self.grants)
        tally = await self.cards.tally(card, sample=0, version=version, severity=severity)
        page = await self.cards.members(card, offset=offset, limit=PAGE, version=version, severity=severity)
        return model.Listing("", page, tally.total, offset, capabilities_of=self._capabilities_of(page), later=tally.later)

    async def whole_group(self, card: str, actor: model.Actor, version: int = 0, severity: str = "") -> selecting.Selection:
        """The same anomalies that `members` pages through, fresh from their systems. Raises NotFound when these know none
        of them."""
        permissions.decide(model.Action.BROWSE, actor, self.grants)
        tally = await self.cards.tally(card, sample=0, version=version, severity=severity)
        gone = "The anomalies of this group are not known any more. They may have been deleted."
        found = await self.fresh(self._members(card, version, severity), [name for name, _ in tally.sources], actor, gone)
        return replace(found, later=tally.later)

    async def fresh(self, known: Refs, systems: Sequence[str], actor: model.Actor, gone: str) -> selecting.Selection:
        """These anomalies of these systems, read again page by page. Raises NotFound, which says `gone`, when their systems know none of
        them, and SourceError when none of these answers."""
        permissions.decide(model.Action.BROWSE, actor, self.grants)
        missing, unheard = list[model.Ref](), list[model.Unheard]()
        found = await selecting.begun(self._chosen(known, missing, unheard))
        if found is None:
            raise errors.NotFound(" ".join([gone, *(one.why for one in unheard)]))
        heard = [name for name in systems if name not in {one.source for one in unheard}]
        return replace(found, systems=heard, missing=missing, unheard=unheard)

    async def _chosen(self, known: Refs, missing: list[model.Ref], unheard: list[model.Unheard]) -> selecting.Pages:
        """These, fresh from their systems, page by page. A system that does not answer at first is not in it; one that fails on the way
        fails all."""
        heard, refused = set[str](), list[errors.BotError]()
        async for some in known:
            silent = {one.source for one in unheard}
            refs = [ref for ref in some if ref.source not in silent]
            picked, failed = await self._picked(refs)
            if lost := [error for source, error in failed if source.name in heard]:
                raise searching.together(lost)
            heard.update(ref.source for ref in refs)
            unheard += picked.unheard
            missing += picked.missing
            refused += [error for _, error in failed]
            yield picked.anomalies
        if refused and heard <= {one.source for one in unheard}:
            raise searching.together(refused)

    async def _members(self, card: str, version: int, severity: str) -> Refs:
        """The members of a group card, page by page."""
        offset = 0
        while some := await self.cards.members(card, offset=offset, limit=MEMBERS, version=version, severity=severity):
            offset += len(some)
            yield [one.ref for one in some]

    async def about(self, channel: str, ts: str, said: str, actor: model.Actor) -> model.ReviewScope:
        """What a message is about: the anomaly or the group of a card of ours as Slack shows it, else the anomalies whose links are in its
        text. Raises NotFound when there are none."""
        permissions.decide(model.Action.BROWSE, actor, self.grants)
        card = await self.cards.at(channel, ts)
        if card is not None and card.kind is model.CardKind.GROUP:
            return model.ReviewScope(card=card.id, version=card.delivered)
        refs = [card.ref] if card is not None and card.ref is not None else grammar.mentioned(said, self.spoken)
        if not refs:
            hint = "Use this on a card of Anomaly Desk, or on a message with a link to an anomaly of a connected system."
            raise errors.NotFound(f"No anomaly is named in this message. {hint}")
        named = {ref.source for ref in refs}
        source = refs[0].source if len(named) == 1 and len(self.sources) > 1 else ""
        ids = tuple(ref.id if len(named) == 1 else str(ref) for ref in refs)
        return model.ReviewScope(words=grammar.canonical(model.Query(source, ids, statuses=("any",))))

    async def newest(self, systems: Collection[str] | None = None) -> model.Anomaly | None:
        """The newest open one of all systems, or of these, as it was last seen, to name in an example."""
        found = [one for name in self.sources if systems is None or name in systems for one in await self.anomalies.newest(name, 1)]
        return max(found, key=lambda one: one.created, default=None)

    async def standing(self, name: str) -> tuple[model.SourceHealth, Mapping[model.State, int]]:
        """How one source stands, and how many of its anomalies are tracked in each state."""
        totals = await self.anomalies.totals()
        return await self.health.get(name), {state: count for (source, state), count in totals.items() if source == name}

    async def _versions(self, anomalies: Sequence[model.Anomaly]) -> Sequence[model.Anomaly]:
        known = await self.anomalies.get([anomaly.ref for anomaly in anomalies])
        return [replace(one.dated_as(old := known.get(one.ref)), version=old.version if old else 0) for one in anomalies]

    def _named(self, name: str) -> ports.Source:
        return connected.named(self.sources, name)


async def _scanned(scanner: ports.Scanner, place: model.Place | None, title: str) -> str:
    newest = await scanner.scans(datastore=place.id if place else "", kind=scan_rules.SCAN, limit=LAST_SCANS)
    name = place.name if place else title
    last = next((scan for scan in newest if scan.ended is not None), None)
    if last is None or last.ended is None:
        running = f"; operation {newest[0].id} is scanning it now" if newest else f": start one with /scan {name}" if place else ""
        return f"{name} has not been scanned yet{running}."
    where = "" if place or last.datastore is None else f" of {last.datastore.name}"
    went = "" if last.result in scan_rules.WENT_WELL else f", and it did not go well ({last.result.value})"
    return f"The last scan{where or f' of {name}'} ended {last.ended:%Y-%m-%d %H:%M} UTC{went}."


def _found(source: ports.Source) -> str:
    """When an open anomaly is found that nobody here has seen."""
    soon = "A new one is seen by the next poll; one with an old date, or one that was opened again,"
    return f"{soon} when the desk looks through everything, which it does every {source.census} polls. It gets a card then."


def bounded(amount: int) -> None:
    """Raise NotSupported for more than one file holds."""
    if amount > MOST_EXPORTED:
        raise errors.NotSupported(
            f"{amount:,} anomalies match, and a file holds {MOST_EXPORTED:,} at most. Narrow the filter, for example with table: or "
            "since:, and export it in parts."
        )


def _decided(card: model.Card, route: model.Route | None) -> model.Explanation:
    """Why a card is where it is; one that Slack does not take is nowhere yet, whatever was decided about it."""
    refused = card.state is model.CardState.LIVE and not card.ts and bool(card.error)
    return model.Explanation(model.Reason.REFUSED if refused else card.reason, card.posted or card.created, card.channel, card.error, route)
