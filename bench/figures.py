"""What a row of the bench says, and the little arithmetic behind it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the results. `holds` is None for a figure that nothing was promised for."""

    what: str
    measured: str
    beside: str
    """The peer or floor of the same run."""
    ratio: str
    target: str
    holds: bool | None
    note: str = ""

    @property
    def verdict(self) -> str:
        """The last column."""
        return {True: "yes", False: "NO", None: "-"}[self.holds]


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile, `share` from 0 to 1."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(values)


def spread(values: Sequence[float], unit: str = "") -> str:
    """From the least to the most."""
    return f"{min(values):.3g} to {max(values):.3g}{unit}"
