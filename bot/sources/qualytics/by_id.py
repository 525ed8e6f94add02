"""Reading anomalies again by their ids: one id is one call, many are lists of a hundred (contracts 1.3 and 1.4).

The `id` filter of the list is a list of ids on new deployments, one id on old ones, and ignored on others. So it is believed only after
it was seen to work; until then a missing id is looked up alone before it counts as gone. What is outside the scope is never found, and
never counts as deleted either: it only does not exist for this desk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot import errors, model
from bot.core import bisection
from bot.sources import base
from bot.sources.qualytics import anomaly_pages, client, dialect, place_names, schema

CHUNK = 100
"""Ids of one list call: with UUIDs its address stays below 5,000 characters."""


class Budget:
    """Calls that may still be made; 0 at the start means no limit."""

    def __init__(self, pages: int) -> None:
        self._left = pages if pages > 0 else -1

    def take(self, wanted: int) -> int:
        """How many of the calls are granted."""
        if self._left < 0:
            return wanted
        granted = min(wanted, self._left)
        self._left -= granted
        return granted


class ById:
    """Reads by id."""

    def __init__(
        self,
        *,
        api: client.Client,
        dialect: dialect.Dialect,
        reader: schema.Reader,
        lister: anomaly_pages.Lister,
        places: place_names.Places,
    ) -> None:
        self._api, self._dialect, self._reader, self._lister, self._places = api, dialect, reader, lister, places
        self._proven = False

    async def one(self, ident: str) -> model.Anomaly | None:
        """One anomaly, None when there is no such thing for this desk."""
        scope = await self._places.within()
        found = await self._anywhere(ident)
        return found if found is not None and scope.holds(found.datastore) else None

    async def _anywhere(self, ident: str) -> model.Anomaly | None:
        try:
            raw = await self._api.read(self._api.at("anomalies", ident))
        except errors.SourceMissing:
            return None
        anomaly = self._reader.anomaly(raw)
        if anomaly is None:
            raise errors.SourceGarbled(self._api.name, f"{self._api.title} gave an anomaly {ident} that cannot be understood.")
        return anomaly

    async def read(self, ids: Sequence[str], pages: int) -> model.Reading:
        """Many; with `pages` > 0 at most that many calls. Those outside the scope are in neither part of the answer."""
        scope = await self._places.within()
        read = await self._read(ids, pages)
        return model.Reading({ident: one for ident, one in read.found.items() if scope.holds(one.datastore)}, read.gone)

    async def _read(self, ids: Sequence[str], pages: int) -> model.Reading:
        wanted, budget = list(dict.fromkeys(ids)), Budget(pages)
        if len(wanted) == 1 or not self._dialect.traits.ids_filter:
            return await self._singly(wanted, budget)
        chunks = bisection.chunks(wanted, CHUNK)
        chunks = chunks[: budget.take(len(chunks))]
        found: dict[str, model.Anomaly] = {}
        for wave in [chunks] if self._proven else [chunks[:1], chunks[1:]]:
            for part in await base.together(self._list(chunk) for chunk in wave):
                found |= part
        missing = [one for chunk in chunks for one in chunk if one not in found]
        return await self._missing(found, missing, wanted, budget)

    async def _missing(
        self, found: dict[str, model.Anomaly], missing: Sequence[str], wanted: Sequence[str], budget: Budget
    ) -> model.Reading:
        if not self._dialect.traits.ids_filter:
            rest = await self._singly([one for one in wanted if one not in found], budget)
            return model.Reading({**found, **rest.found}, rest.gone)
        if self._proven or not missing:
            return model.Reading(found, frozenset(missing))
        alone = await self._singly(missing, budget)
        if alone.found:
            await self._dialect.learn(ids_filter=False)
        return model.Reading({**found, **alone.found}, alone.gone)

    async def _singly(self, ids: Sequence[str], budget: Budget) -> model.Reading:
        asked = ids[: budget.take(len(ids))]
        read = await base.together(self._anywhere(ident) for ident in asked)
        found = {ident: one for ident, one in zip(asked, read, strict=True) if one is not None}
        return model.Reading(found, frozenset(asked) - frozenset(found))

    async def _list(self, ids: Sequence[str]) -> Mapping[str, model.Anomaly]:
        """Those of a chunk that the list call finds. An anomaly that was not asked for shows that the filter is ignored."""
        if not self._dialect.traits.ids_filter:
            return {}
        params = [*(("id", ident) for ident in ids), ("archived", "include")]
        try:
            raw = await self._api.page("anomalies", params, size=max(len(ids), 1))
            page = self._lister.understand(raw)
        except errors.SourceRejected:
            await self._dialect.learn(ids_filter=False)
            return {}
        found = {one.ref.id: one for one in page.anomalies if one.ref.id in set(ids)}
        if len(found) < len(page.anomalies):
            await self._dialect.learn(ids_filter=False)
        elif len(raw.items) < min(raw.total or 0, len(ids)) and len(ids) > 1:
            halves = bisection.chunks(ids, (len(ids) + 1) // 2)
            found |= {ident: one for half in halves for ident, one in (await self._list(half)).items()}
        elif len(found) > 1:
            self._proven = True
        return found
