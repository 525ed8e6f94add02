"""The lasting message of an operation, from its start to the verdict; and what the person who pressed is told."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot import model
from bot.core import grammar
from bot.render.kit import ids
from bot.render.scan import scan_message
from tests.render import samples, scan_samples, slack_rules

CAPABILITIES, NOW, LATER = scan_samples.CAPABILITIES, scan_samples.NOW, scan_samples.LATER
PREVIEW, DAILY, STATE, RESULT, CAUSE = (
    scan_samples.PREVIEW,
    scan_samples.DAILY,
    scan_samples.STATE,
    scan_samples.RESULT,
    scan_samples.CAUSE,
)
DATE, LATER_DATE = samples.DATE, "2026-11-21 09:15 UTC"


def lines(message: model.Message) -> list[str]:
    """What stands in each block that holds text, elements joined; buttons, marks and bold left out."""
    return [
        re.sub(r"(^| ):[a-z_]+: |\*", r"\1", slack_rules.seen(model.Message("", (block,))).replace("\n", " "))
        for block in message.blocks
        if block["type"] in ("header", "section", "context")
    ]


def carded(operation: model.Operation, capabilities: model.Capabilities = CAPABILITIES, now: datetime = LATER) -> model.Message:
    message = scan_message.card(operation, capabilities, now)
    assert slack_rules.faults(message) == []
    return message


def fixes(message: model.Message) -> list[tuple[str, str, str]]:
    """Label, what it fixes, and of which operation."""
    found = [part for part in slack_rules.pressable(message) if part["action_id"] == ids.SCAN_FIX]
    return [(part["text"]["text"], *ids.decode_pair(part["value"])) for part in found]


# --- before and during --------------------------------------------------------------------------------------------------------------


def test_starting_says_that_the_system_has_not_taken_it() -> None:
    operation = replace(PREVIEW, state=STATE.STARTING, confirmed=NOW)
    assert lines(carded(operation)) == [
        "Scan of orders, customers in warehouse-prod is starting: waiting for Qualytics to take it.",
        f"Asked for by Dana via Slack · {DATE}",
    ]
    lost = replace(operation, misses=2)
    assert "Qualytics has not answered yet; nothing is started twice, and it goes on by itself." in slack_rules.heard(carded(lost))


@pytest.mark.parametrize("state", [STATE.PREVIEW, STATE.CANCELLED])
def test_what_never_started_says_so(state: model.OperationState) -> None:
    assert "Nothing was started." in slack_rules.heard(carded(replace(PREVIEW, state=state)))


def test_running_shows_progress_in_words_and_as_a_bar() -> None:
    message = carded(scan_samples.running())
    assert lines(message) == [
        "Scanning orders, customers in warehouse-prod. ▓▓░░░░░░░░ 3 of 12 tables, 1,204,332 rows read, 2 new anomalies so far.",
        f"Running since {DATE} (for 3 minutes) · started by Dana via Slack · operation 812",
        "The full tables",
    ]
    heard = slack_rules.heard(message)
    for words in ("3 of 12 tables", f"Running since {DATE} (for 3 minutes).", "Started by Dana via Slack", "The full tables."):
        assert words in heard
    assert "▓" not in heard
    assert slack_rules.labels(message) == ["Abort", "Open in Qualytics"]


def test_abort_asks_before_it_does() -> None:
    button = slack_rules.pressable(carded(scan_samples.running()))[0]
    assert (button["action_id"], button["value"]) == (ids.SCAN_ABORT, "op-1")
    confirm = {key: part["text"] for key, part in button["confirm"].items()}
    assert confirm == {
        "title": "Abort the scan?",
        "text": "Qualytics is asked to stop it. What it has found until then stays.",
        "confirm": "Abort",
        "deny": "Let it run",
    }
    without = replace(CAPABILITIES, supports=CAPABILITIES.supports - {model.Action.ABORT})
    assert slack_rules.labels(carded(scan_samples.running(), without)) == ["Open in Qualytics"]


@pytest.mark.parametrize(
    ("told", "line"),
    [
        ({"result": RESULT.QUEUED}, "It is queued in Qualytics and has not begun yet."),
        ({"tables_total": None, "tables_done": None, "records": None, "anomalies": None}, "Qualytics has not told yet how far it is."),
        ({"tables_done": 12, "anomalies": 0, "records": 1}, "▓▓▓▓▓▓▓▓▓▓ 12 tables, 1 row read, no new anomalies so far."),
        ({"tables_done": 0, "anomalies": None}, "░░░░░░░░░░ 0 of 12 tables, 1,204,332 rows read."),
        ({"tables_total": None, "anomalies": 1}, "3 tables, 1,204,332 rows read, 1 new anomaly so far."),
    ],
)
def test_progress_as_far_as_the_system_tells(told: dict[str, Any], line: str) -> None:
    assert lines(carded(scan_samples.running(**told)))[0].endswith(f"warehouse-prod. {line}")


def test_what_is_queued_is_not_told_as_running() -> None:
    queued = carded(scan_samples.running(result=RESULT.QUEUED))
    assert any(line.startswith(f"Asked for {DATE}") for line in lines(queued))
    assert "Running since" not in slack_rules.heard(queued)


def test_only_a_scan_is_said_to_find_anomalies() -> None:
    other = replace(scan_samples.PREVIEW, request=replace(scan_samples.PREVIEW.request, kind="materialize"))
    shown = lines(carded(scan_samples.running(other, anomalies=0)))[0]
    assert shown.endswith("3 of 12 tables, 1,204,332 rows read.")


def test_silence_of_the_system_is_told_from_the_second_look_on() -> None:
    quiet = replace(scan_samples.running(), misses=2)
    said = f"Qualytics has not answered since {DATE} What is shown here is from then."
    assert lines(carded(quiet))[1] == said
    assert f"Qualytics has not answered since {DATE}. What is shown here is from then." in slack_rules.heard(carded(quiet))
    for answered in (replace(quiet, misses=1), replace(quiet, seen=None)):
        assert "has not answered" not in slack_rules.heard(carded(answered))


def test_a_step_of_a_chain_says_which_and_what_follows() -> None:
    seen = lines(carded(scan_samples.running(DAILY)))
    assert seen[0].startswith("Sync, then profile, then scan all tables of warehouse-prod Syncing warehouse-prod (step 1 of 3). ")
    assert seen[0].endswith("Scan of all tables of warehouse-prod (step 3 of 3) waits for the one before")
    last = replace(scan_samples.running(), step=3, steps=3)
    assert "Scanning orders, customers in warehouse-prod (step 3 of 3)." in lines(carded(last))[0]


@pytest.mark.parametrize(
    ("by", "line"), [("Lee", "started in Qualytics by Lee · operation 812"), ("", "started in Qualytics · operation 812")]
)
def test_what_somebody_started_elsewhere_says_who_and_on_which_tables(by: str, line: str) -> None:
    operation = replace(scan_samples.wish(tables=()), actor="", actor_name="")
    seen = lines(carded(scan_samples.running(operation, by=by, tables=("orders", "refunds"))))
    assert seen[0].startswith("Scanning orders, refunds in warehouse-prod.")
    assert seen[1].endswith(line)


def test_who_asked_to_stop_it_is_told_while_it_goes_on() -> None:
    message = carded(replace(scan_samples.running(), aborted_by="Lee"))
    assert "Lee asked to stop it; waiting for Qualytics to end it." in slack_rules.heard(message)
    assert slack_rules.labels(message)[0] == "Abort again"


# --- the verdict --------------------------------------------------------------------------------------------------------------------


def test_a_good_end_is_short_and_leads_to_what_was_found() -> None:
    message = carded(scan_samples.done(RESULT.SUCCESS, words="datastore:warehouse-prod table:orders"))
    assert lines(message) == [
        "Scan of orders, customers in warehouse-prod succeeded. 2 new anomalies · 12 tables · 1,204,332 rows read · took 3 minutes",
        f"Started by Dana via Slack · operation 812 · ended {LATER_DATE}",
    ]
    assert LATER_DATE in slack_rules.heard(message) and "2 new anomalies" in slack_rules.heard(message)
    assert slack_rules.labels(message) == ["Review", "Open in Qualytics"]
    assert ids.decode_scope(slack_rules.pressable(message)[0]["value"]) == model.ReviewScope(words="datastore:warehouse-prod table:orders")


@pytest.mark.parametrize(
    ("anomalies", "words", "offered"), [(2, "", True), (None, "table:orders", True), (None, "", False), (0, "table:orders", False)]
)
def test_review_is_offered_where_something_may_be_found(anomalies: int | None, words: str, offered: bool) -> None:
    message = carded(scan_samples.done(RESULT.SUCCESS, words=words, scan_anomalies=anomalies))
    assert ("Review" in slack_rules.labels(message)) is offered
    assert ("No new anomalies" in slack_rules.seen(message)) is (anomalies == 0)


def test_the_end_is_told_by_the_systems_clock() -> None:
    seen_late = replace(scan_samples.done(RESULT.SUCCESS), ended=LATER + timedelta(hours=1))
    assert f"ended {LATER_DATE}" in lines(carded(seen_late))[-1] and "took 3 minutes" in lines(carded(seen_late))[0]
    unjudged = replace(seen_late, verdict=None)
    assert lines(carded(unjudged))[0].startswith("Scan of orders, customers in warehouse-prod succeeded.")


def test_only_scans_are_reviewed() -> None:
    message = carded(scan_samples.done(RESULT.SUCCESS, scan_samples.wish(kind="profile"), words="table:orders"))
    assert "Review" not in slack_rules.labels(message) and "anomalies" not in slack_rules.seen(message)
    assert lines(message)[0].startswith("Profile of orders, customers in warehouse-prod succeeded.")


def test_a_warning_brings_its_message() -> None:
    message = carded(scan_samples.done(RESULT.WARNING, scan_message="2 partitions were <skipped>"))
    assert lines(message)[:2] == [
        "Scan of orders, customers in warehouse-prod succeeded with a warning. "
        "2 new anomalies · 12 tables · 1,204,332 rows read · took 3 minutes",
        "Qualytics says: 2 partitions were <skipped>.",
    ]
    assert fixes(message) == []


def test_a_failure_without_a_known_cause_can_be_run_again() -> None:
    message = carded(scan_samples.done(RESULT.FAILURE, scan_message="out of memory"))
    assert lines(message)[0].startswith("Scan of orders, customers in warehouse-prod failed.")
    assert lines(message)[1] == "Qualytics says: out of memory."
    assert fixes(message) == [("Run it again", ids.FIX_AGAIN, "op-1")]


def test_abortion_names_who_asked() -> None:
    mine = carded(replace(scan_samples.done(RESULT.ABORTED), aborted_by="Lee"))
    assert lines(mine)[0].startswith("Scan of orders, customers in warehouse-prod was aborted by Lee via Slack.")
    theirs = carded(scan_samples.done(RESULT.ABORTED))
    assert lines(theirs)[0].startswith("Scan of orders, customers in warehouse-prod was aborted in Qualytics.")


def test_an_unknown_end_is_not_told_as_a_good_one() -> None:
    assert "ended, and nobody can say how." in lines(carded(scan_samples.done(RESULT.UNKNOWN)))[0]
    bare = replace(PREVIEW, state=STATE.DONE, ended=LATER)
    assert lines(carded(bare)) == [
        "Scan of orders, customers in warehouse-prod did not start.",
        f"Started by Dana via Slack · ended {LATER_DATE}",
    ]


FIXED = {
    CAUSE.DATASTORE_MISSING: [],
    CAUSE.TABLE_MISSING: [("Run sync first", ids.FIX_SYNC, "op-1")],
    CAUSE.TABLE_AMBIGUOUS: [],
    CAUSE.NO_TABLES: [("Run sync first", ids.FIX_SYNC, "op-1")],
    CAUSE.TAG_MISSING: [],
    CAUSE.TAG_NOWHERE: [("Scan all tables instead", ids.FIX_ALL_TABLES, "op-1")],
    CAUSE.NO_CHECKS: [("Profile these tables", ids.FIX_PROFILE, "op-1")],
    CAUSE.NO_RIGHT: [("Run it again", ids.FIX_AGAIN, "op-1")],
    CAUSE.REFUSED: [("Run it again", ids.FIX_AGAIN, "op-1")],
    CAUSE.NOT_ALLOWED: [("Run it again", ids.FIX_AGAIN, "op-1")],
    CAUSE.FAILED: [("Run it again", ids.FIX_AGAIN, "op-1")],
    CAUSE.VANISHED: [("Run it again", ids.FIX_AGAIN, "op-1")],
    CAUSE.GAVE_UP: [("Follow it on", ids.FIX_FOLLOW, "op-1")],
}


@pytest.mark.parametrize("cause", list(CAUSE))
def test_every_cause_has_its_one_click_fix(cause: model.Cause) -> None:
    ended = scan_samples.done(RESULT.FAILURE, problem=scan_samples.problem(cause, "x"))
    assert fixes(carded(ended)) == FIXED[cause]
    without = replace(CAPABILITIES, supports=CAPABILITIES.supports - {model.Action.SCAN})
    assert fixes(carded(ended, without)) == []


def test_the_vendors_words_are_told_once_beside_the_cause() -> None:
    gone = scan_samples.problem(CAUSE.TABLE_MISSING, "orders", near=["orders_v2"], detail="Container 'orders' not found")
    message = carded(scan_samples.done(RESULT.FAILURE, problem=gone, scan_message="Container 'orders' not found"))
    assert lines(message)[1] == (
        "There is no table called orders in warehouse-prod. It was renamed or dropped since the last sync, or it is new and was not synced "
        "yet. Did you mean orders_v2? Qualytics says: Container 'orders' not found."
    )
    assert slack_rules.heard(message).count("not found") == 1


def test_a_scan_that_could_not_find_anything_says_why() -> None:
    empty = scan_samples.done(RESULT.SUCCESS, problem=scan_samples.problem(CAUSE.NO_CHECKS), scan_anomalies=0)
    seen = lines(carded(empty))
    assert "succeeded. No new anomalies" in seen[0]
    assert seen[1].startswith("Nothing was found because no check is active on these tables. A profile reads")


def test_a_chain_that_stopped_names_what_was_not_started() -> None:
    stopped = scan_samples.done(RESULT.FAILURE, DAILY, stopped=("profile", "scan"), scan_message="no connection")
    message = carded(stopped)
    assert "Sync of warehouse-prod (step 1 of 3) failed." in lines(message)[0]
    assert lines(message)[0].count("was not started") == 2 and slack_rules.heard(message).count("was not started") == 2
    assert fixes(message) == [("Run it again", ids.FIX_AGAIN, "op-1"), ("Start the rest", ids.FIX_REST, "op-1")]
    one = carded(scan_samples.done(RESULT.FAILURE, replace(DAILY, then=("scan",)), stopped=("scan",)))
    assert "Scan of all tables of warehouse-prod (step 2 of 3) was not started" in lines(one)[0]


def test_a_sync_is_not_helped_by_a_sync() -> None:
    failed = scan_samples.done(RESULT.FAILURE, DAILY, problem=scan_samples.problem(CAUSE.NO_TABLES))
    assert fixes(carded(failed)) == [("Run it again", ids.FIX_AGAIN, "op-1")]


@pytest.mark.parametrize(
    ("passes", "line"),
    [
        (True, "Anomaly #1001 passes now and is resolved."),
        (False, "Anomaly #1001 still fails."),
        (None, "Anomaly #1001: nobody can say yet whether it passes now. Look at it with Show, or verify it again."),
    ],
)
def test_a_verification_says_whether_the_anomaly_passes(passes: bool | None, line: str) -> None:
    ended = replace(scan_samples.done(RESULT.SUCCESS, passes=passes, scan_anomalies=0), verifies=samples.REF)
    message = carded(ended)
    assert lines(message)[0].startswith(line) and line in slack_rules.heard(message)
    show = next(part for part in slack_rules.pressable(message) if part["action_id"] == ids.SHOW)
    assert ids.decode(show["value"]) == ids.ButtonTarget(samples.REF, 0)


@pytest.mark.parametrize(
    ("taken", "line"),
    [(True, "It was still running after 6 hours; the desk stopped looking."), (False, "It was not taken within 6 hours; the desk")],
)
def test_giving_up_says_after_how_long(taken: bool, line: str) -> None:
    verdict = model.Verdict(RESULT.UNKNOWN, scan_samples.problem(CAUSE.GAVE_UP))
    operation = replace(scan_samples.running(), state=STATE.DONE, ended=NOW + timedelta(hours=6), verdict=verdict)
    seen = lines(carded(operation if taken else replace(operation, scan=None)))
    assert seen[0].startswith("Scan of orders, customers in warehouse-prod is not followed any more.")
    assert line in seen[1]


@pytest.mark.parametrize(
    ("cause", "ending"),
    [
        (CAUSE.REFUSED, "did not start."),
        (CAUSE.NOT_ALLOWED, "did not start."),
        (CAUSE.NO_RIGHT, "did not start."),
        (CAUSE.VANISHED, "has vanished."),
    ],
)
def test_what_never_ran_is_not_told_as_failed(cause: model.Cause, ending: str) -> None:
    verdict = model.Verdict(RESULT.FAILURE, scan_samples.problem(cause, detail="nope", right="Editor"))
    message = carded(replace(PREVIEW, state=STATE.DONE, ended=LATER, verdict=verdict))
    assert lines(message)[0] == f"Scan of orders, customers in warehouse-prod {ending}"


# --- answers ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("channel", "where"),
    [("C0DATA", "in <#C0DATA>."), ("G0DATA", "in <#G0DATA>."), ("D0DANA", "in your direct messages."), ("C!>", "your")],
)
def test_started_says_what_and_where_to_follow_it(channel: str, where: str) -> None:
    message = scan_message.started([replace(PREVIEW, channel=channel)])
    assert slack_rules.faults(message) == []
    assert slack_rules.seen(message).startswith("Started: Scan orders, customers in warehouse-prod.\nFollow it ")
    assert where in slack_rules.seen(message) and where in slack_rules.heard(message)
    two = slack_rules.heard(scan_message.started([PREVIEW, scan_samples.wish(kind="sync")]))
    assert "Started: Scan orders, customers in warehouse-prod; Sync warehouse-prod. Follow them in" in two


def test_cancelling_and_aborting_say_what_happens() -> None:
    assert slack_rules.heard(scan_message.cancelled()) == "Cancelled. Nothing was started."
    told = slack_rules.heard(scan_message.aborting(scan_samples.running()))
    assert told.startswith("Qualytics was asked to abort: Scan of orders, customers in warehouse-prod.")
    assert "What it found until then stays." in told


def test_status_tells_what_runs_and_what_ended() -> None:
    waiting = replace(PREVIEW, state=STATE.STARTING)
    failed = scan_samples.done(RESULT.FAILURE, scan_samples.wish(kind="profile"), scan_id="800")
    message = scan_message.status([scan_samples.running(), waiting], [failed], CAPABILITIES, LATER)
    assert slack_rules.faults(message) == []
    assert lines(message) == [
        "2 operations running.",
        "812: Scan of orders, customers in warehouse-prod · 3 of 12 tables, 1,204,332 rows read, 2 new anomalies so far · "
        "started by Dana via Slack Abort Abort the scan? Qualytics is asked to stop it. What it has found until then stays. "
        "Abort Let it run",
        f"since {DATE} (for 3 minutes)",
        "no id yet: Scan of orders, customers in warehouse-prod · waiting for Qualytics to take it · started by Dana via Slack",
        f"since {DATE} (for 3 minutes)",
        "Ended lately:",
        "800: Profile of orders, customers in warehouse-prod · failed · 12 tables · 1,204,332 rows read · took 3 minutes · "
        f"started by Dana via Slack {LATER_DATE}",
    ]
    heard = slack_rules.heard(message)
    for words in ("2 operations running.", "812: Scan of", f"since {DATE}", "800: Profile of", "failed", LATER_DATE):
        assert words in heard


def test_status_offers_ten_aborts_and_counts_the_rest() -> None:
    many = [replace(scan_samples.running(), id=f"op-{number}") for number in range(12)]
    message = scan_message.status(many, [], CAPABILITIES, LATER)
    aborts = [part["value"] for part in slack_rules.pressable(message) if part["action_id"] == ids.SCAN_ABORT]
    assert aborts == [f"op-{number}" for number in range(10)]
    assert "And 2 more operations." in slack_rules.seen(message)


def test_status_of_an_idle_desk_says_what_to_do() -> None:
    assert "Nothing is running, and nothing ran lately. Start a scan with /scan <datastore>." in slack_rules.heard(
        scan_message.status([], [], CAPABILITIES, NOW)
    )
    ended = scan_message.status([], [scan_samples.done(RESULT.SUCCESS)], CAPABILITIES, NOW)
    assert "Nothing is running now." in slack_rules.heard(ended)


def test_every_example_of_the_help_is_a_command_that_works() -> None:
    message = scan_message.help_text()
    assert slack_rules.faults(message) == []
    leaves = [words for path, words, _ in slack_rules.texts(list(message.blocks)) if "/elements/0/elements/0" in path]
    examples = leaves[0].split("\n")
    assert len(examples) >= 4
    for example in examples:
        assert grammar.scan(example.removeprefix("/scan "), sources=("qualytics",), default_source="qualytics").verb
    for words in ("/scan sync", "/scan daily", "/scan status", "/scan abort", "/scan: a form"):
        assert words in slack_rules.seen(message) and words in slack_rules.heard(message)
