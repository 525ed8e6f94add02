"""Which routes a new anomaly takes, and which filters a route may have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from bot import errors, model
from bot.core import grammar, phrases

Choose = Callable[[model.Anomaly], tuple[model.Route, ...]]
Own = Mapping[str, Sequence[model.OwnWord]]
"""The filter words that belong to single systems, by their names."""

NO_OWN: Own = {}


class Filters(Protocol):
    """A system, as far as a route's filter has to know it."""

    name: str
    title: str
    words: Mapping[str, model.Word]
    own_words: tuple[model.OwnWord, ...]


def chooser(known: Sequence[model.Route], own: Own = NO_OWN) -> Choose:
    """The routes whose filter takes an anomaly, each channel once, in the order given. A filter without a status takes every status:
    a route says what a channel is interested in, and an anomaly is new only once. Each filter is looked into once for each system, however
    many arrive; words of a system alone are passed by none of another."""
    tests: dict[str, list[tuple[model.Route, Callable[[model.Anomaly], bool]]]] = {}

    def routes(anomaly: model.Anomaly) -> tuple[model.Route, ...]:
        source = anomaly.ref.source
        if source not in tests:
            words = own.get(source, ())
            tests[source] = [(route, grammar.matcher(_any_status(route.query), own=words)) for route in known]
        first_of_channel: dict[str, model.Route] = {}
        for route, takes in tests[source]:
            if route.channel not in first_of_channel and takes(anomaly):
                first_of_channel[route.channel] = route
        return tuple(first_of_channel.values())

    return routes


def _any_status(query: model.Query) -> model.Query:
    return query if query.statuses else replace(query, statuses=("any",))


def check(query: model.Query, systems: Iterable[Filters]) -> None:
    """Raise NotSupported for a filter that no system does anything with, as a command does, and for one with a word whose meaning only its
    system knows: new anomalies are chosen here, and nobody asks it about each."""
    named = [one for one in systems if query.source in ("", one.name)]
    refused: list[str] = []
    for system in named:
        try:
            grammar.check_words(query, system.words, system.title)
        except errors.NotSupported as error:
            refused.append(str(error))
    if refused and len(refused) == len(named):
        raise errors.NotSupported(" ".join(dict.fromkeys(refused)))
    used = dict(query.others)
    asked = {word.name: one.title for one in named for word in one.own_words if word.name in used and word.matches is None}
    if asked:
        words, titles = phrases.both([f"{name}:" for name in asked]), phrases.both(list(dict.fromkeys(asked.values())))
        raise errors.NotSupported(f"Only {titles} can tell what matches {words}, so a route cannot use it. Leave it out.")
