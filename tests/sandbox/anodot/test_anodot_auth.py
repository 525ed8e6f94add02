"""Who may ask the fake what: keys, tokens, roles, and how often (contracts 2.1, 2.2)."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from sandbox import anodot, jwts
from sandbox.anodot import tokens
from tests.sandbox.anodot.conftest import Tell

EXCHANGE = "/api/v2/access-token"
LIST = "/api/v2/anomalies"
KEY = {"refreshToken": anodot.SANDBOX_KEY}


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_a_key_is_exchanged_for_a_quoted_text_or_an_object(web: httpx.AsyncClient, world: anodot.Account, tell: Tell) -> None:
    await tell("modes", token_seconds=1800)
    replies = [await web.post(f"{EXCHANGE}{more}", json=KEY) for more in ("", "/", "?responseformat=json", "?responseformat=JSON")]
    assert [reply.text[0] for reply in replies] == ['"', '"', '"', "{"]
    for token in (*(reply.json() for reply in replies[:3]), replies[3].json()["token"]):
        assert jwts.claims(token)["exp"] == world.now() + 1800
        assert (await web.get(LIST, headers=bearing(token))).status_code == 200


@pytest.mark.parametrize(
    ("sent", "status", "says"),
    [
        ({"json": {"refreshToken": "other"}}, 401, {"message": "Token mismatch"}),
        ({"json": {"refreshToken": tokens.COLLECTION_KEY}}, 401, {"message": "Token mismatch"}),
        ({"json": {"refresh_token": anodot.SANDBOX_KEY}}, 400, "1002"),
        ({"json": [anodot.SANDBOX_KEY]}, 400, "1001"),
        ({"data": KEY}, 400, "1001"),
        ({"content": "{", "headers": {"content-type": "application/json"}}, 400, "1001"),
    ],
)
async def test_what_the_exchange_refuses(web: httpx.AsyncClient, sent: dict[str, Any], status: int, says: Any) -> None:
    reply = await web.post(EXCHANGE, **sent)
    assert reply.status_code == status
    assert reply.json() == says if isinstance(says, dict) else reply.json()["errors"][0]["error"] == says
    assert anodot.SANDBOX_KEY not in reply.text


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": "Basic abc"}, {"Authorization": "Bearer"}, bearing("no.such.token"), bearing(KEY["refreshToken"])]
)
async def test_without_a_token_nothing_is_told(web: httpx.AsyncClient, header: dict[str, str]) -> None:
    replies = [await web.get(path, headers=header) for path in (LIST, f"{LIST}/count", "/api/v2/users", "/api/v2/alerts/triggered")]
    assert {(reply.status_code, *reply.json()) for reply in replies} == {(401, "message")}


async def test_a_token_ends_with_401_or_with_400(web: httpx.AsyncClient, clock: list[datetime], tell: Tell) -> None:
    token = (await web.post(EXCHANGE, json=KEY)).json()
    clock[0] += timedelta(seconds=86_399)
    assert (await web.get(LIST, headers=bearing(token))).status_code == 200
    clock[0] += timedelta(seconds=1)
    late = await web.get(LIST, headers=bearing(token))
    assert (late.status_code, late.json()) == (401, {"message": "jwt expired"})
    await tell("modes", expired="400", auth_errors="errors")
    late = await web.get(LIST, headers=bearing(token))
    assert (late.status_code, late.json()["errors"][0]["description"]) == (400, "jwt expired")


async def test_all_tokens_can_be_ended_at_once(web: httpx.AsyncClient, api: httpx.AsyncClient, tell: Tell) -> None:
    assert (await tell("tokens/expire"))["ended"] == 1
    assert (await api.get("users")).status_code == 401
    assert (await web.get(LIST, headers=bearing((await web.post(EXCHANGE, json=KEY)).json()))).status_code == 200


async def test_a_revoked_key_ends_its_tokens_and_gives_no_more(web: httpx.AsyncClient, api: httpx.AsyncClient, tell: Tell) -> None:
    await tell("keys", revoked=True)
    for reply in (await web.post(EXCHANGE, json=KEY), await api.get("anomalies")):
        assert (reply.status_code, reply.json()["errors"][0]["error"]) == (401, "2001")
    await tell("keys", revoked=False)
    assert (await api.get("anomalies")).status_code == 200


async def test_a_read_only_key_reads_and_changes_nothing(api: httpx.AsyncClient, world: anodot.Account, tell: Tell) -> None:
    await tell("rights", role="customer-read-only")
    trigger, user = next(iter(world.triggers.values())), world.users[0].id
    assert [(await api.get(path)).status_code for path in ("anomalies", "alerts/triggered", "users", "feedbacks")] == [200] * 4
    both = {"assigneeId": user, "assignerId": user}
    verdict = {"userId": user, "userName": "x", "triggerIds": [trigger.id], "type": "GOOD_CATCH", "origin": "api"}
    writes = [
        await api.post(f"alerts/triggered/{trigger.id}/acknowledge/add", json={"userId": user}),
        await api.put(f"alerts/triggered/{trigger.id}/assignee", json=both),
        await api.post("feedbacks", json=verdict),
        await api.post("timeline/comments", json={"alertGroupId": trigger.group, "text": "x"}),
    ]
    assert {(reply.status_code, reply.text) for reply in writes} == {(403, '{"message":"You are not allowed to perform this action"}')}
    assert (trigger.acks, trigger.assignee, world.feedbacks, world.comments) == ([], "", {}, [])
    await tell("rights", role="guest")
    assert (await api.get("anomalies")).status_code == 403


# --- how often -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("budget", "paths"),
    [
        ("anomaly_calls", ("anomalies", "anomalies/count")),
        ("trigger_calls", ("alerts/triggered", "alerts/triggered/count")),
        ("feedback_calls", ("feedbacks", "feedbacks/static")),
        ("other_calls", ("users", "users")),
    ],
)
async def test_each_budget_has_its_minute(
    api: httpx.AsyncClient, clock: list[datetime], tell: Tell, budget: str, paths: tuple[str, str]
) -> None:
    await tell("modes", **{"anomaly_calls": 9, "trigger_calls": 9, "feedback_calls": 9, "other_calls": 9, budget: 2})
    assert [(await api.get(path)).status_code for path in paths] == [200, 200]
    over = await api.get(paths[0])
    assert (over.status_code, over.json()["errors"][0]["error"], over.headers.get("retry-after")) == (400, "1004", None)
    assert (await api.get("users" if budget != "other_calls" else "anomalies")).status_code == 200
    await tell("modes", limited="429", codes="numbers")
    over = await api.get(paths[1])
    assert (over.status_code, over.json()["errors"][0]["error"]) == (429, 1004)
    clock[0] += timedelta(seconds=60)
    assert (await api.get(paths[0])).status_code == 200


def test_the_budgets_are_those_of_the_vendor(world: anodot.Account) -> None:
    modes = world.modes
    assert (modes.anomaly_calls, modes.trigger_calls, modes.feedback_calls, modes.other_calls) == (1000, 500, 50, 500)


async def test_too_many_at_the_same_time_are_2002(api: httpx.AsyncClient, tell: Tell) -> None:
    await tell("modes", at_once=2, latency_ms=100)
    replies = await asyncio.gather(*(api.get("users") for _ in range(3)))
    assert sorted(reply.status_code for reply in replies) == [200, 200, 400]
    assert [reply.json()["errors"][0]["error"] for reply in replies if reply.status_code == 400] == ["2002"]
    assert (await api.get("users")).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "anomalies/", 404), ("GET", "anomalies/1", 404), ("POST", "anomalies", 405), ("GET", "v1", 404)]
)
async def test_no_other_path_is_there(api: httpx.AsyncClient, method: str, path: str, status: int) -> None:
    assert (await api.request(method, path)).status_code == status
