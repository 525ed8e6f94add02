"""Odd ways of writing one anomaly: open words, what is missing, what is malformed, what the vendor's own samples do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Json = dict[str, Any]


def _without(*names: str) -> Callable[[Json], Any]:
    return lambda shown: {name: value for name, value in shown.items() if name not in names}


def _with(**more: Any) -> Callable[[Json], Any]:
    return lambda shown: {**shown, **more}


def _metrics(change: Callable[[Json], Any]) -> Callable[[Json], Any]:
    """Each of its metrics changed."""
    return lambda shown: {**shown, "metrics": [change(metric) for metric in shown["metrics"]]}


def _intervals(value: Any) -> Callable[[Json], Any]:
    return _metrics(_with(currentAnomalyIntervals=value, otherAnomalyIntervals=value))


def _texts(shown: Json) -> Any:
    """Numbers as texts, as webhooks have them."""
    return {name: str(value) if isinstance(value, int | float) else value for name, value in shown.items()}


def _drifting(metric: Json) -> Json:
    return {**metric, "currentAnomalyIntervals": [{**one, "type": "wobble"} for one in metric["currentAnomalyIntervals"]]}


ODD: Mapping[str, Callable[[Json], Any]] = {
    "": lambda shown: shown,
    "unknown resolution": _with(resolution="tiny"),
    "request's resolution": _with(resolution="short"),
    "unknown state": _with(state="suspended"),
    "shouted": lambda shown: {**shown, "state": str(shown["state"]).upper(), "resolution": str(shown["resolution"]).upper()},
    "no state": _without("state"),
    "no resolution": _without("resolution"),
    "no times": _without("startDate", "endDate", "duration"),
    "no score": _without("score", "detailedScore"),
    "score 1": _with(score=1, detailedScore=1),
    "score over 100": _with(score=180.5),
    "score as text": lambda shown: {**shown, "score": f"{shown['score']}"},
    "numbers as text": _texts,
    "times in milliseconds": lambda shown: {**shown, "startDate": shown["startDate"] * 1000},
    "times as text": _with(startDate="2026-04-15T10:10:00Z", endDate="a while ago"),
    "year 0": _with(startDate=0, endDate=0),
    "open with an end": _with(state="open", endDate=1409051310),
    "name null": _with(name=None),
    "long name": _with(name="Everything is slow " * 30),
    "merged as text": _with(mergedIds="[1111111111111cff9ffb666814ef311b]"),
    "merged garbled": _with(mergedIds=[None, 7, ""]),
    "no metrics": _with(metrics=[]),
    "metrics null": _with(metrics=None),
    "metrics garbled": _with(metrics=[None, "what=cpu", 7, {}]),
    "metric without id": _metrics(_without("id")),
    "metric without name": _metrics(_without("name", "what")),
    "metric without intervals": _metrics(_without("currentAnomalyIntervals", "otherAnomalyIntervals", "anomalies")),
    "intervals null": _intervals(None),
    "intervals garbled": _intervals([None, [1614508800, 1614513600, "closed"], {"startDate": None}]),
    "interval of an unknown type": _metrics(lambda metric: {**metric, "currentAnomalyIntervals": [{"type": "drift", "state": "paused"}]}),
    "no deltas": _metrics(
        _without("upperAbsoluteDelta", "upperPercentageDelta", "lowerAbsoluteDelta", "lowerPercentageDelta", "delta", "maxBreach")
    ),
    "deltas null": _metrics(_with(upperAbsoluteDelta=None, lowerAbsoluteDelta=None, upperPercentageDelta=None, lowerPercentageDelta=None)),
    "properties as object": _metrics(lambda metric: {**metric, "properties": {"region": "eu-central-1"}}),
    "properties garbled": _metrics(_with(properties=[{"key": "region"}, {"value": "x"}, None])),
    "tags": _metrics(_with(tags=[{"key": "team", "value": "growth"}])),
    "extra fields": _with(impact={"impact": "0.29", "currency": "USD"}, metricsCount=4, snooze=None),
    "pondering": lambda shown: {**_with(state="pondering")(shown), "metrics": [_drifting(one) for one in shown["metrics"]]},
    "id alone": lambda shown: {"id": shown["id"]},
    "all null": lambda shown: {name: shown[name] if name == "id" else None for name in shown},
    "no id": _without("id"),
    "not an object": lambda shown: shown["id"],
    "null": lambda shown: None,
}
WORDS = tuple(word for word in ODD if word)
"""All of them, in the order in which they come when every so-many-th anomaly is odd."""
