"""Operations in plain words: what they are called, what they run on, how far they are. Harmless text, never markup."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot import model
from bot.core import phrases, scan_rules
from bot.render import siblings
from bot.render.kit import text

_NAMES = 5


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of operation: as a thing, before a start, and while it runs."""

    noun: str
    wanted: str
    running: str


_KINDS: Mapping[str, _Kind] = {
    "scan": _Kind("scan", "Scan", "Scanning"),
    "sync": _Kind("sync", "Sync", "Syncing"),
    "catalog": _Kind("sync", "Sync", "Syncing"),
    "profile": _Kind("profile", "Profile", "Profiling"),
    "materialize": _Kind("materialization", "Materialize", "Materializing"),
    "export": _Kind("export", "Export", "Exporting"),
}
_WHOLE = ("sync", "catalog")
"""Kinds that are always about a whole datastore."""


def _kind(kind: str) -> _Kind:
    other = text.short(kind.replace("_", " "), 40, "operation")
    return _KINDS.get(kind, _Kind(other, f"Run the {other} of", f"Running the {other} of"))


# --- names ----------------------------------------------------------------------------------------------------------------------


def system(capabilities: model.Capabilities) -> str:
    """The system by its title."""
    return text.short(capabilities.title, 40, "the system")


def more(amount: int, told: int, what: str) -> str:
    """ "And 3 more operations."; "" when all are told."""
    return f"And {text.count(amount - told, f'more {what}')}." if amount > told else ""


def noun(kind: str) -> str:
    """ "scan", "sync": a kind of operation as a thing."""
    return _kind(kind).noun


def verb(kind: str) -> str:
    """ "Scan", "Sync": a kind of operation as an order."""
    return _kind(kind).wanted


def joined(kinds: Sequence[str]) -> str:
    """ "profile and scan"."""
    return phrases.both([noun(kind) for kind in kinds])


def names(typed: Sequence[str], most: int = _NAMES) -> str:
    """Strangers' names, the first few and how many more."""
    return siblings.listed(typed, 60, most)


def place(place: model.Place | None) -> str:
    """A datastore by its name, by its id where it has none."""
    if place is None:
        return "this datastore"
    return text.short(place.name, 60, f"datastore {text.short(place.id, 40)}")


def ident(operation: model.Operation) -> str:
    """ "operation 812", as its system calls it; "" until it has a name there."""
    return f"operation {text.short(operation.scan.id, 40)}" if operation.scan else ""


def target(operation: model.Operation) -> str:
    """What it runs on: "orders, customers in warehouse-prod", "all tables of crm", "tables tagged critical in crm"."""
    request, where = operation.request, place(operation.place)
    tables = request.tables or (operation.scan.tables if operation.scan and not operation.actor else ())
    if request.kind in _WHOLE and not operation.then:
        return where
    if tables:
        return f"{names(tables)} in {where}"
    return f"tables tagged {names(request.tags)} in {where}" if request.tags else f"all tables of {where}"


def thing(operation: model.Operation) -> str:
    """ "Scan of orders in warehouse-prod", "Profile of all tables of crm (step 2 of 3)"."""
    of = f"{_asset(operation)}{_own_target(operation)}"
    return f"{text.capital(noun(operation.request.kind))} of {of}{step(operation)}"


def running(operation: model.Operation) -> str:
    """ "Scanning orders in warehouse-prod (step 3 of 3)"."""
    return f"{_kind(operation.request.kind).running} {_asset(operation)}{_own_target(operation)}{step(operation)}"


def wanted(operation: model.Operation) -> str:
    """ "Scan orders in warehouse-prod"; a chain by all its steps: "Sync, then profile, then scan all tables of crm"."""
    kinds = (operation.request.kind, *operation.then)
    verbs = [_kind(kind).wanted for kind in kinds]
    order = ", then ".join([verbs[0], *(one.lower() for one in verbs[1:])])
    return f"{order} {_asset(operation)}{target(operation)}"


def _own_target(operation: model.Operation) -> str:
    """The target of this step alone: a sync is about its datastore, whatever follows it."""
    return place(operation.place) if operation.request.kind in _WHOLE else target(operation)


def _asset(operation: model.Operation) -> str:
    """What an export is of: "anomalies of "."""
    asset = operation.request.options.get("asset_type")
    return f"{text.short(str(asset), 40)} of " if operation.request.kind == "export" and asset else ""


def step(operation: model.Operation) -> str:
    """ " (step 2 of 3)", "" for an operation that stands alone."""
    return f" (step {text.number(operation.step)} of {text.number(operation.steps)})" if operation.steps > 1 else ""


# --- how much of it ----------------------------------------------------------------------------------------------------------------


def _number(template: str, at_least: float = 1) -> Callable[[Any], str]:
    def said(value: Any) -> str:
        usable = isinstance(value, int | float) and not isinstance(value, bool) and value >= at_least
        return template.format(text.number(value)) if usable else ""

    return said


_NARROWED: Mapping[str, Callable[[Any], str]] = {
    "greater_than_time": lambda value: f"only rows newer than {text.short(str(value).partition('T')[0], 40)}" if value else "",
    "greater_than_batch": _number("only rows of batches above {}", float("-inf")),
    "max_records_analyzed_per_partition": _number("at most {} rows of each partition"),
}
_ASIDE: Mapping[str, Callable[[Any], str]] = {
    "enrichment_source_record_limit": _number("at most {} source rows are kept for each anomaly"),
    "prune": lambda value: "tables that vanished are removed from the catalogue" if value else "",
}


def extent(operation: model.Operation, kinds: Sequence[str]) -> str:
    """How much these kinds of it read, "" where no scan is among them and nothing is narrowed.

    "the full tables", "only new rows (incremental)", "a full scan, only rows newer than 2026-11-01".
    """
    options = operation.request.options
    narrowed = [say(options[key]) for key, say in _NARROWED.items() if options.get(key) is not None]
    aside = [say(options[key]) for key, say in _ASIDE.items() if options.get(key) is not None]
    first = ""
    if scan_rules.SCAN in kinds:
        whole = "the full table" if len(operation.request.tables) == 1 else "the full tables"
        full = "a full scan" if any(narrowed) else whole
        first = "only new rows (incremental)" if options.get(scan_rules.INCREMENTAL) else full
    return ", ".join(part for part in (first, *narrowed, *aside) if part)


def closing(operation: model.Operation, open_now: int | None, system: str) -> str:
    """What a scan will close by itself, in sentences; "" where no scan is part of it. `open_now` None: nobody counted."""
    if scan_rules.SCAN not in (operation.request.kind, *operation.then):
        return ""
    if not scan_rules.closes_later(operation):
        return "Nothing is closed by this scan."
    these, them = ("this table", "it") if len(operation.request.tables) == 1 else ("these tables", "them")
    if open_now is None:
        return f"What is open on {these} and passes now is resolved by {system} itself."
    if open_now == 0:
        return f"Nothing is open on {them}, so nothing will be closed."
    if open_now == 1:
        return f"1 open anomaly is on {these}. If its rows pass now, it is resolved by {system} itself."
    return f"{text.number(open_now)} open anomalies are on {these}. Those whose rows pass now are resolved by {system} itself."


# --- how it stands -----------------------------------------------------------------------------------------------------------------

_MARKS: Mapping[model.ScanResult, str] = {
    model.ScanResult.SUCCESS: ":white_check_mark:",
    model.ScanResult.WARNING: ":warning:",
    model.ScanResult.FAILURE: ":x:",
    model.ScanResult.ABORTED: ":octagonal_sign:",
}
RUNS, WAITS, PASSES, FAILS = (
    ":hourglass_flowing_sand:",
    ":white_circle:",
    _MARKS[model.ScanResult.SUCCESS],
    _MARKS[model.ScanResult.FAILURE],
)
"""Marks beside a word that says the same."""


def mark(result: model.ScanResult) -> str:
    """The mark of how an operation ended; a question mark where nobody can say."""
    return _MARKS.get(result, ":grey_question:")


@dataclass(frozen=True, slots=True)
class Ending:
    """How an operation ended, as words that need no colour: what is `loud` between what leads to it and what follows."""

    loud: str
    lead: str = ""
    tail: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (self.lead, self.loud, self.tail) if part)

    def marked(self) -> str:
        """The same as mrkdwn, the loud part in bold."""
        return " ".join(part for part in (text.spoken(self.lead), f"*{text.spoken(self.loud)}*", text.spoken(self.tail)) if part)


_ENDED: Mapping[model.ScanResult, Ending] = {
    model.ScanResult.SUCCESS: Ending("succeeded"),
    model.ScanResult.WARNING: Ending("succeeded with a warning"),
    model.ScanResult.FAILURE: Ending("failed"),
}
_UNKNOWN = Ending("ended, and nobody can say how")
_NOT_FOLLOWED: Mapping[model.Cause, Ending] = {
    model.Cause.GAVE_UP: Ending("not followed", "is", "any more"),
    model.Cause.VANISHED: Ending("vanished", "has"),
}


def judged(operation: model.Operation) -> model.Verdict:
    """The verdict of an operation that ended."""
    return operation.verdict or model.Verdict(operation.scan.result if operation.scan else model.ScanResult.UNKNOWN)


def ending(operation: model.Operation, system: str) -> Ending:
    """ "failed", "was aborted by Dana via Slack", "did not start"."""
    verdict = judged(operation)
    if verdict.problem and verdict.problem.cause in _NOT_FOLLOWED:
        return _NOT_FOLLOWED[verdict.problem.cause]
    if operation.scan is None and verdict.result not in scan_rules.WENT_WELL:
        return Ending("did not start")
    if verdict.result is not model.ScanResult.ABORTED:
        return _ENDED.get(verdict.result, _UNKNOWN)
    who = text.short(operation.aborted_by, 60, "")
    return Ending("aborted", "was", f"by {who} via Slack" if who else f"in {system}")


def facts(operation: model.Operation) -> str:
    """ "2 new anomalies · 12 tables · 1,204,332 rows read · took 3 minutes", of one that ended."""
    scan, until = operation.scan, ended(operation)
    if scan is None:
        return ""
    finds = text.capital(found(scan)) if operation.request.kind == scan_rules.SCAN else ""
    took = lasted(operation, until) if until else ""
    parts = (finds, tables(scan), records(scan), f"took {took}" if took else "")
    return " · ".join(part for part in parts if part)


# --- how it goes -------------------------------------------------------------------------------------------------------------------


def by(operation: model.Operation, system: str) -> str:
    """ "started by Dana via Slack", "started in Acme by Lee"."""
    if operation.actor:
        return f"started by {text.short(operation.actor_name, 60, 'somebody')} via Slack"
    who = text.short(operation.scan.by, 60, "") if operation.scan else ""
    return f"started in {system} by {who}" if who else f"started in {system}"


def since(operation: model.Operation) -> datetime:
    """When it began, as exactly as anybody knows."""
    return (operation.scan.started if operation.scan else None) or operation.confirmed or operation.created


def ended(operation: model.Operation) -> datetime | None:
    """When it ended: by its system's clock where that tells, else when this desk saw it."""
    return (operation.scan.ended if operation.scan else None) or operation.ended


def lasted(operation: model.Operation, until: datetime) -> str:
    """ "3 minutes"; "" where the clocks contradict each other."""
    seconds = (until - since(operation)).total_seconds()
    return text.duration(max(1.0, seconds)) if seconds >= 0 else ""


def tables(scan: model.Scan) -> str:
    """ "3 of 12 tables", "12 tables" when all are done; "" when nobody tells."""
    done, total = scan.tables_done, scan.tables_total
    if done is None:
        return text.count(total, "table") if total else ""
    if total is None or done >= total:
        return text.count(done, "table") if done else ""
    return f"{text.number(done)} of {text.count(total, 'table')}"


def records(scan: model.Scan) -> str:
    """ "1,204,332 rows read"."""
    return f"{text.count(scan.records, 'row')} read" if scan.records else ""


def found(scan: model.Scan, *, so_far: bool = False) -> str:
    """ "2 new anomalies", "no new anomalies so far"; "" when nobody tells."""
    if scan.anomalies is None:
        return ""
    said = text.count(scan.anomalies, "new anomaly", "new anomalies") if scan.anomalies else "no new anomalies"
    return f"{said} so far" if so_far else said


def progress(scan: model.Scan) -> str:
    """ "3 of 12 tables, 1,204,332 rows read, 2 new anomalies so far"; "" when it told nothing yet."""
    finds = found(scan, so_far=True) if scan.kind == scan_rules.SCAN else ""
    return ", ".join(part for part in (tables(scan), records(scan), finds) if part)


def share(scan: model.Scan) -> float | None:
    """How much of it is done, 0 to 1; None when nobody can say."""
    if not scan.tables_total or scan.tables_done is None or scan.tables_total < 0:
        return None
    return min(1.0, max(0.0, scan.tables_done / scan.tables_total))
