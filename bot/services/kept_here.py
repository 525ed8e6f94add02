"""A system that cannot keep all that people make of its anomalies, as all services see it: what is kept here is merged into whatever it
tells, and is changed without a call."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot import errors, model, ports
from bot.core import grammar, overlay, transitions
from bot.services import searching, selecting, slicing

_HERE = model.Word(model.Handling.HERE)

_OURS: Mapping[str, model.Word] = {"status": _HERE, "assignee": _HERE}
"""The filter words that are about what may be kept here."""

PAGE = 100
"""So many of those that are kept here are read at once."""

WINDOW = 5_000
"""Of so many the store says at once which they are: it looks through all that are kept for each time that it is asked."""

SPARE = 100
"""So many more than are wanted are asked for at first, where some of them stand elsewhere here."""

LOST = (errors.SourceUnavailable, errors.SourceGarbled)
"""Answers that leave open whether it was done."""


def sources(
    given: Mapping[str, ports.Source], rows: ports.Overlays, directory: ports.Directory | None = None
) -> Mapping[str, ports.Source]:
    """These systems as services are to see them: those that keep everything themselves as they are. `directory` names the people of those
    that have nobody."""
    return {name: KeptHere(source, rows, directory) if source.unkept else source for name, source in given.items()}


class KeptHere:
    """The port `Source` around one that does not keep everything. What is told of it here and nowhere else is told by the system itself."""

    name: str
    title: str
    doubtful: frozenset[model.Action]
    archive_as: tuple[model.Closing, ...]
    stages: tuple[model.Stage, ...]
    max_batch: int
    census: int
    unkept: frozenset[model.Part]
    uncleared: frozenset[model.Part]
    longest_comment: int
    idents: model.Idents
    own_words: tuple[model.OwnWord, ...]
    client_options: model.ClientOptions
    unpeopled: bool

    def __init__(self, inner: ports.Source, rows: ports.Overlays, directory: ports.Directory | None = None) -> None:
        self._inner, self._rows, self._directory = inner, rows, directory
        if isinstance(inner, ports.Unpeopled):
            self.unpeopled = inner.unpeopled
        self._people: Mapping[str, model.Person] = {}
        self._finds_people = model.Part.ASSIGNEES not in inner.unkept
        self.supports = inner.supports | overlay.actions(inner.unkept)
        self.words: Mapping[str, model.Word] = inner.words if self._finds_people else {**inner.words, "assignee": _HERE}

    def __getattr__(self, name: str) -> Any:
        if name not in KeptHere.__annotations__:
            raise AttributeError(name)
        return getattr(self._inner, name)

    # --- reading -----------------------------------------------------------------------------------------------------------

    async def changes(self, cursor: str) -> model.Changes:
        """`ports.Source.changes`, merged."""
        found = await self._inner.changes(cursor)
        return replace(found, anomalies=await self._merged(found.anomalies))

    async def get(self, ids: Sequence[str]) -> Mapping[str, model.Anomaly]:
        """`ports.Source.get`, merged."""
        found = await self._inner.get(ids)
        return dict(zip(found, await self._merged(list(found.values())), strict=True))

    async def read(self, ids: Sequence[str], *, pages: int = 0) -> model.Reading:
        """`ports.Source.read`, merged."""
        return await self._read(await self._inner.read(ids, pages=pages))

    async def pushed(self, about: Sequence[model.Mention]) -> model.Reading:
        """`ports.Finder.pushed`, merged; by the ids alone where the system finds nothing by more."""
        if isinstance(self._inner, ports.Finder):
            return await self._read(await self._inner.pushed(about))
        return await self.read([one.ident for one in about])

    async def _read(self, reading: model.Reading) -> model.Reading:
        found = dict(zip(reading.found, await self._merged(list(reading.found.values())), strict=True))
        return replace(reading, found=found)

    async def find(self, query: model.Query) -> model.Found:
        """`ports.Source.find` of how things stand when what is kept here counts: without those that stand elsewhere here, and with those
        that the system takes to stand elsewhere. These are found in the store, as many as are wanted, and read again."""
        asked = self._without_people(query)
        more, less = await self._moved(asked)
        if more == less == 0:
            told = await self._inner.find(asked)
            return replace(told, anomalies=await self._merged(told.anomalies))
        if not query.limit:
            return await selecting.counted(self.pages(asked), 0)
        told = await self._inner.find(replace(asked, limit=asked.limit + (SPARE if less is None else min(less, SPARE))))
        theirs = await self._theirs(asked, told.anomalies)
        total = None if told.total is None or more is None or less is None else told.total - less + more
        ended = told.total == len(told.anomalies)
        if len(theirs) < query.limit and not ended:
            theirs = (await selecting.counted(selecting.limited(self._their_pages(asked), query.limit), 0)).anomalies
            ended = len(theirs) < query.limit
        ours = (await selecting.counted(selecting.limited(self._ours(asked), query.limit), 0)).anomalies
        everything = sorted([*theirs, *ours], key=searching.order(query.sort))
        if ended and len(everything) < query.limit:
            total = len(everything)
        return model.Found(everything[: query.limit], total)

    async def pages(self, query: model.Query) -> selecting.Pages:
        """`ports.Source.pages`, as `find`. What is found in the store comes in its place among what the system tells page by page."""
        asked = replace(self._without_people(query), limit=0)
        pages = self._their_pages(asked)
        if not self._takes_any(asked):
            pages = selecting.merged([pages, self._ours(asked)], searching.order(query.sort))
        async for page in pages:
            yield page

    async def count(self, query: model.Query) -> int:
        """`ports.Source.count`: what the system counts, without what stands elsewhere here, and with what stands elsewhere there. They are
        read to be counted where the store cannot tell."""
        asked = self._without_people(query)
        more, less = await self._moved(asked)
        if more is None or less is None:
            return await selecting.size(self.pages(asked))
        return await self._inner.count(asked) - less + more

    def _without_people(self, query: model.Query) -> model.Query:
        """The filter as the system gets it: it knows nobody where people are kept here."""
        return query if self._finds_people else replace(query, assignees=())

    def _takes_any(self, asked: model.Query) -> bool:
        """Whether the system tells of all, wherever they stand."""
        return "any" in asked.statuses or self._inner.words.get("status", _HERE).handling is model.Handling.HERE

    async def _moved(self, asked: model.Query) -> tuple[int | None, int | None]:
        """How many match here alone, and how many in the system alone; None where only they themselves tell."""
        groups = () if self._takes_any(asked) else await self._rows.groups(self.name, asked)
        return (None, None) if groups is None else overlay.moved(asked, groups)

    async def _their_pages(self, asked: model.Query) -> selecting.Pages:
        async for page in self._inner.pages(asked):
            yield await self._theirs(asked, page)

    async def _theirs(self, asked: model.Query, told: Sequence[model.Anomaly]) -> Sequence[model.Anomaly]:
        """What the system tells, but for those that stand elsewhere here, and those that are found in the store."""
        merged = await self._merged(told)
        if self._takes_any(asked):
            return merged
        fits = [one for one in merged if not one.kept_here or grammar.matches(asked, one, _OURS)]
        stored = await self._rows.stored(self.name, [one.ref.id for one in fits])
        return [one for one in fits if one.ref.id not in stored or not overlay.only_here(asked, stored[one.ref.id])]

    async def _ours(self, asked: model.Query) -> selecting.Pages:
        """Those of which the system does not tell, because it takes them to stand elsewhere: no more of them are read at once than are
        looked at."""
        window = min(asked.limit or WINDOW, WINDOW)
        marks: Sequence[ports.Mark] = ()
        while marks := await self._rows.marks(self.name, asked, marks[-1] if marks else None, window):
            for start in range(0, len(marks), PAGE):
                ids = [mark.id for mark in marks[start : start + PAGE]]
                if page := await self._read_again(asked, ids):
                    yield page

    async def _read_again(self, asked: model.Query, ids: Sequence[str]) -> Sequence[model.Anomaly]:
        """Those of these that are found in the store and still match in the system."""
        stored = await self._rows.stored(self.name, ids)
        wanted = [one for ident in ids if (one := stored.get(ident)) and overlay.only_here(asked, one) and self._matches(asked, one)]
        found = (await self.read([one.ref.id for one in wanted])).found if wanted else {}
        fresh = [found[one.ref.id].dated_as(one) for one in wanted if one.ref.id in found]
        return [one for one in fresh if self._matches(asked, one)]

    def _matches(self, asked: model.Query, one: model.Anomaly) -> bool:
        return grammar.matches(asked, one, own=self.own_words)

    async def _merged(self, seen: Sequence[model.Anomaly]) -> Sequence[model.Anomaly]:
        ours = [one.ref.id for one in seen if one.kept_here or one.keepable]
        rows = await self._rows.get(self.name, ours) if ours else {}
        return [overlay.merged(one, rows.get(one.ref.id)) async for some in slicing.each(seen) for one in some]

    # --- changing ----------------------------------------------------------------------------------------------------------

    async def apply(self, change: model.Change, targets: Sequence[model.Anomaly]) -> Sequence[model.Outcome]:
        """`ports.Source.apply`: the system is asked for what is its to keep. What is kept here comes back with the outcome (`ours`), and is
        written down by whoever records what became of it: until then nothing has happened."""
        calls: dict[model.Change, list[model.Anomaly]] = {}
        done: dict[model.Ref, model.Outcome] = {}
        for target in targets:
            why = overlay.refused(change, target) if overlay.theirs(change, target) != change else ""
            wanted = self._wanted(change, target)
            if why:
                done[target.ref] = model.Outcome(target.ref, model.Result.REFUSED, why)
            elif wanted is None:
                done[target.ref] = model.Outcome(target.ref, model.Result.DONE, self._unsaid(change, target))
            else:
                calls.setdefault(wanted, []).append(target)
        for wanted, some in calls.items():
            done |= {one.ref: one for one in await self._asked(change, wanted, some, alone=len(some) == len(targets))}
        return [await self._with_ours(change, target, done[target.ref]) for target in targets]

    def _wanted(self, change: model.Change, target: model.Anomaly) -> model.Change | None:
        """What the system is to be asked for; None where nothing is left of it: what is so already is not, nor a comment where there are
        none."""
        left = overlay.theirs(change, target)
        if left is None or left == change:
            return left
        if left.comment and model.Action.COMMENT not in self._inner.supports:
            left = overlay.theirs(replace(change, comment=""), target)
        return None if left is None or transitions.shows(left, target) else left

    def _unsaid(self, change: model.Change, target: model.Anomaly) -> str:
        lost = change.comment and model.Action.COMMENT not in self._inner.supports
        return f"The comment was not left: {self._inner.title} has none." if lost else ""

    async def _asked(
        self, change: model.Change, wanted: model.Change, some: Sequence[model.Anomaly], *, alone: bool
    ) -> Sequence[model.Outcome]:
        """The system's outcomes. Where others are changed with these, or a part of the change is ours, its failure is theirs alone."""
        try:
            told = await self._inner.apply(wanted, some)
            return [_carried(one) for one in told] if wanted.action is model.Action.COMMENT and wanted.action is not change.action else told
        except errors.SourceError as error:
            if alone and (wanted == change or not isinstance(error, LOST)):
                raise
            lost = isinstance(error, LOST)
            return [model.Outcome(one.ref, model.Result.REFUSED, str(error), unsure=lost) for one in some]

    async def _with_ours(self, change: model.Change, target: model.Anomaly, outcome: model.Outcome) -> model.Outcome:
        """With what is to be kept here of it: all that was kept before, too, for what follows in the same change."""
        if not overlay.fixed(target) or (outcome.result is model.Result.REFUSED and not outcome.unsure):
            return outcome
        return replace(outcome, ours=overlay.of(overlay.made(change, target, await self._named(change, target))))

    # --- people ------------------------------------------------------------------------------------------------------------

    async def people(self) -> Sequence[model.Person]:
        """`ports.Source.people`, whose names are remembered."""
        found = await self._inner.people()
        self._people = {person.id: person for person in found}
        return found

    async def _named(self, change: model.Change, target: model.Anomaly) -> Mapping[str, model.Person]:
        """Names for those who are assigned here, as far as the system tells them."""
        unknown = set(change.assignees or ()) - set(self._people) - {person.id for person in target.assignees}
        if self._directory is not None and isinstance(self._inner, ports.Unpeopled):
            return {one: model.Person(self.name, one, (await self._directory.actor(one)).name) for one in unknown}
        if unknown and model.Part.ASSIGNEES in target.kept_here:
            with contextlib.suppress(errors.SourceError):
                await self.people()
        return self._people

    # --- the rest ----------------------------------------------------------------------------------------------------------

    async def comments(self, ident: str) -> Sequence[model.Comment]:
        """`ports.Source.comments`."""
        return await self._inner.comments(ident)

    async def check(self) -> str:
        """`ports.Source.check`."""
        return await self._inner.check()

    async def aclose(self) -> None:
        """`ports.Source.aclose`."""
        await self._inner.aclose()


def _carried(outcome: model.Outcome) -> model.Outcome:
    """A comment that rode along with what is kept here: that was done, whatever became of the comment."""
    if outcome.result is not model.Result.REFUSED or outcome.unsure:
        return outcome
    return replace(outcome, result=model.Result.DONE, reason=f"The comment was not left: {outcome.reason}", right="", place="")
