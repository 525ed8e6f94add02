"""The digest of the channel: one for each due time, whatever restarts come between, and its numbers are right."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.services import digest as digests
from tests.handlers import front as fronts
from tests.handlers.front import Front, visible
from tests.services.cast import Clock
from tests.walks import stage as staging

BERLIN = ZoneInfo("Europe/Berlin")


def _due(front: Front) -> digests.Digests:
    """The desk's digests, with a due time one minute ago by a clock that stands still."""
    made = front.running.desk.digests
    now = front.running.desk.clock.now()
    made.clock = Clock(now)
    made.zone = BERLIN
    made.spec = f"{now.astimezone(BERLIN) - timedelta(minutes=1):%H:%M} daily"
    return made


def _posted(front: Front) -> list[str]:
    return [visible(one) for one in front.posted() if "opened" in visible(one) and "closed" in visible(one)]


async def _mark(front: Front, made: digests.Digests, **ago: float) -> None:
    now = made.clock.now()
    await front.running.store.facts.put(digests.MARK, (now - timedelta(**ago)).isoformat(), now)


async def test_one_digest_for_a_due_time_and_the_first_at_the_next(tmp_path: Path) -> None:
    async with staging.staged(tmp_path) as stage:
        async with fronts.desk(stage) as front:
            made = _due(front)
            await made.tick()
            await front.running.post.flush()
            assert _posted(front) == [], "what was due before the first start is nobody's digest"
            await _mark(front, made, days=1)
            await front.arrive(3)
            for _ in range(3):
                await made.tick()
                await front.running.post.flush()
            assert len(_posted(front)) == 1
        async with fronts.desk(stage) as front:
            made = _due(front)
            made.clock.pass_by(minutes=0)  # type: ignore[attr-defined]
            await made.tick()
            await front.running.post.flush()
            assert len(_posted(front)) == 1
            made.clock.pass_by(days=1)  # type: ignore[attr-defined]
            await made.tick()
            await front.running.post.flush()
            assert len(_posted(front)) == 2


async def test_a_kill_between_the_message_and_its_mark_makes_no_second_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with staging.staged(tmp_path) as stage:
        async with fronts.desk(stage) as front:
            made = _due(front)
            spec, clock = made.spec, made.clock
            await _mark(front, made, days=1)

            async def killed(*_: Any) -> None:
                raise RuntimeError("killed")

            with monkeypatch.context() as patched:
                patched.setattr(type(front.running.store.facts), "put", killed)
                with pytest.raises(RuntimeError):
                    await made.tick()
        async with fronts.desk(stage) as front:
            made = _due(front)
            made.spec, made.clock = spec, clock
            await made.tick()
            await front.running.post.flush()
            assert len(_posted(front)) == 1


async def test_its_numbers_are_what_qualytics_says(tmp_path: Path) -> None:
    async with staging.staged(tmp_path) as stage, fronts.desk(stage) as front:
        first, second, *_ = await front.arrive(7, assignees=[12])
        made = _due(front)
        await _mark(front, made, days=1)
        await front.stage.qualytics("PATCH", f"anomalies/{first}", status="Invalid")
        await front.stage.qualytics("PATCH", f"anomalies/{second}", status="Acknowledged")
        made.clock.pass_by(seconds=1)  # type: ignore[attr-defined]
        await made.tick()
        await front.running.post.flush()
        (told,) = _posted(front)
        for words in ("7 opened", "1 closed", "6 still open", "Dana"):
            assert words in told, told


async def test_while_qualytics_is_away_the_digest_waits(tmp_path: Path) -> None:
    async with staging.staged(tmp_path) as stage, fronts.desk(stage) as front:
        made = _due(front)
        await _mark(front, made, days=1)
        async with front.fault(mode="503", times=0):
            await made.tick()
        await front.running.post.flush()
        assert _posted(front) == []
        await made.tick()
        await front.running.post.flush()
        assert len(_posted(front)) == 1
