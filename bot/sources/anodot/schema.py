"""What Anodot sends of an anomaly, read as far as it can be: nothing in it is required, unknown words are kept, numbers may be texts
(vendor page; contracts 2.3).

Known and not shown: `detailedScore`, `correlation`, the `user` and the `maxBreach` of a metric, and `anomalies`, which tells the intervals
once more by position.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from bot import model, ports
from bot.core import endings, severity
from bot.sources.anodot import client, triggers

SCORE = model.Scale("score", 100.0)
TOO_LATE = 1e11
"""A time from here on counts milliseconds: as seconds it would be the year 5138."""
CANONICAL: Mapping[str, str] = {
    "small": "short", "1m": "short", "5m": "medium", "1h": "long", "1d": "longlong", "1w": "weekly", **{one: one for one in client.SCALES},
}  # fmt: skip
"""Three vocabularies for one scale of time: of requests, of answers, of triggers (trap 18)."""
STEPS: Mapping[str, str] = {"short": "1 minute", "medium": "5 minutes", "long": "1 hour", "longlong": "1 day", "weekly": "1 week"}
KINDS: Mapping[str, str] = {"transient": "Transient", "pattern_change": "Pattern change"}
OPEN, CLOSED, ACKNOWLEDGED, MERGED = "open", "closed", "acknowledged", "merged"
_HEX = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
TAGS, INTERVALS = 20, 20
"""Properties and intervals that are kept of one anomaly."""


# --- single values ----------------------------------------------------------------------------------------------------------


def number(value: Any) -> float | None:
    """A number, or a text that is one; None for what is none, or none that can be reckoned with."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def moment(value: Any) -> datetime | None:
    """A time in epoch seconds; None where there is none."""
    found = number(value)
    if found is None:
        return _written(value)
    if found <= 0:
        return None
    while found >= TOO_LATE:
        found /= 1000
    try:
        return datetime.fromtimestamp(found, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def _written(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def text(raw: Mapping[str, Any], name: str) -> str:
    """A text, or a number as one."""
    value = raw.get(name)
    return value.strip() if isinstance(value, str) else str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def score(value: Any) -> float | None:
    """A score of 100: told as one of 1, or of 100 already (trap 19)."""
    found = number(value)
    if found is None or found < 0:
        return None
    return min(round(found * 100 if found <= 1 else found, 4), 100.0)


def mappings(found: Any) -> Sequence[Mapping[str, Any]]:
    """Those of a list that are objects."""
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def scale(word: str) -> str:
    """A scale of time in the words of requests; one that nobody knows as it is."""
    return CANONICAL.get(word.strip().casefold(), word.strip())


def user(raw: Any) -> model.Person | None:
    """A user of the account."""
    if not isinstance(raw, Mapping):
        return None
    ident = text(raw, "_id") or text(raw, "id")
    name = " ".join(filter(None, (text(raw, "firstName"), text(raw, "lastName"))))
    email = text(raw, "email")
    return model.Person(client.NAME, ident, name or email.partition("@")[0], email) if ident else None


def written(value: float) -> str:
    """A number as people write it."""
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:,.4g}"


# --- metrics ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Metric:
    """An abnormal metric of an anomaly: the interval that counts is the last one, where there are several."""

    ident: str
    name: str
    what: str
    properties: tuple[str, ...]
    score: float | None
    raw: Mapping[str, Any]
    intervals: Sequence[Mapping[str, Any]]

    @property
    def last(self) -> Mapping[str, Any]:
        """The interval that began last."""
        return max(self.intervals, key=lambda one: number(one.get("startDate")) or 0.0, default={})

    @property
    def direction(self) -> model.Direction | None:
        """Where it went."""
        up = self.last.get("directionUp")
        if isinstance(up, bool):
            return model.Direction.UP if up else model.Direction.DOWN
        upper, lower = (number(self.raw.get(f"{side}AbsoluteDelta")) for side in ("upper", "lower"))
        return None if (upper is None) == (lower is None) else model.Direction.UP if upper is not None else model.Direction.DOWN


def metric(raw: Mapping[str, Any]) -> Metric:
    """One metric."""
    name = text(raw, "name")
    pairs = dict(part.partition("=")[::2] for part in name.split(".") if "=" in part)
    told = [*mappings(raw.get("properties")), *mappings(raw.get("tags"))]
    properties = [f"{text(one, 'key')}={text(one, 'value')}" for one in told if text(one, "key")]
    found = tuple(dict.fromkeys(properties)) or tuple(f"{key}={value}" for key, value in pairs.items() if key != "what")
    what = text(raw, "what") or pairs.get("what", "")
    intervals = mappings(raw.get("currentAnomalyIntervals")) or mappings(raw.get("otherAnomalyIntervals"))
    return Metric(text(raw, "id"), name, what, found, score(raw.get("score")), raw, intervals)


def _signed(size: float | None, direction: model.Direction | None) -> float | None:
    """Anodot tells how far it went and where, each by itself."""
    return -abs(size) if size is not None and direction is model.Direction.DOWN else size


def _series(one: Metric, resolution: str) -> model.Series:
    """What it was, and the edge of its baseline that it passed: the peak without the distance to it."""
    last = one.last
    peak = number(last.get("peakValue"))
    peak = number(one.raw.get("value")) if peak is None else peak
    upper, lower = (number(one.raw.get(f"{side}AbsoluteDelta")) for side in ("upper", "lower"))
    delta, percent = number(last.get("absoluteDelta")), number(last.get("percentageDelta"))
    up = one.direction is not model.Direction.DOWN
    side = "upper" if up else "lower"
    delta = number(one.raw.get(f"{side}AbsoluteDelta")) if delta is None else delta
    percent = number(one.raw.get(f"{side}PercentageDelta")) if percent is None else percent
    edge = None if peak is None or delta is None else peak - abs(delta) if up else peak + abs(delta)
    delta = delta if delta is not None else (upper if up else lower)
    return model.Series(
        metric=one.what or one.name or one.ident,
        value=peak,
        low=None if up else edge,
        high=edge if up else None,
        delta=_signed(delta, one.direction),
        percent=_signed(percent, one.direction),
        direction=one.direction,
        start=moment(last.get("startDate")),
        end=moment(last.get("endDate")) if text(last, "state").casefold() != OPEN else None,
        resolution=resolution,
        ident=one.ident,
        unit=next((value for key, _, value in (each.partition("=") for each in one.properties) if key.casefold() == "unit"), ""),
    )


# --- anomalies --------------------------------------------------------------------------------------------------------------

People = Mapping[str, model.Person]


class Reader:
    """Reads anomalies of one account. `web` is its address, `thresholds` say where severities begin on a scale of 100."""

    def __init__(self, web: str, thresholds: severity.Thresholds, clock: ports.Clock) -> None:
        self._web, self._thresholds, self._clock = web, thresholds, clock

    def anomaly(self, raw: Any, book: triggers.Triggers, people: People) -> model.Anomaly | None:
        """One anomaly; None for what has no id."""
        if not isinstance(raw, Mapping) or not text(raw, "id"):
            return None
        ident, metrics = text(raw, "id"), [metric(one) for one in mappings(raw.get("metrics"))]
        heaviest = sorted(metrics, key=lambda one: -(one.score or 0.0))
        resolution, trigger = scale(text(raw, "resolution")), book.of(ident)
        started, ended = moment(raw.get("startDate")), moment(raw.get("endDate"))
        weight = score(raw.get("score"))
        if weight is None and heaviest:
            weight = heaviest[0].score
        known = trigger.severity if trigger else None
        found = model.Anomaly(
            model.Ref(client.NAME, ident),
            model.State.ACTIVE,
            text(raw, "state") or "unknown",
            started or self._clock.now(),
            type=_kind(raw, heaviest),
            type_title=KINDS.get(_kind(raw, heaviest).casefold(), ""),
            description=text(raw, "name") or (trigger.title if trigger else "") or (heaviest[0].name if heaviest else ""),
            severity=known or severity.word(weight, self._thresholds),
            weight=weight,
            tags=tuple(dict.fromkeys(one for each in heaviest for one in each.properties))[:TAGS],
            url=investigate(self._web, ident, resolution, trigger.id if trigger else ""),
            undated=started is None,
            scale=SCORE,
            series=_series(heaviest[0], STEPS.get(resolution, resolution)) if heaviest else None,
            facts=tuple(_facts(raw, heaviest, trigger)),
            started=started,
            ended=ended if text(raw, "state").casefold() == CLOSED else None,
        )
        return self._standing(found, trigger, people)

    def _standing(self, one: model.Anomaly, trigger: triggers.Trigger | None, people: People) -> model.Anomaly:
        """Who has it in hand: as its trigger says, or as the desk keeps it where there is none."""
        if trigger is None:
            one = replace(one, kept_here=tuple(model.Part))
        else:
            assignee = (people.get(trigger.assignee) or model.Person(client.NAME, trigger.assignee, "")) if trigger.assignee else None
            one = replace(one, keepable=tuple(model.Part), assignees=(assignee,) if assignee else ())
            if trigger.acknowledged:
                one = replace(one, state=model.State.ACKNOWLEDGED, status=ACKNOWLEDGED)
        closed = one.status.casefold() == CLOSED or one.ended is not None
        return endings.settled(one, one.ended or self._clock.now()) if closed else one

    def merged(self, old: str, into: model.Anomaly) -> model.Anomaly:
        """One that went on in another."""
        where = investigate(self._web, old, scale(into.series.resolution if into.series else ""), "")
        gone = replace(into, ref=model.Ref(client.NAME, old), state=model.State.ARCHIVED, status=MERGED, archived_as=None, over=None)
        return replace(gone, merged_into=into.ref, kept_here=(), keepable=(), assignees=(), url=where)


def merged_ids(raw: Mapping[str, Any]) -> Sequence[str]:
    """The ids of those that went on in this one."""
    found = raw.get("mergedIds")
    listed = found if isinstance(found, list) else _HEX.findall(found) if isinstance(found, str) else []
    return [one for one in listed if isinstance(one, str) and one and one != text(raw, "id")]


def _kind(raw: Mapping[str, Any], metrics: Sequence[Metric]) -> str:
    """Transient or a change of pattern: of the last interval of the heaviest metric."""
    return text(raw, "type") or next((found for one in metrics if (found := text(one.last, "type"))), "")


def _facts(raw: Mapping[str, Any], metrics: Sequence[Metric], trigger: triggers.Trigger | None) -> Iterable[model.Fact]:
    """In order of importance."""
    if trigger and trigger.title and text(raw, "name"):
        yield model.Fact("Alert", trigger.title)
    names = tuple(one.name or one.ident for one in metrics if one.name or one.ident)
    if metrics:
        most = max(len(metrics), trigger.metrics if trigger else 0)
        yield model.Fact("Metrics", f"{most:,}", more=names[:TAGS])
    if not metrics:
        return
    first = metrics[0]
    yield from _deltas(first.raw, _series(first, ""))
    if (normal := moment(first.raw.get("lastNormalTime"))) is not None:
        yield model.Fact("Last normal", "", at=normal)
    if text(raw, "state").casefold() == CLOSED:
        yield from moving(first)
    yield from _rest(raw, first)


def moving(one: Metric) -> Iterable[model.Fact]:
    """What changes with every data point: a card that told it of an open one would never be still, so that is told to who looks closely."""
    told = number(one.raw.get("anomalySumDeltas"))
    told = number(one.last.get("anomalySumDeltas")) if told is None else told
    if told is not None:
        yield model.Fact("Sum of deltas", written(told))
    if (data := moment(one.raw.get("timestamp"))) is not None:
        yield model.Fact("Last data", "", at=data)


def _deltas(raw: Mapping[str, Any], told: model.Series) -> Iterable[model.Fact]:
    """How far it left its baseline, where its series, with the value and the edge that it passed, does not tell that already."""
    for side, label, edge in (("upper", "Above baseline", told.high), ("lower", "Below baseline", told.low)):
        absolute, percent = number(raw.get(f"{side}AbsoluteDelta")), number(raw.get(f"{side}PercentageDelta"))
        said = " ".join([*([written(absolute)] if absolute is not None else []), *([f"({percent:,.0f} %)"] if percent is not None else [])])
        again = edge is not None and absolute is not None and told.delta is not None and written(absolute) == written(abs(told.delta))
        if said and not again:
            yield model.Fact(label, said)


def _rest(raw: Mapping[str, Any], first: Metric) -> Iterable[model.Fact]:
    spans = [_interval(one) for one in (*first.intervals, *mappings(first.raw.get("otherAnomalyIntervals")))]
    told = tuple(dict.fromkeys(filter(None, spans)))
    if told:
        yield model.Fact("Intervals", f"{len(told):,}", more=told[:INTERVALS])
    if first.properties:
        yield model.Fact("Properties", f"{len(first.properties):,}", more=first.properties[:TAGS])
    if composite := text(first.raw, "compositeId"):
        yield model.Fact("Composite", composite)
    told_score = raw.get("score")
    if told_score is not None and number(told_score) is not None and score(told_score) != number(told_score):
        yield model.Fact("Score as told", f"{number(told_score):g}")


def _interval(one: Mapping[str, Any]) -> str:
    begun, ended, kind = moment(one.get("startDate")), moment(one.get("endDate")), text(one, "type")
    if begun is None:
        return ""
    till = f"to {ended:%Y-%m-%d %H:%M}" if ended and text(one, "state").casefold() != OPEN else "on"
    return " ".join(filter(None, (f"{begun:%Y-%m-%d %H:%M} {till} UTC", KINDS.get(kind.casefold(), kind).casefold())))


def investigate(web: str, ident: str, resolution: str, trigger: str) -> str:
    """The page on which an anomaly is looked at (contracts 2.6)."""
    res = quote(resolution if resolution in client.SCALES else "medium", safe="")
    parts = (
        "tabs=main;0", "activeTab=1", f"anomalies=;0({quote(ident, safe='')})", "duration=;1(1)", "durationScale=;minutes(minutes)",
        "delta=;0(0)", "deltaType=;percentage(percentage)", f"resolution=;{res}({res})", "score=;0(0)", "state=;both(both)",
        "direction=;both(both)", "bookmark=;()", f"alertId=;({quote(trigger, safe='')})", "sort=;significance(significance)", "q=;()",
        "constRange=;1h(c)", "startDate=;0(0)", "endDate=;0(0)",
    )  # fmt: skip
    return f"{web}/#!/anomalies?{'&'.join(parts)}"
