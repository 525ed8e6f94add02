"""What tests and the chaos panel do to the fake: arrivals, other people's hands, odd ones, switches, faults, the log."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from sandbox import alone, autional, loopback
from sandbox.autional import odd
from tests.sandbox.autional.conftest import HEADERS

Tell = Callable[..., Awaitable[Any]]


async def test_arrivals_are_new_and_open(api: httpx.AsyncClient, tell: Tell) -> None:
    made = await tell("anomalies", count=3, fields={"severity": "critical", "user_id": "usr_jfischer"})
    rows = (await api.get("anomalies", params={"page_size": 3})).json()["items"]
    assert [row["id"] for row in rows] == made["ids"][::-1]
    assert {(row["status"], row["severity"], row["user_id"]) for row in rows} == {("open", "critical", "usr_jfischer")}


async def test_somebody_else_works_on_it(web: httpx.AsyncClient, api: httpx.AsyncClient, one: str) -> None:
    change = {"status": "false_positive", "assignee": "usr_sokafor", "comment": "A drill.", "by": "usr_sokafor"}
    told = (await web.patch(f"/_control/{one}", json=change)).json()
    assert told == (await api.get(one)).json()["data"]
    assert (told["status"], told["resolved_by"], told["assignee"]) == ("false_positive", "usr_sokafor", "usr_sokafor")
    assert (told["comments"][-1]["author_id"], told["comments"][-1]["content"]) == ("usr_sokafor", "A drill.")


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("anomalies", {"fields": {"weight": 5}}),
        ("anomalies", {"fields": {"odd": "very"}}),
        ("modes", {"prefix": "other"}),
        ("modes", {"restore": "422"}),
        ("faults", {"mode": "sleepy"}),
        ("tokens/expire", {"token": "unknown"}),
        ("rights", {}),
    ],
)
async def test_what_makes_no_sense_is_refused(web: httpx.AsyncClient, route: str, body: dict[str, Any]) -> None:
    reply = await web.post(f"/_control/{route}", json=body)
    assert reply.status_code == 400 and reply.json()["error"]


@pytest.mark.parametrize("word", odd.WORDS)
async def test_each_odd_one_is_listed_among_the_others(api: httpx.AsyncClient, tell: Tell, word: str) -> None:
    plain = (await api.get("anomalies", params={"page_size": 1})).json()["items"]
    ident = (await tell("anomalies", fields={"odd": word, "type": "brute_force"}))["ids"][0]
    shown, *others = (await api.get("anomalies", params={"page_size": 2})).json()["items"]
    assert others == plain
    assert shown == (await api.get(f"anomalies/{ident}")).json()["data"]
    await tell("anomalies", fields={"type": "brute_force"})
    straight = (await api.get("anomalies", params={"page_size": 1})).json()["items"][0]
    as_usual = isinstance(shown, dict) and {k: type(v) for k, v in shown.items()} == {k: type(v) for k, v in straight.items()}
    words = ("unknown type", "unknown severity", "unknown status", "status of the page", "shouted", "year 0", "far future")
    assert as_usual == (word in (*words, "garbled events", "technique in words"))


async def test_every_so_many_th_arrival_is_odd_each_in_its_way(tell: Tell, world: autional.Tenant) -> None:
    await tell("modes", odd_every=2)
    made = await tell("anomalies", count=2 * len(odd.WORDS))
    assert [world.anomalies[ident].odd for ident in made["ids"]] == [found for word in odd.WORDS for found in ("", word)]


async def test_the_log_has_each_call_as_it_came(web: httpx.AsyncClient, api: httpx.AsyncClient, tell: Tell, one: str) -> None:
    await tell("log/clear")
    await api.put(f"{one}/status", json={"status": "acknowledged"})
    call = (await web.get("/_control/log")).json()["calls"][-1]
    assert {name: call[name] for name in ("method", "json", "status")} == {
        "method": "PUT",
        "json": {"status": "acknowledged"},
        "status": 400,
    }
    assert call["path"] == f"/bff/audit/api/v1/admin/audit/{one}/status"


async def test_faults_strike_and_end(api: httpx.AsyncClient, tell: Tell) -> None:
    for mode, status in (("503", 503), ("500", 500), ("401", 401), ("403", 403), ("failed", 200)):
        await tell("faults", mode=mode, times=1)
        reply = await api.get("anomalies")
        assert (reply.status_code, "items" in reply.text) == (status, False)
    assert (await api.get("anomalies")).status_code == 200


async def test_a_fault_speaks_like_the_service_that_was_asked(web: httpx.AsyncClient, tell: Tell) -> None:
    await tell("faults", mode="429", retry_after=3)
    token = (await web.post("/bff/oauth/api/v1/oauth/token", data={"grant_type": "client_credentials"})).json()
    members = (await web.get("/bff/tenant/api/v1/admin/tenants/tnt_acme/members")).json()
    listed = (await web.get("/bff/audit/api/v1/admin/audit/anomalies")).json()
    assert token["error"] == "rate_limit_exceeded"
    assert set(members) == {"code", "message", "timestamp"}
    assert (listed["retry_after"], listed["instance"]) == (3, "/bff/audit/api/v1/admin/audit/anomalies")


def test_a_taken_port_is_told_in_a_sentence() -> None:
    with loopback.bound(0) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit, match=f"Cannot listen on port {port}: Address already in use. Choose another one with --port."):
            alone.run(port, autional.running(port=port), str)


async def test_waiting_for_a_change(web: httpx.AsyncClient, tell: Tell) -> None:
    now = (await web.get("/_control/changes", params={"since": -1, "timeout": 0})).json()["revision"]
    waiting = asyncio.create_task(web.get("/_control/changes", params={"since": now, "timeout": 5}))
    await tell("anomalies")
    assert (await waiting).json()["revision"] > now


async def test_the_truth_has_everything(web: httpx.AsyncClient, tell: Tell) -> None:
    made = await tell("anomalies")
    state = (await web.get("/_control/state")).json()
    assert state["anomalies"][-1]["id"] == made["ids"][0] and len(state["anomalies"]) == 39
    assert (await web.get("/_control/state", params={"id": "ano_none"})).json()["anomaly"] is None


async def test_arrivals_come_by_themselves() -> None:
    world = autional.Tenant(open_count=0)
    world.modes.arrivals = 0.05
    async with autional.running(world) as url, httpx.AsyncClient(base_url=url, timeout=5, verify=False) as web:
        await world.changed(world.revision, 5)
        rows = (await web.get("/bff/audit/api/v1/admin/audit/anomalies", headers=HEADERS, params={"status": "open"})).json()["items"]
    assert rows
