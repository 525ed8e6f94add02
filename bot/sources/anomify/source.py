"""Anomify as the port `Source` sees it: it pushes what is new, reads one by one, lists nothing, and keeps nothing of what people do."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from urllib.parse import urlsplit

import httpx

from bot import errors, model, ports
from bot.sources.anomify import by_id, client, closer, closings, filters, rounds, schema, unpublished

MET = "met"
"""The cursor where nothing is listed."""
THRESHOLDS: ports.Thresholds = dict(zip(model.Severity, (0.0, 50.0, 70.0, 90.0), strict=True))


class Anomify:
    """The anomalies of one organisation.

    `url` is the address of the API, `page` that of an anomaly's page with `{id}` in it ("": none is linked), `listing` says whether the
    unpublished list is tried. A call takes `timeout` seconds at most.
    """

    name = client.NAME
    title = client.TITLE
    supports: frozenset[model.Action] = frozenset({model.Action.BROWSE})
    doubtful: frozenset[model.Action] = frozenset()
    archive_as: tuple[model.Closing, ...] = closings.CLOSINGS
    stages: tuple[model.Stage, ...] = ()
    max_batch = 1
    words: Mapping[str, model.Word] = filters.WORDS
    unkept = frozenset(model.Part)
    uncleared: frozenset[model.Part] = frozenset()
    longest_comment: int = 0
    own_words: tuple[model.OwnWord, ...] = ()
    client_options = model.ClientOptions()
    census = 1
    unlisted = True
    unpeopled = True

    def __init__(
        self,
        *,
        url: str,
        token: str,
        clock: ports.Clock,
        thresholds: ports.Thresholds = THRESHOLDS,
        page: str = "",
        listing: bool = False,
        allowance: ports.Lanes | None = None,
        budget: ports.Budget | None = None,
        stored: ports.Stored | None = None,
        timeout: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._api = client.Client(
            url=url, token=token, clock=clock, allowance=allowance, budget=budget, timeout=timeout, transport=transport
        )
        reader = schema.Reader(self.name, thresholds, page, clock)
        self.idents = _idents(page)
        self._by_id = by_id.ById(self._api, reader, stored)
        self._rounds = rounds.Rounds(self._by_id, reader, clock)
        self._listing = unpublished.Listing(self._api, reader) if listing else None
        self.closer = closer.Closer(self._api, self._by_id, self._rounds)

    # --- reading ------------------------------------------------------------------------------------------------------

    async def changes(self, cursor: str) -> model.Changes:
        """Nothing where nothing is listed: new ones are pushed. Whether it answers is asked all the same."""
        self._rounds.spend(1)
        found = await self._listing.since(cursor) if self._listing is not None else None
        if found is None:
            await self._api.ping()
        return found or model.Changes((), MET)

    async def pushed(self, about: Sequence[model.Mention]) -> model.Reading:
        """Those that webhooks told of."""
        reading = await self._by_id.mentioned(about)
        self._rounds.keep(reading.found)
        return reading

    async def find(self, query: model.Query) -> model.Found:
        """Those that are chosen by their ids, else all of the list that is not described. Raises SourceRejected where that is not tried."""
        found = await self._chosen(query)
        return model.Found(found[: query.limit or None], len(found))

    async def pages(self, query: model.Query) -> AsyncIterator[Sequence[model.Anomaly]]:
        """The same."""
        yield await self._chosen(query)

    async def count(self, query: model.Query) -> int:
        """The same, counted."""
        return len(await self._chosen(query))

    async def _chosen(self, query: model.Query) -> Sequence[model.Anomaly]:
        if query.ids:
            return list((await self._by_id.read(query.ids)).found.values())
        if self._listing is None:
            raise errors.SourceRejected(self.name, f"{self.title} has no call that lists anomalies.", status=404)
        return await self._listing.all()

    async def get(self, ids: Sequence[str]) -> Mapping[str, model.Anomaly]:
        """Read these again, a call for each; missing from the answer: deleted there."""
        return (await self.read(ids)).found

    async def read(self, ids: Sequence[str], *, pages: int = 0) -> model.Reading:
        """Read these again; with `pages` it is for nobody who waits, and keeps to what Anomify gets in a minute."""
        if pages:
            return await self._rounds.read(ids, pages)
        reading = await self._by_id.read(ids)
        self._rounds.keep(reading.found)
        return reading

    # --- the rest -----------------------------------------------------------------------------------------------------

    async def apply(self, change: model.Change, targets: Sequence[model.Anomaly]) -> Sequence[model.Outcome]:
        """Nothing can be changed there."""
        why = f"{self.title} offers no way to {change.action.value} anomalies from here."
        return [model.Outcome(one.ref, model.Result.REFUSED, why) for one in targets]

    async def comments(self, ident: str) -> Sequence[model.Comment]:
        """It has none."""
        return ()

    async def people(self) -> Sequence[model.Person]:
        """Nobody: it assigns nothing to anybody, and its users are nobody's business here."""
        return ()

    async def check(self) -> str:
        """Reach it with this token. It counts nothing."""
        await self._api.ping()
        return f"it answers at {self._api.host}; its anomalies come by webhook" + (" and from its list" if self._listing else "")

    async def aclose(self) -> None:
        """Close connections."""
        await self._api.aclose()


def _idents(page: str) -> model.Idents:
    """Numbers; in links where the settings say how these look."""
    if not page:
        return model.Idents("[0-9]{1,18}", example="7786")
    parts = urlsplit(page)
    before, _, after = page.split(parts.netloc, 1)[1].partition("{id}")
    return model.Idents("[0-9]{1,18}", (parts.netloc,), f"{re.escape(before)}([0-9]{{1,18}}){re.escape(after)}", "7786")
