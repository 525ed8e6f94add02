"""Inbound webhooks: up to three posts per anomaly with the same id, the first with what was seen, the second once it was correlated, the
last with its end (contracts 3.3 and 8).

Ids are texts. A test alert is never an anomaly. Only the id, the metric and the moment are read: the rest may be about people, and is
read from the system by whoever shows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot import model, ports
from bot.sources import hook_bodies

LONGEST = 500
"""Characters of a metric's name."""


def read(body: bytes) -> model.News:
    """What a webhook is about. Raises ValueError for what no webhook of theirs can be."""
    found = hook_bodies.mapping(body)
    anomaly = hook_bodies.under(found, "data", "anomaly")
    if any(_is_test(one) for one in (found, hook_bodies.under(found, "data"), anomaly)):
        return model.News()
    if not isinstance(anomaly, Mapping):
        raise ValueError("has no anomaly in it")
    clues = dict(_clues(anomaly))
    ident = hook_bodies.digits(anomaly.get("id"))
    if not ident:
        raise ValueError("has an anomaly in it without an id")
    return hook_bodies.news([model.Mention(ident, clues)])


def _is_test(value: Any) -> bool:
    said = hook_bodies.under(value, "alert", "test_alert")
    return said is True or str(said).casefold() in ("true", "1")


def _clues(anomaly: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What an anomaly is looked up by that is not stored yet."""
    metric, moment = anomaly.get("metric"), hook_bodies.digits(anomaly.get("timestamp"))
    if isinstance(metric, str) and 0 < len(metric) <= LONGEST and moment:
        yield "metric", metric
        yield "timestamp", moment


HOOKS = ports.Hooks(
    ways=(ports.header("x-api-key"),),
    read=read,
    steps=(
        "Ask Anomify (support, or your account manager: there is no page for it) to dispatch alerts to a webhook.",
        "Give them the address $url and, as the key that they send in the header x-api-key, the value of $secret.",
        "Have a test alert sent: the desk answers 200 and shows nothing, because a test is no anomaly.",
        "Choose the watchers whose alerts are dispatched there: what no watcher alerts for is not pushed.",
    ),
)
