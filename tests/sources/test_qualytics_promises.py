"""What Qualytics promises beyond what every source does, against the running fake: places, checks, lists, operations."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot import errors, model
from sandbox import qualytics as fake
from tests.sources.staging import Deployment, Traits, opened

# --- changes


async def test_the_second_poll_costs_one_call_per_datastore_and_finds_what_is_new(system: Deployment) -> None:
    source = system.source(datastores=["42", "43"])
    first = await source.changes("")
    system.calls()
    again = await source.changes(first.cursor)
    assert len(system.calls()) == 2
    assert {one.ref for one in again.anomalies} <= {one.ref for one in first.anomalies}
    stores = {container.datastore.id: container for container in system.world.facts.containers.values()}
    new = system.world.arrive(3, [stores[43]])
    third = await source.changes(again.cursor)
    assert len(system.calls()) == 2
    assert {str(one.id) for one in new} == {one.ref.id for one in third.anomalies} - {one.ref.id for one in first.anomalies}


async def test_only_configured_datastores_by_name_too(system: Deployment) -> None:
    source = system.source()
    names = {place.name: place.id for place in await source.datastores()}
    name = next(iter(names))
    scoped = system.source(datastores=[name.upper()])
    found = (await scoped.changes("")).anomalies
    assert found
    assert {one.datastore.id for one in found if one.datastore} == {names[name]}


async def test_ten_thousand_cost_a_hundred_calls_first_and_one_afterwards_though_all_are_of_one_minute() -> None:
    world = fake.Deployment(seed=3, open_count=0)
    world.arrive(10_000)
    async with fake.serving(world) as (url, parts):
        system = Deployment(url, parts)
        source = system.source()
        first = await source.changes("")
        assert len(first.anomalies) == len({one.ref for one in first.anomalies}) == 10_000
        assert len(system.calls()) <= 101
        assert len(first.cursor) < 2_000
        second = await source.changes(first.cursor)
        assert system.lines() == ["GET anomalies"]
        ids = [one.ref.id for one in first.anomalies][:1000]
        assert len(await source.get(ids)) == 1000
        assert len(system.calls()) == 10
        # A late one: created within the burst, so behind a page of known ones.
        late = world.arrive(1, created=datetime.now(UTC) - timedelta(minutes=1))[0]
        third = await source.changes(second.cursor)
        assert str(late.id) in {one.ref.id for one in third.anomalies}
        await system.aclose()


# --- find, count, get


@pytest.mark.parametrize(
    ("query", "matches"),
    [
        (model.Query(), lambda one: not one.archived),
        (model.Query(statuses=("active",)), lambda one: one.status == "Active"),
        (model.Query(statuses=("open",)), lambda one: not one.archived),
        (model.Query(statuses=("acknowledged", "duplicate")), lambda one: one.status in ("Acknowledged", "Duplicate")),
        (model.Query(statuses=("archived",)), lambda one: one.archived),
        (model.Query(statuses=("any",)), lambda one: True),
        (model.Query(datastores=("42",)), lambda one: not one.archived and one.container.datastore.id == 42),
        (model.Query(datastores=("42", "43")), lambda one: not one.archived and one.container.datastore.id in (42, 43)),
        (model.Query(tables=("ORDERS",)), lambda one: not one.archived and one.container.table.name == "orders"),
        (model.Query(types=("shape",)), lambda one: not one.archived and one.type == "shape"),
        (model.Query(types=("shape", "record")), lambda one: not one.archived),
        (model.Query(tags=("critical", "pii")), lambda one: not one.archived and {"critical", "pii"} & set(one.tags)),
        (model.Query(rules=("notNull",)), lambda one: not one.archived and any(c.spec.rule == "notNull" for c in one.checks)),
        (model.Query(checks=("501",)), lambda one: not one.archived and any(c.id == 501 for c in one.checks)),
        (model.Query(enriched=False), lambda one: not one.archived and not one.enriched),
    ],
    ids=lambda one: str(one) if isinstance(one, model.Query) else "",
)
async def test_find_and_count_agree_with_the_truth(system: Deployment, query: model.Query, matches: Any) -> None:
    source = system.source(page_size=7)
    wanted = {str(one.id) for one in system.world.anomalies.values() if matches(one)}
    found = await source.find(query)
    assert {one.ref.id for one in found.anomalies} == wanted
    assert found.total == len(wanted) == await source.count(query)


async def test_days_are_whole_days(system: Deployment) -> None:
    source = system.source()
    days = sorted({one.created.date() for one in system.world.anomalies.values()})
    query = model.Query(statuses=("any",), since=days[1], until=days[-2])
    wanted = {str(one.id) for one in system.world.anomalies.values() if days[1] <= one.created.date() <= days[-2]}
    assert {one.ref.id for one in (await source.find(query)).anomalies} == wanted


@pytest.mark.parametrize("datastores", [(), ("42", "43")])
@pytest.mark.parametrize("sort", ["newest", "oldest", "weight"])
async def test_the_limit_takes_the_first_of_the_order(system: Deployment, sort: str, datastores: tuple[str, ...]) -> None:
    source = system.source()
    whole = await source.find(model.Query(datastores=datastores, sort=sort))
    part = await source.find(model.Query(datastores=datastores, sort=sort, limit=5))
    keys = {
        "newest": lambda one: -one.created.timestamp(),
        "oldest": lambda one: one.created.timestamp(),
        "weight": lambda one: -one.weight,
    }
    assert [keys[sort](one) for one in part.anomalies] == sorted(map(keys[sort], whole.anomalies))[:5]
    assert part.total == whole.total == len(whole.anomalies)


@pytest.mark.parametrize(
    ("query", "nearest"),
    [(model.Query(tables=("ordres",)), "orders"), (model.Query(datastores=("nowhere-at-all",)), "")],
)
async def test_an_unknown_place_is_named_with_the_nearest(system: Deployment, query: model.Query, nearest: str) -> None:
    with pytest.raises(errors.NotFound) as refused:
        await system.source().find(query)
    assert (query.tables or query.datastores)[0] in str(refused.value)
    assert nearest in str(refused.value)


async def test_one_id_is_one_call_and_archived_ones_are_read_too(system: Deployment) -> None:
    source, found = await opened(system)
    assert (await source.get([found[0].ref.id]))[found[0].ref.id].ref == found[0].ref
    assert system.lines() == [f"GET anomalies/{found[0].ref.id}"]
    closed = [str(one.id) for _, one in system.world.closed][:3]
    read = await source.get([*closed, found[0].ref.id])
    assert read.keys() == {*closed, found[0].ref.id}
    assert all(read[ident].state is model.State.ARCHIVED for ident in closed)


# --- operations


async def test_an_operation_is_started_followed_listed_and_aborted(system: Deployment) -> None:
    system.world.modes.operation_seconds = 30
    source = system.source(datastores=["42"])
    started = await source.start(model.ScanRequest("scan", "42", tables=("orders",), options={"incremental": True}))
    assert (started.kind, started.datastore and started.datastore.id) == ("scan", "42")
    assert started.result in (model.ScanResult.QUEUED, model.ScanResult.RUNNING)
    assert started.ended is None
    assert (await source.scan(started.id)).id == started.id
    assert [one.id for one in await source.scans(running=True)] == [started.id]
    aborted = await source.abort(started.id)
    assert (aborted.result, aborted.ended is not None) == (model.ScanResult.ABORTED, True)
    assert await source.scans(running=True) == []
    assert started.id in [one.id for one in await source.scans(since=datetime.now(UTC) - timedelta(minutes=1))]


async def test_an_export_takes_table_names(system: Deployment) -> None:
    await system.source().start(model.ScanRequest("export", "42", tables=("orders",)))
    assert system.calls()[-1]["json"]["container_ids"] == [100]


@pytest.mark.parametrize(
    "request_",
    [
        model.ScanRequest("sync", "42", options={"recreate": True}),
        model.ScanRequest("scan", "42", options={"remediation": "append"}),
        model.ScanRequest("promote", "42"),
        model.ScanRequest("sync", "42", tables=("orders",)),
    ],
)
async def test_what_is_never_sent(system: Deployment, request_: model.ScanRequest) -> None:
    with pytest.raises(errors.SourceRejected):
        await system.source().start(request_)
    assert system.calls() == []


async def test_the_roster_and_the_tags(system: Deployment) -> None:
    source = system.source()
    people = {person.id: person for person in await source.people()}
    assert people["12"].email
    assert set(await source.tags()) == set(system.world.facts.tags)
    assert {place.name for place in await source.tables("42")} >= {"orders"}


async def test_two_processes_share_what_was_learned(system: Deployment) -> None:
    assert isinstance(system.traits, Traits)
    system.world.modes.restore = "422"
    first, second = system.source(), system.source()
    closed = [str(one.id) for _, one in system.world.closed][:2]
    targets = list((await first.get(closed)).values())
    await asyncio.gather(
        *(one.apply(model.Change(model.Action.REOPEN), [replace(target) for target in targets]) for one in (first, second))
    )
    assert model.Action.REOPEN in first.doubtful & second.doubtful
    third = system.source()
    await third.get(closed)
    assert model.Action.REOPEN in third.doubtful


async def test_options_that_say_nothing_are_not_sent(system: Deployment) -> None:
    await system.source().start(model.ScanRequest("scan", "42", options={"greater_than_time": None, "incremental": True}))
    assert system.calls()[-1]["json"] == {"datastore_id": 42, "type": "scan", "incremental": True}
