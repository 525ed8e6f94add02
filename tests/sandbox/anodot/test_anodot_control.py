"""What tests and the chaos panel do to the fake: arrivals, ends, mergers, odd ones, faults, webhooks."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from starlette import applications, requests, responses, routing

from sandbox import anodot, loopback
from sandbox.anodot import catalogue, life, odd
from tests.sandbox.anodot.conftest import ALL, Tell, ids, listed


async def test_arrivals_are_new_open_and_what_they_were_told_to_be(api: httpx.AsyncClient, tell: Tell) -> None:
    fields = {"what": "signups", "resolution": "short", "metrics": 3, "up": False, "score": 0.62, "name": "Campaign"}
    made = await tell("anomalies", count=3, fields=fields)
    rows = (await listed(api))[:3]
    assert [row["id"] for row in rows] == made["ids"][::-1]
    seen = {(row["state"], row["resolution"], row["score"], row["name"], len(row["metrics"])) for row in rows}
    assert seen == {("open", "small", 62, "Campaign", 3)}
    metrics = [metric for row in rows for metric in row["metrics"]]
    assert {(metric["what"], "lowerAbsoluteDelta" in metric) for metric in metrics} == {("signups", True)}


async def test_an_anomaly_closes_by_itself_when_its_life_is_over(api: httpx.AsyncClient, clock: list[datetime], tell: Tell) -> None:
    ident = (await tell("anomalies", fields={"life": 600, "what": "latency_p95", "resolution": "medium"}))["ids"][0]
    began = int(clock[0].timestamp())
    clock[0] += timedelta(seconds=599)
    assert ident in await ids(api, state="open")
    clock[0] += timedelta(seconds=61)
    row = next(row for row in await listed(api, state="closed") if row["id"] == ident)
    assert (row["endDate"], row["duration"]) == (began + 600, 600)
    assert {interval["state"] for metric in row["metrics"] for interval in metric["currentAnomalyIntervals"]} == {"closed"}
    alerts = (await api.get("alerts/triggered", params={"startTime": began})).json()["alerts"]
    assert {(one["status"], one["endTime"]) for one in alerts if one["groupId"] == ident} == {("CLOSE", began + 600)}


async def test_somebody_ends_it_and_it_goes_on_after_all(
    web: httpx.AsyncClient, api: httpx.AsyncClient, clock: list[datetime], tell: Tell
) -> None:
    ident = (await tell("anomalies", fields={"what": "error_rate", "score": 0.9}))["ids"][0]
    clock[0] += timedelta(minutes=2)
    for word in ("closed", "open"):
        told = (await web.patch(f"/_control/anomalies/{ident}", json={"status": word})).json()
        assert (told["state"], told["endDate"] is None) == (word, word == "open")
        assert told == next(row for row in await listed(api) if row["id"] == ident)
        assert (await api.get("alerts/triggered")).json()["alerts"][0]["status"] == {"closed": "CLOSE", "open": "UPDATE"}[word]


async def test_more_metrics_join_and_one_after_the_other_is_normal_again(
    web: httpx.AsyncClient, world: anodot.Account, tell: Tell, clock: list[datetime]
) -> None:
    ident = (await tell("anomalies", fields={"what": "ad_spend", "metrics": 1, "score": 0.4}))["ids"][0]
    clock[0] += timedelta(minutes=5)
    told = (await web.patch(f"/_control/anomalies/{ident}", json={"spread": 2})).json()
    metrics = [metric["id"] for metric in told["metrics"]]
    assert len(set(metrics)) == 3 and world.anomalies[ident].triggers[0].status == "UPDATE"
    states = []
    for metric in metrics:
        told = (await web.patch(f"/_control/anomalies/{ident}", json={"calm": metric})).json()
        states.append((told["state"], [one["state"] for one in told["metrics"]].count("closed")))
    assert states == [("open", 1), ("open", 2), ("closed", 3)]


async def test_groups_merge_and_the_old_id_vanishes(api: httpx.AsyncClient, world: anodot.Account, tell: Tell) -> None:
    into, other = (await tell("anomalies", count=2, fields={"what": "latency_p95", "resolution": "medium", "score": 0.9}))["ids"]
    triggers = {trigger.id for ident in (into, other) for trigger in world.anomalies[ident].triggers}
    metrics = {breach.metric.id for ident in (into, other) for breach in world.anomalies[ident].breaches}
    assert await tell("merge") == {"id": into, "merged": [other]}
    row = next(row for row in await listed(api) if row["id"] == into)
    assert (row["mergedIds"], {metric["id"] for metric in row["metrics"]}) == ([other], metrics)
    assert other not in await ids(api)
    assert (await api.get(f"anomalies/{other}/metrics")).status_code == 404
    alerts = (await api.get("alerts/triggered", params={"types": "anomaly", "size": 99})).json()["alerts"]
    assert {one["id"] for one in alerts if one["groupId"] == into} == triggers
    assert other not in {one["groupId"] for one in alerts}
    await tell("modes", merged="followed")
    assert (await api.get(f"anomalies/{other}/metrics")).json()["id"] == into
    third = (await tell("anomalies"))["ids"][0]
    assert (await tell("merge", into=third, other=into))["merged"] == [into, other]
    assert (await api.get(f"anomalies/{other}/metrics", params={"resolution": ALL})).json()["id"] == third


async def test_people_work_in_anodot_itself(web: httpx.AsyncClient, world: anodot.Account, tell: Tell) -> None:
    trigger = next(one for one in world.triggers.values() if one.anomaly)
    await tell(f"triggers/{trigger.id}", acknowledge=True, assignee=catalogue.LEE.id)
    row = (await web.get("/_control/state", params={"id": trigger.group})).json()["anomaly"]
    seen = next(one for one in row["triggers"] if one["id"] == trigger.id)
    assert (seen["acks"], seen["assignee"]) == ([catalogue.SAM.id], catalogue.LEE.id)
    await web.patch(f"/_control/anomalies/{trigger.group}", json={"acknowledge": True, "by": catalogue.LEE.id})
    assert {tuple(one.acks)[-1] for one in world.anomalies[trigger.group].triggers} == {catalogue.LEE.id}


async def test_an_anomaly_is_erased(web: httpx.AsyncClient, api: httpx.AsyncClient, tell: Tell) -> None:
    ident = (await tell("anomalies", fields={"what": "latency_p95", "score": 0.9}))["ids"][0]
    await web.delete(f"/_control/anomalies/{ident}")
    assert ident not in await ids(api)
    assert ident not in (await api.get("alerts/triggered")).text
    assert (await web.get("/_control/state", params={"id": ident})).json()["anomaly"] is None


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("anomalies", {"fields": {"weight": 5}}),
        ("anomalies", {"fields": {"what": "cpu"}}),
        ("anomalies", {"fields": {"resolution": "small"}}),
        ("anomalies", {"fields": {"odd": "very"}}),
        ("modes", {"paging_max": 0}),
        ("faults", {"mode": "sleepy"}),
        ("keys", {"revoked": True, "key": "other"}),
        ("rights", {}),
        ("merge", {"into": "other"}),
        ("hook", {"address": "http://127.0.0.1:1/"}),
        ("push", {"event": "open"}),
    ],
)
async def test_what_makes_no_sense_is_refused(web: httpx.AsyncClient, route: str, body: dict[str, Any]) -> None:
    reply = await web.post(f"/_control/{route}", json=body)
    assert reply.status_code == 400 and reply.json()["error"]


async def test_each_odd_one_is_listed_among_the_others(api: httpx.AsyncClient, world: anodot.Account, tell: Tell) -> None:
    plain = (await listed(api, size=1))[0]
    await tell("modes", odd_every=2)
    made = (await tell("anomalies", count=2 * len(odd.WORDS)))["ids"]
    assert [world.anomalies[ident].odd for ident in made] == [found for word in odd.WORDS for found in ("", word)]
    rows = await listed(api, size=2 * len(odd.WORDS) + 1)
    assert rows[-1] == plain
    seen = dict(zip(odd.WORDS, rows[:-1:2][::-1], strict=True))
    assert (seen["null"], seen["id alone"].keys(), isinstance(seen["not an object"], str)) == (None, {"id"}, True)
    assert "id" not in seen["no id"] and seen["metrics null"]["metrics"] is None
    assert len({json.dumps(row, sort_keys=True) for row in seen.values()}) == len(odd.WORDS)


@pytest.mark.parametrize(
    ("mode", "status", "says"),
    [
        ("500", 500, "1002"),
        ("400", 400, "1002"),
        ("401", 401, "jwt expired"),
        ("expired", 400, "jwt expired"),
        ("403", 403, "not allowed"),
        ("1004", 400, "1004"),
        ("429", 429, "1004"),
        ("2001", 401, "2001"),
        ("2002", 400, "2002"),
        ("failed", 200, "1002"),
        ("overloaded", 200, "2002"),
        ("503", 503, "html"),
        ("garbage", 200, "doctype"),
    ],
)
async def test_faults_speak_like_the_vendor(api: httpx.AsyncClient, tell: Tell, mode: str, status: int, says: str) -> None:
    await tell("faults", mode=mode, times=1)
    reply = await api.get("anomalies")
    assert (reply.status_code, says in reply.text) == (status, True)
    assert (await api.get("anomalies")).json()["total"] == 15


async def test_arrivals_come_by_themselves() -> None:
    world = anodot.Account(open_count=0)
    world.modes.arrivals = 0.05
    async with anodot.running(world):
        await world.changed(world.revision, 5)
    assert next(iter(world.newest())).state == "open"


def test_what_is_open_spreads_merges_and_ends_by_itself_but_never_all_of_it(world: anodot.Account) -> None:
    metrics, living = {ident: len(one.breaches) for ident, one in world.anomalies.items()}, life.Life(world)
    for _ in range(60):
        living.step()
        world.arrive()
    states = [one.state for one in world.newest()]
    assert states.count("open") >= life.KEPT_OPEN and states.count("closed") > 24
    assert world.gone and any(len(one.breaches) > metrics.get(one.id, 99) for one in world.newest() if not one.merged)


def test_the_same_seed_and_clock_tell_the_same_story(world: anodot.Account, clock: list[datetime]) -> None:
    again, other = anodot.Account(clock=lambda: clock[0]), anodot.Account(seed=26, clock=lambda: clock[0])
    assert list(again.anomalies) == list(world.anomalies) != list(other.anomalies)
    assert {breach.metric.measure.team for one in world.newest() for breach in one.breaches} == {"marketing", "payments", "telemetry"}


# --- webhooks ----------------------------------------------------------------------------------------------------------------


@dataclass
class Desk:
    """Who takes the posts."""

    url: str = ""
    posts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    answers: int = 200
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def has(self, count: int) -> list[dict[str, Any]]:
        """The bodies, once there are so many."""
        async with asyncio.timeout(5):
            while len(self.posts) < count:
                self.came.clear()
                await self.came.wait()
        return [body for _, body in self.posts]

    async def take(self, request: requests.Request) -> responses.Response:
        self.posts.append((request.headers.get("authorization", ""), await request.json()))
        self.came.set()
        return responses.Response(status_code=self.answers)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk()
    app = applications.Starlette(routes=[routing.Route("/hooks/anodot", made.take, methods=["POST"])])

    async def beside() -> None:
        await asyncio.Event().wait()

    async with loopback.served(app, 0, beside) as url:
        made.url = f"{url}/hooks/anodot"
        yield made


async def test_a_push_has_the_form_and_the_oddities_of_the_vendor(url: str, world: anodot.Account, tell: Tell, desk: Desk) -> None:
    ident = (await tell("anomalies", fields={"what": "approval_rate", "resolution": "medium", "score": 0.9, "metrics": 2, "up": False}))[
        "ids"
    ][0]
    told = await tell("push", id=ident, event="open", url=desk.url, password="the-secret")
    assert [post["status"] for post in told["posts"]] == [200]
    (authorization, body), one = desk.posts[0], world.anomalies[ident]
    assert base64.b64decode(authorization.removeprefix("Basic ")) == b"anodot:the-secret"
    assert body["investigationUrl"].startswith(f"{url}/#!/anomalies?tabs=main;0&activeTab=1&anomalies=;0({ident})&")
    assert body["anomalyId"] == body["alertGroupId"] != ident and "-" in body["anomalyId"]
    assert (body["mergedAnomalies"], body["timeScale"], body["type"], body["severity"]) == (f"[{ident}]", "5m", "Anomaly", "critical")
    assert (body["startTime"], body["startTimeEpoch"]) == ("27 Nov, 2026 9:00AM (UTC)", str(one.started))
    assert body["subject"] == f"(2 Alerts) Open: Payments are declined and Payments, early warning[critical][{ident[:5]}]"
    assert [alert["alertId"] for alert in body["alerts"]] == [trigger.rule.id for trigger in one.triggers]
    metric = body["alerts"][0]["metrics"][0]
    assert (metric["direction"], metric["state"], metric["durationInSeconds"], type(metric["peak"])) == ("DOWN", "OPEN", "0", str)
    assert type(metric["delta"]) is type(metric["significance"]) is int and metric["imageUrl"] == ""
    assert not {"alertGroupStatus"} & set(body) and not {"triggereIds", "alertStatus"} & set(body["alerts"][0])


async def test_open_update_and_close_are_three_posts_of_one_group(
    web: httpx.AsyncClient, world: anodot.Account, clock: list[datetime], tell: Tell, desk: Desk
) -> None:
    await tell("hook", url=desk.url, extended=True)
    await tell("modes", push_ids="same")
    ident = (await tell("anomalies", fields={"what": "latency_p95", "score": 0.9, "metrics": 1}))["ids"][0]
    silent = (await tell("anomalies", fields={"triggered": False}))["ids"][0]
    clock[0] += timedelta(minutes=90)
    for change in ({"spread": 1}, {"status": "closed"}):
        await web.patch(f"/_control/anomalies/{ident}", json=change)
    bodies = await desk.has(3)
    assert [(body["alertGroupStatus"], body["anomalyId"]) for body in bodies] == [("OPEN", ident), ("UPDATE", ident), ("CLOSE", ident)]
    assert {authorization for authorization, _ in desk.posts} == {""} and silent not in json.dumps(bodies)
    alert = bodies[-1]["alerts"][0]
    assert (alert["triggereIds"], alert["alertStatus"]) == ([world.anomalies[ident].triggers[0].id], "CLOSE")
    assert alert["closeReasonPhrase"] and alert["metrics"][0]["duration"] == "1h 30m"
    assert {metric["state"] for metric in alert["metrics"]} == {"CLOSED"} and set(alert["metrics"][0]) >= {"from", "to", "impactInfo"}


async def test_posts_may_be_ungrouped_refused_or_in_vain(web: httpx.AsyncClient, tell: Tell, desk: Desk) -> None:
    ident = (await tell("anomalies", fields={"what": "latency_p95", "metrics": 3, "score": 0.9}))["ids"][0]
    desk.answers = 503
    told = await tell("push", id=ident, event="close", url=desk.url, ungrouped=True)
    assert [(post["status"], len(post["body"]["alerts"][0]["metrics"])) for post in told["posts"]] == [(503, 1)] * 3
    told = await tell("push", id=ident, url="http://127.0.0.1:9/hooks/anodot")
    assert [post["status"] for post in told["posts"]] == [0]
    assert [post["status"] for post in (await web.get("/_control/pushes")).json()["posts"]] == [503, 503, 503, 0]


@pytest.mark.parametrize(("event", "kind"), [("static", "static"), ("no_data", "No Data")])
async def test_alerts_about_no_anomaly_name_none(tell: Tell, desk: Desk, event: str, kind: str) -> None:
    await tell("push", event=event, url=desk.url)
    body = desk.posts[0][1]
    assert (body["type"], body["alerts"][0]["metrics"][0]["state"]) == (kind, "OPEN")
    assert not {"anomalyId", "alertGroupId", "investigationUrl", "mergedAnomalies"} & set(body)
