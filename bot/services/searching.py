"""One question to every anomaly system at once, and their answers in one order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from bot import errors, model, ports
from bot.core import connected, grammar
from bot.services import open_ones, slicing

T = TypeVar("T")

SORTED = 1_000
"""So many of each system are read to sort a page of several by severity; where there are more, the newest come first."""

APART = (errors.SourceError, errors.NotFound, errors.NotSupported)
"""What one system says while the others go on: it is down, or it knows nothing of what was asked for."""

_RANK: Mapping[model.Severity | None, int] = {severity: -number for number, severity in enumerate(model.Severity)}

_ORDERS: Mapping[str, Callable[[model.Anomaly], tuple[Any, ...]]] = {
    "": lambda one: (_RANK.get(one.severity, 1), -one.created.timestamp(), one.ref),
    "newest": lambda one: (-one.created.timestamp(), one.ref),
    "oldest": lambda one: (one.created.timestamp(), one.ref),
    "weight": lambda one: (-(one.weight if one.weight is not None else -1.0), -one.created.timestamp(), one.ref),
}
"""How anomalies of several systems are sorted; without a word for it by severity, which is the same word everywhere, and then by age."""


def order(sort: str) -> Callable[[model.Anomaly], tuple[Any, ...]]:
    """How the anomalies of one system are sorted by this word."""
    return _ORDERS[sort or "newest"]


_SENT = model.Word(model.Handling.SENT)


@dataclass(frozen=True, slots=True)
class Picked:
    """Anomalies that were asked for by their references, those that their system does not know, and the systems that did not answer."""

    anomalies: Sequence[model.Anomaly]
    missing: Sequence[model.Ref] = ()
    unheard: Sequence[model.Unheard] = ()


@dataclass(frozen=True, slots=True)
class Search:
    """Asks the systems. `resolve` turns the people of a filter into the users of a system, `known` answers what one cannot filter by."""

    sources: Mapping[str, ports.Source]
    resolve: Callable[[model.Query, str, model.Actor], Awaitable[model.Query]]
    known: open_ones.OpenOnes | None = None

    def asked(self, query: model.Query) -> Sequence[ports.Source]:
        """The systems that a filter is for: the one it names, or all."""
        return [connected.named(self.sources, query.source)] if query.source else list(self.sources.values())

    async def find(self, query: model.Query, actor: model.Actor, wanted: int) -> model.Answer:
        """At most `wanted` (0: all) that match, of all systems that the filter is for, in one order."""
        sources = self.asked(query)
        if len(sources) == 1:
            found = await self.one(sources[0], query, actor, wanted)
            return model.Answer(found.anomalies, [(sources[0].title, found.total)], as_of=found.as_of)
        amount = wanted if query.sort or not wanted else max(wanted, SORTED)
        heard, unheard = await each(sources, lambda source: self.one(source, query, actor, amount))
        whole = not amount or all(len(found.anomalies) < amount or found.total == len(found.anomalies) for _, found in heard)
        order = _ORDERS.get(query.sort or ("" if whole else "newest"), _ORDERS[""])
        everything = [one for _, found in heard for one in found.anomalies]
        merged = await asyncio.to_thread(sorted, everything, key=order)  # it may be a hundred thousand
        as_of = min((found.as_of for _, found in heard if found.as_of), default=None)
        return model.Answer(merged[: wanted or None], [(source.title, found.total) for source, found in heard], unheard, as_of)

    async def one(self, source: ports.Source, query: model.Query, actor: model.Actor, wanted: int) -> model.Found:
        """At most `wanted` (0: all) of one system that match, each word applied where the source says: sent to the system, or here.
        Whatever comes back is checked here again."""
        grammar.check_words(query, source.words, source.title)
        query = await self.resolve(query, source.name, actor)
        query = replace(query, sort=query.sort or "newest")
        if not grammar.here(query, source.words):
            return await source.find(replace(query, limit=wanted))
        if self.known is not None and (stored := await self.known.find(source, query, wanted)) is not None:
            return stored
        found = await source.find(replace(query, limit=0))
        every = slicing.each(found.anomalies)
        kept = [anomaly async for some in every for anomaly in some if grammar.matches(query, anomaly, source.words, source.own_words)]
        if source.words.get("sort", _SENT).handling is model.Handling.HERE:
            kept = await asyncio.to_thread(sorted, kept, key=_ORDERS[query.sort])
        return model.Found(kept[: wanted or None], len(kept))

    async def size(self, query: model.Query, actor: model.Actor) -> int:
        """How many match in all systems that can say."""
        heard, _ = await each(self.asked(query), lambda source: self.size_of(source, query, actor))
        return sum(amount for _, amount in heard)

    async def size_of(self, source: ports.Source, query: model.Query, actor: model.Actor) -> int:
        """How many match in one system."""
        grammar.check_words(query, source.words, source.title)
        if grammar.here(query, source.words):
            return len((await self.one(source, replace(query, limit=0), actor, 0)).anomalies)
        return await source.count(await self.resolve(query, source.name, actor))


async def each(
    sources: Sequence[ports.Source], ask: Callable[[ports.Source], Awaitable[T]]
) -> tuple[Sequence[tuple[ports.Source, T]], Sequence[model.Unheard]]:
    """Ask all at once: what each said, and who did not. Raises what was said when nobody answers, and at once what is nobody's fault."""
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
    if failed and not heard:
        raise together([error for _, error in failed])
    return heard, [model.Unheard(one.name, one.title, str(error), isinstance(error, errors.SourceError)) for one, error in failed]


def together(failed: Sequence[errors.BotError]) -> errors.BotError:
    """What all of them said as one error."""
    if len(failed) == 1:
        return failed[0]
    said = " ".join(dict.fromkeys(str(error) for error in failed))
    first = failed[0]
    if all(isinstance(error, errors.SourceError) for error in failed) and isinstance(first, errors.SourceError):
        return errors.SourceUnavailable(first.source, said)
    return errors.NotSupported(said) if all(isinstance(error, errors.NotSupported) for error in failed) else errors.NotFound(said)
