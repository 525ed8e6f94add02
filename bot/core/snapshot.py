"""What a change can touch of one anomaly: remembered before it, compared since, and seen afterwards."""

from __future__ import annotations

from collections.abc import Sequence

from bot import model
from bot.core import transitions

GONE = "It does not exist any more."

STATES = frozenset({model.Action.ACKNOWLEDGE, model.Action.UNACKNOWLEDGE, model.Action.ARCHIVE, model.Action.REOPEN, model.Action.DELETE})
"""Actions that are about where an anomaly stands: any other standing than that of the preview matters to them."""

ARCHIVED = model.State.ARCHIVED


def of(anomaly: model.Anomaly) -> model.Snapshot:
    """The parts of an anomaly that a change can touch, and how bad it is."""
    return model.Snapshot(
        anomaly.state,
        anomaly.status,
        archived_as=anomaly.archived_as,
        assignees=tuple(person.id for person in anomaly.assignees),
        tags=anomaly.tags,
        description=anomaly.description,
        severity=anomaly.severity,
    )


def swap(anomaly: model.Anomaly, from_id: str, to_id: str) -> model.Change | None:
    """Put one person (ids of the system's users) in another's place and leave the others; None when it is not assigned to the first."""
    there = [person.id for person in anomaly.assignees]
    if from_id not in there:
        return None
    return model.Change(model.Action.ASSIGN, assignees=tuple(dict.fromkeys(to_id if one == from_id else one for one in there)))


def parts(change: model.Change) -> tuple[model.Action, ...]:
    """Every action that a change amounts to, its own first: an acknowledgement that also assigns needs the right to do both."""
    carried = (
        (model.Action.ASSIGN, change.assignees is not None),
        (model.Action.TAG, bool(change.add_tags or change.remove_tags)),
        (model.Action.DESCRIBE, change.description is not None),
        (model.Action.COMMENT, bool(change.comment)),
    )
    return tuple(dict.fromkeys([change.action, *(action for action, so in carried if so)]))


def drifted(before: model.Snapshot, now: model.Anomaly | None, change: model.Change) -> str:
    """Why an anomaly is left alone: somebody changed since the preview what this change is about. "" when nobody did.

    Tags are compared one by one: only those that the change names matter.
    """
    if now is None or now.deleted:
        return GONE
    here = of(now)
    if _standing_matters(change, before, here) and standing(before) != standing(here):
        return f"It was {told(before)} at the preview and is {told(here)} now."
    if change.assignees is not None and set(before.assignees) != set(here.assignees):
        return f"Its assignees were changed since the preview: {_assigned(now)}."
    if _named(change, before.tags) != _named(change, here.tags):
        return "Its tags were changed since the preview."
    if change.description is not None and before.description.strip() != here.description.strip():
        return "Its description was changed since the preview."
    return ""


def took(change: model.Change, now: model.Anomaly | None) -> bool:
    """Whether the anomaly shows the change. A comment never shows, and what is still there was not deleted."""
    return transitions.shows(change, now)


def _standing_matters(change: model.Change, before: model.Snapshot, here: model.Snapshot) -> bool:
    """An archived anomaly takes nothing but a comment, so that everything else is about being archived or not."""
    if change.action in STATES:
        return True
    return change.action is not model.Action.COMMENT and (before.state is ARCHIVED) != (here.state is ARCHIVED)


def standing(one: model.Snapshot) -> tuple[model.State, str, str | None]:
    return one.state, one.status.casefold(), one.archived_as


def told(one: model.Snapshot) -> str:
    return one.status or one.state.value


def _assigned(now: model.Anomaly) -> str:
    people = [person.name or person.id for person in now.assignees]
    return f"it is assigned to {', '.join(people)} now" if people else "it is assigned to nobody now"


def _named(change: model.Change, tags: Sequence[str]) -> frozenset[str]:
    named = {tag.casefold() for tag in (*change.add_tags, *change.remove_tags)}
    return frozenset(tag.casefold() for tag in tags if tag.casefold() in named)
