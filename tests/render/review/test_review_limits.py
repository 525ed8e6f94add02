"""Whatever stands in a queue: every form of a review, every digest and every export stays within limits, and says it as plain text."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import model
from bot.render.anomaly import replies
from bot.render.batch import batch_preview
from bot.render.kit import ids, limits, spreadsheet
from bot.render.review import review_form, review_input
from sandbox.slack.blockkit import surfaces
from tests.render import review_samples, samples, slack_rules

pytestmark = pytest.mark.long


def refused(message: model.Message) -> list[str]:
    """Both judges: the rules typed again here, and the sandbox's Slack."""
    return slack_rules.faults(message) + surfaces.check(list(message.blocks), "message").lines


@given(review_samples.PAGES, samples.OFFERS, samples.BATCHES, samples.SPLITS, samples.PROGRESS)
def test_any_page_of_a_review_is_drawn(
    page: model.ReviewPage, capabilities: model.Capabilities, frozen: model.Batch, split: model.Split, progress: model.Progress
) -> None:
    preview = batch_preview.preview(samples.batch_view(frozen, progress, capabilities), split)
    for name, view in review_samples.every_review_view(page, capabilities, preview).items():
        assert slack_rules.view_faults(view) == [], name
        assert surfaces.check_view(view, "modal").lines == [], name


@given(review_samples.PAGES, samples.OFFERS)
def test_any_page_comes_back_and_its_faults_name_fields_that_are_there(page: model.ReviewPage, capabilities: model.Capabilities) -> None:
    view = review_form.form(page, capabilities)
    read = review_input.read(view | {"state": {"values": {}}})
    options = [part["value"] for part in slack_rules.pressable(view["blocks"]) if part["type"] == "checkboxes" for part in part["options"]]
    assert list(read.shown) == options
    assert read.picked <= page.picked and not read.picked & set(options)
    assert read.channel == page.channel
    assert read.scope in (page.scope, model.ReviewScope())
    inputs = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
    for change in (None, model.Change(model.Action.ACKNOWLEDGE)):
        for typed in (read.typed, f"{read.typed} x"):
            if "submit" in view:
                assert set(review_input.mistakes(replace(read, change=change, typed=typed), 0)) <= inputs


@given(review_samples.DIGESTS, samples.OFFERS)
def test_any_digest_is_drawn_with_and_without_its_chart(facts: model.Digest, capabilities: model.Capabilities) -> None:
    for name, message in review_samples.every_digest(facts, capabilities).items():
        simple = limits.plain(message)
        assert refused(message) == [], name
        assert refused(simple) == [], name
        assert refused(limits.bare(message)) == [], name
        assert {block["type"] for block in simple.blocks} <= limits.CLASSIC, name
        message.text.encode()


@given(samples.SHORT, st.integers(0, 10**9), samples.PEOPLE, samples.OFFERS, st.sampled_from(["known", "linked", "unlinked", "?"]))
def test_any_answer_about_people_and_exports_is_drawn(
    words: str, count: int, person: model.Person, capabilities: model.Capabilities, how: str
) -> None:
    assert refused(replies.exported(words, count)) == []
    for somebody in (person, None):
        message = replies.linked("U0DANA", somebody, capabilities, how)
        assert set(slack_rules.foreign_controls(message)) == {"@U0DANA"}
        assert surfaces.check(list(message.blocks), "message").lines == []
        assert slack_rules.foreign_controls(replies.linked(words + " ", somebody, capabilities, how)) == []


@given(st.lists(samples.HOSTILE, max_size=6))
def test_any_export_has_a_line_for_each_anomaly_and_nothing_to_calculate(anomalies: list[model.Anomaly]) -> None:
    content = spreadsheet.anomalies(anomalies).decode("utf-8-sig", "surrogatepass")
    heading, *rows = csv.reader(io.StringIO(content, newline=""))
    assert len(rows) == len(anomalies)
    for row in rows:
        assert len(row) == len(heading)
        assert not any(cell.lstrip()[:1] in ("=", "+", "-", "@") for cell in row)


@given(samples.HOSTILE)
def test_any_list_of_several_can_be_reviewed(anomaly: model.Anomaly) -> None:
    message = replies.listing(model.Listing("status:open", [anomaly] * 3, 3))
    assert refused(message) == []
    assert [part["value"] for part in slack_rules.pressable(message) if part["action_id"] == ids.REVIEW_OPEN] == ["filter|status:open"]
