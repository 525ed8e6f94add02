"""The word for a raw severity number, by the thresholds of its source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot import model

Thresholds = Sequence[tuple[model.Severity, float]]
"""Words and their lower bounds, the highest first."""


def ordered(bounds: Mapping[str, float]) -> Thresholds:
    """Thresholds by the words of settings, in any order."""
    return tuple(sorted(((model.Severity(word), bound) for word, bound in bounds.items()), key=lambda one: one[1], reverse=True))


def word(number: float | None, thresholds: Thresholds) -> model.Severity | None:
    """The word for a number; below every bound it is the lowest word. None without a number or without thresholds."""
    if number is None or not thresholds:
        return None
    return next((name for name, bound in thresholds if number >= bound), thresholds[-1][0])
