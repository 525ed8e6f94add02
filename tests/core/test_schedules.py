"""When digests are due, on the days when clocks change above all."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import settings as desk_settings
from bot.core import schedules

MADRID = ZoneInfo("Europe/Madrid")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def local(text: str, zone: ZoneInfo = MADRID) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("spec", "now", "latest", "following"),
    [
        pytest.param("09:00", "2026-11-20T09:00", "2026-11-20T08:00", "2026-11-21T08:00", id="due right now"),
        pytest.param("09:00 daily", "2026-11-20T08:59", "2026-11-19T08:00", "2026-11-20T08:00", id="not yet today"),
        pytest.param("09:00 weekdays", "2026-11-22T12:00", "2026-11-20T08:00", "2026-11-23T08:00", id="a Sunday"),
        pytest.param("09:00 weekends", "2026-11-20T12:00", "2026-11-15T08:00", "2026-11-21T08:00", id="a Friday"),
        pytest.param("23:59 mon,thu", "2026-11-20T12:00", "2026-11-19T22:59", "2026-11-23T22:59", id="named days"),
        pytest.param("00:00 fri", "2026-11-19T23:59", "2026-11-12T23:00", "2026-11-19T23:00", id="a week ago"),
        pytest.param("09:00", "2026-07-01T10:00", "2026-07-01T07:00", "2026-07-02T07:00", id="summer time"),
    ],
)
def test_due_moments(spec: str, now: str, latest: str, following: str) -> None:
    assert schedules.latest(spec, MADRID, local(now)) == utc(latest)
    assert schedules.following(spec, MADRID, local(now)) == utc(following)
    assert schedules.latest(spec, MADRID, local(now)).utcoffset() == timedelta(0)  # type: ignore[union-attr]


def test_off_is_never_due() -> None:
    assert schedules.latest("off", MADRID, utc("2026-11-20T08:00")) is None
    assert schedules.following("off", MADRID, utc("2026-11-20T08:00")) is None


@pytest.mark.parametrize("spec", ["", "9:00", "24:00", "09:00 never", "09:00 mon,", "09:00 mon daily", "09:00 ,", "OFF"])
def test_what_is_no_schedule_is_refused(spec: str) -> None:
    assert not desk_settings.DIGEST.fullmatch(spec)
    with pytest.raises(ValueError, match="no "):
        schedules.latest(spec, MADRID, utc("2026-11-20T08:00"))


@pytest.mark.parametrize(
    ("zone", "at", "day", "due"),
    [
        pytest.param("Europe/Madrid", "02:30", "2026-03-29", "2026-03-29T01:00", id="skipped: when the clock jumps from 02:00 to 03:00"),
        pytest.param("Europe/Madrid", "02:00", "2026-03-29", "2026-03-29T01:00", id="the first skipped minute"),
        pytest.param("Europe/Madrid", "03:00", "2026-03-29", "2026-03-29T01:00", id="the minute to which it jumps"),
        pytest.param("Europe/Madrid", "02:30", "2026-10-25", "2026-10-25T00:30", id="twice: the first time"),
        pytest.param("Australia/Lord_Howe", "02:10", "2026-10-04", "2026-10-03T15:30", id="half an hour skipped"),
        pytest.param("Australia/Lord_Howe", "01:45", "2026-04-05", "2026-04-04T14:45", id="half an hour twice"),
        pytest.param("Africa/Casablanca", "02:30", "2026-03-22", "2026-03-22T02:00", id="the end of Ramadan"),
        pytest.param("Africa/Cairo", "00:15", "2026-04-24", "2026-04-23T22:00", id="midnight skipped"),
        pytest.param("America/Sao_Paulo", "23:30", "2019-02-16", "2019-02-17T01:30", id="the hour before midnight twice"),
        pytest.param("America/Nuuk", "23:30", "2024-03-30", "2024-03-31T01:00", id="the hour before midnight skipped"),
    ],
)
def test_when_the_clock_changes(zone: str, at: str, day: str, due: str) -> None:
    where = ZoneInfo(zone)
    start = local(f"{day}T00:00", where) - timedelta(minutes=10)
    found = schedules.following(at, where, start)
    assert found == utc(due)
    assert schedules.latest(at, where, utc(due)) == found
    assert schedules.latest(at, where, utc(due) - timedelta(seconds=1)) == schedules.latest(at, where, start)
    assert schedules.following(at, where, utc(due)) > utc(due) + timedelta(hours=20)  # type: ignore[operator]


def test_a_day_that_a_zone_leaves_out_has_none() -> None:
    apia = ZoneInfo("Pacific/Apia")
    assert schedules.following("09:00", apia, local("2011-12-29T10:00", apia)) == local("2011-12-31T09:00", apia)
    assert schedules.latest("09:00 fri", apia, local("2012-01-05T10:00", apia)) == local("2011-12-23T09:00", apia)
    assert schedules.following("09:00 fri", apia, local("2011-12-24T10:00", apia)) == local("2012-01-06T09:00", apia)


ZONES = ["Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "UTC", "Africa/Casablanca"]
SPECS = ["daily", "weekdays", "weekends", "mon,thu", "sun"]
MATCHING = {"daily": range(7), "weekdays": range(5), "weekends": (5, 6), "mon,thu": (0, 3), "sun": (6,)}


@given(
    zone=st.sampled_from(ZONES),
    days=st.sampled_from(SPECS),
    hour=st.one_of(st.integers(0, 3), st.integers(0, 23)),
    minute=st.integers(0, 59),
    year=st.integers(1995, 2037),
)
def test_a_year_has_one_digest_for_each_matching_day(zone: str, days: str, hour: int, minute: int, year: int) -> None:
    where, spec = ZoneInfo(zone), f"{hour:02}:{minute:02} {days}"
    assert desk_settings.DIGEST.fullmatch(spec)
    moment: datetime = datetime(year, 1, 1, tzinfo=where) - timedelta(seconds=1)
    end = datetime(year + 1, 1, 1, tzinfo=where).astimezone(UTC)
    found: list[datetime] = []
    while (due := schedules.following(spec, where, moment)) is not None and due < end:
        assert due > moment, "strictly increasing"
        assert schedules.latest(spec, where, due) == due
        if found:
            assert schedules.latest(spec, where, due - timedelta(microseconds=1)) == found[-1]
        found.append(due)
        moment = due
    matching = [day for day in every_day(year) if day.weekday() in MATCHING[days]]
    assert [due.astimezone(where).date() for due in found] == matching
    late = [due for due in found if due.astimezone(where).strftime("%H:%M") != spec[:5]]
    assert len(late) <= 3, "only when the clock jumps"
    assert all(due.astimezone(where).utcoffset() != (due - timedelta(seconds=1)).astimezone(where).utcoffset() for due in late)


def every_day(year: int) -> list[date]:
    return [date(year, 1, 1) + timedelta(days=number) for number in range((date(year + 1, 1, 1) - date(year, 1, 1)).days)]


@given(
    zone=st.sampled_from(ZONES),
    days=st.sampled_from(SPECS),
    minutes=st.integers(0, 1439),
    now=st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
)
def test_now_lies_between_the_latest_and_the_following(zone: str, days: str, minutes: int, now: datetime) -> None:
    where, spec, moment = ZoneInfo(zone), f"{minutes // 60:02}:{minutes % 60:02} {days}", now
    before, after = schedules.latest(spec, where, moment), schedules.following(spec, where, moment)
    assert before is not None and after is not None
    assert before <= moment < after
    assert schedules.following(spec, where, before) == after and schedules.latest(spec, where, after) == after
