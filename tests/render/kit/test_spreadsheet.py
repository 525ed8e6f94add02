"""What a spreadsheet reads in a file of ours, at whichever separator it splits the lines."""

from __future__ import annotations

import csv
import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import model
from bot.render.kit import spreadsheet


def _lines(reason: str, separator: str = ",") -> list[list[str]]:
    item = model.Item(model.Ref("qualytics", "1"), model.Snapshot(model.State.ACTIVE, "Active"), model.Fate.REFUSED, reason=reason)
    return list(csv.reader(io.StringIO(spreadsheet.receipt([item]).decode("utf-8-sig"), newline=""), delimiter=separator))


@pytest.mark.parametrize(
    ("value", "written"),
    [
        pytest.param("x;=1+1", "x;'=1+1", id="semicolon"),
        pytest.param("x,=1+1", "x,'=1+1", id="comma"),
        pytest.param("x\t=1+1", "x =1+1", id="a tab is a space"),
        pytest.param("x\r=1+1", "x =1+1", id="a return is a space"),
        pytest.param("   =1+1", "'=1+1", id="spaces before it"),
        pytest.param("x; '\"@SUM(A1)", "x;' '\"@SUM(A1)", id="spaces and quotes before it"),
        pytest.param("x；＝1+1", "x；'＝1+1", id="full width"),
        pytest.param("﹢1", "'﹢1", id="small form"),
        pytest.param("a|-1", "a|'-1", id="bar"),
        pytest.param("a = b; c - d, e@f", "a = b; c - d, e@f", id="signs inside a cell stay"),
    ],
)
def test_a_formula_behind_a_separator_is_defused(value: str, written: str) -> None:
    assert _lines(value)[1][4] == written


HOSTILE = st.text(st.sampled_from(";,|\t\r\n '\"=+-@%a1\u200b\u200d；，＝＋－＠﹣"), max_size=12)


@given(HOSTILE | st.text(max_size=12), st.sampled_from(",;\t|"))
def test_no_cell_of_any_spreadsheet_begins_with_a_formula(value: str, separator: str) -> None:
    for line in _lines(value, separator)[1:]:
        for cell in line:
            bare = unicodedata.normalize("NFKC", cell.lstrip(' "\t\u200b\u200c\u200d'))
            assert bare[:1] not in tuple("=+-@%\t\r\n")
