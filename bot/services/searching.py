"""One question to every anomaly system at once, and their answers in one order."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from bot import errors, model, ports
from bot.core import connected, grammar, phrases
from bot.services import open_ones, selecting

T = TypeVar("T")

SORTED = selecting.FEW
"""So many of each system are read to sort a page by severity and age; where there are more, those of a severity come by their weight."""

APART = (errors.SourceError, errors.NotFound, errors.NotSupported)
"""What one system says while the others go on: it is down, or it knows nothing of what was asked for."""

_RANK: Mapping[model.Severity | None, int] = {severity: -number for number, severity in enumerate(model.Severity)}


def _lasting(one: model.Anomaly) -> tuple[float, float]:
    """How long it was, in seconds; what goes on is longer than anything that has ended, and the longer the earlier it began."""
    began = one.started or one.created
    return (0.0, one.ended.timestamp() - began.timestamp()) if one.ended else (1.0, -began.timestamp())


HEAVIEST = "heaviest"
"""An order that nobody asks for by a word: by severity, and by weight within one."""

_ORDERS: Mapping[str, Callable[[model.Anomaly], tuple[Any, ...]]] = {
    "": lambda one: (_RANK.get(one.severity, 1), -one.created.timestamp(), one.ref),
    HEAVIEST: lambda one: (
        _RANK.get(one.severity, 1),
        -(one.weight if one.weight is not None else -1.0),
        -one.created.timestamp(),
        one.ref,
    ),
    "newest": lambda one: (-one.created.timestamp(), one.ref),
    "oldest": lambda one: (one.created.timestamp(), one.ref),
    "weight": lambda one: (-(one.weight if one.weight is not None else -1.0), -one.created.timestamp(), one.ref),
    "weight:asc": lambda one: (one.weight if one.weight is not None else math.inf, -one.created.timestamp(), one.ref),
    "ended": lambda one: (-one.ended.timestamp() if one.ended else math.inf, one.ref),
    "ended:asc": lambda one: (one.ended.timestamp() if one.ended else math.inf, one.ref),
    "duration": lambda one: (*(-part for part in _lasting(one)), one.ref),
    "duration:asc": lambda one: (*_lasting(one), one.ref),
}
"""How anomalies are sorted; without a word for it by severity, which is the same word everywhere, and then by age."""


def order(sort: str) -> Callable[[model.Anomaly], tuple[Any, ...]]:
    """How the anomalies of one system are sorted by this word."""
    return _ORDERS[sort or "newest"]


_SENT = model.Word(model.Handling.SENT)


def _heaviest(query: model.Query, source: ports.Source) -> model.Query:
    """The filter with the heaviest first, in a system that can be asked for that: what is severe has a great weight everywhere."""
    word = source.words.get("sort", _SENT)
    able = word.handling is not model.Handling.REFUSED and (not word.values or "weight" in word.values)
    return replace(query, sort="weight") if able else query


@dataclass(frozen=True, slots=True)
class Picked:
    """Anomalies that were asked for by their references, those that their system does not know, and the systems that did not answer."""

    anomalies: Sequence[model.Anomaly]
    missing: Sequence[model.Ref] = ()
    unheard: Sequence[model.Unheard] = ()

    @property
    def selection(self) -> selecting.Selection:
        """The same, to be taken page by page."""
        return selecting.whole(self.anomalies, self.missing, self.unheard)


@dataclass(frozen=True, slots=True)
class Search:
    """Asks the systems. `resolve` turns the people of a filter into the users of a system, `known` answers what one cannot filter by."""

    sources: Mapping[str, ports.Source]
    resolve: Callable[[model.Query, str, model.Actor], Awaitable[model.Query]]
    known: open_ones.OpenOnes | None = None

    def own_words(self) -> Mapping[str, Sequence[model.OwnWord]]:
        """The filter words that belong to single systems, by their titles."""
        return {source.title: source.own_words for source in self.sources.values()}

    def refused_words(self) -> Collection[str]:
        """The filter words that no system can do anything with."""
        refuses = [{name for name, word in one.words.items() if word.handling is model.Handling.REFUSED} for one in self.sources.values()]
        return set.intersection(*refuses) if refuses else set()

    def asked(self, query: model.Query) -> Sequence[ports.Source]:
        """The systems that a filter is for: the one it names, or all; those alone that may have one of its ids. Raises NotFound when it
        is for none."""
        named = [connected.named(self.sources, query.source)] if query.source else list(self.sources.values())
        found = [source for source in named if not query.ids or self.mine(query, source).ids]
        if not found:
            raise errors.NotFound(
                f"{phrases.both([source.title for source in named])} can have none of these: {', '.join(query.ids[:10])}."
            )
        return found

    def mine(self, query: model.Query, source: ports.Source) -> model.Query:
        """The filter as one system is asked: with those of its ids that the system may have, without the name of the system before them."""
        if not query.ids:
            return query
        parted = [(ident, *ident.partition(":")) for ident in query.ids]
        own = [rest if head == source.name else ident for ident, head, colon, rest in parted if not colon or self._own(head, source)]
        form = source.idents.form
        return replace(query, ids=tuple(ident for ident in own if not form or re.fullmatch(form, ident)))

    def _own(self, head: str, source: ports.Source) -> bool:
        """Whether what stands before a colon names this system, or none: then it belongs to the id."""
        return head == source.name or head not in self.sources

    async def find(self, query: model.Query, actor: model.Actor, wanted: int) -> model.Answer:
        """At most `wanted` (0: all) that match, of all systems that the filter is for, in one order."""
        sources = self.asked(query)
        heard, unheard = await each(sources, lambda source: self._first(source, query, actor, wanted))
        order = query.sort or (HEAVIEST if any(heaviest for _, (_, heaviest) in heard) else "")
        everything = [one for _, (found, _) in heard for one in found.anomalies]
        if len(sources) > 1 or not order:
            everything = await asyncio.to_thread(sorted, everything, key=_ORDERS[order])  # it may be a hundred thousand
        as_of = min((found.as_of for _, (found, _) in heard if found.as_of), default=None)
        totals = [(source.title, found.total) for source, (found, _) in heard]
        return model.Answer(everything[: wanted or None], totals, unheard, as_of)

    async def _first(self, source: ports.Source, query: model.Query, actor: model.Actor, wanted: int) -> tuple[model.Found, bool]:
        """At most `wanted` (0: all) of one system, or more, to be sorted; and whether these are its heaviest because there are too many."""
        if query.sort or not wanted:
            return await self.one(source, query, actor, wanted), False
        found = await self.one(source, query, actor, SORTED)  # the same for each page: all are of one order
        whole = len(found.anomalies) < SORTED or found.total == len(found.anomalies)
        if whole or (grammar.here(query, source.words) and found.as_of is None):
            return found, False
        return await self.one(source, _heaviest(query, source), actor, wanted), True

    async def select(self, query: model.Query, actor: model.Actor) -> selecting.Selection | None:
        """All that match, at most `query.limit`, read while they are taken; None when there is nothing. The newest come first, unless the
        filter says otherwise; of a few (a limit of at most `SORTED`) the same as a list shows. A system that does not answer at first is
        not in it; one that fails on the way fails all, because nobody could say which of its anomalies are."""
        sources = self.asked(query)
        if 0 < query.limit <= SORTED:
            found = await self.find(query, actor, query.limit)
            chosen = selecting.whole(found.anomalies, (), found.unheard)
            return replace(chosen, matching=found.total) if found.anomalies else None
        heard, unheard = await each(sources, lambda source: self._begun(source, query, actor))
        parts = [part for _, part in heard if part is not None]
        order = _ORDERS[query.sort or "newest"]
        parts.sort(key=lambda part: order(part.first[0]))
        if len(parts) < 2:
            return replace(parts[0], unheard=unheard) if parts else None
        pages = selecting.limited(selecting.merged([part.pages() for part in parts], order), query.limit)
        first = await anext(pages)
        return selecting.Selection(first, pages, [name for part in parts for name in part.systems], (), unheard)

    async def _begun(self, source: ports.Source, query: model.Query, actor: model.Actor) -> selecting.Selection | None:
        return await selecting.begun(await self.pages(source, query, actor))

    async def pages(self, source: ports.Source, query: model.Query, actor: model.Actor) -> selecting.Pages:
        """What matches in one system, at most `query.limit` (0: all), page by page: as `one`, and none of it is kept here, but where the
        system cannot sort and an order matters."""
        asked = await self._resolved(source, query, actor)
        if grammar.here(asked, source.words):
            if self.known is not None and (stored := await self.known.pages(source, asked)) is not None:
                return selecting.limited(stored, asked.limit)
            if _sorted_here(source) and (query.sort or query.limit):
                return selecting.one_page((await self._here(source, asked, asked.limit, asked.sort)).anomalies)
        return selecting.matching(source, asked)

    async def one(self, source: ports.Source, query: model.Query, actor: model.Actor, wanted: int) -> model.Found:
        """At most `wanted` (0: all) of one system that match, each word applied where the source says: sent to the system, or here.
        Whatever comes back is checked here again. Without a word for the order the newest, or what is read here, the most severe."""
        worst = not query.sort
        query = await self._resolved(source, query, actor)
        if not grammar.here(query, source.words):
            return await source.find(replace(query, limit=wanted))
        if self.known is not None and (stored := await self.known.find(source, query, wanted)) is not None:
            return stored
        return await self._here(source, query, wanted, "" if worst else query.sort)

    async def _here(self, source: ports.Source, query: model.Query, wanted: int, order: str) -> model.Found:
        pages = selecting.matching(source, replace(query, limit=0))
        if not _sorted_here(source):
            return await (selecting.counted(pages, wanted) if order or not wanted else selecting.least(pages, wanted, _ORDERS[order]))
        found = await selecting.counted(pages, 0)
        kept = await asyncio.to_thread(sorted, found.anomalies, key=_ORDERS[order])
        return model.Found(kept[: wanted or None], found.total)

    async def _resolved(self, source: ports.Source, query: model.Query, actor: model.Actor) -> model.Query:
        grammar.check_words(query, source.words, source.title)
        query = await self.resolve(self.mine(query, source), source.name, actor)
        return replace(query, sort=query.sort or "newest")

    async def by_table(
        self, source: ports.Source, query: model.Query, actor: model.Actor, most: int
    ) -> tuple[Sequence[tuple[str, int]], datetime] | None:
        """The tables of one system with the most that match, as far as this desk knows, and as of when; None where it does not."""
        return None if self.known is None else await self.known.by_table(source, await self._resolved(source, query, actor), most)

    async def size(self, query: model.Query, actor: model.Actor) -> int:
        """How many match in all systems that can say."""
        heard, _ = await each(self.asked(query), lambda source: self.size_of(source, query, actor))
        return sum(amount for _, amount in heard)

    async def size_of(self, source: ports.Source, query: model.Query, actor: model.Actor) -> int:
        """How many match in one system."""
        grammar.check_words(query, source.words, source.title)
        if grammar.here(query, source.words):
            return await selecting.size(await self.pages(source, replace(query, limit=0), actor))
        return await source.count(await self.resolve(self.mine(query, source), source.name, actor))


def _sorted_here(source: ports.Source) -> bool:
    return source.words.get("sort", _SENT).handling is model.Handling.HERE


async def each(
    sources: Sequence[ports.Source], ask: Callable[[ports.Source], Awaitable[T]]
) -> tuple[Sequence[tuple[ports.Source, T]], Sequence[model.Unheard]]:
    """Ask all at once: what each said, and who did not. Raises what was said when nobody answers, and at once what is nobody's fault."""
    heard, failed = await asked(sources, ask)
    if failed and not heard:
        raise together([error for _, error in failed])
    return heard, [unheard(source, error) for source, error in failed]


async def asked(
    sources: Sequence[ports.Source], ask: Callable[[ports.Source], Awaitable[T]]
) -> tuple[Sequence[tuple[ports.Source, T]], Sequence[tuple[ports.Source, errors.BotError]]]:
    """The same, and what was said by those who did not answer; nothing is raised for them."""
    ended = await asyncio.gather(*(ask(source) for source in sources), return_exceptions=True)
    heard: list[tuple[ports.Source, T]] = []
    failed: list[tuple[ports.Source, errors.BotError]] = []
    for source, end in zip(sources, ended, strict=True):
        if isinstance(end, APART):
            failed.append((source, end))
        elif isinstance(end, BaseException):
            raise end
        else:
            heard.append((source, end))
    return heard, failed


def unheard(source: ports.Source, error: errors.BotError) -> model.Unheard:
    """A system that is not in an answer, and why."""
    return model.Unheard(source.name, source.title, str(error), isinstance(error, errors.SourceError))


def together(failed: Sequence[errors.BotError]) -> errors.BotError:
    """What all of them said as one error."""
    if len(failed) == 1:
        return failed[0]
    strange = [error for error in failed if isinstance(error, errors.NotLinked)]
    if strange:
        said = " ".join(dict.fromkeys(str(error) for error in failed))
        return errors.NotLinked(said, systems=[system for error in strange for system in error.systems])
    said = " ".join(dict.fromkeys(str(error) for error in failed))
    first = failed[0]
    if all(isinstance(error, errors.SourceError) for error in failed) and isinstance(first, errors.SourceError):
        return errors.SourceUnavailable(first.source, said)
    return errors.NotSupported(said) if all(isinstance(error, errors.NotSupported) for error in failed) else errors.NotFound(said)
