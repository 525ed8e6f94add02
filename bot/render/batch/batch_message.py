"""One change to many anomalies: the preview that its actor confirms, and the lasting message with progress and receipt."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from bot import model
from bot.core import batch_items
from bot.render import siblings
from bot.render.anomaly import wording
from bot.render.batch import batch_wording
from bot.render.kit import blocks, ids, limits, text, unheard

UNDO_FOR = timedelta(minutes=30)
"""How long after its end a batch can be taken back."""
_SPLIT = 5
_SAMPLES = 5
_BAR = 10


# --- the preview --------------------------------------------------------------------------------------------------------------------

_MEANING: Mapping[model.Action, str] = {
    model.Action.ARCHIVE: "Archived anomalies leave the queue. Undo asks {system} to reopen them for 30 minutes afterwards; where {system} "
    "does not do that, they stay archived and the receipt of the undo names them.",
    model.Action.DELETE: "Deleted anomalies are gone for good: neither this desk nor {system} brings them back.",
    model.Action.COMMENT: "A comment cannot be taken back from here.",
    model.Action.REOPEN: "Not every system does this for every anomaly: each one is read again afterwards, and the receipt names those "
    "that stayed archived.",
}
_NO_REOPENING = "{system} offers no way to reopen them from Slack, so this cannot be undone here."
_NO_WAY_BACK = f"Archived anomalies leave the queue. {_NO_REOPENING}"


def preview(
    batch: model.Batch,
    split: model.Split,
    progress: model.Progress,
    capabilities: model.Capabilities,
    names: batch_wording.Names = batch_wording.NOBODY,
    silent: Sequence[model.Unheard] = (),
    later: int = 0,
) -> model.Message:
    """What would happen, for the one who asked: nothing is changed until [Confirm], or, for a deletion, until the number is typed. `silent`
    are the systems whose anomalies are not in it, `later` how many joined the group card after it was seen."""
    todo = batch_wording.of(progress, *batch_wording.WAITING)
    if not todo:
        return unheard.beside(_nothing_to_do(batch, progress, capabilities), silent, "batch")
    title = batch_wording.wanted(batch, todo, names, capabilities.archive_as)
    gets = batch_wording.gets(batch.change, names) if batch.change.action is not model.Action.DELETE else []
    each = "Each anomaly gets:\n" + "\n".join(f"• {part}" for part in gets) if gets else ""
    beside = [batch_wording.later(later)] if later else []
    chosen = "\n".join([_chosen(batch, progress), *beside, *batch_wording.reasons(batch, progress, capabilities, all_of_them=False)])
    sorted_ = "\n".join(_split(split))
    samples = [wording.sample(one) for one in split.sample[:_SAMPLES]]
    sure = _sure(batch, todo)
    meaning = _meaning(batch.change.action, capabilities)
    said = text.sentence(
        text.spoken(f"{title}?"),
        unheard.spoken(silent, "batch"),
        *(text.spoken(text.joined(part)) for part in (chosen, each, sorted_, meaning)),
        text.spoken(sure),
    )
    shown = (
        blocks.header(f"{title}?"),
        *unheard.rows(silent, "batch"),
        blocks.section(chosen),
        *(blocks.section(part) for part in (each, sorted_) if part),
        *((blocks.section("For example:\n" + "\n".join(samples)),) if samples else ()),
        blocks.context(meaning, sure),
        *blocks.actions(_confirm(batch, todo, title), blocks.button(ids.BATCH_CANCEL, "Cancel", batch.id, hint=f"Cancel: {title}")),
    )
    return limits.fit(model.Message(said, shown))


def _chosen(batch: model.Batch, progress: model.Progress) -> str:
    """ "320 anomalies are selected (table:orders). 312 would change, 5 are so already, 3 are refused."."""
    by = f" ({text.short(batch.words, 300)})" if batch.words.strip() else ""
    verb = "is" if batch.total == 1 else "are"
    todo = batch_wording.of(progress, *batch_wording.WAITING)
    aside = [
        f"{text.number(amount)} {'is' if amount == 1 else 'are'} {word}"
        for amount, word in (
            (batch_wording.of(progress, model.Fate.ALREADY), "so already"),
            (batch_wording.of(progress, *batch_wording.NOT_DONE), "left out"),
        )
        if amount
    ]
    counted = ", ".join([f"{text.number(todo)} would change" if todo else "None would change", *aside]) if aside else ""
    return text.sentence(f"{batch_wording.anomalies(batch.total)} {verb} selected{by}", counted)


def _told(pairs: Sequence[tuple[str, int]], none: str) -> Sequence[tuple[str, int]]:
    names = siblings.apart([name for name, _ in pairs], 60, none)
    return list(zip(names, (n for _, n in pairs), strict=True))


def _split(split: model.Split) -> list[str]:
    counted = (("datastore", "no datastore", split.places), ("table", "no table", split.tables), ("status", "no status", split.statuses))
    return [
        f"By {by}: {text.listed([f'{name} {text.number(n)}' for name, n in _told(pairs, none)], _SPLIT)}."
        for by, none, pairs in counted
        if any(name for name, _ in pairs)  # a system may have none of a kind
    ]


def _meaning(action: model.Action, capabilities: model.Capabilities) -> str:
    template = _MEANING.get(action, "Undo takes it back for 30 minutes afterwards, wherever nobody changed anything since.")
    if action is model.Action.ARCHIVE and model.Action.REOPEN not in capabilities.supports:
        template = _NO_WAY_BACK
    return template.format(system=_system(capabilities))


def _system(capabilities: model.Capabilities) -> str:
    return text.short(capabilities.title, 40, "the system")


def _sure(batch: model.Batch, todo: int) -> str:
    if batch.change.action is model.Action.DELETE:
        return (
            f"Nothing is deleted yet: a form asks for the number {text.number(todo)} first. If you closed it, type the command again. "
            "What changes until then is left alone."
        )
    return "Confirm acts on exactly these anomalies. What somebody changes until then is left alone and named in the receipt."


def _confirm(batch: model.Batch, todo: int, title: str) -> model.Block | None:
    """None for a deletion: no single click may destroy anything."""
    if batch.change.action is model.Action.DELETE:
        return None
    style = "danger" if batch.change.action is model.Action.ARCHIVE else "primary"
    label = f"Confirm: {batch_wording.short(batch, todo)}"
    return blocks.button(ids.BATCH_CONFIRM, label, batch.id, style=style, hint=f"Confirm: {title}")


def _nothing_to_do(batch: model.Batch, progress: model.Progress, capabilities: model.Capabilities) -> model.Message:
    lines = [
        text.sentence("Nothing to do", _chosen(batch, progress)),
        *batch_wording.reasons(batch, progress, capabilities, all_of_them=False),
    ]
    return blocks.line("\n".join(lines))


# --- answers to the buttons -----------------------------------------------------------------------------------------------------------


def started(batch: model.Batch, capabilities: model.Capabilities) -> model.Message:
    """The answer to [Confirm], to [Undo] and to the deletion form."""
    line = f"{batch_wording.running(batch, closing=capabilities.archive_as)} in {_system(capabilities)} has begun"
    return blocks.line(text.sentence(line, "Its message shows how far it is, and the receipt afterwards"))


def cancelled(batch: model.Batch) -> model.Message:
    """The answer to [Cancel]."""
    return blocks.line(f"Cancelled: {batch_wording.wanted(batch, batch.total)}. Nothing was changed.")


# --- the lasting message ----------------------------------------------------------------------------------------------------------------


def card(
    batch: model.Batch,
    progress: model.Progress,
    undoable: bool,
    capabilities: model.Capabilities,
    names: batch_wording.Names = batch_wording.NOBODY,
) -> model.Message:
    """Progress while it runs, the receipt afterwards; [Undo] while it is `undoable` and there is something that could return.

    For a batch of at most `batch_wording.CSV_ABOVE` the refusals should name all their ids, so that the receipt can.
    """
    return _DRAWN[batch.state](batch, progress, undoable, capabilities, names)


def _waiting(batch: model.Batch, capabilities: model.Capabilities) -> model.Message:
    wanted = batch_wording.wanted(batch, batch.total, closing=capabilities.archive_as)
    return blocks.line(f"{wanted}: waiting for its confirmation. Nothing was changed.")


def _running(batch: model.Batch, progress: model.Progress, capabilities: model.Capabilities, names: batch_wording.Names) -> model.Message:
    total = max(1, batch.total)
    share = min(1.0, max(0.0, 1 - batch_wording.of(progress, *batch_wording.WAITING) / total))
    title = batch_wording.running(batch, names, capabilities.archive_as)
    line = f"{title}: {batch_wording.counted(batch, progress)}."
    percent = f"{int(share * 100)} %"
    bar = "▓" * int(share * _BAR) + "░" * (_BAR - int(share * _BAR))
    small = _small(batch)
    reasons = batch_wording.reasons(batch, progress, capabilities, all_of_them=False)
    said = text.sentence(text.spoken(line), f"{percent} is settled", text.spoken(small))
    shown = (
        blocks.section(f"{line}\n{bar} {percent}"),
        *(blocks.section(reason) for reason in reasons),
        *_extra(batch, names),
        blocks.context(small),
    )
    return limits.fit(model.Message(said, shown))


def _receipt(
    batch: model.Batch, progress: model.Progress, undoable: bool, capabilities: model.Capabilities, names: batch_wording.Names
) -> model.Message:
    title = batch_wording.finished(batch, batch_wording.of(progress, model.Fate.DONE), names, capabilities.archive_as)
    line = text.sentence(title, text.capital(batch_wording.counted(batch, progress)), _took(batch))
    large = batch.total > batch_wording.CSV_ABOVE
    reasons = batch_wording.reasons(batch, progress, capabilities, all_of_them=not large)
    file = "The CSV in the thread names every anomaly with its result." if large else ""
    afterwards, button = _afterwards(batch, progress, undoable, capabilities)
    again = _again(batch, progress)
    at = text.when(batch.finished) if batch.finished else ""
    small = _small(batch)
    said = text.sentence(
        text.spoken(line),
        afterwards,
        text.spoken(small),
        f"Finished {at}" if at else "",
        file,
        text.spoken(text.joined("\n".join(reasons))),
    )
    shown = (
        blocks.section(line),
        *(blocks.section(reason) for reason in reasons),
        *((blocks.context(file),) if file else ()),
        *_extra(batch, names),
        *((blocks.context(blocks.marked(afterwards)),) if afterwards else ()),
        *blocks.actions(button, again),
        blocks.context(small, *(("· finished", blocks.marked(at)) if at else ())),
    )
    return limits.fit(model.Message(said, shown))


_Drawn = Callable[[model.Batch, model.Progress, bool, model.Capabilities, batch_wording.Names], model.Message]

_DRAWN: Mapping[model.BatchState, _Drawn] = {
    model.BatchState.PREVIEW: lambda batch, _progress, _undoable, capabilities, _names: _waiting(batch, capabilities),
    model.BatchState.RUNNING: lambda batch, progress, _undoable, capabilities, names: _running(batch, progress, capabilities, names),
    model.BatchState.DONE: _receipt,
    model.BatchState.CANCELLED: lambda batch, *_: cancelled(batch),
}


def _took(batch: model.Batch) -> str:
    if batch.confirmed is None or batch.finished is None:
        return ""
    return f"It took {text.duration(max(1.0, (batch.finished - batch.confirmed).total_seconds()))}"


def _small(batch: model.Batch) -> str:
    """ "Asked by Dana · table:orders status:active · batch 4f2a"."""
    typed = "" if batch.undo_of else text.short(batch.words, 300, "")
    parts = (f"Asked by {text.short(batch.actor_name, 60, 'somebody')}", typed, f"batch {batch_wording.ident(batch.id)}")
    return " · ".join(part for part in parts if part)


def _extra(batch: model.Batch, names: batch_wording.Names) -> tuple[model.Block, ...]:
    extra = [] if batch.undo_of else batch_wording.gets(batch.change, names)
    return (blocks.context(f"Each: {'; '.join(extra)}."),) if extra else ()


def _afterwards(
    batch: model.Batch, progress: model.Progress, undoable: bool, capabilities: model.Capabilities
) -> tuple[str, model.Block | None]:
    """Whether and until when it can be taken back, as mrkdwn, and the button for it."""
    action, done = batch.change.action, batch_wording.of(progress, model.Fate.DONE)
    if batch.undone_by:
        return text.spoken(f"This was taken back by batch {batch_wording.ident(batch.undone_by)}."), None
    if not done or batch.undo_of:
        return "", None
    if action in (model.Action.DELETE, model.Action.COMMENT):
        return text.spoken(_meaning(action, capabilities)), None
    if not undoable:
        return "", None
    if action is model.Action.ARCHIVE and model.Action.REOPEN not in capabilities.supports:
        return text.spoken(_NO_REOPENING.format(system=_system(capabilities))), None
    until = f" until {text.when(batch.finished + UNDO_FOR)}" if batch.finished else ""
    also = _UNDO_MEANS.get(action, "What somebody changed since is left alone.").format(system=_system(capabilities))
    remark = " Comments stay." if batch.change.comment.strip() else ""
    return f"Undo takes this back{until}. {text.spoken(also)}{remark}", _undo(batch, done)


def _again(batch: model.Batch, progress: model.Progress) -> model.Block | None:
    """The button for the part that was refused as a whole, while its system did not answer."""
    if batch.undo_of or not any(group.reason.startswith(batch_items.PART) for group in progress.refusals):
        return None
    return blocks.button(ids.BATCH_AGAIN, "Try that part again", batch.id, hint="Try the part again whose system did not answer")


_UNDO_MEANS: Mapping[model.Action, str] = {
    model.Action.ARCHIVE: "For archived anomalies it asks {system} to reopen them; those that {system} keeps archived are named then.",
}


def _undo(batch: model.Batch, done: int) -> model.Block:
    question = f"{batch_wording.anomalies(done)} will be put back as before, wherever nobody changed anything since."
    sure = blocks.confirm("Take this back?", question, "Undo", "Keep it")
    return blocks.button(ids.BATCH_UNDO, "Undo", batch.id, hint=f"Undo: {batch_wording.wanted(batch, done)}", confirm=sure)
