"""Pages of a review and digests that tests share: believable ones, hostile ones, and every view and message about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from bot import model
from bot.render.digest import digest_message
from bot.render.review import review_form
from tests.render import samples

NOW = samples.NOW
TEN = tuple(replace(samples.ORDERS, ref=model.Ref("qualytics", str(1001 + number))) for number in range(10))
FILTER = model.ReviewScope(words="status:open table:orders")
THIRD = model.ReviewPage(FILTER, TEN, 412, 20, frozenset({"1003", "7", "8"}), "C1", source="qualytics")

GLANCE = model.DigestLine(
    samples.REF,
    3,
    "record",
    "orders",
    "warehouse-prod",
    model.Severity.HIGH,
    NOW - timedelta(days=9),
    url=samples.ORDERS.url,
    title="orders · customer_id not null",
    evidence="11 of 1.84 M rows",
)
WEEK = tuple(model.DigestDay(date(2026, 11, 15) + timedelta(days=number), 4 * number, number) for number in range(7))
MORNING = model.Digest(
    "qualytics",
    "table:orders",
    datetime(2026, 11, 20, 9, tzinfo=UTC),
    datetime(2026, 11, 21, 9, tzinfo=UTC),
    opened=12,
    closed=7,
    open=412,
    unacknowledged=38,
    days=WEEK,
    oldest=(GLANCE,),
    load=(("Dana", 40), ("Lee Park", 12)),
    unassigned=120,
    noise=(model.NoisyCheck("customer_id not null", "orders", 41), model.NoisyCheck("amount between 0 and 10000", "items", 9)),
    read=412,
    unread=(
        model.Unread(model.Severity.CRITICAL, 2, datetime(2026, 11, 17, 7, tzinfo=UTC)),
        model.Unread(model.Severity.HIGH, 36, NOW - timedelta(days=9)),
    ),
)

SCOPES = st.one_of(
    st.builds(model.ReviewScope, words=samples.SHORT),
    st.builds(model.ReviewScope, card=st.text("0123456789abcdef-", min_size=1, max_size=36)),
)
PAGES = st.builds(
    model.ReviewPage,
    SCOPES,
    st.lists(samples.HOSTILE, max_size=10),
    st.one_of(st.none(), st.integers(0, 10**9)),
    st.one_of(st.just(0), st.integers(0, 10**6)),
    st.one_of(
        st.frozensets(samples.IDENT, max_size=12),
        st.integers(0, 900).map(lambda most: frozenset(map(str, range(10**6, 10**6 + most)))),
    ),
    st.sampled_from(["", "C0123ABC"]),
    samples.SHORT,
)
GLANCES = st.builds(
    model.DigestLine,
    samples.REFS,
    st.integers(0, 10**9),
    samples.SHORT,
    samples.SHORT,
    samples.SHORT,
    st.one_of(st.none(), st.sampled_from(model.Severity)),
    samples.DATES,
    samples.ADDRESSES,
    samples.SHORT,
    samples.SHORT,
    samples.SHORT,
)
UNREAD = st.builds(model.Unread, st.one_of(st.none(), st.sampled_from(model.Severity)), samples.COUNTS, samples.DATES)
DIGESTS = st.builds(
    model.Digest,
    samples.SHORT,
    samples.SHORT,
    samples.DATES,
    samples.DATES,
    *(st.one_of(st.just(0), samples.COUNTS) for _ in range(4)),
    days=st.lists(st.builds(model.DigestDay, st.dates(), samples.COUNTS, samples.COUNTS), max_size=30),
    oldest=st.lists(GLANCES, max_size=12),
    load=samples.COUNTED,
    unassigned=samples.COUNTS,
    noise=st.lists(st.builds(model.NoisyCheck, samples.SHORT, samples.SHORT, samples.COUNTS), max_size=8),
    read=samples.COUNTS,
    unread=st.lists(UNREAD, max_size=5),
)


def every_review_view(page: model.ReviewPage, capabilities: model.Capabilities, preview: model.Message) -> Mapping[str, model.Block]:
    """Each modal of a review."""
    batch = replace(samples.ARCHIVE_312, channel=page.channel)
    return {
        "review": review_form.form(page, capabilities),
        "review of nothing": review_form.form(replace(page, anomalies=()), capabilities),
        "review of one": review_form.form(replace(page, anomalies=page.anomalies[:1], total=1), capabilities),
        "confirmation": review_form.preview(preview, batch, 312),
        "confirmation of nothing": review_form.preview(preview, batch, 0),
    }


def every_digest(facts: model.Digest, capabilities: model.Capabilities) -> Mapping[str, model.Message]:
    """Each form of a digest."""
    calm = replace(facts, opened=0, closed=0, open=0)
    return {
        "digest": digest_message.digest(facts, capabilities),
        "digest asked for": digest_message.digest(facts, capabilities, asked=True),
        "calm digest": digest_message.digest(calm, capabilities),
        "digest of an empty queue": digest_message.digest(replace(facts, opened=3, open=0, unacknowledged=0), capabilities),
    }
