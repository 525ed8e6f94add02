"""Names and ids as people type them: what is found, what is the same but for its letters, what is near."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import model
from bot.core import lookup

PLACES = [
    model.Place("42", "warehouse"),
    model.Place("43", "Sales"),
    model.Place("7", "42"),
    model.Place("8", "Orders"),
    model.Place("9", "ORDERS"),
    model.Place("10", "2024"),
    model.Place("11", "crm"),
    model.Place("12", "crm"),
]


@pytest.mark.parametrize(
    ("typed", "ident"),
    [
        pytest.param("warehouse", "42", id="a name"),
        pytest.param("WareHouse", "42", id="a name in other letters"),
        pytest.param(" sales ", "43", id="spaces around it"),
        pytest.param("42", "42", id="a number is an id before it is a name"),
        pytest.param("2024", "10", id="a number that is only a name"),
        pytest.param("Orders", "8", id="the exact name of two"),
        pytest.param("ORDERS", "9", id="the other one"),
    ],
)
def test_one_place(typed: str, ident: str) -> None:
    picked = lookup.pick(typed, PLACES)
    assert picked.place is not None and picked.place.id == ident
    assert (picked.same, picked.near) == ((), ())


@pytest.mark.parametrize(
    ("typed", "idents"), [pytest.param("orders", ["8", "9"], id="other letters"), pytest.param("crm", ["11", "12"], id="the same letters")]
)
def test_several_places(typed: str, idents: list[str]) -> None:
    picked = lookup.pick(typed, PLACES)
    assert picked.place is None and [place.id for place in picked.same] == idents and picked.near == ()


NAMES = ["orders_v2", "order_lines", "customers", "payments", "raw_orders", "orders_v1_2024", "x", "customer_orders_archive"]


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        pytest.param("orders", ("orders_v2", "orders_v1_2024", "raw_orders"), id="what begins like it first"),
        pytest.param("custmers", ("customers",), id="a slip of the finger"),
        pytest.param("PAYMENT", ("payments",), id="other letters"),
        pytest.param("archive", ("customer_orders_archive",), id="a part"),
        pytest.param("prod.payments", ("payments",), id="more than the name"),
        pytest.param("zzz", (), id="nothing"),
        pytest.param("x1", ("x",), id="short and alike"),
        pytest.param("or", (), id="two letters are in every name"),
        pytest.param("  ", (), id="blanks"),
        pytest.param("9" * 5000, (), id="a page"),
    ],
)
def test_what_is_near(typed: str, near: tuple[str, ...]) -> None:
    assert lookup.near(typed, NAMES) == near
    assert lookup.near(typed, reversed(NAMES)) == near, "the order of the names does not matter"
    places = [model.Place(str(number), name) for number, name in enumerate(NAMES)]
    assert lookup.pick(typed, places) == lookup.Picked(near=near)


@pytest.mark.parametrize(
    ("typed", "found", "near"),
    [
        pytest.param("pii", "pii", (), id="exact"),
        pytest.param("Critical", "critical", (), id="other letters"),
        pytest.param("TIER", "", ("Tier", "tier"), id="two in other letters"),
        pytest.param("tier", "tier", (), id="one of the two"),
        pytest.param("critcal", "", ("critical",), id="near"),
        pytest.param("none", "", (), id="nothing"),
    ],
)
def test_names_of_tags(typed: str, found: str, near: tuple[str, ...]) -> None:
    assert lookup.pick_name(typed, ["pii", "critical", "Tier", "tier", "pii"]) == (found, near)


@given(st.text(max_size=20), st.lists(st.tuples(st.integers(0, 99).map(str), st.text(max_size=8)), max_size=8))
def test_a_pick_is_one_thing(typed: str, pairs: list[tuple[str, str]]) -> None:
    picked = lookup.pick(typed, [model.Place(*pair) for pair in pairs])
    assert sum(map(bool, (picked.place, picked.same, picked.near))) <= 1
    assert len(picked.same) != 1 and len(picked.near) <= 3
    for place in (*picked.same, *([picked.place] if picked.place else [])):
        assert place.id == typed.strip() or place.name.casefold() == typed.strip().casefold()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("ar", "archive"), ("a", ""), ("ARCHVE", "archive"), ("hand", "handover"), ("and", ""), ("quux", "")],
)
def test_the_nearest_word_begins_alike_or_is_alike(typed: str, meant: str) -> None:
    assert lookup.nearest(typed, ["archive", "archived", "handover"]) == meant
