"""What the fake answers, held against the vendor's page: its fields, their types, its status words, its refusals."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from tests.sandbox.autional import page

Tell = Callable[..., Awaitable[Any]]


async def test_a_status_and_an_assignee_in_one_call_answer_the_updated_anomaly(api: httpx.AsyncClient, one: str) -> None:
    reply = await api.put(f"{one}/status", json=page.STATUS_BODY)
    assert reply.status_code == 200
    assert page.check(reply.json(), page.DETAIL) == set(page.DETAIL)
    changed = reply.json()["data"]
    assert (changed["status"], changed["assignee"]) == ("investigating", "usr_analyst001")
    assert changed == (await api.get(one)).json()["data"]


async def test_every_field_of_the_page_is_told_and_none_besides(api: httpx.AsyncClient, tell: Tell, one: str) -> None:
    await api.post(f"{one}/comment", json={"content": page.COMMENT["content"][1]})
    await api.post(f"{one}/link", json={"case_id": "CASE-2026-001"})
    await api.put(f"{one}/status", json={"status": "resolved", "assignee": "usr_analyst001"})
    shown = (await api.get(one)).json()["data"]
    assert page.check(shown, page.ANOMALY) == set(page.ANOMALY)
    assert page.check(shown["comments"][0], page.COMMENT) == set(page.COMMENT)
    assert re.fullmatch(r"ano_\w+", shown["id"])
    assert re.fullmatch(r"T\d{4}(\.\d{3})?", shown["mitre_tactic"])


async def test_moments_are_seconds_as_the_page_has_them_or_milliseconds_as_the_consoles_get_them(
    api: httpx.AsyncClient, tell: Tell
) -> None:
    made = await tell("anomalies", fields={"detected_at": page.SECONDS * 1000})
    told = []
    for times in ("milliseconds", "seconds"):
        await tell("modes", times=times)
        told.append((await api.get(f"anomalies/{made['ids'][0]}")).json()["data"]["detected_at"])
    assert told == [page.SECONDS * 1000, page.SECONDS]


async def test_the_words_of_the_page_or_those_of_the_consoles_never_both(api: httpx.AsyncClient, tell: Tell, one: str) -> None:
    taken = {}
    for words in ("console", "page"):
        await tell("modes", words=words)
        asked = {*page.STATUSES, "false_positive", "closed", "Open"}
        taken[words] = {word for word in asked if (await api.put(f"{one}/status", json={"status": word})).status_code == 200}
    assert taken == {"console": {"open", "investigating", "resolved", "false_positive"}, "page": set(page.STATUSES)}


async def test_a_refusal_is_a_problem_with_every_field_of_the_page(api: httpx.AsyncClient, tell: Tell, one: str) -> None:
    reply = await api.put(f"{one}/status", json={"status": "acknowledged"})
    assert reply.status_code == 400
    told = reply.json()
    assert page.check(told, page.PROBLEM) == set(page.PROBLEM) - {"retry_after"}
    assert page.check(told["errors"][0], page.VIOLATION) == set(page.VIOLATION)
    assert (told["status"], told["title"]) == (400, page.PROBLEM["title"][1])
    assert told["instance"].endswith(f"{one}/status")
    assert re.fullmatch(r"req_[0-9a-f-]{36}", told["request_id"])
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", told["trace_id"])
    assert told["span_id"] in told["trace_id"]
    assert told["errors"][0] == {
        "field": "status",
        "code": "oneof",
        "description": "must be one of open/investigating/resolved/false_positive",
        "value": "acknowledged",
    }


async def test_the_refusals_that_the_page_lists(api: httpx.AsyncClient, tell: Tell, one: str) -> None:
    async def refused() -> tuple[int, str]:
        reply = await api.put(f"{one}/status", json=page.STATUS_BODY)
        page.check(reply.json(), page.PROBLEM)
        return reply.status_code, reply.json()["title"]

    missing = await api.put("anomalies/ano_abc123/status", json=page.STATUS_BODY)
    assert (missing.status_code, missing.json()["detail"]) == (404, "Anomaly 'ano_abc123' not found")
    await tell("faults", mode="500", times=1)
    assert await refused() == (500, "Internal Server Error")
    await tell("faults", mode="401", times=1)
    assert await refused() == (401, "Unauthenticated")
    await tell("faults", mode="429", times=1, retry_after=7)
    reply = await api.get(one)
    assert (reply.status_code, reply.json()["retry_after"], reply.headers.get("retry-after")) == (429, 7, None)
