"""Operations that the tests of scans share: one believable scan in every state, hostile ones, and every message about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from bot import model
from bot.render.kit import ids
from bot.render.scan import scan_message, scan_preview
from tests.render import samples

NOW, CAPABILITIES = samples.NOW, samples.CAPABILITIES
LATER = NOW + timedelta(minutes=3)
WAREHOUSE, CRM = model.Place("42", "warehouse-prod"), model.Place("43", "crm")
STATE, RESULT, CAUSE = model.OperationState, model.ScanResult, model.Cause

INPUTS = (
    ids.SCAN_DATASTORES,
    ids.SCAN_TABLES,
    ids.SCAN_TAGS,
    ids.SCAN_HOW,
    ids.SCAN_RECORDS,
    ids.SCAN_SINCE,
    ids.SCAN_BATCH,
    ids.SCAN_SOURCE_ROWS,
)
"""The fields of the form, in order."""

PREVIEW = model.Operation(
    "op-1",
    "qualytics",
    model.ScanRequest("scan", "42", ("orders", "customers")),
    WAREHOUSE,
    "C0DATA",
    STATE.PREVIEW,
    NOW,
    plan="plan-1",
    actor="U1",
    actor_name="Dana",
)
DAILY = replace(PREVIEW, request=model.ScanRequest("sync", "42"), then=("profile", "scan"), steps=3)
TOLD = model.Scan(
    "qualytics",
    "812",
    "scan",
    RESULT.RUNNING,
    WAREHOUSE,
    started=NOW,
    tables_total=12,
    tables_done=3,
    records=1_204_332,
    anomalies=2,
    by="Lee",
    url="https://acme.qualytics.io/operations/812",
)


def wish(**more: Any) -> model.Operation:
    """A preview with another request: `wish(kind="profile", tables=())`."""
    return replace(PREVIEW, request=replace(PREVIEW.request, **more))


def running(operation: model.Operation = PREVIEW, **told: Any) -> model.Operation:
    return replace(operation, state=STATE.RUNNING, confirmed=NOW, seen=NOW, scan=replace(TOLD, kind=operation.request.kind, **told))


def done(result: model.ScanResult, operation: model.Operation = PREVIEW, **more: Any) -> model.Operation:
    """Ended after three minutes; `more` are facts of the verdict, and of the scan where they begin with `scan_`."""
    told = {key.removeprefix("scan_"): value for key, value in more.items() if key.startswith("scan_")}
    judged = {key: value for key, value in more.items() if not key.startswith("scan_")}
    ended = running(operation, **{"result": result, "ended": LATER, "tables_done": 12, **told})
    return replace(ended, state=STATE.DONE, ended=LATER, verdict=model.Verdict(result, **judged))


def problem(cause: model.Cause, *names: str, near: Sequence[str] = (), **more: Any) -> model.Problem:
    return model.Problem(cause, **{"place": WAREHOUSE, "names": names, "near": tuple(near), **more})


# --- hostile -----------------------------------------------------------------------------------------------------------------------

SHORT, DATES = samples.SHORT, samples.DATES
PLACES = st.builds(model.Place, SHORT, SHORT)
KINDS = st.one_of(st.sampled_from(["scan", "sync", "profile", "materialize", "export", "external_scan"]), SHORT)
NAMES = st.lists(SHORT, max_size=12).map(tuple)
NUMBERS = st.one_of(st.none(), st.integers(-5, 10**18))
OPTION = st.one_of(SHORT, st.booleans(), st.none(), st.floats(), st.integers(-5, 10**30))
OPTIONS = st.dictionaries(
    st.one_of(
        st.sampled_from(
            [
                "incremental",
                "auto_resolve_passed_anomalies",
                "greater_than_time",
                "greater_than_batch",
                "max_records_analyzed_per_partition",
                "enrichment_source_record_limit",
                "prune",
                "asset_type",
            ]
        ),
        SHORT,
    ),
    OPTION,
    max_size=9,
)
PROBLEMS = st.builds(model.Problem, st.sampled_from(CAUSE), st.one_of(st.none(), PLACES), NAMES, NAMES, SHORT, SHORT)
SCANS = st.builds(
    model.Scan,
    SHORT,
    SHORT,
    KINDS,
    st.sampled_from(RESULT),
    st.one_of(st.none(), PLACES),
    SHORT,
    st.one_of(st.none(), DATES),
    st.one_of(st.none(), DATES),
    NUMBERS,
    NUMBERS,
    NUMBERS,
    NUMBERS,
    SHORT,
    samples.ADDRESSES,
    NAMES,
)
VERDICTS = st.builds(
    model.Verdict,
    st.sampled_from(RESULT),
    st.one_of(st.none(), PROBLEMS),
    st.lists(KINDS, max_size=3).map(tuple),
    st.one_of(st.none(), st.booleans()),
    SHORT,
)
OPERATIONS = st.builds(
    model.Operation,
    st.text("0123456789abcdef.", min_size=1, max_size=14),
    SHORT,
    st.builds(model.ScanRequest, KINDS, SHORT, NAMES, NAMES, OPTIONS),
    PLACES,
    st.one_of(st.just("C0DATA"), st.just("D0DANA"), SHORT),
    st.sampled_from(STATE),
    DATES,
    plan=st.sampled_from(["", "plan-1"]),
    actor=st.sampled_from(["", "U1"]),
    actor_name=SHORT,
    confirmed=st.one_of(st.none(), DATES),
    scan=st.one_of(st.none(), SCANS),
    seen=st.one_of(st.none(), DATES),
    misses=st.integers(0, 5),
    ended=st.one_of(st.none(), DATES),
    verdict=st.one_of(st.none(), VERDICTS),
    then=st.lists(KINDS, max_size=3).map(tuple),
    step=st.integers(1, 4),
    steps=st.integers(1, 4),
    verifies=st.one_of(st.none(), samples.REFS),
    aborted_by=SHORT,
)


def every_scan_message(
    operation: model.Operation, problems: Sequence[model.Problem], capabilities: model.Capabilities, now: datetime
) -> Mapping[str, model.Message]:
    """Each kind of message about this operation, in every state."""
    cards = {f"scan card {state}": scan_message.card(replace(operation, state=state), capabilities, now) for state in STATE}
    twelve = [operation] * 12
    return {
        **cards,
        "scan preview": scan_preview.preview(model.Proposal([operation], {operation.id: 14}, problems), capabilities),
        "scan preview of many": scan_preview.preview(model.Proposal(twelve, {}, problems), capabilities),
        "no scan": scan_preview.preview(model.Proposal([], {}, problems), capabilities, "qualytics"),
        "scan started": scan_message.started(twelve),
        "scan cancelled": scan_message.cancelled(),
        "scan aborting": scan_message.aborting(operation),
        "scan status": scan_message.status(
            [replace(operation, state=STATE.RUNNING)] * 12, [replace(operation, state=STATE.DONE)] * 12, capabilities, now
        ),
    }
