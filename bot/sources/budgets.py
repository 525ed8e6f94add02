"""How many calls a system gets in a minute, clicks first. Time is the running event loop's.

Why not a library: aiolimiter lets a full burst through and the same amount again within the minute, its rate cannot be changed once it
runs, and it has one queue, so that a click would wait behind a bulk.
"""

from __future__ import annotations

import asyncio
from collections import deque

BURST = 6
"""A sixth of a minute's calls may go at once; the others are spread, so that no minute holds more than all of them."""
KEPT = 4
"""A quarter of such a burst is kept for clicks."""


class Budget:
    """At most `per_minute` calls in any minute; 0: as many as there are."""

    def __init__(self, per_minute: float = 0.0) -> None:
        self._per_minute, self._among = per_minute, 1
        self._parts: list[Budget] = []
        self._clicks, self._others = deque[asyncio.Future[None]](), deque[asyncio.Future[None]]()
        self._left, self._at = self._most, 0.0
        self._timer: asyncio.TimerHandle | None = None

    def part(self, per_minute: float) -> Budget:
        """A limit of its own for some of these calls, shared as this one is."""
        self._parts.append(Budget(per_minute))
        self._parts[-1].share(self._among)
        return self._parts[-1]

    def share(self, among: int) -> None:
        """So many processes share it from now on."""
        for part in self._parts:
            part.share(among)
        self._among = max(among, 1)
        self._left = min(self._left, self._most)
        if self._clicks or self._others:
            self._serve()  # whoever waits may have more of it now

    @property
    def per_minute(self) -> float:
        """What this process may use of it."""
        return self._per_minute / self._among

    @property
    def _most(self) -> float:
        return max(self.per_minute / BURST, 1.0)

    @property
    def _rate(self) -> float:
        """Calls that come back in a second: with a full burst before, a minute holds no more than `per_minute`."""
        return max(self.per_minute - self._most, self.per_minute / 2) / 60.0

    async def spend(self, *, urgent: bool) -> None:
        """Wait until there is room for one call more; `urgent`: before all that are not."""
        if not self.per_minute:
            return
        queue = self._clicks if urgent else self._others
        turn = asyncio.get_running_loop().create_future()
        queue.append(turn)
        self._serve()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._left += 1.0  # its turn had come, and nobody called
            raise

    def _serve(self) -> None:
        """Let go whoever there is room for, and come back when there is for the next."""
        loop = asyncio.get_running_loop()
        self._left, self._at = min(self._left + (loop.time() - self._at) * self._rate, self._most), loop.time()
        for queue, needed in ((self._clicks, 1.0), (self._others, 1.0 + self._reserve)):
            while queue and self._left >= needed:
                turn = queue.popleft()
                if not turn.done():
                    turn.set_result(None)
                    self._left -= 1.0
            if queue:
                self._come_back(max(needed - self._left, 0.0) / self._rate)
                return

    @property
    def _reserve(self) -> float:
        return float(int(self._most / KEPT))

    def _come_back(self, after: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(after + 0.001, self._serve)
