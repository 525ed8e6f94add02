"""What people read before anything is started: what it runs on, what it closes, what is wrong and the click that helps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot import model
from bot.render.kit import ids
from bot.render.scan import scan_preview
from tests.render import scan_samples, slack_rules

CAPABILITIES, PREVIEW, DAILY, CAUSE = scan_samples.CAPABILITIES, scan_samples.PREVIEW, scan_samples.DAILY, scan_samples.CAUSE
INCREMENTAL = {"incremental": True}
KEEP = {"auto_resolve_passed_anomalies": False}


def drawn(message: model.Message) -> tuple[str, dict[str, list[str]]]:
    """What is seen (and heard, too), and the labels of its buttons by action id."""
    assert slack_rules.faults(message) == []
    pressed: dict[str, list[str]] = {}
    for part in slack_rules.pressable(message):
        pressed.setdefault(part["action_id"], []).append(part["text"]["text"])
    return slack_rules.seen(message), pressed


def proposed(*operations: model.Operation, problems: tuple[model.Problem, ...] = (), **closes: int) -> tuple[str, dict[str, list[str]]]:
    return drawn(
        scan_preview.preview(model.Proposal(operations, {key.replace("_", "-"): n for key, n in closes.items()}, problems), CAPABILITIES)
    )


def test_a_full_scan_says_what_it_reads_and_what_it_may_close() -> None:
    message = scan_preview.preview(model.Proposal([PREVIEW], {"op-1": 14}), CAPABILITIES)
    seen, pressed = drawn(message)
    for told in (seen, slack_rules.heard(message)):
        assert "Start this scan?" in told
        assert (
            "Scan orders, customers in warehouse-prod, the full tables. 14 open anomalies are on these tables. "
            "Those whose rows pass now are resolved by Qualytics itself."
        ) in told
        assert "Nothing is started until you press the button." in told
    assert pressed == {ids.SCAN_START: ["Start scan"], ids.SCAN_OPTIONS: ["More options…"], ids.SCAN_CANCEL: ["Cancel"]}
    assert {part["value"] for part in slack_rules.pressable(message)} == {"plan-1"}


@pytest.mark.parametrize(
    ("options", "tables", "closes", "line"),
    [
        ({}, ("a", "b"), {"op_1": 0}, "Nothing is open on them, so nothing will be closed."),
        ({}, ("a",), {"op_1": 0}, "the full table. Nothing is open on it, so nothing will be closed."),
        ({}, ("a",), {"op_1": 1}, "1 open anomaly is on this table. If its rows pass now, it is resolved by Qualytics itself."),
        ({}, ("a", "b"), {}, "What is open on these tables and passes now is resolved by Qualytics itself."),
        (INCREMENTAL, ("a",), {"op_1": 14}, "Scan a in warehouse-prod, only new rows (incremental). Nothing is closed by this scan."),
        (KEEP, ("a",), {"op_1": 14}, "Scan a in warehouse-prod, the full table. Nothing is closed by this scan."),
        ({"auto_resolve_passed_anomalies": True}, (), {"op_1": 14}, "Scan all tables of warehouse-prod, the full tables. 14 open"),
    ],
)
def test_what_will_be_closed(options: dict[str, Any], tables: tuple[str, ...], closes: dict[str, int], line: str) -> None:
    seen, _ = proposed(scan_samples.wish(tables=tables, options=options), **closes)
    assert line in seen


def test_every_option_is_told() -> None:
    options = {
        "max_records_analyzed_per_partition": 10_000,
        "greater_than_time": "2026-11-01T00:00:00.000Z",
        "greater_than_batch": 4.5,
        "enrichment_source_record_limit": 1,
    }
    seen, _ = proposed(scan_samples.wish(options=options))
    assert "a full scan, only rows newer than 2026-11-01, only rows of batches above 4.5, at most 10,000 rows of each partition," in seen
    assert "at most 1 source rows are kept for each anomaly" in seen
    unlimited, _ = proposed(scan_samples.wish(options={"max_records_analyzed_per_partition": -1}))
    assert "the full tables" in unlimited and "at most" not in unlimited


def test_daily_runs_step_by_step_and_stops_at_the_first_that_fails() -> None:
    seen, pressed = proposed(DAILY, op_1=3)
    assert "Start these 3 steps?" in seen
    assert "Sync, then profile, then scan all tables of warehouse-prod, the full tables. 3 open anomalies" in seen
    assert "Each step waits for the one before, and it stops at the first that fails. The sync covers the whole datastore." in seen
    assert pressed == {ids.SCAN_START: ["Start"], ids.SCAN_CANCEL: ["Cancel"]}


@pytest.mark.parametrize(
    ("request_", "line"),
    [
        ({"kind": "sync", "tables": ()}, "Sync warehouse-prod."),
        ({"kind": "profile", "tables": ("orders",)}, "Profile orders in warehouse-prod."),
        ({"kind": "materialize", "tables": (), "tags": ("pii",)}, "Materialize tables tagged pii in warehouse-prod."),
        ({"kind": "export", "tables": (), "options": {"asset_type": "checks"}}, "Export checks of all tables of warehouse-prod."),
        ({"kind": "external_scan", "tables": ()}, "Run the external scan of all tables of warehouse-prod."),
        ({"kind": "sync", "tables": (), "options": {"prune": True}}, "Sync warehouse-prod, tables that vanished are removed"),
    ],
)
def test_other_operations_close_nothing_and_have_no_scan_options(request_: dict[str, Any], line: str) -> None:
    seen, pressed = proposed(scan_samples.wish(**request_))
    assert line in seen and "close" not in seen and "resolve" not in seen
    assert pressed == {ids.SCAN_START: ["Start"], ids.SCAN_CANCEL: ["Cancel"]}


def test_several_datastores_are_told_one_by_one() -> None:
    crm = replace(PREVIEW, id="op-2", place=scan_samples.CRM, request=model.ScanRequest("scan", "43"))
    seen, pressed = proposed(PREVIEW, crm, op_1=2, op_2=0)
    assert "Start 2 scans?" in seen and "customers in warehouse-prod, the full tables. 2 open" in seen
    assert "Scan all tables of crm, the full tables. Nothing is open on them" in seen
    assert pressed[ids.SCAN_START] == ["Start scan"]
    assert "And 2 more operations." in proposed(*[PREVIEW] * 12)[0]
    assert "Start 2 operations?" in proposed(PREVIEW, scan_samples.wish(kind="sync"))[0]
    missing = scan_samples.problem(CAUSE.TABLE_MISSING, "x")
    assert proposed(PREVIEW, crm, problems=(missing,))[1][ids.SCAN_START] == ["Start 2 scans instead"]


def test_a_verification_says_which_anomaly_and_offers_no_other_options() -> None:
    seen, pressed = proposed(replace(PREVIEW, verifies=model.Ref("qualytics", "1001")), op_1=1)
    assert "It shows whether anomaly 1001 passes now." in seen
    assert ids.SCAN_OPTIONS not in pressed


# --- what is wrong -------------------------------------------------------------------------------------------------------------------


def test_a_wrong_name_is_replaced_by_the_nearest_one_on_the_button() -> None:
    missing = scan_samples.problem(CAUSE.TABLE_MISSING, "orders", near=["orders_v2"])
    message = scan_preview.preview(model.Proposal([scan_samples.wish(tables=("orders_v2",))], {"op-1": 0}, [missing]), CAPABILITIES)
    seen, pressed = drawn(message)
    for told in (seen, slack_rules.heard(message)):
        assert (
            "There is no table called orders in warehouse-prod. It was renamed or dropped since the last sync, or it is new and was not "
            "synced yet. Did you mean orders_v2?"
        ) in told
        assert "Start this scan instead?" in told
    assert pressed[ids.SCAN_START] == ["Scan orders_v2 instead"]
    assert pressed[ids.SCAN_SYNC] == ["Run sync first"]
    sync = next(part for part in slack_rules.pressable(message) if part["action_id"] == ids.SCAN_SYNC)
    assert ids.decode_pair(sync["value"]) == ("qualytics", "42")


@pytest.mark.parametrize(
    ("request_", "label"),
    [
        ({"tables": (), "tags": ("pii",)}, "Scan tag pii instead"),
        ({"tables": ()}, "Scan all tables instead"),
        ({"kind": "profile", "tables": ("a", "b", "c")}, "Profile a, b and 1 more instead"),
    ],
)
def test_what_the_button_starts_instead(request_: dict[str, Any], label: str) -> None:
    _, pressed = proposed(scan_samples.wish(**request_), problems=(scan_samples.problem(CAUSE.TAG_MISSING, "x"),))
    assert pressed[ids.SCAN_START] == [label]


def test_where_nothing_can_be_started_there_is_no_start_button_and_each_datastore_its_sync() -> None:
    wrong = [
        scan_samples.problem(CAUSE.TABLE_MISSING, "ordrs"),
        scan_samples.problem(CAUSE.NO_TABLES, place=scan_samples.CRM),
        scan_samples.problem(CAUSE.TAG_MISSING, "pi", near=["pii", "pin"], place=None),
    ]
    message = scan_preview.problems(wrong, CAPABILITIES, "qualytics")
    seen, pressed = drawn(message)
    assert pressed == {ids.SCAN_SYNC: ["Sync warehouse-prod first", "Sync crm first"]}
    assert [ids.decode_pair(part["value"]) for part in slack_rules.pressable(message)] == [("qualytics", "42"), ("qualytics", "43")]
    assert "There are no tables in crm that Qualytics knows of. It was probably never synced." in seen
    assert "Did you mean pii or pin?" in seen and "Nothing was started." in seen
    assert drawn(scan_preview.preview(model.Proposal([], {}, wrong), CAPABILITIES, "qualytics"))[0] == seen
    assert drawn(scan_preview.preview(model.Proposal([], {}, wrong), CAPABILITIES))[1] == {}


SAYS = {
    CAUSE.DATASTORE_MISSING: ("Qualytics has no datastore called x that this desk can see.", "Did you mean y?"),
    CAUSE.TABLE_MISSING: ("There is no table called x in warehouse-prod.", "Did you mean y?"),
    CAUSE.TABLE_AMBIGUOUS: ("differ from x in upper and lower case alone: y.", "Write the one that you mean exactly like that."),
    CAUSE.NO_TABLES: ("There are no tables in warehouse-prod that Qualytics knows of.", "never synced."),
    CAUSE.TAG_MISSING: ("Qualytics has no tag called x.", "Did you mean y?"),
    CAUSE.TAG_NOWHERE: ("The tag x exists, but it is on no table of warehouse-prod.", "scan all tables."),
    CAUSE.NO_CHECKS: ("Nothing was found because no check is active on these tables.", "infers checks"),
    CAUSE.NO_RIGHT: (
        "lacks the right Editor on warehouse-prod in Qualytics.",
        "An admin of the team that warehouse-prod belongs to can give",
    ),
    CAUSE.REFUSED: ("Qualytics refused to start it: because.", ""),
    CAUSE.NOT_ALLOWED: ("It was not started. because.", ""),
    CAUSE.FAILED: ("Qualytics says: because.", ""),
    CAUSE.VANISHED: ("Qualytics does not know this operation any more", "deleted there."),
    CAUSE.GAVE_UP: ("It was still running; the desk stopped looking.", "still end well"),
}


@pytest.mark.parametrize("cause", list(CAUSE))
def test_every_cause_says_what_happened_why_and_what_was_meant(cause: model.Cause) -> None:
    seen, _ = drawn(
        scan_preview.problems([scan_samples.problem(cause, "x", near=["y"], detail="because", right="Editor")], CAPABILITIES, "qualytics")
    )
    for words in SAYS[cause]:
        assert words in seen
    assert seen.count("because.") == 1
    assert ("Did you mean" in seen) is (cause is not CAUSE.TABLE_AMBIGUOUS)
    bare, _ = drawn(scan_preview.problems([model.Problem(cause)], CAPABILITIES, "qualytics"))
    assert "{" not in bare and "None" not in bare
