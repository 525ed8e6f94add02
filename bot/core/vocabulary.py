"""What each action is called in sentences: one table for all who say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot import model


@dataclass(frozen=True, slots=True)
class Verb:
    """An action in the three times that it is told in, before what it is about."""

    order: str
    running: str
    done: str


VERBS: Mapping[str, Verb] = {
    model.Action.ACKNOWLEDGE: Verb("Acknowledge", "Acknowledging", "Acknowledged"),
    model.Action.UNACKNOWLEDGE: Verb("Un-acknowledge", "Un-acknowledging", "Un-acknowledged"),
    model.Action.ASSIGN: Verb("Assign", "Assigning", "Assigned"),
    model.Action.ARCHIVE: Verb("Archive", "Archiving", "Archived"),
    model.Action.REOPEN: Verb("Reopen", "Reopening", "Reopened"),
    model.Action.COMMENT: Verb("Comment on", "Commenting on", "Commented on"),
    model.Action.TAG: Verb("Tag", "Tagging", "Tagged"),
    model.Action.DESCRIBE: Verb("Describe", "Describing", "Described"),
    model.Action.CASE: Verb("Link", "Linking", "Linked"),
    model.Action.DELETE: Verb("Delete", "Deleting", "Deleted"),
    "verify": Verb("Check", "Checking", "Checked"),
    "unassign": Verb("Unassign", "Unassigning", "Unassigned"),
    "reassign": Verb("Reassign", "Reassigning", "Reassigned"),
    "untag": Verb("Untag", "Untagging", "Untagged"),
    "undo": Verb("Take back", "Taking back", "Took back"),
    "status": Verb("Change", "Changing", "Changed"),
}
"""By the journal's word, and by those of a batch that a single action has no word of its own for."""

CHANGE = VERBS["status"]
"""Whatever it was."""


def verb(word: str) -> Verb:
    """The verb of this word; "Change" for one that is not known."""
    return VERBS.get(word, CHANGE)


def order(word: str) -> str:
    """What to do, in the middle of a sentence: "un-acknowledge"."""
    return verb(word).order.lower()


def done(word: str) -> str:
    """What was done, in the middle of a sentence: "un-acknowledged"."""
    return verb(word).done.lower()
