"""A line for each step of a chain: what ended, and what waits for the one that runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot import model
from bot.render.kit import text
from bot.render.scan import scan_wording


@dataclass(frozen=True, slots=True)
class Line:
    """One line, as mrkdwn with its mark and a bold word, and as it is said."""

    marked: str
    said: str


def line(mark: str, what: str, loud: str, rest: str = "") -> Line:
    """ ":x: Sync of crm *failed* · took 3 minutes"."""
    marked = f"{mark} {text.spoken(what)} *{text.spoken(loud)}*{text.spoken(rest)}"
    return Line(marked, text.spoken(f"{what} {loud}{rest}"))


def title(operation: model.Operation, before: Sequence[model.Operation]) -> str:
    """What the whole chain is: "Sync, then profile, then scan all tables of crm"."""
    first = before[0] if before else operation
    return scan_wording.wanted(first)


def earlier(before: Sequence[model.Operation], system: str) -> Sequence[Line]:
    """The steps that ended before the one that is shown."""
    return [_ended(one, system) for one in before]


def _ended(operation: model.Operation, system: str) -> Line:
    thing, ending, facts = scan_wording.thing(operation), scan_wording.ending(operation, system), scan_wording.facts(operation)
    after = f" · {facts}" if facts else ""
    marked = f"{scan_wording.mark(scan_wording.judged(operation).result)} {text.spoken(thing)} {ending.marked()}{text.spoken(after)}"
    return Line(marked, text.spoken(f"{thing} {ending}{after}"))


def later(operation: model.Operation) -> Sequence[Line]:
    """The steps that follow the one that is shown, or were not started because of it; none once the next one has begun."""
    ended = operation.state is model.OperationState.DONE
    kinds = scan_wording.judged(operation).stopped if ended else operation.then
    mark, loud = scan_wording.WAITS, "was not started" if ended else "waits"
    rest = "" if ended else " for the one before"
    return [line(mark, scan_wording.thing(_step(operation, kind, place)), loud, rest) for place, kind in enumerate(kinds, 1)]


def _step(operation: model.Operation, kind: str, place: int) -> model.Operation:
    return replace(operation, request=replace(operation.request, kind=kind), step=operation.step + place, scan=None, then=())
