"""The vendor's page of its anomaly API as data: the fields of its samples and tables with their types, and which may be absent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NUMBER = (int, float)
MAYBE_INT = (int, type(None))
Fields = Mapping[str, tuple[type, ...]]

LIST: Fields = {"total": (int,), "pagingMax": (str,), "anomalies": (list,)}
ANOMALY: Fields = {
    "id": (str,),
    "state": (str,),
    "name": (str,),
    "mergedIds": (list,),
    "resolution": (str,),
    "startDate": (int,),
    "endDate": MAYBE_INT,
    "score": NUMBER,
    "duration": (int,),
    "detailedScore": NUMBER,
    "metrics": (list,),
}
METRIC: Fields = {
    "compositeId": (str, type(None)),
    "user": (str,),
    "score": (float,),
    "maxBreach": (float,),
    "maxBreachPercentage": (float,),
    "anomalySumDeltas": (float,),
    "upperAbsoluteDelta": (float,),
    "upperPercentageDelta": (float,),
    "lowerAbsoluteDelta": (float,),
    "lowerPercentageDelta": (float,),
    "value": NUMBER,
    "delta": (float,),
    "state": (str,),
    "correlation": (str,),
    "lastNormalTime": (int,),
    "timestamp": (int,),
    "anomalies": (list,),
    "currentAnomalyIntervals": (list,),
    "otherAnomalyIntervals": (list,),
    "id": (str,),
    "name": (str,),
    "what": (str,),
    "properties": (list,),
    "tags": (list,),
    "dataPoints": (list,),
    "baseline": (list,),
}
INTERVAL: Fields = {
    "startDate": (int,),
    "endDate": MAYBE_INT,
    "state": (str,),
    "score": (float,),
    "directionUp": (bool,),
    "type": (str,),
    "peakValue": NUMBER,
    "absoluteDelta": (float,),
    "percentageDelta": (float,),
    "anomalySumDeltas": (float,),
}
POSITIONS = ((int,), MAYBE_INT, (str,), (float,), (bool,), (int,), (str,))
CLUSTER: Fields = {
    "key": (str,),
    "value": (str,),
    "weight": (float,),
    "tokens": (list,),
    "anomalyOccurrences": (int,),
    "totalOccurrences": (int,),
}
TOKEN: Fields = {name: types for name, types in CLUSTER.items() if name != "tokens"}
STATES = {"open", "closed"}
RESOLUTIONS = {"small", "medium", "long", "longlong", "weekly"}
TYPES = {"transient", "pattern_change"}


def check(told: Mapping[str, Any], fields: Fields) -> set[str]:
    """Nothing but these fields, each of its type; returns which there were."""
    assert set(told) <= set(fields), set(told) - set(fields)
    assert {name: value for name, value in told.items() if type(value) not in fields[name]} == {}
    return set(told)
