"""A batch in plain words: what it is called, what each anomaly gets, what became of them and why not. Harmless text, never markup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot import model
from bot.core import batch_items, closings, phrases, vocabulary
from bot.render import siblings
from bot.render.anomaly import wording
from bot.render.kit import refusals, text

CSV_ABOVE = 20
"""A receipt of more anomalies than this has a CSV in its thread; up to it every refused id is on the card."""

_SPOKEN = 700
"""Characters of such lines in a message's own text; what is left out is counted."""

_GROUPS_BESIDE_CSV = 8
_IDS_BESIDE_CSV = 5

Names = Mapping[str, str]
"""The names of the system's users by their ids, as far as somebody knows them."""

NOT_DONE = (model.Fate.REFUSED, model.Fate.DRIFTED)
WAITING = (model.Fate.TODO, model.Fate.SENT)
ASKED = (*WAITING, model.Fate.DONE)
"""The fates of items whose system is asked for something, or was."""


# --- what it is called -------------------------------------------------------------------------------------------------------------


def _verb(batch: model.Batch) -> vocabulary.Verb:
    change, word = batch.change, str(batch.change.action)
    if batch.undo_of:
        word = "undo"
    elif change.action is model.Action.ASSIGN and not change.assignees:
        word = "reassign" if change.assignees is None else "unassign"
    elif change.action is model.Action.TAG and change.remove_tags and not change.add_tags:
        word = "untag"
    return vocabulary.verb(word)


def wanted(view: model.BatchView, amount: int) -> str:
    """ "Archive 312 anomalies as Duplicate", "Take back 312 changes"."""
    return f"{_verb(view.batch).order} {_things(view.batch, amount)}{_how(view)}"


def running(view: model.BatchView) -> str:
    """ "Dana is archiving 312 anomalies as Duplicate"."""
    amount = of(view.progress, *ASKED) or view.batch.total
    return f"{actor(view.batch)} is {_verb(view.batch).running.lower()} {_things(view.batch, amount)}{_how(view)}"


def finished(view: model.BatchView) -> str:
    """ "Dana archived 312 anomalies as Duplicate", "Dana archived none of 12 anomalies"."""
    done = of(view.progress, model.Fate.DONE)
    things = _things(view.batch, done) if done else f"none of {_things(view.batch, view.batch.total)}"
    return f"{actor(view.batch)} {_verb(view.batch).done.lower()} {things}{_how(view)}"


def short(batch: model.Batch, amount: int) -> str:
    """ "archive 312", for a button."""
    return f"{_verb(batch).order.lower()} {text.number(amount)}"


def actor(batch: model.Batch) -> str:
    """Who did it, or does."""
    return text.short(batch.actor_name, 60, "Somebody")


def _how(view: model.BatchView) -> str:
    """The end of a title: " as Duplicate", " to Lee Park"; where the systems call it differently, `ways` tells."""
    change = view.batch.change
    if view.batch.undo_of:
        return ""
    if change.action is model.Action.ASSIGN and change.swap:
        there, here = (text.short(one, 60) for one in change.swap)
        return f" from {there} to {here}"
    if change.action is model.Action.ASSIGN and change.assignees:
        return f" to {_people(change.assignees, view.names)}"
    if change.case:
        return f" to {text.short(change.case, 60)}"
    told = _told_by(view)
    of = f" of #{text.short(change.duplicate_of, 40)}" if change.duplicate_of else ""
    return f" as {next(iter(told))}{of}" if len(told) == 1 else ""


def ways(view: model.BatchView) -> str:
    """ "As Resolved in Acme and Zen, as Good catch in Umbra", where the systems call it differently; else ""."""
    told = {} if view.batch.undo_of else _told_by(view)
    return text.capital(", ".join(f"as {word} in {phrases.both(titles)}" for word, titles in told.items())) if len(told) > 1 else ""


def _told_by(view: model.BatchView) -> Mapping[str, Sequence[str]]:
    """What the asked systems call the way of closing or the stage, each with those that call it so."""
    change = view.batch.change
    found: dict[str, list[str]] = {}
    for system in asked(view).values() or (model.Capabilities("", frozenset()),):
        if change.stage:
            stage = closings.staged(system.stages, change.stage)
            found.setdefault(text.short(stage.title if stage else change.stage, 60), []).append(title(system))
        elif change.archive_as:
            found.setdefault(wording.closed(change.archive_as, system.archive_as), []).append(title(system))
    return found


def _things(batch: model.Batch, amount: int) -> str:
    return text.count(amount, "change") if batch.undo_of else anomalies(amount)


def anomalies(amount: int) -> str:
    """ "1 anomaly", "312 anomalies"."""
    return text.count(amount, "anomaly", "anomalies")


def _people(assignees: Sequence[str], names: Names) -> str:
    return siblings.listed([names.get(one) or f"user {one}" for one in assignees], 60, 5)


# --- its systems -------------------------------------------------------------------------------------------------------------------


def title(system: model.Capabilities) -> str:
    """What a system is called."""
    return text.short(system.title, 40, "the system")


def asked(view: model.BatchView) -> Mapping[str, model.Capabilities]:
    """The systems that are asked for something, or were: where nothing of one is in it, it is not named."""
    if not view.shares:
        return view.systems
    return {name: view.systems[name] for name, counts in view.shares.items() if name in view.systems and _any(counts, *ASKED)}


def without(view: model.BatchView, action: model.Action) -> Sequence[str]:
    """The titles of those that do not offer this."""
    return [title(system) for system in asked(view).values() if action not in system.supports]


def _any(counts: Mapping[model.Fate, int], *fates: model.Fate) -> bool:
    return any(counts.get(fate, 0) for fate in fates)


# --- what each anomaly gets --------------------------------------------------------------------------------------------------------


def gets(change: model.Change, names: Names) -> list[str]:
    """What each anomaly gets besides what the title says."""
    parts = []
    if change.add_tags:
        parts.append(f"tags added: {_tags(change.add_tags)}")
    if change.remove_tags:
        parts.append(f"tags removed: {_tags(change.remove_tags)}")
    if change.assignees and change.action is not model.Action.ASSIGN:
        parts.append(f"assigned to {_people(change.assignees, names)}, in place of whoever is assigned now")
    if change.assignees == () and change.action is not model.Action.ASSIGN:
        parts.append("nobody is assigned any more")
    if change.description is not None:
        parts.append(f"description: {text.short(change.description, 300)}" if change.description.strip() else "the description is emptied")
    if change.comment.strip():
        parts.append(f"comment: {text.short(change.comment, 300)}")
    return parts


def _tags(tags: Sequence[str]) -> str:
    return siblings.listed(tags, 40)


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


def counted(batch: model.Batch, counts: Mapping[model.Fate, int], *, done: bool = True) -> str:
    """ "4,200 done, 3 refused, 5,797 to go"; what is nought is left out, and what is `done` where the sentence says it already."""
    told = [fate for fate in _fates(batch) if counts.get(fate, 0) and (done or fate is not model.Fate.DONE)]
    left = sum(counts.get(fate, 0) for fate in WAITING)
    parts = [*(f"{text.number(counts[fate])} {_fates(batch)[fate]}" for fate in told), *([f"{text.number(left)} to go"] if left else [])]
    return ", ".join(parts) or ("nothing done" if done else "")


def shares(view: model.BatchView) -> list[str]:
    """One line for each system of several: "• Acme: 500 done", "• Umbra: 500 refused as a whole: it failed with HTTP 503". When it
    was taken back, those parts alone that were refused."""
    known = {name: view.systems.get(name) or model.Capabilities(name, frozenset()) for name in view.shares}
    lines = [(name, _part(view, name), f"• {title(system)}: {_share(view, name)}") for name, system in known.items()]
    return [line for _, refused, line in sorted(lines, key=lambda one: one[1] is not None) if refused or view.back is None]


def _part(view: model.BatchView, name: str) -> model.Refusals | None:
    """The part of a system that was refused as a whole."""
    return next((group for group in view.progress.refusals if _whole(group) and group.refs and group.refs[0].source == name), None)


def _share(view: model.BatchView, name: str) -> str:
    whole = _part(view, name)
    counts = dict(view.shares[name])
    if whole is None:
        return counted(view.batch, counts)
    counts[model.Fate.REFUSED] = counts.get(model.Fate.REFUSED, 0) - whole.count
    others = counted(view.batch, counts) if _any(counts, *model.Fate) else ""
    why = text.short(whole.reason.removeprefix(batch_items.PART), 300)
    named = "" if view.batch.total > CSV_ABOVE else _named(view, whole, CSV_ABOVE)
    refused = f"{text.number(whole.count)} refused as a whole{named}: {why}"
    return f"{others}, the other {refused}" if others else refused


def _whole(group: model.Refusals) -> bool:
    """Whether it is the part whose system did not answer."""
    return group.reason.startswith(batch_items.PART)


def parted(view: model.BatchView) -> bool:
    """Whether a part of it was refused as a whole, so that it can be tried again."""
    return any(map(_whole, view.progress.refusals))


def reasons(view: model.BatchView, *, all_of_them: bool) -> list[str]:
    """One line for each reason why something was not done: how many, why, and the ids; the rest is counted."""
    apart = [group for group in view.progress.refusals if not (view.shares and _whole(group))]
    groups = [group for group in apart if group.fate in NOT_DONE or (group.fate is model.Fate.DONE and group.reason)]
    most = CSV_ABOVE if all_of_them else _GROUPS_BESIDE_CSV
    lines = [_reason(view, group, CSV_ABOVE if all_of_them else _IDS_BESIDE_CSV) for group in groups[:most]]
    told = sum(group.count for group in view.progress.refusals if group not in apart)
    untold = of(view.progress, *NOT_DONE) - told - sum(group.count for group in groups[:most] if group.fate in NOT_DONE)
    return lines + ([f"• {text.number(untold)} more for other reasons"] if groups and untold > 0 else [])


def spoken(lines: Sequence[str]) -> str:
    """Marked lines in sentences: as many as there is room for, and how many more."""
    told, room = [], _SPOKEN
    for line in lines:
        said = text.spoken(line.removeprefix("• "))
        if text.size(said, markup=True) > room:
            break
        room -= text.size(said, markup=True)
        told.append(said)
    more = len(lines) - len(told)
    return text.sentence(*told, f"{text.number(more)} more are in the message itself" if more else "")


def later(amount: int) -> str:
    """Those that joined a group card after somebody saw it."""
    one = amount == 1
    joined = f"{text.count(amount, 'anomaly', 'anomalies')} joined this card after you saw it, and {'is' if one else 'are'} not in this."
    return f"{joined} Press Review on the card as it is now to have {'it' if one else 'them'}, too."


def _reason(view: model.BatchView, group: model.Refusals, most: int) -> str:
    system = view.systems.get(group.refs[0].source if group.refs else view.batch.source)
    silent = "somebody changed it in between" if group.fate is model.Fate.DRIFTED else "the system refused and gave no reason"
    why = refusals.why(group.reason, group.right, group.places, title(system) if system else "", silent).rstrip(".")
    # The ids come first: what has to give way to other text is the end of the reason.
    named = "" if group.fate is model.Fate.DONE and view.batch.total > CSV_ABOVE else _named(view, group, most)
    what = "of them" if group.fate is model.Fate.DONE else _fates(view.batch)[group.fate]
    return f"• {text.number(group.count)} {what}{named}: {why}"


def _named(view: model.BatchView, group: model.Refusals, most: int) -> str:
    """ " (id 7, 8 and 3 more)"."""
    shown = [text.short(ref.id if view.batch.source else str(ref), 40) for ref in group.refs[:most]]
    more = f" and {text.number(group.count - len(shown))} more" if shown and group.count > len(shown) else ""
    return f" (id {', '.join(shown)}{more})" if shown else ""
