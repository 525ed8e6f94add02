"""Modals: what they show, what they carry, and what comes back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot import errors, model
from bot.core import attribution
from bot.render.anomaly import anomaly_forms
from bot.render.kit import ids, modals, refusals
from tests.render import samples, slack_rules

CAPABILITIES, ORDERS = samples.CAPABILITIES, samples.ORDERS
ANN = model.Person("qualytics", "8", "Ann", "ann@acme.example")
PENDING = anomaly_forms.Pending(samples.REF, 3, "C1", ("8",))


def element(view: model.Block, block_id: str) -> dict[str, Any]:
    return next(block["element"] for block in view["blocks"] if block.get("block_id") == block_id)


def submitted(view: model.Block, **state: dict[str, Any]) -> dict[str, Any]:
    """The view as Slack sends it back: what we gave it, and the state of its inputs by block."""
    return {**view, "state": {"values": {key.replace("__", "."): {"some.action": value} for key, value in state.items()}}}


def test_assign_shows_who_is_assigned_and_keeps_those_slack_does_not_know() -> None:
    view = anomaly_forms.assign(replace(ORDERS, assignees=(samples.LEE, ANN)), CAPABILITIES, "C1", {"7": "U7"}, ["A note."])
    assert slack_rules.view_faults(view) == []
    assert element(view, ids.ASSIGN_PEOPLE)["initial_users"] == ["U7"]
    seen = slack_rules.seen(view)
    assert "Ann stays assigned too" in seen and "A note." in seen
    assert "🟧 High · orders (warehouse-prod) · customer_id not null and 1 more\nActive · assigned to Lee Park, Ann · id 1001" in seen
    read = anomaly_forms.read_assign(submitted(view, assign__people={"selected_users": ["U7", "U9"]}))
    assert read == anomaly_forms.Assigning(PENDING, ("U7", "U9"))


def test_assign_without_anybody_has_no_initial_users() -> None:
    view = anomaly_forms.assign(ORDERS, CAPABILITIES)
    assert "initial_users" not in element(view, ids.ASSIGN_PEOPLE)
    assert view["blocks"][1]["optional"] is True
    assert anomaly_forms.read_assign(submitted(view, assign__people={"selected_users": []})).chosen == ()


def test_more_people_than_the_picker_takes_stay_assigned() -> None:
    crowd = tuple(model.Person("qualytics", str(number), f"P{number}") for number in range(23))
    view = anomaly_forms.assign(replace(ORDERS, assignees=crowd), CAPABILITIES, "C1", {str(number): f"U{number}" for number in range(23)})
    assert len(element(view, ids.ASSIGN_PEOPLE)["initial_users"]) == anomaly_forms.MOST_PEOPLE
    assert anomaly_forms.read_assign(view).pending.kept == ("20", "21", "22")


def test_picker_asks_for_each_unknown_person_and_carries_the_assignment() -> None:
    view = anomaly_forms.pick(PENDING, ["U7", "U8", "U9"], [model.Actor("U8", "Sam"), model.Actor("U9", "")], CAPABILITIES)
    assert slack_rules.view_faults(view) == []
    labels = [block["label"]["text"] for block in view["blocks"] if block["type"] == "input"]
    assert labels == ["Sam in Slack is this user of Qualytics", "U9 in Slack is this user of Qualytics"]
    assert "The choice is remembered, and then the anomaly is assigned." in slack_rules.seen(view)
    picker = element(view, ids.link_block("U8"))
    assert (picker["action_id"], picker["min_query_length"]) == (ids.LINK_PERSON, 0)
    state = {ids.link_block("U8"): {"a": {"selected_option": {"value": "7"}}}, ids.link_block("U9"): {"a": {"selected_option": None}}}
    read = anomaly_forms.read_pick({**view, "state": {"values": state}})
    assert read == anomaly_forms.Picking(PENDING, ("U7", "U8", "U9"), {"U8": "7"})
    assert anomaly_forms.read_pick(view).pending == PENDING  # as an option menu sees it, before anything is submitted


def test_a_comment_is_no_longer_than_its_system_takes_with_the_name_under_it() -> None:
    view = anomaly_forms.comment(ORDERS, replace(CAPABILITIES, longest_comment=2000), "C1")
    assert element(view, ids.COMMENT_TEXT)["max_length"] == 2000 - attribution.SIGNATURE
    assert len(attribution.signed("x" * 1900, "D" * 80)) <= 2000


def test_comment_round_trip() -> None:
    view = anomaly_forms.comment(ORDERS, CAPABILITIES, "C1")
    assert slack_rules.view_faults(view) == []
    field = element(view, ids.COMMENT_TEXT)
    assert (field["multiline"], field["max_length"]) == (True, 3000)
    read = anomaly_forms.read_comment(submitted(view, comment__text={"value": "  known since *May* \n"}))
    assert read == anomaly_forms.Commenting(anomaly_forms.Pending(samples.REF, 3, "C1"), "  known since *May* \n"), "as it was typed"
    assert anomaly_forms.read_comment(submitted(view, comment__text={"value": None})).text == ""


@pytest.mark.parametrize("metadata", ["", "null", "[]", "{}", "not json", '{"ref": "x", "version": 1}', '{"ref": "a:1", "version": null}'])
def test_foreign_modals_are_refused(metadata: str) -> None:
    for read in (anomaly_forms.read_assign, anomaly_forms.read_pick, anomaly_forms.read_comment):
        with pytest.raises(ValueError):
            read({"private_metadata": metadata})


def test_an_id_that_no_form_can_carry_is_refused_in_words() -> None:
    with pytest.raises(errors.NotSupported, match="more than a form in Slack can hold"):
        anomaly_forms.comment(replace(ORDERS, ref=model.Ref("qualytics", "x" * 3000)), CAPABILITIES)


def test_skeleton_and_notice() -> None:
    assert slack_rules.seen(modals.loading("Assign")) == "Loading…"
    view = modals.notice("A title that is far too long for Slack", ["First.", "Second."])
    assert slack_rules.view_faults(view) == []
    assert slack_rules.seen(view) == "First.\nSecond."
    assert slack_rules.seen(modals.notice("T", "One.")) == "One."
    assert "submit" not in view
    refusal = refusals.error(errors.NotFound("No table <orders> & *no* <!here>."))
    assert slack_rules.seen(modals.notice("T", refusal.text)) == "No table <orders> & *no* <!here>."


@pytest.mark.parametrize(
    ("person", "shown"),
    [
        (samples.LEE, "Lee Park (lee@acme.example)"),
        (model.Person("q", "1", "", "lee@acme.example"), "lee@acme.example"),
        (model.Person("q", "1", "Lee"), "Lee"),
        (model.Person("q", "1", ""), "user 1"),
    ],
)
def test_options_name_people(person: model.Person, shown: str) -> None:
    assert slack_rules.choices(anomaly_forms.options([person])) == [
        {"text": {"type": "plain_text", "text": shown, "emoji": False}, "value": person.id}
    ]


def test_a_menu_holds_a_hundred_people() -> None:
    crowd = [model.Person("q", str(number), "N" * 90, "e" * 90) for number in range(130)]
    options = slack_rules.choices(anomaly_forms.options(crowd))
    assert len(options) == 100
    assert all(len(option["text"]["text"]) <= 75 for option in options)
    assert anomaly_forms.options([model.Person("q", "x" * 151, "long id"), model.Person("q", "", "no id")]) == {"options": []}
