"""The list of anomalies that Anomify has and no document describes (contracts 3.2): asked only where the settings say so, and believed as
far as it looks like one."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from bot import errors, model
from bot.sources import hook_bodies
from bot.sources.anomify import client, schema

PATH = "anomalies"
PLACES = (("data", "anomalies"), ("data", "items"), ("anomalies",), ("data",))
"""Where the anomalies may be in the answer."""

log = logging.getLogger(__name__)


class Listing:
    """Tells each of them once: what becomes of it is read by its id, which tells more."""

    def __init__(self, api: client.Client, reader: schema.Reader) -> None:
        self._api, self._reader = api, reader
        self._cursor, self._told, self._failed = "", frozenset[str](), False

    async def all(self) -> Sequence[model.Anomaly]:
        """What the call brings, the newest first. Raises SourceGarbled where there is no list in it."""
        items = _items(await self._api.read(PATH))
        if items is None:
            raise errors.SourceGarbled(self._api.name, f"{self._api.title} gave an answer that has no list in it.")
        found = {one.ref.id: one for raw in items if (one := self._reader.listed(raw)) is not None}
        return sorted(found.values(), key=lambda one: one.created, reverse=True)

    async def since(self, cursor: str) -> model.Changes | None:
        """Those that were not told yet; all of them after a start, and where what was told last was not kept. `late` are those that are
        older than the newest one told before. None where the call is of no use, which is told once."""
        try:
            found = await self.all()
        except (errors.SourceMissing, errors.SourceRejected, errors.SourceForbidden, errors.SourceGarbled) as error:
            if not self._failed:
                log.warning("%s: the unpublished list of anomalies is of no use: %s", client.NAME, error)
            self._failed = True
            return None
        self._failed = False
        known, newest = (self._told, _newest(cursor)) if cursor and cursor == self._cursor else (frozenset[str](), _newest(cursor))
        fresh = [one for one in found if one.ref.id not in known and one.state is not model.State.ARCHIVED]
        times = [one.created.timestamp() for one in found]
        self._told = known | {one.ref.id for one in found}
        self._cursor = json.dumps({"newest": max([newest, *times]), "turn": _turn(cursor) + 1})
        late = frozenset(one.ref for one in fresh if _newest(cursor) and one.created.timestamp() < newest)
        return model.Changes(fresh, self._cursor, late=late)


def _items(reply: Any) -> Sequence[Any] | None:
    """As a list, or by their ids; each as it is, or wrapped as a call for one tells it. None where there is nothing of the kind."""
    for place in PLACES:
        found = hook_bodies.under(reply, *place)
        if isinstance(found, Mapping) and all(isinstance(one, Mapping) for one in found.values()):
            found = list(found.values())
        if isinstance(found, list):
            return [one.get("anomaly", one) if isinstance(one, Mapping) else one for one in found]
    return None


def _told(cursor: str) -> Mapping[str, Any]:
    try:
        found = json.loads(cursor)
    except ValueError:
        return {}
    return found if isinstance(found, Mapping) else {}


def _newest(cursor: str) -> float:
    found = _told(cursor).get("newest")
    return float(found) if isinstance(found, int | float) else 0.0


def _turn(cursor: str) -> int:
    found = _told(cursor).get("turn")
    return found if isinstance(found, int) else 0
