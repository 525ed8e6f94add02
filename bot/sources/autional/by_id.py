"""Anomalies of Autional by their ids, a call for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot import errors, model
from bot.sources import base
from bot.sources.autional import client, members, schema

ABREAST = 8


class ById:
    """Reads single anomalies of one tenant."""

    def __init__(self, api: client.Client, reader: schema.Reader, known: members.Members) -> None:
        self._api, self._reader, self._members = api, reader, known

    async def read(self, ids: Sequence[str], calls: int) -> model.Reading:
        """These, with at most `calls` calls (0: as many as it takes), the first ids first."""
        asked = list(dict.fromkeys(ids))[: calls or None]
        read = dict(zip(asked, await base.together([self.one(ident) for ident in asked], ABREAST), strict=True))
        found = {ident: one for ident, one in read.items() if one is not None}
        return model.Reading(found, frozenset(read) - frozenset(found))

    async def one(self, ident: str) -> model.Anomaly | None:
        """One as it stands; None where it does not exist any more."""
        try:
            raw = await self.raw(ident)
        except errors.SourceMissing:
            return None
        found = self._reader.anomaly(raw, await self._members.names())
        if found is None or found.ref.id != ident:
            raise errors.SourceGarbled(self._api.name, f"{self._api.title} gave another anomaly than {ident[:60]}, or one that is none.")
        return found

    async def comments(self, ident: str) -> Sequence[model.Comment]:
        """The remarks on it. Raises SourceMissing where it does not exist."""
        return self._reader.comments(await self.raw(ident), await self._members.names())

    async def raw(self, ident: str) -> Mapping[str, Any]:
        """One as it came. Raises SourceMissing."""
        found = (await self._api.audit(self._api.one(ident))).get("data")
        if not isinstance(found, Mapping):
            raise errors.SourceGarbled(self._api.name, f"{self._api.title} gave an anomaly that cannot be read.")
        return found
