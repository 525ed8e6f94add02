"""Scans and their relatives: the preview that its actor starts, the lasting message from start to verdict, and the answers to buttons."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot import model
from bot.core import grammar, phrases
from bot.render.anomaly import buttons, rows, wording
from bot.render.kit import blocks, ids, limits, text
from bot.render.scan import scan_causes, scan_chain, scan_preview, scan_wording

_BAR = 10
_SILENT_LOOKS = 2
"""So many looks in a row without an answer are told; a single one is nothing to worry anybody with."""

_RESULT = model.ScanResult
_STATE = model.OperationState


# --- the lasting message ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Face:
    """One operation as its message shows it: the head as mrkdwn, what is said of it in sentences, and what stands below the head."""

    head: str
    said: Sequence[str]
    below: Sequence[model.Block] = ()


def card(
    operation: model.Operation,
    capabilities: model.Capabilities,
    now: datetime,
    before: Sequence[model.Operation] = (),
    anomaly: model.Anomaly | None = None,
) -> model.Message:
    """The operation as it stands: waiting, running with its progress, or ended with its verdict and what can be done next.

    `before` are the steps of the same chain that ended before it: a chain is one message with a line for each step. `anomaly` is what the
    operation verifies, as far as this desk knows it.
    """
    face = _DRAWN[operation.state](operation, capabilities, now, anomaly)
    if operation.steps <= 1:
        return limits.fit(model.Message(text.sentence(*face.said), (_section(face.head), *face.below)))
    system = scan_wording.system(capabilities)
    title = scan_chain.title(operation, before)
    earlier, later = scan_chain.earlier(before, system), scan_chain.later(operation)
    head = "\n".join([f"*{text.spoken(title)}*", *(line.marked for line in earlier), face.head, *(line.marked for line in later)])
    said = text.sentence(text.spoken(title), *(line.said for line in earlier), *face.said, *(line.said for line in later))
    return limits.fit(model.Message(said, (_section(head), *face.below)))


def _section(markup: str) -> model.Block:
    return {"type": "section", "text": blocks.marked(markup)}


def _starting(operation: model.Operation, capabilities: model.Capabilities, _now: datetime, anomaly: model.Anomaly | None) -> _Face:
    thing, system = _thing(operation, anomaly), scan_wording.system(capabilities)
    line = f"is starting: waiting for {system} to take it."
    if operation.misses >= _SILENT_LOOKS:
        line += f" {system} has not answered yet; nothing is started twice, and it goes on by itself."
    small, at = f"Asked for by {text.short(operation.actor_name, 60, 'somebody')} via Slack", text.when(scan_wording.since(operation))
    head = f"{scan_wording.WAITS} {text.spoken(thing)} *is starting*{text.spoken(line.removeprefix('is starting'))}"
    said = (text.spoken(f"{thing} {line}"), f"{text.spoken(small)}, {at}")
    return _Face(head, said, (blocks.context(f"{small} ·", blocks.marked(at)),))


def _running(operation: model.Operation, capabilities: model.Capabilities, now: datetime, anomaly: model.Anomaly | None) -> _Face:
    line, told, bar = f"{scan_wording.running(operation)}.", _progress(operation, capabilities), _bar(operation)
    about = f"Checking whether {_named(operation.verifies, anomaly)} passes now." if _verifies(operation) else ""
    asked = text.short(operation.aborted_by, 60, "")
    stopping = f"{asked} asked to stop it; waiting for {scan_wording.system(capabilities)} to end it." if asked else ""
    extent = text.capital(scan_wording.extent(operation, (operation.request.kind,)))
    at, lasted = text.when(scan_wording.since(operation)), scan_wording.lasted(operation, now)
    for_ = f" (for {lasted})" if lasted else ""
    began = "Running since" if _begun(operation) else "Asked for"
    silent = _silence(operation, capabilities)
    small = _small(operation, capabilities)
    said = (
        text.spoken(about),
        text.spoken(line),
        text.spoken(told),
        text.spoken(stopping),
        text.sentence(f"{text.spoken(silent[0])} {silent[1]}", silent[2]) if silent else "",
        f"{began} {at}{for_}",
        text.spoken(text.capital(small)),
        text.spoken(extent),
    )
    head = "\n".join(text.spoken(part) for part in (about, line, f"{bar} {told}".strip(), stopping) if part)
    below = (
        *((blocks.context(silent[0], blocks.marked(silent[1]), silent[2]),) if silent else ()),
        *blocks.rows(_abort(operation, capabilities), _link(operation, capabilities)),
        blocks.context(began, blocks.marked(f"{at}{for_}"), f"· {small}"),
        *((blocks.context(extent),) if extent else ()),
    )
    return _Face(f"{scan_wording.RUNS} {head}", (*said, _pressed(below)), below)


def _thing(operation: model.Operation, anomaly: model.Anomaly | None) -> str:
    """What it is called; a verification by its anomaly, too."""
    thing = scan_wording.thing(operation)
    return f"{thing}, which checks {_named(operation.verifies, anomaly)}," if _verifies(operation) else thing


def _verifies(operation: model.Operation) -> bool:
    return operation.verifies is not None and not operation.then


def _named(ref: model.Ref | None, anomaly: model.Anomaly | None) -> str:
    """ "orders · customer_id not null · #1001": an anomaly by what it is about; by its id alone where nobody knows more."""
    ident = f"#{text.short(ref.id, 40)}" if ref else "an anomaly"
    if anomaly is None:
        return f"anomaly {ident}"
    return wording.dotted(rows.title(anomaly), ident)


def _begun(operation: model.Operation) -> bool:
    return operation.scan is None or operation.scan.result is not _RESULT.QUEUED


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


def _done(operation: model.Operation, capabilities: model.Capabilities, now: datetime, anomaly: model.Anomaly | None) -> _Face:
    verdict, system = scan_wording.judged(operation), scan_wording.system(capabilities)
    until = scan_wording.ended(operation)
    thing, ending = scan_wording.thing(operation), scan_wording.ending(operation, system)
    facts = scan_wording.facts(operation)
    stood = _stood(operation, scan_wording.lasted(operation, operation.ended or now))
    notes = [note for note in _notes(operation, verdict, system, stood) if note]
    checked = _checked(operation, verdict, anomaly, system)
    small, at = text.capital(_small(operation, capabilities)), text.when(until) if until else ""
    line = f"{text.spoken(thing)} {ending.marked()}."
    heads = (checked.marked, line) if checked else (f"{scan_wording.mark(verdict.result)} {line}",)
    head = "\n".join(part for part in (*heads, text.spoken(facts)) if part)
    told = (checked.said if checked else "", text.spoken(f"{thing} {ending}"), *(text.spoken(part) for part in (facts, *notes)))
    below = (
        *(blocks.section(note) for note in notes),
        *blocks.rows(*_next(operation, verdict, capabilities)),
        blocks.context(f"{small} · ended" if at else small, *((blocks.marked(at),) if at else ())),
    )
    return _Face(head, (*told, f"{text.spoken(small)}{f', ended {at}' if at else ''}", _pressed(below)), below)


def _pressed(below: Sequence[model.Block]) -> str:
    """ "You can press Review or Run it again", as mrkdwn for those who read only the text."""
    labels = [str(part["text"]["text"]) for block in below if block["type"] == "actions" for part in block["elements"]]
    return text.spoken(f"You can press {phrases.either(labels)}") if labels else ""


def _notes(operation: model.Operation, verdict: model.Verdict, system: str, stood: str) -> tuple[str, ...]:
    """The system's own message, and the likely cause."""
    problem = verdict.problem
    own = text.short(operation.scan.message, 1_000, "") if operation.scan else ""
    told = own and not (problem and problem.detail.strip())
    return (text.sentence(f"{system} says: {own}") if told else "", scan_causes.explain(problem, system, stood) if problem else "")


def _stood(operation: model.Operation, lasted: str) -> str:
    """ "was still running after 6 hours": how it stood when the desk saw it last."""
    if operation.scan is None:
        return f"was not taken within {lasted}" if lasted else "was not taken"
    return f"was still running after {lasted}" if lasted else "was still running"


def _checked(operation: model.Operation, verdict: model.Verdict, anomaly: model.Anomaly | None, system: str) -> scan_chain.Line | None:
    """What became of the anomaly that was to be verified, with its mark; None where nothing was."""
    if not _verifies(operation):
        return None
    named, passes = _named(operation.verifies, anomaly), verdict.passes
    what = named if anomaly is not None else text.capital(named)
    if verdict.stands == model.GONE:
        return scan_chain.line(_UNSAID, what, f"is not in {system} any more", ", so nobody can say whether it passes.")
    if verdict.stands:
        closed = f"was archived as {text.short(verdict.stands, 40)}"
        return scan_chain.line(_UNSAID, what, closed, " while the scan ran, so nobody can say whether it passes.")
    if passes is None:
        rest = " whether it passes now. Look at it with Show, or verify it again."
        return scan_chain.line(_UNSAID, f"{what}:", "nobody can say yet", rest)
    if passes:
        return scan_chain.line(scan_wording.PASSES, what, "passes now", " and is resolved.")
    by = f" ({rows.evidence(anomaly)})" if anomaly is not None and anomaly.records else ""
    return scan_chain.line(scan_wording.FAILS, what, "still fails", f"{by}.")


_UNSAID = scan_wording.mark(_RESULT.UNKNOWN)


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


_Drawn = Callable[[model.Operation, model.Capabilities, datetime, model.Anomaly | None], _Face]


def _plain(line: str) -> _Face:
    return _Face(text.spoken(line), (text.spoken(line),))


_DRAWN: Mapping[model.OperationState, _Drawn] = {
    _STATE.PREVIEW: lambda operation, *_: _plain(f"{scan_wording.wanted(operation)}: waiting for its confirmation. Nothing was started."),
    _STATE.CANCELLED: lambda operation, *_: _plain(f"Cancelled: {scan_wording.wanted(operation)}. Nothing was started."),
    _STATE.STARTING: _starting,
    _STATE.RUNNING: _running,
    _STATE.DONE: _done,
}
"""What each state shows."""


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
        ending = str(scan_wording.ending(operation, scan_wording.system(capabilities)))
        how = " · ".join(part for part in (ending, scan_wording.facts(operation)) if part)
    elif operation.state is _STATE.RUNNING:
        how = _progress(operation, capabilities).rstrip(".")
    else:
        how = f"waiting for {scan_wording.system(capabilities)} to take it"
    return f"{ident}: {scan_wording.thing(operation)} · {how} · {scan_wording.by(operation, scan_wording.system(capabilities))}"


def help_text(scanned: grammar.Scanned = grammar.ANY_SCANNED) -> model.Message:
    """What `/scan` can be asked, each with an example; `scanned` is what these name."""
    usage = [f"{grammar.SCAN_SLASH} {verb.usage}".rstrip() + f": {verb.about}." for verb in grammar.SCAN_VERBS]
    examples = [f"{grammar.SCAN_SLASH} {grammar.scan_example(verb.name, scanned)}" for verb in grammar.SCAN_VERBS if verb.example]
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
        blocks.preformatted("\n".join(text.squeeze(example.replace("`", "'")) for example in examples)),
        blocks.context(about),
        blocks.context(sure),
        *blocks.actions(blocks.button(ids.SCAN_OPEN, "Scan", "help", hint="Start a scan in a form")),
    )
    return limits.fit(model.Message(said, shown))
