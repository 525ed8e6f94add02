"""Anomalies of Anodot list by list. Paging reaches no further than `pagingMax`, and the end of a window holds for closed ones alone: what
is behind that is read from the oldest on, each window beginning where the last one ended (contracts 2.2 and trap 23)."""

from __future__ import annotations

import logging
import math
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from bot import errors, model, ports
from bot.sources import base, paging
from bot.sources.anodot import client, filters, schema, triggers, users

log = logging.getLogger(__name__)

KEPT = 50_000
"""Anomalies of which it is remembered when they began, and which ones went on in which."""
WINDOWS = 20_000
"""Windows of one list at most."""
OVER = 50
"""Of what is over and still in somebody's hand, so many are looked up."""
GRAIN = 0.000_002
"""Scores of 1 are told and asked for to six digits, more or less."""
_ORDERS: Mapping[str, Any] = {
    "oldest": lambda one: (one.created.timestamp(), one.ref.id),
    "weight": lambda one: (-(one.weight if one.weight is not None else -1.0), -one.created.timestamp(), one.ref.id),
    "weight:asc": lambda one: (one.weight if one.weight is not None else 101.0, -one.created.timestamp(), one.ref.id),
    "ended": lambda one: (-one.ended.timestamp() if one.ended else math.inf, one.ref.id),
    "ended:asc": lambda one: (one.ended.timestamp() if one.ended else math.inf, one.ref.id),
    "duration": lambda one: (tuple(-part for part in _lasting(one)), one.ref.id),
    "duration:asc": lambda one: (_lasting(one), one.ref.id),
}


def _lasting(one: model.Anomaly) -> tuple[float, float]:
    """How long it was, in seconds; what goes on is longer than anything that has ended, and the longer the earlier it began."""
    began = one.started or one.created
    return (0.0, one.ended.timestamp() - began.timestamp()) if one.ended else (1.0, -began.timestamp())


def newest(one: model.Anomaly) -> tuple[float, str]:
    """The order in which anomalies are listed everywhere."""
    return -one.created.timestamp(), one.ref.id


def order(sort: str) -> Any:
    """How anomalies are sorted by this word."""
    return _ORDERS.get(sort, newest)


@dataclass(slots=True)
class Memory:
    """When anomalies began, by their ids, and in which one others went on: a list tells it, and reading a single one needs it."""

    starts: dict[str, datetime] = field(default_factory=dict)
    into: dict[str, str] = field(default_factory=dict)

    def note(self, raw: Any) -> None:
        """What a list says of one."""
        if not isinstance(raw, Mapping):
            return
        ident, began = schema.text(raw, "id"), schema.moment(raw.get("startDate"))
        if ident and began:
            self.starts.pop(ident, None)
            self.starts[ident] = began
        for old in schema.merged_ids(raw):
            self.into[old] = ident
        for known in (self.starts, self.into):
            while len(known) > KEPT:
                known.pop(next(iter(known)))

    def followed(self, ident: str) -> str:
        """Where one went on in the end; its own id when it did not."""
        seen = {ident}
        while (following := self.into.get(ident)) and following not in seen:
            ident = following
            seen.add(ident)
        return ident


@dataclass(frozen=True, slots=True)
class AnomalyPage:
    """One page, read; `raw` is how many came, `most` as many as paging reaches (0: all). `last` is when the youngest of them began, `ties`
    how many began then, `top` the highest score of 100."""

    anomalies: Sequence[model.Anomaly]
    raw: int
    total: int | None
    most: int
    last: datetime | None
    ties: int = 0
    top: float | None = None


@dataclass(frozen=True, slots=True)
class _Window:
    """What paging reaches of a list, and whether that is all of it."""

    pages: Sequence[AnomalyPage]
    whole: bool

    @property
    def last(self) -> datetime | None:
        """When the youngest began."""
        return max((page.last for page in self.pages if page.last), default=None)

    @property
    def top(self) -> float:
        """The highest score of 100."""
        return max((page.top for page in self.pages if page.top is not None), default=0.0)


_OLDEST_FIRST: base.Params = (("sort", "startDate"), ("order", "asc"))


def _since(second: int) -> base.Params:
    return [("startDate", second)] if second else []


def _new(pages: Sequence[AnomalyPage], seen: set[model.Ref]) -> Iterator[AnomalyPage]:
    """Without what came before."""
    for page in pages:
        new = [one for one in page.anomalies if one.ref not in seen]
        seen |= {one.ref for one in new}
        yield replace(page, anomalies=new)


class Lister:
    """Reads the lists of one account."""

    def __init__(
        self, api: client.Client, reader: schema.Reader, book: triggers.Book, known: users.Users, clock: ports.Clock, size: int
    ) -> None:
        self._api, self._reader, self._book, self._users, self._clock, self._size = api, reader, book, known, clock, size
        self.memory, self._crowded = Memory(), set[float]()

    async def page(self, params: base.Params, index: int = 0, size: int = 0) -> AnomalyPage:
        """One page of one list."""
        raw = await self._api.page(params, index=index, size=size or self._size)
        read = await self.read(raw.items)
        told = [one for one in raw.items if isinstance(one, Mapping)]
        dates = [began for one in told if (began := schema.moment(one.get("startDate")))]
        scores = [score for one in told if (score := schema.score(one.get("score"))) is not None]
        last = max(dates, default=None)
        ties = sum(int(one.timestamp()) == int(last.timestamp()) for one in dates) if last else 0
        return AnomalyPage(read, len(raw.items), raw.total, raw.most, last, ties, max(scores, default=None))

    async def read(self, items: Sequence[Any]) -> list[model.Anomaly]:
        """Anomalies as they came, with the triggers that are about them."""
        for one in items:
            self.memory.note(one)
        now = self._clock.now()
        starts = {schema.text(one, "id"): schema.moment(one.get("startDate")) or now for one in items if isinstance(one, Mapping)}
        await self._book.cover(starts)
        people = await self._users.names() if items else {}
        found = [self._reader.anomaly(one, self._book, people) for one in items]
        read = [one for one in found if one is not None]
        if len(read) < len(items):
            log.warning("anodot: %d items of a list were not understood and left out", len(items) - len(read))
        return read

    # --- whole lists ------------------------------------------------------------------------------------------------------

    async def stream(self, params: base.Params, sort: str = "") -> AsyncIterator[Sequence[model.Anomaly]]:
        """A whole list: in this order where paging reaches to its end, else from the oldest on."""
        key, way = filters.ORDERS.get(sort, filters.ORDERS["newest"])
        ordered = [*params, ("sort", key), ("order", way)]
        first = await self.page(ordered)
        if not first.most or first.total is None or first.total <= first.most:
            yield first.anomalies
            async for page in self._paged(ordered, first):
                yield page.anomalies
            return
        async for page in self._windows(params):
            yield page.anomalies

    async def _paged(self, params: base.Params, first: AnomalyPage) -> AsyncIterator[AnomalyPage]:
        """What follows the first page."""
        index, page = first.raw, first
        while page.raw and (index < page.total if page.total is not None else page.raw >= self._size):
            if page.most and index >= page.most:
                return
            size = min(self._size, page.most - index) if page.most else self._size
            page = await self.page(params, index, size)
            index += page.raw
            if page.raw:
                yield page
            if index > paging.ANOMALIES:
                raise self._api.bounds().fault(page.total, paging.ANOMALIES)

    async def _windows(self, params: base.Params) -> AsyncIterator[AnomalyPage]:
        """Everything, the oldest first: each window from where the last one ended, and a second in which more began than a window holds in
        parts."""
        seen: set[model.Ref] = set()
        begin = next((int(value) for name, value in params if name == "startDate"), 0)
        rest = [one for one in params if one[0] != "startDate"]
        for _ in range(WINDOWS):
            window = await self._window([*rest, *_since(begin), *_OLDEST_FIRST])
            for page in _new(window.pages, seen):
                yield page
            if window.last is None or window.whole:
                return
            last = int(window.last.timestamp())
            if last <= begin:
                async for page in self.crowd(rest, begin):
                    for new in _new([page], seen):
                        yield new
            begin = max(last, begin + 1)
        raise errors.SourceGarbled(client.NAME, f"{client.TITLE} gives a list of anomalies without an end. Narrow what is asked for.")

    async def _window(self, asked: base.Params) -> _Window:
        """As much of a list as paging reaches."""
        first = await self.page(asked)
        pages = [first, *[page async for page in self._paged(asked, first)]]
        return _Window(pages, first.total is None or sum(page.raw for page in pages) >= first.total)

    async def crowd(self, params: base.Params, second: int) -> AsyncIterator[AnomalyPage]:
        """All that began in a second in which more began than paging reaches; some that began later come along."""
        for part in filters.parts(params):
            asked = [*part, *_since(second)]
            try:
                window = await self._window([*asked, *_OLDEST_FIRST])
            except errors.SourceRejected:  # not every deployment knows every scale
                continue
            for page in window.pages:
                yield page
            if not window.whole and window.last is not None and int(window.last.timestamp()) <= second:
                async for page in self._by_score(asked):
                    yield page

    async def _by_score(self, params: base.Params) -> AsyncIterator[AnomalyPage]:
        """The same, the lightest first: each window from the score at which the last one ended."""
        least = max((float(value) for name, value in params if name == "score"), default=0.0)
        rest = [one for one in params if one[0] != "score"]
        for _ in range(WINDOWS):
            floor = [("score", f"{least:.6f}")] if least else []
            window = await self._window([*rest, *floor, ("sort", "score"), ("order", "asc")])
            for page in window.pages:
                yield page
            if window.whole:
                return
            top, before = window.top / 100, least
            least = max(top - GRAIN, before)
            if least == before:  # all of them are as heavy as each other
                self._note(window.top)
                least = top + GRAIN
            if not before < least <= 1:
                return

    def _note(self, score: float) -> None:
        """Told once, and not with each look."""
        if score not in self._crowded:
            self._crowded.add(score)
            log.warning("anodot: more than paging reaches began in one second with the score %g; some are not listed", score)

    # --- plans ------------------------------------------------------------------------------------------------------------

    async def sorted(self, plan: filters.Plan, sort: str, besides: Sequence[model.Anomaly] = ()) -> AsyncIterator[Sequence[model.Anomaly]]:
        """What a plan holds, in this order: page by page where it is one list that comes in it, else once all was read."""
        if len(plan.lists) == 1 and not besides:
            ordered, buffered = True, list[model.Anomaly]()
            previous: Any = None
            seen: set[model.Ref] = set()
            async for page in self.stream(plan.lists[0], sort):
                keys = [order(sort)(one)[:1] for one in page]
                ordered = ordered and keys == sorted(keys) and (previous is None or not keys or previous <= keys[0])
                previous = keys[-1] if keys else previous
                wanted = [one for one in page if one.ref not in seen and plan.holds(one)]
                seen |= {one.ref for one in wanted}
                if ordered:
                    yield sorted(wanted, key=order(sort))
                else:
                    buffered += wanted
            if buffered:
                yield sorted(buffered, key=order(sort))
            return
        met = {one.ref: one for one in besides if plan.holds(one)}
        for params in plan.lists:
            async for page in self.stream(params, sort):
                met |= {one.ref: one for one in page if plan.holds(one)}
        yield sorted(met.values(), key=order(sort))

    async def few(self, plan: filters.Plan, sort: str, limit: int) -> list[model.Anomaly] | None:
        """The first `limit` of one list, without the rest; None where it cannot be told from its first pages."""
        if len(plan.lists) != 1 or not plan.exact or limit > self._size:
            return None
        key, way = filters.ORDERS.get(sort, filters.ORDERS["newest"])
        page = await self.page([*plan.lists[0], ("sort", key), ("order", way)], size=limit)
        keys = [order(sort)(one)[:1] for one in page.anomalies]
        return [one for one in page.anomalies if plan.holds(one)] if keys == sorted(keys) else None
