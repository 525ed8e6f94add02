"""The digest of the channel: one for each due time, whatever restarts come between, and its numbers are right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot import model
from bot.services import digest as digests
from tests.handlers import front as fronts
from tests.handlers.front import Front, visible
from tests.services.cast import Clock
from tests.walks import stage as staging

BERLIN = ZoneInfo("Europe/Berlin")


def _due(front: Front, now: datetime) -> digests.Digests:
    """The desk's digests by a clock that stands still, with a due time one minute before."""
    made = front.running.desk.digests
    made.clock, made.zone = Clock(now), BERLIN
    made.spec = f"{now.astimezone(BERLIN) - timedelta(minutes=1):%H:%M} daily"
    return made


def _posted(front: Front) -> list[str]:
    return [visible(one) for one in front.posted() if "/anomalies digest" in visible(one)]


async def _tick(front: Front, made: digests.Digests) -> int:
    """Let the digest look at its clock; returns how many digests the channel has by now."""
    front.running.post.clock = made.cards.clock = made.clock
    await made.tick()
    await front.running.post.flush()
    return len(_posted(front))


async def _mark(front: Front, now: datetime) -> None:
    """The last digest was a day ago."""
    await front.running.store.digests.put("default", now - timedelta(days=1))


async def test_one_digest_for_a_due_time_and_the_first_at_the_next(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    async with staging.staged(tmp_path) as stage:
        async with fronts.desk(stage) as front:
            made = _due(front, now)
            assert await _tick(front, made) == 0, "what was due before the first start is nobody's digest"
            await _mark(front, now)
            await front.arrive(3)
            assert [await _tick(front, made) for _ in range(3)] == [1, 1, 1]
        async with fronts.desk(stage) as front:
            assert await _tick(front, _due(front, now)) == 1
            tomorrow = _due(front, now)
            tomorrow.clock = Clock(now + timedelta(days=1))
            assert [await _tick(front, tomorrow) for _ in range(2)] == [2, 2]


async def test_a_kill_between_the_message_and_its_mark_makes_no_second_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.now(UTC)
    async with staging.staged(tmp_path) as stage:
        async with fronts.desk(stage) as front:
            made = _due(front, now)
            await _mark(front, now)

            async def killed(*_: Any) -> None:
                raise RuntimeError("killed")

            with monkeypatch.context() as patched:
                patched.setattr(type(front.running.store.digests), "put", killed)
                with pytest.raises(RuntimeError):
                    await made.tick()
        async with fronts.desk(stage) as front:
            assert await _tick(front, _due(front, now)) == 1


async def test_its_numbers_are_what_qualytics_says(tmp_path: Path) -> None:
    async with staging.staged(tmp_path) as stage, fronts.desk(stage) as front:
        first, second, *_ = await front.arrive(7, assignees=[12])
        await stage.qualytics("PATCH", f"anomalies/{first}", status="Invalid")
        await stage.qualytics("PATCH", f"anomalies/{second}", status="Acknowledged")
        now = datetime.now(UTC)
        await _mark(front, now)
        assert await _tick(front, _due(front, now + timedelta(seconds=1))) == 1
        (told,) = _posted(front)
        state = (await stage.http.get(f"{stage.qualytics_url}/_control/state")).json()
        born = [datetime.fromisoformat(one["created"].replace("Z", "+00:00")) for one in state["anomalies"]]
        opened = sum(1 for at in born if at > now - timedelta(days=1))
        assert opened >= 7
        for words in (f"{opened} opened", "1 closed", "6 still open", "5 of 6", "Dana"):
            assert words in told, told
        entries = await front.running.store.journal.history(model.Ref("qualytics", str(first)))
        assert entries and entries[0].via == "Qualytics", "what was closed where nobody looked is journalled"


async def test_while_qualytics_is_away_the_digest_waits(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    now = datetime.now(UTC)
    async with staging.staged(tmp_path) as stage, fronts.desk(stage) as front:
        made = _due(front, now)
        await _mark(front, now)
        async with front.fault(mode="503", times=0):
            assert [await _tick(front, made) for _ in range(2)] == [0, 0]
        assert await _tick(front, made) == 1
        said = [line.getMessage().partition(":")[0] for line in caplog.records if "digest waits" in line.getMessage()]
        assert said == ["the digest waits", "the digest waits no more"]
