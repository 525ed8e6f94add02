"""Filter, sort and page the anomalies, cheaply also with many thousands of them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, timedelta
from typing import Any

from sandbox.qualytics import deployment, request_models

Test = Callable[[deployment.Anomaly], bool]
KEPT = 32


class Listing:
    """Answers of the list call; the ids that matched are remembered until the world changes, so that paging filters once."""

    def __init__(self, state: deployment.Deployment) -> None:
        self.world = state
        self._revision = -1
        self._answers: dict[str, Sequence[deployment.Anomaly]] = {}

    def matching(self, wanted: request_models.AnomalyQuery, visible: Iterable[int]) -> Sequence[deployment.Anomaly]:
        """All that match, in the order asked for."""
        if self._revision != self.world.revision or len(self._answers) > KEPT:
            self._answers, self._revision = {}, self.world.revision
        allowed = frozenset(visible)
        key = wanted.model_dump_json(exclude={"page", "size"}) + str(sorted(allowed))
        if key not in self._answers:
            self._answers[key] = self._search(wanted, allowed)
        return self._answers[key]

    def _search(self, wanted: request_models.AnomalyQuery, allowed: frozenset[int]) -> Sequence[deployment.Anomaly]:
        tests = list(_tests(wanted, self.world))
        if wanted.datastore is not None:
            allowed &= {wanted.datastore}
        found = [a for a in self._candidates(wanted) if a.container.datastore.id in allowed and all(test(a) for test in tests)]
        if wanted.sort_created:
            found.sort(key=lambda a: (a.created, a.id), reverse=wanted.sort_created == "desc")
        if wanted.sort_weight:
            found.sort(key=lambda a: a.weight, reverse=wanted.sort_weight == "desc")
        return found

    def _candidates(self, wanted: request_models.AnomalyQuery) -> Iterable[deployment.Anomaly]:
        """Newest first. Archived ones are invisible unless they are asked for, also by id."""
        sides = {None: (False,), "include": (False, True), "only": (True,)}[wanted.archived]
        if wanted.id and self.world.modes.ids == "on":
            named = {a.id: a for a in (self.world.find(ident) for ident in wanted.id) if a is not None and a.archived in sides}
            return sorted(named.values(), key=lambda a: a.key, reverse=True)
        if len(sides) == 1:
            return [anomaly for _, anomaly in reversed(self.world.shelf(sides[0]))]
        both = [*self.world.shelf(False), *self.world.shelf(True)]
        return [anomaly for _, anomaly in sorted(both, key=lambda entry: entry[0], reverse=True)]


def _tests(wanted: request_models.AnomalyQuery, state: deployment.Deployment) -> Iterable[Test]:
    """One test per filter that was given."""
    makers: dict[str, Callable[[Any], Test]] = {
        "container": lambda ids: lambda a: a.container.id in ids,
        "quality_check": lambda ids: lambda a: any(check.id in ids for check in a.checks),
        "status": lambda words: lambda a: a.status in words,
        "anomaly_type": lambda word: lambda a: a.type == word,
        "tag": lambda names: lambda a: any(name in names for name in a.tags),
        "rule_type": lambda words: lambda a: any(check.spec.rule in words for check in a.checks),
        "field": lambda names: lambda a: any(name in names for check in a.checks for name in check.spec.fields),
        "source_enriched": lambda flag: lambda a: a.enriched == flag,
        "created_date": lambda text: _day(text, lambda own, asked: own == asked),
        "start_date": lambda text: _day(text, lambda own, asked: own >= asked),
        "end_date": lambda text: _day(text, lambda own, asked: own <= asked),
        "timeframe": lambda days: _since(state, days),
    }
    for name, make in makers.items():
        value = getattr(wanted, name)
        if value is not None and value != []:
            yield make(value)


def _day(text: str, compare: Callable[[Any, Any], bool]) -> Test:
    """Dates are UTC days; a wrong format matches nothing."""
    asked = request_models.day(text)
    if asked is None:
        return lambda anomaly: False
    return lambda anomaly: compare(anomaly.created.astimezone(UTC).date(), asked)


def _since(state: deployment.Deployment, days: int) -> Test:
    start = state.clock() - timedelta(days=days)
    return lambda anomaly: anomaly.created >= start


def chosen(state: deployment.Deployment, idents: Sequence[int | uuid.UUID]) -> tuple[list[deployment.Anomaly], list[int | uuid.UUID]]:
    """The anomalies with these ids, and the ids that do not exist."""
    pairs = [(ident, state.find(ident)) for ident in idents]
    return [a for _, a in pairs if a is not None], [ident for ident, a in pairs if a is None]
