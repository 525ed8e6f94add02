"""Values that the render tests share: one believable anomaly, hostile text, and every message that can show an anomaly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from bot import errors, model, ports
from bot.core import overlay
from bot.render.anomaly import anomaly_card, anomaly_forms, group_card, histories, replies
from bot.render.batch import batch_message, batch_preview, deletion_form
from bot.render.desk import desk_help, desk_status, reports
from bot.render.kit import modals, refusals
from bot.sources.qualytics import closings

NOW = datetime(2026, 11, 21, 9, 12, tzinfo=UTC)
DATE = "2026-11-21 09:12 UTC"
REF = model.Ref("qualytics", "1001")
CAPABILITIES = model.Capabilities("Qualytics", frozenset(model.Action), closings.CLOSINGS)
DANA = model.Actor("U1", "Dana", email="dana@acme.example")
LEE = model.Person("qualytics", "7", "Lee Park", "lee@acme.example")

ORDERS = model.Anomaly(
    REF,
    model.State.ACTIVE,
    "Active",
    NOW,
    type="record",
    severity=model.Severity.HIGH,
    weight=54,
    records=4210,
    tags=("critical", "pii"),
    checks=(
        model.Check("1", "notNull", ("customer_id",), "customer_id not null"),
        model.Check("2", "between", ("amount",), "amount between 0 and 10000"),
    ),
    datastore=model.Place("1", "warehouse-prod"),
    container=model.Place("2", "orders"),
    url="https://acme.qualytics.io/anomalies/1001",
    version=3,
)
ACKNOWLEDGED = replace(ORDERS, state=model.State.ACKNOWLEDGED, status="Acknowledged", version=4)
DUPLICATE = replace(ORDERS, state=model.State.ARCHIVED, status="Duplicate", archived_as="Duplicate", version=5)
DELETED = replace(ORDERS, status="Deleted", deleted=True, version=6)

ARCHIVE_312 = model.Batch(
    "b-4f2a",
    "qualytics",
    model.Change(model.Action.ARCHIVE, archive_as="Duplicate"),
    "table:orders status:open",
    "U1",
    "Dana",
    "C1",
    model.BatchState.PREVIEW,
    NOW,
    312,
)
SPLIT = model.Split(
    [("warehouse-prod", 300), ("crm", 12)],
    [("orders", 312)],
    [("Active", 200), ("Acknowledged", 112)],
    [ORDERS],
    [(model.Severity.CRITICAL, 2), (model.Severity.HIGH, 310)],
    [("qualytics", 312)],
    [("", 300), ("Lee Park", 7), ("you", 5)],
    others=7,
    acknowledged=112,
    placed=["qualytics"],
)


def progress(*refusals: model.Refusals, **counts: int) -> model.Progress:
    """`progress(todo=312)`, `progress(refused(...), done=300)`."""
    return model.Progress({model.Fate(fate): count for fate, count in counts.items()}, refusals)


def batch_view(
    batch: model.Batch, progress: model.Progress, capabilities: model.Capabilities = CAPABILITIES, **more: Any
) -> model.BatchView:
    """A batch of Qualytics alone, unless `systems` says otherwise."""
    return model.BatchView(batch, progress, **{"systems": {"qualytics": capabilities}, **more})


def running(batch: model.Batch = ARCHIVE_312) -> model.Batch:
    return replace(batch, state=model.BatchState.RUNNING, confirmed=NOW)


def finished(batch: model.Batch = ARCHIVE_312, seconds: float = 40) -> model.Batch:
    return replace(batch, state=model.BatchState.DONE, confirmed=NOW, finished=NOW + timedelta(seconds=seconds))


def entry(action: str, **more: Any) -> model.Entry:
    return model.Entry(REF, action, NOW, **{"actor": "U1", "actor_name": "Dana", **more})


def past(last: model.Entry | None = None, seen: int = 1, before: model.Entry | None = None) -> model.Recurrence:
    return model.Recurrence(seen, before, last)


# --- hostile text -----------------------------------------------------------------------------------------------------------------

WORST = (
    "<!channel> <!here> <@U123> <#C1> <!subteam^S1>",
    "*bold* _italic_ ~gone~ `code` ```block``` > quote",
    "<https://evil.example|https://bank.example> &lt;!channel&gt; &amp; & < >",
    ":tada: :100: :+1:",
    "שלום עולם \u202e gnp.exe مرحبا 123",
    "Z\u0351\u036b\u0343\u036a\u0302\u0301\u0300\u0308\u0304\u0305" * 20,
    "👩‍👩‍👧‍👦" * 400,
    "&" * 5000,
    "<" * 5000,
    "x" * 5000,
    "a\nb\tc\x00d\x1be\u2028f\u200b\u200d\ufeff",
    "\u200b\u200d\u2060",
    " ",
    "",
    "\ud800 half a pair \udfff",
    "{ref} %s {0} \\n",
    "|>|>|",
)
SHORT = st.one_of(st.sampled_from(WORST), st.text(max_size=60), st.text(alphabet="<>&*_~`|:!@#^ab\u202e\u05d0", max_size=200))
IDENT = st.one_of(st.just("1001"), SHORT.filter(bool))
DATES = st.integers(86_400, 7_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
PEOPLE = st.builds(model.Person, st.just("qualytics"), IDENT, SHORT, SHORT)
PLACES = st.one_of(st.none(), st.builds(model.Place, SHORT, SHORT))
CHECKS = st.builds(model.Check, SHORT, SHORT, st.lists(SHORT, max_size=8).map(tuple), SHORT)
NUMBERS = st.one_of(st.none(), st.floats(), st.integers(-10, 10**30).map(float))
ADDRESSES = st.one_of(SHORT, SHORT.map(lambda tail: f"https://acme.example/{tail}"))

FLOATS = st.one_of(st.none(), st.floats())
MOMENTS = st.one_of(st.none(), DATES)
SERIES = st.builds(
    model.Series, SHORT, *[FLOATS] * 5, st.one_of(st.none(), st.sampled_from(model.Direction)), MOMENTS, MOMENTS, SHORT, SHORT
)
OTHERS = st.builds(model.Ref, st.one_of(st.just("qualytics"), IDENT), IDENT)

HOSTILE = st.builds(
    model.Anomaly,
    st.builds(model.Ref, st.just("qualytics"), IDENT),
    st.sampled_from(model.State),
    st.one_of(st.sampled_from(["Active", "Acknowledged", "Resolved"]), SHORT),
    DATES,
    archived_as=st.one_of(st.none(), st.sampled_from([*closings.WORDS, model.OVER]), SHORT),
    type=SHORT,
    description=SHORT,
    severity=st.one_of(st.none(), st.sampled_from(model.Severity)),
    weight=NUMBERS,
    records=st.one_of(st.none(), st.integers(0, 10**18)),
    fingerprint=SHORT,
    tags=st.lists(SHORT, max_size=14).map(tuple),
    assignees=st.lists(PEOPLE, max_size=7).map(tuple),
    checks=st.lists(CHECKS, max_size=7).map(tuple),
    datastore=PLACES,
    container=PLACES,
    url=ADDRESSES,
    version=st.integers(0, 10**9),
    scale=st.builds(model.Scale, SHORT, FLOATS),
    type_title=SHORT,
    series=st.one_of(st.none(), SERIES),
    facts=st.lists(st.builds(model.Fact, SHORT, SHORT, ADDRESSES), max_size=12).map(tuple),
    places=st.lists(st.builds(model.Place, SHORT, SHORT), max_size=7).map(tuple),
    related=st.lists(OTHERS, max_size=8).map(tuple),
    merged_into=st.one_of(st.none(), OTHERS),
    deleted=st.booleans(),
    started=MOMENTS,
    ended=MOMENTS,
    over=MOMENTS,
    kept_here=st.sets(st.sampled_from(model.Part)).map(overlay.in_order),
)
ACTIONS = st.one_of(st.sampled_from([action.value for action in model.Action]), SHORT)
ENTRIES = st.builds(
    model.Entry,
    st.just(REF),
    ACTIONS,
    DATES,
    actor_name=SHORT,
    via=st.one_of(st.just("slack"), SHORT),
    before=SHORT,
    after=SHORT,
    result=st.sampled_from(model.Result),
    detail=SHORT,
)
PASTS = st.builds(model.Recurrence, st.integers(1, 10**6), st.one_of(st.none(), ENTRIES), st.one_of(st.none(), ENTRIES))
CLOSINGS = st.one_of(
    st.sampled_from(closings.CLOSINGS), st.builds(model.Closing, IDENT, SHORT, SHORT, st.sampled_from(model.ClosingKind), st.booleans())
)
OFFERS = st.builds(
    model.Capabilities,
    SHORT,
    st.frozensets(st.sampled_from(model.Action)),
    st.lists(CLOSINGS, unique_by=lambda one: one.word, max_size=6).map(tuple),
)
COMMENTS = st.builds(model.Comment, SHORT, SHORT, st.one_of(st.none(), DATES))
PAYLOADS = st.fixed_dictionaries(
    {
        "what": st.sampled_from(
            ["first_contact", "failing", "recovered", "assigned", "interrupted", "channel_gone", "channel_back", "other"]
        )
    },
    optional={
        **dict.fromkeys(("title", "source", "error", "header", "url", "by", "why", "channel", "code", "ref", "action"), SHORT),
        **dict.fromkeys(("at", "since", "over"), st.one_of(SHORT, DATES.map(datetime.isoformat))),
        "refs": st.lists(SHORT, max_size=12),
        "count": st.integers(0, 10**9),
        "places": st.lists(st.fixed_dictionaries({"name": SHORT, "count": st.integers(0, 10**9)}), max_size=30),
    },
)
CHANGES = st.builds(
    model.Change,
    st.sampled_from(model.Action),
    st.one_of(st.none(), st.sampled_from(closings.WORDS), SHORT),
    st.one_of(st.none(), st.lists(SHORT, max_size=12).map(tuple)),
    st.lists(SHORT, max_size=12).map(tuple),
    st.lists(SHORT, max_size=12).map(tuple),
    st.one_of(st.none(), SHORT),
    SHORT,
)
COUNTS = st.integers(0, 10**6)
BATCHES = st.builds(
    model.Batch,
    st.text("0123456789abcdef-", min_size=1, max_size=12),
    st.just("qualytics"),
    CHANGES,
    SHORT,
    st.just("U1"),
    SHORT,
    st.just("C1"),
    st.sampled_from(model.BatchState),
    DATES,
    st.one_of(st.integers(0, 25), COUNTS),
    st.one_of(st.none(), DATES),
    st.one_of(st.none(), DATES),
    SHORT,
    SHORT,
)
REFS = st.builds(model.Ref, st.just("qualytics"), IDENT)
REFUSALS = st.builds(
    model.Refusals,
    st.sampled_from(model.Fate),
    SHORT,
    SHORT,
    st.lists(SHORT, max_size=8).map(tuple),
    st.integers(1, 10**5),
    st.lists(REFS, max_size=25).map(tuple),
)
PROGRESS = st.builds(model.Progress, st.dictionaries(st.sampled_from(model.Fate), COUNTS), st.lists(REFUSALS, max_size=40).map(tuple))
COUNTED = st.lists(st.tuples(SHORT, COUNTS), max_size=8)
SEVERITIES = st.lists(st.tuples(st.one_of(st.none(), st.sampled_from(model.Severity)), COUNTS), max_size=5)
SPLITS = st.builds(
    model.Split,
    COUNTED,
    COUNTED,
    COUNTED,
    st.lists(HOSTILE, max_size=6),
    SEVERITIES,
    st.just([("qualytics", 7), ("other", 3)]),
    COUNTED,
    COUNTS,
    COUNTS,
    st.just(["qualytics"]),
)
ITEMS = st.builds(
    model.Item,
    REFS,
    st.just(model.Snapshot(model.State.ACTIVE, "Active")),
    st.sampled_from(model.Fate),
    reason=SHORT,
    right=SHORT,
    place=SHORT,
    table=SHORT,
)
FAILURES = st.one_of(
    st.builds(errors.SourceUnavailable, SHORT, SHORT),
    st.builds(errors.SourceRateLimited, SHORT, SHORT, st.floats(0, 1e12)),
    st.builds(lambda s, m, r, p: errors.SourceForbidden(s, m, right=r, place=p), SHORT, SHORT, SHORT, SHORT),
    st.builds(errors.SourceRejected, SHORT, SHORT),
    st.builds(errors.NotFound, SHORT),
    st.builds(errors.ChannelGone, SHORT),
    st.builds(lambda t: errors.ConfigError([t, t]), SHORT),
    st.builds(
        lambda m, t, a, b, e: errors.BadCommand(m, text=t, start=a, end=b, example=e),
        SHORT,
        SHORT,
        st.integers(-5, 6000),
        st.integers(-5, 6000),
        SHORT,
    ),
)


def every_message(
    anomaly: model.Anomaly,
    capabilities: model.Capabilities,
    past: model.Recurrence,
    entries: Sequence[model.Entry],
    comments: Sequence[model.Comment],
) -> Mapping[str, model.Message]:
    """Each kind of message that shows anomalies, about this one."""
    outcomes = [model.Outcome(anomaly.ref, result, anomaly.description, anomaly.type, anomaly.fingerprint) for result in model.Result]
    change = model.Change(model.Action.ARCHIVE, archive_as="Invalid")
    receipts = {
        f"receipt {outcome.result}": replies.receipt(
            model.Receipt(change, [outcome], {anomaly.ref: anomaly}, [anomaly.description]), DANA, capabilities
        )
        for outcome in outcomes
    }
    tables = [(anomaly.container.name if anomaly.container else "", 3)] * 12
    systems = [(anomaly.ref.source, 10**6 - 1), ("other", 1)]
    tally = ports.Tally(10**6, {anomaly.state: 10**6}, tables, [anomaly] * 7, sources=systems)
    tally = replace(tally, severities=[(model.Severity.CRITICAL, 12)], places=10**5, critical=12, worst=[anomaly] * 10)
    decided = [model.Explanation(reason, anomaly.created, "C0123ABC", anomaly.description) for reason in model.Reason]
    backlog = ports.Backlog(1, 2, 3, 4, 500.0, [(anomaly.type, 3)] * 20)
    standing = model.SourceHealth("qualytics", failing_since=anomaly.created, error=anomaly.description)
    view = desk_status.StatusView(
        [desk_status.SourceView(capabilities.title, standing, {anomaly.state: 3}, 10.0)] * 4,
        backlog,
        anomaly.description,
        "1",
        anomaly.created,
        ["table"],
    )
    return {
        **receipts,
        "receipt of many": replies.receipt(model.Receipt(change, outcomes * 30, {}, [anomaly.description] * 3), DANA, capabilities),
        "card": anomaly_card.anomaly(anomaly, capabilities, past),
        "group": group_card.group("card-1", tally, {anomaly.ref.source: capabilities, "other": capabilities}, 5),
        "stale": replies.stale(anomaly, capabilities, replace(outcomes[0], by=past.last, stale=True), "acknowledge"),
        "second": replies.stale(anomaly, capabilities, replace(outcomes[0], by=past.last), "acknowledge"),
        "joined": group_card.joined([anomaly] * 12, {anomaly.ref.source: capabilities}),
        "listing": replies.listing(model.Listing(anomaly.description, [anomaly] * 10, 412, 10)),
        "group listing": replies.listing(model.Listing("", [anomaly] * 10, 412, 10), group="card-1"),
        "no listing": replies.listing(model.Listing(anomaly.description, [], 0)),
        "count": replies.count(anomaly.description, 7, {anomaly.status: 7}, tables),
        "history": histories.history(anomaly, entries, comments),
        "why": histories.why(anomaly.ref, decided),
        "status": desk_status.status(view),
        "help": desk_help.full(anomaly),
        "broken": refusals.broken(anomaly.description),
        "assigned": reports.report(model.NewlyAssigned(anomaly.ref, "Dana", anomaly.description, url=anomaly.url)),
    }


def every_batch_message(
    frozen: model.Batch, split: model.Split, progress: model.Progress, capabilities: model.Capabilities
) -> Mapping[str, model.Message]:
    """Each kind of message that shows this batch, whatever its own state."""
    names = {"7": frozen.actor_name}
    many = {"systems": {"qualytics": capabilities, "other": capabilities}, "shares": dict.fromkeys(("qualytics", "other"), progress.counts)}
    done = model.Afterwards([(severity, amount) for severity, amount in split.severities if severity], split.statuses)
    view = batch_view(frozen, progress, capabilities, names=names)
    back = replace(view, batch=replace(frozen, undo_of=frozen.id), **many)  # type: ignore[arg-type]
    cards = {
        f"batch card {state} {undoable}{' of several' * (own is many)}": batch_message.card(
            replace(view, batch=replace(frozen, state=state), undoable=undoable, done=done, **own)  # type: ignore[arg-type]
        )
        for state in model.BatchState
        for undoable in (True, False)
        for own in ({}, many)
    }
    backs = {
        f"batch taken back {state}": batch_message.card(
            replace(view, batch=replace(frozen, state=model.BatchState.DONE), back=replace(back, batch=replace(back.batch, state=state)))
        )
        for state in (model.BatchState.RUNNING, model.BatchState.DONE)
    }
    return {
        **cards,
        **backs,
        "batch preview": batch_preview.preview(view, split),
        "batch preview of several": batch_preview.preview(replace(view, **many), split, matching=frozen.total),  # type: ignore[arg-type]
        "batch started": batch_message.started(view),
        "batch being taken back": batch_message.taking_back(view),
        "batch cancelled": batch_message.cancelled(frozen),
    }


def every_view(anomaly: model.Anomaly, capabilities: model.Capabilities) -> Mapping[str, model.Block]:
    """Each modal, about this anomaly; the forms are missing when its id fits into none."""
    linked = {person.id: f"U{index}" for index, person in enumerate(anomaly.assignees) if index % 2}
    strangers = [model.Actor(f"U{index}", person.name) for index, person in enumerate(anomaly.assignees)]
    pending = anomaly_forms.Pending(anomaly.ref, anomaly.version, "C1")
    frozen = replace(ARCHIVE_312, change=model.Change(model.Action.DELETE), words=anomaly.description)
    views = {"delete": deletion_form.form(frozen, 312)}
    views |= {"loading": modals.loading(anomaly.type), "notice": modals.notice(anomaly.type, [anomaly.description] * 3)}
    try:
        views["assign"] = anomaly_forms.assign(anomaly, capabilities, "C1", linked, [anomaly.description])
        views["comment"] = anomaly_forms.comment(anomaly, capabilities, "C1")
        views["pick"] = anomaly_forms.pick(pending, ["U1"] * 30, strangers, capabilities)
    except errors.NotSupported:
        pass
    return views
