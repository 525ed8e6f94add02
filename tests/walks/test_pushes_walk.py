"""Webhooks over the wire into a whole desk, of systems that declare what they push: a card within a moment, and no secret anywhere."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot import app
from tests.strange import system as strange_system
from tests.walks import stage as staging

BELL, SHARED = "hush-strange-4711", "hush-desk-4712"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[staging.Stage]:
    """Both systems; the desk knows the strange one as well as its own."""
    with strange_system.registered():
        async with staging.staged(tmp_path, systems=("qualytics", "strange")) as made:
            yield made


async def test_each_system_pushes_in_its_own_way_and_no_secret_is_left_anywhere(
    stage: staging.Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    given = stage.env(DESK_POLL_SECONDS="86400", DESK_WAIT_SECONDS="0", DESK_WEBHOOK_SECRET=SHARED, STRANGE_WEBHOOK_SECRET=BELL)
    here = f"http://127.0.0.1:{given['PORT']}"
    assert stage.strange is not None
    async with app.running(app.load(given), listening=False, working=True):

        async def ring(path: str, body: str, **sent: Any) -> int:
            return (await stage.http.post(f"{here}/hooks/{path}", content=body, **sent)).status_code

        async def greeted() -> bool:
            return len(await stage.messages()) == 2

        await stage.until(greeted)
        (known,) = await stage.arrive()
        (signal,) = (one.id for one in stage.strange.world.arrive(1))
        assert await ring("strange", f"bell={signal}", headers={"X-Strange-Bell": SHARED}) == 401, "it has a secret of its own"
        assert await ring("strange", "hello", headers={"X-Strange-Bell": BELL}) == 400
        assert await ring("strange", "bell=try", headers={"X-Strange-Bell": BELL}) == 200
        assert await ring("strange", f"bell={signal}", headers={"X-Strange-Bell": BELL}) == 200
        assert await ring(f"qualytics/{SHARED}", f"https://acme.example/anomalies/{known}") == 200
        await stage.card(signal, "Open in Strange")
        await stage.card(known, "Open in Qualytics")
        stage.strange.world.arrive(1, line="the whole round")
        assert await ring(f"strange?key={BELL}", "round=1") == 200
        await stage.until(lambda: _told(stage, "the whole round"))
        metrics = (await stage.http.get(f"{here}/metrics")).text
    files = b"".join(path.read_bytes() for path in stage.folder.iterdir() if path.is_file())
    said = "\n".join(line for line in caplog.text.splitlines() if " httpx:" not in line and "httpcore" not in line)  # the test's own client
    assert 'anomaly_desk_pushes_total{about="anomalies",source="strange"} 1.0' in metrics
    for secret in (BELL, SHARED):
        assert secret not in said and secret not in metrics and secret.encode() not in files


# --- as the vendors send it -------------------------------------------------------------------------------------------------

N8N = json.loads((staging.ROOT / "tests/sources/fixtures/push_qualytics_n8n.json").read_text())
VENDORS = ("qualytics", "anodot", "anomify")


async def test_what_each_vendor_posts_becomes_one_card_in_whatever_order_and_however_often(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Each with its own form and its own way to bring the secret; no list is read meanwhile, and tests are no anomalies."""
    caplog.set_level(logging.DEBUG)
    async with staging.staged(tmp_path, systems=VENDORS) as stage:
        given = stage.env(DESK_POLL_SECONDS="86400", DESK_WAIT_SECONDS="0", DESK_WEBHOOK_SECRET=SHARED)
        here = f"http://127.0.0.1:{given['PORT']}/hooks"
        urls = {"anodot": stage.anodot_url, "anomify": stage.anomify_url}

        async def post(name: str, event: str, ident: str = "", password: str = SHARED) -> list[int]:
            """The fake of the vendor posts it; what it was answered."""
            about = {"id": ident} if ident else {}
            body = {**about, "event": event, "url": f"{here}/{name}", "password": password}
            made = (await stage.http.post(f"{urls[name]}/_control/push", json=body)).json()
            return [one["status"] for one in made["posts"]]

        async def flow(body: Any, secret: str = SHARED) -> int:
            return (await stage.http.post(f"{here}/qualytics", json=body, headers={"X-Qualytics-Secret": secret})).status_code

        async with app.running(app.load(given), listening=False, working=True):

            async def greeted() -> bool:
                return len(await stage.messages()) == len(VENDORS)

            await stage.until(greeted)
            (rows,) = await stage.arrive()
            (signups,) = stage.anodot.world.arrive(1, what="signups", score=0.95)
            (hit,) = stage.anomify.world.arrive(1, score=0.95)
            n8n = {**N8N, "context": {**N8N["context"], "anomalies": [{**N8N["context"]["anomalies"][0], "id": rows}]}}
            assert await post("anomify", "initial", str(hit.id), password="guessed") == [401]
            assert await post("anodot", "open", signups.id, password="guessed") == [401]
            assert await flow(n8n, "guessed") == 401
            assert await post("anomify", "test") == [200] and await post("anodot", "static") == [200]
            for event in ("final", "initial", "correlated", "initial"):
                assert await post("anomify", event, str(hit.id)) == [200]
            for event in ("open", "open", "update"):
                assert await post("anodot", event, signups.id) == [200]
            assert (await flow(n8n), await flow(n8n)) == (200, 200)
            shown = [await stage.card(one, "waiting since") for one in (rows, signups.id, hit.id)]

            stage.anodot.world.close(signups)
            assert await post("anodot", "close", signups.id) == [200]
            await stage.card(signups.id, "Over")
            alone = [one for one in await stage.messages() if one.get("thread_ts") in (None, one["ts"])]  # pictures follow in threads
            assert len(alone) == len(VENDORS) + len(shown), "one card for each, and none for a test"
            metrics = (await stage.http.get(f"{here.removesuffix('/hooks')}/metrics")).text
        files = b"".join(path.read_bytes() for path in stage.folder.iterdir() if path.is_file())
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith(("bot", "handlers", "aiohttp")))
    assert SHARED not in ours and SHARED not in metrics and SHARED.encode() not in files


async def _told(stage: staging.Stage, words: str) -> bool:
    return any(words in staging.visible(message) for message in await stage.messages())
