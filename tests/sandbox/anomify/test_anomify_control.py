"""What tests and the chaos panel do to the fake: arrivals, ends, faults; and the webhook, with its tries and its order."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from starlette import applications, requests, responses, routing

from sandbox import anomify, loopback
from sandbox.anomify import organisation, push
from tests.sandbox.anomify.conftest import Tell, detail

METRIC = "acme_prod.mysql.db-02.slow_queries"


async def test_arrivals_are_what_they_were_told_to_be(api: httpx.AsyncClient, clock: list[datetime], tell: Tell) -> None:
    made = (await tell("anomalies", count=3, fields={"metric": METRIC, "positive": False, "score": 0.62}))["ids"]
    assert made == sorted(made)
    clock[0] += timedelta(minutes=4)
    told = [(await detail(api, ident))["anomaly"] for ident in made]
    seen = {(one["metric"], one["positive"], one["score"], one["until_timestamp"]) for one in told}
    assert seen == {(METRIC, False, 0.62, None)}


async def test_somebody_ends_it_and_it_stays_so(web: httpx.AsyncClient, clock: list[datetime], tell: Tell) -> None:
    ident = (await tell("anomalies", fields={"metric": METRIC}))["ids"][0]
    clock[0] += timedelta(minutes=2)
    row = await tell(f"anomalies/{ident}", "PATCH", status="over")
    assert (row["status"], row["until"] - row["timestamp"], row["correlated"]) == ("over", 120, True)
    assert (await web.patch(f"/_control/anomalies/{ident}", json={"status": "running"})).status_code == 400
    assert (await web.get("/_control/state", params={"id": ident})).json()["anomaly"] == row


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("anomalies", {"fields": {"metric": "no.such.metric"}}),
        ("anomalies", {"fields": {"color": "red"}}),
        ("anomalies", {"fields": {"odd": "no such way"}}),
        ("modes", {"list": "maybe"}),
        ("modes", {"no_such_switch": 1}),
        ("sessions", {"kind": "org"}),
        ("push", {"event": "second", "url": "http://127.0.0.1:9/"}),
        ("push", {}),
        ("hook", {"key": "x"}),
        ("faults", {"mode": "no such fault"}),
    ],
)
async def test_what_makes_no_sense_is_refused(
    web: httpx.AsyncClient, world: anomify.Organisation, route: str, body: dict[str, Any]
) -> None:
    before = (len(world.anomalies), world.modes.model_dump())
    reply = await web.post(f"/_control/{route}", json=body)
    assert reply.status_code == 400 and reply.json()["error"]
    assert (len(world.anomalies), world.modes.model_dump()) == before


@pytest.mark.parametrize(
    ("mode", "status", "inside"),
    [
        ("500", 500, 500),
        ("429", 429, 429),
        ("401", 401, 401),
        ("403", 403, 403),
        ("failed", 200, 500),
        ("stranger", 200, 401),
        ("demo", 200, 403),
        ("text code", 200, "500"),
        ("no status", 200, None),
        ("no data", 200, 200),
    ],
)
async def test_faults_speak_like_the_vendor(api: httpx.AsyncClient, tell: Tell, mode: str, status: int, inside: object) -> None:
    await tell("faults", mode=mode, times=1)
    reply = await api.get("/user/ping")
    assert (reply.status_code, reply.json().get("status", {}).get("code")) == (status, inside)
    assert (await api.get("/user/ping")).json()["data"]["ping"] == "pong"


async def test_arrivals_come_by_themselves() -> None:
    world = anomify.Organisation(open_count=0)
    world.modes.arrivals = 0.05
    async with anomify.running(world):
        await world.changed(world.revision, 5)
    assert next(iter(world.newest())).ended is None


def test_what_goes_on_is_over_by_itself_but_never_all_of_it(world: anomify.Organisation) -> None:
    running = {one.id for one in world.newest() if one.ended is None}
    for _ in range(20):
        world.settle()
    still = {one.id for one in world.newest() if one.ended is None}
    assert still < running and len(still) == organisation.KEPT_RUNNING
    assert [what for what, _ in world.news] == ["final"] * (len(running) - len(still))


# --- the webhook -------------------------------------------------------------------------------------------------------------


@dataclass
class Desk:
    """Who takes the posts; answers `answers` first, then 200."""

    url: str = ""
    posts: list[dict[str, Any]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    answers: list[int] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def has(self, count: int) -> list[dict[str, Any]]:
        """The bodies, once there are so many."""
        async with asyncio.timeout(5):
            while len(self.posts) < count:
                self.came.clear()
                await self.came.wait()
        return self.posts

    async def take(self, request: requests.Request) -> responses.Response:
        self.keys.add(request.headers.get("x-api-key", ""))
        self.posts.append(await request.json())
        self.came.set()
        return responses.Response(status_code=self.answers.pop(0) if self.answers else 200)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk()
    app = applications.Starlette(routes=[routing.Route("/hooks/anomify", made.take, methods=["POST"])])
    async with loopback.served(app, 0, asyncio.Event().wait) as url:
        made.url = f"{url}/hooks/anomify"
        yield made


@pytest.fixture
async def channel(world: anomify.Organisation, desk: Desk) -> push.Channel:
    """A channel that posts to the desk when it is told to."""
    made = push.Channel(world)
    made.point(push.Hook(url=desk.url, password="the-key"))
    world.modes.retry_seconds = 0
    return made


async def test_an_anomaly_is_posted_three_times_with_one_id(
    world: anomify.Organisation, clock: list[datetime], tell: Tell, desk: Desk
) -> None:
    await tell("hook", url=desk.url, password="the-key")
    ident = (await tell("anomalies", fields={"metric": METRIC, "life": 600}))["ids"][0]
    unwatched = (await tell("anomalies", fields={"metric": "acme_staging.web.stage-01.tcp.CurrEstab"}))["ids"][0]
    first = (await desk.has(1))[0]
    started = int(clock[0].timestamp())
    one = world.anomalies[ident]
    told = {"anomalyScore": one.told_score(), "id": str(ident), "metric": METRIC, "timestamp": started, "value": one.told_value()}
    assert first == {"data": {"anomaly": told}, "status": {}}
    clock[0] += timedelta(seconds=180)
    second = (await desk.has(2))[1]["data"]["anomaly"]
    assert set(second) == {*told, "cross correlations", "related anomalies"} and second["value"] > told["value"]
    assert all(set(moved) == {"coefficient", "shifted", "shifted_coefficient"} for moved in second["cross correlations"].values())
    assert len(second["cross correlations"]) > 12
    clock[0] += timedelta(seconds=420)
    last = (await desk.has(3))[2]["data"]
    assert set(last["anomaly"]) == {*second, "end_timestamp"} and last["anomaly"]["end_timestamp"] == started + 600
    assert {"sam@acme.example"} <= {watcher["owner"]["email"] for watcher in last["matching_watchers"]}
    assert {body["data"]["anomaly"]["id"] for body in desk.posts} == {str(ident)} != {str(unwatched)}
    assert desk.keys == {"the-key"}


async def test_only_200_counts_as_delivered(world: anomify.Organisation, desk: Desk, channel: push.Channel) -> None:
    world.arrive(metric=METRIC)
    desk.answers = [202, 204, 500]
    for waiting in (1, 1, 1, 0, 0):
        await channel.deliver()
        assert len(channel.outbox) == waiting
    assert [(told["status"], told["try"]) for told in channel.sent] == [(202, 1), (204, 2), (500, 3), (200, 4)]
    assert len({json.dumps(body) for body in desk.posts}) == 1


async def test_after_fifteen_tries_it_gives_up(world: anomify.Organisation, desk: Desk, channel: push.Channel) -> None:
    world.arrive(metric=METRIC)
    desk.answers = [503] * 20
    for _ in range(17):
        await channel.deliver()
    assert (len(desk.posts), channel.outbox) == (15, [])


async def test_one_that_is_refused_holds_up_no_other_and_waits_before_the_next_try(
    world: anomify.Organisation, desk: Desk, channel: push.Channel
) -> None:
    world.modes.retry_seconds = 600
    world.arrive(count=3, metric=METRIC)
    desk.answers = [500]
    for _ in range(2):
        await channel.deliver()
    assert [told["status"] for told in channel.sent] == [500, 200, 200] and len(channel.outbox) == 1


async def test_the_first_post_may_come_after_the_second_and_all_of_them_twice(
    world: anomify.Organisation, desk: Desk, channel: push.Channel, clock: list[datetime]
) -> None:
    world.modes.order, world.modes.posts = "wrong", "twice"
    world.arrive(metric=METRIC)
    await channel.deliver()
    assert desk.posts == []
    clock[0] += timedelta(seconds=180)
    world.advance()
    await channel.deliver()
    assert [("cross correlations" in body["data"]["anomaly"]) for body in desk.posts] == [True, True, False, False]


async def test_muted_or_silent_nobody_is_told(world: anomify.Organisation, desk: Desk, channel: push.Channel) -> None:
    world.mute(3600)
    world.arrive(metric=METRIC)
    world.mute(0)
    world.modes.posts = "silent"
    world.arrive(metric=METRIC)
    await channel.deliver()
    world.modes.posts = "sent"
    await channel.deliver()
    assert (desk.posts, list(channel.sent)) == ([], [])


async def test_what_ends_early_has_no_second_post(world: anomify.Organisation, desk: Desk, channel: push.Channel) -> None:
    one = world.arrive(metric=METRIC)[0]
    world.end(one)
    await channel.deliver()
    assert [told["event"] for told in channel.sent] == ["initial", "final"]


async def test_a_post_by_hand_a_test_alert_and_one_in_vain(web: httpx.AsyncClient, tell: Tell, desk: Desk) -> None:
    told = await tell("push", url=desk.url, event="final")
    assert [(post["status"], "end_timestamp" in post["body"]["data"]["anomaly"]) for post in told["posts"]] == [(200, True)]
    await tell("push", url=desk.url, event="test")
    assert desk.posts[1]["data"]["alert"]["test_alert"] is True
    assert (await tell("push", url="http://127.0.0.1:9/hooks/anomify"))["posts"][0]["status"] == 0
    kept = (await web.get("/_control/pushes")).json()
    assert ([post["status"] for post in kept["posts"]], kept["waiting"]) == ([200, 200, 0], 0)
