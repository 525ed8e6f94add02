"""The Qualytics side of the ports `Source` and `Scanner`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

import httpx

from bot import errors, model, ports
from bot.core import severity
from bot.sources import base, paging
from bot.sources.qualytics import (
    anomaly_pages,
    apply,
    arrivals,
    by_id,
    client,
    client_options,
    closings,
    dialect,
    list_params,
    lookup_pages,
    operations,
    outcomes,
    place_names,
    schema,
    scoping,
)

COMMENT_PAGES = 5
THRESHOLDS = {"low": 0.0, "medium": 20.0, "high": 50.0, "critical": 80.0}
"""Lower bounds of `weight`; Qualytics leaves the scale open (contracts 1.4)."""


class Qualytics:
    """One Qualytics deployment.

    `url` is its address with or without scheme and `/api`. `datastores` are ids or names, () for all. `thresholds` maps severity words to
    lower bounds of weight. `max_batch` ids go into one bulk write, `page_size` anomalies into one page, a call takes `timeout` seconds at
    most; `allowance` and `budget` say how many there are. `traits` remember what the deployment turned out to speak.
    """

    name = "qualytics"
    title = "Qualytics"
    archive_as: tuple[model.Closing, ...] = closings.CLOSINGS
    stages: tuple[model.Stage, ...] = ()
    words: Mapping[str, model.Word] = list_params.WORDS
    own_words: tuple[model.OwnWord, ...] = ()
    unkept: frozenset[model.Part] = frozenset()
    uncleared: frozenset[model.Part] = frozenset()
    longest_comment: int = 0
    client_options: model.ClientOptions = client_options.OPTIONS

    def __init__(
        self,
        *,
        url: str,
        token: str,
        clock: ports.Clock,
        traits: ports.SourceTraits,
        datastores: Sequence[str] = (),
        thresholds: Mapping[str, float] | None = None,
        max_batch: int = 100,
        page_size: int = 100,
        allowance: ports.Lanes | None = None,
        budget: ports.Budget | None = None,
        timeout: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.max_batch = max_batch
        self.supports: frozenset[model.Action] = apply.SUPPORTS
        self.doubtful: frozenset[model.Action] = frozenset()
        self._clock = clock
        self._api = client.Client(
            url=url, token=token, clock=clock, allowance=allowance, budget=budget, timeout=timeout, transport=transport
        )
        self._dialect = dialect.Dialect(known=traits, clock=clock, source=self.name, host=urlsplit(self._api.web).netloc.rpartition("@")[2])
        self._reader = schema.Reader(self.name, self._api.web, severity.ordered(THRESHOLDS if thresholds is None else thresholds), clock)
        self._lists = lookup_pages.Lists(api=self._api, dialect=self._dialect)
        self._places = place_names.Places(api=self._api, clock=clock, configured=datastores, lists=self._lists)
        self._lister = anomaly_pages.Lister(api=self._api, dialect=self._dialect, reader=self._reader, size=page_size)
        self._arrivals = arrivals.Arrivals(lister=self._lister, places=self._places, clock=clock)
        self.census = self._arrivals.polls
        self.idents = model.Idents("[1-9][0-9]{0,17}|0", (urlsplit(self._api.web).netloc.rpartition("@")[2].casefold(),))
        self._by_id = by_id.ById(api=self._api, dialect=self._dialect, reader=self._reader, lister=self._lister, places=self._places)
        self._actions = apply.Actions(api=self._api, dialect=self._dialect, by_id=self._by_id, max_batch=max_batch, clock=clock)
        self._operations = operations.Operations(
            api=self._api, dialect=self._dialect, places=self._places, lists=self._lists, reader=self._reader
        )

    async def _ready(self) -> None:
        """Load what was learned before, and let `doubtful` say it."""
        await self._dialect.load()
        self.doubtful = self._dialect.doubtful()

    # --- reading -------------------------------------------------------------------------------------------------------

    async def changes(self, cursor: str) -> model.Changes:
        """Open anomalies since `cursor`, newest first, with an overlap of ten minutes: one call per datastore when nothing is new. Every
        few polls some pages more, until everything that is open was seen."""
        await self._ready()
        found = await self._arrivals.since(cursor)
        self.census = self._arrivals.polls
        return found

    def opening(self) -> model.Opening:
        """Everything that is open, page by page, and the cursor behind it."""
        opening = self._arrivals.opening()

        async def pages() -> AsyncIterator[Sequence[model.Anomaly]]:
            await self._ready()
            async for page in opening.pages:
                yield page
            self.census, whole.cursor = self._arrivals.polls, opening.cursor

        whole = model.Opening(pages())
        return whole

    async def find(self, query: model.Query) -> model.Found:
        """What matches the words that Qualytics filters by. Raises NotFound for an unknown datastore or table, with the nearest name."""
        await self._ready()
        plan = await self._plan(query)
        if query.ids:
            read = await self._by_id.read(query.ids, 0)
            kept = [one for one in read.found.values() if plan.holds(one)]
            return model.Found(kept[: query.limit] if query.limit else kept, len(kept))
        asked = [(datastore, variant) for datastore in plan.datastores for variant in plan.variants]
        listings = await base.together(self._lister.all(datastore, variant, limit=query.limit) for datastore, variant in asked)
        found = anomaly_pages.merged(listings, query.sort, query.limit)
        kept = await paging.kept(found.anomalies, plan.holds)
        if query.limit and len(kept) < len(found.anomalies):
            whole = await self.find(replace(query, limit=0))
            return model.Found(whole.anomalies[: query.limit], whole.total)
        return model.Found(kept, found.total if query.limit else len(kept))

    async def pages(self, query: model.Query) -> AsyncIterator[Sequence[model.Anomaly]]:
        """The same, page by page."""
        await self._ready()
        plan = await self._plan(query)
        if query.ids:
            yield (await self.find(replace(query, limit=0))).anomalies
            return
        asked = [(datastore, variant) for datastore in plan.datastores for variant in plan.variants]
        listings = [self._lister.listed(datastore, variant) for datastore, variant in asked]
        async for page in anomaly_pages.interleaved(listings, query.sort):
            if kept := [one for one in page if plan.holds(one)]:
                yield kept

    async def count(self, query: model.Query) -> int:
        """How many match the words that Qualytics filters by: the `total` of a page of one, once the datastore filter is known to work."""
        await self._ready()
        plan = await self._plan(query)
        asked = [(datastore, variant) for datastore in plan.datastores for variant in plan.variants]
        if not query.ids:
            pages = await base.together(self._glimpse(datastore, variant) for datastore, variant in asked)
            clean = not any(page.foreign or page.total is None for page in pages)
            if clean and all(plan.holds(one) for page in pages for one in page.anomalies):
                return sum(_total(page) for page in pages)
        return len((await self.find(replace(query, limit=0))).anomalies)

    async def _glimpse(self, datastore: str, variant: base.Params) -> anomaly_pages.AnomalyPage:
        small = not datastore or datastore in self._lister.proven
        return await self._lister.page(datastore, variant, size=1 if small else 0)

    async def _plan(self, query: model.Query) -> list_params.Plan:
        datastores = await self._places.datastore_ids(query.datastores)
        tables = await self._places.table_ids(query.tables, datastores) if query.tables else ()
        return list_params.plan(query, datastores, tables)

    async def get(self, ids: Sequence[str]) -> Mapping[str, model.Anomaly]:
        """Read these anomalies again; missing from the answer: gone. One id is one call."""
        return (await self.read(ids)).found

    async def read(self, ids: Sequence[str], *, pages: int = 0) -> model.Reading:
        """Read these anomalies again, with at most `pages` calls (0: as many as it takes), first ids first."""
        await self._ready()
        return await self._by_id.read(ids, pages)

    # --- writing -------------------------------------------------------------------------------------------------------

    async def apply(self, change: model.Change, targets: Sequence[model.Anomaly]) -> Sequence[model.Outcome]:
        """Do one change to these anomalies: one outcome per target, in order. Those outside the scope do not exist, whoever names them."""
        await self._ready()
        within = await self._places.within()
        inside = [one for one in targets if within.holds(one.datastore)]
        try:
            done = {one.ref: one for one in await self._actions.apply(change, inside)} if inside else {}
        finally:
            await self._ready()
        return [done[one.ref] if one.ref in done else outcomes.gone(one) for one in targets]

    # --- look-ups ------------------------------------------------------------------------------------------------------

    async def comments(self, ident: str) -> Sequence[model.Comment]:
        """Remarks, oldest first: the anomaly's own list where it has one, else those that this token may list (contracts 1.5)."""
        await self._ready()
        within = await self._places.within()
        raw = await self._api.read(self._api.at("anomalies", ident))
        anomaly = schema.lenient(schema.AnomalyWire, raw)
        if not within.holds(anomaly.datastore if anomaly is not None else None):
            raise scoping.missing(self.name, self.title, "anomaly", ident)
        own = anomaly.comments if anomaly is not None else None
        found = own if own is not None else await self._listed_comments(ident)
        remarks = [schema.comment(one) for one in found if one.message]
        return sorted(remarks, key=lambda one: one.at.timestamp() if one.at else 0.0)

    async def _listed_comments(self, ident: str) -> Sequence[schema.CommentWire]:
        try:
            raw = await self._api.every("comments", most=COMMENT_PAGES)
        except (errors.SourceMissing, errors.SourceRejected):
            return ()
        read = [schema.lenient(schema.CommentWire, one) for one in raw]
        return [one for one in read if one is not None and str(one.anomaly_id) == ident]

    async def people(self) -> Sequence[model.Person]:
        """All users."""
        read = [self._reader.person(one) for one in await self._api.every("users")]
        return [one for one in read if one is not None]

    async def datastores(self) -> Sequence[model.Place]:
        """The datastores that this desk looks after."""
        return await self._places.datastores(fresh=True)

    async def tables(self, datastore: str, *, tags: Sequence[str] = ()) -> Sequence[model.Place]:
        """The containers of one datastore, by its id; with `tags` those that carry at least one of them."""
        await self._looked_after(datastore)
        return await (self._places.tagged(datastore, tags) if tags else self._places.tables(datastore, fresh=True))

    async def active_checks(self, datastore: str, tables: Sequence[str] = ()) -> int:
        """How many checks are active on these containers (by id; () = on all) of one datastore."""
        await self._looked_after(datastore)
        return await self._lists.active_checks(datastore, tables)

    async def _looked_after(self, datastore: str) -> None:
        """Be ready; raises SourceMissing for a datastore outside the scope."""
        await self._ready()
        if not (await self._places.within()).knows(datastore):
            raise scoping.missing(self.name, self.title, "datastore", datastore)

    async def tags(self) -> Sequence[str]:
        """The names of all global tags."""
        return [str(one["name"]) for one in await self._api.every("global-tags") if isinstance(one, Mapping) and one.get("name")]

    # --- operations ----------------------------------------------------------------------------------------------------

    async def start(self, request: model.ScanRequest) -> model.Scan:
        """Start an operation; never repeated. Tables are names. Raises SourceRejected for what is never sent."""
        await self._ready()
        return await self._operations.start(request)

    async def scan(self, ident: str) -> model.Scan:
        """One operation as it stands."""
        return await self._operations.one(ident)

    async def scans(
        self, *, since: datetime | None = None, running: bool = False, datastore: str = "", kind: str = "", limit: int = 0
    ) -> Sequence[model.Scan]:
        """Operations of the datastores that this desk looks after, or of one of them, newest first."""
        await self._ready()
        within = await self._places.scope()
        if datastore and within and datastore not in within:
            return []
        return await self._operations.find(operations.Wanted([datastore] if datastore else within, since, running, kind, limit))

    async def abort(self, ident: str) -> model.Scan:
        """Ask an operation to stop; it may have ended already."""
        return await self._operations.abort(ident)

    async def check(self) -> str:
        """Reach the deployment, with this token, and find the datastores of the settings."""
        count = len(await self.datastores())
        return f"{count:,} datastore{'' if count == 1 else 's'}"

    # --- the rest ------------------------------------------------------------------------------------------------------

    async def aclose(self) -> None:
        """Close connections."""
        await self._api.aclose()


def _total(page: anomaly_pages.AnomalyPage) -> int:
    return page.total if page.total is not None else 0
