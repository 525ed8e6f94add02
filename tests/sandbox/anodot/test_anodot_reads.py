"""What a list, a count, one anomaly, its series and what is common are asked for, and what is refused (contracts 2.3, 2.4)."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from sandbox import anodot
from sandbox.anodot import catalogue
from tests.sandbox.anodot.conftest import ALL, Tell, ids, listed

HOUR = 3600


def q(*parts: dict[str, Any]) -> str:
    return json.dumps({"expression": list(parts)})


def where(key: str, value: str, exact: bool = True, kind: str = "property") -> dict[str, Any]:
    return {"type": kind, "key": key, "value": value, "isExact": exact}


async def made(tell: Tell, **fields: Any) -> str:
    return str((await tell("anomalies", fields=fields))["ids"][0])


# --- filters -----------------------------------------------------------------------------------------------------------------


async def test_without_a_resolution_there_are_five_minutes_alone(api: httpx.AsyncClient) -> None:
    seen = {one["resolution"] for one in (await api.get("anomalies")).json()["anomalies"]}
    counted = [(await api.get("anomalies/count", params=params)).json()["total"] for params in ({}, {"resolution": ALL})]
    assert (seen, counted[0] < counted[1]) == ({"medium"}, True)


async def test_a_reply_says_small_where_a_request_says_short(api: httpx.AsyncClient, tell: Tell) -> None:
    ident = await made(tell, resolution="short")
    found = await listed(api, resolution="short,weekly")
    assert found[0]["id"] == ident and {one["resolution"] for one in found} <= {"small", "weekly"}
    assert (await api.get("anomalies", params={"resolution": "small"})).status_code == 400
    await tell("modes", weekly="refused")
    assert (await api.get("anomalies", params={"resolution": ALL})).status_code == 400


async def test_states_are_both_unless_one_is_asked(api: httpx.AsyncClient) -> None:
    everything, opened, closed = await ids(api), await ids(api, state="open"), await ids(api, state="closed")
    assert (len(opened), opened | closed, opened & closed) == (12, everything, set())
    assert await ids(api, state="both") == everything


async def test_the_end_of_a_time_frame_is_about_closed_ones_alone(
    api: httpx.AsyncClient, world: anodot.Account, clock: list[datetime]
) -> None:
    opened, now = await ids(api, state="open"), world.now()
    early = await ids(api, endDate=now - 10 * 86_400)
    assert opened < early
    assert all(world.anomalies[ident].started <= now - 10 * 86_400 for ident in early - opened)
    since = min(world.anomalies[ident].started for ident in opened)
    assert await ids(api, state="open", startDate=since) == opened
    assert len(await ids(api, state="open", startDate=since + 1)) == 11


async def test_the_least_score_is_between_0_and_1(api: httpx.AsyncClient, world: anodot.Account, tell: Tell) -> None:
    high = await ids(api, score="0.8")
    assert high == {one.id for one in world.anomalies.values() if one.score >= 0.8} and 0 < len(high) < 36
    assert (await api.get("anomalies", params={"score": 80})).status_code == 400
    await tell("modes", unknown_words="ignored")
    assert len(await ids(api, score=80)) == 36


async def test_a_duration_needs_its_unit(api: httpx.AsyncClient, world: anodot.Account) -> None:
    long = {one.id for one in world.anomalies.values() if one.duration(world.now()) >= 48 * HOUR}
    for value, unit in ((2, "days"), (48, "hours"), (2880, "minutes"), (172_800, "seconds")):
        assert await ids(api, durationValue=value, durationUnit=unit) == long
    assert 0 < len(long) < 36
    assert (await api.get("anomalies", params={"durationValue": 2})).status_code == 400
    assert (await api.get("anomalies", params={"durationValue": 2, "durationUnit": "weeks"})).status_code == 400


async def test_direction_and_delta(api: httpx.AsyncClient, tell: Tell) -> None:
    up, down = await made(tell, what="latency_p95", up=True), await made(tell, what="latency_p95", up=False)
    rising, falling = await ids(api, valueDirection="up"), await ids(api, valueDirection="down")
    assert (up in rising, down in falling, rising & falling) == (True, True, set())
    assert rising | falling == await ids(api, valueDirection="both")
    everything = {one["id"]: one["metrics"] for one in await listed(api)}
    for kind, field, least in (("percentage", "delta", 40), ("absolute", "maxBreach", 30)):
        expected = {ident for ident, metrics in everything.items() if any(metric[field] >= least for metric in metrics)}
        assert await ids(api, delta=least, deltaType=kind) == expected and 0 < len(expected) < len(everything)
    assert (await api.get("anomalies", params={"delta": 20})).status_code == 400


async def test_bookmarks_of_anybody_of_nobody_of_somebody_and_not_of_somebody(api: httpx.AsyncClient, tell: Tell) -> None:
    mine = await made(tell, bookmarks=[catalogue.DANA.id])
    everything, marked = await ids(api), await ids(api, bookmark="all")
    assert await ids(api, bookmark="none") == everything - marked and mine in marked
    assert await ids(api, bookmark=catalogue.DANA.id) == {mine} < marked
    assert await ids(api, bookmark=f"!{catalogue.DANA.id}") == everything - {mine}
    assert (await api.get("anomalies", params={"bookmark": f"-{catalogue.DANA.id}"})).status_code == 400
    await tell("modes", negation="-")
    assert await ids(api, bookmark=f"-{catalogue.DANA.id}") == everything - {mine}


@pytest.mark.parametrize("by", ["startDate", "endDate", "duration", "score", "delta"])
async def test_orders(api: httpx.AsyncClient, world: anodot.Account, by: str) -> None:
    def of(one: dict[str, Any]) -> float:
        value = max(metric["delta"] for metric in one["metrics"]) if by == "delta" else one[by]
        return float(world.now() if value is None else value)

    for order, back in (("asc", False), ("desc", True)):
        seen = [of(one) for one in await listed(api, sort=by, order=order)]
        assert seen == sorted(seen, reverse=back)
    assert await listed(api, sort=by) == await listed(api, sort=by, order="desc")


@pytest.mark.parametrize(
    "params",
    [
        {"state": "Open"},
        {"startDate": "2026-11-27"},
        {"startDate": "1795770000.5"},
        {"size": "all"},
        {"index": "-1"},
        {"sort": "significance"},
        {"order": "down"},
        {"valueDirection": "UP"},
        {"deltaType": "percent", "delta": 2},
        {"score": "high"},
        {"score": "nan"},
        {"resolution": ["short", "long"]},
        {"bookmark": "dana@acme.example"},
    ],
)
async def test_what_a_parameter_must_not_hold(api: httpx.AsyncClient, params: dict[str, Any]) -> None:
    reply = await api.get("anomalies", params=params)
    assert (reply.status_code, reply.json()["errors"][0]["error"]) == (400, "1002")


async def test_what_is_unknown_is_ignored(api: httpx.AsyncClient) -> None:
    assert await ids(api, anomalyType="all", correlation="", startBucketMode="true", limit=1) == await ids(api)


# --- search expressions ------------------------------------------------------------------------------------------------------


async def test_a_search_looks_at_metrics(api: httpx.AsyncClient, tell: Tell) -> None:
    ident = await made(tell, what="approval_rate", metrics=5)
    what = await ids(api, q=q(where("what", "approval_rate")))
    assert ident in what
    assert await ids(api, q=q(where("what", "approval"))) == set()
    assert await ids(api, q=q(where("what", "approval", exact=False))) == what
    assert await ids(api, q=q(where("what", "!approval_rate", exact=False))) == await ids(api) - what
    country = next(one for one in await listed(api) if one["id"] == ident)["metrics"][0]["properties"][-2]
    assert country["key"] == "country"
    both = await ids(api, q=q(where("what", "approval_rate"), where("country", country["value"])))
    assert ident in both <= what
    assert await ids(api, q=q()) == await ids(api)


async def test_a_search_finds_composites_by_their_origin(api: httpx.AsyncClient, tell: Tell) -> None:
    ident = await made(tell, what="revenue_per_visit")
    found = await listed(
        api, q=q({**where("originId", catalogue.MEASURE["revenue_per_visit"].composite, kind="origin"), "originType": "Composite"})
    )
    assert ident in {one["id"] for one in found}
    assert {metric["what"] for one in found for metric in one["metrics"]} == {"revenue_per_visit"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("what=cpu", "1001"),
        ("{", "1001"),
        ("[]", "1002"),
        ('{"expression": "cpu"}', "1002"),
        ('{"expression": ["cpu"]}', "1002"),
        (q(where("what", "")), "1002"),
        (q(where("what", "!")), "1002"),
        (q(where("", "cpu")), "1002"),
        (q({**where("what", "cpu"), "isExact": "yes"}), "1002"),
        (q(where("what", "cpu", kind="tag")), "1002"),
        (q(where("originId", "x", kind="origin")), "1002"),
    ],
)
async def test_a_malformed_search_is_an_error_also_inside_of_200(api: httpx.AsyncClient, tell: Tell, text: str, code: str) -> None:
    statuses = []
    for refusals in ("http", "body"):
        await tell("modes", refusals=refusals)
        reply = await api.get("anomalies", params={"q": text})
        statuses.append(reply.status_code)
        assert set(reply.json()) == {"errors"}
        assert (reply.json()["errors"][0]["error"], set(reply.json()["errors"][0])) == (code, {"index", "error", "description"})
    assert statuses == [400, 200]


async def test_errors_may_stand_beside_a_result(api: httpx.AsyncClient, tell: Tell) -> None:
    await tell("modes", beside="errors")
    told = (await api.get("anomalies")).json()
    assert told["anomalies"] and told["errors"]


# --- pages -------------------------------------------------------------------------------------------------------------------


async def test_pages_end_at_paging_max(api: httpx.AsyncClient, tell: Tell) -> None:
    everything = [one["id"] for one in await listed(api)]
    await tell("modes", paging_max=20, default_size=5)
    assert [one["id"] for one in await listed(api)] == everything[:5]
    pages = [[one["id"] for one in await listed(api, index=index, size=8)] for index in (0, 8, 16, 24)]
    assert pages == [everything[:8], everything[8:16], everything[16:20], []]
    reply = (await api.get("anomalies", params={"resolution": ALL, "size": 100})).json()
    assert (reply["total"], reply["pagingMax"], len(reply["anomalies"])) == (36, "20", 20)
    await tell("modes", paging_as="number")
    assert (await api.get("anomalies")).json()["pagingMax"] == 20


async def test_thousands_are_paged_cheaply() -> None:
    world = anodot.Account(open_count=3_000)
    async with anodot.running(world) as url, httpx.AsyncClient(base_url=f"{url}/api/v2", timeout=5, verify=False) as api:
        api.headers["Authorization"] = f"Bearer {world.tokens.exchange(anodot.SANDBOX_KEY, world.now(), 600)}"
        start = time.process_time()
        seen = {ident for index in range(0, 500, 100) for ident in await ids(api, state="open", index=index, size=100)}
    assert len(seen) == 500
    assert (time.process_time() - start) / 5 < 0.15, "a page must not take longer than the latency that is simulated"


# --- one anomaly -------------------------------------------------------------------------------------------------------------


async def test_one_anomaly_is_hidden_without_its_resolution_and_an_early_start(
    api: httpx.AsyncClient, world: anodot.Account, tell: Tell
) -> None:
    assert (await api.get(f"anomalies/{'0' * 32}/metrics", params={"resolution": ALL})).status_code == 404
    old = next(one for one in world.shelf if one.resolution != "medium")
    early = {"startDate": old.started}
    for params, status in (({}, 404), (early, 404), ({"resolution": ALL}, 404), ({"resolution": ALL, **early}, 200)):
        assert (await api.get(f"anomalies/{old.id}/metrics", params=params)).status_code == status
    assert (await api.get(f"anomalies/{old.id}/metrics", params={"resolution": ALL, "startDate": old.started + 1})).status_code == 404
    assert (await api.get(f"anomalies/{old.id}", params={"resolution": ALL, **early})).status_code == 404, "there is no such call"
    await tell("modes", hidden="empty")
    assert (await api.get(f"anomalies/{old.id}/metrics")).json() == {}


async def test_the_metrics_of_one_anomaly_are_paged_by_index_alone(api: httpx.AsyncClient, tell: Tell) -> None:
    ident = await made(tell, what="latency_p95", metrics=9)
    everything = [metric["id"] for one in await listed(api) if one["id"] == ident for metric in one["metrics"]]
    await tell("modes", metrics_page=4)
    pages = []
    for index in (0, 4, 8, 12):
        told = (await api.get(f"anomalies/{ident}/metrics", params={"resolution": ALL, "index": index, "size": 9})).json()
        pages.append([metric["id"] for metric in told["metrics"]])
    assert pages == [everything[:4], everything[4:8], everything[8:], []]
    some = (await api.get(f"anomalies/{ident}/metrics", params={"resolution": ALL, "q": q(where("host", "!host01", exact=False))})).json()
    assert [metric["id"] for metric in some["metrics"]] == [one for one in everything if ".host01." not in one][:4]


async def test_a_series_is_in_seconds_with_its_band_and_leaves_it_when_the_anomaly_begins(
    api: httpx.AsyncClient, world: anodot.Account, clock: list[datetime], tell: Tell
) -> None:
    ident = await made(tell, what="declined_payments", resolution="medium", up=True, life=6 * HOUR)
    clock[0] += timedelta(hours=1)
    metric = world.anomalies[ident].breaches[0].metric.id
    address, began = f"anomalies/{ident}/metric/{quote(metric, safe='')}", world.anomalies[ident].started
    params = {"startDate": began - 6 * HOUR, "endDate": world.now(), "datapoints": "true", "baseline": "true"}
    told = (await api.get(address, params=params)).json()
    points, band = told["dataPoints"], told["baseline"]
    assert [point[0] for point in points] == [edges[0] for edges in band] == list(range(began - 6 * HOUR, world.now() + 1, 300))
    before = [low <= value <= high for (at, value), (_, low, high) in zip(points, band, strict=True) if at < began]
    since = [value > high for (at, value), (_, low, high) in zip(points, band, strict=True) if at >= began]
    assert (sum(before) / len(before) > 0.95, sum(since) / len(since) > 0.9, len(since)) == (True, True, 13)
    peak = told["currentAnomalyIntervals"][0]["peakValue"]
    assert abs(dict(map(tuple, points))[began] - peak) < 0.01
    bare = (await api.get(address, params={"startDate": began - HOUR})).json()
    assert not {"dataPoints", "baseline"} & set(bare)
    assert (await api.get(address, params={**params, "resolution": "long"})).status_code == 404


async def test_the_id_of_a_metric_is_encoded_and_is_not_its_name(api: httpx.AsyncClient, world: anodot.Account, tell: Tell) -> None:
    ident = await made(tell, what="revenue_per_visit", resolution="medium", metrics=9)
    metrics = [breach.metric for breach in world.anomalies[ident].breaches]
    metrics += [breach.metric for breach in world.anomalies[await made(tell, what="bounce_rate", resolution="medium")].breaches]
    slashed = next(metric for metric in metrics if "/" in metric.id)
    owner = next(one.id for one in world.newest() if slashed in [breach.metric for breach in one.breaches])

    async def status(text: str) -> int:
        return (await api.get(httpx.URL(f"{api.base_url}anomalies/{owner}/metric/{text}"))).status_code

    assert await status(quote(slashed.id, safe="")) == 200
    assert [await status(slashed.id), await status(quote(slashed.name, safe="")), await status("other")] == [404, 404, 404]


# --- what is common ----------------------------------------------------------------------------------------------------------


async def test_what_the_metrics_of_an_anomaly_have_in_common(api: httpx.AsyncClient, world: anodot.Account, tell: Tell) -> None:
    ident = await made(tell, what="latency_p95", metrics=9, resolution="long")
    params: dict[str, Any] = {"anomalyId": ident, "resolution": "long"}
    cluster = (await api.get("anomalies/tokenMap", params=params)).json()[0]
    assert (cluster["key"], cluster["value"]) == ("what", "latency_p95")
    assert (cluster["anomalyOccurrences"], cluster["totalOccurrences"]) == (9, 300)
    first = cluster["tokens"][0]
    assert first["anomalyOccurrences"] == 9, "those of one cause share a place"
    few = (await api.get("anomalies/tokenMap", params={**params, "toklenMapClusterLimit": 1})).json()[0]
    assert few["tokens"] == [first]
    other = (await api.get("anomalies/tokenMap", params={**params, "tokenMapClusterLimit": 1})).json()[0]
    assert other == cluster, "spelt right it is unknown"
    assert (await api.get("anomalies/tokenMap", params={**params, "resolution": "short"})).json() == []
    assert (await api.get("anomalies/tokenMap", params={**params, "anomalyId": "0" * 32})).json() == []


async def test_what_is_common_to_a_search(api: httpx.AsyncClient) -> None:
    expression = q(where("unit", "!x", exact=False))
    params: dict[str, Any] = {"q": expression, "resolution": ALL}
    clusters = (await api.get("anomalies/tokenMap", params=params)).json()
    assert len({cluster["value"] for cluster in clusters}) == len(clusters) > 3
    weights = [cluster["weight"] for cluster in clusters]
    assert weights == sorted(weights, reverse=True)
    assert (await api.get("anomalies/tokenMap", params={**params, "tokenMapClustersLimit": 2})).json() == clusters[:2]


@pytest.mark.parametrize("params", [{}, {"resolution": ALL}, {"anomalyId": "0" * 32}, {"anomalyId": "0" * 32, "resolution": "small"}])
async def test_a_token_map_needs_a_search_or_an_anomaly_with_its_resolution(api: httpx.AsyncClient, params: dict[str, str]) -> None:
    assert (await api.get("anomalies/tokenMap", params=params)).status_code == 400
