"""Lanes and budgets: who may call Slack next, so that Slack never has to say 429.

A call waits in a *lane*; lanes that spend the same Slack budget form a *pool* (slack-platform section 1: buckets are per method and
workspace). Inside a pool the more urgent lane goes first, inside a lane the channel that was served longest ago, inside a channel the
oldest call. Time is the running event loop's.

Why not a library: aiolimiter's bucket lets a full burst through and the same amount again within the window, and nothing found here
takes two budgets at once (channel and workspace) without holding one while it waits for the other, knows priorities, or can be paused.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum

MARGIN = 1.02
"""Our windows are this much longer than Slack's: calls do not all travel equally fast."""

EDITS_PER_MINUTE, MACHINE_EDITS_PER_MINUTE, LOOKUPS_PER_MINUTE = 50, 35, 45
"""chat.update is tier 3 (50 a minute, all channels together), 15 of them kept for clicks; conversations.history is tier 3, too."""

ROUNDING = 1e-6
WIDE = 3
"""This many channels paused at once mean that the workspace is over its limit, not the channels."""


class Lane(StrEnum):
    """What waits, the most urgent first."""

    CLICK = "click"
    """Edits that somebody is waiting for."""
    POST = "post"
    """First posts."""
    EDIT = "edit"
    """Edits that nobody asked for."""
    DIGEST = "digest"
    """Posts that can wait."""
    LOOKUP = "lookup"
    """Reading a channel's history."""


class BudgetWindow:
    """At most `limit` calls in any `seconds` (stretched by MARGIN)."""

    def __init__(self, limit: int, seconds: float) -> None:
        self._seconds = seconds * MARGIN
        self._calls: deque[float] = deque(maxlen=limit)

    def resize(self, limit: int, seconds: float) -> None:
        """Another budget from now on; what was spent counts."""
        self._seconds = seconds * MARGIN
        self._calls = deque(self._calls, maxlen=limit)

    def free_at(self) -> float:
        """When the next call fits, in loop time."""
        full = len(self._calls) == self._calls.maxlen
        return self._calls[0] + self._seconds if full else 0.0

    def spend(self, now: float) -> None:
        """Count a call that starts now."""
        self._calls.append(now)


def _shape(limit: int, burst: int) -> list[tuple[int, float]]:
    """`limit` a minute, spread evenly after a first `burst`: as calls in so many seconds."""
    return [(limit, 60.0), (min(burst, limit), 60.0 * min(burst, limit) / limit)]


def _minute(limit: int, burst: int) -> list[BudgetWindow]:
    return [BudgetWindow(*shape) for shape in _shape(limit, burst)]


def _resize(windows: Sequence[BudgetWindow], limit: int, burst: int) -> None:
    for window, shape in zip(windows, _shape(limit, burst), strict=True):
        window.resize(*shape)


@dataclass(slots=True, eq=False)
class _Call:
    """One caller that waits for its turn."""

    since: float
    turn: asyncio.Future[None]


@dataclass(slots=True)
class _Channel:
    """One channel of a pool: its own budget (posts only), its pause, whether a call is under way, when it was served last."""

    window: BudgetWindow | None
    paused: float = 0.0
    busy: bool = False
    served: int = 0

    def free_at(self) -> float:
        if self.busy:
            return float("inf")
        return max(self.paused, self.window.free_at() if self.window else 0.0)


@dataclass(slots=True)
class _Line:
    """One lane of a pool: who waits in it, by channel, and the budgets of this lane alone."""

    windows: list[BudgetWindow] = field(default_factory=list)
    queues: dict[str, deque[_Call]] = field(default_factory=dict)

    def free_at(self) -> float:
        return max((window.free_at() for window in self.windows), default=0.0)


class _Pool:
    """Lanes that share one Slack budget. `serial`: one call at a time and channel, at most one a second."""

    def __init__(self, windows: list[BudgetWindow], lines: Mapping[Lane, _Line], *, serial: bool = False) -> None:
        self.windows, self.lines, self.serial = windows, lines, serial
        self.channels: dict[str, _Channel] = {}
        self.paused = 0.0
        self._turns = 0
        self._timer: asyncio.TimerHandle | None = None

    def enqueue(self, lane: Lane, channel: str) -> _Call:
        loop = asyncio.get_running_loop()
        call = _Call(loop.time(), loop.create_future())
        self.lines[lane].queues.setdefault(channel, deque()).append(call)
        self.dispatch()
        return call

    def leave(self, lane: Lane, channel: str, call: _Call) -> None:
        """Give up waiting."""
        queue = self.lines[lane].queues.get(channel)
        if queue and call in queue:
            queue.remove(call)
            if not queue:
                del self.lines[lane].queues[channel]

    def release(self, channel: str) -> None:
        """The call of this channel is over."""
        self._channel(channel).busy = False
        self.dispatch()

    def pause(self, channel: str, until: float) -> None:
        now = asyncio.get_running_loop().time()
        if channel:
            self._channel(channel).paused = max(self._channel(channel).paused, until)
        stopped = [seen for seen in self.channels.values() if seen.paused > now]
        if not channel or len(stopped) >= WIDE:
            self.paused = max(self.paused, until)
        self.dispatch()

    def dispatch(self) -> None:
        """Let everybody go whose turn it is, and come back when the next one can."""
        loop = asyncio.get_running_loop()
        while True:
            wake, chosen = self._next(loop.time() + ROUNDING)
            if chosen is None:
                break
            self._serve(*chosen, loop.time())
        if self._timer:
            self._timer.cancel()
        self._timer = loop.call_at(wake, self.dispatch) if wake < float("inf") else None

    def _next(self, now: float) -> tuple[float, tuple[Lane, str] | None]:
        """Who is next, or when to look again (never when nobody waits or a call under way has to end first)."""
        shared = max([self.paused, *(window.free_at() for window in self.windows)])
        wake = float("inf")
        for lane, line in self.lines.items():
            base = max(shared, line.free_at())
            free = {name: max(base, self._channel(name).free_at()) for name in line.queues}
            ready = [name for name, at in free.items() if at <= now]
            if ready:
                return now, (lane, min(ready, key=lambda name: self._channel(name).served))
            wake = min([wake, *free.values()])
        return wake, None

    def _serve(self, lane: Lane, name: str, now: float) -> None:
        line, channel = self.lines[lane], self._channel(name)
        call = line.queues[name].popleft()
        if not line.queues[name]:
            del line.queues[name]
        if call.turn.done():
            return
        self._turns += 1
        channel.served, channel.busy = self._turns, self.serial
        for window in (*self.windows, *line.windows, *([channel.window] if channel.window else [])):
            window.spend(now)
        call.turn.set_result(None)

    def _channel(self, name: str) -> _Channel:
        if name not in self.channels:
            self.channels[name] = _Channel(BudgetWindow(1, 1.0) if self.serial else None)
        return self.channels[name]


def _part(whole: int, of: int) -> int:
    """One of so many equal parts; one call at least, which nobody may be without."""
    return max(1, whole // of) if of else 1


class Pacer:
    """Hands out turns. `posts_per_minute` is the workspace's budget for new messages (Slack: "several hundred")."""

    def __init__(self, posts_per_minute: int = 300) -> None:
        posts = _Pool(
            _minute(posts_per_minute, max(posts_per_minute // 12, 1)),
            {Lane.POST: _Line(), Lane.DIGEST: _Line()},
            serial=True,
        )
        edits = _Pool(
            [BudgetWindow(EDITS_PER_MINUTE, 60.0)],
            {Lane.CLICK: _Line(), Lane.EDIT: _Line(_minute(MACHINE_EDITS_PER_MINUTE, 7))},
        )
        lookups = _Pool(_minute(LOOKUPS_PER_MINUTE, 15), {Lane.LOOKUP: _Line()})
        self._posts, self._edits, self._lookups, self._per_minute = posts, edits, lookups, posts_per_minute
        self._pools = {lane: pool for pool in (posts, edits, lookups) for lane in pool.lines}

    def share(self, *, workers: int, webs: int) -> None:
        """Slack's budgets are the workspace's: this process has its part of what `workers` spend on posts and machine edits, and of what
        `webs` spend on clicks; 0 says that it is none of them."""
        posts, machine, lookups = (_part(all_, workers) for all_ in (self._per_minute, MACHINE_EDITS_PER_MINUTE, LOOKUPS_PER_MINUTE))
        clicks = _part(EDITS_PER_MINUTE - MACHINE_EDITS_PER_MINUTE, webs)
        _resize(self._posts.windows, posts, max(posts // 12, 1))
        _resize(self._edits.lines[Lane.EDIT].windows, machine, min(7, machine))
        _resize(self._lookups.windows, lookups, min(15, lookups))
        self._edits.windows[0].resize(machine * bool(workers) + clicks * bool(webs) or 1, 60.0)
        for pool in (self._posts, self._edits, self._lookups):
            pool.dispatch()

    @asynccontextmanager
    async def slot(self, lane: Lane, channel: str) -> AsyncIterator[None]:
        """Wait for a turn, then make the call inside. Posts to one channel are made one after the other, so they keep their order.

        Cancelling is safe at any moment: who gives up while waiting has spent nothing.
        """
        pool = self._pools[lane]
        call = pool.enqueue(lane, channel)
        try:
            await call.turn
            yield
        finally:
            if call.turn.cancelled():
                pool.leave(lane, channel, call)
            else:
                pool.release(channel)

    def pause(self, lane: Lane, channel: str, seconds: float) -> None:
        """Slack said 429: nothing of this lane's budget goes to this channel for `seconds` ("" = to any channel).

        A third channel that is paused at the same time pauses them all: the workspace is over its limit then.
        """
        self._pools[lane].pause(channel, asyncio.get_running_loop().time() + seconds)

    def waiting(self) -> dict[Lane, int]:
        """How many calls wait, by lane."""
        return {lane: sum(map(len, self._queues(lane))) for lane in Lane}

    def lag(self) -> dict[Lane, float]:
        """How long the oldest call of each lane has been waiting, in seconds."""
        now = asyncio.get_running_loop().time()
        return {lane: max((now - queue[0].since for queue in self._queues(lane)), default=0.0) for lane in Lane}

    def _queues(self, lane: Lane) -> list[deque[_Call]]:
        return list(self._pools[lane].lines[lane].queues.values())
