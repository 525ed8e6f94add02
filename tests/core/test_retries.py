"""When a delivery is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.core import retries

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(("tries", "outage", "refusal"), [(0, 2, 15), (1, 4, 30), (5, 64, 480), (6, 120, 600), (10_000, 120, 600)])
def test_pauses_double_up_to_their_limit(tries: int, outage: float, refusal: float) -> None:
    assert retries.after_outage(tries) == timedelta(seconds=outage)
    assert retries.after_refusal(tries) == timedelta(seconds=refusal)


@pytest.mark.parametrize(("age", "wait"), [(0, 600), (60, 600), (601, 601), (7 * 86400, 7 * 86400)])
def test_a_plain_message_is_tried_whole_each_time_its_age_has_doubled(age: float, wait: float) -> None:
    assert retries.whole_again(NOON - timedelta(seconds=age), NOON) == NOON + timedelta(seconds=wait)


def test_what_nobody_posted_yet_is_new_and_what_is_old_stays_plain() -> None:
    assert retries.whole_again(None, NOON) == NOON + timedelta(seconds=600)
    assert retries.whole_again(NOON - timedelta(days=7, seconds=1), NOON) is None
