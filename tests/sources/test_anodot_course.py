"""How a metric of Anodot went: by one call about it, in few points of which none hides a peak."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import errors, model
from bot.sources.anodot import course
from tests.sources import metrics_desk

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def points(*values: float, low: float | None = 0.0, high: float | None = 10.0) -> list[model.Point]:
    return [model.Point(NOON + timedelta(minutes=number), value, low, high) for number, value in enumerate(values)]


@pytest.mark.parametrize("resolution", ["short", "medium", "long", "longlong", "weekly"])
async def test_one_call_tells_at_most_twenty_points_with_their_baseline_up_to_now(resolution: str) -> None:
    async with metrics_desk.site() as site:
        one = site.one(resolution=resolution)
        anomaly = await site.get(one.id)
        site.calls()
        told = await site.inner.courses.course(anomaly)
        (call,) = site.calls()
        assert call["path"].endswith(f"/anomalies/{one.id}/metric/{anomaly.series.ident}") if anomaly.series else False
        assert 10 <= len(told) <= course.SHOWN and [each.at for each in told] == sorted(each.at for each in told)
        assert all(each.low is not None and each.high is not None for each in told)
        last = told[-1]
        assert last.low is not None and last.high is not None and not last.low <= last.value <= last.high, "it is what the anomaly is about"


async def test_what_lasts_long_is_a_quarter_of_what_is_shown() -> None:
    async with metrics_desk.site() as site:
        one = site.one(resolution="medium", started=int(site.world.now()) - 40 * 3600, life=90 * 3600)
        told = await site.inner.courses.course(await site.get(one.id))
        since = [each for each in told if each.at.timestamp() >= one.started - 300]
        assert len(told) == 20 and 4 <= len(since) <= 7


async def test_without_the_name_of_its_metric_or_where_it_went_on_in_another_there_is_none_and_no_call() -> None:
    async with metrics_desk.site() as site:
        anomaly = await site.get(site.one().id)
        site.calls()
        assert anomaly.series is not None
        for without in (
            replace(anomaly, series=None),
            replace(anomaly, series=replace(anomaly.series, ident="")),
            replace(anomaly, merged_into=model.Ref("anodot", "a" * 32)),
        ):
            assert await site.inner.courses.course(without) == ()
        assert site.calls() == []


async def test_a_metric_that_is_gone_is_said_to_be_missing() -> None:
    async with metrics_desk.site() as site:
        anomaly = await site.get(site.one().id)
        assert anomaly.series is not None
        with pytest.raises(errors.SourceMissing):
            await site.inner.courses.course(replace(anomaly, series=replace(anomaly.series, ident="no/such metric?")))


def test_of_each_stretch_the_point_that_is_farthest_out_is_kept() -> None:
    many = points(*([5.0] * 17 + [99.0] + [5.0] * 30 + [-7.0] + [5.0] * 51))
    values = [one.value for one in course.thinned(many)]
    assert len(values) == 20 and 99.0 in values and -7.0 in values and values.count(5.0) == 18
    assert course.thinned(many)[-1] == many[-1], "where nothing is out, the newest"


def test_without_a_baseline_what_is_usual_stands_for_it() -> None:
    values = [one.value for one in course.thinned(points(*([5.0] * 30 + [1.0] + [5.0] * 30), low=None, high=None))]
    assert 1.0 in values


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=90))
def test_any_course_is_thinned_to_twenty_of_its_own_points_in_their_order_the_farthest_among_them(values: list[float]) -> None:
    whole = points(*values)
    few = course.thinned(whole)
    assert len(few) == min(len(whole), 20) and [one for one in whole if one in few] == list(few)
    assert max(map(out, few)) == max(map(out, whole))


def out(one: model.Point) -> float:
    return max(-one.value, one.value - 10.0, 0.0)


def test_numbers_as_texts_milliseconds_and_edges_in_a_list_are_read_and_the_rest_is_left_out() -> None:
    start = NOON.timestamp()
    reply = {
        "dataPoints": [[start + 60, "4.5"], [str(start), 3], [start + 120, None], ["x", 3], [], 7, [(start + 180) * 1000, 9]],
        "baseline": [[start, [1, 6]], [start + 60, 2.0], None],
    }
    read = course.read(reply)
    assert [one.value for one in read] == [3.0, 4.5, 9.0]
    assert [(one.low, one.high) for one in read] == [(1.0, 6.0), (None, 2.0), (None, None)]
    assert course.read("nothing") == []
