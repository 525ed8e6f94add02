"""Calls to the Qualytics API: its address, and its pages `{items, total, page, size, pages}` (contracts 1.1 and 1.2)."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from bot import errors, ports
from bot.sources import auth, base, judging, paging

SIZE = 100
"""Items of a page of look-ups, as the vendor's client asks for."""
REPORTER, EDITOR = judging.Ask("Reporter"), judging.Ask("Editor")
"""The rights that most calls need."""
LONGEST = 10**15
"""No list is longer; what says so is read as this, so that there is no arithmetic with a number of a thousand digits."""


def web_address(url: str) -> str:
    """The deployment's web address without a trailing "/": https when no scheme is given, one trailing `/api` dropped."""
    url = url.strip()
    if not url.startswith(("http://", "https://")):
        url = f"https://{url}"
    return url.rstrip("/").removesuffix("/api").rstrip("/")


@dataclass(frozen=True, slots=True)
class RawPage:
    """One page as it came: `total` None when the server does not say, `size` the items per page that it really gives."""

    items: Sequence[Any]
    total: int | None
    size: int

    @property
    def ids(self) -> Sequence[Hashable]:
        """What tells the items apart."""
        return paging.ids(self.items)


class Client(base.HttpSource):
    """The wire to one deployment."""

    def __init__(
        self,
        *,
        url: str,
        token: str,
        clock: ports.Clock,
        allowance: ports.Lanes | None = None,
        budget: ports.Budget | None = None,
        timeout: float,
        transport: httpx.AsyncBaseTransport | None,
    ) -> None:
        self.web = web_address(url)
        name, title = "qualytics", "Qualytics"
        super().__init__(
            name=name,
            title=title,
            base_url=f"{self.web}/api/",
            who=auth.Static(name=name, title=title, token=token, setting="QUALYTICS_TOKEN", clock=clock),
            clock=clock,
            allowance=allowance,
            budget=budget,
            places="datastore",
            reading=REPORTER,
            writing=EDITOR,
            timeout=timeout,
            transport=transport,
        )

    async def page(self, path: str, params: base.Params = (), *, number: int = 1, size: int = SIZE, ask: judging.Ask = REPORTER) -> RawPage:
        """One page. A bare list counts as the only page there is. Raises SourceGarbled for anything else."""
        reply = await self.read(path, [("page", number), ("size", size), *params], ask=ask)
        if isinstance(reply, list):
            return RawPage(reply, len(reply), max(size, len(reply)))
        if not isinstance(reply, Mapping) or not isinstance(reply.get("items"), list):
            raise errors.SourceGarbled(self.name, f"{self.title} gave an answer that is not a page of a list.")
        return RawPage(reply["items"], _whole(reply.get("total")), min(_whole(reply.get("size")) or size, size))

    async def every(self, path: str, params: base.Params = (), *, most: int = 0, ask: judging.Ask = REPORTER) -> Sequence[Any]:
        """All items, within the bounds of `paging`; at most `most` pages (0: all)."""

        async def read(number: int, size: int) -> RawPage:
            return await self.page(path, params, number=number, size=size or SIZE, ask=ask)

        pages = await paging.every(read, self.bounds(path), most=most)
        return [item for page in pages for item in page.items]

    def bounds(self, path: str, items: int = paging.LOOKUPS) -> paging.Bounds:
        """How much of the list at `path` is read."""
        return paging.Bounds(self.name, self.title, path.rpartition("/")[2].replace("-", " "), items)

    def at(self, path: str, ident: str) -> str:
        """The address of one thing in a list, by its id. Raises SourceMissing for what would be another address."""
        if not ident.strip("."):
            raise errors.SourceMissing(self.name, f'{self.title} has nothing with the id "{ident}".')
        return f"{path}/{quote(ident, safe='')}"


def _whole(value: Any) -> int | None:
    return min(value, LONGEST) if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
