"""How a filter is asked of Anodot: the arguments of its list, several lists where an argument takes one value (vendor page, contracts
2.3)."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from bot import model, ports
from bot.core import phrases
from bot.sources import base
from bot.sources.anodot import client, schema

MOST = 12
"""So many lists one filter may become; what would make more of them is sorted out here."""
UNITS: Mapping[str, tuple[str, timedelta]] = {
    "s": ("seconds", timedelta(seconds=1)),
    "m": ("minutes", timedelta(minutes=1)),
    "h": ("hours", timedelta(hours=1)),
    "d": ("days", timedelta(days=1)),
}
DIRECTIONS = ("up", "down", "both")
ORDERS: Mapping[str, tuple[str, str]] = {
    "": ("startDate", "desc"),
    "newest": ("startDate", "desc"),
    "oldest": ("startDate", "asc"),
    "weight": ("score", "desc"),
    "weight:asc": ("score", "asc"),
    "ended": ("endDate", "desc"),
    "ended:asc": ("endDate", "asc"),
    "duration": ("duration", "desc"),
    "duration:asc": ("duration", "asc"),
}
"""What a way of sorting is in its words."""

_SENT, _HERE = model.Word(model.Handling.SENT), model.Word(model.Handling.HERE)
_TIME = re.compile(r"(\d{1,6})\s?(s|sec|seconds?|m|min|minutes?|h|hours?|d|days?)")
_DELTA = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s?(%?)")
_MENTION = re.compile(r"<@([^<>|]+)(?:\|[^<>]*)?>")
_PAIR = re.compile(r"([^=\s]+)=(.+)", re.S)


def _refused(because: str) -> model.Word:
    return model.Word(model.Handling.REFUSED, because)


_NO_PLACES = _refused("Anodot has no datastores and no tables. Use metric: or tag:key=value instead.")
_NO_CHECKS = _refused("Anodot has no checks and no rules. Use metric: instead.")

WORDS: Mapping[str, model.Word] = {
    **dict.fromkeys(("source", "id", "type", "severity", "status", "min", "since", "until", "tag", "q", "limit", "assignee"), _SENT),
    "sort": model.Word(model.Handling.SENT, values=tuple(filter(None, ORDERS))),
    **dict.fromkeys(("bookmark", "delta", "direction", "duration", "metric", "resolution", "score"), _SENT),
    **dict.fromkeys(("datastore", "table", "container"), _NO_PLACES),
    **dict.fromkeys(("check", "rule", "fingerprint"), _NO_CHECKS),
    "enriched": _refused("Anodot keeps no source records of an anomaly."),
}
"""What is sent, or answered by this source; and what is refused, with what to use instead."""


# --- words of its own -------------------------------------------------------------------------------------------------------


def _duration(typed: str) -> str:
    found = _TIME.fullmatch(typed.strip().casefold())
    if not found or not int(found[1]):
        raise ValueError("it takes a number and a unit, s, m, h or d.")
    return f"{int(found[1])}{found[2][0]}"


def span(kept: str) -> timedelta:
    """How long that is."""
    return int(kept[:-1]) * UNITS[kept[-1]][1]


def _direction(typed: str) -> str:
    word = typed.strip().casefold()
    if word not in DIRECTIONS:
        raise ValueError("it takes up, down or both.")
    return word


def _delta(typed: str) -> str:
    found = _DELTA.fullmatch(typed.strip())
    if not found:
        raise ValueError("it takes a number, or a percentage.")
    return f"{float(found[1]):g}{found[2]}" if float(found[1]) < 1e5 else f"{found[1]}{found[2]}"


def _resolution(typed: str) -> str:
    word = schema.scale(typed)
    if word not in client.SCALES:
        raise ValueError("it takes short (1m), medium (5m), long (1h), longlong (1d) or weekly (1w).")
    return word


def _bookmark(typed: str) -> str:
    """all, none, somebody or "-" and somebody."""
    word = typed.strip()
    sign, who = ("-", word[1:].strip()) if word.startswith("-") else ("", word)
    if not sign and who.casefold() in ("all", "none"):
        return who.casefold()
    if mention := _MENTION.fullmatch(who):
        return f"{sign}<@{mention[1]}>"
    who = who.removeprefix("@").strip()
    if not who:
        raise ValueError("it takes all, none, a user of Anodot, or a user with a minus before.")
    return f"{sign}@{'me' if who.casefold() == 'me' else who}"


def _metric(typed: str) -> str:
    if not typed.strip():
        raise ValueError("it takes the name of what is measured.")
    return typed.strip()


def _score(typed: str) -> str:
    try:
        number = float(typed.strip())
    except ValueError:
        number = -1.0
    if not 0 <= number <= 100:
        raise ValueError("it takes a number from 0 to 100.")
    return f"{number:g}"


def own_words(clock: ports.Clock) -> tuple[model.OwnWord, ...]:
    """The filter words that Anodot alone has."""

    def lasts(kept: str, one: model.Anomaly) -> bool:
        return one.started is not None and (one.ended or clock.now()) - one.started >= span(kept)

    return (
        model.OwnWord("metric", "metric:revenue", "what is measured", _metric, _measures, ("what",), many=True),
        model.OwnWord("resolution", "resolution:short", "the scale of time: short (1m), medium (5m), long (1h), longlong (1d), "
                      "weekly (1w); all without this word", _resolution, _resolved, ("timescale",), many=True),
        model.OwnWord("duration", "duration:2h", "lasts at least so long", _duration, lasts),
        model.OwnWord("direction", "direction:down", "up, down or both", _direction, _directed),
        model.OwnWord("delta", "delta:20%", "the peak is at least so far from the baseline: 20% or 20", _delta, _far),
        model.OwnWord("score", "score:80", "the smallest score of 100, like min:", _score, _heavy),
        model.OwnWord("bookmark", "bookmark:all", "all, none, @dana, or -@dana for what dana has not bookmarked", _bookmark, people=True),
    )  # fmt: skip


NAMES = ("metric", "what", "resolution", "timescale", "duration", "direction", "delta", "score", "bookmark")
"""These words and their other names."""


def _measures(kept: str, one: model.Anomaly) -> bool:
    return one.series is not None and one.series.metric.casefold() == kept.casefold()


def _resolved(kept: str, one: model.Anomaly) -> bool:
    return one.series is not None and one.series.resolution in (kept, schema.STEPS.get(kept))


def _directed(kept: str, one: model.Anomaly) -> bool:
    return kept == "both" or (one.series is not None and one.series.direction is not None and one.series.direction.value == kept)


def _far(kept: str, one: model.Anomaly) -> bool:
    if one.series is None:
        return False
    told = one.series.percent if kept.endswith("%") else one.series.delta
    return told is not None and abs(told) >= float(kept.rstrip("%"))


def _heavy(kept: str, one: model.Anomaly) -> bool:
    return one.weight is not None and one.weight >= float(kept)


# --- the plan ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Plan:
    """`lists` are the arguments of each list to be read; `holds` says whether what comes back is wanted; `exact`: the lists hold nothing
    else, so that they can be counted there."""

    lists: Sequence[base.Params]
    holds: Callable[[model.Anomaly], bool]
    exact: bool


def plan(query: model.Query, bookmarks: Sequence[str] = ()) -> Plan:
    """How to ask for it. `bookmarks` are the values of that argument, people looked up."""
    others = _by_name(query)
    expression, raw = _expression(query.text)
    axes: list[tuple[str, Sequence[str]]] = [("metric", others.get("metric", ())), ("tag", _pairs(query.tags) or ())]
    chosen, lists = [], 1
    for name, values in axes:
        if values and lists * len(values) <= MOST and not raw:
            chosen.append([(name, value) for value in values])
            lists *= len(values)
    fixed = [*_fixed(query, others), *([("bookmark", bookmarks[0])] if len(bookmarks) == 1 else [])]
    made = [[*fixed, *_search(expression, raw, query.text, some)] for some in itertools.product(*chosen)]
    whole = len(chosen) == sum(bool(values) for _, values in axes)
    exact = whole and not applied_here(query)
    return Plan(made, lambda one: _holds(query, others, one, plain=not (raw or expression)), exact)


def applied_here(query: model.Query) -> str:
    """ "severity and until": the words of a filter that no argument of a list says, or none says whole (the end of a window holds for
    closed ones alone); "" where there are none."""
    terms, raw = _expression(query.text)
    told: Sequence[tuple[str, object]] = (
        ("severity", query.severities),
        ("type", query.types),
        ("assignee", query.assignees),
        ("id", query.ids),
        ("q", query.text and not (raw or terms)),
        ("until", query.until),
        ("status", not _plain(query)),
        ("tag", query.tags and not _pairs(query.tags)),
    )
    return phrases.both([word for word, there in told if there])


def parts(params: base.Params) -> Sequence[base.Params]:
    """One list as several that hold the same together, by what Anodot tells apart and these arguments do not."""
    told = {name: str(value) for name, value in params}
    both = {"state": ("open", "closed"), "valueDirection": ("up", "down")}
    axes = [[("resolution", one) for one in told.get("resolution", ",".join(client.SCALES)).split(",")]]
    axes += [[(name, one) for one in (words if told.get(name, "both") == "both" else (told[name],))] for name, words in both.items()]
    rest = [(name, value) for name, value in params if name not in ("resolution", *both)]
    return [[*rest, *some] for some in itertools.product(*axes)]


def _by_name(query: model.Query) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for name, value in query.others:
        found.setdefault(name, []).append(value)
    return found


def states(query: model.Query) -> frozenset[model.State]:
    """Where what is wanted may stand."""
    found = {state for word in query.statuses or ("open",) for state in _STATES.get(word, (model.State.ARCHIVED,))}
    return frozenset(found)


_STATES: Mapping[str, tuple[model.State, ...]] = {
    "open": (model.State.ACTIVE, model.State.ACKNOWLEDGED),
    "active": (model.State.ACTIVE,),
    "acknowledged": (model.State.ACKNOWLEDGED,),
    "any": tuple(model.State),
}


def _plain(query: model.Query) -> bool:
    """Whether the state that is asked for is one of theirs."""
    return states(query) in (frozenset(model.State), frozenset({model.State.ACTIVE, model.State.ACKNOWLEDGED})) and not (
        set(query.statuses) - {"open", "active", "acknowledged", "any"}
    )


def _state(query: model.Query) -> str:
    wanted = states(query)
    if model.State.ARCHIVED not in wanted:
        return "open"
    return "closed" if wanted == {model.State.ARCHIVED} else "both"


def _fixed(query: model.Query, others: Mapping[str, Sequence[str]]) -> base.Params:
    scales = [one for one in client.SCALES if one in others.get("resolution", client.SCALES)]
    found: list[tuple[str, str | int]] = [("state", _state(query)), ("resolution", ",".join(scales))]
    least = max([query.min_weight or 0.0, *map(float, others.get("score", ()))])
    if least:
        found.append(("score", f"{min(least, 100.0) / 100:.6g}"))
    if "duration" in others:
        longest = max(others["duration"], key=span)
        found += [("durationUnit", UNITS[longest[-1]][0]), ("durationValue", int(longest[:-1]))]
    if len(set(others.get("direction", ()))) == 1:
        found.append(("valueDirection", others["direction"][0]))
    if "delta" in others:
        kept = others["delta"][0]
        found += [("deltaType", "percentage" if kept.endswith("%") else "absolute"), ("delta", kept.rstrip("%"))]
    if query.since:
        found.append(("startDate", epoch(query.since)))
    if query.until:
        found.append(("endDate", epoch(query.until + timedelta(days=1)) - 1))
    return found


def epoch(day: date) -> int:
    """The beginning of a day of UTC."""
    return int(datetime.combine(day, time(), UTC).timestamp())


def _pairs(tags: Sequence[str]) -> Sequence[str]:
    """Those tags that are a key and a value, where all of them are."""
    return tags if tags and all(_PAIR.fullmatch(one) for one in tags) else ()


def _expression(said: str) -> tuple[Sequence[Any], str]:
    """The terms of a search that was typed as Anodot writes it; where it is none that we can add to, the text itself is sent."""
    if not said.lstrip().startswith("{"):
        return (), ""
    try:
        found = json.loads(said)
        terms = found["expression"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return (), said
    return (terms, said if not isinstance(terms, list) else "") if isinstance(terms, list) else ((), said)


def _search(terms: Sequence[Any], raw: str, said: str, chosen: Sequence[tuple[str, str]]) -> base.Params:
    """What was typed as it is, where nothing is added to it."""
    if raw or (terms and not chosen):
        return [("q", raw or said)]
    made = [_term("what", value) if name == "metric" else _term(*value.split("=", 1)) for name, value in chosen]
    whole = [*terms, *made]
    return [("q", json.dumps({"expression": whole}, separators=(",", ":")))] if whole else []


def _term(key: str, value: str) -> Mapping[str, Any]:
    return {"type": "property", "key": key, "value": value, "isExact": True}


def _holds(query: model.Query, others: Mapping[str, Sequence[str]], one: model.Anomaly, *, plain: bool) -> bool:
    """What the lists were asked for, as far as an anomaly tells it, and what they cannot be asked for."""
    day = one.created.astimezone(UTC).date()
    tags, there = {tag.casefold() for tag in query.tags}, {tag.casefold() for tag in one.tags}
    kinds, said = {kind.casefold() for kind in query.types}, query.text.casefold()
    return (
        _stands(query, one)
        and (not query.severities or one.severity in query.severities)
        and (not kinds or one.type.casefold() in kinds)
        and (query.min_weight is None or (one.weight is not None and one.weight >= query.min_weight - 1e-6))
        and (query.since is None or day >= query.since)
        and (query.until is None or day <= query.until)
        and (not tags or not plain or not tags.isdisjoint(there) or bool(_pairs(query.tags)))
        and (not query.assignees or _assigned(query, one))
        and (not said or not plain or any(said in part.casefold() for part in _texts(one)))
        and all(_fits(name, values, one) for name, values in others.items())
    )


def _fits(name: str, values: Sequence[str], one: model.Anomaly) -> bool:
    """The metrics of an anomaly are many, and a search, a delta or a direction may be about any: Anodot's word counts there."""
    return name != "resolution" or one.series is None or any(_resolved(value, one) for value in values)


def _stands(query: model.Query, one: model.Anomaly) -> bool:
    if one.state not in states(query):
        return False
    closings = set(query.statuses) - set(_STATES) - {"archived"}
    if one.state is model.State.ARCHIVED and closings and not {"any", "archived"} & set(query.statuses):
        return (one.archived_as or "").casefold() in closings
    return True


def _assigned(query: model.Query, one: model.Anomaly) -> bool:
    if not one.assignees:
        return "none" in query.assignees
    return not {person.id for person in one.assignees}.isdisjoint(query.assignees)


def _texts(one: model.Anomaly) -> Sequence[str]:
    facts = [part for fact in one.facts for part in (fact.value, *fact.more)]
    return (one.description, one.series.metric if one.series else "", *one.tags, *facts)
