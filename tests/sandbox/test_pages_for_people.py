"""The pages of the fakes for people: what the API says, escaped, and not found where there is nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest

from sandbox import anodot, anomify, autional, qualytics

Serve = Callable[[], AbstractAsyncContextManager[str]]
FAKES: dict[str, tuple[Serve, str, dict[str, Any], str]] = {
    "qualytics": (qualytics.running, "/anomalies/{}", {"status": "Invalid"}, '<strong data-testid="status">Invalid</strong>'),
    "autional": (autional.running, autional.CONSOLE + "/{}", {"status": "resolved"}, '<strong data-testid="status">resolved</strong>'),
    "anodot": (anodot.running, "/page/{}", {"status": "closed"}, '<strong data-testid="status">closed</strong>'),
    "anomify": (anomify.running, anomify.PAGE.replace("id", ""), {"status": "over"}, "as expected again"),
}


@pytest.mark.parametrize("name", FAKES)
async def test_a_page_says_what_the_api_says_and_who_was_there_is_remembered(name: str) -> None:
    serve, path, change, word = FAKES[name]
    async with serve() as url, httpx.AsyncClient(base_url=url) as web:
        ident = str((await web.post("/_control/anomalies", json={"count": 1})).json()["ids"][0])
        before = (await web.get(path.format(ident))).text
        assert ident in before and word not in before
        (await web.patch(f"/_control/anomalies/{ident}", json=change)).raise_for_status()
        after = await web.get(path.format(ident))
        assert word in after.text and after.headers["content-type"].startswith("text/html")
        assert (await web.get(path.format("999999999999"))).status_code == 404
        visits = (await web.get("/_control/visits")).json()
        assert visits["looked"] == [ident, ident] and [one["id"] for one in visits["changed"]] == [ident]


async def test_what_a_table_holds_runs_nothing_on_a_page_and_its_history_is_told() -> None:
    async with qualytics.running() as url, httpx.AsyncClient(base_url=url) as web:
        hostile = {"description": "<script>hacked()</script> & <b>bold</b>"}
        ident = (await web.post("/_control/anomalies", json={"count": 1, "fields": hostile})).json()["ids"][0]
        headers = {"Authorization": f"Bearer {qualytics.SANDBOX_TOKEN}"}
        (await web.put(f"/api/anomalies/{ident}", json={"status": "Acknowledged"}, headers=headers)).raise_for_status()
        shown = (await web.get(f"/anomalies/{ident}")).text
        assert "<script" not in shown and "<b>bold" not in shown
        assert "&lt;script&gt;hacked()&lt;/script&gt; &amp; &lt;b&gt;bold&lt;/b&gt;" in shown
        assert "UTC: Status Acknowledged" in shown


async def test_an_address_of_anodot_leads_to_its_anomaly_by_what_stands_behind_the_hash() -> None:
    async with anodot.running() as url, httpx.AsyncClient(base_url=url) as web:
        assert 'location.replace("/page/"' in (await web.get("/")).text
