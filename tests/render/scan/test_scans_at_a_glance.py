"""Scans as somebody sees them at a glance: marks and bold words, and buttons where a name was misspelt."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from bot import model
from bot.core import grammar
from bot.render.kit import ids
from bot.render.scan import scan_causes, scan_message, scan_preview
from tests.render import samples, scan_samples, slack_rules

RESULT, CAUSE = scan_samples.RESULT, scan_samples.CAUSE
TYPED = grammar.scan("warehose-prod tables:orders incremental", sources=("qualytics",), default_source="qualytics")
MISSPELT = model.Problem(CAUSE.DATASTORE_MISSING, names=("warehose-prod",), near=("warehouse-prod", "warehouse-old"))


def _head(message: model.Message) -> str:
    return str(message.blocks[0]["text"]["text"])


def _drawn(operation: model.Operation, anomaly: model.Anomaly | None = None) -> model.Message:
    message = scan_message.card(operation, scan_samples.CAPABILITIES, scan_samples.LATER, anomaly=anomaly)
    assert slack_rules.faults(message) == []
    return message


@pytest.mark.parametrize(
    ("result", "mark", "word"),
    [
        (RESULT.SUCCESS, ":white_check_mark:", "succeeded"),
        (RESULT.WARNING, ":warning:", "succeeded with a warning"),
        (RESULT.FAILURE, ":x:", "failed"),
        (RESULT.ABORTED, ":octagonal_sign:", "aborted"),
        (RESULT.UNKNOWN, ":grey_question:", "ended, and nobody can say how"),
    ],
)
def test_success_warning_failure_and_abort_differ_by_mark_and_bold_word(result: model.ScanResult, mark: str, word: str) -> None:
    message = _drawn(scan_samples.done(result))
    assert _head(message).startswith(f"{mark} Scan of orders") and f"*{word}*" in _head(message)
    assert word in slack_rules.heard(message) and mark not in message.text


def test_a_step_that_failed_differs_from_those_before_and_after_it() -> None:
    sync = scan_samples.done(RESULT.SUCCESS, scan_samples.DAILY)
    profile = replace(scan_samples.DAILY, request=replace(scan_samples.DAILY.request, kind="profile"), then=("scan",), step=2)
    failed = scan_samples.done(RESULT.FAILURE, profile, stopped=("scan",))
    lines = _head(scan_message.card(failed, scan_samples.CAPABILITIES, scan_samples.LATER, [sync])).split("\n")
    assert [line.partition(" ")[0] for line in lines[1:3]] == [":white_check_mark:", ":x:"] and lines[-1].startswith(":white_circle:")
    assert "*succeeded*" in lines[1] and "*failed*" in lines[2] and "*was not started*" in lines[-1]


@pytest.mark.parametrize(
    ("passes", "mark", "words"),
    [
        (False, ":x:", "*still fails* (11 rows)"),
        (True, ":white_check_mark:", "*passes now*"),
        (None, ":grey_question:", "*nobody can say yet*"),
    ],
)
def test_the_message_of_a_verification_names_the_anomaly(passes: bool | None, mark: str, words: str) -> None:
    anomaly = replace(samples.ORDERS, records=11)
    checked = replace(scan_samples.done(RESULT.SUCCESS, passes=passes), verifies=anomaly.ref)
    message = _drawn(checked, anomaly)
    head = _head(message).split("\n")[0]
    assert head.startswith(mark) and words in head
    for named in ("orders", anomaly.checks[0].fields[0], f"#{anomaly.ref.id}"):
        assert named in head and named in slack_rules.heard(message)
    running = _drawn(replace(scan_samples.running(), verifies=anomaly.ref), anomaly)
    assert f"#{anomaly.ref.id} passes now" in slack_rules.heard(running)


def test_a_misspelt_datastore_offers_what_may_have_been_meant() -> None:
    message = scan_preview.problems([MISSPELT], scan_samples.CAPABILITIES, "qualytics", TYPED)
    assert slack_rules.labels(message) == ["Scan warehouse-prod instead", "Scan warehouse-old instead"]
    source, said = ids.decode_pair(slack_rules.pressable(message)[0]["value"])
    meant = grammar.scan(said, sources=("qualytics",), default_source="qualytics")
    assert source == "qualytics" and replace(meant, text="") == replace(TYPED, datastores=("warehouse-prod",), text="")
    assert "Did you mean warehouse-prod or warehouse-old?" in slack_rules.heard(message)


def test_a_command_that_is_too_long_for_a_button_is_typed_again() -> None:
    long = replace(TYPED, tables=tuple(f"{'orders' * 10}_{number}" for number in range(40)))
    assert slack_rules.labels(scan_preview.problems([MISSPELT], scan_samples.CAPABILITIES, "qualytics", long)) == []


def test_in_refusals_cancel_is_last() -> None:
    wrong = [MISSPELT, scan_samples.problem(CAUSE.TABLE_MISSING, "ordrs", near=["orders"])]
    message = scan_preview.preview(model.Proposal([scan_samples.PREVIEW], {}, wrong), scan_samples.CAPABILITIES, typed=TYPED)
    labels = slack_rules.labels(message)
    assert labels[-1] == "Cancel" and labels.count("Cancel") == 1 and "Scan warehouse-prod instead" in labels and "Run sync first" in labels


@given(samples.SHORT)
def test_any_name_of_a_datastore_fits_its_button(name: str) -> None:
    problem = model.Problem(CAUSE.DATASTORE_MISSING, names=("warehose-prod",), near=(name,))
    for button in scan_causes.instead([problem], "qualytics", TYPED):
        assert slack_rules.units(button["text"]["text"]) <= 75 and button["text"]["text"].endswith(" instead")
        assert slack_rules.units(button["value"]) <= 2000
