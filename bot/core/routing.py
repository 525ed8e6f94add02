"""Which routes a new anomaly takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from bot import model
from bot.core import grammar

Choose = Callable[[model.Anomaly], tuple[model.Route, ...]]


def chooser(known: Sequence[model.Route]) -> Choose:
    """The routes whose filter takes an anomaly, each channel once, in the order given. A filter without a status takes every status:
    a route says what a channel is interested in, and an anomaly is new only once. Each filter is looked into once, however many arrive."""
    tests = [(route, grammar.matcher(_any_status(route.query))) for route in known]

    def routes(anomaly: model.Anomaly) -> tuple[model.Route, ...]:
        first_of_channel: dict[str, model.Route] = {}
        for route, takes in tests:
            if route.channel not in first_of_channel and takes(anomaly):
                first_of_channel[route.channel] = route
        return tuple(first_of_channel.values())

    return routes


def _any_status(query: model.Query) -> model.Query:
    return query if query.statuses else replace(query, statuses=("any",))
