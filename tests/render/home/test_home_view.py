"""The App Home as its reader sees it, and that Slack takes it whatever the systems say."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot import errors, model
from bot.render.anomaly import rows
from bot.render.desk import short_help
from bot.render.home import home_view
from bot.render.kit import ids, marks, refusals
from sandbox.slack.blockkit import surfaces
from tests.render import samples, scan_samples, slack_rules

DONE = replace(samples.ARCHIVE_312, state=model.BatchState.DONE, finished=samples.NOW, confirmed=samples.NOW)
QUEUE = model.HomeQueue([samples.ORDERS], 12, severities={model.Severity.HIGH: 12})
FACTS = model.HomeFacts(QUEUE, QUEUE, [scan_samples.running()], [(DONE, 300)], [model.Load("U1", "", 12), model.Load("", "Lee Park", 3)])


def view(facts: model.HomeFacts = FACTS, **given: Any) -> model.Block:
    """A Home of these facts."""
    return home_view.home(home_view.HomeView(facts, {"qualytics": samples.CAPABILITIES}, samples.CAPABILITIES, **given))


def said(shown: model.Block) -> list[str]:
    """Its texts in order."""
    return [words for _, words, _ in slack_rules.texts(shown["blocks"])]


def pressed(shown: model.Block) -> dict[str, list[str]]:
    """What can be pressed: the labels by action id."""
    found: dict[str, list[str]] = {}
    for part in slack_rules.pressable(shown["blocks"]):
        found.setdefault(part["action_id"], []).append(part.get("text", {}).get("text", ""))
    return found


def test_it_tells_my_queue_what_nobody_has_acknowledged_scans_batches_and_loads() -> None:
    words = "\n".join(said(view(undoable=frozenset({DONE.id}))))
    assert "Assigned to you: 12" in words and "Nobody has acknowledged, besides yours: 12" in words
    assert "🟧 *High*  <https://acme.qualytics.io/anomalies/1001|orders (warehouse-prod) · customer_id not null" in words
    assert "🟧 12 high" in words and "1 to 1 of 12" in words
    assert "Running scans" in words and "Your last batches" in words and "Dana archived 300 anomalies as Duplicate" in words
    assert "<@U1> *12* · Lee Park *3*" in words


def test_the_last_batches_are_told_without_the_ids_of_batches() -> None:
    back = replace(DONE, id="b2", words="undo b1", undo_of="b1")
    for one in (back, replace(back, finished=None, state=model.BatchState.RUNNING)):
        words = "\n".join(said(view(replace(FACTS, batches=[(one, 300)]))))
        assert "Dana " in words and "300" in words and "b1" not in words, words


def test_a_row_is_worded_as_in_every_other_list() -> None:
    based = model.Check("1", "notNull", ("customer_id",), "62 of 1,840,000 records: customer_id is null")
    for one in (samples.ORDERS, replace(samples.ORDERS, severity=None), replace(samples.ORDERS, records=62, checks=(based,))):
        words = "\n".join(said(view(replace(FACTS, mine=model.HomeQueue([one], 1, severities={one.severity: 1})))))
        common = rows.Among(datastores=True)
        assert f"{rows.marked(one.severity)}  <{one.url}|{rows.title(one, common)}>" in words and rows.evidence(one) in words
        assert f"{marks.mark(one.severity)} 1 {marks.word(one.severity)}" in words


def test_everything_that_can_be_done_in_it_has_a_listener() -> None:
    turned = replace(FACTS, mine=replace(QUEUE, offset=8, total=20))
    found = pressed(view(turned, undoable=frozenset({DONE.id}), unlinked=[("qualytics", "Qualytics")]))
    assert set(found) <= {*ids.MESSAGE_ACTIONS, *ids.HOME_ACTIONS} and set(ids.HOME_ACTIONS) <= set(found)
    card = {ids.ACKNOWLEDGE, ids.ASSIGN, ids.ARCHIVE, ids.MORE}
    assert card <= set(found) and {ids.REVIEW_OPEN, ids.SCAN_OPEN, ids.BATCH_UNDO, ids.SCAN_ABORT} <= set(found)
    assert ids.BATCH_UNDO not in pressed(view()) and ids.SCAN_OPEN not in pressed(view(scans=False))


def test_who_is_unknown_somewhere_is_told_where_and_given_the_door() -> None:
    shown = view(replace(FACTS, mine=model.HomeQueue()), unlinked=[("qualytics", "Qualytics"), ("autional", "Autional")])
    words = "\n".join(said(shown))
    assert "You are not linked to Qualytics, Autional yet" in words and pressed(shown)[ids.LINK_ME] == [
        "Link me to Qualytics",
        "Link me to Autional",
    ]
    assert pressed(view(unlinked=[("qualytics", "Qualytics")]))[ids.LINK_ME] == ["Link me"] and ids.LINK_ME not in pressed(view())


def test_nothing_is_told_as_nothing_and_a_filter_as_the_reason() -> None:
    assert "Nothing that is open is assigned to you." in said(view(model.HomeFacts()))
    assert said(view(model.HomeFacts(), words="severity:low")).count("Nothing matches the filter.") == 2
    field = next(block for block in view(words="severity:low")["blocks"] if block["type"] == "input")
    assert field["element"]["initial_value"] == "severity:low" and field["dispatch_action"]


def test_more_than_is_counted_is_said_to_be_more() -> None:
    many = replace(QUEUE, total=1000, more=True)
    words = "\n".join(said(view(replace(FACTS, mine=many, load=[model.Load("U1", "", 1000, True)]))))
    assert "Assigned to you: more than 1,000" in words and "<@U1> more than *1,000*" in words


def test_the_line_on_top_is_a_refusal_in_its_own_words() -> None:
    line = home_view.line(refusals.error(errors.NotAllowed("Only admins of this desk may delete anomalies.")))
    assert said(view(notice=line))[0] == "ℹ Only admins of this desk may delete anomalies."
    shown = home_view.refused(refusals.error(errors.NotAllowed("Guests cannot use Anomaly Desk.")))
    assert said(shown) == ["Anomaly Desk", "ℹ Guests cannot use Anomaly Desk."]


BATCHES = st.builds(
    lambda words, name, at, done: (replace(DONE, words=words, change=replace(DONE.change, archive_as=name), finished=at), done),
    samples.SHORT,
    samples.SHORT,
    st.one_of(st.none(), samples.DATES),
    st.integers(0, 312),
)
LOADS = st.builds(model.Load, st.sampled_from(["", "U1", "U2"]), samples.SHORT, st.integers(0, 1000), st.booleans())


def queue(size: int) -> st.SearchStrategy[model.HomeQueue]:
    """A whole page of one, of any anomalies."""
    open_ones = samples.HOSTILE.map(lambda one: replace(one, state=model.State.ACTIVE, deleted=False))
    return st.builds(
        lambda some, total, offset: model.HomeQueue(some, max(total, len(some)), True, offset, {model.Severity.LOW: 1, None: 2}),
        st.lists(open_ones, min_size=1, max_size=2).map(lambda some: (some * size)[:size]),
        st.integers(0, 1000),
        st.integers(0, 900),
    )


@given(
    queue(home_view.MINE),
    queue(home_view.UNSEEN),
    st.lists(scan_samples.OPERATIONS, max_size=2).map(lambda some: (some * 5)[:5]),
    st.lists(BATCHES, max_size=2).map(lambda some: (some * 5)[:5]),
    st.lists(LOADS, max_size=12),
    samples.OFFERS,
    samples.SHORT,
)
def test_any_data_of_any_system_fits(
    mine: model.HomeQueue,
    unseen: model.HomeQueue,
    operations: list[model.Operation],
    batches: list[tuple[model.Batch, int]],
    load: list[model.Load],
    capabilities: model.Capabilities,
    words: str,
) -> None:
    """A hundred blocks at most, none refused, and every anomaly of both pages is there with its buttons."""
    facts = model.HomeFacts(mine, unseen, operations, batches, load)
    shown = home_view.home(
        home_view.HomeView(
            facts,
            {"qualytics": capabilities, "other": capabilities},
            capabilities,
            undoable=frozenset({DONE.id}),
            unlinked=[("qualytics", words)] * 4,
            words=words.strip()[:200],
            notice=home_view.line(model.Message(words or "-")),
        )
    )
    faults = [fault for fault in slack_rules.view_faults(shown) if fault != "inputs without submit"]
    assert faults == []
    assert surfaces.check_view(json.loads(json.dumps(shown)), "home").problems == []
    rows = [
        block
        for block in shown["blocks"]
        if "<!date^" in json.dumps(block.get("text", {})) and "·" in json.dumps(block, ensure_ascii=False)
    ]
    assert len(rows) >= home_view.MINE + home_view.UNSEEN
    assert surfaces.size(shown) < 250_000


def test_a_mention_of_the_bot_or_a_direct_message_answers_with_the_short_help_and_its_buttons() -> None:
    """screens.md, Words: the words alone are enough, and every button has a listener."""
    message = short_help.message(scans=True)
    assert slack_rules.faults(message) == []
    found = {part["action_id"]: part["text"]["text"] for part in slack_rules.pressable(message.blocks)}
    assert found == {ids.LIST_PAGE: "My anomalies", ids.REVIEW_OPEN: "Triage", ids.SCAN_OPEN: "Scan"}
    assert "/anomalies help" in message.text and "/scan" in message.text
    without = short_help.message(scans=False)
    assert "/scan" not in without.text and ids.SCAN_OPEN not in json.dumps(without.blocks)
