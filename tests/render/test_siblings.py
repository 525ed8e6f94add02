"""Long names side by side stay apart, in little room."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import model, ports
from bot.render import siblings
from bot.render.anomaly import anomaly_forms, group_card, replies
from bot.render.batch import batch_preview
from bot.render.kit import limits, text
from bot.render.review import review_form
from bot.render.scan import scan_form
from tests.render import review_samples, samples

LONG = "warehouse_prod_eu_central_1_finance_reporting_monthly_closing_positions_"


def test_names_of_one_warehouse_stay_apart() -> None:
    names = [LONG + end for end in ("orders_v1", "orders_v2", "customers")]
    shown = siblings.apart(names, 40)
    assert len(set(shown)) == 3
    for name, label in zip(names, shown, strict=True):
        assert text.size(label) <= 40 and label.startswith("warehouse_pr") and label.endswith(name.rpartition("_")[2])


def test_a_difference_in_the_middle_is_kept() -> None:
    names = [f"{LONG}{middle}{LONG}" for middle in ("north_", "south_")]
    shown = siblings.apart(names, 40)
    assert "north_" in shown[0] and "south_" in shown[1]


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (["orders", "customers"], ["orders", "customers"]),
        (["orders_of_the_last_year"], ["orders_of_the_…"]),
        (["orders", "orders"], ["orders", "orders"]),
        (["orders", "orders "], ["orders (1)", "orders (2)"]),
        (["", "x"], ["–", "x"]),
    ],
    ids=["short ones", "alone", "the same", "the same to the eye", "nothing"],
)
def test_what_needs_no_care_is_left_alone(names: list[str], shown: list[str]) -> None:
    assert siblings.apart(names, 15) == shown


NAMES = st.lists(
    st.text(max_size=120) | st.builds("".join, st.lists(st.sampled_from([LONG, "a", "b", "é", "👩‍👩‍👧", "&", "<", "א", " "]), max_size=8)),
    max_size=8,
)


@given(NAMES, st.integers(16, 75))
def test_different_names_look_different_and_fit(names: list[str], room: int) -> None:
    shown = siblings.apart(names, room)
    assert len({*zip(names, shown, strict=True)}) == len({*names}) == len({*shown})
    assert all(0 < text.size(label) <= room for label in shown)


def test_a_menu_says_what_it_cannot_hold() -> None:
    assert "options" in scan_form.options([f"t{number}" for number in range(100)])
    (group,) = scan_form.options([f"t{number}" for number in range(412)])["option_groups"]
    assert len(group["options"]) == limits.OPTIONS
    assert group["label"]["text"] == "100 of 412: type a few letters for the rest"
    (group,) = scan_form.options(["orders", "x" * 151])["option_groups"]
    assert [one["value"] for one in group["options"]] == ["orders"]
    assert group["label"]["text"] == "1 too long for a menu: type them after /scan"
    people = [model.Person("qualytics", str(number), f"Ann {number}") for number in range(150)]
    (group,) = anomaly_forms.options(people)["option_groups"]
    assert group["label"]["text"] == "100 of 150: type a few letters for the rest"


def test_options_of_one_warehouse_can_be_told_apart() -> None:
    tables = [LONG + str(number) for number in range(30)]
    labels = [one["text"]["text"] for one in scan_form.options(tables)["options"]]
    assert len(set(labels)) == 30 and all(text.size(label) <= limits.OPTION for label in labels)


def _group(counted: Sequence[tuple[str, int]]) -> Any:
    tally = ports.Tally(3, {model.State.ACTIVE: 3}, counted, [])
    return group_card.group("card-7", tally, {"qualytics": samples.CAPABILITIES}, 5, 3).blocks


def _preview(counted: Sequence[tuple[str, int]]) -> Any:
    split = replace(samples.SPLIT, tables=counted)
    return batch_preview.preview(samples.batch_view(samples.ARCHIVE_312, samples.progress(todo=312)), split).blocks


def _review(counted: Sequence[tuple[str, int]]) -> Any:
    there = [replace(one, container=model.Place("2", name)) for one, (name, _) in zip(review_samples.TEN, counted, strict=False)]
    return review_form.form(replace(review_samples.THIRD, anomalies=there), samples.CAPABILITIES)


def _people(counted: Sequence[tuple[str, int]]) -> Any:
    return anomaly_forms.options([model.Person("qualytics", str(amount), name) for name, amount in counted])


SHOWN: dict[str, Callable[[Sequence[tuple[str, int]]], Any]] = {
    "group card": _group,
    "count": lambda counted: replies.count("", 3, {}, counted).blocks,
    "preview": _preview,
    "review": _review,
    "people": _people,
}


@pytest.mark.parametrize("where", SHOWN)
def test_wherever_names_stand_side_by_side_they_stay_apart(where: str) -> None:
    shown = json.dumps(SHOWN[where]([(f"{LONG}{LONG}north", 2), (f"{LONG}{LONG}south", 1)]))
    assert "north" in shown and "south" in shown
