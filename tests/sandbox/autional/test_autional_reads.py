"""What the fake lists and shows, and how it refuses questions (contracts 4.2, 4.3)."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from sandbox import autional

Tell = Callable[..., Awaitable[Any]]


async def items(api: httpx.AsyncClient, **params: Any) -> list[dict[str, Any]]:
    reply = await api.get("anomalies", params={"page_size": 100, **params})
    assert reply.status_code == 200, reply.text
    return list(reply.json()["items"])


async def test_a_page_has_its_envelope_and_newest_come_first(api: httpx.AsyncClient) -> None:
    told = (await api.get("anomalies", params={"page": 2, "page_size": 5})).json()
    assert (told["code"], told["message"], told["total"]) == (0, "success", 38)
    assert told["pagination"] == {"page": 2, "page_size": 5, "total": 38, "total_pages": 8, "has_next": True, "has_prev": True}
    assert datetime.fromisoformat(told["timestamp"].replace("Z", "+00:00")).tzinfo is UTC
    everything = await items(api)
    assert everything[5:10] == told["items"]
    moments = [row["detected_at"] for row in everything]
    assert moments == sorted(moments, reverse=True)
    assert len((await api.get("anomalies")).json()["items"]) == 20
    beyond = (await api.get("anomalies", params={"page": 9, "page_size": 5})).json()
    assert (beyond["items"], beyond["pagination"]["has_next"]) == ([], False)


async def test_a_page_may_tell_less_of_itself_and_an_empty_list_may_be_null(api: httpx.AsyncClient, tell: Tell) -> None:
    told = {}
    for pages in ("bare", "total"):
        await tell("modes", pages=pages)
        page = (await api.get("anomalies", params={"page_size": 5})).json()
        assert (page["total"], len(page["items"])) == (38, 5)
        told[pages] = page.get("pagination")
    assert told == {"bare": {"page": 1, "page_size": 5, "total": 38}, "total": None}
    for written, items in (("list", []), ("null", None)):
        await tell("modes", empty_lists=written)
        assert (await api.get("anomalies", params={"type": "none"})).json()["items"] == items


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"page": 0}, "page"),
        ({"page": "two"}, "page"),
        ({"page_size": 0}, "page_size"),
        ({"page_size": 101}, "page_size"),
        ({"page_size": "-1"}, "page_size"),
        ({"severity": "severe"}, "severity"),
        ({"severity": "High"}, "severity"),
        ({"severity": "high,critical"}, "severity"),
        ({"severity": ""}, "severity"),
        ({"status": "acknowledged"}, "status"),
        ({"status": "dismissed"}, "status"),
        ({"time_range": "90d"}, "time_range"),
        ({"time_range": "2h"}, "time_range"),
        ({"type": ["brute_force", "unusual_time"]}, "type"),
        ({"severity": ["high", "critical"]}, "severity"),
        ({"status": ["open", "investigating"]}, "status"),
        ({"time_range": ["1h", "24h"]}, "time_range"),
        ({"page": [1, 2]}, "page"),
    ],
)
async def test_what_is_unknown_or_repeated_is_refused_by_name(api: httpx.AsyncClient, params: dict[str, Any], field: str) -> None:
    reply = await api.get("anomalies", params=params)
    assert reply.status_code == 400
    assert reply.json()["errors"][0]["field"] == field
    assert f"Field '{field}'" in reply.json()["detail"]


async def test_each_thing_that_is_wrong_is_named(api: httpx.AsyncClient) -> None:
    reply = await api.get("anomalies", params={"severity": "severe", "page": 0, "time_range": "1y"})
    assert [wrong["field"] for wrong in reply.json()["errors"]] == ["severity", "time_range", "page"]
    assert reply.json()["instance"].endswith("?severity=severe&page=0&time_range=1y")


async def test_there_is_no_filter_by_date_assignee_or_order(api: httpx.AsyncClient) -> None:
    everything = await items(api)
    for name, value in (("since", "2026-01-01"), ("start_date", "2026-01-01"), ("assignee", "usr_dreyes"), ("sort", "asc"), ("limit", "1")):
        assert await items(api, **{name: value}) == everything


@pytest.mark.parametrize(
    ("name", "value"), [("type", "unusual_time"), ("severity", "critical"), ("status", "false_positive"), ("status", "open")]
)
async def test_each_filter_keeps_exactly_what_matches(api: httpx.AsyncClient, name: str, value: str) -> None:
    everything = await items(api)
    expected = [row for row in everything if row[name] == value]
    assert expected and len(expected) < len(everything)
    assert await items(api, **{name: value}) == expected


async def test_a_type_is_any_word(api: httpx.AsyncClient, tell: Tell) -> None:
    assert await items(api, type="quantum_login") == []
    made = await tell("anomalies", fields={"type": "quantum_login"})
    assert [row["id"] for row in await items(api, type="quantum_login")] == made["ids"]


async def test_ranges_reach_back_from_now(api: httpx.AsyncClient, world: autional.Tenant) -> None:
    seen = {}
    for word, hours in (("1h", 1), ("24h", 24), ("7d", 168), ("30d", 720)):
        since = (world.clock() - timedelta(hours=hours)).timestamp() * 1000
        rows = await items(api, time_range=word)
        assert [row for row in await items(api) if row["detected_at"] >= since] == rows
        seen[word] = len(rows)
    assert 0 < seen["1h"] < seen["24h"] < seen["7d"] < seen["30d"]


async def test_the_words_of_the_page_can_be_asked_for_where_they_are_used(api: httpx.AsyncClient, tell: Tell, one: str) -> None:
    await tell("modes", words="page", filter_words="page")
    await api.put(f"{one}/status", json={"status": "acknowledged"})
    assert [f"anomalies/{row['id']}" for row in await items(api, status="acknowledged")] == [one]
    assert (await api.get("anomalies", params={"status": "false_positive"})).status_code == 400


async def test_an_anomaly_that_is_not_there(api: httpx.AsyncClient, web: httpx.AsyncClient, one: str) -> None:
    await web.delete(f"/_control/{one}")
    for method, path in (("GET", one), ("PUT", f"{one}/status"), ("POST", f"{one}/comment"), ("GET", f"{one}/timeline")):
        reply = await api.request(method, path, json={"status": "open", "content": "x"})
        assert (reply.status_code, reply.json()["title"]) == (404, "Resource Not Found")


async def test_times_are_mixed_within_one_list_and_within_one_anomaly(api: httpx.AsyncClient, tell: Tell) -> None:
    await tell("modes", times="mixed")
    rows = await items(api)
    assert {row["detected_at"] > 1e12 for row in rows} == {True, False}
    ended = next(row for row in rows if row.get("resolved_at") and row["detected_at"] > 1e12)
    assert ended["resolved_at"] < 1e12 and ended["comments"][0]["created_at"] < 1e12


async def test_what_is_empty_is_left_out_or_told(api: httpx.AsyncClient, tell: Tell, one: str) -> None:
    left_out = {"assignee", "resolved_at", "resolved_by", "comments", "related_case_id"}
    assert not left_out & set((await api.get(one)).json()["data"])
    await tell("modes", empties="told")
    shown = (await api.get(one)).json()["data"]
    assert {name: shown[name] for name in left_out} == {
        "assignee": "",
        "resolved_at": 0,
        "resolved_by": "",
        "comments": None,
        "related_case_id": "",
    }


async def test_related_are_of_the_same_account_within_a_week(api: httpx.AsyncClient, tell: Tell, world: autional.Tenant) -> None:
    now = world.clock().timestamp() * 1000
    days = {}
    for ago in (0, 3, 6.9, 7.1):
        made = await tell("anomalies", fields={"user_id": "usr_alone", "detected_at": now - ago * 86_400_000})
        days[ago] = made["ids"][0]
    told = (await api.get(f"anomalies/{days[0]}/related")).json()
    assert [row["id"] for row in told["items"]] == [days[3], days[6.9]]
    assert (told["total"], told["pagination"]["page"]) == (2, 1)
    assert (await api.get(f"anomalies/{days[0]}/related", params={"page_size": 1, "page": 2})).json()["items"][0]["id"] == days[6.9]


async def test_a_timeline_counts_what_it_shows(api: httpx.AsyncClient, one: str) -> None:
    told = (await api.get(f"{one}/timeline")).json()["data"]
    anomaly, context = told["anomaly"], told["context"]
    assert anomaly == (await api.get(one)).json()["data"]
    assert sorted(event["id"] for event in told["events"]) == sorted(anomaly["event_ids"])
    assert {event["operator_id"] for event in told["events"]} == {anomaly["user_id"]}
    assert all(abs(event["timestamp"] - anomaly["detected_at"]) <= 86_400_000 for event in told["events"])
    assert context["total_events"] == len(told["events"]) == sum(session["event_count"] for session in told["login_sessions"])
    assert context["unique_ips"] == len({event["ip"] for event in told["events"]})
    assert set(told["login_sessions"][0]) == {"fingerprint", "ip", "user_agent", "event_count", "first_seen", "last_seen"}
    assert context["time_span_seconds"] == (told["events"][-1]["timestamp"] - told["events"][0]["timestamp"]) // 1000
    assert told == (await api.get(f"{one}/timeline")).json()["data"], "asked twice, told the same"


async def test_the_story_is_believable(api: httpx.AsyncClient) -> None:
    rows = await items(api)
    counts = Counter(row["status"] for row in rows)
    assert counts["open"] + counts["investigating"] == 12
    assert all(bool(row.get("resolved_at")) == (row["status"] in ("resolved", "false_positive")) for row in rows)
    newest = rows[0]
    before = [row for row in rows[1:] if (row["user_id"], row["type"]) == (newest["user_id"], newest["type"])]
    harmless = [row for row in before if row["status"] == "false_positive"]
    assert newest["status"] == "open" and len(harmless) >= 2
    assert harmless[0]["comments"][0]["author_id"].startswith("usr_") and harmless[0]["comments"][0]["author_name"] == ""
    assert {row["severity"] for row in rows} == {"low", "medium", "high", "critical"}
    assert all(row["related_case_id"].startswith("CASE-") for row in rows if row["severity"] == "critical" and row["status"] != "open")


async def test_the_same_seed_tells_the_same_story() -> None:
    now = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
    worlds = [autional.Tenant(seed=seed, open_count=40, clock=lambda: now) for seed in (3, 3, 4)]
    told = [[(a.id, a.detected, a.description, a.status, a.events) for a in world.shelf] for world in worlds]
    assert told[0] == told[1] != told[2]


async def test_ten_thousand_are_listed_quickly(api: httpx.AsyncClient, world: autional.Tenant) -> None:
    world.arrive(10_000)
    start = time.process_time()
    seen: set[str] = set()
    for page in range(1, 6):
        seen |= {row["id"] for row in await items(api, page=page, status="open")}
    assert len(seen) == 500
    assert (time.process_time() - start) / 5 < 0.1, "a page must stay far below the latency that is simulated"
