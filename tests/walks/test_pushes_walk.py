"""Webhooks over the wire into a whole desk, of systems that declare what they push: a card within a moment, and no secret anywhere."""

from __future__ import annotations

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


async def _told(stage: staging.Stage, words: str) -> bool:
    return any(words in staging.visible(message) for message in await stage.messages())
