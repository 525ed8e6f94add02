"""Anomalies of Anodot by their ids: there is no call for one, but for its metrics, and it has to be told how far back to look
(contracts 2.4, traps 21 and 23)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot import errors, model, ports
from bot.sources import base
from bot.sources.anodot import client, listing, schema

ABREAST = 8
EARLY = timedelta(days=1)
"""How long before the start that is known it is looked for: a start may be moved when anomalies are merged."""
AGES = timedelta(days=400)
"""How far back one is looked for whose start is not known."""
SOUGHT = 3
"""Pages on which it is looked for where one went that is not there any more."""
SCALE = "resolution"


class ById:
    """Reads single anomalies of one account."""

    def __init__(self, api: client.Client, reader: schema.Reader, lister: listing.Lister, clock: ports.Clock) -> None:
        self._api, self._reader, self._lister, self._clock = api, reader, lister, clock

    async def read(self, ids: Sequence[str], calls: int, hints: Mapping[str, base.Params] | None = None) -> model.Reading:
        """These, with at most `calls` calls about them (0: as many as it takes), the first ids first. `hints` are arguments that are
        known of some."""
        asked = list(dict.fromkeys(ids))[: calls or None]
        raws = dict(zip(asked, await base.together([self._tried(one, (hints or {}).get(one, ())) for one in asked], ABREAST), strict=True))
        found = {ident: raw for ident, raw in raws.items() if raw is not None}
        read = {one.ref.id: one for one in await self._lister.read(list(found.values()))}
        for ident, raw in found.items():
            into = read.get(schema.text(raw, "id"))
            if into is not None and into.ref.id != ident:
                read[ident] = self._reader.merged(ident, into)
        there = {ident: read[ident] for ident in found if ident in read}
        return model.Reading(there, frozenset(asked) - frozenset(there))

    async def one(self, ident: str) -> model.Anomaly | None:
        """One as it stands; None where it does not exist any more."""
        return (await self.read([ident], 0)).found.get(ident)

    async def _tried(self, ident: str, hint: base.Params) -> Mapping[str, Any] | None:
        """One as it came, or the one in which it went on; None where there is neither."""
        into = self._lister.memory.followed(ident)
        for wanted in dict.fromkeys((into, ident)):
            try:
                return await self.raw(wanted, hint)
            except errors.SourceMissing:
                continue
        return await self._sought(ident)

    async def raw(self, ident: str, hint: base.Params = (), index: int = 0) -> Mapping[str, Any]:
        """One as it came: another one that says that this went on in it, too. Raises SourceMissing."""
        found = await self._api.metrics(ident, self.asked(ident, hint), index)
        told = schema.text(found, "id")
        if told == ident or ident in schema.merged_ids(found):
            return found
        if not told and not index:
            raise errors.SourceMissing(client.NAME, f"{client.TITLE} has no anomaly {ident[:60]} any more.")
        if index:
            return found
        raise errors.SourceGarbled(client.NAME, f"{client.TITLE} gave another anomaly than {ident[:60]}.")

    def asked(self, ident: str, hint: base.Params = ()) -> base.Params:
        """The arguments by which it is found, however old and of whatever scale it is."""
        return list({"startDate": self._early(ident), SCALE: ",".join(client.SCALES), "state": "both", **dict(hint)}.items())

    def _early(self, ident: str) -> int:
        known: datetime | None = self._lister.memory.starts.get(ident)
        return int((known - EARLY if known else self._clock.now() - AGES).timestamp())

    async def _sought(self, ident: str) -> Mapping[str, Any] | None:
        """The one in which it went on, where a list still says so; it is not there itself."""
        params: base.Params = [
            ("state", "both"), (SCALE, ",".join(client.SCALES)), ("startDate", self._early(ident)), ("sort", "startDate"), ("order", "asc"),
        ]  # fmt: skip
        index = 0
        for _ in range(SOUGHT if ident in self._lister.memory.starts else 0):
            page = await self._api.page(params, index=index)
            for raw in page.items:
                self._lister.memory.note(raw)
            into = self._lister.memory.followed(ident)
            if into != ident:
                return next((one for one in page.items if isinstance(one, Mapping) and schema.text(one, "id") == into), None)
            index += len(page.items)
            if not page.items or (page.total is not None and index >= page.total) or (page.most and index >= page.most):
                return None
        return None
