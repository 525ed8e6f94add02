"""Who may ask: the token, sessions that win over it, demo accounts, and how often."""

from __future__ import annotations

from datetime import datetime, timedelta

import httpx
import pytest

from sandbox import anomify
from tests.sandbox.anomify.conftest import Tell, code


@pytest.fixture
def path(world: anomify.Organisation) -> str:
    return f"/anomaly/{min(world.anomalies)}"


async def test_without_a_token_there_is_a_refusal_a_fresh_session_and_a_cookie(web: httpx.AsyncClient, path: str) -> None:
    first = await web.get(path)
    web.cookies.clear()
    second = await web.get(path, headers={"X-Auth-Token": "made-up"})
    sessions = [reply.json()["status"]["session_id"] for reply in (first, second)]
    assert [reply.cookies["session_id"] for reply in (first, second)] == sessions and sessions[0] != sessions[1]
    for reply in (first, second):
        assert (reply.status_code, reply.json()["status"]["code"], reply.json()["data"]) == (200, 401, {})
        assert reply.json()["status"]["message"]


async def test_the_token_is_enough_and_gets_no_cookie(api: httpx.AsyncClient, path: str) -> None:
    reply = await api.get(path)
    assert (reply.json()["status"]["code"], reply.json()["status"]["session_id"]) == (200, None)
    assert "set-cookie" not in reply.headers
    assert (await api.get("/user/ping")).json()["data"] == {"ping": "pong", "user": None}


async def test_a_bearer_is_no_token(web: httpx.AsyncClient, path: str) -> None:
    assert await code(web, path, headers={"Authorization": f"Bearer {anomify.SANDBOX_TOKEN}"}) == (200, 401)


async def test_a_session_wins_over_the_token_wherever_it_is_told(api: httpx.AsyncClient, path: str, tell: Tell) -> None:
    assert await code(api, path, headers={"X-Session-Id": "of-nobody"}) == (200, 401)
    assert await code(api, path, params={"session_id": "of-nobody"}) == (200, 401)
    assert await code(api, path, headers={"Cookie": "session_id=of-nobody"}) == (200, 401)
    user, demo = [(await tell("sessions", kind=kind))["session_id"] for kind in ("user", "demo")]
    assert await code(api, path, headers={"X-Session-Id": user}) == (200, 200)
    assert await code(api, path, headers={"X-Session-Id": demo}) == (200, 403)
    assert await code(api, path, headers={"X-Session-Id": user}, params={"session_id": demo}) == (200, 200)
    assert await code(api, path, headers={"Cookie": f"session_id={demo}"}, params={"session_id": user}) == (200, 200)
    assert await code(api, path) == (200, 200)


async def test_a_client_that_keeps_cookies_locks_itself_out(api: httpx.AsyncClient, path: str, tell: Tell) -> None:
    assert (await api.get("/ping", headers={"X-Auth-Token": ""})).json()["data"] == {"ping": "pong"}
    assert await code(api, path) == (200, 401)
    await tell("modes", strangers="demo")
    reply = (await api.get(path)).json()["status"]
    assert (reply["code"], reply["message"]) == (403, "This method is not available to demo user accounts")


async def test_cookies_for_everybody_lock_out_whoever_keeps_them(api: httpx.AsyncClient, path: str, tell: Tell) -> None:
    await tell("modes", cookies="everybody")
    assert await code(api, path) == (200, 200)
    assert await code(api, path) == (200, 401)
    api.cookies.clear()
    assert await code(api, path) == (200, 200)


async def test_a_demo_organisation_is_refused_by_some_methods(api: httpx.AsyncClient, path: str, tell: Tell) -> None:
    await tell("modes", demo="yes")
    assert await code(api, path) == (200, 403)
    assert await code(api, "/user/ping") == (200, 200)


async def test_a_token_that_was_taken_back_opens_nothing_until_it_is_given_back(api: httpx.AsyncClient, path: str, tell: Tell) -> None:
    await tell("tokens", revoked=True)
    assert await code(api, path) == (200, 401)
    api.cookies.clear()
    await tell("tokens", revoked=False)
    assert await code(api, path) == (200, 200)


@pytest.mark.parametrize(("form", "status"), [("inside", 200), ("http", 404), ("text", 404)])
async def test_refusals_come_in_three_forms(api: httpx.AsyncClient, tell: Tell, form: str, status: int) -> None:
    await tell("modes", refusals=form)
    for path in ("/anomaly/1", "/anomaly/train", "/metrics/mostanomalous", "/nothing"):
        reply = await api.get(path)
        assert reply.status_code == status
        if form == "text":
            assert reply.headers["content-type"].startswith("text/plain") and reply.text
        else:
            assert (reply.json()["status"]["code"], reply.json()["data"]) == (404, {})


async def test_too_many_calls_in_a_minute_are_refused_without_a_word_about_when(
    api: httpx.AsyncClient, path: str, tell: Tell, clock: list[datetime]
) -> None:
    await tell("modes", calls_per_minute=30)
    assert {await code(api, "/user/ping") for _ in range(30)} == {(200, 200)}
    reply = await api.get(path)
    assert (reply.status_code, reply.json()["status"]["code"]) == (429, 429)
    assert "retry-after" not in reply.headers
    clock[0] += timedelta(seconds=59)
    assert await code(api, path) == (429, 429)
    clock[0] += timedelta(seconds=1)
    assert await code(api, path) == (200, 200)


async def test_reads_take_a_form_too_and_the_session_in_it(api: httpx.AsyncClient, world: anomify.Organisation, path: str) -> None:
    one = world.anomalies[min(world.anomalies)]
    told = await api.post("/anomaly/lookup", data={"metric": one.metric.name, "timestamp": str(one.started)})
    assert told.json()["data"]["anomaly"]["id"] == one.id
    assert (await api.post(path, data={"session_id": "of-nobody"})).json()["status"]["code"] == 401
    assert (await api.put(path)).json()["status"]["code"] == 405


async def test_the_log_tells_which_token_came_over_the_wire(api: httpx.AsyncClient, web: httpx.AsyncClient, path: str) -> None:
    await api.get(path)
    calls = (await web.get("/_control/log")).json()["calls"]
    assert [(call["path"], call["token"]) for call in calls] == [(path, anomify.SANDBOX_TOKEN[-12:])]
