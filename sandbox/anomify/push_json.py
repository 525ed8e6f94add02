"""The bodies of the three posts about one anomaly, and of a test alert (contracts 3.3 and 8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.anomify import catalogue, organisation, wire_json

Json = dict[str, Any]


def _initial(one: organisation.Anomaly, state: organisation.Organisation) -> Json:
    """The id is a text, and the score has another name."""
    told = {
        "anomalyScore": one.told_score(),
        "id": str(one.id),
        "metric": one.metric.name,
        "timestamp": one.started,
        "value": one.told_value(),
    }
    return {"anomaly": told}


def _correlated(one: organisation.Anomaly, state: organisation.Organisation) -> Json:
    """The key has a space, and correlations are an object."""
    moved = {
        found.metric.name: {
            "coefficient": found.coefficient,
            "shifted": found.shifted,
            "shifted_coefficient": round(min(found.coefficient + abs(found.shifted) * 0.002, 1), 5),
        }
        for found in one.draft.correlations()
    }
    seen = {
        str(event.id): {"metric": event.metric.name, "timestamp": one.started + event.later}
        for event in one.draft.events
        if event.value is not None
    }
    told = {**_initial(one, state)["anomaly"], "cross correlations": moved, "related anomalies": seen}
    return {"anomaly": told}


def _final(one: organisation.Anomaly, state: organisation.Organisation) -> Json:
    """Everything, people too."""
    ended = state.now() if one.ended is None else one.ended
    told = {**_correlated(one, state)["anomaly"], "end_timestamp": ended}
    return {"anomaly": told, "matching_watchers": [wire_json.watcher(found, state) for found in catalogue.watchers(one.metric)]}


def _test(one: organisation.Anomaly, state: organisation.Organisation) -> Json:
    """Looks like an anomaly of this metric, and is none."""
    told = {**_initial(one, state)["anomaly"], "id": "0", "timestamp": state.now()}
    return {"alert": {"test_alert": True, "name": "Test alert"}, "anomaly": told}


TEST = "test"
POSTS: Mapping[str, Callable[[organisation.Anomaly, organisation.Organisation], Json]] = {
    organisation.INITIAL: _initial,
    organisation.CORRELATED: _correlated,
    organisation.FINAL: _final,
    TEST: _test,
}


def body(what: str, one: organisation.Anomaly, state: organisation.Organisation) -> Json:
    return {"data": POSTS[what](one, state), "status": {}}
