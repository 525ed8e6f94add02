"""Anodot as the port `Source` sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx

from bot import model, ports
from bot.core import severity
from bot.sources import auth, base
from bot.sources.anodot import (
    apply,
    arrivals,
    by_id,
    client,
    closer,
    closings,
    course,
    filters,
    listing,
    schema,
    triggers,
    users,
)

THRESHOLDS: Mapping[str, float] = {"low": 0.0, "medium": 40.0, "high": 60.0, "critical": 80.0}
"""Where severities begin on the scale of 100; the severity of a trigger wins."""
FORM = r"[0-9a-f]{32}"


class Anodot:
    """The anomalies of one account.

    `url` is the address of the app, with or without `/api/v2`. A page has `page_size` anomalies, a call takes `timeout` seconds at most.
    `thresholds` maps severity words to scores of 100.
    """

    name = client.NAME
    title = client.TITLE
    supports: frozenset[model.Action] = apply.SUPPORTS
    doubtful: frozenset[model.Action] = frozenset()
    archive_as: tuple[model.Closing, ...] = closings.CLOSINGS
    stages: tuple[model.Stage, ...] = ()
    max_batch = 1
    words: Mapping[str, model.Word] = filters.WORDS
    unkept: frozenset[model.Part] = frozenset(model.Part)
    uncleared: frozenset[model.Part] = frozenset()
    longest_comment: int = 0
    client_options = model.ClientOptions()

    def __init__(
        self,
        *,
        url: str,
        who: auth.Auth,
        clock: ports.Clock,
        thresholds: Mapping[str, float] = THRESHOLDS,
        page_size: int = client.SIZE,
        allowance: ports.Lanes | None = None,
        budget: ports.Budget | None = None,
        timeout: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._api = client.Client(url=url, who=who, clock=clock, allowance=allowance, budget=budget, timeout=timeout, transport=transport)
        self._clock = clock
        self._book = triggers.Book(self._api, clock)
        self._users = users.Users(self._api, clock)
        reader = schema.Reader(self._api.web, severity.ordered(thresholds), clock)
        self._lister = listing.Lister(self._api, reader, self._book, self._users, clock, page_size)
        self._by_id = by_id.ById(self._api, reader, self._lister, clock)
        self._arrivals = arrivals.Arrivals(self._lister, clock, page_size)
        self._actions = apply.Actions(self._api, self._by_id, self._book, self._users)
        self.courses = course.Reader(self._api, clock)
        self.closer = closer.Closer(self._api, self._by_id, self._users, self.courses)
        self.own_words: tuple[model.OwnWord, ...] = filters.own_words(clock)
        path = r"/#!/anomalies\?[^\s<>|\"]*?anomalies=[^&\s<>|\"]*?\((" + FORM + r")\)[^\s<>|\"]*"
        self.idents = model.Idents(FORM, (self._api.host,), path, example="2af8dcb64b3520178dd115345af28bc3")
        self.census = self._arrivals.polls

    # --- reading -------------------------------------------------------------------------------------------------------

    async def changes(self, cursor: str) -> model.Changes:
        """What is new, and in turn a page of everything that is open."""
        found = await self._arrivals.since(cursor)
        self.census = self._arrivals.polls
        return found

    def opening(self) -> model.Opening:
        """Everything that is open, page by page."""
        return self._arrivals.opening()

    async def find(self, query: model.Query) -> model.Found:
        """What its lists hold of it, in the order that is asked for."""
        if query.ids:
            kept = await self._chosen(query)
            return model.Found(kept[: query.limit or None], len(kept))
        plan = await self._plan(query)
        over = await self._over(query, plan)
        few = await self._lister.few(plan, query.sort, query.limit) if query.limit and not over else None
        if few is not None:
            total = len(few) if len(few) < query.limit else await self.count(query)
            return model.Found(few, total)
        found = [one async for page in self._lister.sorted(plan, query.sort, over) for one in page]
        return model.Found(found[: query.limit or None], len(found))

    async def pages(self, query: model.Query) -> AsyncIterator[Sequence[model.Anomaly]]:
        """The same, page by page."""
        if query.ids:
            yield await self._chosen(query)
            return
        plan = await self._plan(query)
        async for page in self._lister.sorted(plan, query.sort, await self._over(query, plan)):
            if page:
                yield page

    async def _plan(self, query: model.Query) -> filters.Plan:
        return filters.plan(query, await self._users.bookmarks(query))

    async def _chosen(self, query: model.Query) -> list[model.Anomaly]:
        plan = await self._plan(query)
        return [one for one in (await self.read(query.ids)).found.values() if plan.holds(one)]

    async def _over(self, query: model.Query, plan: filters.Plan) -> Sequence[model.Anomaly]:
        """What is over there and still in somebody's hand: no list of open ones has it."""
        wanted = filters.states(query)
        if model.State.ACKNOWLEDGED not in wanted or model.State.ARCHIVED in wanted:
            return ()
        await self._book.cover({"": self._clock.now() - triggers.YOUNG})
        held = sorted(self._book.acknowledged(), key=lambda one: -one.started)[: listing.OVER]
        read = (await self._by_id.read([one.group for one in held], 0)).found.values() if held else ()
        return [one for one in read if one.over is not None and plan.holds(one)]

    async def count(self, query: model.Query) -> int:
        """How many there are: as it counts them where its lists hold nothing else, else all of them are read."""
        plan = await self._plan(query)
        over = await self._over(query, plan)
        if plan.exact and len(plan.lists) == 1:
            return await self._api.count(plan.lists[0]) + len(over)
        return sum([len(page) async for page in self.pages(replace(query, limit=0))])

    async def get(self, ids: Sequence[str]) -> Mapping[str, model.Anomaly]:
        """Read these again, a call for each; missing from the answer: deleted there."""
        return (await self.read(ids)).found

    async def read(self, ids: Sequence[str], *, pages: int = 0) -> model.Reading:
        """Read these again, with at most `pages` calls about them."""
        return await self._by_id.read(ids, pages)

    async def pushed(self, about: Sequence[model.Mention]) -> model.Reading:
        """Read these again; a webhook says of which scale they are, and since when."""
        hints = {one.ident: tuple(_hint(one.clues)) for one in about}
        return await self._by_id.read([one.ident for one in about], 0, hints)

    # --- writing -------------------------------------------------------------------------------------------------------

    async def apply(self, change: model.Change, targets: Sequence[model.Anomaly]) -> Sequence[model.Outcome]:
        """One outcome for each, in order."""
        return await self._actions.apply(change, targets)

    # --- the rest ------------------------------------------------------------------------------------------------------

    async def comments(self, ident: str) -> Sequence[model.Comment]:
        """None: no call tells the timeline."""
        return ()

    async def people(self) -> Sequence[model.Person]:
        """The users of the account."""
        return await self._users.read()

    async def check(self) -> str:
        """Reach it with this key; say what is open, and whether alerts may be seen."""
        total = await self._api.count(list(arrivals.OPEN))
        await self._book.cover({"": self._clock.now() - triggers.YOUNG})
        said = f"{total:,} open anomal{'y' if total == 1 else 'ies'}"
        return f"{said}; the key may not see alerts, so everything is kept here" if self._book.barred else said

    async def aclose(self) -> None:
        """Close connections."""
        await self._api.aclose()


def _hint(clues: Mapping[str, str]) -> base.Params:
    """The clues of a webhook as arguments, without what cannot be one."""
    began = schema.moment(clues.get("start"))
    found: list[tuple[str, str | int]] = []
    if began is not None and began > datetime(2010, 1, 1, tzinfo=UTC):
        found.append(("startDate", int((began - timedelta(days=1)).timestamp())))
    return found
