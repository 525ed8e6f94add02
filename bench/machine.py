"""How much of the machine other programs took while something was measured."""

from __future__ import annotations

import os
import resource
from pathlib import Path


class Load:
    """From now until `others` is asked."""

    def __init__(self) -> None:
        self._all, self._ours = _all(), _ours()

    def others(self) -> float:
        """The share (0 to 1) of all processor time that neither we, nor children that have ended, nor idleness took."""
        before, after = self._all, _all()
        whole = sum(after) - sum(before)
        idle = after[3] + after[4] - before[3] - before[4]
        ours = (_ours() - self._ours) * os.sysconf("SC_CLK_TCK")
        return max(1 - (idle + ours) / whole, 0.0) if whole else 0.0


def _all() -> list[int]:
    """Ticks of the processors since the machine started: user, nice, system, idle, iowait, irq, softirq, steal."""
    return [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]


def _ours() -> float:
    """Seconds of processor time."""
    who = (resource.getrusage(one) for one in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in who)
