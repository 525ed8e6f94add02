"""What is kept here, found by columns: the anomalies of which their system does not tell, and how many there are."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot import model, ports
from bot.core import grammar, overlay
from bot.store import engine, overlays
from tests.store import test_store_plans as plans
from tests.store.making import NOON, SOURCE, after, anomaly, ref

Part, State = model.Part, model.State

SHAPES: list[tuple[dict[str, Any], model.Overlay]] = [
    ({"kept_here": here, **over} if Part.STATE in here else {"kept_here": here, **stands}, model.Overlay(ref(0), state, outcome))
    for here, over, stands, state, outcome in itertools.product(
        [tuple(Part), (Part.OUTCOME,)],
        [{}, {"state": State.ARCHIVED, "archived_as": model.OVER, "over": NOON}],
        [{}, {"state": State.ARCHIVED, "status": "shut"}, {"state": State.ARCHIVED, "archived_as": model.OVER, "over": NOON}],
        [None, State.ACKNOWLEDGED, State.ARCHIVED],
        [None, "Fixed", "noise"],
    )
    if not (Part.STATE not in here and state) and not (outcome and Part.STATE in here and state is not State.ARCHIVED)
]
PLACES = [model.Place("42", "Warehouse"), model.Place("7", "Straße"), None]
WORDS = [
    model.Query(),
    model.Query(tables=("STRASSE",), severities=(model.Severity.HIGH,)),
    model.Query(min_weight=20.0, since=NOON.date()),
    model.Query(ids=("3", "5", "8")),
]
STATUSES: list[tuple[str, ...]] = [
    (), ("active",), ("acknowledged",), ("archived",), ("fixed",), ("NOISE", "acknowledged"), ("over",), ("archived", "active"),
]  # fmt: skip


@pytest.fixture
async def kept(store: engine.Store) -> engine.Store:
    """Some of everything that may be kept of an anomaly, and some of which nothing is."""
    seen, rows = [], []
    for number, (fields, said) in enumerate(SHAPES):
        created = NOON + timedelta(hours=5 * (number % 11 - 5))
        told = {"weight": [None, 10.0, 20.0, 80.0][number % 4], "severity": [None, *model.Severity][number % 5]}
        seen.append(anomaly(number, created=created, container=PLACES[number % 3], **told, **fields))
        rows.append(replace(said, ref=ref(number), actor="U1", at=NOON))
    seen += [anomaly(f"free-{number}", kept_here=tuple(Part)) for number in range(3)]
    rows.append(model.Overlay(ref("unseen"), State.ARCHIVED, "noise", actor="U1", at=NOON))
    async with store.db.writer.begin() as connection:
        await overlays.write(connection, SOURCE, rows)
    await store.anomalies.save(ports.Observation(SOURCE, seen, read_at=after(1), now=after(1)))
    return store


async def _stored(store: engine.Store) -> list[model.Anomaly]:
    return list((await store.anomalies.get([ref(number) for number in range(len(SHAPES))])).values())


async def test_what_is_kept_is_counted_and_found_as_the_grammar_says(kept: engine.Store) -> None:
    stored, found = await _stored(kept), 0
    for words, statuses in [*itertools.product(WORDS[:1], STATUSES), *itertools.product(WORDS[1:], STATUSES[2:4])]:
        query = replace(words, statuses=statuses)
        here = {one.ref.id for one in stored if grammar.matches(query, one)}
        there = {one.ref.id for one in stored if grammar.matches(query, overlay.merged(one, None))}
        groups = await kept.overlays.groups(SOURCE, query)
        assert groups is not None
        assert overlay.moved(query, groups) == (len(here - there), len(there - here)), query
        marks = {mark.id for mark in await kept.overlays.marks(SOURCE, query, None, 1000)}
        assert marks == here - there, query
        assert {one.ref.id for one in stored if one.ref.id in here and overlay.only_here(query, one)} == here - there
        found += len(marks)
    assert found > 40, "hardly any filter found something: the test proves little"


@pytest.mark.parametrize("sort", ["newest", "oldest", "weight"])
async def test_they_come_page_by_page_in_the_order_that_is_asked_for(kept: engine.Store, sort: str) -> None:
    query = model.Query(statuses=("acknowledged", "archived"), sort=sort)
    whole = [mark.id for mark in await kept.overlays.marks(SOURCE, query, None, 1000)]
    read: list[str] = []
    mark: ports.Mark | None = None
    while some := await kept.overlays.marks(SOURCE, query, mark, 4):
        assert len(some) <= 4
        read += [one.id for one in some]
        mark = some[-1]
    stored = await kept.overlays.stored(SOURCE, whole)
    ages = [(stored[ident].created, ident) for ident in whole]
    weights = [(stored[ident].weight is not None, stored[ident].weight or 0.0, *age) for ident, age in zip(whole, ages, strict=True)]
    assert read == whole and len(whole) > 10
    assert (weights if sort == "weight" else ages) == sorted(weights if sort == "weight" else ages, reverse=sort != "oldest")


async def test_words_that_no_column_tells_are_left_to_the_anomalies_themselves(kept: engine.Store) -> None:
    for query in (model.Query(text="rows"), model.Query(tags=("pii",)), model.Query(others=(("delta", "20"),))):
        assert await kept.overlays.groups(SOURCE, query) is None
        assert await kept.overlays.groups("other", query) == []
        assert len(await kept.overlays.marks(SOURCE, replace(query, statuses=("archived",)), None, 1000)) > 3


async def test_every_statement_about_what_is_kept_finds_its_rows_by_an_index(kept: engine.Store) -> None:
    query = model.Query(statuses=("archived",), tables=("strasse",))
    with plans.recorded(kept) as sent:
        await kept.overlays.groups(SOURCE, query)
        await kept.overlays.marks(SOURCE, query, ports.Mark(NOON, "3", 20.0), 10)
        await kept.overlays.stored(SOURCE, ["1", "2"])
    assert len(sent) == 4
    for statement, parameters in sent:
        found = plans.scans(await plans.plan(kept, statement, parameters))
        assert not found, f"{found} in {statement}"
