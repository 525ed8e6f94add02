"""A system of which the desk keeps nearly everything: lists and counts are right, and cost a page, however much is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from bot import model
from bot.core import grammar, overlay
from bot.services import kept_here
from bot.store import engine, mappers
from tests.services import cast

ALL = tuple(model.Part)
MANY = 100_000
FEW = 2_000
"""Enough where it is about what is found: of each twenty one is open, one acknowledged here, and the others are archived here."""
OPEN, ACKNOWLEDGED = range(0, FEW, 20), range(1, FEW, 20)
ARCHIVED = [number for number in range(FEW) if number % 20 > 1]


def one(number: int) -> model.Anomaly:
    """As the system tells it: it knows nothing of what people do. The newer the lower its number."""
    made = cast.anomaly(0, status="", kept_here=ALL, weight=float(number % 100))
    return replace(made, ref=model.Ref("qualytics", f"{number:06}"), created=cast.NOON - timedelta(seconds=number))


@dataclass
class Vast(cast.System):
    """Tells of its anomalies when it is asked, the newest first; `told` is how many it told of, `again` those that were read again."""

    unkept: frozenset[model.Part] = frozenset(ALL)
    size: int = FEW
    told: int = 0
    again: list[str] = field(default_factory=list)

    def _matching(self, query: model.Query) -> range:
        return range(self.size) if grammar.matches(query, one(0)) else range(0)

    async def find(self, query: model.Query) -> model.Found:
        self.asked.append("find")
        found = self._matching(query)
        some = found[: query.limit or None]
        self.told += len(some)
        return model.Found([one(number) for number in some], len(found))

    async def pages(self, query: model.Query) -> AsyncIterator[Sequence[model.Anomaly]]:
        found = self._matching(query)
        for start in range(0, len(found), 100):
            self.told += 100
            yield [one(number) for number in found[start : start + 100]]

    async def count(self, query: model.Query) -> int:
        self.asked.append("count")
        return len(self._matching(query))

    async def read(self, ids: Sequence[str], *, pages: int = 0) -> model.Reading:
        self.again += ids
        return model.Reading({ident: one(int(ident)) for ident in ids}, frozenset())


_NOON = f"{cast.NOON:%Y-%m-%d %H}\\:00\\:00"
_ROWS = """INSERT INTO overlay (source, anomaly, state, outcome, actor)
    SELECT source, id, CASE state WHEN 'open' THEN NULL ELSE state END, CASE state WHEN 'archived' THEN 'Expected' END, 'U1' FROM anomalies
    WHERE state <> 'open'"""
_COPIES = rf"""WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < :size - 1)
    INSERT INTO anomalies
        (source, id, state, created, version, digest, body, reason, fingerprint, container, read_at, closed, score, filled)
    SELECT 'qualytics', printf('%06d', n), s, datetime('{_NOON}', '-' || n || ' seconds') || '.000000', 1, '',
        replace(replace(CASE s WHEN 'open' THEN :open WHEN 'archived' THEN :archived ELSE :acknowledged END, '000000', printf('%06d', n)),
            '"weight"\:0.0', '"weight"\:' || (n % 100) || '.0'),
        'first_contact', '', '', '{_NOON}.000000',
        CASE s WHEN 'archived' THEN '{_NOON}.000000' END, n % 100, 1
    FROM (SELECT n, CASE WHEN n % 20 = 0 THEN 'open' WHEN n % 20 = 1 THEN 'acknowledged' ELSE 'archived' END AS s FROM n)"""
"""A hundred thousand of each in one statement: the store's own way would take longer than all other tests of it together."""


def _body(state: model.State) -> str:
    outcome = "Expected" if state is model.State.ARCHIVED else None
    return str(mappers.encoded(overlay.merged(one(0), model.Overlay(one(0).ref, state, outcome))))


@pytest.fixture(params=[FEW])
async def vast(store: engine.Store, request: pytest.FixtureRequest) -> kept_here.KeptHere:
    """A system of which so many are stored, and something is kept of nearly all."""
    async with store.db.writer.begin() as connection:
        await connection.execute(sa.text(_COPIES), {"size": request.param} | {state.value: _body(state) for state in model.State})
        await connection.execute(sa.text(_ROWS))
    return kept_here.KeptHere(Vast(size=request.param), store.overlays)


@contextmanager
def counted(store: engine.Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mapping[str, int]]:
    """How many statements are sent while this is open, and how many anomalies are read from the store."""
    counts = {"statements": 0, "bodies": 0}
    real = mappers.anomaly

    def read(row: Any) -> model.Anomaly:
        counts["bodies"] += 1
        return real(row)

    def sent(*_: Any) -> None:
        counts["statements"] += 1

    monkeypatch.setattr(mappers, "anomaly", read)
    event.listen(store.db.reader.sync_engine, "before_cursor_execute", sent)
    yield counts
    event.remove(store.db.reader.sync_engine, "before_cursor_execute", sent)


def query(*statuses: str, **values: Any) -> model.Query:
    return model.Query("qualytics", statuses=statuses, **({"limit": 10} | values))


def numbers(found: Sequence[model.Anomaly]) -> list[int]:
    return [int(anomaly.ref.id) for anomaly in found]


CASES: list[tuple[model.Query, Sequence[int], int]] = [
    (query("archived"), ARCHIVED[:10], len(ARCHIVED)),
    (query("acknowledged"), ACKNOWLEDGED[:10], len(ACKNOWLEDGED)),
    (query("expected", sort="oldest"), range(FEW - 1, FEW - 11, -1), len(ARCHIVED)),
    (query("archived", min_weight=99.0), range(99, 1099, 100), FEW // 100),
    (query("any"), range(10), FEW),
    (query(), [0, 1, 20, 21, 40, 41, 60, 61, 80, 81], 2 * len(OPEN)),
]


@pytest.mark.parametrize(
    ("vast", "cases"),
    [(FEW, CASES), (MANY, [(query("archived"), ARCHIVED[:10], MANY // 20 * 18)])],
    indirect=["vast"],
    ids=["every filter", "a hundred thousand"],
)
async def test_a_list_and_a_count_cost_a_page_however_much_is_kept(
    vast: kept_here.KeptHere, store: engine.Store, monkeypatch: pytest.MonkeyPatch, cases: Sequence[tuple[model.Query, Sequence[int], int]]
) -> None:
    inner: Any = vast._inner
    for asked, first, total in cases:
        inner.told, inner.again = 0, []
        with counted(store, monkeypatch) as counts:
            found = await vast.find(asked)
            number = await vast.count(asked)
        assert (numbers(found.anomalies), found.total, number) == (list(first), total, total), asked
        assert inner.told <= 10 + kept_here.SPARE and len(inner.again) <= 10, "no more is asked of the system than is shown"
        assert counts["bodies"] <= 10 and counts["statements"] <= 14, (asked, counts)


async def test_what_is_selected_is_read_page_by_page_and_in_one_order(
    vast: kept_here.KeptHere, store: engine.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner: Any = vast._inner
    read: list[int] = []
    with counted(store, monkeypatch) as counts:
        async for page in vast.pages(query("acknowledged", "active", limit=0)):
            read += numbers(page)
            if len(read) >= 100:
                break
    assert read == sorted([*OPEN[: len(read) // 2], *ACKNOWLEDGED[: len(read) // 2]])
    assert inner.told <= 1_100 and len(inner.again) <= 100
    assert counts["bodies"] <= inner.told // 20 + 100, "of what the system tells no more is read than was found in the store"


async def test_those_that_stand_elsewhere_here_are_passed_by_until_a_page_is_full(vast: kept_here.KeptHere) -> None:
    inner: Any = vast._inner
    found = await vast.find(query("active"))
    assert (numbers(found.anomalies), found.total) == (list(OPEN[:10]), len(OPEN))
    assert inner.told <= 10 + kept_here.SPARE + 300
