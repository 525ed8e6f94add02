"""Jobs come round, do not overlap, do not die, and end in time."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator

import pytest

from bot import errors, scheduling


@pytest.fixture
async def scheduler() -> AsyncIterator[scheduling.Scheduler]:
    made = scheduling.Scheduler()
    yield made
    await made.shutdown(0)


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == scheduling.__name__]


class Counter:
    """A job that counts its runs, fails in the ones named, and says when a number is reached."""

    def __init__(self, *, until: int, fails: tuple[int, ...] = ()) -> None:
        self.runs, self.until, self.fails = 0, until, fails
        self.reached = asyncio.Event()

    async def __call__(self) -> None:
        self.runs += 1
        if self.runs >= self.until:
            self.reached.set()
        if self.runs in self.fails:
            raise RuntimeError("the source is gone")

    async def wait(self) -> None:
        async with asyncio.timeout(5):
            await self.reached.wait()


async def test_a_first_run_comes_at_once_and_then_one_each_interval(scheduler: scheduling.Scheduler) -> None:
    counter = Counter(until=3)
    start = asyncio.get_running_loop().time()
    scheduler.start([scheduling.Job("count", counter, 0.05, first=True)])
    await counter.wait()
    assert 0.08 <= asyncio.get_running_loop().time() - start < 2


async def test_without_first_the_first_run_waits_for_the_interval(scheduler: scheduling.Scheduler) -> None:
    once, often = Counter(until=1), Counter(until=3)
    scheduler.start([scheduling.Job("once", once, 3600), scheduling.Job("often", often, 0.02)])
    await often.wait()
    assert once.runs == 0


async def test_a_job_never_overlaps_itself_and_does_not_hold_up_another(scheduler: scheduling.Scheduler) -> None:
    other = Counter(until=5)
    release, under_way, most = asyncio.Event(), 0, 0

    async def slow() -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await release.wait()
        under_way -= 1

    scheduler.start([scheduling.Job("slow", slow, 0.01, first=True), scheduling.Job("other", other, 0.01)])
    await other.wait()
    assert most == 1
    release.set()


async def test_a_failing_job_is_told_once_goes_on_and_its_recovery_is_told_once(
    scheduler: scheduling.Scheduler, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    counter = Counter(until=7, fails=(2, 3, 4))
    scheduler.start([scheduling.Job("poll", counter, 0.01, first=True)])
    await counter.wait()
    await scheduler.shutdown(1)
    assert told(caplog) == ["job poll fails; it is tried again every 0.01 s", "job poll works again"]
    assert "the source is gone" in caplog.text
    assert not [record for record in caplog.records if record.name.startswith("apscheduler")]


def keep_busy(seconds: float) -> None:
    """Hold up the event loop, as a large garbage collection or a suspended machine does."""
    time.sleep(seconds)


async def test_runs_that_a_busy_loop_delays_are_made_up_for_once(scheduler: scheduling.Scheduler) -> None:
    counter, rare = Counter(until=1), Counter(until=1)
    scheduler.start([scheduling.Job("often", counter, 0.3, first=True), scheduling.Job("rare", rare, 3600, first=True)])
    keep_busy(1.1)
    await counter.wait()
    await rare.wait()
    assert (counter.runs, rare.runs) == (1, 1)


async def test_shutdown_waits_for_the_run_under_way_and_starts_no_other(scheduler: scheduling.Scheduler) -> None:
    started, release, ended = asyncio.Event(), asyncio.Event(), 0

    async def work() -> None:
        nonlocal ended
        started.set()
        await release.wait()
        ended += 1

    scheduler.start([scheduling.Job("work", work, 0.01, first=True)])
    await started.wait()
    stopping = asyncio.create_task(scheduler.shutdown(5))
    await asyncio.sleep(0.05)
    assert not stopping.done()
    release.set()
    await stopping
    await asyncio.sleep(0.05)
    assert ended == 1


async def test_shutdown_cancels_what_does_not_end_in_time_and_lets_it_clean_up(
    scheduler: scheduling.Scheduler, caplog: pytest.LogCaptureFixture
) -> None:
    started, cleaned = asyncio.Event(), False

    async def stubborn() -> None:
        nonlocal cleaned
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.02)
            cleaned = True

    scheduler.start([scheduling.Job("stubborn", stubborn, 3600, first=True)])
    await started.wait()
    await scheduler.shutdown(0.05)
    assert cleaned
    assert told(caplog) == ["job stubborn did not end in time and was stopped"]


async def test_shutdown_twice_or_before_the_start_does_nothing(scheduler: scheduling.Scheduler) -> None:
    await scheduler.shutdown(0)
    await scheduler.shutdown(0)


async def test_a_cancelled_shutdown_still_stops_the_jobs() -> None:
    scheduler = scheduling.Scheduler()
    counter, started = Counter(until=1), asyncio.Event()

    async def endless() -> None:
        started.set()
        await asyncio.Event().wait()

    scheduler.start([scheduling.Job("endless", endless, 3600, first=True), scheduling.Job("count", counter, 0.02)])
    await started.wait()
    stopping = asyncio.create_task(scheduler.shutdown(60))
    await asyncio.sleep(0.01)
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping
    await asyncio.sleep(0.01)
    runs = counter.runs
    await asyncio.sleep(0.06)
    assert counter.runs == runs
    assert not [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]


# --- deadlines, outages, lateness ---------------------------------------------------------------------------------------


async def test_a_run_that_hangs_is_stopped_said_once_and_the_next_one_comes(
    scheduler: scheduling.Scheduler, caplog: pytest.LogCaptureFixture
) -> None:
    again, runs = asyncio.Event(), 0

    async def hangs() -> None:
        nonlocal runs
        runs += 1
        if runs == 3:
            again.set()
        await asyncio.Event().wait()

    scheduler.start([scheduling.Job("poll", hangs, 0.01, first=True, deadline=0.02)])
    async with asyncio.timeout(5):
        await again.wait()
    assert told(caplog) == ["job poll did not end within 0.02 s and was stopped; it is tried again every 0.01 s"]
    assert all(record.exc_info is None for record in caplog.records)


async def test_a_rare_job_is_tried_again_soon_while_the_database_is_not_available(
    scheduler: scheduling.Scheduler, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its next turn is an hour away; the store tells of the outage, so the job says nothing."""
    monkeypatch.setattr(scheduling, "RETRY_SECONDS", 0.01)
    caplog.set_level(logging.INFO)
    done, runs = asyncio.Event(), 0

    async def poll() -> None:
        nonlocal runs
        runs += 1
        if runs < 4:
            raise errors.StoreUnavailable("gone")
        done.set()

    scheduler.start([scheduling.Job("poll", poll, 3600, first=True)])
    async with asyncio.timeout(5):
        await done.wait()
    await scheduler.shutdown(1)
    assert runs == 4 and told(caplog) == []


async def test_a_shutdown_does_not_wait_for_the_database_to_come_back(scheduler: scheduling.Scheduler) -> None:
    tried = asyncio.Event()

    async def poll() -> None:
        tried.set()
        raise errors.StoreUnavailable("gone")

    scheduler.start([scheduling.Job("poll", poll, 3600, first=True)])
    await tried.wait()
    async with asyncio.timeout(2):
        await scheduler.shutdown(60)


async def test_a_watched_job_is_late_when_none_of_its_runs_ended_well_lately(
    scheduler: scheduling.Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduling, "LATE_SECONDS", 0.01)
    well, idle = True, Counter(until=1)
    often = Counter(until=30)

    async def flush() -> None:
        if not well:
            raise RuntimeError("no")

    assert scheduler.late() == {}
    scheduler.start(
        [
            scheduling.Job("flush", flush, 0.01, watched=True),
            scheduling.Job("often", often, 0.01),
            scheduling.Job("unwatched", idle, 0.001, deadline=0.001),
            scheduling.Job("rare", idle, 3600, watched=True),
        ]
    )
    await idle.wait()
    well = False
    await often.wait()
    assert set(scheduler.late()) == {"flush"} and scheduler.late()["flush"] > 0.04
    well = True
    async with asyncio.timeout(5):
        while scheduler.late():  # noqa: ASYNC110
            await asyncio.sleep(0.005)
