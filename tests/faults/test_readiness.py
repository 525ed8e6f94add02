"""What `/readyz` means: the desk can read, can write, and has polled and posted lately. What a system or a role leaves out is no fault."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot import app, model, scheduling
from tests.faults import house as housing
from tests.walks import stage as staging


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Late is late at once."""
    monkeypatch.setattr(scheduling, "LATE_SECONDS", 0.1)
    monkeypatch.setattr("bot.web.READY_KEPT_SECONDS", 0.0)


async def readiness(house: housing.House) -> dict[str, str]:
    """What is missing; the status always says the same."""
    reply = await house.stage.http.get(f"http://127.0.0.1:{house.port}/readyz")
    assert reply.status_code == (200 if reply.json()["ready"] else 503)
    return dict(reply.json()["missing"])


async def test_a_desk_that_has_not_polled_or_posted_lately_is_not_ready(house: housing.House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("it does not get on")

    assert await house.soon(lambda: _all_well(house))
    for what, job in (("poll", "poll qualytics"), ("post", "flush")):
        method = {"poll": "poll", "post": "_group"}[what]
        with monkeypatch.context() as patch:
            patch.setattr(type(getattr(house.desk, what)), method, broken)
            missing = await house.soon(lambda job=job: _misses(house, job))
            assert missing[job].startswith("not done for ")
        assert await house.soon(lambda: _all_well(house))


async def _misses(house: housing.House, what: str) -> dict[str, str]:
    missing = await readiness(house)
    return missing if what in missing else {}


async def _all_well(house: housing.House) -> bool:
    return not await readiness(house)


async def test_a_system_that_does_not_answer_leaves_the_desk_ready(house: housing.House) -> None:
    """It is told in Slack and in the status; clicks and the other systems go on."""
    await house.sick("500")
    await house.told("does not answer")
    assert await house.soon(lambda: _all_well(house))


async def test_a_process_that_only_answers_slack_is_ready_without_polling(stage: staging.Stage) -> None:
    setting = app.load(stage.env())
    async with app.running(setting, working=False) as desk:
        assert set(await desk.missing()) <= {"slack"}
        assert desk.jobs.late() == {}


async def test_a_push_is_stored_before_it_is_answered_and_read_by_whoever_works(stage: staging.Stage) -> None:
    given = stage.env(QUALYTICS_WEBHOOK_SECRET="hush")
    async with app.running(app.load(given), working=False) as desk:
        there = f"http://127.0.0.1:{given['PORT']}/hooks/qualytics"
        sent: dict[str, Any] = {"headers": {"X-Qualytics-Secret": "hush"}, "json": {"anomaly": "https://acme.example/anomalies/1001"}}
        reply = await stage.http.post(there, **sent)
        assert reply.status_code == 200 and not desk.pushes.tasks
        (push,) = await desk.store.pushes.waiting("qualytics", desk.desk.clock.now(), 10)
        assert push.news.about == (model.Mention("1001"),)
        desk.pushes.works = True
        await desk.pushes.work()
        await asyncio.gather(*desk.pushes.tasks)
        assert await desk.store.pushes.waiting("qualytics", desk.desk.clock.now(), 10) == []
        assert (await desk.store.health.get("qualytics")).cursor, "who was not met is met first"
