"""One change to many anomalies, in its lasting message: how far it is, what came of it, and how it was taken back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from bot import model
from bot.core import grammar, phrases
from bot.render.batch import batch_preview, batch_wording
from bot.render.kit import blocks, ids, limits, marks, text

UNDO_FOR = timedelta(minutes=30)
"""How long after its end a batch can be taken back."""
_BAR = 10


# --- answers to the buttons -----------------------------------------------------------------------------------------------------------


def started(view: model.BatchView) -> model.Message:
    """The answer to whoever cannot see the message itself, because it stands in another conversation: what has begun, and where."""
    return _elsewhere(view.batch, f"{batch_wording.running(view)}.", "how far it is, and then what came of it", "your ")


def taking_back(view: model.BatchView) -> model.Message:
    """The answer to an undo that was typed: which batch it is about, and where its message is, which may be far above."""
    return _elsewhere(view.batch, f"This is being taken back: {batch_wording.finished(view)}.", "what comes of it")


def _elsewhere(batch: model.Batch, line: str, shows: str, whose: str = "") -> model.Message:
    """What goes on, and where the message is that `shows` it; an undo may be of a batch in somebody else's direct messages."""
    where = f"in {whose}direct messages with this desk" if batch.channel.startswith("D") else f"in <#{batch.channel}>"
    there = f"Its message {where} shows {shows}."
    return limits.fit(model.Message(f"{text.spoken(line)} {there}", (blocks.section(line), blocks.context(blocks.marked(there)))))


def cancelled(batch: model.Batch) -> model.Message:
    """The answer to [Cancel]."""
    return blocks.line(f"Cancelled: {_asked(model.BatchView(batch, model.Progress({}), {}))}. Nothing was changed.")


def _asked(view: model.BatchView) -> str:
    return batch_wording.wanted(view, view.batch.total)


# --- the lasting message ----------------------------------------------------------------------------------------------------------------


def card(view: model.BatchView) -> model.Message:
    """Progress while it runs, the receipt afterwards; [Undo] while it is `undoable` and there is something that could return.

    For a batch of at most `batch_wording.CSV_ABOVE` the refusals should name all their ids, so that the receipt can.
    """
    return _DRAWN[view.batch.state](view)


def _waiting(view: model.BatchView) -> model.Message:
    return blocks.line(f"{_asked(view)}: waiting for its confirmation. Nothing was changed.")


def _running(view: model.BatchView) -> model.Message:
    words, shares = _selected(view), batch_wording.shares(view)
    reasons = batch_wording.reasons(view, all_of_them=False)
    line = f"{batch_wording.running(view)}: {batch_wording.counted(view.batch, view.progress.counts)}"
    said = text.sentence(
        text.spoken(text.sentence(line, f"{_percent(view)} is settled", f"Selected: {words}" if words else "")),
        batch_wording.spoken(shares),
        batch_wording.spoken(reasons),
    )
    shown = (
        blocks.section(f"{' · '.join(filter(None, (line, words)))}\n{_bar(view)}"),
        *_lines(shares),
        *(blocks.section(reason) for reason in reasons),
        *_extra(view),
    )
    return limits.fit(model.Message(said, shown))


def _receipt(view: model.BatchView) -> model.Message:
    """What was done in one line, each system's share of it, why something was not, and what can be done now; what took it back stands
    above it."""
    batch, large = view.batch, view.batch.total > batch_wording.CSV_ABOVE
    words, shares, extra = _selected(view), batch_wording.shares(view), _extra(view)
    title, aside = batch_wording.finished(view), batch_wording.counted(batch, view.progress.counts, done=False)
    bad = [(severity, amount) for severity, amount in view.done.severities if severity in _GRAVE] if batch.change.action in _LOSING else []
    left, reasons = _left(view), batch_wording.reasons(view, all_of_them=not (large or view.back))
    afterwards, undo = _afterwards(view)
    again = _again(view)
    file = "CSV in the thread" if large else ""
    back = view.back
    said = text.sentence(
        *(_back_spoken(back) if back else ()),
        text.spoken(
            text.sentence(
                f"Before that, {title}" if back else title,
                f"Among them: {marks.spoken(bad)}" if bad else "",
                text.capital(aside),
                text.capital(left),
            )
        ),
        text.spoken(f"Selected: {words}" if words else ""),
        batch_wording.spoken(shares),
        batch_wording.spoken(reasons),
        batch_wording.spoken([f"Each: {'; '.join(batch_wording.gets(batch.change, view.names))}"] if extra else []),
        afterwards,
        "Press Try that part again for the part whose system did not answer" if again else "",
        f"{file} names every anomaly with its result" if file else "",
    )
    shown = (
        *(_back_shown(back) if back else ()),
        blocks.bold(title, "".join(f" · {part}" for part in (aside, left, words) if part).lstrip()),
        *((blocks.context(blocks.marked(f"Among them: {marks.marked(bad)}")),) if bad else ()),
        *_lines(shares),
        *(blocks.section(reason) for reason in reasons),
        *extra,
        *blocks.actions(undo, again),
        *_fine(afterwards, file),
    )
    return limits.fit(model.Message(said, shown))


_DRAWN: Mapping[model.BatchState, Callable[[model.BatchView], model.Message]] = {
    model.BatchState.PREVIEW: _waiting,
    model.BatchState.RUNNING: _running,
    model.BatchState.DONE: _receipt,
    model.BatchState.CANCELLED: lambda view: cancelled(view.batch),
}

_GRAVE = (model.Severity.CRITICAL, model.Severity.HIGH)

_LOSING = (model.Action.ARCHIVE, model.Action.DELETE, model.Action.ACKNOWLEDGE)
"""After these nobody may look again: whoever reads the channel should know how bad they were."""


# --- pieces ------------------------------------------------------------------------------------------------------------------------


def _selected(view: model.BatchView) -> str:
    """The selection as typed, people by their names; that of an undo is the batch that it takes back."""
    return "" if view.batch.undo_of else text.short(grammar.named(view.batch.words, view.names), 300, "")


def _share(view: model.BatchView) -> float:
    total = max(1, view.batch.total)
    return min(1.0, max(0.0, 1 - batch_wording.of(view.progress, *batch_wording.WAITING) / total))


def _percent(view: model.BatchView) -> str:
    return f"{int(_share(view) * 100)} %"


def _bar(view: model.BatchView) -> str:
    full = int(_share(view) * _BAR)
    return f"{'▓' * full}{'░' * (_BAR - full)} {_percent(view)}"


def _lines(lines: Sequence[str]) -> tuple[model.Block, ...]:
    return (blocks.section("\n".join(lines)),) if lines else ()


def _extra(view: model.BatchView) -> tuple[model.Block, ...]:
    batch = view.batch
    extra = [] if batch.undo_of else [*filter(None, [batch_wording.ways(view)]), *batch_wording.gets(batch.change, view.names)]
    return (blocks.context(f"Each: {'; '.join(extra)}."),) if extra else ()


def _left(view: model.BatchView) -> str:
    """How those stand now that were reopened: "they are Acknowledged now", "40 are Acknowledged and 2 are Active now"."""
    if view.batch.undo_of or view.batch.change.action is not model.Action.REOPEN:
        return ""
    told = [(text.short(word, 40), amount) for word, amount in view.done.statuses if word.strip()]
    if len(told) == 1 and told[0][1] == batch_wording.of(view.progress, model.Fate.DONE):
        return f"{'it is' if told[0][1] == 1 else 'they are'} {told[0][0]} now"
    return f"{phrases.both([f'{text.number(n)} {_is(n)} {word}' for word, n in told])} now" if told else ""


def _is(amount: int) -> str:
    return "is" if amount == 1 else "are"


def _fine(*parts: str) -> tuple[model.Block, ...]:
    shown = " · ".join(part for part in parts if part)
    return (blocks.context(blocks.marked(shown)),) if shown else ()


# --- what can be done now ------------------------------------------------------------------------------------------------------------


def _afterwards(view: model.BatchView) -> tuple[str, model.Block | None]:
    """Whether and until when it can be taken back, as mrkdwn, and the button for it."""
    batch, done = view.batch, batch_wording.of(view.progress, model.Fate.DONE)
    if view.back is not None or not done or batch.undo_of:
        return "", None
    if batch.undone_by:
        return "This was taken back", None
    if batch.change.action is model.Action.DELETE:
        return "No undo: they are gone for good", None
    told = batch_preview.fine_print(view).rstrip(".")
    if not told.startswith(batch_preview.UNDO):
        return text.spoken(told), None
    if not view.undoable:
        return "", None
    until = f"Undo until {text.when(batch.finished + UNDO_FOR, '{time}')}" if batch.finished else batch_preview.UNDO
    return f"{until}{text.spoken(told.removeprefix(batch_preview.UNDO))}", _undo(view, done)


def _again(view: model.BatchView) -> model.Block | None:
    """The button for the part that was refused as a whole, while its system did not answer."""
    batch = view.batch
    if batch.undo_of or batch.undone_by or view.back is not None or not batch_wording.parted(view):
        return None
    return blocks.button(ids.BATCH_AGAIN, "Try that part again", batch.id, hint="Try the part again whose system did not answer")


def _undo(view: model.BatchView, done: int) -> model.Block:
    question = f"{batch_wording.anomalies(done)} will be put back as before, wherever nobody changed anything since."
    sure = blocks.confirm("Take this back?", question, "Undo", "Keep it")
    return blocks.button(ids.BATCH_UNDO, "Undo", view.batch.id, hint=f"Undo: {batch_wording.wanted(view, done)}", confirm=sure)


# --- taken back ------------------------------------------------------------------------------------------------------------------------


def _back_line(back: model.BatchView) -> tuple[str, str]:
    """Who takes it back or has done so, and how much of it."""
    who, counted = batch_wording.actor(back.batch), batch_wording.counted(back.batch, back.progress.counts)
    if back.batch.state is not model.BatchState.DONE:
        return f"{who} is taking this back", f"{counted} · {_bar(back)}"
    return f"Taken back by {who}", counted


def _back_shown(back: model.BatchView) -> tuple[model.Block, ...]:
    line, counted = _back_line(back)
    reasons = batch_wording.reasons(back, all_of_them=back.batch.total <= batch_wording.CSV_ABOVE)
    at = text.when(back.batch.finished) if back.batch.finished else ""
    return (
        blocks.bold(f"{line}:", counted),
        *_lines(batch_wording.shares(back)),
        *(blocks.section(reason) for reason in reasons),
        *_fine(at),
    )


def _back_spoken(back: model.BatchView) -> tuple[str, ...]:
    line, _ = _back_line(back)
    at = f" {text.when(back.batch.finished)}" if back.batch.finished else ""
    counted = batch_wording.counted(back.batch, back.progress.counts)
    reasons = batch_wording.reasons(back, all_of_them=False)
    return (f"{text.spoken(line)}{at}: {counted}", batch_wording.spoken(batch_wording.shares(back)), batch_wording.spoken(reasons))
