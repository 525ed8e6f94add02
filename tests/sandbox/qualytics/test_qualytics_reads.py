"""What the fake lists and shows, and how it refuses questions (contracts 1.2 to 1.4, 1.7)."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from sandbox import qualytics

Tell = Callable[..., Awaitable[Any]]
CLOSED = {"Resolved", "Invalid", "Duplicate", "Discarded"}


async def items(api: httpx.AsyncClient, **params: Any) -> list[dict[str, Any]]:
    reply = await api.get("/anomalies", params={"size": 100, **params})
    assert reply.status_code == 200, reply.text
    return list(reply.json()["items"])


async def test_health_and_status_need_no_token(url: str) -> None:
    async with httpx.AsyncClient(base_url=f"{url}/api") as stranger:
        assert (await stranger.get("/health")).status_code == 204
        assert (await stranger.get("/status")).json() == {"database_connection": "OK", "rabbitmq_connection": "OK"}
        assert (await stranger.get("/users/me")).status_code == 401


async def test_the_bot_is_a_service_user(api: httpx.AsyncClient) -> None:
    me = (await api.get("/users/me")).json()
    assert (me["id"], me["user_type"]) == (99, "service")


async def test_a_page_has_its_envelope_and_newest_come_first(api: httpx.AsyncClient) -> None:
    page = (await api.get("/anomalies", params={"page": 2, "size": 5})).json()
    assert {name: page[name] for name in ("total", "page", "size", "pages")} == {"total": 12, "page": 2, "size": 5, "pages": 3}
    everything = await items(api)
    assert everything[5:10] == page["items"]
    assert [row["created"] for row in everything] == sorted((row["created"] for row in everything), reverse=True)


@pytest.mark.parametrize("params", [{"size": 101}, {"size": 0}, {"page": 0}, {"size": "many"}])
async def test_a_page_beyond_the_limits_is_refused(api: httpx.AsyncClient, params: dict[str, Any]) -> None:
    reply = await api.get("/anomalies", params=params)
    assert reply.status_code == 422
    assert reply.json()["detail"][0]["loc"] == ["query", next(iter(params))]


async def test_an_unknown_query_key_is_ignored_so_the_page_of_the_vendor_returns_every_datastore(api: httpx.AsyncClient) -> None:
    assert {row["datastore"]["id"] for row in await items(api, datastore=43)} == {43}
    assert await items(api, datastore_id=43) == await items(api)
    assert await items(api, limit=1) == await items(api)


async def test_statuses_are_repeated_never_joined(api: httpx.AsyncClient) -> None:
    reply = await api.get("/anomalies", params={"status": "Active,Acknowledged"})
    assert reply.status_code == 422
    assert reply.json()["detail"][0]["loc"] == ["query", "status", 0]
    assert len(await items(api, status=["Active", "Acknowledged"])) == 12


async def test_closed_ones_are_invisible_without_archived(api: httpx.AsyncClient) -> None:
    assert await items(api, status="Resolved") == []
    only = await items(api, archived="only")
    assert {row["status"] for row in only} <= CLOSED and all(row["archived"] for row in only)
    assert len(await items(api, archived="include")) == len(only) + 12
    assert await items(api, id=only[0]["id"]) == []
    assert await items(api, id=only[0]["id"], archived="include") == [only[0]]
    assert (await api.get("/anomalies", params={"archived": "true"})).status_code == 422


async def test_dates_are_days_and_another_format_finds_nothing(api: httpx.AsyncClient, tell: Tell) -> None:
    made = (await tell("/anomalies", fields={"created": "2026-03-05T23:59:00Z"}))["ids"]
    assert [row["id"] for row in await items(api, start_date="2026-03-05", end_date="2026-03-05")] == made
    assert await items(api, end_date="2026-03-04") == []
    for wrong in ("2026-03-05T00:00:00", "05.03.2026", "20260305", "2026-13-01"):
        assert await items(api, start_date=wrong) == []
        assert await items(api, end_date=wrong) == []


async def test_ids_and_uuids_filter_repeatedly(api: httpx.AsyncClient) -> None:
    first, second, third = (await items(api))[:3]
    assert await items(api, id=[third["id"], first["uuid"], 999999]) == [first, third]
    assert (await api.get("/anomalies", params={"id": "first"})).status_code == 422
    assert (await api.get(f"/anomalies/{second['uuid']}")).json()["id"] == second["id"]


@pytest.mark.parametrize(
    ("name", "values", "own"),
    [
        ("container", [100], lambda row: {row["container"]["id"]}),
        ("quality_check", [501, 502], lambda row: {check["quality_check"]["id"] for check in row["failed_checks"]}),
        ("anomaly_type", ["shape"], lambda row: {row["type"]}),
        ("tag", ["critical", "nightly"], lambda row: {tag["name"] for tag in row["global_tags"]}),
        ("rule_type", ["notNull", "between"], lambda row: {check["quality_check"]["rule_type"] for check in row["failed_checks"]}),
        ("field", ["amount"], lambda row: {field["name"] for check in row["failed_checks"] for field in check["quality_check"]["fields"]}),
        ("source_enriched", ["true"], lambda row: {str(row["source_enriched"]).lower()}),
    ],
)
async def test_each_filter_keeps_exactly_what_matches(
    api: httpx.AsyncClient, name: str, values: list[Any], own: Callable[[dict[str, Any]], set[Any]]
) -> None:
    everything = await items(api, archived="include")
    expected = [row for row in everything if own(row) & set(values)]
    assert expected and len(expected) < len(everything)
    assert await items(api, archived="include", **{name: values}) == expected


async def test_sorting(api: httpx.AsyncClient) -> None:
    weights = [row["weight"] for row in await items(api, sort_weight="desc")]
    assert weights == sorted(weights, reverse=True)
    assert await items(api, sort_created="asc") == (await items(api))[::-1]


async def test_an_anomaly_has_the_fields_of_the_contract(api: httpx.AsyncClient) -> None:
    row = (await items(api))[0]
    names = (
        "id uuid type status weight anomalous_records_count description message created fingerprint global_tags assignees failed_checks "
        "datastore container is_new archived source_enriched"
    )
    assert set(names.split()) <= set(row)
    assert row["description"] == f"{row['anomalous_records_count']:,} rows fail: customer_id not null"
    assert row["failed_checks"][0]["quality_check"]["rule_type"] == "notNull"
    assert row["global_tags"][0]["name"] == "critical"
    assert (row["datastore"]["name"], row["container"]["name"]) == ("warehouse-prod", "orders")


async def test_the_newest_failed_before_and_was_last_found_invalid(api: httpx.AsyncClient) -> None:
    newest = (await items(api))[0]
    same = [row for row in await items(api, archived="include") if row["fingerprint"] == newest["fingerprint"]]
    week_ago = (datetime.fromisoformat(newest["created"]) - timedelta(days=7)).isoformat()
    recent = [row for row in same if row["created"] > week_ago]
    assert len(recent) >= 3
    assert next(row for row in recent if row["archived"])["status"] == "Invalid"


async def test_unknown_ids_and_routes(api: httpx.AsyncClient) -> None:
    assert (await api.get("/anomalies/999999")).json() == {"detail": "Anomaly 999999 not found"}
    assert (await api.get("/anomalies/first")).status_code == 422
    assert (await api.get("/nothing")).json() == {"detail": "Not Found"}
    wrong = await api.post("/anomalies", json=[])
    assert (wrong.status_code, wrong.json()) == (405, {"detail": "Method Not Allowed"})


async def test_look_ups(api: httpx.AsyncClient) -> None:
    people = (await api.get("/users")).json()["items"]
    assert {(p["id"], p["email"]) for p in people} >= {(12, "dana@acme.example"), (18, "lee.park@qualytics.acme.example")}
    assert [p["id"] for p in (await api.get("/users", params={"name": "lee"})).json()["items"]] == [18]
    stores = (await api.get("/datastores")).json()["items"]
    assert [(s["id"], s["name"]) for s in stores] == [(42, "warehouse-prod"), (43, "crm-replica"), (44, "finance-lake")]
    bare = (await api.get("/containers/listing", params={"datastore": 42})).json()
    assert len(bare) == 12 and "orders" in {table["name"] for table in bare}
    assert (await api.get("/containers/listing")).status_code == 422
    assert (await api.get("/containers", params={"datastore": 42, "name": "orders,customers"})).json()["items"] == []
    assert "critical" in {tag["name"] for tag in (await api.get("/global-tags")).json()["items"]}
    assert (await api.get("/global-tags/pii")).json()["name"] == "pii"
    assert (await api.get("/global-tags/none")).status_code == 404
    checks = (await api.get("/quality-checks", params={"datastore": 42, "container": 100})).json()["items"]
    assert {check["rule_type"] for check in checks} >= {"notNull", "between", "unique", "expectedSchema"}
    assert (await api.get("/teams")).json()["total"] == 4
    assert "/api/anomalies/{id}" in (await api.get("/openapi.json")).json()["paths"]


async def test_the_same_seed_tells_the_same_story() -> None:
    now = datetime(2026, 5, 8, 9, 0, tzinfo=UTC)
    one, two, other = (qualytics.Deployment(seed=seed, open_count=50, clock=lambda: now) for seed in (3, 3, 4))
    told = [[(a.id, a.uuid, a.created, a.description, a.status) for a in world.anomalies.values()] for world in (one, two, other)]
    assert told[0] == told[1] != told[2]
    one.arrive(20)
    two.arrive(20)
    assert [a.description for a in one.anomalies.values()] == [a.description for a in two.anomalies.values()]


async def test_ten_thousand_are_listed_quickly(api: httpx.AsyncClient, world: qualytics.Deployment) -> None:
    world.arrive(10_000)
    start = time.process_time()
    seen: set[int] = set()
    for page in range(1, 102):
        reply = await api.get("/anomalies", params={"page": page, "size": 100})
        seen |= {row["id"] for row in reply.json()["items"]}
    assert len(seen) == 10_012
    assert (time.process_time() - start) / 101 < 0.1, "a page must stay far below the latency that is simulated"


async def test_the_rows_of_an_anomaly_are_a_text_that_holds_an_array_and_stay_masked_whatever_is_asked(
    world: qualytics.Deployment, api: httpx.AsyncClient
) -> None:
    one = next(one for one in world.anomalies.values() if not one.archived)
    one.enriched, one.records = True, 40
    for asked in ({}, {"reveal": "true", "unmask": "true", "limit": 1}):
        found = (await api.get(f"/anomalies/{one.uuid}/source-record", params=asked)).json()
        assert found.keys() == {"source_record", "created"}
        rows = json.loads(found["source_record"])
        assert len(rows) == 10, "no more than a scan keeps"
        assert {row["contact_email"] for row in rows} == {"***MASKED***"}
    one.enriched = False
    assert (await api.get(f"/anomalies/{one.id}/source-record")).json()["source_record"] == "[]"


async def test_the_rows_of_an_anomaly_need_the_right_to_read_it(
    world: qualytics.Deployment, api: httpx.AsyncClient, tell: Tell, url: str
) -> None:
    one = next(iter(world.anomalies.values()))
    path = f"/anomalies/{one.id}/source-record"
    async with httpx.AsyncClient(base_url=f"{url}/api") as stranger:
        assert (await stranger.get(path)).status_code == 401
    assert (await api.get("/anomalies/999999/source-record")).status_code == 404
    assert (await api.get("/anomalies/x/source-record")).status_code == 422
    assert (await api.post(path)).status_code == 405
    await tell("/rights", datastore=one.container.datastore.id, role="Viewer")
    reply = await api.get(path)
    assert (reply.status_code, "Reporter" in reply.json()["detail"]) == (403, True)
    await tell("/rights", datastore=one.container.datastore.id, role="Editor")
    await tell("/modes", source_records="entries")
    assert isinstance((await api.get(path)).json(), list)
    await tell("/modes", source_records="off")
    assert (await api.get(path)).status_code == 404
