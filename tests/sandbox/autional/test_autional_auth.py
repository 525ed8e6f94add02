"""Who may ask the fake what: paths, tokens, tenants, roles (contracts 4.1, 4.2, 4.4)."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from sandbox import autional
from tests.sandbox.autional.conftest import HEADERS

Tell = Callable[..., Awaitable[Any]]
LIST = "/bff/audit/api/v1/admin/audit/anomalies"
SPEC = LIST.replace("/audit/api", "/audit-service/api")
TOKEN = "/bff/oauth/api/v1/oauth/token"
MEMBERS = "/bff/tenant/api/v1/admin/tenants/{}/members"
FORM = {"grant_type": "client_credentials", "client_id": autional.CLIENT_ID, "client_secret": autional.CLIENT_SECRET}


def is_plain(reply: httpx.Response) -> bool:
    return set(reply.json()) == {"code", "message", "timestamp"} and reply.json()["code"] != 0


async def test_one_prefix_answers_and_the_other_is_not_there(web: httpx.AsyncClient, tell: Tell) -> None:
    assert [(await web.get(path, headers=HEADERS)).status_code for path in (LIST, SPEC)] == [200, 404]
    assert is_plain(await web.get(SPEC))
    await tell("modes", prefix="audit-service", unknown_route="text")
    assert [(await web.get(path, headers=HEADERS)).status_code for path in (LIST, SPEC)] == [404, 200]
    assert (await web.get(LIST)).text == "404 page not found"


@pytest.mark.parametrize("path", ["/admin/audit/anomalies", "/bff/audit/api/v1/anomalies", f"{LIST}/", "/bff/audit/api/v2/admin/audit/x"])
async def test_no_other_path_is_there(web: httpx.AsyncClient, path: str) -> None:
    assert (await web.get(path, headers=HEADERS)).status_code == 404


async def test_the_wrong_method_is_refused(web: httpx.AsyncClient) -> None:
    reply = await web.post(LIST, headers=HEADERS)
    assert (reply.status_code, is_plain(reply)) == (405, True)


@pytest.mark.parametrize("dialect", ["problem", "plain"])
@pytest.mark.parametrize(
    ("header", "says"),
    [
        (None, "Authentication is required"),
        ("Basic abc", "Authentication is required"),
        ("Bearer", "Authentication is required"),
        ("Bearer no.such.token", "The access token is invalid"),
    ],
)
async def test_a_token_that_is_none_is_401_in_both_dialects(
    web: httpx.AsyncClient, tell: Tell, dialect: str, header: str | None, says: str
) -> None:
    await tell("modes", auth_errors=dialect)
    headers = {"X-Tenant-ID": autional.TENANT, **({"Authorization": header} if header else {})}
    reply = await web.get(LIST, headers=headers)
    assert (reply.status_code, is_plain(reply)) == (401, dialect == "plain")
    assert reply.json()["message" if dialect == "plain" else "detail"] == says


async def test_a_token_ends(web: httpx.AsyncClient, tell: Tell) -> None:
    async def status(token: str) -> int:
        return (await web.get(LIST, headers={**HEADERS, "Authorization": f"Bearer {token}"})).status_code

    fresh, old = (await tell("tokens", expires_in=60))["token"], (await tell("tokens", expires_in=-1))["token"]
    assert [await status(token) for token in (fresh, old, autional.SANDBOX_TOKEN)] == [200, 401, 200]
    await tell("tokens/expire", token=fresh)
    assert await status(fresh) == 401


@pytest.mark.parametrize("dialect", ["problem", "plain"])
async def test_no_tenant_or_another_one_is_403(web: httpx.AsyncClient, tell: Tell, dialect: str) -> None:
    await tell("modes", auth_errors=dialect)
    alone = {"Authorization": HEADERS["Authorization"]}
    replies = [
        await web.get(LIST, headers=alone),
        await web.get(LIST, headers=alone, params={"tenant_id": autional.TENANT}),
        await web.get(LIST, headers={**alone, "X-Tenant-ID": "tnt_other"}),
        await web.get(LIST, headers=HEADERS, params={"tenant_id": "tnt_other"}),
        await web.get(MEMBERS.format("tnt_other"), headers=HEADERS),
    ]
    assert {reply.status_code for reply in replies} == {403}
    assert [is_plain(reply) for reply in replies] == [*[dialect == "plain"] * 4, True]
    stranger = (await tell("tokens", tenant="tnt_other"))["token"]
    wrong = await web.get(LIST, headers={"Authorization": f"Bearer {stranger}", "X-Tenant-ID": "tnt_other"})
    assert wrong.status_code == 403
    assert (await web.get(LIST, headers=HEADERS, params={"tenant_id": autional.TENANT})).status_code == 200


async def test_an_auditor_reads_and_writes_nothing(api: httpx.AsyncClient, tell: Tell, one: str) -> None:
    await tell("rights", role="auditor")
    assert [(await api.get(path)).status_code for path in ("anomalies", one, f"{one}/related", f"{one}/timeline")] == [200] * 4
    before = (await api.get(one)).json()["data"]
    writes = [
        await api.put(f"{one}/status", json={"status": "resolved"}),
        await api.post(f"{one}/assign", json={"assignee": "usr_x"}),
        await api.post(f"{one}/comment", json={"content": "x"}),
        await api.post(f"{one}/link", json={"case_id": "CASE-2026-001"}),
        await api.post("anomalies/detect", json={"time_range": "24h"}),
    ]
    assert [reply.status_code for reply in writes] == [403] * 5
    assert writes[0].json()["detail"] == "the role auditor may not change audit anomalies"
    assert (await api.get(one)).json()["data"] == before


async def test_others_may_nothing_and_separated_duties_shut_out_admins(web: httpx.AsyncClient, api: httpx.AsyncClient, tell: Tell) -> None:
    await tell("rights", role="member")
    assert (await api.get("anomalies")).status_code == 403
    seen = {}
    await tell("modes", duties="separated")
    for role in ("admin", "service", "analyst", "auditor"):
        await tell("rights", role=role)
        seen[role] = (await api.get("anomalies")).status_code
    assert seen == {"admin": 403, "service": 403, "analyst": 200, "auditor": 200}
    assert (await web.get(MEMBERS.format(autional.TENANT), headers=HEADERS)).status_code == 200


# --- client credentials --------------------------------------------------------------------------------------------------


async def test_client_credentials_are_exchanged_for_a_token_that_ends(web: httpx.AsyncClient, world: autional.Tenant, tell: Tell) -> None:
    clock = [datetime(2026, 11, 27, 9, 0, tzinfo=UTC)]
    world.clock = lambda: clock[0]
    await tell("modes", token_seconds=1800)
    reply = await web.post(TOKEN, data=FORM)
    told = reply.json()
    assert {name: told[name] for name in ("token_type", "expires_in")} == {"token_type": "Bearer", "expires_in": 1800}
    assert not {"code", "data", "message"} & set(told), "flat, without an envelope"
    headers = {**HEADERS, "Authorization": f"Bearer {told['access_token']}"}
    clock[0] += timedelta(seconds=1799)
    assert (await web.get(LIST, headers=headers)).status_code == 200
    clock[0] += timedelta(seconds=1)
    late = await web.get(LIST, headers=headers)
    assert (late.status_code, late.json()["detail"]) == (401, "The access token has expired")


async def test_exchanged_tokens_can_be_ended_together(web: httpx.AsyncClient, tell: Tell) -> None:
    token = (await web.post(TOKEN, data=FORM)).json()["access_token"]
    assert await tell("tokens/expire") == {"ended": 1}
    statuses = [
        (await web.get(LIST, headers={**HEADERS, "Authorization": f"Bearer {one}"})).status_code for one in (token, autional.SANDBOX_TOKEN)
    ]
    assert statuses == [401, 200]


async def test_a_client_may_introduce_itself_in_a_header(web: httpx.AsyncClient) -> None:
    basic = base64.b64encode(f"{autional.CLIENT_ID}:{autional.CLIENT_SECRET}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}"}
    assert (await web.post(TOKEN, data={"grant_type": "client_credentials"}, headers=headers)).status_code == 200
    both = await web.post(TOKEN, data=FORM, headers=headers)
    assert (both.status_code, both.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("given", "status", "error"),
    [
        ({"data": {**FORM, "client_secret": "wrong"}}, 401, "invalid_client"),
        ({"data": {**FORM, "client_id": "cli_other"}}, 401, "invalid_client"),
        ({"data": {"grant_type": "client_credentials"}}, 401, "invalid_client"),
        ({"data": {**FORM, "grant_type": "password"}}, 400, "unsupported_grant_type"),
        ({"data": {name: FORM[name] for name in ("client_id", "client_secret")}}, 400, "invalid_request"),
        ({"data": {**FORM, "client_id": [autional.CLIENT_ID] * 2}}, 400, "invalid_request"),
        ({"json": FORM}, 400, "invalid_request"),
        ({"data": FORM, "headers": {"Authorization": "Basic %%%"}}, 400, "invalid_request"),
        ({"data": {"grant_type": "client_credentials"}, "headers": {"Authorization": "Basic %%%"}}, 401, "invalid_client"),
    ],
)
async def test_what_the_exchange_refuses(web: httpx.AsyncClient, given: dict[str, Any], status: int, error: str) -> None:
    reply = await web.post(TOKEN, **given)
    assert (reply.status_code, reply.json()["error"]) == (status, error)
    assert autional.CLIENT_SECRET not in reply.text


async def test_a_revoked_client_gets_nothing(web: httpx.AsyncClient, tell: Tell) -> None:
    await tell("clients", secret=None)
    assert (await web.post(TOKEN, data=FORM)).json()["error"] == "invalid_client"
    assert (await web.post(TOKEN, data={**FORM, "client_secret": "None"})).status_code == 401


async def test_the_exchange_has_two_paths_too(web: httpx.AsyncClient, tell: Tell) -> None:
    assert [(await web.post(path, data=FORM)).status_code for path in (TOKEN, "/api/v1/oauth/token")] == [200, 404]
    await tell("modes", oauth="/api/v1")
    assert [(await web.post(path, data=FORM)).status_code for path in (TOKEN, "/api/v1/oauth/token")] == [404, 200]


async def test_a_machine_may_be_shut_out_of_the_audit(web: httpx.AsyncClient, tell: Tell) -> None:
    await tell("modes", machines="forbidden")
    token = (await web.post(TOKEN, data=FORM)).json()["access_token"]
    reply = await web.get(LIST, headers={**HEADERS, "Authorization": f"Bearer {token}"})
    assert (reply.status_code, reply.json()["detail"]) == (403, "client credentials may not access the audit service")
    assert (await web.get(LIST, headers=HEADERS)).status_code == 200


async def test_too_many_calls_in_a_minute_are_told_how_long_to_wait(api: httpx.AsyncClient, world: autional.Tenant, tell: Tell) -> None:
    clock = [datetime(2026, 11, 27, 9, 0, tzinfo=UTC)]
    world.clock = lambda: clock[0]
    await tell("modes", calls_per_minute=2)
    for _ in range(2):
        assert (await api.get("anomalies")).status_code == 200
        clock[0] += timedelta(seconds=10)
    refused = await api.get("anomalies")
    assert (refused.status_code, refused.headers.get("retry-after")) == (429, None)
    clock[0] += timedelta(seconds=refused.json()["retry_after"])
    assert (await api.get("anomalies")).status_code == 200


# --- members -------------------------------------------------------------------------------------------------------------


async def test_members_with_and_without_names(web: httpx.AsyncClient, tell: Tell) -> None:
    path = MEMBERS.format(autional.TENANT)
    page = (await web.get(path, headers=HEADERS, params={"page_size": 2})).json()
    assert (page["code"], page["total"], page["pagination"]["total_pages"]) == (0, 6, 3)
    assert page["items"][0] | {"user_id": "usr_dreyes", "username": "Dana Reyes", "email": "dana@acme.example"} == page["items"][0]
    everybody = (await web.get(path, headers=HEADERS)).json()["items"]
    assert {row["status"] for row in everybody} == {"active", "inactive"}
    await tell("modes", members="bare")
    bare = (await web.get(path, headers=HEADERS)).json()["items"][0]
    assert set(bare) == {"user_id", "role", "status", "tenant_id", "department_id", "joined_at"}


async def test_the_tenant_service_refuses_in_its_own_words(web: httpx.AsyncClient) -> None:
    path = MEMBERS.format(autional.TENANT)
    for reply in (await web.get(path), await web.get(path, headers=HEADERS, params={"page": 0})):
        assert is_plain(reply)
