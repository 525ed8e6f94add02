"""What the fake changes, and what it refuses to change (contracts 4.3)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from sandbox import autional

Tell = Callable[..., Awaitable[Any]]


async def shown(api: httpx.AsyncClient, one: str) -> dict[str, Any]:
    return dict((await api.get(one)).json()["data"])


async def test_an_end_is_kept_with_who_and_when_and_taken_back(api: httpx.AsyncClient, one: str) -> None:
    await api.put(f"{one}/status", json={"status": "resolved"})
    ended = await shown(api, one)
    assert ended["resolved_by"] == "svc_anomaly_desk" and ended["resolved_at"] == ended["updated_at"]
    await api.put(f"{one}/status", json={"status": "open"})
    assert not {"resolved_by", "resolved_at"} & set(await shown(api, one))


async def test_transitions_are_free_or_those_of_the_consoles(api: httpx.AsyncClient, world: autional.Tenant, one: str) -> None:
    words = ("open", "investigating", "resolved", "false_positive")
    anomaly = world.anomalies[one.partition("/")[2]]
    taken = {}
    for rule in ("any", "console"):
        world.modes.transitions = rule  # type: ignore[assignment]
        for now in words:
            for wanted in words:
                world.set_status(anomaly, now, "usr_dreyes")
                taken[rule, now, wanted] = (await api.put(f"{one}/status", json={"status": wanted})).status_code
    assert {status for (rule, _, _), status in taken.items() if rule == "any"} == {200}
    offered = {("open", "investigating"), ("open", "resolved"), ("open", "false_positive")}
    offered |= {("investigating", "resolved"), ("investigating", "false_positive"), *((word, word) for word in words)}
    assert {(now, wanted) for (rule, now, wanted), status in taken.items() if rule == "console" and status == 200} == offered


@pytest.mark.parametrize(("mode", "status", "left"), [("ignored", 200, "usr_x"), ("clears", 200, None), ("refused", 400, "usr_x")])
async def test_nobody_knows_what_an_empty_assignee_does(
    api: httpx.AsyncClient, tell: Tell, one: str, mode: str, status: int, left: str | None
) -> None:
    await api.put(f"{one}/status", json={"status": "open", "assignee": "usr_x"})
    await tell("modes", empty_assignee=mode)
    assert (await api.put(f"{one}/status", json={"status": "open", "assignee": ""})).status_code == status
    assert (await shown(api, one)).get("assignee") == left


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("status", {}, "status"),
        ("status", {"status": ""}, "status"),
        ("status", {"status": None}, "status"),
        ("status", {"status": 1}, "status"),
        ("status", {"status": ["open"]}, "status"),
        ("status", {"status": "Resolved"}, "status"),
        ("status", {"status": "open", "assignee": 7}, "assignee"),
        ("status", {"status": "open", "assignee": ["usr_x"]}, "assignee"),
        ("assign", {}, "assignee"),
        ("assign", {"assignee": ""}, "assignee"),
        ("assign", {"assignee": "  "}, "assignee"),
        ("assign", {"assignees": ["usr_x"]}, "assignee"),
        ("comment", {}, "content"),
        ("comment", {"content": ""}, "content"),
        ("comment", {"content": " \n "}, "content"),
        ("comment", {"message": "x"}, "content"),
        ("comment", {"content": "x" * 2001}, "content"),
        ("link", {}, "case_id"),
        ("link", {"case_id": ""}, "case_id"),
        ("link", {"related_case_id": "CASE-2026-001"}, "case_id"),
    ],
)
async def test_a_field_that_is_wrong_is_named_and_nothing_changes(
    api: httpx.AsyncClient, one: str, path: str, body: dict[str, Any], field: str
) -> None:
    before = await shown(api, one)
    reply = await api.request("PUT" if path == "status" else "POST", f"{one}/{path}", json=body)
    assert (reply.status_code, [wrong["field"] for wrong in reply.json()["errors"]]) == (400, [field])
    assert await shown(api, one) == before


@pytest.mark.parametrize(
    "sent",
    [
        {"content": b""},
        {"content": b"{", "headers": {"content-type": "application/json"}},
        {"content": b"", "headers": {"content-type": "application/json"}},
        {"content": b'["open"]', "headers": {"content-type": "application/json"}},
        {"content": b'{"status": "open"}', "headers": {"content-type": "text/plain"}},
        {"data": {"status": "open", "time_range": "24h"}},
    ],
)
@pytest.mark.parametrize(("method", "path"), [("PUT", "status"), ("POST", "detect")])
async def test_a_body_that_is_no_json_object_is_refused(
    api: httpx.AsyncClient, one: str, sent: dict[str, Any], method: str, path: str
) -> None:
    reply = await api.request(method, "anomalies/detect" if path == "detect" else f"{one}/{path}", **sent)
    assert (reply.status_code, reply.json()["title"]) == (400, "Invalid Request Parameters")


async def test_a_comment_of_two_thousand_characters_is_kept_whole(api: httpx.AsyncClient, one: str) -> None:
    long = "ä" * 2000
    reply = await api.post(f"{one}/comment", json={"content": long})
    said = reply.json()["data"]["comments"][-1]
    assert (said["content"], said["author_id"], said["author_name"]) == (long, "svc_anomaly_desk", "")
    await api.post(f"{one}/comment", json={"content": "and more"})
    assert [comment["content"] for comment in (await shown(api, one))["comments"]] == [long, "and more"]


async def test_author_names_may_be_filled_in(api: httpx.AsyncClient, tell: Tell, one: str) -> None:
    await tell("modes", author_names="filled")
    await api.post(f"{one}/comment", json={"content": "hello"})
    assert (await shown(api, one))["comments"][-1]["author_name"] == "Anomaly Desk"


async def test_any_text_is_an_assignee_and_nobody_can_be_taken_off(api: httpx.AsyncClient, one: str) -> None:
    for who in ("usr_dreyes", "Zhang San"):
        assert (await api.post(f"{one}/assign", json={"assignee": who})).json()["data"]["assignee"] == who
    assert (await api.delete(f"{one}/assign")).status_code == 405
    assert (await api.delete(one)).status_code == 405


async def test_a_case_is_linked_and_the_answer_does_not_show_it(api: httpx.AsyncClient, one: str) -> None:
    told = (await api.post(f"{one}/link", json={"case_id": "CASE-2026-001"})).json()
    assert set(told) == {"code", "message", "timestamp"} and told["code"] == 0
    assert (await shown(api, one))["related_case_id"] == "CASE-2026-001"


# --- detection -----------------------------------------------------------------------------------------------------------


async def test_a_detection_answers_with_what_it_found(api: httpx.AsyncClient, tell: Tell) -> None:
    await tell("modes", detect_anomalies=3)
    found = (await api.post("anomalies/detect", json={"time_range": "24h"})).json()["data"]
    newest = (await api.get("anomalies", params={"page_size": 3})).json()["items"]
    assert newest == found[::-1]


async def test_a_detection_that_finds_nothing_is_404(api: httpx.AsyncClient, tell: Tell) -> None:
    await tell("modes", detect_anomalies=0)
    reply = await api.post("anomalies/detect", json={"time_range": "1h", "tenant_id": autional.TENANT})
    assert (reply.status_code, reply.json()["detail"]) == (404, "No anomalies detected in this time range")


async def test_a_detection_may_be_a_task_that_nobody_can_ask_about(api: httpx.AsyncClient, tell: Tell) -> None:
    await tell("modes", detect="task", detect_seconds=0)
    before = (await api.get("anomalies")).json()["total"]
    told = (await api.post("anomalies/detect", json={"time_range": "7d"})).json()["data"]
    assert set(told) == {"task_id"}
    assert (await api.get(f"anomalies/detect/{told['task_id']}")).status_code == 404
    assert (await api.get(f"anomalies/{told['task_id']}")).status_code == 404
    assert (await api.get("anomalies")).json()["total"] == before + 2


async def test_a_detection_in_another_tenant_is_refused(api: httpx.AsyncClient) -> None:
    assert (await api.post("anomalies/detect", json={"time_range": "1h", "tenant_id": "tnt_other"})).status_code == 403


@pytest.mark.parametrize("body", [{}, {"time_range": ""}, {"time_range": "90d"}, {"timeRange": "24h"}, {"time_range": 24}])
async def test_a_detection_needs_one_of_four_ranges(api: httpx.AsyncClient, body: dict[str, Any]) -> None:
    reply = await api.post("anomalies/detect", json=body)
    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (400, "time_range")


# --- failures inside of a success ------------------------------------------------------------------------------------------


async def test_refusals_may_come_inside_of_http_200(api: httpx.AsyncClient, tell: Tell, one: str) -> None:
    await tell("modes", refusals="envelope", codes="text")
    replies = [await api.get("anomalies/ano_none"), await api.put(f"{one}/status", json={"status": "acknowledged"})]
    assert [reply.status_code for reply in replies] == [200, 200]
    assert [reply.json()["code"] for reply in replies] == ["40400000", "40000000"]
    assert replies[1].json()["message"] == "Invalid status value 'acknowledged'"
    await tell("modes", codes="numbers")
    assert (await api.get("anomalies/ano_none")).json()["code"] == 40400000
    await tell("rights", role="auditor")
    assert (await api.post(f"{one}/comment", json={"content": "x"})).status_code == 403, "who may what is never told so"


async def test_a_failure_inside_of_http_200_may_come_before_or_after_the_work(api: httpx.AsyncClient, tell: Tell, one: str) -> None:
    before = await shown(api, one)
    for after in (False, True):
        await tell("faults", mode="failed", method="PUT", times=1, after=after)
        reply = await api.put(f"{one}/status", json={"status": "resolved"})
        assert (reply.status_code, reply.json()["code"] != 0, "data" in reply.json()) == (200, True, False)
        assert ((await shown(api, one))["status"] == before["status"]) is not after
