"""What is open, found by columns: the same anomalies that the grammar's own matcher takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import model, ports
from bot.core import grammar
from bot.store import engine
from tests.store.making import NOON, SOURCE, after, anomaly, archived

PEOPLE = [model.Person(SOURCE, ident, f"Person {ident}") for ident in ("7", "8", "none")]
PLACES = [model.Place("42", "Warehouse"), model.Place("warehouse", "CRM"), model.Place("Straße", "strasse"), None]
TAGS = ["pii", "PII", "critical", "", "Ünïcode", "x,y"]
WEIGHTS = [None, 0.0, 20.0, 49.9, 50.0, 80.0, float("inf"), float("nan")]

MANY = [
    anomaly(
        number,
        state=model.State.ACKNOWLEDGED if number % 3 == 0 else model.State.ACTIVE,
        created=NOON - timedelta(hours=7 * (number % 23)),
        severity=[None, *model.Severity][number % 5],
        weight=WEIGHTS[number % 8],
        tags=tuple({TAGS[number % 6], TAGS[number % 4]}),
        assignees=tuple(PEOPLE[: number % 4]),
        datastore=PLACES[number % 4],
        container=PLACES[number % 3],
        fingerprint=["", "f-1", "f-2"][number % 3],
        description=f"row {number}",
    )
    for number in range(60)
] + [archived(100 + number, severity=model.Severity.HIGH, tags=("pii",)) for number in range(3)]

DAYS = st.dates(date(2026, 2, 22), date(2026, 3, 4))


def _some(values: Sequence[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.one_of(st.just(()), st.lists(st.sampled_from(values), min_size=1, max_size=2).map(tuple))


QUERIES = st.builds(
    model.Query,
    datastores=_some(["42", "WAREHOUSE", "crm", "STRASSE", "nowhere"]),
    tables=_some(["42", "warehouse", "straße"]),
    statuses=_some(["open", "acknowledged"]),
    tags=_some(["Pii", "critical", "ünïcode", "x,y", "none"]),
    severities=_some(list(model.Severity)),
    min_weight=st.none() | st.sampled_from([0.0, 20.0, 50.0, 1e9]),
    since=st.none() | DAYS,
    until=st.none() | DAYS | st.just(date.max),
    assignees=_some(["7", "8", "none", "nobody-knows"]),
    fingerprint=st.sampled_from(["", "", "f-1", "f-3"]),
    text=st.sampled_from(["", "", "row 1"]),
    sort=st.sampled_from(["newest", "oldest", "weight"]),
)


@pytest.fixture
async def filled(store: engine.Store) -> engine.Store:
    await store.anomalies.save(ports.Observation(SOURCE, MANY, read_at=NOON, now=NOON, cursor="c"))
    await store.health.ok(SOURCE, after(5))
    return store


async def _all(store: engine.Store, query: model.Query, size: int) -> list[model.Anomaly]:
    """Page by page."""
    found: list[model.Anomaly] = []
    mark: ports.Mark | None = None
    while some := await store.open_ones.page(SOURCE, query, mark, size):
        assert len(some) <= size
        found += some
        mark = ports.Mark(some[-1].created, some[-1].ref.id, some[-1].weight)
    return found


@pytest.mark.long
async def test_the_columns_select_what_the_grammar_selects(filled: engine.Store) -> None:
    stored = await filled.anomalies.get([one.ref for one in MANY])
    chosen = 0

    @given(QUERIES, st.integers(1, 70))
    @settings(max_examples=150, deadline=None, database=None)
    def compare(query: model.Query, size: int) -> None:
        cases.append((query, size))

    cases: list[tuple[model.Query, int]] = []
    compare()
    for query, size in cases:
        expected = {one.ref.id for one in stored.values() if one.state is not model.State.ARCHIVED and grammar.matches(query, one)}
        found = [one for one in await _all(filled, query, size) if grammar.matches(query, one)]
        assert [one.ref.id for one in found] == _ordered(stored, expected, query.sort), grammar.canonical(query)
        counted = await filled.open_ones.count(SOURCE, query)
        tables = await filled.open_ones.by_table(SOURCE, query, 5)
        there = Counter(one.container.name for one in stored.values() if one.ref.id in expected and one.container)
        if query.text:
            assert tables is None
        else:
            assert tables is not None and [amount for _, amount in tables] == sorted(there.values(), reverse=True)[:5]
            assert dict(tables).items() <= there.items()
        assert counted == (None if query.text else len(expected)), grammar.canonical(query)
        if not query.text:
            assert len(await _all(filled, query, 100)) == len(expected), grammar.canonical(query)
        chosen += bool(expected)
    assert chosen > 30, "hardly any filter found something: the test proves little"


def _ordered(stored: Any, ids: set[str], sort: str) -> list[str]:
    def age(one: model.Anomaly) -> tuple[Any, ...]:
        return one.created, one.ref.id

    def weight(one: model.Anomaly) -> tuple[Any, ...]:
        return one.weight is not None, one.weight or 0.0, *age(one)

    chosen = [one for one in stored.values() if one.ref.id in ids]
    return [one.ref.id for one in sorted(chosen, key=weight if sort == "weight" else age, reverse=sort != "oldest")]


async def test_a_filter_is_answered_once_the_system_was_met_and_every_row_is_filled(store: engine.Store) -> None:
    everything = model.Query()
    assert await store.open_ones.as_of(SOURCE, everything) is None
    await store.anomalies.save(ports.Observation(SOURCE, MANY[:3], read_at=NOON, now=NOON))
    await store.health.ok(SOURCE, after(5))
    assert await store.open_ones.as_of(SOURCE, everything) is None, "nobody has looked at everything yet"
    await store.anomalies.save(ports.Observation(SOURCE, [], read_at=NOON, now=NOON, cursor="c"))
    assert await store.open_ones.as_of(SOURCE, everything) == after(5)
    for word, known in (("open", True), ("active", True), ("acknowledged", True), ("archived", False), ("invalid", False), ("any", False)):
        assert (await store.open_ones.as_of(SOURCE, replace(everything, statuses=(word,))) is not None) is known, word


async def test_what_is_changed_is_found_by_what_it_is_now_and_what_is_closed_no_more(filled: engine.Store) -> None:
    mine = model.Query(assignees=("9",), tags=("fresh",))
    assert await filled.open_ones.page(SOURCE, mine) == []
    changed = replace(MANY[1], assignees=(model.Person(SOURCE, "9", "Kim"),), tags=("Fresh",), severity=model.Severity.CRITICAL)
    await filled.anomalies.save(ports.Observation(SOURCE, [changed], read_at=after(10), now=after(10)))
    (found,) = await filled.open_ones.page(SOURCE, replace(mine, severities=(model.Severity.CRITICAL,)))
    assert found.ref == changed.ref
    closed = replace(changed, state=model.State.ARCHIVED, status="Invalid", archived_as="Invalid")
    await filled.anomalies.save(ports.Observation(SOURCE, [closed], read_at=after(20), now=after(20)))
    assert await filled.open_ones.page(SOURCE, mine) == [] and await filled.open_ones.count(SOURCE, mine) == 0
    await filled.anomalies.save(ports.Observation(SOURCE, [changed], read_at=after(30), now=after(30)))
    assert [one.ref for one in await filled.open_ones.page(SOURCE, mine)] == [changed.ref]


async def test_every_system_has_its_own(filled: engine.Store) -> None:
    other = replace(MANY[1], ref=model.Ref("other", "1"))
    await filled.anomalies.save(ports.Observation("other", [other], read_at=NOON, now=NOON, cursor="c"))
    assert [one.ref for one in await filled.open_ones.page("other", model.Query(tags=other.tags))] == [other.ref]
    assert await filled.open_ones.count("other", model.Query()) == 1
