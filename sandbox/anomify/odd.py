"""Odd ways of writing the reply about one anomaly: what is missing, what is malformed, what may come one day."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Json = dict[str, Any]


def _without(*names: str) -> Callable[[Json], Any]:
    return lambda told: {name: value for name, value in told.items() if name not in names}


def _with(**more: Any) -> Callable[[Json], Any]:
    return lambda told: {**told, **more}


def _anomaly(change: Callable[[Json], Any]) -> Callable[[Json], Any]:
    """What is said of the anomaly itself, changed."""
    return lambda told: {**told, "anomaly": change(told["anomaly"])}


def _related(**more: Any) -> Callable[[Json], Any]:
    return lambda told: {**told, "related": {**told["related"], **more}}


def _texts(told: Json) -> Json:
    """Numbers as texts, as webhooks have the id."""
    return {name: str(value) if type(value) in (int, float) else value for name, value in told.items()}


ODD: Mapping[str, Callable[[Json], Any]] = {
    "": lambda told: told,
    "numbers as text": _anomaly(_texts),
    "times in milliseconds": _anomaly(lambda one: {**one, "timestamp": one["timestamp"] * 1000}),
    "no times": _anomaly(_without("timestamp", "timestamp_string", "until_timestamp")),
    "no score": _anomaly(_without("score")),
    "score null": _anomaly(_with(score=None)),
    "score over 1": _anomaly(_with(score=78)),
    "value null": _anomaly(_with(value=None)),
    "value as text": _anomaly(_with(value="n/a")),
    "no range": _anomaly(
        _without("expected_range_lower", "expected_range_upper", "expected_range_lower_string", "expected_range_upper_string")
    ),
    "range null": _anomaly(_with(expected_range_lower=None, expected_range_upper=None)),
    "range upside down": _anomaly(_with(expected_range_lower=90.5, expected_range_upper=12)),
    "no metric": _anomaly(_without("metric", "metric_id")),
    "long metric": _anomaly(_with(metric="acme_prod." + "very.long.name." * 40)),
    "positive as number": _anomaly(_with(positive=1)),
    "training null": _anomaly(_with(training=None)),
    "training in other words": _anomaly(_with(training={"trainable": "no", "trainable_status": "quota_exceeded"})),
    "patterns as object": _anomaly(_with(patterns={"1": {"id": 1, "label": "Deploy"}})),
    "patterns garbled": _anomaly(_with(patterns=[None, 7, {}], pending_patterns=None)),
    "no graph": _with(anomaly_graph_url=None),
    "graph without a host": _with(anomaly_graph_url="metric/graph"),
    "graph garbled": _with(anomaly_graph_url="https://[api", pattern_graph_urls={"1": None, "2": 7}),
    "pattern graphs as list": _with(pattern_graph_urls=[]),
    "no watchers": _without("matching_watchers"),
    "watchers garbled": _with(matching_watchers=[None, {"id": 1}, {"name": None, "owner": None}, "watcher"]),
    "no related": _without("related"),
    "related null": _with(related=None),
    "correlations null": _related(cross_correlations=None, events=None),
    "correlations as object": _related(cross_correlations={"acme_prod.web.web-01.cpu.total.user": {"coefficient": 0.97, "shifted": 0}}),
    "correlations garbled": _related(cross_correlations=[None, {"metric": None}, {"coefficient": "high"}], events=[{}, {"type": "deploy"}]),
    "related without status": lambda told: {**told, "related": {name: told["related"][name] for name in ("cross_correlations", "events")}},
    "extra fields": lambda told: {**told, "tickets": [], "anomaly": {**told["anomaly"], "unit": "B/s", "severity": {"id": 3}}},
    "another id": _anomaly(_with(id=1)),
    "id alone": lambda told: {"anomaly": {"id": told["anomaly"]["id"]}},
    "anomaly null": _with(anomaly=None),
    "a list": lambda told: [told],
    "null": lambda told: None,
}
WORDS = tuple(word for word in ODD if word)
"""All of them, in the order in which they come when every so-many-th anomaly is odd."""
