"""The word for a number, by thresholds."""

from __future__ import annotations

import pytest

from bot import model
from bot.core import severity

SCORES = severity.ordered({"medium": 40, "low": 0, "critical": 80, "high": 60})


@pytest.mark.parametrize(
    ("number", "word"),
    [
        (-3, "low"),
        (0, "low"),
        (39.9, "low"),
        (40, "medium"),
        (60, "high"),
        (79.9, "high"),
        (80, "critical"),
        (1000, "critical"),
        (None, None),
    ],
)
def test_the_word_of_the_highest_bound_that_is_reached(number: float | None, word: str | None) -> None:
    assert severity.word(number, SCORES) == (model.Severity(word) if word else None)


def test_without_thresholds_there_is_no_word() -> None:
    assert severity.word(54, ()) is None
