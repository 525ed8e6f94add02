"""Which routes a new anomaly takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot import model
from bot.core import grammar


def routes(anomaly: model.Anomaly, known: Sequence[model.Route]) -> tuple[model.Route, ...]:
    """The routes whose filter takes this anomaly, each channel once, in the order given. A filter without a status takes every status:
    a route says what a channel is interested in, and an anomaly is new only once."""
    found = [route for route in known if grammar.matches(_any_status(route.query), anomaly)]
    first_of_channel = {route.channel: route for route in reversed(found)}
    return tuple(route for route in found if first_of_channel[route.channel] is route)


def _any_status(query: model.Query) -> model.Query:
    return query if query.statuses else replace(query, statuses=("any",))
