"""The filter words: how each is read, written back, said in a sentence, and compared with an anomaly."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, timedelta
from typing import Any

from bot import model
from bot.core import lookup, phrases
from bot.core.grammar import idents, lexer

NOBODY = "none"
ME = "me"

OPEN = ("active", "acknowledged")
"""What "open" means: not archived."""

STATUSES = {
    "open": "open",
    "active": "active",
    "acknowledged": "acknowledged",
    "archived": "archived",
    "resolved": "resolved",
    "duplicate": "duplicate",
    "invalid": "invalid",
    "discarded": "discarded",
    "any": "any",
    "new": "active",
    "ack": "acknowledged",
    "acked": "acknowledged",
    "closed": "archived",
    "all": "any",
}
SNOOZED = "snoozed"
TYPES = {"record": "record", "shape": "shape", "records": "record", "shapes": "shape"}
SEVERITIES = {word.value: word.value for word in model.Severity} | {"crit": "critical", "med": "medium"}
SORTED = ("newest", "oldest", "weight")
"""What every system is sorted by."""
SORTS = {word: word for word in (*SORTED, "weight:asc", "ended", "ended:asc", "duration", "duration:asc")} | {
    "newest:desc": "newest", "newest:asc": "oldest", "oldest:asc": "oldest", "oldest:desc": "newest", "weight:desc": "weight",
    "ended:desc": "ended", "duration:desc": "duration", "new": "newest", "old": "oldest", "severity": "weight",
}  # fmt: skip
TRUTHS = {"true": "true", "false": "false", "yes": "true", "no": "false"}
DAYS_AGO = {"today": 0, "yesterday": 1}
SOMEBODY = {"me": ME, "@me": ME, "none": NOBODY, "nobody": NOBODY, "unassigned": NOBODY}
"""Words for people that are no names."""

LIMIT_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class FilterWord:
    """One filter word. `field` is where `model.Query` keeps it; with `many`, commas and repetition mean "or".

    `read` turns a typed value into the kept one and raises Mistake; `write` is its inverse. `matches` compares a query that uses
    the word with an anomaly; None for words that choose no anomalies (sort, limit).
    """

    name: str
    field: str
    example: str
    about: str
    read: Callable[[str, lexer.Value, date], Any]
    write: Callable[[Any], str] = str
    many: bool = True
    matches: Callable[[model.Query, model.Anomaly], bool] | None = None


# --- reading ------------------------------------------------------------------------------------------------------


def _text(name: str, value: lexer.Value, today: date) -> str:
    if not value.text.strip():
        raise lexer.Mistake(f"{name}: needs something between the quotation marks.", value.start, value.end)
    return value.text


def _ident(name: str, value: lexer.Value, today: date, hint: str = idents.LOOK.format("1001")) -> str:
    if value.quoted:
        return _text(name, value, today).strip()
    ident = idents.bare(_text(name, value, today))
    why = idents.wrong(ident, hint)
    return _wrong(name, value, "is no id", "", why) if why else ident


def tag(name: str, value: lexer.Value) -> str:
    """The tag that was typed. A hash before it, or a channel picked from Slack's list, means the name behind it; in quotation marks
    everything belongs to the tag. Raises Mistake."""
    if value.quoted:
        return _text(name, value, date.min)
    if value.text.startswith(("<#", "<@")):
        what = "Slack does not tell the name of this channel" if value.text[1] == "#" else "This is a person"
        raise lexer.Mistake(f"{what}, and {name}: takes the name of a tag, like {name}:incident.", value.start, value.end)
    text = value.text.lstrip("#")
    if not text:
        raise lexer.Mistake(f"{name}: needs the name of a tag, like {name}:incident.", value.start, value.end)
    return text


def _tag(name: str, value: lexer.Value, today: date) -> str:
    return tag(name, value)


def _source(name: str, value: lexer.Value, today: date) -> str:
    return _text(name, value, today).casefold()


def _assignee(name: str, value: lexer.Value, today: date) -> str:
    word = _text(name, value, today)
    return SOMEBODY.get(word.casefold(), word)


def _choice(choices: Mapping[str, str]) -> Callable[[str, lexer.Value, date], str]:
    names = list(dict.fromkeys(choices.values()))

    def read(name: str, value: lexer.Value, today: date) -> str:
        found = choices.get(value.text.casefold())
        if found is not None:
            return found
        near = lookup.nearest(value.text, choices)
        return _wrong(name, value, f"is not a value of {name}:", choices.get(near, ""), f"It takes {phrases.either(names)}.")

    return read


def _stands(choices: Mapping[str, str]) -> Callable[[str, lexer.Value, date], str]:
    def read(name: str, value: lexer.Value, today: date) -> str:
        if value.text.casefold() == SNOOZED and SNOOZED not in choices:
            message = "Nothing can be snoozed in this release, so status:snoozed would select nothing."
            raise lexer.Mistake(f"{message} What waits is status:active or status:open.", value.start, value.end, fix="active")
        return _choice(choices)(name, value, today)

    return read


def _number(name: str, value: lexer.Value, today: date) -> float:
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", value.text):
        return float(value.text)
    digits = re.search(r"[0-9]{1,9}", value.text)
    return float(_wrong(name, value, "is not a number", digits[0] if digits else "50", "Numbers look like 50 or 0.8."))


def _limit(name: str, value: lexer.Value, today: date) -> int:
    if re.fullmatch(r"[0-9]{1,7}", value.text) and 1 <= int(value.text) <= LIMIT_MAX:
        return int(value.text)
    return int(_wrong(name, value, "is not a limit", "20", f"A limit is a whole number from 1 to {LIMIT_MAX:,}."))


def _day(name: str, value: lexer.Value, today: date) -> date:
    word = value.text.casefold()
    ago = days_ago(word)
    if ago is not None:
        return _back(name, value, today, ago)
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", word):
        try:
            return date.fromisoformat(word)
        except ValueError:
            return _no_day(name, value, "is not a day of the calendar", _last_before(word) or today.isoformat())
    return _almost_day(name, value, today)


def days_ago(word: str) -> int | None:
    """How many days before today this is; None for a day of the calendar."""
    if word.casefold() in DAYS_AGO:
        return DAYS_AGO[word.casefold()]
    ago = re.fullmatch(r"([0-9]{1,4})([dw])", word.casefold())
    return int(ago[1]) * (7 if ago[2] == "w" else 1) if ago else None


def written_ago(days: int) -> str:
    """The way back."""
    return next((word for word, ago in DAYS_AGO.items() if ago == days), f"{days}d")


def _last_before(word: str) -> str:
    """The last day of the month for one that is too long ("2026-02-30" -> "2026-02-28"), "" when the month itself is wrong."""
    year, month = int(word[:4]), int(word[5:7])
    if not (1 <= year < 9999 and 1 <= month <= 12) or word.endswith("-00"):
        return ""
    return (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).isoformat()


def _back(name: str, value: lexer.Value, today: date, days: int) -> date:
    try:
        return today - timedelta(days=days)
    except OverflowError:
        return _no_day(name, value, "is too long ago", "7d")


def _almost_day(name: str, value: lexer.Value, today: date) -> date:
    word = value.text.casefold()
    with_time = re.match(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[t ]", word)
    if with_time:
        return _no_day(name, value, "has a time of day, and the systems filter by whole days", with_time[1])
    hours = re.fullmatch(r"([0-9]{1,5})(h|m|min|hours?)", word)
    if hours:
        days = max(1, -(-int(hours[1]) // 24)) if hours[2].startswith("h") else 1
        return _no_day(name, value, "counts hours, and the systems filter by whole days", f"{min(days, 9999)}d")
    loose = re.fullmatch(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})", word)
    if loose:
        return _no_day(name, value, "is not a date as it is written here", f"{loose[1]}-{loose[2]:0>2}-{loose[3]:0>2}")
    return _no_day(name, value, "is not a date", lookup.nearest(word, DAYS_AGO) or "7d")


def _no_day(name: str, value: lexer.Value, problem: str, fix: str) -> date:
    return date.fromisoformat(_wrong(name, value, problem, fix, "Days look like 2026-11-01, today, yesterday or 7d."))


def _wrong(name: str, value: lexer.Value, problem: str, fix: str, rule: str = "") -> str:
    hint = f"Did you mean {name}:{fix}?" if fix else ""
    sentences = [f"{phrases.quoted(value.text)} {problem}".rstrip(":") + ".", hint, rule]
    raise lexer.Mistake(" ".join(filter(None, sentences)), value.start, value.end, fix=fix)


# --- comparing ----------------------------------------------------------------------------------------------------


def _among(wanted: Iterable[str], there: Iterable[str]) -> bool:
    return not {word.casefold() for word in wanted}.isdisjoint(word.casefold() for word in there if word)


def _place(wanted: Iterable[str], place: model.Place | None) -> bool:
    return place is not None and _among(wanted, (place.id, place.name))


def _status(query: model.Query, anomaly: model.Anomaly) -> bool:
    if not query.statuses:
        return anomaly.state is not model.State.ARCHIVED
    return _among(query.statuses, ("any", *_STANDING[anomaly.state], anomaly.archived_as or ""))


_STANDING: Mapping[model.State, Sequence[str]] = {
    model.State.ACTIVE: ("open", "active"),
    model.State.ACKNOWLEDGED: ("open", "acknowledged"),
    model.State.ARCHIVED: ("archived",),
}
"""The words for where an anomaly stands."""


def _assigned(query: model.Query, anomaly: model.Anomaly) -> bool:
    if not anomaly.assignees:
        return NOBODY in query.assignees
    return not {person.id for person in anomaly.assignees}.isdisjoint(query.assignees)


def _contains(query: model.Query, anomaly: model.Anomaly) -> bool:
    places = [place.name for place in (anomaly.datastore, anomaly.container) if place]
    checks = [part for check in anomaly.checks for part in (check.message, check.rule, *check.fields)]
    metrics = [anomaly.series.metric] if anomaly.series else []
    return any(query.text.casefold() in part.casefold() for part in (anomaly.description, *places, *checks, *metrics, *anomaly.tags))


def _born(anomaly: model.Anomaly) -> date:
    return anomaly.created.astimezone(UTC).date()


def _heavy(query: model.Query, anomaly: model.Anomaly) -> bool:
    return anomaly.weight is not None and query.min_weight is not None and anomaly.weight >= query.min_weight


# --- the table ----------------------------------------------------------------------------------------------------


def _weight(number: float) -> str:
    return f"{number:.6f}".rstrip("0").rstrip(".")


TABLE: tuple[FilterWord, ...] = (
    FilterWord("source", "source", "source:name", "the system", _source, many=False,
               matches=lambda q, a: a.ref.source.casefold() == q.source.casefold()),
    FilterWord("id", "ids", "id:1001,1002", "these anomalies", _ident, matches=lambda q, a: _among(q.ids, (a.ref.id, str(a.ref)))),
    FilterWord("datastore", "datastores", "datastore:warehouse", "datastores, by name or id", _text,
               matches=lambda q, a: _place(q.datastores, a.datastore)),
    FilterWord("table", "tables", "table:orders", "tables (containers), by name or id", _text,
               matches=lambda q, a: _place(q.tables, a.container)),
    FilterWord("status", "statuses", "status:active", "open (not archived: so it is without this word), active (nobody acknowledged), "
               "acknowledged, archived, an outcome, any", _stands(STATUSES), matches=_status),
    FilterWord("type", "types", "type:record", "record or shape", _choice(TYPES), matches=lambda q, a: _among(q.types, (a.type,))),
    FilterWord("tag", "tags", "tag:pii", "tags", _tag, matches=lambda q, a: _among(q.tags, a.tags)),
    FilterWord("check", "checks", "check:512", "quality checks, by id", _ident,
               matches=lambda q, a: _among(q.checks, (check.id for check in a.checks))),
    FilterWord("rule", "rules", "rule:notNull", "rule types of the failed checks", _text,
               matches=lambda q, a: _among(q.rules, (check.rule for check in a.checks))),
    FilterWord("severity", "severities", "severity:high,critical", "low, medium, high or critical",
               lambda name, value, today: model.Severity(_choice(SEVERITIES)(name, value, today)),
               matches=lambda q, a: a.severity in q.severities),
    FilterWord("min", "min_weight", "min:50", "the smallest weight, the system's own number", _number, _weight, many=False, matches=_heavy),
    FilterWord("since", "since", "since:7d", "detected on this day or later", _day, date.isoformat, many=False,
               matches=lambda q, a: q.since is not None and _born(a) >= q.since),
    FilterWord("until", "until", "until:yesterday", "detected on this day or earlier", _day, date.isoformat, many=False,
               matches=lambda q, a: q.until is not None and _born(a) <= q.until),
    FilterWord("assignee", "assignees", "assignee:me", "me, none, @somebody, a name or an address", _assignee, matches=_assigned),
    FilterWord("enriched", "enriched", "enriched:yes", "whether source records were kept",
               lambda name, value, today: _choice(TRUTHS)(name, value, today) == "true", lambda kept: "true" if kept else "false",
               many=False, matches=lambda q, a: a.enriched is q.enriched),
    FilterWord("fingerprint", "fingerprint", "fingerprint:4711", "the fingerprint of equal anomalies", _text, many=False,
               matches=lambda q, a: a.fingerprint == q.fingerprint),
    FilterWord("q", "text", 'q:"not null"', "words in the description, the metric, the checks, the tags or the table's name", _text,
               many=False, matches=_contains),
    FilterWord("sort", "sort", "sort:weight", "newest, oldest or weight first; where a system can ended or duration, and :asc",
               _choice(SORTS), many=False),
    FilterWord("limit", "limit", "limit:20", "at most so many", _limit, many=False),
)  # fmt: skip

OPEN_TYPES = FilterWord(
    "type", "types", "type:brute_force", "the type, in the system's own word", _text, matches=lambda q, a: _among(q.types, (a.type,))
)
"""`type:` where a system has types that nobody knows beforehand."""


def opens(known: Mapping[str, model.Word]) -> bool:
    """Whether a system has types of its own, which nobody knows beforehand."""
    word = known.get("type")
    return word is not None and word.handling is not model.Handling.REFUSED and not word.values


BY_NAME: Mapping[str, FilterWord] = {word.name: word for word in TABLE}

ALIASES: Mapping[str, str] = {
    "container": "table", "containers": "table", "tables": "table", "datastores": "datastore", "ds": "datastore", "statuses": "status",
    "state": "status", "types": "type", "tags": "tag", "checks": "check", "rules": "rule", "severities": "severity", "from": "since",
    "to": "until", "assignees": "assignee", "assigned": "assignee", "owner": "assignee", "text": "q", "search": "q",
    "ids": "id", "system": "source", "weight": "min", "order": "sort", "top": "limit",
}  # fmt: skip
"""Words that people use for ours. Only `container` is documented; the rest is understood."""


def find(key: str) -> FilterWord | None:
    """The filter word that this key means."""
    return BY_NAME.get(ALIASES.get(key, key))


def standing(outcomes: Iterable[str]) -> FilterWord:
    """`status:` where systems close anomalies with these outcomes."""
    return replace(BY_NAME["status"], read=_stands(STATUSES | {word.casefold(): word.casefold() for word in outcomes}))


def identified(fits: Callable[[str], bool], hint: str) -> FilterWord:
    """`id:` where ids may look as no others do: `fits` knows those of the systems, alone or behind the name of theirs; `hint` says how
    they look."""

    def read(name: str, value: lexer.Value, today: date) -> str:
        ident = idents.bare(value.text)
        return ident if not value.quoted and fits(ident) else _ident(name, value, today, hint)

    return replace(BY_NAME["id"], read=read)


def kept(query: model.Query, word: FilterWord) -> tuple[Any, ...]:
    """The values of one word in a query, () when it is not used."""
    value = getattr(query, word.field)
    if word.many:
        return tuple(value)
    return () if value == _UNUSED[word.field] else (value,)


_UNUSED: Mapping[str, Any] = {word.field: getattr(model.Query(), word.field) for word in TABLE}
