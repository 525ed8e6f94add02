"""The search expression of the parameter `q`: JSON text, of which every part has to be true of one metric (contracts 2.3)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.anodot import answers, catalogue


@dataclass(frozen=True, slots=True)
class Part:
    """One part: a property, or the composite that a metric comes from. `exact` compares the whole value, as it is written."""

    kind: str
    key: str
    value: str
    exact: bool
    negated: bool

    def holds(self, metric: catalogue.Metric) -> bool:
        """Whether it is true of this metric; what a metric has not, it does not have."""
        own = self._own(metric)
        found = own is not None and (own == self.value if self.exact else self._within(own))
        return found is not self.negated

    def _own(self, metric: catalogue.Metric) -> str | None:
        if self.kind == "origin":
            return metric.measure.composite or None
        if self.key == "what":
            return metric.measure.what
        return dict(metric.properties).get(self.key)

    def _within(self, own: str) -> bool:
        return self.value.strip("*").lower() in own.lower()


@dataclass(frozen=True, slots=True)
class Query:
    """A whole expression; without parts everything fits."""

    parts: tuple[Part, ...] = ()

    def holds(self, metric: catalogue.Metric) -> bool:
        return all(part.holds(metric) for part in self.parts)


ANYTHING = Query()


def read(text: str) -> Query:
    """The expression of a `q`. Raises Refused: 1001 for what is no JSON, 1002 for what is no expression."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise answers.wrong(f"Failed to parse q: {error}", answers.BAD_JSON) from error
    parts = found.get("expression") if isinstance(found, dict) else None
    if not isinstance(parts, list):
        raise answers.wrong("q has no list 'expression'")
    return Query(tuple(_part(part) for part in parts))


def _part(given: Any) -> Part:
    if not isinstance(given, Mapping):
        raise answers.wrong("a part of the expression is no object")
    kind, key, value, exact = (given.get(name) for name in ("type", "key", "value", "isExact"))
    if kind not in ("property", "origin"):
        raise answers.wrong(f"unknown type of an expression: {kind!r}")
    if kind == "origin" and (given.get("originType") != "Composite" or key != "originId"):
        raise answers.wrong("an origin needs originType 'Composite' and key 'originId'")
    if not isinstance(key, str) or not key or not isinstance(value, str) or not value.strip("!"):
        raise answers.wrong("a part of the expression needs texts 'key' and 'value'")
    if exact is not None and not isinstance(exact, bool):
        raise answers.wrong("isExact must be true or false")
    return Part(kind, key, value.removeprefix("!"), bool(exact), value.startswith("!"))
