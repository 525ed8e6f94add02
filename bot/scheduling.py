"""When things happen: a table of jobs on APScheduler, each a service call that must neither overlap itself nor die."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

_log = logging.getLogger(__name__)
_library = logging.getLogger("apscheduler")


@dataclass(frozen=True, slots=True)
class Job:
    """A service call that comes round every `seconds`, give or take `jitter` seconds; the first time at once if `first` is set."""

    name: str
    call: Callable[[], Awaitable[object]]
    seconds: float
    jitter: float = 0.0
    first: bool = False


class Scheduler:
    """Runs jobs until `shutdown`. A run that is due while the last one is under way is left out; a late one is made up for, once."""

    def __init__(self) -> None:
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._failing: set[str] = set()
        self._running: set[asyncio.Task[object]] = set()
        self._stopping = False

    def start(self, jobs: Sequence[Job]) -> None:
        """Start these jobs in the running event loop. Names are unique."""
        _library.setLevel(logging.ERROR)  # below, it writes a line for each run and for each run left out
        for job in jobs:
            self._scheduler.add_job(
                self._run,
                _trigger(job),
                args=(job,),
                id=job.name,
                name=job.name,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,  # the library's second would skip what a busy loop delays
            )
        self._scheduler.start()

    async def shutdown(self, seconds: float = 15.0) -> None:
        """Start nothing more, give runs under way `seconds` to end, then cancel them and wait until they have gone."""
        self._stopping = True
        if not self._scheduler.running:
            return
        try:
            late = (await asyncio.wait(self._running, timeout=seconds))[1] if self._running else set()
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
        finally:
            self._scheduler.shutdown(wait=False)
        await asyncio.sleep(0)  # the library leaves its last step to the loop

    async def _run(self, job: Job) -> None:
        """One run. Whatever it raises is said once, and once more when the job works again."""
        task = asyncio.current_task()
        if self._stopping or task is None:
            return  # the scheduler itself is stopped last: that cancels what it started
        self._running.add(task)
        try:
            await job.call()
        except asyncio.CancelledError:
            if not self._stopping:
                raise
            _log.warning("job %s did not end in time and was stopped", job.name)
        except Exception:
            if job.name not in self._failing:
                _log.exception("job %s fails; it is tried again every %g s", job.name, job.seconds)
            self._failing.add(job.name)
        else:
            if job.name in self._failing:
                _log.info("job %s works again", job.name)
            self._failing.discard(job.name)
        finally:
            self._running.discard(task)


def _trigger(job: Job) -> BaseTrigger:
    every = IntervalTrigger(seconds=job.seconds, jitter=job.jitter or None, timezone="UTC")
    return OrTrigger([DateTrigger(timezone="UTC"), every]) if job.first else every
