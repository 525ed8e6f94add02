"""What the fake answers, held against the vendor's page: its fields, their types, its words."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import httpx

from sandbox import anodot
from tests.sandbox.anodot import page
from tests.sandbox.anodot.conftest import ALL, Tell, listed

SIDES = {f"{side}{kind}Delta" for side in ("upper", "lower") for kind in ("Absolute", "Percentage")}


def check_metric(told: dict[str, Any], without: tuple[str, ...] = ()) -> None:
    there = page.check(told, page.METRIC)
    assert there == set(page.METRIC) - set(without) - (SIDES - there)
    assert there & SIDES in ({f"{side}AbsoluteDelta", f"{side}PercentageDelta"} for side in ("upper", "lower"))
    for interval in (*told["currentAnomalyIntervals"], *told["otherAnomalyIntervals"]):
        assert page.check(interval, page.INTERVAL) == set(page.INTERVAL)
        assert (interval["type"] in page.TYPES, interval["endDate"] is None) == (True, interval["state"] == "open")
        assert 0 <= interval["score"] <= 1
    assert all(type(value) in types for one in told["anomalies"] for value, types in zip(one, page.POSITIONS, strict=True))
    assert all(set(pair) == {"key", "value"} for pair in told["properties"])


async def test_a_list_has_the_fields_of_the_page_and_none_besides(api: httpx.AsyncClient) -> None:
    told = (await api.get("anomalies", params={"resolution": ALL})).json()
    assert page.check(told, page.LIST) == set(page.LIST)
    assert told["total"] == len(told["anomalies"]) == 36
    for one in told["anomalies"]:
        assert page.check(one, page.ANOMALY) >= set(page.ANOMALY) - {"name", "mergedIds"}
        assert len(one["id"]) == 32 and int(one["id"], 16)
        assert (one["endDate"] is None) == (one["state"] == "open")
        for metric in one["metrics"]:
            check_metric(metric)
    assert {one["state"] for one in told["anomalies"]} == page.STATES
    assert {one["resolution"] for one in told["anomalies"]} <= page.RESOLUTIONS
    metrics = [metric for one in told["anomalies"] for metric in one["metrics"]]
    assert {bool(metric["compositeId"]) for metric in metrics} == {True, False}
    assert {"", None} <= {metric["compositeId"] for metric in metrics}


async def test_groups_are_scored_in_hundreds_beside_metrics_up_to_one(api: httpx.AsyncClient, tell: Tell) -> None:
    one = (await listed(api))[0]
    assert 1 < one["score"] <= 100 and max(metric["score"] for metric in one["metrics"]) <= 1
    await tell("modes", group_scores="unit")
    unit = (await listed(api))[0]
    assert unit["score"] == max(metric["score"] for metric in unit["metrics"])
    assert one["score"] == one["detailedScore"] == round(100 * unit["score"])
    await tell("modes", group_scores="mixed")
    assert {row["score"] > 1 for row in await listed(api)} == {True, False}


async def test_one_anomaly_and_one_metric_have_the_fields_of_the_page(api: httpx.AsyncClient, tell: Tell) -> None:
    ident = (await tell("anomalies", fields={"what": "latency_p95", "resolution": "medium"}))["ids"][0]
    told = (await api.get(f"anomalies/{ident}/metrics")).json()
    page.check(told, page.ANOMALY)
    for metric in told["metrics"]:
        check_metric(metric)
    alone = (await api.get(f"anomalies/{ident}/metric/{quote(told['metrics'][0]['id'], safe='')}")).json()
    check_metric(alone, without=("dataPoints", "baseline"))


async def test_a_count_and_a_token_map_have_the_fields_of_the_page(api: httpx.AsyncClient, world: anodot.Account) -> None:
    assert (await api.get("anomalies/count", params={"resolution": ALL})).json() == {"total": 36}
    one = next(iter(world.newest()))
    clusters = (await api.get("anomalies/tokenMap", params={"anomalyId": one.id, "resolution": ALL})).json()
    assert [page.check(cluster, page.CLUSTER) for cluster in clusters] == [set(page.CLUSTER)]
    assert clusters[0]["key"] == "what" and clusters[0]["anomalyOccurrences"] == len(one.breaches)
    assert all(page.check(token, page.TOKEN) == set(page.TOKEN) for token in clusters[0]["tokens"])
