"""The help: five groups, commands in the font of code, an example that works in each, and buttons for what is asked most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given

from bot import errors, model
from bot.core import grammar
from bot.render.desk import desk_help
from bot.render.kit import ids, limits
from bot.render.scan import scan_message
from sandbox.slack.blockkit import surfaces
from tests.render import samples, slack_rules

SYSTEMS = {"sources": ("qualytics",), "default_source": "qualytics"}
SCANNED = grammar.Scanned("warehouse-prod", "orders")
REAL = desk_help.full(samples.ORDERS, scanned=SCANNED)


def _groups(message: model.Message) -> Mapping[str, str]:
    """What stands in each group, by its name."""
    parts = [str(block["text"]["text"]) for block in message.blocks if block["type"] == "section"]
    return {part.partition("\n")[0].strip("*"): part for part in parts}


def _examples(message: model.Message) -> list[str]:
    lines = [part.split("\n")[-1] for part in _groups(message).values()]
    assert all(line.startswith("For example `") and line.endswith("`") for line in lines)
    return [slack_rules.heard(model.Message(line.removeprefix("For example ").strip("`"))) for line in lines]


def test_the_help_has_five_groups_with_commands_in_code_font() -> None:
    groups = _groups(REAL)
    assert list(groups) == ["See", "Change", "Many", "Scan", "People"] and slack_rules.faults(REAL) == []
    for verb in grammar.VERBS:
        told = [line for part in groups.values() for line in part.split("\n") if line.startswith(f"`/anomalies {verb.name}")]
        assert len(told) == 1, verb.name
        assert f"/anomalies {verb.name}" in slack_rules.heard(REAL)
    for verb in grammar.SCAN_VERBS:
        assert verb.name in ("help", "form", "scan") or f"`/scan {verb.name}" in groups["Scan"]


def test_no_command_and_no_example_is_hidden_behind_see_more() -> None:
    groups = [block for block in desk_help.full().blocks if block["type"] == "section"]
    assert len(groups) == 5 and all(block["expand"] for block in groups)


def test_each_group_has_one_real_example_that_works() -> None:
    awkward = replace(samples.ORDERS, container=model.Place("2", 'orders, "old" and `new`'))
    for newest in (None, samples.ORDERS, awkward, replace(samples.ORDERS, container=None)):
        examples = _examples(desk_help.full(newest, scanned=SCANNED))
        assert len(examples) == 5
        for example in examples:
            said = example.partition(" ")[2]
            if example.startswith("/scan"):
                assert grammar.scan(said, **SYSTEMS).datastores == ("warehouse-prod",)
            else:
                assert grammar.command(said, today=date(2026, 11, 21), **SYSTEMS).verb in said
    assert "/anomalies list table:orders" in _examples(REAL) and "/anomalies assign me 1001" in _examples(REAL)


def test_the_help_has_buttons_for_what_is_asked_most() -> None:
    assert slack_rules.labels(REAL) == ["My anomalies", "Triage", "Scan"]
    mine, triage, scan = slack_rules.pressable(REAL)
    assert ids.decode_page(mine["value"]) == (0, "assignee:me")
    assert ids.decode_scope(triage["value"]) == model.ReviewScope(words="status:active") and scan["action_id"] == ids.SCAN_OPEN
    none = desk_help.full(samples.ORDERS, scans=False)
    assert slack_rules.labels(none) == ["My anomalies", "Triage"] and "/scan" not in slack_rules.seen(none) + none.text


def test_the_text_of_the_help_alone_tells_all_of_it() -> None:
    own = {title: [model.OwnWord(f"word{number}", f"word{number}:20", "a" * 40, str) for number in range(6)] for title in ("A", "B", "C")}
    message = desk_help.full(samples.ORDERS, own=own, scanned=SCANNED)
    assert message.text.endswith("Press My anomalies, Triage or Scan.") and len(message.text) <= limits.TEXT
    assert "Only in C: word0:20" in message.text


def test_examples_in_the_help_of_scan_and_in_its_errors_come_from_the_real_datastores() -> None:
    message = scan_message.help_text(SCANNED)
    for words in ("/scan warehouse-prod tables:orders", "/scan sync warehouse-prod", "/scan daily warehouse-prod incremental"):
        assert words in slack_rules.seen(message) and words in slack_rules.heard(message)
    for typed in ("sync", "tables:orders", "sync warehouse-prod tables:a", "warehouse-prod bogus:1"):
        with pytest.raises(errors.BadCommand) as raised:
            grammar.scan(typed, scanned=SCANNED, **SYSTEMS)
        assert "warehouse-prod" in raised.value.example, typed
        assert grammar.scan(raised.value.example.removeprefix("/scan "), **SYSTEMS).datastores == ("warehouse-prod",)


@pytest.mark.parametrize(("ways", "told"), [(samples.closings.CLOSINGS, True), (samples.closings.CLOSINGS[:1], False), ((), False)])
def test_the_original_of_a_duplicate_is_told_where_there_are_duplicates(ways: tuple[model.Closing, ...], told: bool) -> None:
    change = _groups(desk_help.full(samples.ORDERS, ways))["Change"]
    (line,) = [line for line in change.split("\n") if line.startswith("`/anomalies archive")]
    assert ("[of:&lt;original&gt;]`" in line) is told, line


@given(samples.HOSTILE)
def test_any_name_fits_the_help(anomaly: model.Anomaly) -> None:
    scanned = grammar.Scanned(anomaly.datastore.name if anomaly.datastore else "", anomaly.container.name if anomaly.container else "")
    for message in (desk_help.full(anomaly, scanned=scanned), scan_message.help_text(scanned)):
        assert slack_rules.faults(message) == [] and surfaces.check(list(message.blocks), "message").lines == []
        assert len(message.text) <= limits.TEXT
