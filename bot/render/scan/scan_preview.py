"""What an operation would do before anything is started: the preview that its asker confirms, and why nothing can be started."""

from __future__ import annotations

from collections.abc import Sequence

from bot import model
from bot.core import grammar
from bot.render.kit import blocks, ids, limits, text
from bot.render.scan import scan_causes, scan_wording

LINES = 10
"""Operations or problems that one message tells; the rest is counted."""


def preview(
    proposal: model.Proposal, capabilities: model.Capabilities, source: str = "", typed: grammar.ScanCommand | None = None
) -> model.Message:
    """What would be started, for the one who asked: nothing runs until [Start]. `source` is needed only where there is no operation,
    `typed` is the command behind it."""
    operations = list(proposal.operations)
    if not operations:
        return problems(proposal.problems, capabilities, source, typed)
    system = scan_wording.system(capabilities)
    wrong = [scan_causes.explain(problem, system) for problem in proposal.problems[:LINES]]
    title = f"{_title(operations)}{' instead' if wrong else ''}?"
    what = "; ".join(scan_wording.wanted(operation) for operation in operations[:LINES])
    lines = [_proposed(operation, proposal.closes.get(operation.id), system) for operation in operations[:LINES]]
    more = scan_wording.more(len(operations), LINES, "operation")
    chain = _chain(operations)
    sure = "Nothing is started until you press the button."
    said = text.sentence(*(text.spoken(line) for line in (*wrong, title, *lines, more, chain, sure)))
    plan = operations[0].plan or operations[0].id
    shown = (
        *(blocks.section(line) for line in wrong),
        blocks.header(title),
        *(blocks.section(line) for line in lines),
        *((blocks.context(more),) if more else ()),
        *((blocks.context(chain),) if chain else ()),
        *blocks.rows(
            blocks.button(ids.SCAN_START, _start(operations, bool(wrong)), plan, style="primary", hint=f"Start: {what}"),
            *scan_causes.instead(proposal.problems, operations[0].source, typed),
            _options(operations, plan),
            *scan_causes.syncs(proposal.problems, operations[0].source),
        ),
        *blocks.actions(blocks.button(ids.SCAN_CANCEL, "Cancel", plan, hint=f"Cancel: {what}")),
        blocks.context(sure),
    )
    return limits.fit(model.Message(said, shown))


def problems(
    problems: Sequence[model.Problem], capabilities: model.Capabilities, source: str, typed: grammar.ScanCommand | None = None
) -> model.Message:
    """Why nothing can be started, and what one click can do about it."""
    system = scan_wording.system(capabilities)
    lines = [scan_causes.explain(problem, system) for problem in problems[:LINES]] or ["There is nothing to start."]
    more, unchanged = scan_wording.more(len(problems), LINES, "problem"), "Nothing was started."
    shown = (
        *(blocks.section(line) for line in lines),
        blocks.context(" ".join(part for part in (more, unchanged) if part)),
        *blocks.rows(*scan_causes.instead(problems, source, typed), *scan_causes.syncs(problems, source)),
    )
    return limits.fit(model.Message(text.sentence(*(text.spoken(line) for line in (*lines, more, unchanged))), shown))


def _title(operations: Sequence[model.Operation]) -> str:
    """ "Start this scan", "Start these 3 steps", "Start 2 scans"."""
    if len(operations) == 1 and operations[0].then:
        return f"Start these {text.count(1 + len(operations[0].then), 'step')}"
    kinds = {"operation" if operation.then else scan_wording.noun(operation.request.kind) for operation in operations}
    noun = kinds.pop() if len(kinds) == 1 else "operation"
    return f"Start this {noun}" if len(operations) == 1 else f"Start {text.count(len(operations), noun)}"


def _proposed(operation: model.Operation, open_now: int | None, system: str) -> str:
    """What this one would run on, how much of it, and what it closes: "Scan orders in warehouse-prod, the full tables. ..."."""
    chain = (operation.request.kind, *operation.then)
    what = ", ".join(part for part in (scan_wording.wanted(operation), scan_wording.extent(operation, chain)) if part)
    checked = f"It shows whether anomaly {text.short(operation.verifies.id, 40)} passes now" if operation.verifies else ""
    return text.sentence(what, checked, scan_wording.closing(operation, open_now, system))


def _chain(operations: Sequence[model.Operation]) -> str:
    chained = [operation for operation in operations if operation.then]
    whole = "The sync covers the whole datastore." if any(one.request.kind == "sync" for one in chained) else ""
    return text.sentence("Each step waits for the one before, and it stops at the first that fails", whole) if chained else ""


def _start(operations: Sequence[model.Operation], instead: bool) -> str:
    """The label of the button: what is started in its place where something was wrong."""
    if instead and len(operations) == 1:
        request = operations[0].request
        what = scan_wording.names(request.tables, 2) or (f"tag {scan_wording.names(request.tags, 2)}" if request.tags else "all tables")
        return f"{text.clip(f'{scan_wording.verb(request.kind)} {what}', limits.BUTTON - len(' instead'))} instead"
    if instead:
        return f"{_title(operations)} instead"
    return "Start scan" if all(_only_scan(operation) for operation in operations) else "Start"


def _only_scan(operation: model.Operation) -> bool:
    return operation.request.kind == "scan" and not operation.then


def _options(operations: Sequence[model.Operation], plan: str) -> model.Block | None:
    """[More options…], where all of it can be said again in the form."""
    if not all(_only_scan(operation) and operation.verifies is None for operation in operations):
        return None
    return blocks.button(ids.SCAN_OPTIONS, "More options…", plan, hint="More options of this scan")
