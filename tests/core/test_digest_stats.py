"""The facts of a digest: who counts where, on which day, and that a kept digest reads back as it was."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import model
from bot.core import digest_stats

Make = Callable[..., model.Anomaly]
UNTIL = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
SINCE = UNTIL - timedelta(days=1)
MADRID = ZoneInfo("Europe/Madrid")


WORDS = digest_stats.Words(lambda one: f"told {one.ref.id}", lambda one: f"{one.records} rows", lambda check: check.message or check.rule)


@pytest.fixture
def make(anomaly: Make) -> Make:
    """An anomaly with an id of its own, created so many hours before the digest."""
    numbers = itertools.count(1)

    def made(hours: float = 1, **changed: Any) -> model.Anomaly:
        return anomaly(**{"ref": model.Ref("qualytics", f"{next(numbers):04}"), "created": UNTIL - timedelta(hours=hours)} | changed)

    return made


def count(week: list[model.Anomaly], open_ones: list[model.Anomaly], zone: ZoneInfo = MADRID, **more: Any) -> model.Digest:
    """Counted in pages of two."""
    counts = digest_stats.Counts(SINCE, UNTIL, zone, WORDS, more.pop("assigns", True))
    for start in range(0, max(len(week), len(open_ones)), 2):
        counts.came(week[start : start + 2])
        counts.waits(open_ones[start : start + 2])
    found = {"total_open": len(open_ones), "closed": 0} | more
    return digest_stats.together("qualytics", "tag:pii", [counts], **found)


def test_a_quiet_week_counts_zeroes() -> None:
    assert count([], []) == model.Digest(
        "qualytics", "tag:pii", SINCE, UNTIL, 0, 0, 0, 0, days=tuple(model.DigestDay(date(2026, 11, 14 + n), 0, 0) for n in range(7))
    )


def test_what_was_opened_since_the_last_one(make: Make) -> None:
    week = [make(hours=0), make(hours=23.9), make(hours=24), make(hours=48), make(hours=-1), make(3, state=model.State.ARCHIVED)]
    assert count(week, []).opened == 3, "up to now, without the moment of the last digest itself, in any state"


def test_the_open_ones_are_told_apart(make: Make) -> None:
    open_ones = [make(state=model.State.ACTIVE), make(state=model.State.ACKNOWLEDGED), make(state=model.State.ACTIVE)]
    found = count([], open_ones, total_open=5000, closed=12)
    assert (found.open, found.unacknowledged, found.read, found.closed) == (5000, 2, 3, 12)


def test_seven_days_of_the_zone(make: Make) -> None:
    late = datetime(2026, 11, 18, 23, 30, tzinfo=UTC)  # half past midnight of the 19th in Madrid
    week = [make(created=late), make(created=late, state=model.State.ARCHIVED), make(hours=24 * 8), make(created=late.replace(hour=22))]
    days = {one.day.day: (one.opened, one.open) for one in count(week, []).days}
    assert days == {14: (0, 0), 15: (0, 0), 16: (0, 0), 17: (0, 0), 18: (1, 1), 19: (2, 1), 20: (0, 0)}
    in_utc = {one.day.day: one.opened for one in count(week, [], ZoneInfo("UTC")).days}
    assert in_utc[18] == 3 and in_utc[19] == 0


def test_what_waits_longest(make: Make) -> None:
    old = [make(hours=hours) for hours in (30, 90, 60, 60, 10)]
    taken = make(hours=100, state=model.State.ACKNOWLEDGED)
    found = count([], [*old, taken]).oldest
    assert [one.ref.id for one in found] == ["0002", "0003", "0004"]
    assert found[0] == model.DigestLine(
        ref=old[1].ref,
        version=3,
        type="record",
        table="orders",
        datastore="warehouse-prod",
        severity=model.Severity.HIGH,
        created=old[1].created,
        check="customer_id is null",
        title=f"told {old[1].ref.id}",
        evidence=f"{old[1].records} rows",
    )


def test_a_glance_of_an_anomaly_without_a_place(make: Make) -> None:
    one = digest_stats.glance(make(container=None, datastore=None, severity=None, url="https://acme.example/anomalies/1"), WORDS)
    assert (one.table, one.datastore, one.severity, one.url) == ("", "", None, "https://acme.example/anomalies/1")


def test_what_moves_to_another_page_meanwhile_counts_once(make: Make) -> None:
    one, two, three = (make(hours=hours) for hours in (1, 2, 3))
    found = count([one, two, two, three], [one, two, two, three])
    assert (found.opened, found.unacknowledged, found.read) == (3, 3, 3)


def test_who_has_how_much(make: Make) -> None:
    dana, lee, ann = (model.Person("qualytics", str(n), name) for n, name in enumerate(["Dana", "Lee", "Ann"]))
    unnamed = model.Person("qualytics", "9", "", "max@acme.example")
    open_ones = [make(assignees=people) for people in [(dana,), (lee, ann), (), (dana, lee), (ann,), (unnamed,), ()]]
    found = count([], open_ones)
    assert found.load == (("Ann", 2), ("Dana", 2), ("Lee", 2), ("max@acme.example", 1))
    assert found.unassigned == 2
    assert count([], [*open_ones, make(assignees=(lee,))]).load[0] == ("Lee", 3), "the most first"


def test_the_noisiest_checks(make: Make) -> None:
    def checks(*rules: str) -> tuple[model.Check, ...]:
        return tuple(model.Check(f"{rule}-{n}", rule, ("id",), "" if rule else "some words that vary") for n, rule in enumerate(rules))

    week = [make(hours=n, checks=checks(*rules)) for n, rules in enumerate(["ab", "abc", "aac", "d", "e", "f", ""])]
    week += [make(checks=checks("a"), container=model.Place("5", "items")), make(hours=24 * 9, checks=checks("d"))]
    found = [(one.check, one.table, one.count) for one in count(week, []).noise]
    assert found == [("a", "orders", 3), ("b", "orders", 2), ("c", "orders", 2), ("a", "items", 1), ("d", "orders", 1)]


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(model.Check("1", "notNull", ("a", "b"), "{} of 9 rows: a is null"), id="rule and fields"),
        pytest.param(model.Check("1", "volumetric", (), "{} rows are too few"), id="a rule"),
        pytest.param(model.Check("1", "", ("a",), "a is odd in {}"), id="fields"),
        pytest.param(model.Check("1", "", (), " a is odd "), id="a message"),
    ],
)
def test_a_check_is_one_whatever_it_says_each_time_and_told_as_it_was_last(check: model.Check, make: Make) -> None:
    week = [make(n, checks=(replace(check, message=check.message.format(n)),)) for n in range(3)]
    (noisy,) = count(week, []).noise
    assert (noisy.check, noisy.count) == (WORDS.rule(week[0].checks[0]), 3)


def test_a_check_without_a_word_is_not_noisy(make: Make) -> None:
    assert list(count([make(checks=(model.Check("1", "", (), ""),))], []).noise) == []


def test_the_unacknowledged_are_counted_by_severity_with_the_oldest(make: Make) -> None:
    critical, low = model.Severity.CRITICAL, model.Severity.LOW
    there = [make(hours, severity=word, state=model.State.ACTIVE) for hours, word in [(1, low), (5, critical), (90, critical), (200, None)]]
    there.append(make(300, severity=critical, state=model.State.ACKNOWLEDGED))
    assert [(one.severity, one.count, one.since) for one in count([], there).unread] == [
        (critical, 2, there[2].created),
        (low, 1, there[0].created),
        (None, 1, there[3].created),
    ]


def test_what_waits_longest_is_sorted_by_severity_then_age(make: Make) -> None:
    there = [
        make(hours, severity=word)
        for hours, word in [(900, model.Severity.LOW), (1, model.Severity.CRITICAL), (5, model.Severity.HIGH), (7, model.Severity.HIGH)]
    ]
    found = count([], there).oldest
    assert [one.ref for one in found] == [there[1].ref, there[3].ref, there[2].ref]
    assert [one.title for one in found] == [WORDS.title(one) for one in (there[1], there[3], there[2])]


def test_the_order_of_the_lists_and_repetition_do_not_matter(make: Make) -> None:
    week = [
        make(hours=n % 5, checks=(model.Check("1", f"rule{n % 7}"),), assignees=(model.Person("q", str(n), f"P{n % 4}"),))
        for n in range(40)
    ]
    wanted = count(week, week)
    shuffled = random.Random(7).sample([*week, *week[:9]], 49)
    assert count(shuffled, shuffled, total_open=40) == wanted


# --- as JSON ------------------------------------------------------------------------------------------------------------

_WORDS = st.text(max_size=12)
_AMOUNTS = st.integers(0, 10**9)
_ZONES = st.integers(-840, 840).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_MOMENTS = st.datetimes(timezones=st.one_of(st.just(UTC), _ZONES))
_REFS = st.builds(model.Ref, _WORDS, _WORDS)
_SEVERITIES = st.sampled_from([None, *model.Severity])
_GLANCES = st.builds(model.DigestLine, _REFS, _AMOUNTS, _WORDS, _WORDS, _WORDS, _SEVERITIES, _MOMENTS, *[_WORDS] * 4)
_DIGESTS = st.builds(
    model.Digest,
    _WORDS,
    _WORDS,
    _MOMENTS,
    _MOMENTS,
    *[_AMOUNTS] * 4,
    days=st.lists(st.builds(model.DigestDay, st.dates(), _AMOUNTS, _AMOUNTS), max_size=7).map(tuple),
    oldest=st.lists(_GLANCES, max_size=3).map(tuple),
    load=st.lists(st.tuples(_WORDS, _AMOUNTS), max_size=5).map(tuple),
    unassigned=_AMOUNTS,
    noise=st.lists(st.builds(model.NoisyCheck, _WORDS, _WORDS, _AMOUNTS), max_size=5).map(tuple),
    read=_AMOUNTS,
    unread=st.lists(st.builds(model.Unread, st.sampled_from([None, *model.Severity]), _AMOUNTS, _MOMENTS), max_size=5).map(tuple),
)


@given(_DIGESTS)
def test_a_kept_digest_reads_back(kept: model.Digest) -> None:
    assert digest_stats.unpack(json.loads(json.dumps(digest_stats.pack(kept)))) == kept


@given(_DIGESTS, st.data())
def test_what_was_not_kept_is_empty(kept: model.Digest, data: st.DataObject) -> None:
    packed = digest_stats.pack(kept)
    for name in data.draw(st.sets(st.sampled_from(sorted(packed)))):
        del packed[name]
    read = digest_stats.unpack(packed)
    empty = digest_stats.unpack({})
    for name in digest_stats.pack(kept):
        assert getattr(read, name) == getattr(kept if name in packed else empty, name)


def test_an_empty_one_is_a_digest() -> None:
    empty = digest_stats.unpack({"oldest": [{}]})
    assert (empty.source, empty.opened, empty.days, empty.load, empty.noise, empty.read) == ("", 0, (), (), (), 0)
    assert empty.since == empty.until == datetime(1970, 1, 1, tzinfo=UTC)
    assert empty.oldest == (model.DigestLine(model.Ref("", ""), 0, "", "", "", None, empty.since),)


def test_a_severity_of_another_version_is_none() -> None:
    assert digest_stats.unpack({"oldest": [{"severity": "apocalyptic"}]}).oldest[0].severity is None
