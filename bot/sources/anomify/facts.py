"""What Anomify knows of an anomaly besides its series: training, who watches, patterns, what moved with it, what happened around it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot import model
from bot.sources import hook_bodies
from bot.sources.anomify import discretion, envelope

TOP = 5
"""Correlated metrics that a card names; the others are for whoever asks for details."""
METRIC, BRIEF = 80, 34
"""Characters of a metric's name in a fact, and behind one: its end tells it from its neighbours."""
NAMED = 3
"""Watchers that a card names."""
TOO_LATE = 1e11
"""Seconds that are none: the year 5138."""


def of(data: Mapping[str, Any]) -> Sequence[model.Fact]:
    """In order of importance."""
    return [*_training(data), *_watchers(data), *_patterns(data), *_correlated(data)]


# --- training -------------------------------------------------------------------------------------------------------------


def _training(data: Mapping[str, Any]) -> Iterator[model.Fact]:
    """Whether it can be taught that this was expected: until when, or why not; and from when on the month before can be."""
    found = hook_bodies.under(data, "anomaly", "training")
    told: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
    possible, why, until = told.get("trainable"), text(told.get("trainable_status")), moment(told.get("trainable_until_timestamp"))
    if possible is True:
        yield model.Fact("Training", "possible until" if until else "possible", at=until)
    elif possible is False or why:
        said = f"not possible: {why}" if why else "not possible"
        yield model.Fact("Training", f"{said}, ended" if until else said, at=until)
    month, within = moment(told.get("30_day_trainable_from_timestamp")), text(told.get("30_day_trainable_in"))
    if month or within:
        yield model.Fact("30-day training", "from" if month else f"in {within}", at=month)


# --- who watches ----------------------------------------------------------------------------------------------------------


def _watchers(data: Mapping[str, Any]) -> Iterator[model.Fact]:
    """By their names: of the people behind them nothing is told. Those that were deleted are none."""
    found = [one for one in mappings(data.get("matching_watchers")) if one.get("is_deleted") is not True]
    names = [named for one in found if (named := _named(one))]
    if names:
        more = tuple(names[NAMED:])
        said = ", ".join(names[:NAMED])
        yield model.Fact("Watchers", f"{said} and {len(more)} more" if more else said, more=more)
    muted = [told for one in found if (told := _muting(one)).get("muted") is True]
    if muted:
        ends = [moment(one.get("muted_until_timestamp")) for one in muted]
        last = max((end for end in ends if end), default=None) if all(ends) else None
        yield model.Fact("Alerts muted", "until" if last else "until somebody lifts it", at=last)


def _named(raw: Mapping[str, Any]) -> str:
    name = text(raw.get("name")) or f"watcher {hook_bodies.digits(raw.get('id'))}".strip()
    return name if raw.get("is_alert") is not False else f"{name} (no alerts)"


def _muting(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    told = hook_bodies.under(raw, "owner", "org", "alert_muting")
    return told if isinstance(told, Mapping) else {}


# --- patterns -------------------------------------------------------------------------------------------------------------


def _patterns(data: Mapping[str, Any]) -> Iterator[model.Fact]:
    """What was taught that is like it, and what is being taught."""
    for label, name in (("Patterns", "patterns"), ("Pending patterns", "pending_patterns")):
        found = hook_bodies.under(data, "anomaly", name)
        told = [_pattern(one) for one in (found if isinstance(found, list) else list(found.values()) if isinstance(found, Mapping) else ())]
        if told:
            yield model.Fact(label, f"{len(told):,}", more=tuple(one for one in told if one))


def _pattern(raw: Any) -> str:
    """ "restart (512), expected, 97 % of 40 checks"."""
    if not isinstance(raw, Mapping):
        return hook_bodies.digits(raw)
    label, ident = text(raw.get("label")), hook_bodies.digits(raw.get("id"))
    said = f"{label} ({ident})" if label and ident else label or ident
    matches = hook_bodies.digits(raw.get("matches"))
    disabled = "disabled" if raw.get("enabled") is False else ""
    return ", ".join(part for part in (said, f"{matches} matches" if matches else "", disabled) if part)


# --- what is related ------------------------------------------------------------------------------------------------------


def _correlated(data: Mapping[str, Any]) -> Iterator[model.Fact]:
    """The metrics that moved with it, the closest first; or why they are not told."""
    failed = trouble(data)
    if failed:
        yield model.Fact("Correlations", failed)
    found = hook_bodies.under(data, "related", "cross_correlations")
    if isinstance(found, Mapping):  # as webhooks have them
        found = [{**one, "metric": metric} for metric, one in found.items() if isinstance(one, Mapping)]
    told = sorted((one for one in mappings(found) if text(one.get("metric"))), key=lambda one: -abs(number(one.get("coefficient")) or 0.0))
    rest = tuple(_correlation(one, BRIEF) for one in told[TOP:])
    for at, one in enumerate(told[:TOP], 1):
        yield model.Fact("Correlated", _correlation(one), more=rest if at == TOP else ())


def trouble(data: Mapping[str, Any]) -> str:
    """Why what is related is not told, "" where it is: it has a status of its own."""
    status = hook_bodies.under(data, "related", "status")
    found = envelope.fault(status) if isinstance(status, Mapping) else None
    return f"not told by Anomify ({found.words or found.status})" if found else ""


def _correlation(raw: Mapping[str, Any], longest: int = METRIC) -> str:
    coefficient = number(raw.get("coefficient"))
    said = [_metric(raw, longest), f"{coefficient:.4g}" if coefficient is not None else "", _apart(raw)]
    return ", ".join(part for part in said if part)


def _metric(raw: Mapping[str, Any], longest: int = METRIC) -> str:
    name = text(raw.get("metric"))
    return name if len(name) <= longest else f"…{name[-longest + 1 :]}"


def _apart(raw: Mapping[str, Any]) -> str:
    minutes = number(raw.get("time_diff_minutes"))
    if minutes is None:
        return ""
    return f"{abs(minutes):g} min {'later' if minutes > 0 else 'earlier'}" if minutes else "same minute"


def events(data: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """What happened around it: other anomalies, and matches of patterns. Their ids are texts."""
    return mappings(hook_bodies.under(data, "related", "events"))


def happening(raw: Mapping[str, Any]) -> model.Happening:
    """ "anomaly 7785 of web.cpu: 18,091.8, 2 min later"."""
    kind, value, metric = text(raw.get("type")), number(raw.get("value")), _metric(raw)
    said = " ".join(part for part in (kind or "event", hook_bodies.digits(raw.get("id")), f"of {metric}" if metric else "") if part)
    told = [said if value is None else f"{said}: {value:,.10g}", _apart(raw)]
    return model.Happening(", ".join(part for part in told if part), moment(raw.get("timestamp")))


# --- values ---------------------------------------------------------------------------------------------------------------


def moment(value: Any) -> datetime | None:
    """Unix seconds, also as text, or what can only be milliseconds; None where there is none."""
    seconds = number(value)
    if seconds is None or not 0 < seconds < TOO_LATE * 1000:
        return None
    return datetime.fromtimestamp(seconds if seconds < TOO_LATE else seconds / 1000, UTC)


def number(value: Any) -> float | None:
    """A finite number, also as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def text(value: Any) -> str:
    """What somebody wrote, or a number, without what is nobody's business."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return discretion.told(str(value).strip())


def mappings(found: Any) -> Sequence[Mapping[str, Any]]:
    """The objects of a list."""
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []
