"""Names and ids of datastores and tables: people type names, the API wants ids (contracts 1.7, trap 8)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot import errors, model, ports
from bot.core import lookup, phrases
from bot.sources import base
from bot.sources.qualytics import client, lookup_pages, schema, scoping

FRESH = timedelta(minutes=5)
"""How long a list of names is believed."""


class Places:
    """Looks places up and remembers them for a while. `configured` are ids or names of the datastores that the desk looks after, () for
    all."""

    def __init__(self, *, api: client.Client, clock: ports.Clock, configured: Sequence[str], lists: lookup_pages.Lists) -> None:
        self._api, self._clock, self._configured, self._lists = api, clock, tuple(configured), lists
        self._known: dict[str, tuple[datetime, Sequence[model.Place]]] = {}
        self._paged_only = False

    async def scope(self) -> Sequence[str]:
        """Ids of the configured datastores, () for all. Costs nothing when ids are configured.

        Raises SourceRejected when a configured name does not exist in Qualytics: a name that nobody knows never means all."""
        if all(_is_id(word) for word in self._configured):
            return self._configured
        return [one.id for one in await self.datastores()]

    async def within(self) -> scoping.Scope:
        """The same, as a test for what an answer holds."""
        return scoping.Scope(frozenset(await self.scope()))

    async def datastores(self, *, fresh: bool = False) -> Sequence[model.Place]:
        """The datastores that the desk looks after."""
        everything = await self._list("", lambda: self._api.every("datastores"), fresh=fresh)
        if not self._configured:
            return everything
        try:
            return [one for word in self._configured for one in self._match(word, everything, "datastore")]
        except errors.NotFound as error:
            raise errors.SourceRejected(self._api.name, f"{error} Check QUALYTICS_DATASTORES.", status=404) from error

    async def tables(self, datastore: str, *, fresh: bool = False) -> Sequence[model.Place]:
        """The containers of a datastore, by its id."""
        return await self._list(datastore, lambda: self._containers(datastore), fresh=fresh)

    async def tagged(self, datastore: str, tags: Sequence[str]) -> Sequence[model.Place]:
        """The containers of a datastore that carry at least one of these tags.

        Several are asked for one by one: nobody says whether a deployment takes a repeated tag as "or"."""
        found = await base.together(self._tagged(datastore, tag) for tag in dict.fromkeys(tags))
        return list({one.id: one for places in found for one in places}.values())

    async def _tagged(self, datastore: str, tag: str) -> Sequence[model.Place]:
        raw = await self._lists.every("containers", [datastore], [("tag", tag)])
        return _places([one for one in raw if schema.carries(one, tag)], datastore)

    def name(self, datastore: str) -> str:
        """The name of a datastore as far as it is known without asking, else its id."""
        _, known = self._known.get("", (None, ()))
        return next((one.name for one in known if one.id == datastore), datastore)

    async def datastore_ids(self, words: Sequence[str]) -> Sequence[str]:
        """Ids of datastores named by id or name. Raises NotFound with the nearest name."""
        if not words:
            return await self.scope()
        known = await self.datastores()
        try:
            return [one.id for word in words for one in self._match(word, known, "datastore")]
        except errors.NotFound:
            known = await self.datastores(fresh=True)
            return [one.id for word in words for one in self._match(word, known, "datastore")]

    async def table_ids(self, words: Sequence[str], datastores: Sequence[str]) -> Sequence[str]:
        """Ids of tables named by id or name, in these datastores (none: in all). A name that several datastores know means all of them.
        Raises NotFound with the nearest name."""
        try:
            return self._matching(words, await self._tables(datastores, fresh=False))
        except errors.NotFound:
            return self._matching(words, await self._tables(datastores, fresh=True))

    def _matching(self, words: Sequence[str], known: Sequence[model.Place]) -> Sequence[str]:
        return list(dict.fromkeys(one.id for word in words for one in self._match(word, known, "table")))

    async def _tables(self, datastores: Sequence[str], *, fresh: bool) -> Sequence[model.Place]:
        ids = datastores or [one.id for one in await self.datastores()]
        return [one for found in await base.together(self.tables(ident, fresh=fresh) for ident in ids) for one in found]

    def _match(self, word: str, known: Sequence[model.Place], what: str) -> Sequence[model.Place]:
        """An exact id, else an exact name, else a name in other letters where only one spelling fits."""
        for found in ([one for one in known if one.id == word], [one for one in known if one.name == word]):
            if found:
                return found
        loose = [one for one in known if one.name.casefold() == word.casefold()]
        if len({one.name for one in loose}) == 1:
            return loose
        if loose:
            several = phrases.either(sorted(one.name for one in loose))
            raise errors.NotFound(f"{word} could be {several}. Write it in the same letters.")
        near = lookup.near(word, [one.name for one in known])
        hint = f" Did you mean {phrases.either(near)}?" if near else ""
        raise errors.NotFound(f"{self._api.title} has no {what} {word} that this desk looks after.{hint}")

    async def _list(self, key: str, read: Callable[[], Awaitable[Sequence[Any]]], *, fresh: bool = False) -> Sequence[model.Place]:
        now = self._clock.now()
        held = self._known.get(key)
        if held is not None and not fresh and now - held[0] < FRESH:
            return held[1]
        places = _places(await read(), key)
        self._known[key] = (now, places)
        return places

    async def _containers(self, datastore: str) -> Sequence[Any]:
        """The bare list of names where the deployment has it in the client's form, else the pages."""
        if not self._paged_only:
            try:
                raw = await self._api.read("containers/listing", [("datastore", datastore)])
            except errors.SourceRejected:
                self._paged_only = True
            else:
                items = raw.get("items") if isinstance(raw, dict) else raw
                return items if isinstance(items, list) else []
        return await self._lists.every("containers", [datastore])


def _is_id(word: str) -> bool:
    """Whether a word can only be an id, as Qualytics writes it."""
    return word.isascii() and word.isdecimal() and word == str(int(word))


def _places(items: Sequence[Any], datastore: str) -> Sequence[model.Place]:
    """Those that can be read, of one datastore ("" = any) as far as they say."""
    stubs = [stub for stub in (schema.lenient(schema.StubWire, one) for one in items) if stub is not None]
    return [model.Place(stub.id, stub.name or stub.id) for stub in stubs if not datastore or _of(stub, datastore)]


def _of(stub: schema.StubWire, datastore: str) -> bool:
    """Whether a container belongs to a datastore, as far as it says so."""
    home = schema.place(stub.datastore)
    return home is None or home.id == datastore
