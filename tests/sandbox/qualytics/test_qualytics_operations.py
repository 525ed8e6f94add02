"""Operations of the fake: refusals, progress over time, what a scan leaves behind (contracts 1.6)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from sandbox import qualytics
from sandbox.page import panels

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
def world(clock: Clock) -> qualytics.Deployment:
    state = qualytics.Deployment(clock=clock)
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
    api: httpx.AsyncClient, clock: Clock, world: qualytics.Deployment, body: dict[str, Any], closed: int
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


# --- what control can do ------------------------------------------------------------------------------------------------


async def test_somebody_starts_one_in_the_web_app_and_it_ends_when_told(
    api: httpx.AsyncClient, control: httpx.AsyncClient, clock: Clock, tell: Tell
) -> None:
    await tell("/operations", result="failure", message="meant for the service's own call")
    ident = (await tell("/operations/start", kind="scan", datastore=43, containers=["leads"], seconds=3600, anomalies=3))["id"]
    clock.forward(1000)
    running = await look(api, ident)
    assert (running["result"], running["triggered_by"], running["datastore"]["id"]) == ("running", "Dana Reyes", 43)
    assert [one["name"] for one in running["containers"]] == ["leads"]
    ended = await tell(f"/operations/{ident}", end="success", message="1 table was skipped")
    assert (ended["result"], ended["message"]) == ("success", "1 table was skipped")
    assert await look(api, ident) == ended
    assert ended["end_time"] and ended["status"]["anomalies_identified"] == 3
    assert (await control.post(f"/operations/{ident}", json={"end": "failure"})).status_code == 400
    own = await start(api)
    clock.forward(60)
    assert (await look(api, own["id"]))["result"] == "failure"


async def test_one_that_waits_in_the_queue_ends_at_once_too(api: httpx.AsyncClient, tell: Tell) -> None:
    ident = (await tell("/operations/start", kind="sync", datastore=42, user=21, seconds=3600))["id"]
    ended = await tell(f"/operations/{ident}", end="failure", message="no route to host")
    assert (ended["type"], ended["result"], ended["triggered_by"]) == ("sync", "failure", "Sam Okafor")
    assert ended["created"] == ended["start_time"] == ended["end_time"]


async def test_exactly_those_that_pass_are_resolved(api: httpx.AsyncClient, clock: Clock, world: qualytics.Deployment, tell: Tell) -> None:
    orders = world.facts.container(42, "orders")
    assert orders
    made = world.arrive(4, [orders])
    elsewhere = world.arrive(1, [container for container in world.facts.containers.values() if container.table.name == "leads"])[0]
    clock.forward(1)
    before = len(world.closed)
    await tell("/operations", passes=[made[1].id, made[3].id, elsewhere.id], anomalies=0)
    await tell("/operations", passes=[made[0].id], anomalies=0)
    await tell("/operations", passes=[], anomalies=0)
    for body in ({}, {"incremental": True}, {}):
        op = await start(api, container_names=["orders"], **body)
        clock.forward(11)
        await look(api, op["id"])
    assert [one.status for one in made] == ["Active", "Resolved", "Active", "Resolved"]
    assert elsewhere.status == "Active"
    assert len(world.closed) - before == 2


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/operations", {"outcome": "success"}),
        ("/operations", {"result": "warning"}),
        ("/operations/start", {"datastore": 77}),
        ("/operations/start", {"datastore": 42, "kind": "dance"}),
        ("/operations/start", {"datastore": 42, "containers": ["ordres"]}),
        ("/operations/start", {"datastore": 42, "user": 1}),
        ("/operations/3001", {}),
    ],
)
async def test_control_refuses_what_makes_no_sense(control: httpx.AsyncClient, path: str, body: dict[str, Any]) -> None:
    reply = await control.post(path, json=body)
    assert reply.status_code == 400 and reply.json()["error"]
    assert (await control.get("/state")).json()["operations"] == []


@pytest.mark.parametrize("fault", [{"mode": "drop_after"}, {"mode": "hang", "after": True}, {"mode": "500", "after": True}], ids=str)
async def test_a_start_can_be_taken_and_its_answer_lost(api: httpx.AsyncClient, tell: Tell, fault: dict[str, Any]) -> None:
    await tell("/faults", **fault, path="operations/run", times=1)
    try:
        reply = await api.post("/operations/run", json={"type": "scan", "datastore_id": 42}, timeout=0.5)
        assert reply.status_code == 500
    except httpx.TransportError:
        assert fault["mode"] != "500"
    assert (await api.get("/operations")).json()["total"] == 1


async def test_the_list_is_paged_and_filtered_by_result(api: httpx.AsyncClient, tell: Tell) -> None:
    idents = [(await tell("/operations/start", datastore=42, seconds=3600))["id"] for _ in range(5)]
    await tell(f"/operations/{idents[0]}", end="failure")
    await tell(f"/operations/{idents[1]}", end="success")

    async def ids(**params: Any) -> list[int]:
        return [op["id"] for op in (await api.get("/operations", params=params)).json()["items"]]

    assert await ids(size=2, page=1) == idents[:2:-1] and await ids(size=2, page=3) == idents[:1]
    assert await ids(result="failure") == idents[:1]
    assert await ids(result=["failure", "success"]) == await ids(finished="true") == idents[1::-1]
    assert await ids(finished="false") == idents[:1:-1]


async def test_what_the_chaos_panel_sends_is_understood(api: httpx.AsyncClient, clock: Clock, tell: Tell) -> None:
    fine = (await tell("/operations/start", **panels.ELSEWHERE))["id"]
    fails = (await tell("/operations/start", **panels.ELSEWHERE, **panels.FAILS))["id"]
    clock.forward(60)
    assert (await look(api, fine))["result"] == "success"
    assert (await look(api, fails))["message"] == panels.FAILS["message"]
    await tell("/faults", **panels.AWAY)
    assert (await api.get("/operations")).status_code == 503


# --- what there is to scan ----------------------------------------------------------------------------------------------


async def test_the_demo_has_every_case_that_a_targeted_scan_trips_over(api: httpx.AsyncClient) -> None:
    async def total(path: str, **params: Any) -> int:
        return int((await api.get(path, params=params)).json()["total"])

    known = {row["name"] for row in (await api.get("/global-tags")).json()["items"]}
    assert "production" in known and "incident" in known
    assert await total("/containers", datastore=44, tag="production") == 0 < await total("/containers", datastore=42, tag="production")
    assert await total("/containers", tag="incident") == 0
    rows = (await api.get("/containers/listing", params={"datastore": 43})).json()
    twins = [row for row in rows if row["name"].casefold() == "leads"]
    assert [row["name"] for row in twins] == ["leads", "Leads"]
    checks = [await total("/quality-checks", datastore=43, container=row["id"], status="Active") for row in twins]
    assert checks == [2, 0]
    assert await total("/quality-checks", datastore=43, container=[row["id"] for row in rows], status="Active") == await total(
        "/quality-checks", datastore=43
    )


async def test_a_check_that_is_switched_off_is_not_active_and_finds_nothing(
    api: httpx.AsyncClient, clock: Clock, world: qualytics.Deployment, tell: Tell
) -> None:
    leads = world.facts.container(43, "leads")
    assert leads
    for check in leads.checks:
        await tell(f"/checks/{check.id}", active=False)
    params = {"datastore": 43, "container": leads.id}
    assert (await api.get("/quality-checks", params={**params, "status": "Active"})).json()["total"] == 0
    assert (await api.get("/quality-checks", params={**params, "status": "Draft"})).json()["total"] == 2
    op = await start(api, datastore_id=43, container_names=["leads"])
    clock.forward(11)
    assert (await look(api, op["id"]))["status"]["anomalies_identified"] == 0
    assert all(one.container is not leads for one in world.arrive(200))
