"""What an App Home is drawn from: six statements, each by an index, whatever is tracked.

No more is read of a queue than `MOST` keys in its order: what is beyond is told as "more". Bodies are read of the two pages alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import model
from bot.store import anomaly_columns, mappers, matching, tables, work_tables

MOST = 1_000
"""So many of a queue, and of what one person has, are counted."""
PEOPLE, SHOWN = 200, 12
"""So many people are looked at for who has the most, and so many are told."""
OPERATIONS = BATCHES = 5

_A, _SIDE, _LINKS = tables.anomalies, tables.anomaly_assignees, tables.links
_BATCHES, _ITEMS, _OPERATIONS = work_tables.batches, work_tables.batch_items, work_tables.operations

_SEVERITIES = {rank: word for word, rank in anomaly_columns.RANKS.items()}
_RANKS = (*sorted(_SEVERITIES, reverse=True), None)
"""The worst first; those without a severity come last."""

_KEY = (_A.c.source, _A.c.id, _A.c.rank, _A.c.created)


@dataclass(frozen=True, slots=True)
class Looking:
    """One look for one person; the fields are those of `ports.Homes.facts`."""

    home: model.Home
    query: model.Query
    sources: Sequence[str]
    themselves: Collection[str]
    pages: Mapping[str, int]

    async def facts(self, connection: AsyncConnection) -> model.HomeFacts:
        """All of it."""
        mine = [*await connection.execute(self._mine())] if set(self._people()) & set(self._wanted()) else []
        unseen = [*await connection.execute(self._unseen())]
        load = [*await connection.execute(self._load())]
        pages = [self._page(mine, "mine"), self._page(unseen, "unseen")]
        samples = [model.Ref(row.source, row.sample) for row in load if not self._slack_id(row)]
        bodies = await _bodies(connection, [*(ref for _, page in pages for ref in page), *samples])
        return model.HomeFacts(
            _queue(mine, *pages[0], bodies),
            _queue(unseen, *pages[1], bodies),
            [mappers.operation(row) for row in await connection.execute(_running())],
            [(mappers.batch(row), row.done) for row in await connection.execute(_last_batches(self.home.who))],
            self._loads(load, bodies),
        )

    # --- queues -------------------------------------------------------------------------------------------------------------

    def _people(self) -> Mapping[str, str]:
        """Who they are in each system."""
        own = dict.fromkeys(self.themselves, self.home.who)
        return {source: person for source, person in {**self.home.people, **own}.items() if source in self.sources}

    def _mine(self) -> sa.Select[Any]:
        """What is assigned to them: found by who they are in each system, and put in order."""
        theirs = sa.union_all(
            *(
                sa.select(_SIDE.c.source, _SIDE.c.anomaly).where(_SIDE.c.source == source, _SIDE.c.value == person)
                for source, person in self._people().items()
                if source in self._wanted()
            )
        ).cte("theirs")
        theirs = theirs.prefix_with("MATERIALIZED")  # else SQLite reads all that is open in its order, and looks who has it
        beside = sa.and_(_A.c.source == theirs.c.source, _A.c.id == theirs.c.anomaly)
        worst = (_A.c.rank.desc().nulls_last(), _A.c.created, _A.c.source, _A.c.id)
        found = sa.select(*_KEY).select_from(theirs.join(_A, beside)).where(_A.c.closed.is_(None), *self._matching(among=()))
        return found.order_by(*worst).limit(MOST + 1)

    def _unseen(self) -> sa.Select[Any]:
        """What nobody has acknowledged, besides theirs: an index has each severity in its order, so that the first of them are read and no
        others."""
        oldest = (_A.c.created, _A.c.source, _A.c.id)
        beside = sa.and_(_SIDE.c.source == _A.c.source, _SIDE.c.anomaly == _A.c.id)
        me = [sa.and_(_SIDE.c.source == source, _SIDE.c.value == person) for source, person in self._people().items()]
        others = [~sa.exists().where(beside, sa.or_(*me))] if me else []
        arms = []
        for place, rank in enumerate(_RANKS):
            of = _A.c.rank.is_(None) if rank is None else _A.c.rank == rank
            arm = sa.select(*_KEY, sa.literal_column(str(place)).label("place")).where(
                of, tables.UNSEEN, *self._matching([_A.c.source.in_(self._wanted())]), *others
            )
            arms.append(sa.select(arm.order_by(*oldest).limit(MOST + 1).subquery()))
        found = sa.union_all(*arms).subquery()
        return sa.select(found).order_by(found.c.place, found.c.created, found.c.source, found.c.id).limit(MOST + 1)

    def _wanted(self) -> Sequence[str]:
        return [source for source in self.sources if self.query.source in ("", source)]

    def _matching(self, among: Sequence[sa.ColumnElement[bool]]) -> Sequence[sa.ColumnElement[bool]]:
        """As the filter says; `among` where it says nothing."""
        each = {source: matching.told(source, self.query) for source in self._wanted()}
        if not any(each.values()):
            return among
        return [sa.or_(sa.false(), *(sa.and_(_A.c.source == source, *told) for source, told in each.items()))]

    def _page(self, found: Sequence[mappers.AnyRow], name: str) -> tuple[int, Sequence[model.Ref]]:
        """Where the page starts (the last one there is, when the queue has become shorter), and what is on it."""
        size, counted = self.pages[name], min(len(found), MOST)
        offset = min(getattr(self.home, name), max(0, (counted - 1) // size * size))
        return offset, [model.Ref(row.source, row.id) for row in found[:counted][offset : offset + size]]

    # --- who has how much -----------------------------------------------------------------------------------------------------

    def _load(self) -> sa.Select[Any]:
        """Each person by a step of the index, and no more of what they have than is counted."""
        first = [
            sa.select(
                sa.literal(source).label("source"),
                sa.select(sa.func.min(_SIDE.c.value)).where(_SIDE.c.source == source, _SIDE.c.value > "").scalar_subquery().label("value"),
            )
            for source in self.sources
        ]
        begun = sa.union_all(*first).subquery()
        people = sa.select(begun.c.source, begun.c.value).cte("people", recursive=True)
        step = sa.select(sa.func.min(_SIDE.c.value)).where(_SIDE.c.source == people.c.source, _SIDE.c.value > people.c.value)
        people = people.union_all(sa.select(people.c.source, step.scalar_subquery()).where(people.c.value.is_not(None)))
        known = sa.select(people).where(people.c.value.is_not(None)).limit(PEOPLE).subquery("known")
        theirs = sa.and_(_SIDE.c.source == known.c.source, _SIDE.c.value == known.c.value)
        some = sa.select(sa.literal_column("1").label("one")).where(theirs).correlate(known).limit(MOST + 1).subquery()
        total = sa.select(sa.func.count()).select_from(some).scalar_subquery()
        sample = sa.select(sa.func.min(_SIDE.c.anomaly)).where(theirs).correlate(known).scalar_subquery()
        counted = (
            sa.select(known, total.label("total"), sample.label("sample"))
            .order_by(sa.literal_column("total").desc(), known.c.value)
            .limit(SHOWN)
        )
        told = counted.subquery("counted")
        who = sa.and_(_LINKS.c.source == told.c.source, _LINKS.c.person == told.c.value)
        linked = sa.select(told, sa.func.max(_LINKS.c.slack_id).label("slack_id")).select_from(told.outerjoin(_LINKS, who))
        return linked.group_by(*told.c).order_by(told.c.total.desc(), told.c.value)

    def _slack_id(self, row: mappers.AnyRow) -> str:
        return str(row.value if row.source in self.themselves else row.slack_id or "")

    def _loads(self, rows: Sequence[mappers.AnyRow], bodies: Mapping[model.Ref, model.Anomaly]) -> Sequence[model.Load]:
        """One line for each person, whatever systems they work in."""
        totals: Counter[tuple[str, str]] = Counter()
        for row in rows:
            sample, slack_id = bodies.get(model.Ref(row.source, row.sample)), self._slack_id(row)
            named = [one.name or one.email for one in sample.assignees if one.id == row.value] if sample else []
            totals[slack_id, "" if slack_id else next(iter(named), row.value)] += row.total
        return [model.Load(who, name, min(total, MOST), total > MOST) for (who, name), total in totals.most_common()]


async def _bodies(connection: AsyncConnection, refs: Sequence[model.Ref]) -> Mapping[model.Ref, model.Anomaly]:
    if not refs:
        return {}
    these = sa.or_(
        *(
            sa.and_(_A.c.source == source, _A.c.id.in_(sorted({ref.id for ref in refs if ref.source == source})))
            for source in sorted({ref.source for ref in refs})
        )
    )
    found = await mappers.each(await connection.execute(sa.select(_A.c.body, _A.c.version).where(these)), mappers.anomaly)
    return {one.ref: one for one in found}


def _queue(
    found: Sequence[mappers.AnyRow], offset: int, page: Sequence[model.Ref], bodies: Mapping[model.Ref, model.Anomaly]
) -> model.HomeQueue:
    counted = found[:MOST]
    severities = Counter(_SEVERITIES.get(row.rank) for row in counted)
    return model.HomeQueue([bodies[ref] for ref in page if ref in bodies], len(counted), len(found) > MOST, offset, severities)


def _running() -> sa.Select[Any]:
    return (
        sa.select(_OPERATIONS).where(work_tables.ACTIVE).order_by(_OPERATIONS.c.created.desc(), _OPERATIONS.c.turn.desc()).limit(OPERATIONS)
    )


def _last_batches(who: str) -> sa.Select[Any]:
    """What runs, then what ended, the latest first; how many were done is counted by an index of each."""
    begun = sa.select(_BATCHES.c.id).where(work_tables.RUNNING, _BATCHES.c.actor == who)
    ended = sa.select(_BATCHES.c.id).where(_BATCHES.c.actor == who, _BATCHES.c.finished.is_not(None), _BATCHES.c.confirmed.is_not(None))
    latest = (_BATCHES.c.finished.desc(), _BATCHES.c.id.desc())
    some = [one.limit(BATCHES).subquery() for one in (begun.order_by(_BATCHES.c.confirmed.desc()), ended.order_by(*latest))]
    these = sa.union_all(*(sa.select(one.c.id) for one in some))
    count = sa.select(sa.func.count()).where(_ITEMS.c.batch == _BATCHES.c.id, _ITEMS.c.fate == model.Fate.DONE.value)
    found = sa.select(_BATCHES, count.scalar_subquery().label("done")).where(_BATCHES.c.id.in_(these))
    return found.order_by(_BATCHES.c.finished.is_not(None), _BATCHES.c.finished.desc(), _BATCHES.c.id).limit(BATCHES)
