"""What people see on the card of one anomaly (screens.md, "The card")."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import model
from bot.render.anomaly import anomaly_card
from bot.render.kit import ids, limits
from sandbox.slack.blockkit import surfaces
from tests.render import samples, slack_rules

CAPABILITIES, ORDERS = replace(samples.CAPABILITIES, ack_takes=True), samples.ORDERS
NULLS = replace(
    ORDERS,
    severity=model.Severity.CRITICAL,
    records=2,
    checks=(model.Check("1", "notNull", ("employee_id",), "2 of 1,140 records: employee_id is null"),),
    container=model.Place("2", "payroll_runs"),
    datastore=model.Place("1", "finance-lake"),
)
LATENCY = model.Series("checkout.latency_ms", 41, 0, 12, percent=241.2, direction=model.Direction.UP, start=samples.NOW, unit="ms")
METRIC = replace(
    ORDERS,
    checks=(),
    records=None,
    series=LATENCY,
    type_title="Positive",
    datastore=None,
    container=None,
    places=(model.Place("p", "Payments"), model.Place("c", "checkout")),
)
COURSE = [model.Point(samples.NOW + timedelta(minutes=at), value, 0, 12) for at, value in enumerate([3, 4, 3, 5, 4, 3, 8, 20, 41])]
ACK, TOOK = samples.entry("acknowledge"), samples.entry("assign")
DANA = model.Person("qualytics", "12", "Dana Reyes", "dana@acme.example")


def past(*lines: model.Entry, **more: object) -> model.Recurrence:
    return model.Recurrence(last=lines[0] if lines else None, lines=lines, **more)  # type: ignore[arg-type]


def drawn(
    anomaly: model.Anomaly, before: model.Recurrence | None = None, capabilities: model.Capabilities = CAPABILITIES, course: object = ()
) -> model.Message:
    message = anomaly_card.anomaly(anomaly, capabilities, before or samples.past(), course)  # type: ignore[arg-type]
    assert slack_rules.faults(message) == []
    return message


def lines(message: model.Message) -> list[str]:
    """What stands in each block that holds text, elements joined; buttons left out, bold as it reads."""
    return [
        line
        for block in message.blocks
        if block["type"] in ("header", "section", "context")
        for line in slack_rules.seen(model.Message("", ({key: value for key, value in block.items() if key != "accessory"},)))
        .replace("*", "")
        .split("\n")
    ]


# --- one bullet of screens.md after the other -------------------------------------------------------------------------------------


def test_the_card_says_how_bad_what_fails_where_by_what_evidence_and_who_has_it() -> None:
    message = drawn(NULLS, past(first=True))
    assert lines(message) == [
        "\N{LARGE RED SQUARE} Critical  payroll_runs · employee_id is null  (finance-lake)",
        "2 of 1,140 rows (0.2 %) · first time here",
        "Weight 54 · tags critical, pii · #1001",
        f"Unassigned · waiting since {samples.DATE}",
    ]
    assert f"<{ORDERS.url}|payroll_runs · employee_id is null>" in "".join(slack_rules.markups(message)), "the title is the link"
    assert slack_rules.labels(message) == ["Acknowledge", "Assign…", "Archive as…", "..."]


def test_the_text_alone_tells_who_what_where_how_bad_and_what_now() -> None:
    assert slack_rules.heard(drawn(NULLS, past(first=True))) == (
        "Critical: payroll_runs · employee_id is null (finance-lake), Qualytics 1001. 2 of 1,140 rows (0.2 %) · first time here. "
        f"Weight 54 · tags critical, pii. Unassigned · waiting since {samples.DATE}. "
        "You can acknowledge, assign or archive it with the buttons. Open in Qualytics."
    )


def test_acknowledging_takes_and_the_menu_offers_acknowledge_only() -> None:
    """... and "Open in Qualytics" moves to the title and the overflow."""
    more = {option["text"]["text"]: option for option in slack_rules.pressable(drawn(ORDERS))[-1]["options"]}
    assert list(more) == ["Open in Qualytics", "Details", "Acknowledge only", "Comment…", "Fixed, verify"]
    assert more["Open in Qualytics"]["url"] == ORDERS.url
    assert ids.decode_choice(more["Acknowledge only"]["value"]) == (ids.MORE_ONLY, ids.ButtonTarget(samples.REF, 3))
    for nobody in (
        (replace(ORDERS, assignees=(DANA,)), CAPABILITIES),
        (samples.ACKNOWLEDGED, CAPABILITIES),
        (ORDERS, samples.CAPABILITIES),
        (ORDERS, replace(CAPABILITIES, supports=CAPABILITIES.supports - {model.Action.ASSIGN})),
    ):
        assert "Acknowledge only" not in slack_rules.seen(drawn(nobody[0], capabilities=nobody[1]))


def test_the_last_line_says_who_looks_into_it_since_when_with_the_newest_comment() -> None:
    mine = replace(samples.ACKNOWLEDGED, assignees=(DANA,))
    said = samples.entry("comment", detail="late vendor file")
    assert lines(drawn(mine, past(ACK, TOOK)))[-1] == f"Dana looks into it since {samples.DATE}"
    assert lines(drawn(mine, past(said, ACK, TOOK)))[-1] == f'Dana looks into it since {samples.DATE} ("late vendor file")'
    other = samples.entry("comment", detail="x" * 500, actor="U2", actor_name="Lee")
    last = lines(drawn(mine, past(other, ACK, TOOK)))[-1]
    assert last.endswith(f'(Lee: "{"x" * 119}…")') and "Commented" not in last
    assert "*Dana looks into it*" in "".join(slack_rules.markups(drawn(mine, past(ACK, TOOK)))), "what changed is bold"


@pytest.mark.parametrize(
    ("anomaly", "told", "line"),
    [
        (samples.ACKNOWLEDGED, [ACK], "Acknowledged by Dana {at} · unassigned · detected {at}"),
        (samples.ACKNOWLEDGED, [replace(ACK, via="Qualytics")], "Acknowledged by Dana in Qualytics {at} · unassigned · detected {at}"),
        (
            samples.ACKNOWLEDGED,
            [replace(ACK, via="Qualytics", actor_name="", actor="")],
            "Acknowledged in Qualytics {at} · unassigned · detected {at}",
        ),
        (samples.ACKNOWLEDGED, [], "Acknowledged · unassigned · detected {at}"),
        (replace(samples.ACKNOWLEDGED, assignees=(samples.LEE,)), [ACK], "Lee Park looks into it · acknowledged by Dana {at}"),
        (
            replace(samples.ACKNOWLEDGED, assignees=(samples.LEE, DANA)),
            [ACK],
            "Lee Park, Dana Reyes look into it · acknowledged by Dana {at}",
        ),
        (
            replace(samples.ACKNOWLEDGED, assignees=(samples.LEE, DANA)),
            [replace(samples.entry("assign", actor_name="Lee"), at=ACK.at + timedelta(seconds=1)), ACK],
            "Lee Park, Dana Reyes look into it · acknowledged by Dana {at} · Assigned by Lee {at}",
        ),
        (ORDERS, [samples.entry("unacknowledge"), ACK], "Unassigned · waiting since {at} · Un-acknowledged by Dana {at}"),
        (ORDERS, [samples.entry("reopen")], "Unassigned · waiting since {at} · Reopened by Dana {at}"),
        (ORDERS, [samples.entry("assign")], "Unassigned · waiting since {at} · Unassigned by Dana {at}"),
        (
            replace(ORDERS, assignees=(samples.LEE,)),
            [samples.entry("assign")],
            "Assigned to Lee Park by Dana {at} · not acknowledged, waiting since {at}",
        ),
        (replace(ORDERS, undated=True), [], "Unassigned · waiting, first seen {at}"),
        (replace(ORDERS, status="quarantined"), [], "Quarantined · Unassigned · waiting since {at}"),
        (ORDERS, [samples.entry("comment", detail="hi")], 'Unassigned · waiting since {at} (Dana: "hi")'),
        (ORDERS, [replace(ACK, result=model.Result.REFUSED)], "Unassigned · waiting since {at}"),
        (replace(ORDERS, merged_into=model.Ref("qualytics", "9")), [], "It goes on as 9: nothing is to be done here"),
    ],
)
def test_the_last_line_of_each_state(anomaly: model.Anomaly, told: list[model.Entry], line: str) -> None:
    message = drawn(anomaly, past(*told))
    assert lines(message)[-1] == line.format(at=samples.DATE)
    assert line.format(at=samples.DATE) in slack_rules.heard(message)


@pytest.mark.parametrize(
    ("detail", "said"),
    [("still fails (2 rows), operation 900", "*still fails* (2 rows)"), ("passes, operation 900", "*passes now*")],
)
def test_checked_by_says_who_when_and_in_bold_what_came_of_it(detail: str, said: str) -> None:
    message = drawn(ORDERS, past(samples.entry("verify", detail=detail)))
    assert lines(message)[-1].endswith(f"Checked by Dana {samples.DATE}: {said.replace('*', '')}")
    assert any(markup.endswith(f": {said}") for markup in slack_rules.markups(message)), "what changed is bold"
    assert f"Checked by Dana {samples.DATE}: {said.replace('*', '')}" in slack_rules.heard(message)


def test_waiting_is_capital_only_where_the_line_begins() -> None:
    alone = replace(ORDERS, assignees=())
    assert lines(drawn(alone, capabilities=STRANGE))[-1] == f"Waiting since {samples.DATE}"
    other = lines(drawn(replace(alone, status="quarantined"), capabilities=STRANGE))[-1]
    assert other == f"Quarantined · waiting since {samples.DATE}"


def test_archived_is_one_line_with_outcome_who_when_rule_id_and_reopen() -> None:
    message = drawn(replace(NULLS, **stands(samples.DUPLICATE)), past(samples.entry("archive", after="Duplicate")))
    assert lines(message) == [f"Archived as Duplicate by Dana {samples.DATE} · payroll_runs · employee_id is null · #1001"]
    assert slack_rules.labels(message) == ["Reopen"] and len(message.blocks) == 1
    heard = slack_rules.heard(message)
    assert heard.startswith(f"Archived as Duplicate by Dana {samples.DATE}. Critical: payroll_runs") and "You can reopen it" in heard


def stands(other: model.Anomaly) -> dict[str, object]:
    return {"state": other.state, "status": other.status, "archived_as": other.archived_as}


def test_a_lasting_change_made_from_slack_is_said_as_such() -> None:
    line = "{who} · orders · customer_id not null and 1 more · #1001"
    from_here = samples.entry("delete")
    assert lines(drawn(samples.DELETED, past(from_here))) == [line.format(who=f"Deleted by Dana {samples.DATE}")]
    assert lines(drawn(samples.DELETED)) == [line.format(who="Deleted in Qualytics")]
    there = replace(from_here, via="Qualytics")
    assert lines(drawn(samples.DELETED, past(there))) == [line.format(who=f"Deleted in Qualytics {samples.DATE}")]


def test_the_metric_is_the_headline_with_its_value_against_what_was_expected() -> None:
    found = lines(drawn(METRIC))
    assert found[0].endswith("High  checkout.latency_ms  (Payments)")
    assert found[1] == f"41 ms, expected 0 to 12 ms (+241.2 %), up · since {samples.DATE}"
    assert "Positive" not in slack_rules.seen(drawn(METRIC))


def test_a_course_is_drawn_in_one_line_and_as_a_chart_and_told_in_words() -> None:
    message = drawn(METRIC, course=COURSE)
    assert lines(message)[1] == f"▁▁▁▁▁▁▂▄█ · rose from 3 to 41 ms, expected 0 to 12 ms (+241.2 %) · since {samples.DATE}"
    heard = slack_rules.heard(message)
    assert "rose from 3 to 41 ms, expected 0 to 12 ms" in heard and "█" not in heard
    (chart,) = [block for block in message.blocks if block["type"] == "data_visualization"]
    assert {one["name"]: [point["value"] for point in one["data"]] for one in chart["chart"]["series"]} == {
        "value": [3, 4, 3, 5, 4, 3, 8, 20, 41],
        "expected at least": [0] * 9,
        "expected at most": [12] * 9,
    }
    without = limits.plain(message)
    assert "data_visualization" not in str(without.blocks) and "09:20" in slack_rules.seen(without), "its numbers stay"


def test_a_history_of_ours_is_drawn_day_by_day_beside_how_often_it_was_seen() -> None:
    message = drawn(NULLS, past(seen=4, days=(0, 0, 1, 0, 0, 1, 2)))
    assert "▁▁▅▁▁▅█ seen 4 times in 7 days" in slack_rules.seen(message)
    assert "seen 4 times in 7 days" in slack_rules.heard(message) and "▅" not in slack_rules.heard(message)
    assert "▁" not in slack_rules.seen(drawn(NULLS, past(seen=1, days=(0, 0, 0, 0, 0, 0, 1)))), "once is no history"


def test_what_was_measured_since_stands_beside_its_course() -> None:
    later = replace(METRIC, series=replace(METRIC.series, value=54.0)) if METRIC.series else METRIC
    assert "rose from 3 to 41 ms, measured 54 ms, expected 0 to 12 ms" in slack_rules.heard(drawn(later, course=COURSE))


def test_it_says_while_a_system_is_asked_for_somebody() -> None:
    before = drawn(NULLS)
    asking = anomaly_card.asking(before, "Qualytics", "Dana")
    assert lines(asking) == [*lines(before)[:-1], "Asking Qualytics for Dana…"]
    assert slack_rules.labels(asking) == slack_rules.labels(before)
    assert slack_rules.heard(asking).startswith("Asking Qualytics for Dana…")
    archived = drawn(samples.DUPLICATE)
    assert lines(anomaly_card.asking(archived, "Qualytics", "Dana")) == [*lines(archived), "Asking Qualytics for Dana…"]


# --- what there is to press ---------------------------------------------------------------------------------------------------------


def test_buttons_carry_identity_and_the_version_shown() -> None:
    buttons = {part["action_id"]: part for part in slack_rules.pressable(drawn(ORDERS))}
    assert buttons[ids.ACKNOWLEDGE]["value"] == "qualytics:1001|3"
    assert buttons[ids.ACKNOWLEDGE]["style"] == "primary"
    assert "style" not in buttons[ids.ASSIGN]
    archive = {option["text"]["text"]: option for option in buttons[ids.ARCHIVE]["options"]}
    assert {label: option["description"]["text"] for label, option in archive.items()} == {
        "Resolved": "Root cause fixed",
        "Duplicate": "Same as another",
        "Invalid": "Not actually a problem",
        "Discarded": "Noise",
    }
    assert ids.decode_choice(archive["Duplicate"]["value"]) == ("Duplicate", ids.ButtonTarget(samples.REF, 3))


@pytest.mark.parametrize(
    ("anomaly", "labels"),
    [
        (samples.ACKNOWLEDGED, ["Assign…", "Archive as…", "Un-acknowledge", "..."]),
        (samples.DUPLICATE, ["Reopen"]),
        (samples.DELETED, []),
    ],
)
def test_buttons_follow_the_state(anomaly: model.Anomaly, labels: list[str]) -> None:
    assert slack_rules.labels(drawn(anomaly)) == labels


def test_only_what_the_system_supports_is_offered() -> None:
    message = drawn(ORDERS, capabilities=model.Capabilities("Anomify", frozenset({model.Action.ACKNOWLEDGE}), ack_takes=True))
    assert slack_rules.labels(message) == ["Acknowledge", "..."]
    more = slack_rules.pressable(message)[-1]
    assert [option["text"]["text"] for option in more["options"]] == ["Open in Anomify", "Details", "History", "Why this card"]


def test_no_link_without_a_web_address() -> None:
    seen = slack_rules.seen(drawn(replace(ORDERS, url="javascript:alert(1)")))
    assert "Open in Qualytics" not in seen and "javascript" not in seen


def test_where_reopening_is_impossible_the_card_says_where_to_do_it() -> None:
    message = drawn(samples.DUPLICATE, capabilities=model.Capabilities("Qualytics", frozenset({model.Action.ACKNOWLEDGE})))
    assert slack_rules.labels(message) == []
    assert "It cannot be reopened from Slack. Open it in Qualytics to do that." in slack_rules.seen(message)
    assert "It cannot be reopened from Slack." in slack_rules.heard(message)


# --- what systems tell, and what they leave out --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "first", "second"),
    [
        ({"severity": None}, "Unrated  orders · customer_id not null and 1 more  (warehouse-prod)", "4,210 rows · also amount between"),
        ({"container": None}, "High  warehouse-prod · customer_id not null and 1 more", "4,210 rows"),
        ({"container": None, "datastore": None, "type": "", "checks": ()}, "High  anomaly", "4,210 rows"),
        ({"records": 1}, "High  orders", "1 row · also amount between 0 and 10000"),
        ({"records": None}, "High  orders", "also amount between 0 and 10000"),
        ({"checks": (), "description": "Volume fell"}, "High  orders · Volume fell  (warehouse-prod)", "4,210 rows"),
        ({"checks": (model.Check("1", "between", ("amount", "tax")),)}, "High  orders · amount, tax: between", "4,210 rows"),
    ],
)
def test_what_is_missing_leaves_no_hole(changed: dict[str, object], first: str, second: str) -> None:
    shown = lines(drawn(replace(ORDERS, **changed)))  # type: ignore[arg-type]
    assert shown[0][2:].startswith(first)
    assert shown[1].startswith(second)
    assert "None" not in "".join(shown)


def test_what_people_wrote_follows_and_nothing_is_said_twice() -> None:
    assert lines(drawn(replace(ORDERS, description="Known since May")))[2] == "Known since May"
    known = replace(ORDERS, checks=(model.Check("1", "x", (), "Known"),), description="Known")
    assert slack_rules.seen(drawn(known)).count("Known") == 1
    told = replace(ORDERS, description="4,210 rows fail: customer_id and amount")
    told = replace(told, checks=(model.Check("1", "notNull", ("customer_id",)), model.Check("2", "between", ("amount",))))
    assert "rows fail" not in slack_rules.seen(drawn(told))
    more = replace(told, description="4,210 rows: customer_id and amount are wrong since the vendor changed; do not touch before Monday")
    assert "do not touch before Monday" in slack_rules.seen(drawn(more))


def test_a_long_address_hides_nothing_of_the_card_behind_see_more() -> None:
    told = drawn(replace(ORDERS, url=f"https://acme.example/{'a' * 800}", description="Known since May"))
    (section,) = [block for block in told.blocks if block["type"] == "section"]
    assert section["expand"] and section["text"]["text"].endswith("Known since May")


def test_repeats_are_told_as_far_as_this_desk_knows() -> None:
    before = samples.entry("archive", after="Invalid", via="Qualytics")
    seen = "4,210 rows · also amount between 0 and 10000 · seen 3 times in 7 days, last archived as Invalid by Dana in Qualytics"
    assert lines(drawn(ORDERS, samples.past(seen=3, before=before)))[1] == seen
    assert "first time" not in slack_rules.seen(drawn(ORDERS)), "where nobody knows, nothing is said"


@pytest.mark.parametrize("worst", ["<!channel> <@U123>", "*bold* _it_ `c` :tada:", "שלום <!here>", "<https://a.example|b>"])
def test_strangers_words_appear_as_typed(worst: str) -> None:
    place = model.Place("1", worst)
    message = drawn(replace(ORDERS, description=worst, tags=(worst,), container=place, assignees=(model.Person("q", "1", worst),)))
    assert slack_rules.seen(message).replace("\u200b", "").replace("/b>", "|b>").count(worst) >= 4
    assert worst in slack_rules.heard(message)
    assert slack_rules.foreign_controls(message) == []


POINTS = st.lists(st.builds(model.Point, samples.DATES, st.floats(), samples.FLOATS, samples.FLOATS), max_size=25)
ENTRIES = st.builds(
    model.Entry,
    st.just(samples.REF),
    st.one_of(st.sampled_from([*model.Action, "status"]), samples.SHORT),
    samples.DATES,
    actor=samples.SHORT,
    actor_name=samples.SHORT,
    via=st.one_of(st.just("slack"), samples.SHORT),
    after=samples.SHORT,
    result=st.sampled_from(model.Result),
    detail=samples.SHORT,
)


@given(samples.HOSTILE, POINTS, st.lists(ENTRIES, max_size=4), st.booleans())
def test_any_anomaly_of_any_system_fits(anomaly: model.Anomaly, course: list[model.Point], told: list[model.Entry], first: bool) -> None:
    message = anomaly_card.anomaly(anomaly, CAPABILITIES, past(*told, first=first), course)
    for shown in (message, limits.plain(message), anomaly_card.asking(message, "Qualytics", "Dana")):
        assert slack_rules.faults(shown) == []
        assert surfaces.check(list(shown.blocks), "message").lines == []
        assert len(shown.blocks) <= 40 and len(shown.text) <= 3_900
    assert slack_rules.foreign_controls(message) == []


# --- systems that are not alike -----------------------------------------------------------------------------------------------------


STRANGE = model.Capabilities(
    "Strange", frozenset({model.Action.ACKNOWLEDGE, model.Action.ARCHIVE}), (model.Closing("broken", "something broke", "Really broken"),)
)


@pytest.mark.parametrize("state", list(model.State))
def test_nothing_is_called_unassigned_where_nothing_is_assigned(state: model.State) -> None:
    one = replace(ORDERS, state=state, assignees=(), archived_as="broken" if state is model.State.ARCHIVED else None)
    for capabilities, said in ((STRANGE, False), (CAPABILITIES, True)):
        seen = slack_rules.seen(anomaly_card.anomaly(one, capabilities, model.Recurrence()))
        assert ("unassigned" in seen.lower()) is (said and state is not model.State.ARCHIVED)
    if state is not model.State.ARCHIVED:
        held = replace(one, assignees=(samples.LEE,))
        assert "Lee Park" in slack_rules.seen(anomaly_card.anomaly(held, STRANGE, model.Recurrence())), "who is there is told"


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
    assert said in line.split(" · ")
    assert said in slack_rules.heard(message)


@pytest.mark.parametrize("kept_here", [(), tuple(model.Part)], ids=["theirs", "ours"])
def test_where_nobody_did_anything_nothing_is_kept(kept_here: tuple[model.Part, ...]) -> None:
    assert "kept here" not in slack_rules.heard(drawn(replace(ORDERS, kept_here=kept_here)))
