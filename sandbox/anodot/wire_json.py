"""Anomalies with their metrics, and users, as JSON in the vendor's names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sandbox.anodot import account, catalogue, odd, series

Json = dict[str, Any]


def anomaly(one: account.Anomaly, state: account.Account, breaches: Sequence[series.Breach] | None = None) -> Any:
    """An anomaly as the API writes it, with all its metrics or with these. `name` and `mergedIds` are there where there is one."""
    now = state.now()
    score = scaled(one, state)
    told: Json = {
        "id": one.id,
        "state": one.state,
        "resolution": catalogue.REPLIED[one.resolution],
        "startDate": one.started,
        "endDate": _end(one, state, now),
        "score": score,
        "duration": one.duration(now),
        "detailedScore": score,
        "metrics": [metric(breach, one, now) for breach in (one.breaches if breaches is None else breaches)],
    }
    if one.name or one.serial % 2:
        told["name"] = one.name
    if one.merged:
        told["mergedIds"] = list(one.merged)
    return odd.ODD[one.odd](told)


def scaled(one: account.Anomaly, state: account.Account) -> float:
    """The group's score on the scale that the switch says; those of metrics are always 0..1."""
    scale = state.modes.group_scores
    hundred = scale == "hundred" or (scale == "mixed" and one.serial % 2 == 0)
    return round(one.score * 100) if hundred else one.score


def _end(one: account.Anomaly, state: account.Account, now: int) -> int | None:
    if one.ended is None and state.modes.open_end == "seen":
        return now // catalogue.SCALES[one.resolution] * catalogue.SCALES[one.resolution]
    return one.ended


def metric(breach: series.Breach, one: account.Anomaly, now: int) -> Json:
    """A metric of an anomaly, without its data points."""
    step = catalogue.SCALES[one.resolution]
    found, interval, of = series.peak(breach.metric, breach.now), breach.now, breach.metric
    until = now if interval.ended is None else interval.ended
    side = "upper" if interval.up else "lower"
    seen = max(until // step * step, interval.started)
    return {
        "compositeId": of.measure.composite or ("" if of.seed % 2 else None),
        "user": catalogue.DANA.id,
        "score": interval.score,
        "maxBreach": found.absolute,
        "maxBreachPercentage": found.percentage,
        "anomalySumDeltas": _sum(found.absolute, interval, until, step),
        f"{side}AbsoluteDelta": found.absolute,
        f"{side}PercentageDelta": found.percentage,
        "value": round(series.value(of, seen, (interval,)), 3),
        "delta": found.percentage,
        "state": "open" if breach.is_open else "closed",
        "correlation": "graph",
        "lastNormalTime": interval.started - step,
        "timestamp": seen,
        "anomalies": [_positional(one) for one in (interval, *breach.others)],
        "currentAnomalyIntervals": [_interval(interval, of, step, until)],
        "otherAnomalyIntervals": [_interval(other, of, step, other.ended or until) for other in breach.others],
        "id": of.id,
        "name": of.name,
        "what": of.measure.what,
        "properties": [{"key": key, "value": value} for key, value in (*of.properties, ("unit", of.measure.unit))],
        "tags": [],
        "dataPoints": [],
        "baseline": [],
    }


def _sum(absolute: float, interval: series.Interval, until: int, step: int) -> float:
    """What was above or below the band in all: a transient anomaly has lost some of it at its end."""
    points = max((until - interval.started) // step, 1)
    return absolute * points * (1 if interval.kind == "pattern_change" else 1 - series.FADED / 2)


def _state(interval: series.Interval) -> str:
    return "open" if interval.ended is None else "closed"


def _positional(interval: series.Interval) -> list[Any]:
    return [interval.started, interval.ended, _state(interval), interval.score, interval.up, round(interval.size * 100), interval.kind]


def _interval(interval: series.Interval, of: catalogue.Metric, step: int, until: int) -> Json:
    found = series.peak(of, interval)
    return {
        "startDate": interval.started,
        "endDate": interval.ended,
        "state": _state(interval),
        "score": interval.score,
        "directionUp": interval.up,
        "type": interval.kind,
        "peakValue": found.value,
        "absoluteDelta": found.absolute,
        "percentageDelta": found.percentage,
        "anomalySumDeltas": _sum(found.absolute, interval, until, step),
    }


def series_of(breach: series.Breach, one: account.Anomaly, now: int, frame: tuple[int, int], points: bool, baseline: bool) -> Json:
    """A metric with what was measured and what was expected between both times; what is not asked for is not there."""
    told = {name: value for name, value in metric(breach, one, now).items() if name not in ("dataPoints", "baseline")}
    step = catalogue.SCALES[one.resolution]
    at = series.moments(frame[0], min(frame[1], now), step)
    if points:  # what begins within a step is seen, at its peak, in the point of this step
        intervals = (breach.now, *breach.others)
        begun = {each.started // step * step: each.started for each in intervals}
        told["dataPoints"] = [[moment, round(series.value(breach.metric, begun.get(moment, moment), intervals), 3)] for moment in at]
    if baseline:
        told["baseline"] = [[moment, *(round(edge, 3) for edge in series.band(breach.metric, moment))] for moment in at]
    return told


def user(one: catalogue.User) -> Json:
    """The key of the id is `_id`, whatever the vendor's table says."""
    return {
        "_id": one.id,
        "createdAt": "2021-05-02T12:46:27.823Z",
        "firstName": one.first,
        "lastName": one.last,
        "email": one.email,
        "roles": [one.role],
        "disabled": one.disabled,
        "ownerOrganization": catalogue.ACCOUNT,
        "groups": [],
        "defaultGroup": "",
    }
