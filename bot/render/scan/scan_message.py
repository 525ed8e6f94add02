"""Scans and their relatives: the preview that its actor starts, the lasting message from start to verdict, and the answers to buttons."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from bot import model
from bot.core import grammar
from bot.render.anomaly import buttons
from bot.render.kit import blocks, ids, limits, text
from bot.render.scan import scan_causes, scan_preview, scan_wording

_BAR = 10
_SILENT_LOOKS = 2
"""So many looks in a row without an answer are told; a single one is nothing to worry anybody with."""

_RESULT = model.ScanResult
_STATE = model.OperationState


# --- the lasting message ------------------------------------------------------------------------------------------------------------


def card(operation: model.Operation, capabilities: model.Capabilities, now: datetime) -> model.Message:
    """The operation as it stands: waiting, running with its progress, or ended with its verdict and what can be done next."""
    return _DRAWN[operation.state](operation, capabilities, now)


def _starting(operation: model.Operation, capabilities: model.Capabilities) -> model.Message:
    line = f"{scan_wording.thing(operation)} is starting: waiting for {scan_wording.system(capabilities)} to take it."
    if operation.misses >= _SILENT_LOOKS:
        line += f" {scan_wording.system(capabilities)} has not answered yet; nothing is started twice, and it goes on by itself."
    small, at = f"Asked for by {text.short(operation.actor_name, 60, 'somebody')} via Slack", text.when(scan_wording.since(operation))
    said = text.sentence(text.spoken(line), f"{text.spoken(small)}, {at}")
    return limits.fit(model.Message(said, (blocks.section(line), blocks.context(f"{small} ·", blocks.marked(at)))))


def _running(operation: model.Operation, capabilities: model.Capabilities, now: datetime) -> model.Message:
    line, told, bar = f"{scan_wording.running(operation)}.", _progress(operation, capabilities), _bar(operation)
    follows = (
        f"{text.capital(scan_wording.joined(operation.then))} {_follow(operation.then)} when this goes well." if operation.then else ""
    )
    asked = text.short(operation.aborted_by, 60, "")
    stopping = f"{asked} asked to stop it; waiting for {scan_wording.system(capabilities)} to end it." if asked else ""
    extent = text.capital(scan_wording.extent(operation, (operation.request.kind,)))
    at, lasted = text.when(scan_wording.since(operation)), scan_wording.lasted(operation, now)
    for_ = f" (for {lasted})" if lasted else ""
    began = "Running since" if _begun(operation) else "Asked for"
    silent = _silence(operation, capabilities)
    small = _small(operation, capabilities)
    said = text.sentence(
        text.spoken(line),
        text.spoken(told),
        text.spoken(stopping),
        text.sentence(f"{text.spoken(silent[0])} {silent[1]}", silent[2]) if silent else "",
        f"{began} {at}{for_}",
        text.spoken(text.capital(small)),
        text.spoken(follows),
        text.spoken(extent),
    )
    shown = (
        blocks.section("\n".join(part for part in (line, f"{bar} {told}".strip(), stopping) if part)),
        *((blocks.context(silent[0], blocks.marked(silent[1]), silent[2]),) if silent else ()),
        *blocks.rows(_abort(operation, capabilities), _link(operation, capabilities)),
        blocks.context(began, blocks.marked(f"{at}{for_}"), f"· {small}"),
        *((blocks.context(" · ".join(part for part in (extent, follows) if part)),) if extent or follows else ()),
    )
    return limits.fit(model.Message(said, shown))


def _begun(operation: model.Operation) -> bool:
    return operation.scan is None or operation.scan.result is not _RESULT.QUEUED


def _follow(kinds: Sequence[str]) -> str:
    return "follow" if len(kinds) > 1 else "follows"


def _progress(operation: model.Operation, capabilities: model.Capabilities) -> str:
    scan = operation.scan
    if scan is not None and scan.result is _RESULT.QUEUED:
        return f"It is queued in {scan_wording.system(capabilities)} and has not begun yet."
    told = scan_wording.progress(scan) if scan else ""
    return f"{told}." if told else f"{scan_wording.system(capabilities)} has not told yet how far it is."


def _bar(operation: model.Operation) -> str:
    """ "▓▓▓░░░░░░░" beside the words that say the same; "" when nobody can say how far it is."""
    share = scan_wording.share(operation.scan) if operation.scan and _begun(operation) else None
    return "" if share is None else "▓" * int(share * _BAR) + "░" * (_BAR - int(share * _BAR))


def _silence(operation: model.Operation, capabilities: model.Capabilities) -> tuple[str, str, str] | None:
    """Since when nobody has heard of it: words, a date as markup, words."""
    if operation.misses < _SILENT_LOOKS or operation.seen is None:
        return None
    return f"{scan_wording.system(capabilities)} has not answered since", text.when(operation.seen), "What is shown here is from then."


def _small(operation: model.Operation, capabilities: model.Capabilities) -> str:
    """ "started by Dana via Slack · operation 812"."""
    return " · ".join(
        part for part in (scan_wording.by(operation, scan_wording.system(capabilities)), scan_wording.ident(operation)) if part
    )


def _abort(operation: model.Operation, capabilities: model.Capabilities) -> model.Block | None:
    if model.Action.ABORT not in capabilities.supports:
        return None
    question = f"{scan_wording.system(capabilities)} is asked to stop it. What it has found until then stays."
    sure = blocks.confirm(f"Abort the {scan_wording.noun(operation.request.kind)}?", question, "Abort", "Let it run")
    label = "Abort again" if operation.aborted_by else "Abort"
    return blocks.button(ids.SCAN_ABORT, label, operation.id, hint=f"{label}: {scan_wording.thing(operation)}", confirm=sure)


def _link(operation: model.Operation, capabilities: model.Capabilities) -> model.Block | None:
    return blocks.link_button(ids.OPEN, buttons.open_in(capabilities), operation.scan.url) if operation.scan else None


# --- the verdict --------------------------------------------------------------------------------------------------------------------

_ENDED: Mapping[model.ScanResult, str] = {
    _RESULT.SUCCESS: "succeeded",
    _RESULT.WARNING: "succeeded with a warning",
    _RESULT.FAILURE: "failed",
    _RESULT.ABORTED: "was aborted",
}
_UNKNOWN = "ended, and nobody can say how"
_NOT_FOLLOWED: Mapping[model.Cause, str] = {model.Cause.GAVE_UP: "is not followed any more", model.Cause.VANISHED: "has vanished"}
_GOOD = (_RESULT.SUCCESS, _RESULT.WARNING)


def _done(operation: model.Operation, capabilities: model.Capabilities, now: datetime) -> model.Message:
    verdict = operation.verdict or model.Verdict(operation.scan.result if operation.scan else _RESULT.UNKNOWN)
    until = scan_wording.ended(operation)
    line = f"{scan_wording.thing(operation)} {_ending(operation, verdict, capabilities)}."
    facts = _facts(operation, verdict, until)
    stood = _stood(operation, scan_wording.lasted(operation, operation.ended or now))
    notes = [note for note in _notes(operation, verdict, capabilities, stood) if note]
    small, at = text.capital(_small(operation, capabilities)), text.when(until) if until else ""
    said = text.sentence(*(text.spoken(part) for part in (line, facts, *notes)), f"{text.spoken(small)}{f', ended {at}' if at else ''}")
    shown = (
        blocks.section("\n".join(part for part in (line, facts) if part)),
        *(blocks.section(note) for note in notes),
        *blocks.rows(*_next(operation, verdict, capabilities)),
        blocks.context(f"{small} · ended" if at else small, *((blocks.marked(at),) if at else ())),
    )
    return limits.fit(model.Message(said, shown))


def _ending(operation: model.Operation, verdict: model.Verdict, capabilities: model.Capabilities) -> str:
    """How it ended, as words that need no colour: "failed", "was aborted by Dana via Slack", "did not start"."""
    if verdict.problem and verdict.problem.cause in _NOT_FOLLOWED:
        return _NOT_FOLLOWED[verdict.problem.cause]
    if operation.scan is None and verdict.result not in _GOOD:
        return "did not start"
    ended = _ENDED.get(verdict.result, _UNKNOWN)
    if verdict.result is not _RESULT.ABORTED:
        return ended
    who = text.short(operation.aborted_by, 60, "")
    return f"{ended} by {who} via Slack" if who else f"{ended} in {scan_wording.system(capabilities)}"


def _facts(operation: model.Operation, verdict: model.Verdict, until: datetime | None) -> str:
    """ "2 new anomalies · 12 tables · 1,204,332 rows read · took 3 minutes"."""
    scan = operation.scan
    if scan is None:
        return ""
    found = text.capital(scan_wording.found(scan)) if operation.request.kind == "scan" else ""
    took = scan_wording.lasted(operation, until) if until else ""
    parts = (found, scan_wording.tables(scan), scan_wording.records(scan), f"took {took}" if took else "")
    return " · ".join(part for part in parts if part)


def _notes(operation: model.Operation, verdict: model.Verdict, capabilities: model.Capabilities, stood: str) -> tuple[str, ...]:
    """The system's own message, the likely cause, what became of the anomaly to be verified, and what was not started."""
    system, problem = scan_wording.system(capabilities), verdict.problem
    own = text.short(operation.scan.message, 1_000, "") if operation.scan else ""
    told = own and not (problem and problem.detail.strip())
    stopped = verdict.stopped
    were = "were" if len(stopped) > 1 else "was"
    return (
        text.sentence(f"{system} says: {own}") if told else "",
        scan_causes.explain(problem, system, stood) if problem else "",
        _verified(operation.verifies, verdict, system) if operation.verifies and not operation.then else "",
        f"{text.capital(scan_wording.joined(stopped))} {were} not started." if stopped else "",
    )


def _stood(operation: model.Operation, lasted: str) -> str:
    """ "was still running after 6 hours": how it stood when the desk saw it last."""
    if operation.scan is None:
        return f"was not taken within {lasted}" if lasted else "was not taken"
    return f"was still running after {lasted}" if lasted else "was still running"


def _verified(ref: model.Ref, verdict: model.Verdict, system: str) -> str:
    ident, passes = text.short(ref.id, 40), verdict.passes
    if verdict.stands == model.GONE:
        return f"Anomaly {ident} is not in {system} any more, so nobody can say whether it passes."
    if verdict.stands:
        closed = f"Anomaly {ident} was archived as {text.short(verdict.stands, 40)} while the scan ran"
        return f"{closed}, so nobody can say whether it passes."
    if passes is None:
        return f"Whether anomaly {ident} passes now, nobody can say yet. Look at it with Show, or verify it again."
    return f"Anomaly {ident} passes now and is resolved." if passes else f"Anomaly {ident} still fails."


def _next(operation: model.Operation, verdict: model.Verdict, capabilities: model.Capabilities) -> list[model.Block | None]:
    """What can be done now: look at what was found, one click for the cause, start what was left out, open it in its system."""
    fixes: list[model.Block] = []
    if model.Action.SCAN in capabilities.supports:
        fixes = scan_causes.fixes(verdict.problem, operation)
        if not fixes and not verdict.problem and verdict.result in (_RESULT.FAILURE, _RESULT.ABORTED):
            fixes = [scan_causes.fix(ids.FIX_AGAIN, operation)]
        if verdict.stopped:
            fixes.append(scan_causes.fix(ids.FIX_REST, operation))
    show = buttons.show(operation.verifies, 0, hint=f"Show anomaly {text.short(operation.verifies.id, 40)}") if operation.verifies else None
    return [_review(operation, verdict), show, *fixes, _link(operation, capabilities)]


def _review(operation: model.Operation, verdict: model.Verdict) -> model.Block | None:
    """[Review] of what is open on its tables, when something was found or nobody knows."""
    found = operation.scan.anomalies if operation.scan else None
    if operation.request.kind != "scan" or not (found or (found is None and operation.scan and verdict.words)):
        return None
    value = ids.encode_scope(model.ReviewScope(words=verdict.words))
    return blocks.button(ids.REVIEW_OPEN, "Review", value, style="primary", hint=f"Review what {scan_wording.thing(operation)} found")


_Drawn = Callable[[model.Operation, model.Capabilities, datetime], model.Message]

_DRAWN: Mapping[model.OperationState, _Drawn] = {
    _STATE.PREVIEW: lambda operation, *_: blocks.line(
        f"{scan_wording.wanted(operation)}: waiting for its confirmation. Nothing was started."
    ),
    _STATE.CANCELLED: lambda operation, *_: blocks.line(f"Cancelled: {scan_wording.wanted(operation)}. Nothing was started."),
    _STATE.STARTING: lambda operation, capabilities, _: _starting(operation, capabilities),
    _STATE.RUNNING: _running,
    _STATE.DONE: _done,
}
"""The message of each state."""


# --- answers ------------------------------------------------------------------------------------------------------------------------


def started(operations: Sequence[model.Operation]) -> model.Message:
    """The answer to [Start]: what was started, and where it can be followed."""
    what = "; ".join(scan_wording.wanted(operation) for operation in operations[: scan_preview.LINES]) or "nothing"
    line = text.sentence(f"Started: {what}", scan_wording.more(len(operations), scan_preview.LINES, "operation"))
    where = list(dict.fromkeys(_where(operation.channel) for operation in operations))[: scan_preview.LINES]
    follow = f"Follow {'it' if len(operations) == 1 else 'them'} {' and '.join(where)}." if where else ""
    shown = (blocks.section(line), *((blocks.context(blocks.marked(follow)),) if follow else ()))
    return limits.fit(model.Message(text.sentence(text.spoken(line), follow), shown))


def _where(channel: str) -> str:
    """A channel link that Slack writes out itself; ids only, so that it can be nothing else."""
    return f"in <#{channel}>" if re.fullmatch(r"[CG][A-Z0-9]+", channel) else "in your direct messages"


def cancelled() -> model.Message:
    """The answer to [Cancel]."""
    return blocks.line("Cancelled. Nothing was started.")


def aborting(operation: model.Operation) -> model.Message:
    """The answer to [Abort]: it is asked for, not done yet."""
    system = text.capital(text.short(operation.source, 40, "the system"))
    line = f"{system} was asked to abort: {scan_wording.thing(operation)}"
    return blocks.line(text.sentence(line, "Its message shows when it has ended. What it found until then stays"))


def status(
    running: Sequence[model.Operation], recent: Sequence[model.Operation], capabilities: model.Capabilities, now: datetime
) -> model.Message:
    """What runs, each with [Abort], and what ended last."""
    if not running and not recent:
        return blocks.line("Nothing is running, and nothing ran lately. Start a scan with /scan <datastore>.")
    heads = f"{text.count(len(running), 'operation')} running" if running else "Nothing is running now"
    shown: list[model.Block] = [blocks.section(f"{heads}.")]
    said = [heads]
    for operation in running[: scan_preview.LINES]:
        line, at = _status_line(operation, capabilities), text.when(scan_wording.since(operation))
        lasted = scan_wording.lasted(operation, now)
        since = f"{at}{f' (for {lasted})' if lasted else ''}"
        shown += [blocks.section(line, _abortable(operation, capabilities)), blocks.context("since", blocks.marked(since))]
        said.append(f"{text.spoken(line)}, since {since}")
    shown += [blocks.context(left)] if (left := scan_wording.more(len(running), scan_preview.LINES, "operation")) else []
    shown += [blocks.section("Ended lately:")] if recent else []
    for operation in recent[: scan_preview.LINES]:
        line, until = _status_line(operation, capabilities), scan_wording.ended(operation)
        shown.append(blocks.context(line, *((blocks.marked(text.when(until)),) if until else ())))
        said.append(f"{text.spoken(line)}{f', {text.when(until)}' if until else ''}")
    return limits.fit(model.Message(text.sentence(*said), tuple(shown)))


def _abortable(operation: model.Operation, capabilities: model.Capabilities) -> model.Block | None:
    return _abort(operation, capabilities) if operation.state is _STATE.RUNNING else None


def _status_line(operation: model.Operation, capabilities: model.Capabilities) -> str:
    """ "812: Scan of orders in warehouse-prod · 3 of 12 tables · started by Dana via Slack"."""
    ident = text.short(operation.scan.id, 40) if operation.scan else "no id yet"
    if operation.state is _STATE.DONE:
        verdict = operation.verdict or model.Verdict(operation.scan.result if operation.scan else _RESULT.UNKNOWN)
        until = scan_wording.ended(operation)
        how = " · ".join(part for part in (_ending(operation, verdict, capabilities), _facts(operation, verdict, until)) if part)
    elif operation.state is _STATE.RUNNING:
        how = _progress(operation, capabilities).rstrip(".")
    else:
        how = f"waiting for {scan_wording.system(capabilities)} to take it"
    return f"{ident}: {scan_wording.thing(operation)} · {how} · {scan_wording.by(operation, scan_wording.system(capabilities))}"


def help_text() -> model.Message:
    """What `/scan` can be asked, each with an example."""
    usage = [f"{grammar.SCAN_SLASH} {verb.usage}".rstrip() + f": {verb.about}." for verb in grammar.SCAN_VERBS]
    examples = [f"{grammar.SCAN_SLASH} {verb.example}" for verb in grammar.SCAN_VERBS if verb.example]
    about = "Commas name several. Without tables or tags everything in the datastore is meant."
    sure = "Whatever may close anomalies is shown first and starts only after your click; the rest starts at once."
    said = text.sentence(
        "Anomaly Desk starts, follows and stops scans with these commands",
        text.spoken(" ".join(usage)),
        text.spoken(f"For example: {'; '.join(examples)}"),
        about,
        sure,
    )
    shown = (
        blocks.header("What you can ask of /scan"),
        blocks.section("\n".join(usage)),
        blocks.context("For example:"),
        blocks.preformatted("\n".join(examples)),
        blocks.context(about),
        blocks.context(sure),
    )
    return limits.fit(model.Message(said, shown))
