"""Operations of Qualytics, and what there is to scan, against the running fake."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot import errors, model
from sandbox import qualytics as fake
from sandbox.qualytics import engine
from tests.sources.staging import Deployment


def elsewhere(system: Deployment, kind: str, datastore: int, *tables: str, seconds: float = 3600) -> str:
    """Somebody starts one in the web app; its id."""
    world = system.world
    store = world.facts.datastores[datastore]
    scope = [one for one in world.facts.containers.values() if one.datastore is store and (not tables or one.table.name in tables)]
    return str(engine.start(world, kind, store, scope, {}, 12, {"seconds": seconds}).id)


def sent(system: Deployment) -> list[Any]:
    """The bodies of the starts since the last look."""
    return [call["json"] for call in system.calls() if call["path"] == "/api/operations/run"]


# --- what there is to scan


@pytest.mark.parametrize("key", ["datastore", "datastore_id"])
@pytest.mark.parametrize("tags", [("critical",), ("pii", "finance"), ("production",), ("incident",), ("Critical", "nowhere")])
async def test_tables_by_tag_are_those_of_the_datastore_that_carry_one_of_them(system: Deployment, tags: tuple[str, ...], key: str) -> None:
    system.world.modes.datastore_key = key
    source = system.source()
    for datastore in (42, 44):
        wanted = {
            (str(one.id), one.table.name)
            for one in system.world.facts.containers.values()
            if one.datastore.id == datastore and set(tags) & set(one.table.tags)
        }
        assert {(place.id, place.name) for place in await source.tables(str(datastore), tags=tags)} == wanted


@pytest.mark.parametrize("key", ["datastore", "datastore_id"])
async def test_all_tables_of_a_datastore_are_known_in_both_dialects(system: Deployment, key: str) -> None:
    system.world.modes.datastore_key = key
    source = system.source()
    wanted = {one.table.name for one in system.world.facts.containers.values() if one.datastore.id == 43}
    for _ in range(2):
        assert {place.name for place in await source.tables("43")} == wanted
    assert {"leads", "Leads"} <= wanted


@pytest.mark.parametrize("key", ["datastore", "datastore_id"])
async def test_active_checks_are_counted(system: Deployment, key: str) -> None:
    system.world.modes.datastore_key = key
    source, facts = system.source(), system.world.facts
    for check in list(facts.checks.values())[::3]:
        check.active = False
    for datastore in (42, 43, 44):
        here = [one for one in facts.containers.values() if one.datastore.id == datastore]
        for some in (here, here[:1], here[3:7], [one for one in here if not one.checks]):
            wanted = sum(check.active for one in some for check in one.checks)
            assert await source.active_checks(str(datastore), [str(one.id) for one in some]) == wanted
        assert await source.active_checks(str(datastore)) == sum(check.active for one in here for check in one.checks)


async def test_a_count_of_checks_is_one_call_and_soon_of_one_item(system: Deployment) -> None:
    source = system.source()
    counts = [await source.active_checks("42", ["100", "101"]) for _ in range(3)]
    calls = system.calls()
    assert len(set(counts)) == 1
    assert [(call["path"], dict(call["query"])["size"]) for call in calls] == [
        ("/api/quality-checks", "100"),
        ("/api/quality-checks", "1"),
        ("/api/quality-checks", "1"),
    ]
    assert [pair for pair in calls[0]["query"] if pair[0] not in ("page", "size")] == [
        ["datastore", "42"],
        ["container", "100"],
        ["container", "101"],
        ["status", "Active"],
    ]


# --- the list of operations


async def test_operations_are_told_apart_by_datastore_and_kind(system: Deployment) -> None:
    first = elsewhere(system, "scan", 42, "orders", "customers")
    sync, scan, other = (elsewhere(system, kind, store) for kind, store in (("sync", 42), ("scan", 42), ("scan", 43)))
    source = system.source()

    async def ids(**words: Any) -> list[str]:
        return [one.id for one in await source.scans(**words)]

    assert await ids() == [other, scan, sync, first]
    assert await ids(datastore="42") == [scan, sync, first]
    assert await ids(datastore="42", kind="scan") == [scan, first]
    assert await ids(kind="sync") == await ids(kind="sync", limit=1) == [sync]
    assert await ids(kind="scan", limit=2) == [other, scan]
    engine.end(system.world, system.world.operations[int(scan)])
    assert await ids(datastore="42", kind="scan", running=True) == [first]
    assert await ids(since=datetime.now(UTC) + timedelta(minutes=1)) == []
    assert {one.id: one.tables for one in await source.scans(kind="scan", datastore="42")}[first] == ("orders", "customers")


async def test_the_newest_one_is_one_small_call(system: Deployment) -> None:
    for _ in range(5):
        newest = elsewhere(system, "scan", 42, "orders")
    source = system.source(datastores=["42"])
    assert [one.id for one in await source.scans(datastore="42", kind="scan", limit=1)] == [newest]
    calls = system.calls()
    assert [call["path"] for call in calls] == ["/api/operations"]
    assert dict(calls[0]["query"]) == {"page": "1", "size": "1", "datastore": "42", "sort_created": "desc", "operation_type": "scan"}


async def test_operations_of_other_datastores_are_nobodys_business(system: Deployment) -> None:
    ours, theirs = elsewhere(system, "scan", 42), elsewhere(system, "scan", 43)
    source = system.source(datastores=["42"])
    assert await source.scans(datastore="43") == []
    assert system.calls() == []
    for key in ("datastore", "datastore_id", "datastore"):
        system.world.modes.datastore_key = key
        for limit in (0, 1):
            assert [one.id for one in await source.scans(limit=limit)] == [ours]
    assert theirs not in [one.id for one in await source.scans(running=True)]


async def test_more_than_a_page_of_operations_is_read_whole(system: Deployment) -> None:
    ids = [elsewhere(system, "scan", 42, "orders") for _ in range(230)]
    source = system.source()
    assert [one.id for one in await source.scans()] == ids[::-1]
    assert [one.id for one in await source.scans(limit=120)] == ids[:-121:-1]


# --- starting


async def test_a_table_that_is_not_there_is_told_in_the_systems_words(system: Deployment) -> None:
    with pytest.raises(errors.SourceMissing, match="Container 'ordres' not found"):
        await system.source().start(model.ScanRequest("scan", "42", ("orders", "ordres")))
    assert system.world.operations == {}


@pytest.mark.parametrize("known", [True, False])
async def test_a_missing_right_to_start_is_told_with_its_datastore(system: Deployment, known: bool) -> None:
    system.world.tokens.limit(42, "Author", fake.SANDBOX_TOKEN)
    source = system.source()
    if known:
        await source.datastores()
    with pytest.raises(errors.SourceForbidden) as raised:
        await source.start(model.ScanRequest("scan", "42"))
    assert (raised.value.right, raised.value.place) == ("Editor", "warehouse-prod" if known else "42")


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"mode": "drop"}, errors.SourceUnavailable),
        ({"mode": "drop", "after": True}, errors.SourceUnavailable),
        ({"mode": "hang", "after": True}, errors.SourceUnavailable),
        ({"mode": "500", "after": True}, errors.SourceUnavailable),
        ({"mode": "503", "after": True}, errors.SourceUnavailable),
        ({"mode": "garbage", "after": True}, errors.SourceUnavailable),
        ({"mode": "empty", "after": True}, errors.SourceUnavailable),
        ({"mode": "reply", "status": 200, "json": {"ok": True}, "after": True}, errors.SourceUnavailable),
        ({"mode": "503", "retry_after": 1}, errors.SourceRateLimited),
        ({"mode": "429", "retry_after": 1}, errors.SourceRateLimited),
        ({"mode": "401"}, errors.SourceAuthFailed),
    ],
    ids=lambda one: f"{one['mode']}{' after' if 'after' in one else ''}" if isinstance(one, dict) else "",
)
async def test_a_start_is_sent_once_and_a_lost_answer_has_its_own_name(
    system: Deployment, fault: dict[str, Any], error: type[errors.SourceError]
) -> None:
    source = system.source(timeout=0.5 if fault["mode"] == "hang" else 10)
    system.parts.faults.add(**fault, path="operations/run")
    with pytest.raises(errors.SourceError) as raised:
        await source.start(model.ScanRequest("scan", "42", ("orders",)))
    assert type(raised.value) is error
    assert len(sent(system)) == 1
    system.parts.faults.clear()
    found = await source.scans(datastore="42", kind="scan", since=datetime.now(UTC) - timedelta(minutes=1))
    assert [one.tables for one in found] == ([("orders",)] if "after" in fault else [])


# --- the dialect of the page


@pytest.mark.parametrize(
    ("request_", "body"),
    [
        (
            model.ScanRequest("scan", "42", ("orders", "customers"), options={"incremental": True}),
            {"type": "scan", "datastore_ids": [42], "container_ids": [100, 102], "incremental": True},
        ),
        (
            model.ScanRequest("scan", "42", tags=("critical",), options={"auto_resolve_passed_anomalies": False}),
            {
                "type": "scan",
                "datastore_ids": [42],
                "container_tags": ["critical"],
                "incremental": False,
                "auto_resolve_passed_anomalies": False,
            },
        ),
        (model.ScanRequest("sync", "42"), {"type": "sync", "datastore_ids": [42], "prune": False, "recreate": False}),
        (
            model.ScanRequest("export", "42", ("orders",), options={"asset_type": "checks"}),
            {"type": "export", "datastore_ids": [42], "container_ids": [100], "asset_type": "checks", "include_deleted": False},
        ),
    ],
    ids=["tables", "tags", "sync", "export"],
)
async def test_the_form_of_the_page_is_found_and_remembered(system: Deployment, request_: model.ScanRequest, body: Any) -> None:
    system.world.modes.operations = "page"
    started = await system.source().start(request_)
    assert (started.kind, started.datastore and started.datastore.id) == (request_.kind, "42")
    assert sent(system)[1:] == [body]
    restarted = system.source()
    await restarted.start(request_)
    assert sent(system) == [body]
    assert len(system.world.operations) == 2
    system.world.modes.operations = "client"
    await restarted.start(request_)
    assert [("datastore_id" in one) for one in sent(system)] == [False, True]


@pytest.mark.parametrize("trouble", ["table", "right"])
async def test_a_refusal_of_the_other_form_is_told_and_the_form_remembered(system: Deployment, trouble: str) -> None:
    system.world.modes.operations = "page"
    source = system.source()
    await source.tables("42")
    if trouble == "right":
        system.world.tokens.limit(42, "Reporter", fake.SANDBOX_TOKEN)
    error = {"table": errors.SourceMissing, "right": errors.SourceForbidden}[trouble]
    with pytest.raises(error):
        await source.start(model.ScanRequest("scan", "42", ("ordres" if trouble == "table" else "orders",)))
    assert len(sent(system)) == (1 if trouble == "table" else 2)
    system.world.tokens.limit(42, "Editor", fake.SANDBOX_TOKEN)
    await source.start(model.ScanRequest("scan", "42", ("orders",)))
    assert len(sent(system)) == (2 if trouble == "table" else 1)


async def test_a_wrong_value_is_not_taken_for_another_dialect(system: Deployment) -> None:
    source = system.source()
    with pytest.raises(errors.SourceRejected, match="greater than or equal to 1"):
        await source.start(model.ScanRequest("scan", "42", options={"enrichment_source_record_limit": 0}))
    assert len(sent(system)) == 1
    assert system.traits.values == {}
