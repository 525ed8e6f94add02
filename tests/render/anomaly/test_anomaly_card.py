"""What people see on the cards."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot import model, ports
from bot.render.anomaly import anomaly_card
from bot.render.kit import ids
from tests.render import samples, slack_rules

CAPABILITIES, ORDERS = samples.CAPABILITIES, samples.ORDERS


def drawn(anomaly: model.Anomaly, past: model.Recurrence | None = None, capabilities: model.Capabilities = CAPABILITIES) -> model.Message:
    message = anomaly_card.anomaly(anomaly, capabilities, past or samples.past())
    assert slack_rules.faults(message) == []
    return message


def lines(message: model.Message) -> list[str]:
    """What stands in each block that holds text, elements joined; buttons left out."""
    return [
        slack_rules.seen(model.Message("", (block,))).replace("\n", " ")
        for block in message.blocks
        if block["type"] in ("header", "section", "context")
    ]


def test_open_card_reads_like_the_design() -> None:
    before = samples.entry("archive", after="Invalid", via="Qualytics")
    message = drawn(ORDERS, samples.past(seen=3, before=before))
    assert lines(message) == [
        "High · record anomaly in orders (warehouse-prod)",
        "4,210 rows fail: customer_id not null; amount between 0 and 10000",
        "Weight 54 · seen 3 times in 7 days, last archived as Invalid by Dana in Qualytics · tags critical, pii · id 1001",
        f"Active · unassigned · detected {samples.DATE}",
    ]
    assert slack_rules.labels(message) == ["Acknowledge", "Assign…", "Archive as…", "Open in Qualytics", "..."]


def test_text_alone_tells_everything_to_a_screen_reader() -> None:
    heard = slack_rules.heard(drawn(ORDERS, samples.past(samples.entry("assign"))))
    for words in (
        "High · record anomaly in orders (warehouse-prod), Qualytics 1001.",
        "4,210 rows fail: customer_id not null",
        "Active · unassigned",
        samples.DATE,
        "You can acknowledge, assign or archive it with the buttons.",
        "Unassigned by Dana",
        "Open in Qualytics",
    ):
        assert words in heard


def test_buttons_carry_identity_and_the_version_shown() -> None:
    buttons = {part["action_id"]: part for part in slack_rules.pressable(drawn(ORDERS))}
    assert buttons[ids.ACKNOWLEDGE]["value"] == "qualytics:1001|3"
    assert buttons[ids.ACKNOWLEDGE]["style"] == "primary"
    assert "style" not in buttons[ids.ASSIGN]
    assert buttons[ids.OPEN]["url"] == ORDERS.url
    archive = {option["text"]["text"]: option for option in buttons[ids.ARCHIVE]["options"]}
    assert {label: option["description"]["text"] for label, option in archive.items()} == {
        "Resolved": "Root cause fixed",
        "Duplicate": "Same as another",
        "Invalid": "Not actually a problem",
        "Discarded": "Noise",
    }
    assert ids.decode_choice(archive["Duplicate"]["value"]) == ("Duplicate", ids.ButtonTarget(samples.REF, 3))
    assert [option["text"]["text"] for option in buttons[ids.MORE]["options"]] == [
        "Details",
        "Comment…",
        "History",
        "Why this card",
        "Fixed, verify",
    ]


@pytest.mark.parametrize(
    ("anomaly", "labels"),
    [
        (samples.ACKNOWLEDGED, ["Assign…", "Archive as…", "Un-acknowledge", "Open in Qualytics", "..."]),
        (samples.DUPLICATE, ["Reopen", "Open in Qualytics", "..."]),
        (samples.DELETED, []),
    ],
)
def test_buttons_follow_the_state(anomaly: model.Anomaly, labels: list[str]) -> None:
    assert slack_rules.labels(drawn(anomaly)) == labels


def test_only_what_the_system_supports_is_offered() -> None:
    capabilities = model.Capabilities("Anomify", frozenset({model.Action.ACKNOWLEDGE}))
    message = drawn(ORDERS, capabilities=capabilities)
    assert slack_rules.labels(message) == ["Acknowledge", "Open in Anomify", "..."]
    more = slack_rules.pressable(message)[-1]
    assert [option["text"]["text"] for option in more["options"]] == ["Details", "History", "Why this card"]


def test_no_link_without_a_web_address() -> None:
    assert "Open in Qualytics" not in slack_rules.labels(drawn(replace(ORDERS, url="javascript:alert(1)")))


@pytest.mark.parametrize(
    ("anomaly", "last", "line"),
    [
        (samples.ACKNOWLEDGED, samples.entry("acknowledge"), "Acknowledged by Dana,"),
        (samples.ACKNOWLEDGED, samples.entry("acknowledge", via="Qualytics"), "Acknowledged by Dana in Qualytics,"),
        (samples.ACKNOWLEDGED, samples.entry("acknowledge", via="Qualytics", actor_name=""), "Acknowledged in Qualytics,"),
        (ORDERS, samples.entry("unacknowledge"), "Un-acknowledged by Dana,"),
        (ORDERS, samples.entry("reopen"), "Reopened by Dana,"),
        (replace(ORDERS, assignees=(samples.LEE,)), samples.entry("assign"), "Assigned to Lee Park by Dana,"),
        (ORDERS, samples.entry("assign"), "Unassigned by Dana,"),
        (samples.DUPLICATE, samples.entry("archive", after="Duplicate"), "Archived as Duplicate by Dana,"),
        (ORDERS, samples.entry("comment"), "Commented on by Dana,"),
        (ORDERS, samples.entry("status", via="Qualytics", actor_name=""), "Changed in Qualytics,"),
    ],
)
def test_last_line_says_who_did_what_when(anomaly: model.Anomaly, last: model.Entry, line: str) -> None:
    message = drawn(anomaly, samples.past(last))
    assert f"{line} {samples.DATE}" in lines(message)
    assert line in slack_rules.heard(message)


def test_a_refused_try_is_not_told_as_done() -> None:
    message = drawn(ORDERS, samples.past(samples.entry("acknowledge", result=model.Result.REFUSED)))
    assert "Dana" not in slack_rules.seen(message) + message.text


def test_archived_card_shrinks_to_two_lines() -> None:
    message = drawn(samples.DUPLICATE, samples.past(samples.entry("archive", after="Duplicate")))
    assert lines(message) == [
        "Archived as Duplicate: High · record anomaly in orders (warehouse-prod)",
        f"Archived as Duplicate by Dana, {samples.DATE}",
    ]


def test_where_reopening_is_impossible_the_card_says_where_to_do_it() -> None:
    message = drawn(samples.DUPLICATE, capabilities=model.Capabilities("Qualytics", frozenset({model.Action.ACKNOWLEDGE})))
    assert slack_rules.labels(message) == ["Open in Qualytics", "..."]
    assert "It cannot be reopened from Slack. Open it in Qualytics to do that." in slack_rules.seen(message)
    assert "It cannot be reopened from Slack." in slack_rules.heard(message)


def test_deleted_is_one_line() -> None:
    assert lines(drawn(samples.DELETED)) == ["Deleted in Qualytics: High · record anomaly in orders (warehouse-prod), 1001."]


@pytest.mark.parametrize(
    ("changed", "header", "body"),
    [
        ({"severity": None}, "Record anomaly in orders (warehouse-prod)", "4,210 rows fail: customer_id"),
        ({"container": None}, "High · record anomaly in warehouse-prod", "4,210 rows fail"),
        ({"container": None, "datastore": None, "type": ""}, "High · anomaly 1001", "4,210 rows fail"),
        ({"records": 1}, "High · record", "1 row fails: customer_id not null"),
        ({"records": None}, "High · record", "Failed checks: customer_id not null; amount"),
        ({"checks": (), "description": "Volume fell"}, "High · record", "4,210 rows fail: Volume fell"),
        ({"checks": (model.Check("1", "between", ("amount", "tax")),)}, "High · record", "4,210 rows fail: amount, tax: between"),
        ({"description": "Known since May"}, "High · record", "between 0 and 10000 Known since May"),
    ],
)
def test_what_is_missing_leaves_no_hole(changed: dict[str, object], header: str, body: str) -> None:
    shown = lines(drawn(replace(ORDERS, **changed)))  # type: ignore[arg-type]
    assert shown[0].startswith(header)
    assert body in shown[1]
    assert "None" not in "".join(shown)


def test_the_systems_own_word_for_the_state_is_kept() -> None:
    assert "Quarantined · unassigned" in slack_rules.seen(drawn(replace(ORDERS, status="quarantined")))


@pytest.mark.parametrize("worst", ["<!channel> <@U123>", "*bold* _it_ `c` :tada:", "שלום <!here>", "<https://a.example|b>"])
def test_strangers_words_appear_as_typed(worst: str) -> None:
    place = model.Place("1", worst)
    message = drawn(replace(ORDERS, description=worst, tags=(worst,), container=place, assignees=(model.Person("q", "1", worst),)))
    assert slack_rules.seen(message).count(worst) >= 4
    assert worst in slack_rules.heard(message)
    assert slack_rules.foreign_controls(message) == []


# --- groups -----------------------------------------------------------------------------------------------------------------------


def tally(**states: int) -> ports.Tally:
    counts = {model.State(name): amount for name, amount in states.items()}
    tables = [("orders", 20), ("items", 9), ("returns", 3), ("a", 1), ("b", 1), ("c", 1), ("d", 1)]
    return ports.Tally(sum(counts.values()), counts, tables, [ORDERS, samples.DUPLICATE] * 4)


def test_group_counts_by_state_and_table_with_five_samples() -> None:
    message = anomaly_card.group("card-7", tally(open=30, acknowledged=5, archived=2), {"qualytics": CAPABILITIES}, 5, 3)
    assert slack_rules.faults(message) == []
    seen = slack_rules.seen(message)
    assert "37 anomalies arrived together" in seen
    assert "Now: 30 active · 5 acknowledged · 2 archived." in seen
    assert "By table: orders: 20, items: 9, returns: 3, a: 1, b: 1 and 2 more." in seen
    assert seen.count("•") == 5
    assert "• High · record anomaly in orders (warehouse-prod) · Archived as Duplicate · 1001" in seen
    assert "More than 5 came in a short time" in seen
    show, review = slack_rules.pressable(message)
    assert (show["action_id"], show["value"], show["text"]["text"]) == (ids.GROUP_LIST, "card-7", "Show list")
    assert (review["action_id"], review["text"]["text"]) == (ids.REVIEW_OPEN, "Review")
    assert ids.decode_scope(review["value"]) == model.ReviewScope(card="card-7", version=3)
    heard = slack_rules.heard(message)
    assert "37 anomalies" in heard and "30 active" in heard
    assert "Press Show list to see and handle them, or Review to handle many at once." in heard


def test_group_says_when_all_are_closed_and_has_nothing_to_review() -> None:
    message = anomaly_card.group("c", tally(archived=6), {"qualytics": CAPABILITIES}, 5)
    assert "6 anomalies arrived together, all closed now" in slack_rules.seen(message)
    assert slack_rules.labels(message) == ["Show list"]
    assert "Review" not in slack_rules.heard(message)


# --- systems that are not alike -----------------------------------------------------------------------------------------------------


STRANGE = model.Capabilities(
    "Strange", frozenset({model.Action.ACKNOWLEDGE, model.Action.ARCHIVE}), (model.Closing("broken", "something broke", "Really broken"),)
)


@pytest.mark.parametrize("state", list(model.State))
def test_nothing_is_called_unassigned_where_nothing_is_assigned(state: model.State) -> None:
    one = replace(ORDERS, state=state, assignees=(), archived_as="broken" if state is model.State.ARCHIVED else None)
    for capabilities, said in ((STRANGE, False), (CAPABILITIES, True)):
        assert ("unassigned" in slack_rules.seen(anomaly_card.anomaly(one, capabilities, model.Recurrence()))) is said
    held = replace(one, assignees=(samples.LEE,))
    assert "assigned to Lee Park" in slack_rules.seen(anomaly_card.anomaly(held, STRANGE, model.Recurrence())), "who is there is told"


def test_a_group_of_several_systems_counts_each_and_names_each_sample_with_its_system() -> None:
    other = replace(ORDERS, ref=model.Ref("strange", "ab:17/x"), state=model.State.ARCHIVED, status="shut", archived_as="broken")
    counted = replace(tally(open=30, archived=2), sample=[ORDERS, other], sources=[("qualytics", 31), ("strange", 1)])
    message = anomaly_card.group("card-7", counted, {"qualytics": CAPABILITIES, "strange": STRANGE}, 5)
    seen = slack_rules.seen(message)
    assert f"By system: {CAPABILITIES.title} 31, Strange 1." in seen
    assert "Archived as Really broken · strange:ab:17/x" in seen and f"qualytics:{ORDERS.ref.id}" in seen
    assert f"from {CAPABILITIES.title} and Strange" in message.text
    alone = slack_rules.seen(anomaly_card.group("card-7", replace(counted, sources=[("qualytics", 32)]), {"qualytics": CAPABILITIES}, 5))
    assert "By system" not in alone and "qualytics:" not in alone


KEPT = replace(ORDERS, kept_here=tuple(model.Part), state=model.State.ACKNOWLEDGED, status="Acknowledged")


@pytest.mark.parametrize(
    ("anomaly", "said"),
    [
        (KEPT, "kept here, not in Qualytics"),
        (replace(KEPT, assignees=(samples.LEE,)), "kept here, not in Qualytics"),
        (replace(KEPT, state=model.State.ARCHIVED, archived_as="Invalid"), "kept here, not in Qualytics"),
        (replace(ORDERS, kept_here=(model.Part.ASSIGNEES,), assignees=(samples.LEE,)), "assignees kept here, not in Qualytics"),
        (replace(KEPT, kept_here=(model.Part.STATE,), assignees=(samples.LEE,)), "status kept here, not in Qualytics"),
    ],
    ids=["status", "both", "archived", "assignees alone", "status alone"],
)
def test_what_is_kept_here_is_said_drawn_and_spoken(anomaly: model.Anomaly, said: str) -> None:
    message = drawn(anomaly)
    (line,) = [line for line in lines(message) if "kept here" in line]
    assert line.split(" · ")[-1].endswith(said)
    assert said in slack_rules.heard(message)


@pytest.mark.parametrize("kept_here", [(), tuple(model.Part)], ids=["theirs", "ours"])
def test_where_nobody_did_anything_nothing_is_kept(kept_here: tuple[model.Part, ...]) -> None:
    assert "kept here" not in slack_rules.heard(drawn(replace(ORDERS, kept_here=kept_here)))
