"""Anomalies of Anomify one by one: by their ids, and by what a webhook told or the desk has stored of one that is not stored there yet."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from bot import errors, model, ports
from bot.sources import base
from bot.sources.anomify import client, schema

ABREAST = 4
REMEMBERED = 500
"""Anomalies that were not stored there yet; within minutes each is."""

log = logging.getLogger(__name__)


class ById:
    """Reads single anomalies, a call for each."""

    def __init__(self, api: client.Client, reader: schema.Reader, stored: ports.Stored | None = None) -> None:
        self._api, self._reader, self._stored = api, reader, stored
        self._unforeseen = 0
        self._early: OrderedDict[str, Mapping[str, str]] = OrderedDict()

    def calls(self, ident: str) -> int:
        """How many it takes to read this one."""
        return 2 if ident in self._early else 1

    def unforeseen(self) -> int:
        """How many calls were made since the last look that `calls` did not tell of."""
        told, self._unforeseen = self._unforeseen, 0
        return told

    async def read(self, ids: Sequence[str]) -> model.Reading:
        """These as they stand."""
        return await self.mentioned([model.Mention(ident) for ident in ids])

    async def mentioned(self, about: Sequence[model.Mention], *, all_odd: bool = False) -> model.Reading:
        """These; one that is not found by its id is looked up by its metric and its moment, where those are told. One that cannot be read
        takes no other with it. Raises SourceGarbled where that is so of all, unless `all_odd` may be."""
        asked = list({one.ident: one for one in about}.values())
        read = await base.together([self._tried(one.ident, one.clues) for one in asked], ABREAST)
        told = {one.ident: answer for one, answer in zip(asked, read, strict=True)}
        odd = {ident: one for ident, one in told.items() if isinstance(one, errors.SourceGarbled)}
        if odd and len(odd) == len(told) and not all_odd:
            raise next(iter(odd.values()))
        for ident, error in odd.items():
            log.info("%s %s is left out: %s", client.NAME, ident, error)
        found = {ident: one for ident, one in told.items() if isinstance(one, model.Anomaly)}
        return model.Reading(found, frozenset(ident for ident, one in told.items() if one is None), frozenset(odd))

    async def told(self, anomaly: model.Anomaly) -> Mapping[str, Any]:
        """All that is told of one that is known, also where it is not stored there yet. Raises SourceMissing."""
        try:
            return await self._api.anomaly(anomaly.ref.id)
        except errors.SourceMissing:
            if anomaly.series is None or anomaly.undated:
                raise
            return await self._api.lookup(anomaly.series.metric, f"{anomaly.created.timestamp():.0f}")

    async def _tried(self, ident: str, clues: Mapping[str, str]) -> model.Anomaly | errors.SourceGarbled | None:
        try:
            return await self._one(ident, clues)
        except errors.SourceGarbled as error:
            return error

    async def _one(self, ident: str, clues: Mapping[str, str]) -> model.Anomaly | None:
        """None where it does not exist."""
        try:
            data = await self._api.anomaly(ident)
        except errors.SourceMissing:
            return await self._looked_up(ident, clues or self._early.get(ident) or await self._known(ident))
        self._early.pop(ident, None)
        found = self._reader.detail(data, ident)
        if found is None:
            raise errors.SourceGarbled(self._api.name, f"{self._api.title} gave another anomaly than {ident[:60]}.")
        return found

    async def _known(self, ident: str) -> Mapping[str, str]:
        """What the desk has stored of it: the webhook may have come to another process, or to this one before it was started anew."""
        ref = model.Ref(client.NAME, ident)
        try:
            one = (await self._stored([ref])).get(ref) if self._stored is not None else None
        except errors.StoreError as error:
            raise errors.SourceUnavailable(client.NAME, f"Whether {client.TITLE} has {ident[:60]} cannot be told just now.") from error
        if one is None or one.series is None or one.undated:
            return {}
        self._unforeseen += 1
        return {"metric": one.series.metric, "timestamp": f"{one.created.timestamp():.0f}"}

    async def _looked_up(self, ident: str, clues: Mapping[str, str]) -> model.Anomaly | None:
        """By what is known of it besides its id, which is remembered: whoever reads it next may have the id alone."""
        metric, timestamp = clues.get("metric"), clues.get("timestamp")
        if not metric or not timestamp:
            return None
        try:
            found = self._reader.detail(await self._api.lookup(metric, timestamp), ident)
        except errors.SourceMissing:
            self._early.pop(ident, None)
            return None
        self._early[ident] = clues
        self._early.move_to_end(ident)
        while len(self._early) > REMEMBERED:
            self._early.popitem(last=False)
        return found
