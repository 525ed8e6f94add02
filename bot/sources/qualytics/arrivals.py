"""What is open that nobody here has seen: the newest since the cursor, what was open in places that are met for the first time, and a
slice of everything else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bot import errors, model, ports
from bot.sources import base, paging
from bot.sources.qualytics import anomaly_pages, census, cursors, list_params, place_names

WAVE = 4
"""Pages that are read at once on the way to known ground, while there is none in sight; then twice as many each time, so that the end of a
wave is waited for a few times only, as far as the grown total says that there must be new ones."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one poll saw of one list, and the places among it that nobody had looked at before."""

    look: census.Look
    anomalies: Sequence[model.Anomaly]
    met: Sequence[model.Contact] = ()


class Arrivals:
    """Reads what arrived in one deployment. `polls` is within how many polls everything that is open is seen, whatever its date."""

    def __init__(self, *, lister: anomaly_pages.Lister, places: place_names.Places, clock: ports.Clock) -> None:
        self._lister, self._places, self._clock = lister, places, clock
        self.polls = census.EVERY

    async def since(self, cursor: str) -> model.Changes:
        """One call per datastore when nothing is new and no census is under way."""
        marks = cursors.read(cursor)
        scope = list(await self._places.scope()) or [cursors.EVERYWHERE]
        seen = await base.together(self._look(datastore, marks) for datastore in scope)
        looks = [one.look for one in seen]
        slices = await census.step(self._lister, looks)
        self.polls = census.polls(looks)
        within = await self._places.within()
        found = {one.ref: one for part in seen for one in part.anomalies if within.holds(one.datastore)}
        others = ((one, part.mark) for part in slices for one in part.anomalies if one.ref not in found and within.holds(one.datastore))
        late = {one.ref: one for one, mark in others if _covered(one, mark)}
        newest_first = sorted([*found.values(), *late.values()], key=lambda one: one.created, reverse=True)
        # Those of datastores that are not looked after any more are kept: should they come back, they are no strangers.
        after = {**marks, **{part.datastore: part.mark for part in slices}}
        met = [contact for part in seen for contact in part.met]
        return model.Changes(newest_first, cursors.write(after), met, frozenset(late))

    async def _look(self, datastore: str, marks: Mapping[str, cursors.ReadMark]) -> _Seen:
        mark = cursors.of(marks, datastore)
        if mark is None:
            return await self._contact(datastore, frozenset(marks))
        pages = await self._until_known(datastore, mark)
        anomalies = [one for page in pages for one in page.anomalies]
        after = mark.advanced(anomalies, _total(pages[0]), self._clock.now())
        if datastore:
            return _Seen(census.Look(datastore, pages[0], after), anomalies)
        return await self._strangers(pages[0], after, anomalies)

    # --- first contact ---------------------------------------------------------------------------------------------------

    def opening(self) -> model.Opening:
        """Everything that is open in lists that nobody looked at before, not held here."""

        async def pages() -> AsyncIterator[Sequence[model.Anomaly]]:
            within, looks = await self._places.within(), list[census.Look]()
            for datastore in list(await self._places.scope()) or [cursors.EVERYWHERE]:
                mark, total, spots = cursors.start(), 0, set[str]()
                async for page in self._lister.stream(datastore, list_params.open_ones()):
                    total = page.total if page.total is not None else total + len(page.anomalies)
                    mark = mark.advanced(page.anomalies, total, self._clock.now())
                    spots.update(one.datastore.id for one in page.anomalies if one.datastore)
                    yield [one for one in page.anomalies if within.holds(one.datastore)]
                visible = None if datastore else await self._visible()
                mark = replace(mark, total=total, places=None if visible is None else visible | spots)
                looks.append(_looked_through(datastore, total, self._lister.size, mark))
            self.polls = census.polls(looks)
            opening.cursor = cursors.write({part.datastore: part.mark for part in await census.step(self._lister, looks)})

        opening = model.Opening(pages())
        return opening

    async def _contact(self, datastore: str, familiar: frozenset[str]) -> _Seen:
        """Everything that is open in a list that nobody looked at before; places that are `familiar` from elsewhere are not met."""
        whole = await self._lister.all(datastore, list_params.open_ones())
        total = whole.total if whole.total is not None else len(whole.anomalies)
        mark = cursors.start().advanced(whole.anomalies, total, self._clock.now())
        spots = {one.datastore.id: one.datastore for one in whole.anomalies if one.datastore}
        if datastore:
            met = [_met(spots.get(datastore) or model.Place(datastore, self._places.name(datastore)), whole.anomalies)]
        else:
            visible = await self._visible()
            mark = replace(mark, places=None if visible is None else visible | spots.keys() | familiar)
            met = [_met(spot, whole.anomalies) for ident, spot in spots.items() if ident not in familiar]
        return _Seen(_looked_through(datastore, total, self._lister.size, mark), whole.anomalies, met)

    async def _strangers(self, first: anomaly_pages.AnomalyPage, mark: cursors.ReadMark, anomalies: Sequence[model.Anomaly]) -> _Seen:
        """In a list of everywhere: datastores that this token could not see before, or that did not exist, are met; what is open there is
        read whole. One that was there, empty, when somebody looked last is no stranger: what appears in it is new."""
        visible = await self._visible() if census.due(mark) or not (mark.census.age or mark.places) else frozenset[str]()
        if mark.places is None:
            return _Seen(census.Look(cursors.EVERYWHERE, first, replace(mark, places=visible or None)), anomalies)
        spots = {one.datastore.id for one in anomalies if one.datastore}
        fresh = sorted((spots | (visible or frozenset())) - mark.places)
        read = await base.together(self._open_in(datastore) for datastore in fresh)
        everything = [*anomalies, *(one for part in read for one in part)]
        named = {one.datastore.id: one.datastore for one in everything if one.datastore}
        met = [_met(named.get(ident) or model.Place(ident, self._places.name(ident)), everything) for ident in fresh]
        look = census.Look(cursors.EVERYWHERE, first, replace(mark, places=mark.places | frozenset(fresh)))
        return _Seen(look, everything, met)

    async def _open_in(self, datastore: str) -> Sequence[model.Anomaly]:
        """All of one datastore; nothing where this token sees it and may not read it."""
        try:
            return (await self._lister.all(datastore, list_params.open_ones())).anomalies
        except errors.SourceForbidden:
            return ()

    async def _visible(self) -> frozenset[str] | None:
        """The ids of the datastores that this token sees; None where nobody can say."""
        try:
            return frozenset(one.id for one in await self._places.datastores(fresh=True))
        except (errors.SourceForbidden, errors.SourceMissing, errors.SourceRejected, errors.SourceGarbled):
            return None

    # --- the way to known ground -----------------------------------------------------------------------------------------

    async def _until_known(self, datastore: str, mark: cursors.ReadMark) -> Sequence[anomaly_pages.AnomalyPage]:
        """Pages from the newest down to known ground, in small waves; once more when the list shrank meanwhile."""
        async with paging.within(self._lister.bounds):
            pages = await self._waves(datastore, mark)
            shrank = len(pages) > 1 and min(_total(page) for page in pages) < _total(pages[0])
            return [*await self._waves(datastore, mark), *pages] if shrank else pages

    async def _waves(self, datastore: str, mark: cursors.ReadMark) -> list[anomaly_pages.AnomalyPage]:
        pages, meter = [await self._lister.page(datastore, list_params.open_ones())], paging.Meter(self._lister.bounds)
        meter.take(pages[0])
        most = WAVE
        while not _known(pages, mark) and not meter.ended:
            near = pages[0].total is None or any(mark.knows(one) for one in pages[-1].anomalies)
            wave, most = (1, most) if near else (most, 2 * most)
            certain = (_total(pages[0]) - mark.total) // self._lister.size + 1 - len(pages)
            wave = min(wave, max(certain, WAVE))
            last = min(len(pages) + wave, pages[0].pages) if pages[0].total is not None else len(pages) + wave
            more = await self._lister.rest(datastore, list_params.open_ones(), range(len(pages) + 1, last + 1))
            for page in more:
                meter.take(page)
            pages += more
        return pages


def _looked_through(datastore: str, total: int, size: int, mark: cursors.ReadMark) -> census.Look:
    """Nothing is left for a census of today: this was one."""
    return census.Look(datastore, anomaly_pages.AnomalyPage((), total, size, 0, foreign=False), mark)


def _covered(anomaly: model.Anomaly, mark: cursors.ReadMark) -> bool:
    """Whether its datastore has been met; one that came into sight a moment ago is met when the next census begins."""
    return anomaly.datastore is None or mark.covers(anomaly.datastore.id)


def _met(place: model.Place, anomalies: Sequence[model.Anomaly]) -> model.Contact:
    return model.Contact(place, frozenset(one.ref for one in anomalies if one.datastore is None or one.datastore.id == place.id))


def _known(pages: Sequence[anomaly_pages.AnomalyPage], mark: cursors.ReadMark) -> bool:
    """Whether the last page reached known ground: its oldest is old enough; or it brings nothing new, and the list has not grown by more
    than the new ones that were seen."""
    last = pages[-1]
    if last.count < last.size or (pages[0].total is not None and len(pages) >= pages[0].pages):
        return True
    if any(one.created <= mark.ground for one in last.anomalies):
        return True
    if not all(mark.knows(one) for one in last.anomalies):
        return False
    new = {one.ref for page in pages for one in page.anomalies if not mark.knows(one)}
    return _total(pages[0]) - mark.total <= len(new)


def _total(page: anomaly_pages.AnomalyPage) -> int:
    return page.total if page.total is not None else 0
