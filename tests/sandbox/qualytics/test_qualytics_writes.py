"""What the fake changes, and what it refuses (contracts 1.5)."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from sandbox import qualytics

Tell = Callable[..., Awaitable[Any]]


async def show(api: httpx.AsyncClient, ident: int) -> dict[str, Any]:
    return dict((await api.get(f"/anomalies/{ident}")).json())


async def bulk_delete(api: httpx.AsyncClient, items: list[dict[str, Any]]) -> httpx.Response:
    return await api.request("DELETE", "/anomalies", json=items)


def in_store(world: qualytics.Deployment, ident: int) -> int:
    return next(a.id for _, a in world.open if a.container.datastore.id == ident)


async def test_an_update_sets_what_it_names_and_keeps_the_rest(api: httpx.AsyncClient) -> None:
    before = await show(api, 1050)
    reply = await api.put("/anomalies/1050", json={"status": "Acknowledged", "assignee_ids": [12, 18]})
    assert reply.status_code == 200 and reply.json()["status"] == "Acknowledged"
    after = await show(api, 1050)
    assert [person["id"] for person in after["assignees"]] == [12, 18]
    assert (after["description"], after["global_tags"]) == (before["description"], before["global_tags"])
    await api.put("/anomalies/1050", json={"status": "Acknowledged", "tags": ["incident"]})
    assert [tag["name"] for tag in (await show(api, 1050))["global_tags"]] == ["incident"]
    await api.put("/anomalies/1050", json={"status": "Acknowledged", "assignee_ids": [], "tags": []})
    after = await show(api, 1050)
    assert (after["assignees"], after["global_tags"]) == ([], [])


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ({"status": "Resolved"}, ["body", "status"]),
        ({"status": "acknowledged"}, ["body", "status"]),
        ({"assignee_ids": [12]}, ["body", "status"]),
        ({"status": "Active", "assignee_ids": "12"}, ["body", "assignee_ids"]),
        ({"status": "Active", "assignee_ids": [555]}, ["body", "assignee_ids", 0]),
        ({"status": "Active", "tags": ["no-such-tag"]}, ["body", "tags", 0]),
        ([{"status": "Active"}], ["body"]),
    ],
)
async def test_a_wrong_update_is_refused_and_changes_nothing(api: httpx.AsyncClient, body: Any, loc: list[Any]) -> None:
    before = await show(api, 1050)
    reply = await api.put("/anomalies/1050", json=body)
    assert reply.status_code == 422
    assert reply.json()["detail"][0]["loc"] == loc
    assert set(reply.json()["detail"][0]) >= {"loc", "msg", "type"}
    assert await show(api, 1050) == before


async def test_the_words_of_a_refused_status(api: httpx.AsyncClient) -> None:
    reply = await api.put("/anomalies/1050", json={"status": "Resolved"})
    assert reply.json()["detail"][0]["msg"] == "Input should be 'Active' or 'Acknowledged'"


async def test_broken_and_missing_bodies(api: httpx.AsyncClient) -> None:
    broken = await api.put("/anomalies/1050", content=b'{"status": ', headers={"content-type": "application/json"})
    assert broken.json()["detail"][0]["type"] == "json_invalid"
    assert (await api.put("/anomalies/1050")).json()["detail"] == [
        {"type": "missing", "loc": ["body"], "msg": "Field required", "input": None}
    ]
    untyped = await api.put("/anomalies/1050", content=json.dumps({"status": "Active"}))
    assert untyped.status_code == 422


async def test_bulk_update_takes_a_list_only(api: httpx.AsyncClient) -> None:
    reply = await api.patch("/anomalies", json=[{"id": 1050, "status": "Acknowledged"}, {"id": 1049, "assignee_ids": [21]}])
    assert (reply.status_code, reply.content) == (204, b"")
    assert (await show(api, 1050))["status"] == "Acknowledged"
    assert [person["id"] for person in (await show(api, 1049))["assignees"]] == [21]
    page = await api.patch("/anomalies", json={"ids": [1050], "status": "Active"})
    assert page.status_code == 422 and page.json()["detail"][0]["loc"] == ["body"]
    wrong = await api.patch("/anomalies", json=[{"id": 1049, "status": "Active"}, {"id": 1050, "status": "Invalid"}])
    assert wrong.json()["detail"][0]["loc"] == ["body", 1, "status"]


async def test_one_unknown_id_refuses_the_whole_call(api: httpx.AsyncClient) -> None:
    reply = await api.patch("/anomalies", json=[{"id": 1050, "status": "Acknowledged"}, {"id": 999999, "status": "Acknowledged"}])
    assert reply.status_code == 404
    assert (await show(api, 1050))["status"] == "Active"
    reply = await bulk_delete(
        api, [{"id": 1050, "archive": True, "status": "Resolved"}, {"id": 999999, "archive": True, "status": "Resolved"}]
    )
    assert reply.status_code == 404
    assert (await show(api, 1050))["status"] == "Active"


async def test_one_forbidden_id_refuses_the_whole_call_and_names_the_right(
    api: httpx.AsyncClient, world: qualytics.Deployment, tell: Tell
) -> None:
    mine, theirs = in_store(world, 42), in_store(world, 44)
    await tell("/rights", datastore=44, role="Reporter")
    before = [world.anomalies[ident].status for ident in (mine, theirs)]
    reply = await api.patch("/anomalies", json=[{"id": ident, "status": "Acknowledged"} for ident in (mine, theirs)])
    assert reply.status_code == 403
    assert reply.json() == {"detail": "Editor permission is required on datastore 'finance-lake'"}
    reply = await bulk_delete(api, [{"id": ident, "archive": True, "status": "Invalid"} for ident in (mine, theirs)])
    assert reply.json() == {"detail": "Author permission is required on datastore 'finance-lake'"}
    assert [world.anomalies[ident].status for ident in (mine, theirs)] == before
    assert (await api.get(f"/anomalies/{theirs}")).status_code == 200


async def test_a_datastore_out_of_reach_is_not_listed(api: httpx.AsyncClient, world: qualytics.Deployment, tell: Tell) -> None:
    theirs = in_store(world, 44)
    await tell("/rights", datastore=44, role=None)
    assert 44 not in {row["datastore"]["id"] for row in (await api.get("/anomalies", params={"size": 100})).json()["items"]}
    assert (await api.get(f"/anomalies/{theirs}")).status_code == 403
    assert [store["id"] for store in (await api.get("/datastores")).json()["items"]] == [42, 43]


async def test_archiving_one(api: httpx.AsyncClient) -> None:
    reply = await api.delete("/anomalies/1050", params={"archive": "true", "status": "Duplicate"})
    assert (reply.status_code, reply.content) == (204, b"")
    after = await show(api, 1050)
    assert (after["status"], after["archived"]) == ("Duplicate", True)
    assert (await api.delete("/anomalies/1050", params={"archive": "true", "status": "Active"})).status_code == 422
    again = await api.delete("/anomalies/1050", params={"archive": "true", "status": "Invalid"})
    assert again.status_code == 204 and (await show(api, 1050))["status"] == "Invalid"


async def test_archiving_many_needs_the_list(api: httpx.AsyncClient) -> None:
    assert (await api.delete("/anomalies", params={"ids": "1050,1049", "archive": "true", "status": "Resolved"})).status_code == 422
    reply = await bulk_delete(
        api, [{"id": 1050, "archive": True, "status": "Resolved"}, {"id": 1049, "archive": True, "status": "Discarded"}]
    )
    assert reply.status_code == 204
    assert [(await show(api, ident))["status"] for ident in (1050, 1049)] == ["Resolved", "Discarded"]


@pytest.mark.parametrize("params", [{"archive": "false", "status": "Resolved"}, {}])
async def test_without_archive_it_is_gone_for_good(api: httpx.AsyncClient, params: dict[str, str]) -> None:
    assert (await api.delete("/anomalies/1050", params=params)).status_code == 204
    assert (await api.get("/anomalies/1050")).status_code == 404
    assert (await bulk_delete(api, [{"id": 1049}])).status_code == 204
    assert (await api.get("/anomalies/1049")).status_code == 404


@pytest.mark.parametrize(
    ("mode", "wanted", "code", "after"),
    [
        ("restores", "Acknowledged", 200, "Acknowledged"),
        ("restores", "Active", 422, "Resolved"),
        ("422", "Acknowledged", 422, "Resolved"),
        ("ignores", "Acknowledged", 200, "Resolved"),
    ],
)
async def test_restoring(api: httpx.AsyncClient, tell: Tell, mode: str, wanted: str, code: int, after: str) -> None:
    await tell("/modes", restore=mode)
    await api.delete("/anomalies/1050", params={"archive": "true", "status": "Resolved"})
    assert (await api.put("/anomalies/1050", json={"status": wanted})).status_code == code
    assert (await show(api, 1050))["status"] == after
    listed = (await api.get("/anomalies", params={"id": 1050})).json()["total"]
    assert listed == (1 if after == "Acknowledged" else 0)


async def test_an_old_deployment_does_not_know_discarded(api: httpx.AsyncClient, tell: Tell) -> None:
    await tell("/modes", deployment="old")
    reply = await api.delete("/anomalies/1050", params={"archive": "true", "status": "Discarded"})
    assert reply.status_code == 422 and reply.json()["detail"][0]["loc"] == ["query", "status"]
    reply = await bulk_delete(api, [{"id": 1050, "archive": True, "status": "Discarded"}])
    assert reply.json()["detail"][0]["loc"] == ["body", 0, "status"]
    assert (await api.get("/anomalies", params={"status": "Discarded", "archived": "only"})).status_code == 422
    assert (await show(api, 1050))["status"] == "Active"


async def test_a_proxy_that_drops_the_bodies_of_delete(api: httpx.AsyncClient, tell: Tell) -> None:
    await tell("/modes", delete_bodies="dropped")
    reply = await bulk_delete(api, [{"id": 1050, "archive": True, "status": "Resolved"}])
    assert reply.json()["detail"][0] == {"type": "missing", "loc": ["body"], "msg": "Field required", "input": None}
    assert (await api.delete("/anomalies/1050", params={"archive": "true", "status": "Resolved"})).status_code == 204


async def test_the_dialect_of_the_page(api: httpx.AsyncClient, tell: Tell) -> None:
    await tell("/modes", dialect="page")
    stores = [
        {row["datastore"]["id"] for row in (await api.get("/anomalies", params={key: 43})).json()["items"]}
        for key in ("datastore_id", "datastore")
    ]
    assert stores[0] == {43} and len(stores[1]) > 1
    refused = await api.patch("/anomalies", json=[{"id": 1050, "status": "Acknowledged"}])
    assert refused.status_code == 422 and refused.json()["detail"][0]["loc"] == ["body"]
    assert (await api.patch("/anomalies", json={"ids": [1050, 1049], "status": "Acknowledged"})).status_code == 204
    assert [(await show(api, ident))["status"] for ident in (1050, 1049)] == ["Acknowledged", "Acknowledged"]
    refused = await bulk_delete(api, [{"id": 1050, "archive": True, "status": "Resolved"}])
    assert refused.status_code == 422
    gone = await api.delete("/anomalies", params={"ids": "1050,1049", "archive": "true", "status": "Invalid"})
    assert gone.status_code == 204 and (await show(api, 1049))["status"] == "Invalid"


async def test_comments(api: httpx.AsyncClient) -> None:
    made = await api.post("/comments", json={"message": "Acknowledged by Dana via Slack", "anomaly_id": 1050})
    assert made.status_code == 200 and made.json()["user"]["id"] == 99 and made.json()["anomaly_id"] == 1050
    await api.post("/comments", json=[{"message": "two", "anomaly_id": 1049}, {"message": "three", "anomaly_id": 1050}])
    newest_first = (await api.get("/comments")).json()["items"]
    assert [comment["message"] for comment in newest_first] == ["three", "two", "Acknowledged by Dana via Slack"]
    assert [comment["message"] for comment in (await show(api, 1050))["comments"]] == ["Acknowledged by Dana via Slack", "three"]
    ident = made.json()["id"]
    assert (await api.put(f"/comments/{ident}", json={"message": "edited"})).json()["message"] == "edited"
    assert (await api.delete(f"/comments/{ident}")).status_code == 204
    assert (await api.get(f"/comments/{ident}")).status_code == 404
    assert (await api.post("/comments", json={"message": "x"})).json()["detail"][0]["loc"] == ["body", "anomaly_id"]
    assert (await api.post("/comments", json={"message": "x", "anomaly_id": 999999})).status_code == 404


async def test_comments_that_are_off_or_want_a_discriminator(api: httpx.AsyncClient, tell: Tell) -> None:
    said = {"message": "hello", "anomaly_id": 1050}
    await tell("/modes", comments="off")
    assert (await api.post("/comments", json=said)).status_code == 404
    await tell("/modes", comments="discriminator")
    assert (await api.post("/comments", json=said)).json()["detail"][0]["loc"] == ["body", "type"]
    assert (await api.post("/comments", json={**said, "type": "anomaly"})).status_code == 200


async def test_tokens(url: str, tell: Tell) -> None:
    async def status(token: str, path: str = "/users/me") -> int:
        async with httpx.AsyncClient(base_url=f"{url}/api") as client:
            return (await client.get(path, headers={"Authorization": f"Bearer {token}"} if token else {})).status_code

    expired = (await tell("/tokens", expires_in=-5))["token"]
    limited = (await tell("/tokens", user=12, roles={"43": "Viewer"}, expires_in=600))["token"]
    assert [await status(token) for token in ("", "nonsense", expired, limited)] == [401, 401, 401, 200]
    assert await status(limited + "x") == 401
    assert await status(limited, "/datastores/42") == 403
    assert await status(limited, "/anomalies/1050") == 403


async def test_a_list_that_was_read_before_shows_the_change(api: httpx.AsyncClient) -> None:
    async def listed() -> list[tuple[int, str]]:
        page = (await api.get("/anomalies", params={"size": 3})).json()
        return [(row["id"], row["status"]) for row in page["items"]]

    assert await listed() == [(1050, "Active"), (1049, "Active"), (1048, "Active")]
    await api.put("/anomalies/1050", json={"status": "Acknowledged"})
    await api.delete("/anomalies/1049", params={"archive": "true", "status": "Resolved"})
    assert (await listed())[:2] == [(1050, "Acknowledged"), (1048, "Active")]


@pytest.mark.parametrize(
    ("role", "allowed"), [("Viewer", []), ("Reporter", ["GET"]), ("Author", ["GET", "DELETE"]), ("Editor", ["GET", "PUT", "DELETE"])]
)
async def test_each_single_call_needs_its_right(api: httpx.AsyncClient, tell: Tell, role: str, allowed: list[str]) -> None:
    await tell("/rights", datastore=42, role=role)
    replies = {
        "GET": await api.get("/anomalies/1050"),
        "PUT": await api.put("/anomalies/1050", json={"status": "Acknowledged"}),
        "DELETE": await api.delete("/anomalies/1050", params={"archive": "true", "status": "Resolved"}),
    }
    assert [name for name, reply in replies.items() if reply.status_code != 403] == allowed
    assert (await api.get("/anomalies", params={"datastore": 42})).status_code == 200
