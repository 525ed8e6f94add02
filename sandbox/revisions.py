"""A revision that each change of a fake system raises, waiting for the next one, and who else was there."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field


@dataclass(slots=True)
class Visits:
    """Ids of anomalies whose page somebody opened, and what somebody changed in the system itself: when, and which."""

    looked: list[str] = field(default_factory=list)
    changed: list[tuple[float, str]] = field(default_factory=list)


class Revised:
    """Something that changes; `revision` counts how often."""

    def __init__(self) -> None:
        self.revision = 0
        self.visits = Visits()
        self._changed = asyncio.Event()

    async def changed(self, since: int, timeout: float) -> int:
        """Wait until `revision` is above `since`, at most `timeout` seconds; returns the revision."""
        deadline = asyncio.get_running_loop().time() + timeout
        while self.revision <= since:
            left = deadline - asyncio.get_running_loop().time()
            try:
                await asyncio.wait_for(self._changed.wait(), max(left, 0))
            except TimeoutError:
                break
        return self.revision

    def touch(self) -> None:
        """Something changed."""
        self.revision += 1
        self._changed.set()
        self._changed = asyncio.Event()
