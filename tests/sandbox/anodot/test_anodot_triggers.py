"""Triage of the fake: triggers, who looks at them, verdicts, comments, users (contracts 2.5, 2.6)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from sandbox import anodot
from sandbox.anodot import account, catalogue
from tests.sandbox.anodot.conftest import Tell, listed

DANA, LEE, MIRA, TOM = (user.id for user in (catalogue.DANA, catalogue.LEE, catalogue.MIRA, catalogue.TOM))
BOTH = {"assigneeId": LEE, "assignerId": DANA}


@pytest.fixture
async def trigger(world: anodot.Account, tell: Tell) -> account.Trigger:
    """The one of a new anomaly."""
    ident = (await tell("anomalies", fields={"what": "latency_p95", "score": 0.9}))["ids"][0]
    return world.anomalies[ident].triggers[0]


async def triggered(api: httpx.AsyncClient, **params: Any) -> list[dict[str, Any]]:
    reply = await api.get("alerts/triggered", params={"size": 200, **params})
    assert reply.status_code == 200, reply.text
    return list(reply.json()["alerts"])


async def test_a_trigger_is_joined_to_its_anomaly_by_group(api: httpx.AsyncClient, world: anodot.Account) -> None:
    rows, known = await triggered(api), {one["id"]: one for one in await listed(api)}
    joined = [row for row in rows if row["groupId"] in known]
    assert {row["type"] for row in rows if row not in joined} == {"static", "no_data"}
    for row in joined:
        assert row["startTime"] == known[row["groupId"]]["startDate"]
        assert (row["status"] == "CLOSE") == (known[row["groupId"]]["state"] == "closed")
        assert "metrics" not in row and row["totalMetrics"] == len(known[row["groupId"]]["metrics"])
    groups = [row["groupId"] for row in joined]
    assert len(groups) > len(set(groups)), "some anomalies have two"
    assert set(known) - set(groups), "some have none"
    full = await triggered(api, isLeanResponse="false")
    assert {interval["anomalyId"] for row in full for metric in row.get("metrics", []) for interval in metric["intervals"]} == set(groups)


async def test_the_list_has_a_newer_and_an_older_form(api: httpx.AsyncClient, tell: Tell) -> None:
    flat = await triggered(api, types="anomaly")
    reply = (await api.get("alerts/triggered")).json()
    assert (set(reply), len(reply["alerts"])) == ({"total", "alerts"}, 20)
    await tell("modes", triggers_most=7)
    assert (len(await triggered(api)), (await api.get("alerts/triggered")).json()["total"]) == (7, reply["total"])
    await tell("modes", triggers_most=0, triggers="older", trigger_types="capitals")
    older = (await api.get("alerts/triggered", params={"size": 200, "types": "anomaly"})).json()
    assert set(older) == {"total", "alertGroups"} and older["total"] == len(older["alertGroups"]) < len(flat)
    alerts = [row for group in older["alertGroups"] for row in group["alerts"]]
    assert {row["id"] for row in alerts} == {row["id"] for row in flat}
    assert {row["type"] for row in alerts} == {"ANOMALY"}
    assert all(group["id"] == row["groupId"] for group in older["alertGroups"] for row in group["alerts"])


async def test_what_triggers_are_asked_for(api: httpx.AsyncClient, world: anodot.Account, tell: Tell) -> None:
    rows = await triggered(api)

    async def seen(**params: Any) -> list[dict[str, Any]]:
        counted = (await api.get("alerts/triggered/count", params=params)).json()
        found = await triggered(api, **params)
        assert counted == {"total": len(found)} and len(found) < len(rows)
        return found

    assert {row["severity"] for row in await seen(severities="HIGH,CRITICAL")} == {"high", "critical"}
    assert {row["type"] for row in await seen(types="static,noData")} == {"static", "no_data"}
    assert "CLOSE" not in {row["status"] for row in await seen(status="OPEN")}
    assert {row["status"] for row in await seen(status="CLOSE")} == {"CLOSE"}
    assert {row["labels"][0] for row in await seen(labels="payments")} == {"payments"}
    assert all(LEE in row["subscribers"] for row in await seen(subscribers=LEE))
    since = world.now() - 86_400
    assert all(row["startTime"] >= since for row in await seen(startTime=since))
    rule = rows[0]["alertConfigurationId"]
    assert {row["alertConfigurationId"] for row in await seen(alertConfigurationIds=rule)} == {rule}
    for by in ("updateTime", "updatedTime"):
        times = [row["updateTime"] for row in await triggered(api, sort=by, order="asc")]
        assert times == sorted(times)
    await tell("modes", trigger_sort="updateTime")
    for wrong in ({"sort": "updatedTime"}, {"severities": "high"}, {"types": "no_data"}, {"status": "UPDATE"}, {"startTime": "now"}):
        assert (await api.get("alerts/triggered", params=wrong)).status_code == 400


async def test_people_acknowledge_each_for_themselves(api: httpx.AsyncClient, trigger: account.Trigger) -> None:
    base = f"alerts/triggered/{trigger.id}/acknowledge"
    for who in (DANA, LEE, DANA):
        reply = await api.post(f"{base}/add", json={"userId": who})
        assert (reply.status_code, reply.content) == (200, b"")
    row = next(row for row in await triggered(api, ack="ACK"))
    assert (row["id"], sorted(row["stars"])) == (trigger.id, sorted([DANA, LEE]))
    await api.post(f"{base}/remove", json={"userId": DANA})
    assert (trigger.acks, trigger.id in {row["id"] for row in await triggered(api, ack="NOACK")}) == ([LEE], False)


async def test_one_is_assigned_and_taken_off_with_a_body(api: httpx.AsyncClient, trigger: account.Trigger) -> None:
    address = f"alerts/triggered/{trigger.id}/assignee"
    assert (await api.put(address, json=BOTH)).content == b""
    assert (await triggered(api))[0]["assignee"] == BOTH
    assert (await api.delete(address)).status_code == 400
    other = {"assigneeId": DANA, "assignerId": DANA}
    assert (await api.request("DELETE", address, json=other)).status_code == 400
    assert trigger.assignee == LEE
    assert (await api.request("DELETE", address, json=BOTH)).status_code == 200
    assert (await triggered(api))[0]["assignee"] is None


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "acknowledge/add", {}, 400),
        ("POST", "acknowledge/add", {"userId": "U0DANA"}, 400),
        ("POST", "acknowledge/add", {"userId": "dana@acme.example"}, 400),
        ("POST", "acknowledge/add", {"userId": TOM}, 400),
        ("POST", "acknowledge/add", {"userId": MIRA}, 403),
        ("POST", "acknowledge/add", [DANA], 400),
        ("POST", "acknowledge", {"userId": DANA}, 404),
        ("PUT", "assignee", {"assigneeId": LEE}, 400),
        ("PUT", "assignee", {"assignerId": LEE}, 400),
        ("PUT", "assignee", {**BOTH, "assigneeId": TOM}, 400),
        ("POST", "assignee", BOTH, 405),
    ],
)
async def test_who_is_nobody_there_does_nothing(
    api: httpx.AsyncClient, trigger: account.Trigger, method: str, path: str, body: Any, status: int
) -> None:
    assert (await api.request(method, f"alerts/triggered/{trigger.id}/{path}", json=body)).status_code == status
    assert (await api.request(method, f"alerts/triggered/{trigger.group}/{path}", json=body)).status_code in (404, 405), (
        "a group is no trigger"
    )
    assert (trigger.acks, trigger.assignee) == ([], "")


# --- verdicts ----------------------------------------------------------------------------------------------------------------


def verdict(trigger: account.Trigger, **more: Any) -> dict[str, Any]:
    given = {"userId": DANA, "userName": "Dana Reyes", "triggerIds": [trigger.id], "type": "NOT_INTERESTING", "origin": "api"}
    return {**given, **more}


async def test_a_verdict_is_given_then_explained_then_read(
    api: httpx.AsyncClient, clock: list[datetime], trigger: account.Trigger, tell: Tell
) -> None:
    given = (await api.post("feedbacks", json=verdict(trigger))).json()
    began = int(clock[0].timestamp())
    assert given["meta"] == {"userId": DANA, "modifiedTime": began, "createdTime": began, "origin": "api"}
    clock[0] += timedelta(seconds=30)
    address = f"feedbacks/{given['id']}"
    changed = (await api.put(address, json=verdict(trigger, reason="Incorrect Data", comment="Sensor swap"))).json()
    assert (changed["id"], changed["meta"]["modifiedTime"], changed["meta"]["createdTime"]) == (given["id"], began + 30, began)
    row = (await api.get("feedbacks")).json()["feedbacks"][0]
    assert (row["type"], row["comment"], row["userName"]) == ("NOT_INTERESTING", "Incorrect Data, Sensor swap", "dana@acme.example")
    assert row["anomalyGroupId"] == trigger.group and f"anomalies=;0({trigger.group})" in row["anomalyId"]
    assert (await triggered(api, negativeFeedback="true"))[0]["feedback"][0]["id"] == given["id"]
    assert trigger.id not in {one["id"] for one in await triggered(api, noFeedback="true")}
    clock[0] += timedelta(days=1)
    assert (await api.get("feedbacks")).json()["total"] == 0, "the last day, where nobody says"
    for names, start, end in (("startTime", "startTime", "endTime"), ("startDate", "startDate", "endDate")):
        await tell("modes", feedback_times=names)
        assert (await api.get("feedbacks", params={start: began, end: began})).json()["total"] == 1
    assert [(await api.get(f"feedbacks/{kind}")).status_code for kind in ("static", "noData", "anomaly")] == [200, 200, 404]


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"type": "NOT_INTERESETING"}, 400),
        ({"type": "Good Catch"}, 400),
        ({"origin": "slack"}, 400),
        ({"origin": None}, 400),
        ({"userName": ""}, 400),
        ({"userId": "U0DANA"}, 400),
        ({"userId": MIRA}, 403),
        ({"triggerIds": []}, 400),
        ({"triggerIds": "one"}, 400),
        ({"triggerIds": ["one", "two"]}, 400),
        ({"triggerIds": ["one"]}, 404),
    ],
)
async def test_what_is_no_verdict(
    api: httpx.AsyncClient, world: anodot.Account, trigger: account.Trigger, more: dict[str, Any], status: int
) -> None:
    assert (await api.post("feedbacks", json=verdict(trigger, **more))).status_code == status
    assert world.feedbacks == {}


async def test_reasons_are_three_and_only_of_bad_ones(api: httpx.AsyncClient, trigger: account.Trigger, tell: Tell) -> None:
    address = f"feedbacks/{(await api.post('feedbacks', json=verdict(trigger))).json()['id']}"

    async def status(**more: Any) -> int:
        return (await api.put(address, json=verdict(trigger, **more))).status_code

    assert [await status(reason=word) for word in ("No Business Impact", "Not an Anomaly", "NOT_AN_ANOMALY", "Other")] == [
        200,
        200,
        400,
        400,
    ]
    assert await status(type="GOOD_CATCH", reason="Not an Anomaly") == 400
    await tell("modes", reasons="enum")
    assert [await status(reason=word) for word in ("NOT_AN_ANOMALY", "Not an Anomaly")] == [200, 400]
    assert (await api.put("feedbacks/unknown", json=verdict(trigger))).status_code == 404


# --- comments and users ------------------------------------------------------------------------------------------------------


async def test_a_comment_is_about_a_group(api: httpx.AsyncClient, world: anodot.Account, trigger: account.Trigger, tell: Tell) -> None:
    async def status(**body: Any) -> int:
        return (await api.post("timeline/comments", json=body)).status_code

    told = (await api.post("timeline/comments", json={"alertGroupId": trigger.group, "text": "Looks serious", "userId": DANA})).json()
    assert (set(told), told["comment"], len(told["id"])) == ({"id", "comment", "createdTime"}, "Looks serious", 24)
    assert await status(alertGroupId=trigger.group, text="by nobody") == 200
    assert [(one.text, one.user) for one in world.comments] == [("Looks serious", DANA), ("by nobody", "")]
    alone = (await tell("anomalies", fields={"triggered": False}))["ids"][0]
    assert await status(alertGroupId=trigger.id, text="x") == 404
    assert await status(alertGroupId=alone, text="x") == 404
    assert [await status(alertGroupId=trigger.group, text=" "), await status(alertGroupId=trigger.group, text="x", userId="U0DANA")] == [
        400,
        400,
    ]
    await tell("modes", comments="anomalies")
    assert await status(alertGroupId=alone, text="x") == 200


async def test_users_are_a_bare_list_whose_ids_have_a_line_below(api: httpx.AsyncClient) -> None:
    users = (await api.get("users")).json()
    assert {user["_id"] for user in users} == {user.id for user in catalogue.USERS}
    assert all("id" not in user and set(user) >= {"email", "firstName", "lastName", "roles", "disabled"} for user in users)
    assert {role for user in users for role in user["roles"]} == {"customer-user", "customer-admin", "customer-read-only"}
    assert [user["email"] for user in users if user["disabled"]] == ["tom.vance@acme.example"]
