"""Rows of buttons, what Slack asks before a click, and the entries of the [...] menu."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot import model
from bot.render.anomaly import buttons, details
from bot.render.kit import blocks, ids
from bot.sources.autional import source, statuses
from sandbox.slack.blockkit import surfaces
from tests.render import samples, slack_rules

CAPABILITIES, ORDERS = samples.CAPABILITIES, samples.ORDERS


def choices(anomaly: model.Anomaly, capabilities: model.Capabilities = CAPABILITIES) -> list[str]:
    """The values of the [...] menu, without what they are about."""
    (menu,) = [part for part in slack_rules.pressable(list(buttons.row(anomaly, capabilities))) if part["type"] == "overflow"]
    assert len(menu["options"]) <= 5
    return [ids.decode_choice(option["value"])[0] for option in menu["options"]]


@pytest.mark.parametrize(
    ("anomaly", "capabilities", "offered"),
    [
        (ORDERS, CAPABILITIES, True),
        (samples.ACKNOWLEDGED, CAPABILITIES, True),
        (samples.DUPLICATE, CAPABILITIES, False),
        (replace(ORDERS, container=None), CAPABILITIES, False),
        (ORDERS, replace(CAPABILITIES, supports=CAPABILITIES.supports - {model.Action.SCAN}), False),
    ],
)
def test_a_fix_is_verified_where_a_scan_of_its_table_can_tell(
    anomaly: model.Anomaly, capabilities: model.Capabilities, offered: bool
) -> None:
    found = choices(anomaly, capabilities)
    assert (ids.MORE_VERIFY in found) is offered
    assert [one for one in found if one != ids.MORE_VERIFY][:3] == [ids.MORE_OPEN, ids.MORE_DETAILS, ids.MORE_COMMENT]


def test_the_entry_says_what_it_does_and_carries_the_anomaly() -> None:
    (menu,) = [part for part in slack_rules.pressable(list(buttons.row(ORDERS, CAPABILITIES))) if part["type"] == "overflow"]
    entry = menu["options"][3]
    assert entry["text"]["text"] == "Fixed, verify"
    assert ids.decode_choice(entry["value"]) == (ids.MORE_VERIFY, ids.ButtonTarget(samples.REF, 3))


AUTIONAL = model.Capabilities("Autional", source.Autional.supports, stages=statuses.STAGES, ack_takes=True)
QUALYTICS = model.Capabilities("Qualytics", frozenset(model.Action) - {model.Action.CASE}, ack_takes=True)
ALL_OF_IT = model.Capabilities("Acme", frozenset(model.Action), stages=(*statuses.STAGES, model.Stage("parked", "Parked")), ack_takes=True)
WHY, CASE = "/anomalies why 1001", "/anomalies case 1001 <case>"


@pytest.mark.parametrize(
    ("capabilities", "state", "status", "shown", "typed"),
    [
        (QUALYTICS, "open", "Active", "open details only comment verify", [WHY]),
        (QUALYTICS, "acknowledged", "Acknowledged", "open details comment verify history", [WHY]),
        (QUALYTICS, "archived", "Resolved", "open details comment history why", []),
        (AUTIONAL, "open", "open", "open details only stage:investigating comment", [WHY, CASE]),
        (AUTIONAL, "acknowledged", "acknowledged", "open details stage:investigating comment history", [WHY, CASE]),
        (AUTIONAL, "acknowledged", "investigating", "open details comment history why", [CASE]),
        (AUTIONAL, "archived", "resolved", "open details comment history why", [CASE]),
        (
            ALL_OF_IT,
            "open",
            "open",
            "open details only stage:investigating stage:parked",
            ["/anomalies note 1001 <text>", "/scan warehouse-prod tables:orders", WHY, CASE],
        ),
    ],
)
def test_the_menu_has_five_entries_and_the_details_tell_what_is_typed_instead(
    capabilities: model.Capabilities, state: str, status: str, shown: str, typed: list[str]
) -> None:
    one = replace(ORDERS, state=model.State(state), status=status)
    assert choices(one, capabilities) == shown.split()
    told = slack_rules.seen(details.view(model.Details(one, capabilities)))
    after = told.partition("*Can be typed, too*\n")[2].partition("*")[0]
    assert [line.removeprefix("• ") for line in after.split("\n") if line.startswith("• ")] == typed


WAYS = (model.Closing("not_a_problem", "nothing was wrong", "Not a problem"), model.Closing("Vanished", chosen=False))


def test_a_system_closes_in_its_own_ways() -> None:
    (menu,) = [
        one
        for one in slack_rules.pressable(list(buttons.row(ORDERS, replace(CAPABILITIES, archive_as=WAYS))))
        if one["action_id"] == ids.ARCHIVE
    ]
    (option,) = menu["options"]
    assert (option["text"]["text"], option["description"]["text"]) == ("Not a problem", "Nothing was wrong")
    assert ids.decode_choice(option["value"])[0] == "not_a_problem"


@pytest.mark.parametrize("ways", [(), WAYS[1:]])
def test_where_closing_has_no_reason_it_is_one_plain_button(ways: tuple[model.Closing, ...]) -> None:
    (button,) = [
        one
        for one in slack_rules.pressable(list(buttons.row(ORDERS, replace(CAPABILITIES, archive_as=ways))))
        if one["action_id"] == ids.ARCHIVE
    ]
    assert (button["type"], ids.decode_choice(button["value"])[0]) == ("button", "")


def test_no_row_holds_an_action_twice_and_the_order_stays() -> None:
    first, second = blocks.button("a", "A", "1"), blocks.button("a", "A", "2")
    other = blocks.button("b", "B", "3")
    assert [[one["value"] for one in row["elements"]] for row in blocks.rows(first, None, second, other)] == [["1", "3"], ["2"]]
    assert blocks.rows(None) == ()


@pytest.mark.parametrize("length", [1, 29, 30, 31, 100, 101, 300, 301, 5000])
def test_what_is_asked_before_a_click_fits(length: int) -> None:
    words = "x" * length
    pressed = blocks.button("a", "A", "1", confirm=blocks.confirm(words, words, words, words))
    assert surfaces.check(list(blocks.actions(pressed)), "message").lines == []
    assert "confirm" not in blocks.button("a", "A", "1")
