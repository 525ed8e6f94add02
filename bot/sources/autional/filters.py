"""How a filter is asked of Autional: every parameter of its list takes one value, so several values are several lists (contracts 4.3)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot import model, ports
from bot.sources import base
from bot.sources.autional import statuses

RANGES: Mapping[str, timedelta] = {
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
"""The values of `time_range`, the shortest first. Without one the list has no end."""
MOST = 12
"""So many lists one filter may become; what would make more of them is sorted out here."""
MARGIN = timedelta(minutes=10)
"""A list of the last hour is asked for what is younger than fifty minutes: their clock and ours need not agree."""

_SENT, _HERE = model.Word(model.Handling.SENT), model.Word(model.Handling.HERE)


def _refused(because: str) -> model.Word:
    return model.Word(model.Handling.REFUSED, because)


_NO_PLACES = _refused("Autional has no datastores and no tables. Use type: or tenant: instead.")
_NO_CHECKS = _refused("Autional has no checks and no rules. Use type: instead.")

WORDS: Mapping[str, model.Word] = {
    **dict.fromkeys(("source", "id", "type", "severity", "status", "time_range", "tenant"), _SENT),
    **dict.fromkeys(("since", "until", "limit"), _SENT),
    "sort": model.Word(model.Handling.SENT, values=("newest", "oldest", "weight", "weight:asc")),
    **dict.fromkeys(("assignee", "q"), _HERE),
    **dict.fromkeys(("datastore", "table", "container"), _NO_PLACES),
    **dict.fromkeys(("check", "rule", "fingerprint"), _NO_CHECKS),
    "tag": _refused("Autional has no tags. Use type: or q: instead."),
    "min": _refused("Autional tells a severity and no score. Use severity:high,critical instead."),
    "enriched": _refused("Autional keeps no source records of an anomaly."),
}
"""What is sent, or answered by this source; what is applied here; and what is refused, with what to use instead."""


def _range(typed: str) -> str:
    word = typed.strip().casefold()
    if word not in RANGES:
        raise ValueError(f"it takes {', '.join(list(RANGES)[:-1])} or 30d: Autional lists no other spans.")
    return word


def _tenant(typed: str) -> str:
    if not typed.strip():
        raise ValueError("it takes the id of a tenant.")
    return typed.strip()


def own_words(tenant: str, clock: ports.Clock) -> tuple[model.OwnWord, ...]:
    """The filter words that Autional alone has; an anomaly that names no other tenant is of `tenant`."""

    def of(kept: str, one: model.Anomaly) -> bool:
        return kept == (one.places[0].id if one.places else tenant)

    def within(kept: str, one: model.Anomaly) -> bool:
        return one.created >= clock.now() - RANGES[kept]

    return (
        model.OwnWord("tenant", "tenant:tnt_abc123", "the tenant, by its id", _tenant, of, ("tenant_id",)),
        model.OwnWord("time_range", "time_range:24h", "detected within 1h, 24h, 7d or 30d", _range, within, ("range",)),
    )


NAMES = ("tenant", "tenant_id", "time_range", "range")
"""These words and their other names."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`lists` are the parameters of each list to be read, each with the word of its status; `holds` says whether what comes back is wanted;
    `exact`: the lists hold nothing else, so that their totals count."""

    lists: Sequence[base.Params]
    holds: Callable[[model.Anomaly], bool]
    exact: bool


def plan(query: model.Query, words: Sequence[str] | None, now: datetime) -> Plan:
    """How to ask for it, `words` being Autional's for the statuses that are wanted: those that its list takes, None to ask for any."""
    others = dict(query.others)
    severities = [one.value for one in query.severities]
    axes = [("status", words), ("severity", severities or None), ("type", query.types or None)]
    sent, lists = [], 1
    for name, values in axes:
        if values is not None and lists * len(values) <= MOST:
            sent.append([(name, value) for value in values])
            lists *= len(values)
    span = _narrowest(query, others.get("time_range"), now)
    fixed = [(name, value) for name, value in (("time_range", span), ("tenant_id", others.get("tenant", ""))) if value]
    exact = words is not None and not (query.since or query.until) and len(sent) == sum(values is not None for _, values in axes)
    return Plan([[*fixed, *some] for some in itertools.product(*sent)], lambda one: _holds(query, one), exact)


def _narrowest(query: model.Query, asked: str | None, now: datetime) -> str:
    """The shortest span that holds all that is wanted, "" for all there is."""
    if asked:
        return asked
    if query.since is None:
        return ""
    begins = datetime(query.since.year, query.since.month, query.since.day, tzinfo=UTC)
    return span_since(begins, now)


def span_since(begins: datetime, now: datetime) -> str:
    """The shortest span that reaches back to there, "" where none does."""
    return next((name for name, span in RANGES.items() if now - begins <= span - MARGIN), "")


def listed(params: base.Params, one: model.Anomaly) -> bool:
    """Whether it belongs into a list that was asked for so: one that does not know a parameter holds what others hold, too."""
    told = {"status": one.status, "severity": one.severity.value if one.severity else "", "type": one.type}
    return all(name not in told or str(value).casefold() == told[name].casefold() for name, value in params)


def _holds(query: model.Query, one: model.Anomaly) -> bool:
    """What the lists were asked for, and what they cannot be asked for. A server may not know a parameter."""
    day = one.created.astimezone(UTC).date()
    types = {kind.casefold() for kind in query.types}
    return (
        statuses.fits(one.status, query.statuses)
        and (not query.severities or one.severity in query.severities)
        and (not types or one.type.casefold() in types)
        and (query.since is None or day >= query.since)
        and (query.until is None or day <= query.until)
    )
