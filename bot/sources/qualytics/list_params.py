"""A query in the words of the Qualytics list call (contracts 1.3): what is sent, and what is checked again on what comes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot import model
from bot.sources import base
from bot.sources.qualytics import closings

_SENT = model.Word(model.Handling.SENT)
_HERE = model.Word(model.Handling.HERE)


WORDS: Mapping[str, model.Word] = {
    **dict.fromkeys(("source", "datastore", "table", "container", "status", "tag", "check", "rule"), _SENT),
    "type": model.Word(model.Handling.SENT, values=("record", "shape")),
    **dict.fromkeys(("since", "until", "enriched", "sort", "limit", "id"), _SENT),
    **dict.fromkeys(("severity", "min", "assignee", "fingerprint", "q"), _HERE),
}

STATUSES = {
    "open": ("Active", "Acknowledged"),
    "active": ("Active",),
    "acknowledged": ("Acknowledged",),
    "resolved": ("Resolved",),
    "duplicate": ("Duplicate",),
    "invalid": ("Invalid",),
    "discarded": ("Discarded",),
    "archived": closings.WORDS,
}
CLOSED = frozenset(closings.WORDS)
TYPES = frozenset({"record", "shape"})
SORTS: Mapping[str, tuple[str, str]] = {
    "newest": ("sort_created", "desc"),
    "oldest": ("sort_created", "asc"),
    "weight": ("sort_weight", "desc"),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """Calls to make: one listing per datastore ("" = all) and per set of parameters. `holds` checks an anomaly that came back."""

    datastores: Sequence[str]
    variants: Sequence[base.Params]
    holds: Callable[[model.Anomaly], bool]


def plan(query: model.Query, datastores: Sequence[str], tables: Sequence[str]) -> Plan:
    """Translate a query whose places are ids already."""
    common: list[tuple[str, str | int]] = [
        *(("container", _number(one)) for one in tables),
        *(("quality_check", _number(one)) for one in query.checks),
        *_statuses(query.statuses),
        *(("tag", one) for one in query.tags),
        *(("rule_type", one) for one in query.rules),
        *((("start_date", query.since.isoformat()),) if query.since else ()),
        *((("end_date", query.until.isoformat()),) if query.until else ()),
        SORTS.get(query.sort, SORTS["newest"]),
        *((("source_enriched", str(query.enriched).lower()),) if query.enriched is not None else ()),
    ]
    types = list(dict.fromkeys(one.lower() for one in query.types))
    single = [] if TYPES <= set(types) else types
    variants = [[*common, ("anomaly_type", one)] for one in single] or [common]
    return Plan(datastores or [""], variants, lambda anomaly: _holds(anomaly, query, datastores, tables))


def open_ones() -> base.Params:
    """Everything that is open, newest first."""
    return [SORTS["newest"]]


def _statuses(words: Sequence[str]) -> Sequence[tuple[str, str]]:
    """Closed statuses are invisible unless asked for: only closed ones -> `archived=only`, open and closed -> `archived=include`.

    All closed ones together need no status at all, and so no word that an old deployment does not know (contracts 1.5, Discarded).
    """
    if "any" in words:
        return [("archived", "include")]
    wanted = list(dict.fromkeys(status for word in words for status in STATUSES.get(word, ())))
    closed = CLOSED & set(wanted)
    if closed == CLOSED == set(wanted):
        return [("archived", "only")]
    archived = [("archived", "only" if len(closed) == len(wanted) else "include")] if closed else []
    return [*(("status", status) for status in wanted), *archived]


def _holds(anomaly: model.Anomaly, query: model.Query, datastores: Sequence[str], tables: Sequence[str]) -> bool:
    """FastAPI ignores query keys that it does not know: never let an anomaly through that was not asked for, as far as it tells; and none
    that does not tell its datastore where a datastore was asked for."""
    return all(
        (
            not datastores or (anomaly.datastore is not None and anomaly.datastore.id in datastores),
            not tables or anomaly.container is None or anomaly.container.id in tables,
            _in_status(anomaly, query.statuses),
            not query.types or not anomaly.type or anomaly.type.lower() in {one.lower() for one in query.types},
            not query.tags or bool({one.casefold() for one in query.tags} & {one.casefold() for one in anomaly.tags}),
            not query.checks or not anomaly.checks or bool(set(query.checks) & {one.id for one in anomaly.checks}),
            not query.rules
            or not anomaly.checks
            or bool({_loose(one) for one in query.rules} & {_loose(one.rule) for one in anomaly.checks}),
            query.enriched is None or anomaly.enriched in (None, query.enriched),
        )
    )


def _in_status(anomaly: model.Anomaly, words: Sequence[str]) -> bool:
    if not words:
        return anomaly.state is not model.State.ARCHIVED
    if "any" in words or (anomaly.state is model.State.ARCHIVED and "archived" in words):
        return True
    return anomaly.status in {status for word in words for status in STATUSES.get(word, ())}


def _loose(rule: str) -> str:
    return rule.casefold().replace("_", "")


def _number(ident: str) -> int | str:
    return int(ident) if ident.isdecimal() else ident
