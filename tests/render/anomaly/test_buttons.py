"""Rows of buttons, what Slack asks before a click, and the entries of the [...] menu."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot import model
from bot.render.anomaly import buttons
from bot.render.kit import blocks, ids
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
