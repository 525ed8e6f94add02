"""What Anomify sends of an anomaly, read as far as it can be: nothing in it is required, and of people nothing is taken but what they
called their watchers (vendor page; contracts 3.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot import model, ports
from bot.core import endings, severity
from bot.sources import hook_bodies
from bot.sources.anomify import facts

SCALE = model.Scale("score", 100.0)
OVER_AFTER = timedelta(hours=24)
"""So long after its last value an anomaly is over: Anomify closes none (design section 9)."""
RELATED = 20
"""Others that an anomaly is known to belong to."""
TYPES = {True: ("positive", "Positive"), False: ("negative", "Negative")}
_IDENT = re.compile(r"\{id\}")


class Reader:
    """Reads anomalies. `page` is the address of an anomaly's page with `{id}` in it, "" where nobody knows it."""

    def __init__(self, source: str, thresholds: ports.Thresholds, page: str, clock: ports.Clock) -> None:
        self._source, self._page, self._clock = source, page, clock
        self._thresholds = severity.ordered({word.value: bound for word, bound in thresholds.items()})

    def detail(self, data: Mapping[str, Any], ident: str) -> model.Anomaly | None:
        """All that is told of one; `ident` names it where it is not stored there yet, and has no id. None for what is another one."""
        raw = data["anomaly"]
        told = hook_bodies.digits(raw.get("id")).lstrip("0")
        if told and told != ident:
            return None
        return self._anomaly(ident, raw, facts.of(data), _related(self._source, data, ident))

    def listed(self, raw: Any) -> model.Anomaly | None:
        """One of a list that no document describes; None for what has no id."""
        ident = hook_bodies.digits(raw.get("id")) if isinstance(raw, Mapping) else ""
        return self._anomaly(ident, raw, (), ()) if ident else None

    def _anomaly(self, ident: str, raw: Mapping[str, Any], known: Sequence[model.Fact], related: Sequence[model.Ref]) -> model.Anomaly:
        begun, until, metric = facts.moment(raw.get("timestamp")), facts.moment(raw.get("until_timestamp")), raw.get("metric")
        score = facts.number(raw.get("score", raw.get("anomalyScore")))
        weight = None if score is None else round(score * 100, 6) if score <= 1 else score
        positive = raw.get("positive")
        word, title = TYPES[positive] if isinstance(positive, bool) else ("", "")
        found = model.Anomaly(
            model.Ref(self._source, ident),
            model.State.ACTIVE,
            "",
            begun or self._clock.now(),
            type=word,
            type_title=title,
            weight=weight,
            severity=severity.word(weight, self._thresholds),
            scale=SCALE,
            url=_IDENT.sub(ident, self._page),
            undated=begun is None,
            series=_series(raw, metric, begun, until) if isinstance(metric, str) and metric else None,
            facts=tuple(known),
            related=tuple(related),
            started=begun,
            ended=until,
            kept_here=tuple(model.Part),
        )
        return self.aged(found)

    def aged(self, anomaly: model.Anomaly) -> model.Anomaly:
        """The same as it stands now: over, some time after its last value."""
        over = anomaly.ended + OVER_AFTER if anomaly.ended else None
        return endings.settled(anomaly, over) if over and over <= self._clock.now() else anomaly


def _series(raw: Mapping[str, Any], metric: str, begun: datetime | None, until: datetime | None) -> model.Series:
    """Where both ends of the expected range are 0, nobody knows it (contracts 3.2)."""
    value, low, high = (facts.number(raw.get(name)) for name in ("value", "expected_range_lower", "expected_range_upper"))
    if not low and not high:
        low = high = None
    up = value is not None and high is not None and value > high
    down = value is not None and low is not None and value < low
    direction = model.Direction.UP if up else model.Direction.DOWN if down else None
    return model.Series(metric, value, low, high, direction=direction, start=begun, end=until)


def _related(source: str, data: Mapping[str, Any], ident: str) -> Sequence[model.Ref]:
    found = [hook_bodies.digits(one.get("id")) for one in facts.events(data) if one.get("type") == "anomaly"]
    return [model.Ref(source, one) for one in dict.fromkeys(found) if one and one != ident][:RELATED]
