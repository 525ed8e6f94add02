"""Whatever a system, a person or Slack writes: every message stays within Slack's limits and shows it as plain text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import errors, model
from bot.core import stored_reports
from bot.render.anomaly import anomaly_forms
from bot.render.desk import reports
from bot.render.kit import blocks, limits, refusals, text
from sandbox.slack.blockkit import surfaces
from tests.render import samples, slack_rules

ENTRY_LISTS = st.lists(samples.ENTRIES, max_size=30)
COMMENT_LISTS = st.lists(samples.COMMENTS, max_size=30)


def refused(message: model.Message) -> list[str]:
    """Both judges: the rules typed again here, and the sandbox's Slack."""
    return slack_rules.faults(message) + surfaces.check(list(message.blocks), "message").lines


@pytest.mark.long
@given(samples.HOSTILE, samples.OFFERS, samples.PASTS, ENTRY_LISTS, COMMENT_LISTS)
def test_no_text_of_a_stranger_breaks_a_message(
    anomaly: model.Anomaly,
    capabilities: model.Capabilities,
    past: model.Recurrence,
    entries: list[model.Entry],
    comments: list[model.Comment],
) -> None:
    for name, message in samples.every_message(anomaly, capabilities, past, entries, comments).items():
        assert refused(message) == [], name
        assert refused(limits.bare(message)) == [], name
        message.text.encode()  # half a surrogate pair would fail in the request


@given(samples.HOSTILE, samples.OFFERS)
def test_no_text_of_a_stranger_breaks_a_modal(anomaly: model.Anomaly, capabilities: model.Capabilities) -> None:
    for name, view in samples.every_view(anomaly, capabilities).items():
        assert slack_rules.view_faults(view) == [], name
        assert surfaces.check_view(view, "modal").lines == [], name


@pytest.mark.long
@given(samples.BATCHES, samples.SPLITS, samples.PROGRESS, samples.OFFERS)
def test_no_text_of_a_stranger_breaks_what_a_batch_shows(
    batch: model.Batch, split: model.Split, progress: model.Progress, capabilities: model.Capabilities
) -> None:
    for name, message in samples.every_batch_message(batch, split, progress, capabilities).items():
        assert refused(message) == [], name
        assert refused(limits.bare(message)) == [], name
        message.text.encode()


@given(samples.PAYLOADS)
def test_any_report_is_drawn(payload: dict[str, Any]) -> None:
    assert refused(reports.report(stored_reports.unpack(payload))) == []


@given(samples.FAILURES)
def test_any_error_is_answered(error: errors.BotError) -> None:
    message = refusals.error(error)
    assert refused(message) == []
    assert "Traceback" not in slack_rules.seen(message)


@given(st.lists(samples.PEOPLE, max_size=120))
def test_menu_of_people_fits(people: list[model.Person]) -> None:
    options = slack_rules.choices(anomaly_forms.options(people))
    assert len(options) <= 100
    for option in options:
        assert 1 <= slack_rules.units(option["text"]["text"]) <= 75
        assert 1 <= slack_rules.units(option["value"]) <= 150


# --- the fitter itself ------------------------------------------------------------------------------------------------------------


def plain(words: str) -> model.Block:
    return {"type": "plain_text", "text": words, "emoji": False}


def section(words: str) -> model.Block:
    return {"type": "section", "text": plain(words)}


BUTTON: model.Block = {"type": "button", "action_id": "a", "text": plain("Press"), "value": "v"}
ROW: model.Block = {"type": "actions", "elements": [BUTTON]}


@pytest.mark.parametrize(
    ("block", "most"),
    [
        (lambda words: {"type": "header", "text": plain(words)}, 150),
        (section, 3000),
        (lambda words: {"type": "section", "fields": [plain(words)]}, 2000),
        (lambda words: {"type": "context", "elements": [plain(words)]}, 2000),
        (lambda words: {"type": "actions", "elements": [{**BUTTON, "text": plain(words)}]}, 75),
    ],
)
def test_each_text_keeps_its_limit(block: Any, most: int) -> None:
    for length, shown in ((most, "x" * most), (most + 1, "x" * (most - 1) + "…")):
        fitted = limits.fit(model.Message("t", (block("x" * length),)))
        assert [words for _, words, _ in slack_rules.texts(list(fitted.blocks))] == [shown]


def test_fifty_blocks_pass_and_of_fifty_one_the_buttons_survive() -> None:
    fifty = (*(section(f"line {number}") for number in range(49)), ROW)
    assert limits.fit(model.Message("t", fifty)).blocks == fifty
    fitted = limits.fit(model.Message("t", (*fifty, section("last"), ROW))).blocks
    assert len(fitted) == 50
    assert [block for block in fitted if block["type"] == "actions"] == [ROW, ROW]
    assert fitted[0] == section("line 0")
    assert "left out" in fitted[-1]["elements"][0]["text"]


def test_nine_thousand_in_all_clips_the_longest_first() -> None:
    message = model.Message("t" * 100, (section("short"), *(section(letter * 3000) for letter in "abcd"), ROW))
    fitted = limits.fit(message)
    assert slack_rules.faults(fitted) == []
    sizes = [len(words) for _, words, _ in slack_rules.texts(list(fitted.blocks))]
    assert sizes[0] == len("short") and sizes[-1] == len("Press")
    assert len(set(sizes[1:5])) == 1 and sizes[1] > 2200
    assert 8900 < 100 + sum(sizes) <= 9000


def test_what_escapes_count_counts() -> None:
    fitted = limits.fit(model.Message("t", (section("&" * 3000),)))
    assert slack_rules.faults(fitted) == []
    assert len(fitted.blocks[0]["text"]["text"]) < 601


def test_text_keeps_tokens_and_escapes_whole() -> None:
    token = text.when(samples.NOW)
    for lead in range(2880, 3001):
        fitted = limits.fit(model.Message("x" * lead + token + "&lt;" * 30))
        assert slack_rules.faults(fitted) == []


@given(st.lists(st.text(max_size=900).map(section), max_size=70), st.text(max_size=4000), st.integers(0, 3))
def test_fitting_twice_changes_nothing(sections: list[model.Block], said: str, rows: int) -> None:
    once = limits.fit(model.Message(text.spoken(text.squeeze(said)), (*sections, *([ROW] * rows))))
    assert slack_rules.faults(once) == []
    assert limits.fit(once) == once
    assert sum(block["type"] == "actions" for block in once.blocks) == rows


def test_a_value_that_fits_nowhere_is_left_out_and_the_rest_stays() -> None:
    heavy = {**BUTTON, "value": "v" * 2001}
    fitted = limits.fit(model.Message("t", ({"type": "actions", "elements": [heavy, BUTTON]}, {"type": "actions", "elements": [heavy]})))
    assert fitted.blocks == (ROW,)


def test_the_given_message_is_not_changed() -> None:
    block = section("x" * 4000)
    limits.fit(model.Message("t", (block,)))
    assert len(block["text"]["text"]) == 4000


# --- simpler versions -------------------------------------------------------------------------------------------------------------

NEW: tuple[model.Block, ...] = (
    {
        "type": "data_visualization",
        "title": "Open per day",
        "chart": {"type": "pie", "segments": [{"label": "Mon", "value": 4}, {"label": "Tue", "value": 7}]},
    },
    {
        "type": "table",
        "rows": [[{"type": "raw_text", "text": "table"}], [{"type": "raw_text", "text": "orders"}]],
    },
    {
        "type": "data_table",
        "caption": "By person",
        "rows": [[{"type": "raw_text", "text": "Lee"}, {"type": "raw_number", "value": 3, "text": "3"}]],
    },
    {"type": "card", "title": plain("Orders"), "body": {"type": "mrkdwn", "text": "a &amp; b"}, "actions": [BUTTON]},
    {"type": "container", "title": plain("More"), "child_blocks": [section("inside"), ROW]},
)


def test_plain_keeps_words_and_buttons_of_new_blocks() -> None:
    message = model.Message("t", (section("first"), *NEW))
    simple = limits.plain(message)
    assert {block["type"] for block in simple.blocks} <= {"section", "rich_text", "actions"}
    assert refused(simple) == []
    seen = slack_rules.seen(simple)
    for words in ("first", "Open per day", "Mon 4", "Tue 7", "orders", "By person", "Lee | 3", "Orders", "a & b", "More", "inside"):
        assert words in seen
    assert sum(part["type"] == "button" for part in slack_rules.pressable(simple)) == 2


def test_a_chart_of_several_series_becomes_columns_with_the_same_numbers() -> None:
    chart = blocks.chart("Opened and still open", {"Opened": [("Mon 16 Nov", 1200), ("Tue 17 Nov", 7)], "Open": [("Mon 16 Nov", 4)]})
    (simple,) = limits.plain(model.Message("t", (chart,))).blocks
    assert simple["elements"][0]["elements"][0]["text"].split("\n") == [
        "Opened and still open",
        "            Opened  Open",
        "Mon 16 Nov   1,200     4",
        "Tue 17 Nov       7     –",
    ]


def test_a_chart_keeps_to_the_limits_of_charts() -> None:
    points = [(f"label {number} " + "x" * 20, number) for number in range(10, 40)]
    chart = blocks.chart("t" * 60, {f"s{number} " + "y" * 20: points for number in range(8)})
    assert refused(model.Message("t", (chart,))) == []
    assert len(chart["chart"]["series"]) == 6 and len(chart["chart"]["axis_config"]["categories"]) == 20


def test_plain_leaves_classic_messages_alone() -> None:
    message = model.Message("t", (section("first"), ROW))
    assert limits.plain(message) is message


def test_bare_says_the_text_and_keeps_the_buttons() -> None:
    said = text.sentence(text.spoken("High: *orders* & <more>"), f"Detected {text.when(samples.NOW)}")
    simple = limits.bare(model.Message(said, (section("x"), *NEW, ROW)))
    assert slack_rules.seen(simple).startswith(f"High: *orders* & <more>. Detected {samples.DATE}.")
    assert [block["type"] for block in simple.blocks] == ["section", "actions", "actions", "actions"]
    assert simple.text == said
