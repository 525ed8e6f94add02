"""Calls to the Qualytics API: its address, and its pages `{items, total, page, size, pages}` (contracts 1.1 and 1.2)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from bot import errors, ports
from bot.sources import base

SIZE = 100
"""Items of a page of look-ups, as the vendor's client asks for."""


def web_address(url: str) -> str:
    """The deployment's web address without a trailing "/": https when no scheme is given, one trailing `/api` dropped."""
    url = url.strip()
    if not url.startswith(("http://", "https://")):
        url = f"https://{url}"
    return url.rstrip("/").removesuffix("/api").rstrip("/")


@dataclass(frozen=True, slots=True)
class Page:
    """One page as it came: `total` None when the server does not say, `size` the items per page that it really gives."""

    items: Sequence[Any]
    total: int | None
    size: int


class Client(base.HttpSource):
    """The wire to one deployment."""

    def __init__(self, *, url: str, token: str, clock: ports.Clock, timeout: float, transport: httpx.AsyncBaseTransport | None) -> None:
        self.web = web_address(url)
        super().__init__(
            name="qualytics",
            title="Qualytics",
            base_url=f"{self.web}/api/",
            token=token,
            setting="QUALYTICS_TOKEN",
            clock=clock,
            timeout=timeout,
            transport=transport,
        )

    async def page(self, path: str, params: base.Params = (), *, number: int = 1, size: int = SIZE, ask: base.Ask = base.REPORTER) -> Page:
        """One page. A bare list counts as the only page there is. Raises SourceGarbled for anything else."""
        reply = await self.read(path, [("page", number), ("size", size), *params], ask=ask)
        if isinstance(reply, list):
            return Page(reply, len(reply), max(size, len(reply)))
        if not isinstance(reply, Mapping) or not isinstance(reply.get("items"), list):
            raise errors.SourceGarbled(self.name, f"{self.title} gave an answer that is not a page of a list.")
        return Page(reply["items"], _whole(reply.get("total")), min(_whole(reply.get("size")) or size, size))

    async def every(self, path: str, params: base.Params = (), *, most: int = 0, ask: base.Ask = base.REPORTER) -> Sequence[Any]:
        """All items: the first page, then the rest at once; at most `most` pages (0: all)."""
        first = await self.page(path, params, ask=ask)
        count = math.ceil(first.total / first.size) if first.total is not None else 1
        numbers = range(2, (min(count, most) if most else count) + 1)
        rest = await base.together(self.page(path, params, number=number, size=first.size, ask=ask) for number in numbers)
        return [item for page in (first, *rest) for item in page.items]


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
