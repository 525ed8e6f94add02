"""Operations, pure: what is sent, what may close anomalies, when to look again, and which running operation is ours."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot import model
from bot.core import closings, grammar, lookup

SCAN = "scan"
CHAINS: Mapping[str, tuple[str, ...]] = {"daily": ("sync", "profile", SCAN)}
"""Commands that are several operations, one after the other, each only when the one before went well."""

INCREMENTAL = "incremental"
AUTO_RESOLVE = "auto_resolve_passed_anomalies"

SCAN_ALONE = frozenset({INCREMENTAL, AUTO_RESOLVE, "enrichment_source_record_limit"})
"""Options that no other kind of operation takes (contracts 1.6)."""

SOONEST = timedelta(seconds=2)
LATEST = timedelta(seconds=30)
"""A running operation is looked at every 2 to 30 s: a tenth of the time that it has taken so far."""

SKEW = timedelta(minutes=2)
"""How far the clocks of this host and the system may differ when a start whose answer was lost is looked for."""

_TABLE_GONE = re.compile(r"container\s+['\"]?(?P<name>[^'\"]+?)['\"]?\s+(?:was\s+)?not found", re.IGNORECASE)
"""The system's words for a table that was renamed or dropped (vendor page on targeted scans, troubleshooting)."""

WENT_WELL = frozenset({model.ScanResult.SUCCESS, model.ScanResult.WARNING})


def kinds(command: str) -> tuple[str, ...]:
    """The operations behind a command, in order."""
    return CHAINS.get(command, (command,))


def to_send(request: model.ScanRequest) -> model.ScanRequest:
    """The request as this kind of operation takes it: a step of a chain carries the wishes of the steps that follow."""
    if request.kind == "sync":
        return model.ScanRequest(request.kind, request.datastore)
    if request.kind != SCAN:
        options = {key: value for key, value in request.options.items() if key not in SCAN_ALONE}
        return replace(request, options=options)
    return request


def options(*, incremental: bool, auto_resolve: bool | None, more: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
    """The options of a scan as the system names them; what nobody said is left to it (contracts 1.6)."""
    said: dict[str, Any] = dict(more or {})
    if incremental:
        said[INCREMENTAL] = True
    if auto_resolve is not None:
        said[AUTO_RESOLVE] = auto_resolve
    return said


def may_close(request: model.ScanRequest) -> bool:
    """Whether the system may resolve anomalies by itself: a full scan does so unless it is told not to (contracts 1.6)."""
    chosen = request.options
    return request.kind == SCAN and not chosen.get(INCREMENTAL) and chosen.get(AUTO_RESOLVE) is not False


def closes_later(operation: model.Operation) -> bool:
    """Whether this operation, or one that follows it, may close anomalies."""
    return any(may_close(replace(operation.request, kind=kind)) for kind in (operation.request.kind, *operation.then))


def pause(since: datetime, now: datetime) -> timedelta:
    """How long to wait before the next look at an operation that has been followed since then."""
    return min(max((now - since) / 10, SOONEST), LATEST)


def ours(operation: model.Operation, scans: Sequence[model.Scan], known: Collection[str]) -> model.Scan | None:
    """The scan that a start whose answer was lost has made: of the same kind on the same tables, nobody's yet, and begun about then."""
    assert operation.asked is not None
    asked, wanted = operation.asked, to_send(operation.request)
    fitting = [
        scan
        for scan in scans
        if scan.id not in known
        and scan.kind == wanted.kind
        and scan.datastore is not None
        and scan.datastore.id == wanted.datastore
        and (scan.started is None or scan.started >= asked - SKEW)
        and not (wanted.tables and scan.tables and {one.casefold() for one in wanted.tables} != {one.casefold() for one in scan.tables})
    ]
    return min(fitting, key=lambda scan: abs((scan.started or asked) - asked), default=None)


def trouble(operation: model.Operation, message: str) -> model.Problem:
    """What the system's words about a failure mean, as far as they tell."""
    gone = _TABLE_GONE.search(message)
    if gone is not None:
        return model.Problem(model.Cause.TABLE_MISSING, operation.place, names=(gone["name"].strip(),), detail=message)
    return model.Problem(model.Cause.FAILED, operation.place, detail=message)


def words(operation: model.Operation) -> str:
    """The filter that finds what is open on the tables of a scan, from the day on which it began; "" for other kinds."""
    if operation.request.kind != SCAN:
        return ""
    begun = (operation.scan.started if operation.scan else None) or (operation.confirmed or operation.created) - SKEW
    tables = operation.request.tables or (operation.scan.tables if operation.scan else ())
    some = tables if len(tables) <= MOST_TABLES else ()
    query = model.Query(
        datastores=(operation.place.name.strip() or operation.place.id,), tables=tuple(some), since=begun.astimezone(UTC).date()
    )
    found = grammar.canonical(query)
    return found if len(found) <= LONGEST_WORDS else grammar.canonical(replace(query, tables=()))


MOST_TABLES = 20
"""So many tables fit into a filter that people can read."""

LONGEST_WORDS = 1_500
"""A filter that is longer does not fit into a button."""


def passes(after: model.Anomaly, result: model.ScanResult, closing: Sequence[model.Closing]) -> tuple[bool | None, str]:
    """Whether an anomaly passes, by how it stands after a full scan of its table; and the system's word where somebody closed it in
    another way. A scan that left something out says nothing about what it did not resolve."""
    if after.state is model.State.ARCHIVED:
        return (True, "") if closings.fixes(closing, after.archived_as) else (None, after.status)
    return (None if result is model.ScanResult.WARNING else False), ""


def places(typed: Sequence[str], known: Sequence[model.Place]) -> tuple[Sequence[model.Place], Sequence[model.Problem]]:
    """The datastores that are meant, each once however often and by whatever name it was typed, and those that are not there."""
    found: dict[str, model.Place] = {}
    problems: list[model.Problem] = []
    for name in dict.fromkeys(typed):
        picked = lookup.pick(name, known)
        if picked.place is not None:
            found[picked.place.id] = picked.place
            continue
        near = tuple(place.name for place in picked.same) or picked.near
        problems.append(model.Problem(model.Cause.DATASTORE_MISSING, names=(name,), near=near))
    return list(found.values()), problems


def first(ident: str) -> str:
    """The id of the first operation of a chain, by that of any of its steps."""
    return ident.partition(".")[0]


def following(operation: model.Operation, now: datetime) -> model.Operation | None:
    """The next operation of a chain, to be started now; None at its end. Its id follows from the first one's: it is made once."""
    if not operation.then:
        return None
    kind, *rest = operation.then
    return replace(
        operation,
        id=f"{first(operation.id)}.{operation.step + 1}",
        request=replace(operation.request, kind=kind),
        state=model.OperationState.STARTING,
        created=now,
        confirmed=now,
        asked=None,
        scan=None,
        seen=None,
        look=now,
        misses=0,
        ended=None,
        verdict=None,
        aborted_by="",
        then=tuple(rest),
        step=operation.step + 1,
    )
