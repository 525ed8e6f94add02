"""Autional as the port `Source` sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace

import httpx

from bot import model, ports
from bot.sources import auth, base
from bot.sources.autional import apply, arrivals, by_id, client, closer, closings, filters, listing, members, schema, statuses


class Autional:
    """The anomalies of one tenant.

    `url` is the address of the gateway, with or without `/bff`, `tenant` the tenant's id, `web` the page of the console that lists
    anomalies ("": none is linked). A page has `page_size` anomalies, a call takes `timeout` seconds at most. `traits` remember where the
    audit service is and which words it refuses.
    """

    name = client.NAME
    title = client.TITLE
    supports: frozenset[model.Action] = apply.SUPPORTS
    doubtful: frozenset[model.Action] = frozenset()
    archive_as: tuple[model.Closing, ...] = closings.CLOSINGS
    stages: tuple[model.Stage, ...] = statuses.STAGES
    max_batch = 1
    words: Mapping[str, model.Word] = filters.WORDS
    unkept: frozenset[model.Part] = frozenset()
    uncleared = frozenset({model.Part.ASSIGNEES})
    longest_comment = apply.LONGEST
    idents = model.Idents("ano_[A-Za-z0-9_-]{1,120}", example="ano_a806dfc143d4")
    client_options = model.ClientOptions()

    def __init__(
        self,
        *,
        url: str,
        tenant: str,
        who: auth.Auth,
        clock: ports.Clock,
        traits: ports.SourceTraits,
        web: str = "",
        page_size: int = client.SIZE,
        allowance: ports.Lanes | None = None,
        budget: ports.Budget | None = None,
        timeout: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._clock = clock
        self._api = client.Client(
            url=url,
            tenant=tenant,
            who=who,
            clock=clock,
            traits=traits,
            allowance=allowance,
            budget=budget,
            timeout=timeout,
            transport=transport,
        )
        words = statuses.Words(traits, clock, self.name, self._api.host)
        reader = schema.Reader(self.name, tenant, web, clock)
        self._members = members.Members(self._api, clock)
        self._by_id = by_id.ById(self._api, reader, self._members)
        self._lister = listing.Lister(self._api, reader, self._members, words, page_size)
        self._arrivals = arrivals.Arrivals(self._lister, clock)
        self.closer = closer.Closer(self._api)
        self._actions = apply.Actions(self._api, self._by_id, words)
        self.own_words: tuple[model.OwnWord, ...] = filters.own_words(tenant, clock)
        self.census = self._arrivals.polls

    # --- reading -------------------------------------------------------------------------------------------------------

    async def changes(self, cursor: str) -> model.Changes:
        """What is new, and in turn a page of everything that is open."""
        found = await self._arrivals.since(cursor)
        self.census = self._arrivals.polls
        return found

    def opening(self) -> model.Opening:
        """Everything that is open, page by page."""
        opening = self._arrivals.opening()

        async def pages() -> AsyncIterator[Sequence[model.Anomaly]]:
            async for page in opening.pages:
                yield page
            self.census, whole.cursor = self._arrivals.polls, opening.cursor

        whole = model.Opening(pages())
        return whole

    async def find(self, query: model.Query) -> model.Found:
        """What its lists hold of it, in the order that is asked for."""
        if query.ids:
            kept = await self._chosen(query)
            return model.Found(kept[: query.limit or None], len(kept))
        found: list[model.Anomaly] = []
        pages = self._sorted(query)
        async for page in pages:
            found += page
            if query.limit and len(found) > query.limit:
                return model.Found(found[: query.limit], await self.count(query))
        return model.Found(found, len(found))

    async def pages(self, query: model.Query) -> AsyncIterator[Sequence[model.Anomaly]]:
        """The same, page by page."""
        if query.ids:
            yield await self._chosen(query)
            return
        async for page in self._sorted(query):
            if page:
                yield page

    async def _sorted(self, query: model.Query) -> AsyncIterator[Sequence[model.Anomaly]]:
        plan = await self._lister.planned(query, self._clock.now())
        async for page in self._lister.sorted(plan, query.sort):
            yield page

    async def _chosen(self, query: model.Query) -> list[model.Anomaly]:
        plan = filters.plan(query, statuses.among(query.statuses), self._clock.now())
        return [one for one in (await self.read(query.ids)).found.values() if plan.holds(one)]

    async def count(self, query: model.Query) -> int:
        """How many there are: the totals of its lists where they hold nothing else, else all of them are read."""
        plan = await self._lister.planned(query, self._clock.now())
        if plan.exact and not query.ids:
            asked = [self._lister.page(params, size=1) for params in plan.lists]
            pages = dict(zip(map(tuple, plan.lists), await base.together(asked), strict=True))
            clean = all(filters.listed(params, one) for params, page in pages.items() for one in page.anomalies)
            if clean and all(page.total is not None for page in pages.values()):
                return sum(page.total or 0 for page in pages.values())
        return sum([len(page) async for page in self.pages(replace(query, limit=0))])

    async def get(self, ids: Sequence[str]) -> Mapping[str, model.Anomaly]:
        """Read these again, a call for each; missing from the answer: deleted there."""
        return (await self.read(ids)).found

    async def read(self, ids: Sequence[str], *, pages: int = 0) -> model.Reading:
        """Read these again, with at most `pages` calls."""
        return await self._by_id.read(ids, pages)

    # --- writing -------------------------------------------------------------------------------------------------------

    async def apply(self, change: model.Change, targets: Sequence[model.Anomaly]) -> Sequence[model.Outcome]:
        """One outcome for each, in order."""
        return await self._actions.apply(change, targets)

    # --- the rest ------------------------------------------------------------------------------------------------------

    async def comments(self, ident: str) -> Sequence[model.Comment]:
        """Remarks, oldest first."""
        return await self._by_id.comments(ident)

    async def people(self) -> Sequence[model.Person]:
        """The members of the tenant."""
        return await self._members.read()

    async def check(self) -> str:
        """Reach the audit service, with this key, for this tenant."""
        total = (await self._lister.page([], size=1)).total
        return f"{total or 0:,} anomal{'y' if total == 1 else 'ies'} of the tenant {self._api.tenant}"

    async def aclose(self) -> None:
        """Close connections."""
        await self._api.aclose()
