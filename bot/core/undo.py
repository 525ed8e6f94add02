"""How one item of a batch is taken back: the changes that bring it to what it was, and what stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from bot import model
from bot.core import closings, snapshot, transitions

BACK = "It is as it was before already."


def standing_as(one: model.Snapshot, anomaly: model.Anomaly) -> model.Anomaly:
    """The anomaly as it stood at that snapshot, for the journal; people who are not assigned any more are told by their ids."""
    names = {person.id: person for person in anomaly.assignees}
    assignees = tuple(names.get(ident, model.Person(anomaly.ref.source, ident, ident)) for ident in one.assignees)
    return replace(
        anomaly,
        state=one.state,
        status=one.status,
        archived_as=one.archived_as,
        assignees=assignees,
        tags=one.tags,
        description=one.description,
    )


def pieces(change: model.Change) -> Sequence[model.Change]:
    """The change cut into what a system may do one after the other, so that it can be seen which of it was done."""
    tags = model.Change(model.Action.TAG, add_tags=change.add_tags, remove_tags=change.remove_tags)
    carried = {
        model.Action.ASSIGN: model.Change(model.Action.ASSIGN, assignees=change.assignees),
        model.Action.TAG: tags,
        model.Action.DESCRIBE: model.Change(model.Action.DESCRIBE, description=change.description),
        model.Action.COMMENT: model.Change(model.Action.COMMENT, comment=change.comment),
    }
    own = model.Change(change.action, archive_as=change.archive_as, stage=change.stage, case=change.case)
    return [carried.get(action, own) for action in snapshot.parts(change)]


def partly(sent: Sequence[model.Change], before: model.Anomaly | None, after: model.Anomaly | None) -> bool:
    """Whether a reading shows a piece of what was sent that was not so before."""
    return any(transitions.shows(one, after) and not transitions.shows(one, before) for step in sent for one in pieces(step))


def overtaken(before: model.Snapshot, now: model.Anomaly | None, change: model.Change) -> str:
    """`drifted` for one that was sent before a restart: what is as asked of it already was our own doing."""
    left = [one for one in pieces(change) if not transitions.shows(one, now)]
    return next(filter(None, (snapshot.drifted(before, now, one) for one in left)), "")


# --- back again ---------------------------------------------------------------------------------------------------------


def undo(item: model.Item, now: model.Anomaly | None, change: model.Change | None = None) -> tuple[Sequence[model.Change], str]:
    """The changes, in their order, that bring a DONE item back to `before`, and a sentence about what stays as it is: without
    changes always one, with changes "" when all of it returns.

    What somebody changed since `after` is left alone, part by part. `change` is what the batch asked for (an item's own counts more): with
    it, only what was asked for is taken back; without, every difference between before and after is taken for the batch's doing.
    """
    asked = item.change or change
    if item.fate is not model.Fate.DONE:
        return (), ""
    if now is None or now.deleted:
        deleted = asked is not None and asked.action is model.Action.DELETE
        return (), "It was deleted, and nothing brings it back." if deleted else snapshot.GONE
    if item.after is None:
        return (), "How it was left is not known, so that nothing was taken back."
    return _undo(item, snapshot.of(now), asked)


class Keeps(Protocol):
    """A system, as far as it says what it never gives back, and what it calls what was acknowledged."""

    title: str
    uncleared: frozenset[model.Part]
    stages: tuple[model.Stage, ...]


def possible(steps: Sequence[model.Change], stays: str, item: model.Item, system: Keeps) -> tuple[Sequence[model.Change], str]:
    """The same in the words of this system, and without what it has no way to do, which stays."""
    stage = closings.staged(system.stages, item.before.status)
    if stage is not None:
        steps = [replace(one, stage=stage.word) if one.action is model.Action.ACKNOWLEDGE else one for one in steps]
    if model.Part.ASSIGNEES not in system.uncleared or all(one.assignees != () for one in steps):
        return steps, stays
    left = [replace(one, assignees=None) if one.assignees == () else one for one in steps]
    said = f"It stays assigned: {system.title} has no way to take somebody off an anomaly."
    return [one for one in left if one != model.Change(model.Action.ASSIGN)], _sentences(stays if stays != BACK else "", said)


def rights(item: model.Item, change: model.Change) -> frozenset[model.Action]:
    """Every action that taking back a DONE item amounts to when nobody touched it since, so that a right can be asked for each."""
    if item.fate is not model.Fate.DONE or item.after is None:
        return frozenset()
    steps, _ = _undo(item, item.after, item.change or change)
    return needed(steps)


def needed(steps: Sequence[model.Change]) -> frozenset[model.Action]:
    """Every action that these changes amount to."""
    return frozenset(action for step in steps for action in snapshot.parts(step))


def _undo(item: model.Item, here: model.Snapshot, asked: model.Change | None) -> tuple[Sequence[model.Change], str]:
    assert item.after is not None
    steps, said = _back(item.before, item.after, here, asked)
    if here.state is snapshot.ARCHIVED and not steps:
        foreign = snapshot.standing(here) not in (snapshot.standing(item.before), snapshot.standing(item.after))
        why = f"It is {snapshot.told(here)} by now, which somebody did since, so it was left alone." if foreign else ""
        return (), _sentences(why, _comment(asked)) or BACK
    fields, left = _fields(item.before, item.after, here, asked)
    plan, stays = _plan(steps, fields), _sentences(said, *left, _comment(asked))
    return plan, stays or ("" if plan else BACK)


_Steps = tuple[model.Action, ...]

_BACK: Mapping[tuple[model.State, model.State], _Steps] = {
    (model.State.ACTIVE, model.State.ACKNOWLEDGED): (model.Action.UNACKNOWLEDGE,),
    (model.State.ACKNOWLEDGED, model.State.ACTIVE): (model.Action.ACKNOWLEDGE,),
    (model.State.ACTIVE, snapshot.ARCHIVED): (model.Action.REOPEN, model.Action.UNACKNOWLEDGE),
    (model.State.ACKNOWLEDGED, snapshot.ARCHIVED): (model.Action.REOPEN, model.Action.ACKNOWLEDGE),
    (snapshot.ARCHIVED, model.State.ACTIVE): (model.Action.ARCHIVE,),
    (snapshot.ARCHIVED, model.State.ACKNOWLEDGED): (model.Action.ARCHIVE,),
}
"""(before, after) -> the way back. What is reopened is acknowledged in some systems (contracts 1.5) and open in others: the second step is
left out for one that a reading shows to be back already."""


def _back(
    before: model.Snapshot, after: model.Snapshot, here: model.Snapshot, asked: model.Change | None
) -> tuple[Sequence[model.Change], str]:
    """The steps that bring the standing back, with the outcome of the archiving where there was one."""
    steps = _BACK.get((before.state, after.state), ())
    if not steps and asked is not None and asked.stage and before.status.casefold() != after.status.casefold():
        return (), f"It stays {snapshot.told(here)}: it was acknowledged before, and no step leads back to {snapshot.told(before)} alone."
    if not steps or (asked is not None and asked.action not in snapshot.STATES) or here.state is before.state:
        return (), ""
    if snapshot.standing(here) != snapshot.standing(after):
        return (), f"It is {snapshot.told(here)} by now, which somebody did since, so its status was left alone."
    outcome = before.archived_as if steps == (model.Action.ARCHIVE,) else None
    if outcome == model.OVER:
        return (), "Its system had closed it by itself, which nobody else can do, so its status was left alone."
    return [model.Change(step, archive_as=outcome) for step in steps], ""


def _fields(
    before: model.Snapshot, after: model.Snapshot, here: model.Snapshot, asked: model.Change | None
) -> tuple[Mapping[str, Any], Sequence[str]]:
    """What brings assignees, tags and description back, as fields of a Change, and what stays."""
    fields: dict[str, Any] = {}
    left: list[str] = []
    for name, touched, differs, what in _PARTS:
        if (asked is not None and not touched(asked)) or not differs(before, after) or not differs(before, here):
            continue
        if differs(after, here):
            left.append(f"Somebody changed its {what} since, so they were left alone." if what != "description" else _DESCRIPTION_LEFT)
        else:
            fields[name] = getattr(before, name)
    return fields | _tags(before, after, here, asked), left


_DESCRIPTION_LEFT = "Somebody changed its description since, so it was left alone."

_Differs = Callable[[model.Snapshot, model.Snapshot], bool]

_PARTS: Sequence[tuple[str, Callable[[model.Change], bool], _Differs, str]] = (
    ("assignees", lambda asked: asked.assignees is not None, lambda one, other: set(one.assignees) != set(other.assignees), "assignees"),
    (
        "description",
        lambda asked: asked.description is not None,
        lambda one, other: one.description.strip() != other.description.strip(),
        "description",
    ),
)
"""The parts that are replaced as a whole: the field, whether a change is about it, whether two snapshots differ in it, its name."""


def _tags(before: model.Snapshot, after: model.Snapshot, here: model.Snapshot, asked: model.Change | None) -> dict[str, Any]:
    """Tag by tag: remove what was added and is still there, add what was removed and is still missing. Others' tags stay."""
    added = [tag for tag in here.tags if _lower(tag) in _lowered(after.tags) - _lowered(before.tags)]
    removed = [tag for tag in before.tags if _lower(tag) not in _lowered(after.tags) | _lowered(here.tags)]
    if asked is not None:
        added = [tag for tag in added if _lower(tag) in _lowered(asked.add_tags)]
        removed = [tag for tag in removed if _lower(tag) in _lowered(asked.remove_tags)]
    tags = {"add_tags": tuple(removed), "remove_tags": tuple(added)}
    return {name: kept for name, kept in tags.items() if kept}


def _lower(tag: str) -> str:
    return tag.casefold()


def _lowered(tags: Sequence[str]) -> set[str]:
    return {tag.casefold() for tag in tags}


_BY_FIELD: Mapping[str, model.Action] = {
    "assignees": model.Action.ASSIGN,
    "add_tags": model.Action.TAG,
    "remove_tags": model.Action.TAG,
    "description": model.Action.DESCRIBE,
}


def _plan(steps: Sequence[model.Change], fields: Mapping[str, Any]) -> Sequence[model.Change]:
    """The fields travel with the last step, or alone. A reopening carries nothing, so they follow it."""
    if not fields:
        return tuple(steps)
    if steps and steps[-1].action is not model.Action.REOPEN:
        return (*steps[:-1], replace(steps[-1], **fields))
    return (*steps, model.Change(_BY_FIELD[next(iter(fields))], **fields))


def _comment(asked: model.Change | None) -> str:
    """What nobody can take back."""
    said = "Its comment stays: a comment cannot be taken back." if asked is not None and asked.comment else ""
    return f"It stays linked to {asked.case}: a link to a case cannot be taken back." if asked is not None and asked.case else said


def _sentences(*said: str) -> str:
    return " ".join(filter(None, said))
