"""What happens by itself, and how often: the table of jobs of a process that polls and posts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from bot import assembly, scheduling
from bot.services import presence
from bot.store import engine

FLUSH_SECONDS = 1.0
LOOK_SECONDS = 2.5  # of a poller that was killed, the next poll comes so much after its lease
RESUME_SECONDS = 15.0
BATCH_SECONDS = 5.0
FOLLOW_SECONDS = 1.0
ASKED_SECONDS = 5.0
PUSHES_SECONDS, OTHERS_PUSHES_SECONDS = 5.0, 0.4
"""How often one looks for pushes that wait: where no other process stores any, only what a failure or a restart left."""
DIGEST_SECONDS = 15.0
HOMES_SECONDS = 1.0
LINE_SECONDS = 5.0
LEGACY_SECONDS = 60.0
BEAT_SECONDS = 5.0
FILLING_SECONDS = 60.0
FILLING_DEADLINE = 3600.0
"""A million rows of an earlier release take a few minutes, once."""
KEEP_SECONDS = 3600.0
KEEP_DEADLINE = 3600.0
"""The first run over an old database forgets years; one that is cut off goes on where it was with the next."""
BATCH_DEADLINE = 3600.0
"""A run of the batches does all of one: thousands of items, at the pace of the system."""


def heartbeat(here: presence.Presence) -> scheduling.Job:
    """Any process says that it is there."""
    return scheduling.Job("heartbeat", here.beat, BEAT_SECONDS)


def table(
    every: float, made: assembly.Services, here: presence.Presence, store: engine.Store, watch: Callable[[], Awaitable[None]]
) -> Sequence[scheduling.Job]:
    """`every` is how often a system is polled, in seconds; `watch` looks after the connection to Slack."""
    often = min(every, LOOK_SECONDS)
    desk = made.desk

    def polling(name: str) -> Callable[[], Awaitable[None]]:
        return lambda: _poll_and_flush(made, name, often)

    def noticing(name: str) -> Callable[[], Awaitable[None]]:
        return lambda: desk.follow.notice(name)

    return [
        *(
            scheduling.Job(f"poll {name}", polling(name), often, jitter=often / 10, first=True, watched=True, rate=every)
            for name in made.poll.sources
        ),
        scheduling.Job("asked polls", made.poll.catch_up, ASKED_SECONDS, first=True),
        scheduling.Job("pushes", made.pushes.work, PUSHES_SECONDS if store.alone else OTHERS_PUSHES_SECONDS, first=True),
        scheduling.Job("flush", made.post.flush, FLUSH_SECONDS, watched=True),
        scheduling.Job("resume", desk.triage.resume, RESUME_SECONDS, first=True),
        scheduling.Job("remarks", made.remarks.work, RESUME_SECONDS, first=True),
        scheduling.Job("pictures", made.sharing.work, RESUME_SECONDS, first=True),
        scheduling.Job("courses", made.courses.work, RESUME_SECONDS, first=True),
        scheduling.Job("batches", desk.runs.work, BATCH_SECONDS, first=True, deadline=BATCH_DEADLINE),
        scheduling.Job("operations", desk.follow.work, FOLLOW_SECONDS, first=True),
        *(scheduling.Job(f"notice {name}", noticing(name), often, jitter=often / 10, first=True) for name in desk.follow.scanners),
        scheduling.Job("homes", desk.home.work, HOMES_SECONDS),
        scheduling.Job("digest", desk.digests.tick, DIGEST_SECONDS, first=True),
        scheduling.Job("sweep", here.sweep, presence.SWEEP_SECONDS, first=True),
        scheduling.Job("connection", watch, LINE_SECONDS),
        scheduling.Job("keeping", made.keeping.work, KEEP_SECONDS, jitter=KEEP_SECONDS / 10, deadline=KEEP_DEADLINE),
        scheduling.Job("legacy facts", store.legacy.carry, LEGACY_SECONDS),
        scheduling.Job("filling", store.backfill.fill, FILLING_SECONDS, first=True, deadline=FILLING_DEADLINE),
    ]


async def _poll_and_flush(made: assembly.Services, name: str, within: float) -> None:
    if await made.poll.keep_up(name, within) is not None:
        await made.post.flush()
