"""One anomaly by its id or looked up, patterns, the list that nobody published, and who is calling (contracts 3.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sandbox.anomify import answers, api, catalogue, organisation, sessions, wire_json

MOST = 100
"""Anomalies that the list tells at once, the newest first."""
Json = dict[str, Any]


async def read(call: api.Call) -> Any:
    one = call.world.anomalies.get(call.ident())
    if one is None or not call.world.stored(one):
        raise answers.missing("Anomaly")
    return wire_json.detail(one, call.world, call.base)


async def look_up(call: api.Call) -> Any:
    """By metric and the very second of its beginning, also before it is stored."""
    name, at = call.asked.get("metric", ""), call.number("timestamp")
    if not name:
        raise answers.wrong("Parameter metric is missing")
    metric = catalogue.METRICS.get(name)
    found = [one for one in call.world.of_metric(metric) if one.started == at] if metric else []
    if not found:
        raise answers.missing("Anomaly")
    return wire_json.detail(found[-1], call.world, call.base)


async def pattern(call: api.Call) -> Any:
    taught = call.world.patterns.get(call.ident())
    if taught is None:
        raise answers.missing("Pattern")
    return {"pattern": wire_json.pattern(taught, call.base)}


# --- the list that nobody published ----------------------------------------------------------------------------------------


def _thin(told: Json) -> Json:
    return {name: str(told[name]) for name in ("id", "metric", "timestamp", "score")}


LISTS: Mapping[str, Callable[[Sequence[Json]], Any]] = {
    "anomalies": lambda rows: {"anomalies": list(rows)},
    "bare": list,
    "by id": lambda rows: {"anomalies": {str(row["id"]): row for row in rows}},
    "thin": lambda rows: {"anomalies": [_thin(row) for row in rows], "total": len(rows)},
    "wrapped": lambda rows: {"anomalies": [{"anomaly": row, "matching_watchers": []} for row in rows]},
}
"""Forms in which it might answer, by the switch."""


async def index(call: api.Call) -> Any:
    """Stored anomalies that began between `from` and `until`, where these are asked for; any other parameter is ignored."""
    world = call.world
    if world.modes.list == "refused":
        raise answers.missing("Method")
    first = call.number("from") if "from" in call.asked else 0
    last = call.number("until") if "until" in call.asked else world.now()
    rows: list[Json] = []
    for one in world.newest():
        if len(rows) < MOST and first <= one.started <= last and world.stored(one):
            rows.append(_row(one, world, call.base))
    return LISTS[world.modes.list](rows)


def _row(one: organisation.Anomaly, world: organisation.Organisation, base: str) -> Json:
    return wire_json.anomaly(one, world, base)


# --- who is calling ----------------------------------------------------------------------------------------------------------


async def user_ping(call: api.Call) -> Any:
    """A token has no user."""
    user: Json | None = None
    if call.caller.kind == sessions.USER:
        user = {"id": catalogue.DANA.id, "name": catalogue.DANA.name, "email": catalogue.DANA.email, "demo": False}
    return {"ping": "pong", "user": user}


async def ping(call: api.Call) -> Any:
    return {"ping": "pong"}


async def status(call: api.Call) -> Any:
    return {}


ROWS = (
    api.Row("/anomalies", index),
    api.Row("/anomaly/lookup", look_up),
    api.Row("/anomaly/{id}", read),
    api.Row("/pattern/{id}", pattern),
    api.Row("/user/ping", user_ping, demo=True),
    api.Row("/ping", ping, open=True),
    api.Row("/status", status, open=True),
)
