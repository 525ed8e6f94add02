"""Numbers as a line of blocks."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.render.anomaly import sparkline


@pytest.mark.parametrize(
    ("values", "drawn"),
    [
        ([], ""),
        ([None, math.nan], ""),
        ([1, 2, 3, 4, 5, 6, 7, 8], "▁▂▃▄▅▆▇█"),
        ([5, 5, 5], "▄▄▄"),
        ([0, None, 10], "▁ █"),
        ([-1e308, 1e308], "▁█"),
    ],
)
def test_values_become_blocks(values: list[float | None], drawn: str) -> None:
    assert sparkline.drawn(values) == drawn


@given(st.lists(st.one_of(st.none(), st.floats())))
def test_each_value_has_its_place(values: list[float | None]) -> None:
    assert len(sparkline.drawn(values)) in (0, len(values))
