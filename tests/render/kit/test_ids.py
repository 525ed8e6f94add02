"""Ids: released ones stay for ever, values read back as they were written, and nothing is drawn that nobody listens for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import errors, model
from bot.core import batch_items, grammar
from bot.render.anomaly import anomaly_card, anomaly_forms
from bot.render.batch import batch_message
from bot.render.desk import link_form, reports, short_help
from bot.render.kit import asked, ids, refusals
from bot.render.review import original_form
from bot.render.scan import scan_form, scan_preview
from tests.render import details_samples, review_samples, samples, scan_samples, slack_rules

RELEASED = {
    "anomaly.acknowledge",
    "anomaly.unacknowledge",
    "anomaly.assign",
    "anomaly.archive",
    "anomaly.reopen",
    "anomaly.open",
    "anomaly.more",
    "anomaly.show",
    "anomaly.which",
    "group.list",
    "group.acknowledge",
    "group.archive",
    "contact.newest",
    "contact.list",
    "list.page",
    "batch.confirm",
    "batch.cancel",
    "batch.undo",
    "batch.again",
    "review.open",
    "scan.start",
    "scan.cancel",
    "scan.options",
    "scan.abort",
    "scan.fix",
    "scan.sync",
    "anomaly.details",
    "scan.instead",
    "scan.open",
    "link.me",
}
"""Action ids of messages that were ever released. This set only grows: old cards stay clickable."""

RELEASED_CHOICES = {"open", "details", "only", "comment", "history", "why", "verify"}
RELEASED_FIXES = {"again", "sync", "profile", "all", "follow", "rest"}
RELEASED_HOME = {"home.filter", "home.back", "home.next"}
RELEASED_VIEWS = {"assign", "link", "link.me", "comment", "duplicate", "delete", "scan", "review", "review.confirm"}


def test_released_ids_are_never_removed() -> None:
    assert set(ids.MESSAGE_ACTIONS) >= RELEASED
    choices = {ids.MORE_OPEN, ids.MORE_DETAILS, ids.MORE_ONLY, ids.MORE_COMMENT, ids.MORE_HISTORY, ids.MORE_WHY, ids.MORE_VERIFY}
    assert choices >= RELEASED_CHOICES
    fixes = {ids.FIX_AGAIN, ids.FIX_SYNC, ids.FIX_PROFILE, ids.FIX_ALL_TABLES, ids.FIX_FOLLOW, ids.FIX_REST}
    assert fixes >= RELEASED_FIXES
    assert {value for name, value in vars(ids).items() if name.endswith("_VIEW")} >= RELEASED_VIEWS


def test_every_id_is_on_the_list_of_released_ones() -> None:
    assert set(ids.MESSAGE_ACTIONS) == RELEASED
    assert set(ids.HOME_ACTIONS) == RELEASED_HOME


REVIEW_INPUTS = {ids.REVIEW_FILTER, ids.REVIEW_PICK, ids.REVIEW_WHICH, ids.REVIEW_ACTION, ids.REVIEW_PEOPLE}


def test_everything_that_can_be_pressed_is_known() -> None:
    messages = [
        message
        for anomaly in (samples.ORDERS, samples.ACKNOWLEDGED, samples.DUPLICATE)
        for message in samples.every_message(anomaly, samples.CAPABILITIES, samples.past(), [], []).values()
    ]
    done = samples.progress(todo=1, done=311)
    messages += samples.every_batch_message(samples.ARCHIVE_312, samples.SPLIT, done, samples.CAPABILITIES).values()
    silent = model.Refusals(model.Fate.REFUSED, f"{batch_items.PART}Anomify does not answer.", "", (), 1, (samples.REF,))
    finished = replace(samples.ARCHIVE_312, state=model.BatchState.DONE)
    messages.append(batch_message.card(samples.batch_view(finished, model.Progress({model.Fate.REFUSED: 1}, [silent]))))
    both = [("qualytics", "Qualytics"), ("anomify", "Anomify")]
    messages.append(refusals.error(errors.Unclear("Which one?", systems=both, text="show 1001")))
    missing = scan_samples.problem(model.Cause.TABLE_MISSING, "ordrs", near=["orders"])
    found = scan_samples.done(model.ScanResult.FAILURE)
    typed = grammar.scan("warehose-prod", sources=("qualytics",), default_source="qualytics")
    near = model.Problem(model.Cause.DATASTORE_MISSING, names=("warehose-prod",), near=("warehouse-prod",))
    messages.append(scan_preview.problems([near], samples.CAPABILITIES, "qualytics", typed))
    messages.append(refusals.error(errors.NotLinked("You are not linked yet.", systems=both)))
    for operation in (scan_samples.PREVIEW, found):
        messages += scan_samples.every_scan_message(operation, [missing], samples.CAPABILITIES, samples.NOW).values()
    messages.append(short_help.message(scans=True))
    messages.append(reports.report(model.FirstContact("qualytics", "Qualytics", 3)))
    messages.append(anomaly_card.anomaly(samples.ORDERS, model.Capabilities("Anomify", frozenset(model.Action)), samples.past()))
    drawn = {part["action_id"] for message in messages for part in slack_rules.pressable(message)}
    assert drawn == set(ids.MESSAGE_ACTIONS)
    pending = anomaly_forms.Pending(samples.REF, 1)
    views = [
        *samples.every_view(samples.ORDERS, samples.CAPABILITIES).values(),
        anomaly_forms.pick(pending, [], [samples.DANA], samples.CAPABILITIES),
    ]
    views.append(anomaly_forms.duplicate(samples.ORDERS, samples.CAPABILITIES, "Duplicate", [samples.ORDERS]))
    change = model.Change(model.Action.ARCHIVE, archive_as="Duplicate")
    of_many = model.ReviewInput(review_samples.FILTER, "qualytics", 0, ("1",), frozenset(), "page", "", change)
    views.append(original_form.form(of_many, samples.CAPABILITIES, [samples.ORDERS]))
    views.append(link_form.form("qualytics", samples.CAPABILITIES, asked.NOTHING))
    views.append(scan_form.form(scan_form.of([scan_samples.PREVIEW])))
    review_views = review_samples.every_review_view(review_samples.THIRD, samples.CAPABILITIES, messages[0])
    views += review_views.values()
    views += details_samples.EVERY
    stepped = {part["action_id"] for view in views for part in slack_rules.pressable(view["blocks"]) if part["type"] == "button"}
    assert stepped == {ids.REVIEW_BACK, ids.REVIEW_NEXT, *ids.DETAILS_PAGES, *ids.ROWS_PAGES}
    inputs = {block["element"]["action_id"] for view in views for block in view["blocks"] if block["type"] == "input"}
    assert inputs == {
        ids.ASSIGN_PEOPLE,
        ids.COMMENT_TEXT,
        ids.LINK_PERSON,
        *ids.LINK_ME_INPUTS,
        *ids.DUPLICATE_INPUTS,
        ids.DELETE_COUNT,
        *scan_samples.INPUTS,
        *REVIEW_INPUTS,
    }
    callbacks = {view["callback_id"] for view in views if "callback_id" in view}
    assert callbacks == {value for name, value in vars(ids).items() if name.endswith("_VIEW")}


IDENT = st.text(min_size=1, max_size=40).filter(lambda ident: ":" not in ident)


@given(IDENT, st.integers(0, 10**9), st.sampled_from(["Duplicate", "history"]))
def test_values_read_back(ident: str, version: int, choice: str) -> None:
    ref = model.Ref("qualytics", ident)
    assert ids.decode(ids.encode(ref, version)) == ids.ButtonTarget(ref, version)
    assert ids.decode_choice(ids.encode_choice(choice, ref, version)) == (choice, ids.ButtonTarget(ref, version))


@given(st.integers(0, 10**6), st.text(max_size=60))
def test_pages_read_back(offset: int, words: str) -> None:
    assert ids.decode_page(ids.encode_page(offset, words)) == (offset, words)
    assert ids.decode_group(ids.encode_group("card-1", offset)) == ("card-1", offset)


@given(st.text(max_size=60), st.text(min_size=1, max_size=40), st.integers(0, 10**6))
def test_scopes_read_back(words: str, card_id: str, version: int) -> None:
    for scope in (model.ReviewScope(words=words), model.ReviewScope(card=card_id, version=version)):
        assert ids.decode_scope(ids.encode_scope(scope)) == scope


@pytest.mark.parametrize("value", ["", "group", "group|", "filter", "other|status:open", "members|7|", "members|x|c", "members|c"])
def test_foreign_scopes_are_refused(value: str) -> None:
    with pytest.raises(ValueError):
        ids.decode_scope(value)


@pytest.mark.parametrize("value", ["", "1001", "|", "qualytics:1001|", "qualytics:1001|x", "|3", "qualytics:|3"])
def test_foreign_values_are_refused(value: str) -> None:
    with pytest.raises(ValueError):
        ids.decode(value)


def test_blocks_of_the_picker_name_their_person() -> None:
    assert ids.linked_slack_id(ids.link_block("U1")) == "U1"
    assert ids.linked_slack_id("comment.text") == ""
