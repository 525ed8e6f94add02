"""Rows in a modal: preformatted, masked as they came, paged, in no metadata."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from bot import model
from bot.render.anomaly import failing_rows
from bot.render.kit import ids
from tests.render import samples, slack_rules


def rows(columns: list[str], *cells: list[str], total: int = 0) -> model.Rows:
    return model.Rows(columns, cells, total or len(cells), samples.NOW)


def seen(given_: model.Rows, page: int = 0) -> str:
    return slack_rules.seen(failing_rows.view(samples.ORDERS, given_, "Qualytics", page))


def test_few_columns_stand_side_by_side_and_stay_masked() -> None:
    told = seen(rows(["row_id", "contact"], ["1", "***MASKED***"], ["2", "***MASKED***"], total=4_210))
    assert "row_id  contact\n1       ***MASKED***\n2       ***MASKED***" in told
    assert "The first 2 of 4,210 rows that Qualytics kept" in told
    assert "Only you see this" in told


def test_many_columns_are_told_row_by_row() -> None:
    names = [f"a_rather_long_name_{n}" for n in range(6)]
    told = seen(rows(names, ["null", *["x"] * 5], ["", *["y"] * 5]))
    assert "Row 1\n  a_rather_long_name_0: null\n  a_rather_long_name_1: x" in told
    assert "Row 2\n  a_rather_long_name_1: y" in told, "what a row lacks is not mentioned"


def test_no_rows_are_explained() -> None:
    assert "Qualytics kept no rows of it" in seen(model.Rows())


def test_a_very_long_value_says_how_long_it_is() -> None:
    assert "(5,000 characters)" in seen(rows(["a"], ["x" * 5_000]))


TEXT = st.one_of(samples.SHORT, st.sampled_from(["&" * 900, "a\n" * 600, "\u05d0" * 500]))


@given(
    st.integers(1, 8).flatmap(
        lambda n: st.tuples(st.lists(TEXT, min_size=n, max_size=n), st.lists(st.lists(TEXT, min_size=n, max_size=n), max_size=12))
    )
)
def test_any_rows_fit_and_none_is_left_out(given_: tuple[list[str], list[list[str]]]) -> None:
    columns, cells = given_
    found, page, more = [], 0, True
    while more:
        view = failing_rows.view(samples.ORDERS, rows(columns, *cells), "Qualytics", page)
        assert slack_rules.view_faults(view) == []
        assert "private_metadata" not in view
        assert '…"' not in json.dumps([block for block in view["blocks"] if block["type"] == "rich_text"], ensure_ascii=False).replace(
            "characters)", ""
        )
        found += [words for _, words, _ in slack_rules.texts([block for block in view["blocks"] if block["type"] == "rich_text"])]
        more = any(part["action_id"] == ids.DETAILS_ROWS_NEXT for part in slack_rules.pressable(view["blocks"]))
        page += 1
    if cells and "Row 1\n" in found[0] + "\n":
        assert [n for n in range(1, len(cells) + 1) if f"Row {n}" not in "\n".join(found).split("\n")] == []
    elif cells:
        assert sum(text.count("\n") + 1 for text in found) == len(cells) + 1
