"""The scan form: what it shows, what comes back from it, and what it refuses; submitted to the sandbox's Slack."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from bot import errors, model
from bot.render.kit import ids
from bot.render.scan import scan_form
from sandbox.slack import input_values
from sandbox.slack.blockkit import surfaces
from tests.render import scan_samples, slack_rules

EMPTY = scan_form.ScanDraft("qualytics", "C0DATA")
FULL = scan_form.ScanDraft(
    "qualytics",
    "C0DATA",
    ("42", "43"),
    ("orders", "weird <table> & co"),
    (),
    scan_form.KEEP,
    10_000,
    "2026-11-01",
    4.5,
    25,
    {"42": "warehouse-prod", "43": "crm"},
    "plan-1",
)


def sent(view: model.Block, **values: Any) -> dict[str, Any]:
    """The view as Slack sends it back: its initial values, and what somebody entered since (block ids with `__` for the dot)."""
    state = input_values.initial(view["blocks"])
    for name, value in values.items():
        block_id = name.replace("__", ".")
        state[block_id][block_id] |= value
    return {**view, "state": {"values": json.loads(json.dumps(state))}}


def opened(draft: scan_form.ScanDraft) -> model.Block:
    view = scan_form.form(draft)
    assert slack_rules.view_faults(view) == []
    assert surfaces.check_view(view, "modal").lines == []
    return view


def picked(*pairs: tuple[str, str]) -> dict[str, Any]:
    return {"selected_options": [{"text": {"type": "plain_text", "text": name}, "value": value} for value, name in pairs]}


def test_every_field_stands_under_its_own_id() -> None:
    view = opened(EMPTY)
    inputs = [block for block in view["blocks"] if block["type"] == "input"]
    assert [(block["block_id"], block["element"]["action_id"]) for block in inputs] == [(one, one) for one in scan_samples.INPUTS]
    assert view["callback_id"] == ids.SCAN_VIEW
    kinds = {block["block_id"]: block["element"]["type"] for block in inputs}
    assert {kinds[one] for one in (ids.SCAN_DATASTORES, ids.SCAN_TABLES, ids.SCAN_TAGS)} == {"multi_external_select"}
    assert all(block["element"]["min_query_length"] == 0 for block in inputs[:3])
    assert [block["optional"] for block in inputs] == [False, True, True, False, True, True, True, True]
    assert "Nothing is started yet" in slack_rules.seen(view)


def test_the_choices_say_what_they_close() -> None:
    radio = next(block["element"] for block in opened(EMPTY)["blocks"] if block.get("block_id") == ids.SCAN_HOW)
    assert {option["value"]: option["text"]["text"] for option in radio["options"]} == {
        "full": "Full: every row; what passes now is resolved",
        "keep": "Full, and nothing is resolved by itself",
        "incremental": "Incremental: only new rows; nothing is resolved",
    }
    assert radio["initial_option"]["value"] == "full"


@pytest.mark.parametrize("draft", [EMPTY, FULL, replace(FULL, tables=(), tags=("pii",), how=scan_form.INCREMENTAL, batch=1e-7)])
def test_what_was_drafted_comes_back(draft: scan_form.ScanDraft) -> None:
    assert scan_form.read(sent(opened(draft))) == draft


def test_what_is_entered_counts_and_what_is_cleared_is_gone() -> None:
    view = opened(FULL)
    read = scan_form.read(
        sent(
            view,
            scan__datastores=picked(("7", "lake")),
            scan__tables=picked(),
            scan__tags=picked(("pii", "pii")),
            scan__how={"selected_option": {"value": "incremental"}},
            scan__records={"value": None},
            scan__since={"selected_date": None},
            scan__batch={"value": "7.25"},
            scan__source_rows={"value": "3"},
        )
    )
    assert read == scan_form.ScanDraft(
        "qualytics", "C0DATA", ("7",), (), ("pii",), "incremental", None, "", 7.25, 3, {"7": "lake"}, "plan-1"
    )


def test_options_have_the_names_of_the_wire() -> None:
    assert FULL.options() == {
        "auto_resolve_passed_anomalies": False,
        "max_records_analyzed_per_partition": 10_000,
        "greater_than_time": "2026-11-01T00:00:00.000Z",
        "greater_than_batch": 4.5,
        "enrichment_source_record_limit": 25,
    }
    assert EMPTY.options() == {"auto_resolve_passed_anomalies": True}
    assert replace(EMPTY, how="incremental").options() == {"incremental": True}


def test_a_preview_becomes_the_draft_that_says_the_same() -> None:
    options = FULL.options()
    one = replace(scan_samples.wish(tables=("orders",), options=options), channel="C9")
    two = replace(one, place=scan_samples.CRM, request=replace(one.request, datastore="43", tables=("orders", "people")))
    read = scan_form.of([one, two], "C0DATA")
    assert read == replace(FULL, tables=("orders", "people"))
    assert read.options() == options
    assert scan_form.of([scan_samples.PREVIEW]).how == scan_form.FULL
    assert scan_form.of([scan_samples.wish(options={"incremental": True})]).how == scan_form.INCREMENTAL


@pytest.mark.parametrize(
    ("draft", "wrong"),
    [
        (FULL, {}),
        (EMPTY, {ids.SCAN_DATASTORES: "Choose at least one datastore."}),
        (
            replace(FULL, tags=("pii",)),
            {ids.SCAN_TAGS: "Choose tables or tags, not both: a scan takes only one of them. Clear one of the two."},
        ),
        (replace(FULL, records=0), {ids.SCAN_RECORDS: "Write a whole number from 1 to 1,000,000,000, or leave it empty."}),
        (
            replace(FULL, source_rows=scan_form.MOST + 1),
            {ids.SCAN_SOURCE_ROWS: "Write a whole number from 1 to 1,000,000,000, or leave it empty."},
        ),
    ],
)
def test_what_has_to_be_corrected_is_said_beside_its_field(draft: scan_form.ScanDraft, wrong: dict[str, str]) -> None:
    assert scan_form.mistakes(draft) == wrong
    inputs = {block["block_id"] for block in scan_form.form(EMPTY)["blocks"] if block["type"] == "input"}
    assert set(wrong) <= inputs


def test_what_no_form_can_hold_is_refused_instead_of_scanning_something_else() -> None:
    for draft in (
        replace(FULL, tables=("x" * 151,)),
        replace(FULL, tables=tuple(f"t{number}" for number in range(101))),
        replace(FULL, tags=("",)),
        replace(FULL, batch=1e300),
        replace(FULL, plan="p" * 3000),
    ):
        with pytest.raises(errors.NotSupported, match="more than a form in Slack can hold"):
            scan_form.form(draft)


@pytest.mark.parametrize("metadata", ["", "null", "[]", "{}", "not json", '{"source": ""}'])
def test_foreign_modals_are_refused(metadata: str) -> None:
    with pytest.raises(ValueError):
        scan_form.read({"private_metadata": metadata})


@pytest.mark.parametrize(
    "values",
    [
        {"scan__records": {"value": "many"}},
        {"scan__batch": {"value": "inf"}},
        {"scan__batch": {"value": "x"}},
        {"scan__how": {"selected_option": {"value": "other"}}},
    ],
)
def test_values_that_no_form_sends_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        scan_form.read(sent(opened(FULL), **values))


# --- the menus -----------------------------------------------------------------------------------------------------------------------


def offered(items: Sequence[model.Place | str], typed: str = "") -> list[dict[str, Any]]:
    """What a menu shows."""
    return slack_rules.choices(scan_form.options(items, typed))


def test_datastores_are_offered_by_id_and_tables_by_name() -> None:
    places = [model.Place("42", "warehouse-prod"), model.Place("43", "")]
    assert [(one["value"], one["text"]["text"]) for one in offered(places)] == [
        ("42", "warehouse-prod"),
        ("43", "43"),
    ]
    assert [(one["value"], one["text"]["text"]) for one in offered(["orders"])] == [("orders", "orders")]


def test_a_menu_offers_a_hundred_and_only_what_slack_can_send_back() -> None:
    assert len(offered([f"t{number}" for number in range(130)])) == 100
    long, fits = "x" * 151, "y" * 150
    assert [one["value"] for one in offered([long, fits, "", fits])] == [fits]


def test_a_menu_narrows_to_what_is_typed() -> None:
    names = ["old_orders", "customers", "Orders", "orders_v2"]
    assert [one["value"] for one in offered(names, " ord")] == ["Orders", "orders_v2", "old_orders"]
    assert [one["value"] for one in offered([model.Place("42", "warehouse"), model.Place("7", "crm")], "42")] == ["42"]
    beyond = [*(f"t{number}" for number in range(130)), "zebra"]
    assert [one["value"] for one in offered(beyond, "zeb")] == ["zebra"]
