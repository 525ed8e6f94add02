"""Lists of containers, checks and operations by datastore, with whatever belongs to another one left out (contracts 1.6 and 1.7).

A filter that the deployment does not know is ignored without a word, so nothing is believed that does not show in the answer.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot import errors
from bot.core import bisection
from bot.sources import base, judging, paging
from bot.sources.qualytics import anomaly_pages, client, dialect, payloads, schema

ACTIVE = "Active"
MOST_TABLES = 50
"""Containers that one call names; more would make its address too long."""


def home(raw: Any) -> str:
    """The id of the datastore that an item says it belongs to, itself or through its container; "" when it does not say."""
    for holder in (raw, raw.get("container") if isinstance(raw, Mapping) else None):
        found = schema.place(holder.get("datastore")) if isinstance(holder, Mapping) else None
        if found is not None:
            return found.id
    return ""


@dataclass(frozen=True, slots=True)
class LookupPage:
    """A page, without what belongs to other datastores: `count` the items as they came, `ids` what tells them apart, `foreign` whether
    others were among them."""

    items: Sequence[Any]
    total: int | None
    size: int
    count: int
    foreign: bool
    ids: Sequence[Hashable] = ()

    def ends(self, number: int) -> bool:
        """Whether nothing comes after it, as the page of this number."""
        return self.count < self.size or (self.total is not None and number * self.size >= self.total)


class Lists:
    """Reads lists of one deployment. The filter is spelt as in the list of anomalies, until an answer shows that this path wants the
    other name."""

    def __init__(self, *, api: client.Client, dialect: dialect.Dialect) -> None:
        self._api, self._dialect = api, dialect
        self._keys: dict[str, str] = {}
        self._hopeless: set[str] = set()
        self._trusted: set[tuple[str, bool]] = set()

    async def page(
        self, path: str, datastores: Sequence[str], params: base.Params = (), *, number: int = 1, size: int = client.SIZE
    ) -> LookupPage:
        """One page of these datastores (none: of all)."""
        key = self._keys.get(path, self._dialect.traits.datastore_key)
        page = await self._page(path, key, datastores, params, number, size)
        if not page.foreign or path in self._hopeless:
            return page
        other = anomaly_pages.OTHER_KEY.get(key, "datastore")
        try:
            again = await self._page(path, other, datastores, params, number, size)
        except errors.SourceRejected:
            again = page
        if again.foreign:
            self._hopeless.add(path)
            return page
        self._keys[path] = other
        return again

    async def every(self, path: str, datastores: Sequence[str], params: base.Params = ()) -> Sequence[Any]:
        """All items, within the bounds of `paging`."""

        async def read(number: int, size: int) -> LookupPage:
            return await self.page(path, datastores, params, number=number, size=size or client.SIZE)

        pages = await paging.every(read, self._api.bounds(path))
        return [item for page in pages for item in page.items]

    async def active_checks(self, datastore: str, tables: Sequence[str]) -> int:
        """How many checks are active on these containers (none: on all)."""
        parts = bisection.chunks(list(dict.fromkeys(tables)), MOST_TABLES) or [()]
        return sum(await base.together(self._active(datastore, part) for part in parts))

    async def _active(self, datastore: str, tables: Sequence[str]) -> int:
        """The `total` of a page where the page shows that all filters work, of one item once a page of many has shown it; else counted."""
        params = [*(("container", payloads.number(one)) for one in tables), ("status", ACTIVE)]
        known = (datastore, bool(tables))
        first = await self.page("quality-checks", [datastore], params, size=1 if known in self._trusted else client.SIZE)
        clean = not first.foreign and all(_is_active(one, tables) for one in first.items)
        if clean and first.total is not None:
            if first.count > 1:
                self._trusted.add(known)
            return first.total
        checks = await self.every("quality-checks", [datastore], params)
        return len({str(one.get("id")) for one in checks if isinstance(one, Mapping) and _is_active(one, tables)})

    async def _page(self, path: str, key: str, datastores: Sequence[str], params: base.Params, number: int, size: int) -> LookupPage:
        asked = [*((key, payloads.number(one)) for one in datastores), *params]
        ask = judging.Ask("Reporter", datastores[0] if len(datastores) == 1 else "")
        raw = await self._api.page(path, asked, number=number, size=size, ask=ask)
        ours = [item for item in raw.items if not datastores or home(item) in ("", *datastores)]
        return LookupPage(ours, raw.total, raw.size, len(raw.items), len(ours) < len(raw.items), raw.ids)


def _is_active(raw: Any, tables: Sequence[str]) -> bool:
    check = schema.lenient(schema.ListedCheckWire, raw)
    if check is None or check.archived or check.status not in ("", ACTIVE):
        return False
    return not tables or check.container is None or check.container.id in tables
