"""A batch in plain words: what it is called, what each anomaly gets, what became of them and why not. Harmless text, never markup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot import model
from bot.core import vocabulary
from bot.render.anomaly import wording
from bot.render.kit import refusals, text

CSV_ABOVE = 20
"""A receipt of more anomalies than this has a CSV in its thread; up to it every refused id is on the card."""

_GROUPS_BESIDE_CSV = 8
_IDS_BESIDE_CSV = 5

Names = Mapping[str, str]
"""The names of the system's users by their ids, as far as somebody knows them."""

Closings = Sequence[model.Closing]
"""The ways of closing that the system has, as far as a title has to call one."""

NOBODY: Names = {}
NOT_DONE = (model.Fate.REFUSED, model.Fate.DRIFTED)
WAITING = (model.Fate.TODO, model.Fate.SENT)


def _verb(batch: model.Batch) -> vocabulary.Verb:
    change, word = batch.change, str(batch.change.action)
    if batch.undo_of:
        word = "undo"
    elif change.action is model.Action.ASSIGN and not change.assignees:
        word = "reassign" if change.assignees is None else "unassign"
    elif change.action is model.Action.TAG and change.remove_tags and not change.add_tags:
        word = "untag"
    return vocabulary.verb(word)


def wanted(batch: model.Batch, amount: int, names: Names = NOBODY, closing: Closings = ()) -> str:
    """ "Archive 312 anomalies as Duplicate", "Take back 312 changes of batch 4f2a"."""
    return _title(batch, _verb(batch).order, _things(batch, amount), names, closing)


def running(batch: model.Batch, names: Names = NOBODY, closing: Closings = ()) -> str:
    """ "Archiving 312 anomalies as Duplicate"."""
    return _title(batch, _verb(batch).running, _things(batch, batch.total), names, closing)


def finished(batch: model.Batch, done: int, names: Names = NOBODY, closing: Closings = ()) -> str:
    """ "Archived 312 anomalies as Duplicate", "Archived 300 of 312 anomalies", "Archived none of 12 anomalies"."""
    of_all = "" if done and done == batch.total else f"{text.number(done) if done else 'none'} of "
    return _title(batch, _verb(batch).done, of_all + _things(batch, batch.total), names, closing)


def short(batch: model.Batch, amount: int) -> str:
    """ "archive 312", for a button."""
    return f"{_verb(batch).order.lower()} {text.number(amount)}"


def _title(batch: model.Batch, verb: str, things: str, names: Names, closing: Closings) -> str:
    if batch.undo_of:
        return f"{verb} {things} of batch {ident(batch.undo_of)}"
    change = batch.change
    if change.action is model.Action.ASSIGN and change.assignees:
        return f"{verb} {things} to {_people(change.assignees, names)}"
    if change.case:
        return f"{verb} {things} to {text.short(change.case, 60)}"
    if change.stage:
        return f"{verb} {things} as {text.short(change.stage, 60)}"
    of = f" of #{text.short(change.duplicate_of, 40)}" if change.duplicate_of else ""
    return f"{verb} {things} as {wording.closed(change.archive_as, closing)}{of}" if change.archive_as else f"{verb} {things}"


def _things(batch: model.Batch, amount: int) -> str:
    return text.count(amount, "change") if batch.undo_of else anomalies(amount)


def anomalies(amount: int) -> str:
    """ "1 anomaly", "312 anomalies"."""
    return text.count(amount, "anomaly", "anomalies")


def ident(batch: str) -> str:
    """A batch's id as `/anomalies undo` takes it."""
    return text.short(batch, 40)


def _people(assignees: Sequence[str], names: Names) -> str:
    return text.listed([text.short(names.get(one) or f"user {one}", 60) for one in assignees], 5)


def gets(change: model.Change, names: Names) -> list[str]:
    """What each anomaly gets besides what the title says."""
    parts = []
    if change.add_tags:
        parts.append(f"tags added: {_tags(change.add_tags)}")
    if change.remove_tags:
        parts.append(f"tags removed: {_tags(change.remove_tags)}")
    if change.assignees:
        parts.append(f"assigned to {_people(change.assignees, names)}, in place of whoever is assigned now")
    if change.assignees == ():
        parts.append("nobody is assigned any more")
    if change.description is not None:
        parts.append(f"description: {text.short(change.description, 300)}" if change.description.strip() else "the description is emptied")
    if change.comment.strip():
        parts.append(f"comment: {text.short(change.comment, 300)}")
    return parts


def _tags(tags: Sequence[str]) -> str:
    return text.listed([text.short(tag, 40) for tag in tags])


# --- what became of its anomalies -------------------------------------------------------------------------------------------------

_FATES: Mapping[model.Fate, str] = {
    model.Fate.DONE: "done",
    model.Fate.ALREADY: "already so",
    model.Fate.REFUSED: "refused",
    model.Fate.DRIFTED: "left alone because of a change in between",
}
_FATES_OF_UNDO: Mapping[model.Fate, str] = {
    model.Fate.DONE: "as before again",
    model.Fate.ALREADY: "as before already",
    model.Fate.REFUSED: "could not return",
    model.Fate.DRIFTED: "left alone because of a change since",
}


def _fates(batch: model.Batch) -> Mapping[model.Fate, str]:
    return _FATES_OF_UNDO if batch.undo_of else _FATES


def of(progress: model.Progress, *fates: model.Fate) -> int:
    """How many have one of these fates."""
    return sum(progress.counts.get(fate, 0) for fate in fates)


def counted(batch: model.Batch, progress: model.Progress) -> str:
    """ "4,200 done, 3 refused, 5,797 to go"; what is nought is left out."""
    parts = [f"{text.number(of(progress, fate))} {word}" for fate, word in _fates(batch).items() if of(progress, fate)]
    left = of(progress, *WAITING)
    return ", ".join([*parts, *([f"{text.number(left)} to go"] if left else [])]) or "nothing done"


def reasons(batch: model.Batch, progress: model.Progress, capabilities: model.Capabilities, *, all_of_them: bool) -> list[str]:
    """One line for each reason why something was not done: how many, why, and the ids; the rest is counted."""
    groups = [group for group in progress.refusals if group.fate in NOT_DONE or (group.fate is model.Fate.DONE and group.reason)]
    most = CSV_ABOVE if all_of_them else _GROUPS_BESIDE_CSV
    lines = [_reason(batch, group, capabilities, CSV_ABOVE if all_of_them else _IDS_BESIDE_CSV) for group in groups[:most]]
    untold = of(progress, *NOT_DONE) - sum(group.count for group in groups[:most] if group.fate in NOT_DONE)
    return lines + ([f"• {text.number(untold)} more for other reasons"] if groups and untold > 0 else [])


def later(amount: int) -> str:
    """Those that joined a group card after somebody saw it."""
    one = amount == 1
    joined = f"{text.count(amount, 'anomaly', 'anomalies')} joined this card after you saw it, and {'is' if one else 'are'} not in this."
    return f"{joined} Press Review on the card as it is now to have {'it' if one else 'them'}, too."


def _reason(batch: model.Batch, group: model.Refusals, capabilities: model.Capabilities, most: int) -> str:
    silent = "somebody changed it in between" if group.fate is model.Fate.DRIFTED else "the system refused and gave no reason"
    why = refusals.why(group.reason, group.right, group.places, capabilities.title, silent).rstrip(".")
    shown = [text.short(ref.id if batch.source else str(ref), 40) for ref in group.refs[:most]]
    more = f" and {text.number(group.count - len(shown))} more" if shown and group.count > len(shown) else ""
    # The ids come first: what has to give way to other text is the end of the reason.
    named = f" (id {', '.join(shown)}{more})" if shown else ""
    return f"• {text.number(group.count)} {_fates(batch)[group.fate]}{named}: {why}"
