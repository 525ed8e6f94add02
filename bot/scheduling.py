"""When things happen: a table of jobs on APScheduler, each a service call that must neither overlap itself nor die."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from bot import errors

RETRY_SECONDS = 5.0
"""How soon a rarer job is tried again when the database was not available: its next turn may be far away."""
DEADLINE_SECONDS = 300.0
LATE_SECONDS = 15.0
"""What a watched job may take beyond three of its intervals before it counts as late."""

_log = logging.getLogger(__name__)
_library = logging.getLogger("apscheduler")


@dataclass(frozen=True, slots=True)
class Job:
    """A service call that comes round every `seconds`, give or take `jitter` seconds; the first time at once if `first` is set.

    A run that takes longer than `deadline` seconds is stopped. What is `watched` is told by `late` when no run of it ended well lately;
    one that comes round more often than there is something to do says how often there is (`rate`).
    """

    name: str
    call: Callable[[], Awaitable[object]]
    seconds: float
    jitter: float = 0.0
    first: bool = False
    deadline: float = DEADLINE_SECONDS
    watched: bool = False
    rate: float = 0.0


class Scheduler:
    """Runs jobs until `shutdown`. A run that is due while the last one is under way is left out; a late one is made up for, once."""

    def __init__(self) -> None:
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._failing: set[str] = set()
        self._running: set[asyncio.Task[object]] = set()
        self._stop = asyncio.Event()
        self._watched: dict[str, Job] = {}
        self._good: dict[str, float] = {}

    def start(self, jobs: Sequence[Job]) -> None:
        """Start these jobs in the running event loop. Names are unique."""
        _library.setLevel(logging.ERROR)  # below, it writes a line for each run and for each run left out
        self._watched = {job.name: job for job in jobs if job.watched}
        self._good = dict.fromkeys(self._watched, _now())
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

    def late(self) -> Mapping[str, float]:
        """Watched jobs of which no run ended well for three intervals, and for how many seconds."""
        ago = {name: _now() - at for name, at in self._good.items()}
        return {
            name: ago[name]
            for name, job in self._watched.items()
            if ago[name] > 3 * (max(job.seconds, job.rate) + job.jitter) + LATE_SECONDS
        }

    async def shutdown(self, seconds: float = 15.0) -> None:
        """Start nothing more, give runs under way `seconds` to end, then cancel them and wait until they have gone."""
        self._stop.set()
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
        """One run, and more of them soon while the database is not available."""
        task = asyncio.current_task()
        if self._stop.is_set() or task is None:
            return  # the scheduler itself is stopped last: that cancels what it started
        self._running.add(task)
        try:
            while not await self._once(job) and job.seconds > RETRY_SECONDS and not await self._stopped_within(RETRY_SECONDS):
                pass
        except asyncio.CancelledError:
            if not self._stop.is_set():
                raise
            _log.warning("job %s did not end in time and was stopped", job.name)
        finally:
            self._running.discard(task)

    async def _once(self, job: Job) -> bool:
        """One try; False when the database was not available. Whatever it raises is said once, and once more when the job works again; of
        the database the store has told already, once for all jobs."""
        limit = asyncio.timeout(job.deadline)
        try:
            async with limit:
                await job.call()
        except errors.StoreUnavailable:
            return False
        except Exception:
            self._failed(job, late=limit.expired())
            return True
        if job.name in self._failing:
            _log.info("job %s works again", job.name)
        self._failing.discard(job.name)
        self._good[job.name] = _now()
        return True

    def _failed(self, job: Job, *, late: bool) -> None:
        if job.name in self._failing:
            return
        self._failing.add(job.name)
        if late:
            _log.error("job %s did not end within %g s and was stopped; it is tried again every %g s", job.name, job.deadline, job.seconds)
        else:
            _log.exception("job %s fails; it is tried again every %g s", job.name, job.seconds)

    async def _stopped_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return await self._stop.wait()
        except TimeoutError:
            return False


def _now() -> float:
    return asyncio.get_running_loop().time()


def _trigger(job: Job) -> BaseTrigger:
    every = IntervalTrigger(seconds=job.seconds, jitter=job.jitter or None, timezone="UTC")
    return OrTrigger([DateTrigger(timezone="UTC"), every]) if job.first else every
