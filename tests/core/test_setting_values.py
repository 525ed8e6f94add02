"""What the text of a setting may be, and how the sentence goes on about what it may not."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from bot import model
from bot.core import setting_values


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (setting_values.secret("x-"), "x-1", "x-1"),
        (setting_values.url, "http://127.0.0.1:8080/api", "http://127.0.0.1:8080/api"),
        (setting_values.like(re.compile("[ab]+"), "a or b"), "abba", "abba"),
        (setting_values.number(0, 1), "0.25", 0.25),
        (setting_values.number(1, 9, int), "9", 9),
        (setting_values.switch, "On", True),
        (setting_values.switch, "no", False),
        (setting_values.listed, " a, ,b c ,", ("a", "b c")),
        (setting_values.table, '{"a": [1]}', {"a": [1]}),
    ],
)
def test_what_is_right_is_read(read: Callable[[str], Any], text: str, value: object) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text", "said"),
    [
        (setting_values.secret("x-"), "y-1", "must begin with x-"),
        (setting_values.secret(), "tök", "has characters in it that no secret has"),
        (setting_values.url, "ftp://acme", "must be an address like"),
        (setting_values.like(re.compile("[ab]+"), "a or b"), "c", 'must be a or b, not "c"'),
        (setting_values.number(0, 1), "inf", "must be a number from 0 to 1"),
        (setting_values.number(1, 9, int), "1.5", "must be a whole number from 1 to 9"),
        (setting_values.switch, "perhaps", "must be true or false"),
        (setting_values.table, "[", "must be JSON"),
        (setting_values.table, "[" * 200_000, "must be JSON"),
        (setting_values.table, "[]", "must be a JSON object"),
    ],
)
def test_what_is_wrong_is_said(read: Callable[[str], Any], text: str, said: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(said)}"):
        read(text)


def test_severities_rise_and_none_is_left_out() -> None:
    bounds = {"low": 0, "medium": 0.5, "high": 0.7, "critical": 1}
    assert setting_values.thresholds(bounds) == dict(zip(model.Severity, (0.0, 0.5, 0.7, 1.0), strict=True))
    for wrong in (bounds | {"high": 0.5}, bounds | {"high": True}, bounds | {"worst": 2}, {"low": 0}):
        with pytest.raises(ValueError, match="rising scores"):
            setting_values.thresholds(wrong)
