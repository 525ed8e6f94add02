"""The question of which anomaly those of a review are duplicates: it carries on what was asked for, and fits whatever that is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import errors, model
from bot.render.kit import ids
from bot.render.review import original_form, review_form, review_input
from sandbox.slack.blockkit import surfaces
from tests.render import review_samples, samples, slack_rules

CHANGE = model.Change(model.Action.ARCHIVE, archive_as="Duplicate")
ASKED = model.ReviewInput(review_samples.FILTER, "qualytics", 20, ("1", "2"), frozenset({"2", "7"}), "picked", "", CHANGE, ("U1",), "C1")


def sent(view: Mapping[str, Any], typed: str = "", picked: str = "") -> dict[str, Any]:
    """The form as Slack brings it back."""
    values = {
        ids.DUPLICATE_OF: {ids.DUPLICATE_OF: {"type": "plain_text_input", "value": typed or None}},
        ids.DUPLICATE_PICK: {ids.DUPLICATE_PICK: {"type": "static_select", "selected_option": {"value": picked} if picked else None}},
    }
    return {**view, "state": {"values": values}}


@pytest.mark.parametrize(("which", "shown", "picked"), [("picked", (), {"2", "7"}), ("page", ("1", "2"), set()), ("all", (), set())])
def test_what_was_asked_for_comes_back_with_the_original(which: str, shown: tuple[str, ...], picked: set[str]) -> None:
    asked = replace(ASKED, which=which)
    back, _, _ = original_form.read(sent(original_form.form(asked, samples.CAPABILITIES), " 1074 "))
    expected = replace(asked, offset=0, shown=shown, picked=frozenset(picked), typed=asked.scope.words, original="1074")
    assert back == expected
    assert original_form.read(sent(original_form.form(asked, samples.CAPABILITIES), picked="9"))[0].original == "9"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (ASKED, "2 anomalies will be archived as duplicates. Of which one?"),
        (replace(ASKED, which="page", shown=("1",)), "1 anomaly will be archived as duplicates"),
        (replace(ASKED, which="all"), "All that match will be archived as duplicates"),
        (replace(ASKED, which="all", scope=model.ReviewScope(card="c")), "All of this card will be archived"),
    ],
)
def test_it_says_what_it_is_about_and_that_it_may_be_left_out(asked: model.ReviewInput, words: str) -> None:
    shown = slack_rules.seen(original_form.form(asked, samples.CAPABILITIES))
    assert words in shown and "You may leave it out" in shown and "left as a comment" in shown
    alone = replace(samples.CAPABILITIES, supports=frozenset({model.Action.ARCHIVE}))
    assert "comment" not in slack_rules.seen(original_form.form(asked, alone))
    assert "No such thing." in slack_rules.seen(original_form.form(asked, alone, wrong="No such thing."))


@given(
    st.lists(samples.HOSTILE, max_size=10, unique_by=lambda one: one.ref),
    st.frozensets(st.from_regex(r"[0-9a-f]{1,36}", fullmatch=True), max_size=200),
    st.lists(st.from_regex(r"U[A-Z0-9]{8,10}", fullmatch=True), max_size=20, unique=True),
    st.lists(samples.HOSTILE, max_size=3),
    samples.SHORT,
    st.sampled_from(["picked", "page", "all"]),
)
def test_whatever_a_review_form_holds_the_question_carries_it_on(
    shown: list[model.Anomaly], picked: frozenset[str], people: list[str], others: list[model.Anomaly], words: str, which: str
) -> None:
    page = replace(review_samples.THIRD, anomalies=shown, picked=picked, scope=model.ReviewScope(words=words))
    view = review_form.form(page, samples.CAPABILITIES)
    asked = replace(review_input.read(view), change=CHANGE, which=which, people=tuple(people))
    if len(json.dumps([words, *asked.shown])) > 2_300:
        return  # ids and filters that no system has: it is refused, as the next test says
    form = original_form.form(asked, samples.CAPABILITIES, others, 412, words)
    assert slack_rules.view_faults(form) == []
    assert surfaces.check_view(json.loads(json.dumps(form)), "modal").problems == []
    back, _, _ = original_form.read(sent(form))
    assert (back.scope, back.people, back.change) == (asked.scope, asked.people, CHANGE)
    assert back.shown == (asked.shown if which == "page" else ()) and back.picked == (asked.picked if which == "picked" else frozenset())


def test_what_no_form_can_carry_on_is_refused_and_other_forms_are_none_of_it() -> None:
    with pytest.raises(errors.NotSupported, match="longer than a form"):
        original_form.form(replace(ASKED, scope=model.ReviewScope(words="x" * 3_000)), samples.CAPABILITIES)
    for metadata in ("", "[]", "{}", '{"words": ""}'):
        with pytest.raises(ValueError):
            original_form.read({"private_metadata": metadata})
