"""What tests and the chaos panel can do to the fake, and faults on the wire."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from sandbox import qualytics

Tell = Callable[..., Awaitable[Any]]


async def until_logged(control: httpx.AsyncClient, count: int) -> None:
    """The log has an entry as soon as a call has come in; nothing is told when that happens."""
    for _ in range(500):
        if len((await control.get("/log")).json()["calls"]) >= count:
            return
        await asyncio.sleep(0.01)
    pytest.fail(f"there were never {count} calls")


async def test_new_anomalies_on_demand(api: httpx.AsyncClient, tell: Tell) -> None:
    said = "<!channel> *bold* <@U123> " + "x" * 5000
    made = await tell("/anomalies", count=3, datastore=43, container="leads", fields={"description": said, "weight": 91, "tags": ["vip"]})
    assert made["ids"] == [1051, 1052, 1053]
    newest = (await api.get("/anomalies", params={"size": 3})).json()["items"]
    assert [row["id"] for row in newest] == [1053, 1052, 1051]
    assert {(row["container"]["name"], row["weight"], row["description"], row["global_tags"][0]["name"]) for row in newest} == {
        ("leads", 91, said, "vip")
    }


async def test_somebody_changes_it_in_the_web_app(api: httpx.AsyncClient, control: httpx.AsyncClient) -> None:
    reply = await control.patch("/anomalies/1050", json={"status": "Invalid", "assignees": [12], "comment": "known glitch", "by": 18})
    assert reply.status_code == 200
    truth = (await control.get("/state", params={"id": 1050})).json()["anomaly"]
    assert (truth["status"], truth["archived"], truth["comments"][0]["user"]["name"]) == ("Invalid", True, "Lee Park")
    assert (await api.get("/anomalies", params={"id": 1050})).json()["total"] == 0
    await control.delete("/anomalies/1050")
    assert (await api.get("/anomalies/1050")).status_code == 404
    everything = (await control.get("/state")).json()
    assert len(everything["anomalies"]) == 49 and any(row["archived"] for row in everything["anomalies"])


async def test_an_old_deployment_ignores_the_filter_by_id(api: httpx.AsyncClient, tell: Tell) -> None:
    assert (await api.get("/anomalies", params={"id": 1050})).json()["total"] == 1
    everything = (await api.get("/anomalies")).json()["total"]
    await tell("/modes", ids="ignored")
    assert (await api.get("/anomalies", params={"id": 1050})).json()["total"] == everything > 1


async def test_a_date_of_creation_is_written_in_odd_ways_and_listed_by_the_real_one(api: httpx.AsyncClient, tell: Tell) -> None:
    for word, told in (("null", None), ("year 1", "0001-01-01T00:00:00Z")):
        (made,) = (await tell("/anomalies", fields={"created_as": word}))["ids"]
        newest = (await api.get("/anomalies", params={"size": 1, "sort_created": "desc"})).json()["items"][0]
        assert (newest["id"], newest["created"]) == (made, told)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/anomalies", {"fields": {"created_as": "soon"}}),
        ("/anomalies", {"fields": {"colour": "red"}}),
        ("/anomalies", {"fields": {"status": "Closed"}}),
        ("/anomalies", {"container": "nowhere"}),
        ("/faults", {"mode": "meteor"}),
        ("/faults", {"mode": "500", "path": "("}),
        ("/modes", {"restore": "maybe"}),
        ("/modes", {"mood": "bad"}),
        ("/rights", {"datastore": 42, "role": "Emperor"}),
    ],
)
async def test_control_refuses_what_it_does_not_know(control: httpx.AsyncClient, path: str, body: dict[str, Any]) -> None:
    reply = await control.post(path, json=body)
    assert reply.status_code == 400 and reply.json()["error"]


async def test_the_log_tells_what_came_over_the_wire(api: httpx.AsyncClient, control: httpx.AsyncClient) -> None:
    await api.get("/anomalies", params=[("status", "Active"), ("status", "Acknowledged"), ("size", "1")])
    await api.request("DELETE", "/anomalies", json=[{"id": 999999}])
    calls = (await control.get("/log")).json()["calls"]
    assert [(c["method"], c["path"], c["query"], c["json"], c["status"]) for c in calls] == [
        ("GET", "/api/anomalies", [["status", "Active"], ["status", "Acknowledged"], ["size", "1"]], None, 200),
        ("DELETE", "/api/anomalies", [], [{"id": 999999}], 404),
    ]
    await control.post("/log/clear")
    assert (await control.get("/log")).json()["calls"] == []


@pytest.mark.parametrize(
    ("mode", "status"), [("500", 500), ("503", 503), ("429", 429), ("401", 401), ("403", 403), ("garbage", 200), ("empty", 200)]
)
async def test_a_fault_answers_as_often_as_it_was_told(api: httpx.AsyncClient, tell: Tell, mode: str, status: int) -> None:
    await tell("/faults", mode=mode, path="^/api/anomalies$", method="GET", times=2, retry_after=3)
    assert (await api.get("/users/me")).status_code == 200
    for _ in range(2):
        reply = await api.get("/anomalies")
        assert (reply.status_code, reply.headers["retry-after"]) == (status, "3")
        if status == 200:
            with pytest.raises(ValueError):
                reply.json()
    assert (await api.get("/anomalies")).json()["total"] == 12


async def test_ten_megabytes(api: httpx.AsyncClient, tell: Tell) -> None:
    await tell("/faults", mode="huge", times=1)
    assert len((await api.get("/anomalies")).content) > 10_000_000


async def test_a_fault_lasts_until_it_is_cleared_and_spares_control(api: httpx.AsyncClient, control: httpx.AsyncClient, tell: Tell) -> None:
    await tell("/faults", mode="503")
    assert [(await api.get("/health")).status_code for _ in range(3)] == [503] * 3
    assert [(fault["mode"], fault["hits"]) for fault in (await control.get("/faults")).json()["faults"]] == [("503", 3)]
    await control.delete("/faults")
    assert (await api.get("/health")).status_code == 204


async def test_a_fault_can_let_calls_pass_first(api: httpx.AsyncClient, tell: Tell) -> None:
    await tell("/faults", mode="500", skip=1, times=1)
    assert [(await api.get("/health")).status_code for _ in range(3)] == [204, 500, 204]


async def test_dropped_before_and_after_the_work_is_done(
    api: httpx.AsyncClient, control: httpx.AsyncClient, tell: Tell, world: qualytics.Deployment
) -> None:
    for mode, after in (("drop", "Active"), ("drop_after", "Acknowledged")):
        await tell("/faults", mode=mode, times=1)
        with pytest.raises(httpx.TransportError):
            await api.put("/anomalies/1050", json={"status": "Acknowledged"})
        assert world.anomalies[1050].status == after
    calls = (await control.get("/log")).json()["calls"]
    assert [(call["status"], call["fault"]) for call in calls] == [(0, "drop"), (0, "drop_after")]


async def test_a_hanging_call_ends_when_the_client_gives_up_or_the_fault_is_cleared(
    api: httpx.AsyncClient, control: httpx.AsyncClient, tell: Tell, world: qualytics.Deployment
) -> None:
    await tell("/faults", mode="hang", method="PUT")
    with pytest.raises(httpx.ReadTimeout):
        await api.put("/anomalies/1050", json={"status": "Acknowledged"}, timeout=0.2)
    waiting = asyncio.create_task(api.put("/anomalies/1050", json={"status": "Acknowledged"}))
    await until_logged(control, 2)
    await control.delete("/faults")
    with pytest.raises(httpx.TransportError):
        await waiting
    assert world.anomalies[1050].status == "Active"


async def test_changes_are_told_at_once(api: httpx.AsyncClient, control: httpx.AsyncClient) -> None:
    now = (await control.get("/changes", params={"since": -1})).json()["revision"]
    assert (await control.get("/changes", params={"since": now, "timeout": 0.05})).json()["revision"] == now
    waiting = asyncio.create_task(control.get("/changes", params={"since": now, "timeout": 5}))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    await api.put("/anomalies/1050", json={"status": "Acknowledged"})
    assert (await asyncio.wait_for(waiting, 1)).json()["revision"] > now


async def test_latency_is_added_to_the_service_and_not_to_control(api: httpx.AsyncClient, control: httpx.AsyncClient, tell: Tell) -> None:
    await tell("/modes", latency_ms=150)
    start = time.perf_counter()
    await control.get("/modes")
    fast = time.perf_counter() - start
    await api.get("/health")
    assert fast < 0.15 <= time.perf_counter() - start


async def test_new_anomalies_arrive_by_themselves(control: httpx.AsyncClient, tell: Tell, world: qualytics.Deployment) -> None:
    await tell("/modes", arrivals=0.2)
    start = world.revision
    await asyncio.wait_for(world.changed(start, 5), 5)
    await tell("/modes", arrivals=0)
    assert len(world.open) >= 13 and max(world.anomalies) >= 1051


async def test_somebody_starts_a_scan_every_so_often(api: httpx.AsyncClient, tell: Tell, world: qualytics.Deployment) -> None:
    await tell("/modes", scans=0.2)
    await asyncio.wait_for(world.changed(world.revision, 5), 5)
    await tell("/modes", scans=0)
    (started, *_) = (await api.get("/operations")).json()["items"]
    assert started["type"] == "scan" and started["triggered_by"] in {"Dana Reyes", "Lee Park", "Sam Okafor"}
    assert 2 <= len(started["containers"]) <= 5


async def test_the_server_stops_quickly_with_a_call_hanging() -> None:
    world = qualytics.Deployment()
    async with httpx.AsyncClient() as client:
        async with qualytics.serving(world) as (url, parts):
            parts.faults.add(mode="hang")
            waiting = asyncio.create_task(client.get(f"{url}/api/health", timeout=30))
            async with httpx.AsyncClient(base_url=f"{url}/_control") as control:
                await until_logged(control, 1)
            start = time.perf_counter()
        assert time.perf_counter() - start < 1
        with pytest.raises(httpx.TransportError):
            await waiting


async def test_alone_from_the_command_line() -> None:
    command = (sys.executable, "-m", "sandbox.qualytics", "--port", "0", "--seed", "3", "--latency-ms", "0", "--open", "5")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout
    line = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
    assert line.startswith("Qualytics sandbox ready at http://127.0.0.1:") and line.endswith("with 5 open anomalies\n")
    base = line.split(" at ")[1].split(" ")[0]
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {qualytics.SANDBOX_TOKEN}"}) as client:
        assert (await client.get(f"{base}/anomalies")).json()["total"] == 5
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 10) == 0
