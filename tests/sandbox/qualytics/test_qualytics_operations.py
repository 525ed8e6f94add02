"""Operations of the fake: refusals, progress over time, what a scan leaves behind (contracts 1.6)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from sandbox import qualytics

Tell = Callable[..., Awaitable[Any]]


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.time = datetime(2026, 5, 8, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def forward(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def world(clock: Clock) -> qualytics.World:
    state = qualytics.World(clock=clock)
    state.modes.operation_seconds = 10
    return state


async def start(api: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    reply = await api.post("/operations/run", json={"type": "scan", "datastore_id": 42, **body})
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


async def look(api: httpx.AsyncClient, ident: int) -> dict[str, Any]:
    return dict((await api.get(f"/operations/{ident}")).json())


async def test_a_scan_is_queued_runs_and_ends(api: httpx.AsyncClient, clock: Clock) -> None:
    op = await start(api, incremental=True)
    assert (op["result"], op["end_time"], op["type"], op["triggered_by"]) == ("queued", None, "scan", "Anomaly Desk")
    clock.forward(6)
    running = await look(api, op["id"])
    assert running["result"] == "running" and running["end_time"] is None
    assert 0 < running["status"]["containers_analyzed"] < running["status"]["total_containers"] == 12
    assert running["status"]["records_processed"] > 0
    clock.forward(5)
    done = await look(api, op["id"])
    assert (done["result"], done["message"]) == ("success", None) and done["end_time"]
    assert done["status"]["containers_analyzed"] == 12 and done["status"]["anomalies_identified"] == 2
    assert sum(scan["anomaly_count"] for scan in done["container_scans"]) == 2


async def test_a_targeted_scan_finds_anomalies_in_its_tables_only(api: httpx.AsyncClient, clock: Clock, tell: Tell) -> None:
    await tell("/operations", anomalies=7)
    await start(api, container_names=["orders", "customers"])
    clock.forward(11)
    newest = (await api.get("/anomalies", params={"size": 7})).json()["items"]
    assert {row["container"]["name"] for row in newest} <= {"orders", "customers"}
    assert all(row["id"] > 1050 for row in newest)


async def test_tables_without_checks_have_nothing_to_find(api: httpx.AsyncClient, clock: Clock) -> None:
    op = await start(api, container_names=["dim_date"])
    clock.forward(11)
    done = await look(api, op["id"])
    assert (done["result"], done["status"]["anomalies_identified"]) == ("success", 0)


@pytest.mark.parametrize(
    ("body", "closed"),
    [({}, 1), ({"auto_resolve_passed_anomalies": False}, 0), ({"incremental": True, "auto_resolve_passed_anomalies": True}, 0)],
)
async def test_a_full_scan_closes_what_passes_now(
    api: httpx.AsyncClient, clock: Clock, world: qualytics.World, body: dict[str, Any], closed: int
) -> None:
    before = len(world.closed)
    op = await start(api, **body)
    clock.forward(11)
    await look(api, op["id"])
    assert len(world.closed) - before == closed


async def test_keys_of_the_page_are_ignored_and_the_right_one_is_missing(api: httpx.AsyncClient) -> None:
    reply = await api.post("/operations/run", json={"type": "scan", "datastore_ids": [42], "container_ids": [100]})
    assert reply.status_code == 422 and reply.json()["detail"][0]["loc"] == ["body", "scan", "datastore_id"]
    op = await start(api, container_ids=[100])
    assert op["status"]["total_containers"] == 12


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"type": "dance", "datastore_id": 42}, 422),
        ({"datastore_id": 42}, 422),
        ({"type": "scan", "datastore_id": 77}, 404),
        ({"type": "scan", "datastore_id": 42, "container_names": ["Orders"]}, 404),
        ({"type": "scan", "datastore_id": 42, "enrichment_source_record_limit": 0}, 422),
        ({"type": "scan", "datastore_id": 42, "max_records_analyzed_per_partition": -2}, 422),
        ({"type": "export", "datastore_id": 42}, 422),
        ({"type": "profile", "datastore_id": 42, "ai_effort": "3"}, 422),
    ],
)
async def test_wrong_operations_are_refused(api: httpx.AsyncClient, body: dict[str, Any], code: int) -> None:
    assert (await api.post("/operations/run", json=body)).status_code == code
    assert (await api.get("/operations")).json()["total"] == 0


async def test_a_scan_needs_an_editor(api: httpx.AsyncClient, tell: Tell) -> None:
    await tell("/rights", datastore=42, role="Author")
    reply = await api.post("/operations/run", json={"type": "scan", "datastore_id": 42})
    assert (reply.status_code, reply.json()) == (403, {"detail": "Editor permission is required on datastore 'warehouse-prod'"})


async def test_failure_and_warning(api: httpx.AsyncClient, clock: Clock, tell: Tell) -> None:
    await tell("/operations", result="failure", message="Connection to Snowflake was refused", seconds=2)
    await tell("/operations", message="2 tables were skipped", seconds=2)
    failed, warned = await start(api), await start(api)
    clock.forward(3)
    shown = [await look(api, op["id"]) for op in (failed, warned)]
    assert [(op["result"], op["message"]) for op in shown] == [
        ("failure", "Connection to Snowflake was refused"),
        ("success", "2 tables were skipped"),
    ]


async def test_abort(api: httpx.AsyncClient, clock: Clock) -> None:
    op = await start(api)
    clock.forward(5)
    aborted = (await api.put(f"/operations/abort/{op['id']}")).json()
    assert aborted["result"] == "aborted" and aborted["end_time"]
    clock.forward(60)
    assert (await api.put(f"/operations/abort/{op['id']}")).json() == aborted
    other = await start(api)
    clock.forward(60)
    assert (await api.put(f"/operations/abort/{other['id']}")).json()["result"] == "success"


async def test_the_list_filters(api: httpx.AsyncClient, clock: Clock) -> None:
    first = await start(api)
    clock.forward(60)
    second = await start(api, type="sync", datastore_id=43)
    clock.forward(0.1)

    async def ids(**params: Any) -> list[int]:
        return [op["id"] for op in (await api.get("/operations", params=params)).json()["items"]]

    assert await ids() == [second["id"], first["id"]]
    assert await ids(finished="true") == await ids(result="success") == await ids(datastore=42) == [first["id"]]
    assert await ids(operation_type="catalog") == await ids(operation_type="sync") == [second["id"]]
    assert await ids(start_date="2026-05-09") == await ids(start_date="08/05/2026") == []


async def test_the_dialect_of_the_page(api: httpx.AsyncClient, tell: Tell) -> None:
    await tell("/modes", dialect="page")
    assert (await api.post("/operations/run", json={"type": "scan", "datastore_id": 42})).status_code == 422
    reply = await api.post("/operations/run", json={"type": "scan", "datastore_ids": [42], "container_ids": [100]})
    assert reply.json()["status"]["total_containers"] == 1
