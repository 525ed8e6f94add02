"""Whatever a system or a person calls things: every message and form about scans stays within Slack's limits, as plain text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import errors, model
from bot.render.kit import limits
from bot.render.scan import scan_form
from sandbox.slack.blockkit import surfaces
from tests.render import samples, scan_samples, slack_rules

pytestmark = pytest.mark.long

DRAFTS = st.builds(
    scan_form.ScanDraft,
    samples.SHORT,
    samples.SHORT,
    scan_samples.NAMES,
    scan_samples.NAMES,
    scan_samples.NAMES,
    st.sampled_from(["full", "keep", "incremental"]),
    st.one_of(st.none(), st.integers(1, scan_form.MOST)),
    st.one_of(st.just(""), st.dates().map(lambda day: day.isoformat()), samples.SHORT),
    st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
    st.one_of(st.none(), st.integers(1, scan_form.MOST)),
    st.dictionaries(samples.SHORT, samples.SHORT, max_size=4),
)


def refused(message: model.Message) -> list[str]:
    """Both judges: the rules typed again here, and the sandbox's Slack."""
    return slack_rules.faults(message) + surfaces.check(list(message.blocks), "message").lines


@given(scan_samples.OPERATIONS, st.lists(scan_samples.PROBLEMS, max_size=12), samples.OFFERS, samples.DATES)
def test_no_text_of_a_stranger_breaks_what_a_scan_shows(
    operation: model.Operation, problems: Sequence[model.Problem], capabilities: model.Capabilities, now: datetime
) -> None:
    for name, message in scan_samples.every_scan_message(operation, problems, capabilities, now).items():
        assert refused(message) == [], name
        assert refused(limits.bare(message)) == [], name
        message.text.encode()


@given(DRAFTS)
def test_any_form_is_drawn_or_refused_in_words(draft: scan_form.ScanDraft) -> None:
    try:
        view = scan_form.form(draft)
    except errors.NotSupported:
        return
    assert slack_rules.view_faults(view) == []
    assert surfaces.check_view(view, "modal").lines == []


@given(st.lists(st.one_of(samples.SHORT, scan_samples.PLACES), max_size=120), samples.SHORT)
def test_any_menu_fits(items: list[model.Place | str], typed: str) -> None:
    options = slack_rules.choices(scan_form.options(items, typed))
    assert len(options) <= 100
    assert len({option["value"] for option in options}) == len(options)
    for option in options:
        assert 1 <= slack_rules.units(option["text"]["text"]) <= 75
        assert 1 <= slack_rules.units(option["value"]) <= 150
