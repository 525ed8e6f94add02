"""The system's token hides who acted: what a comment left there says about it, and how it is recognised again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot import model
from bot.core import vocabulary

SAID: Mapping[model.Action, str] = {
    action: vocabulary.VERBS[action].done
    for action in (
        model.Action.ACKNOWLEDGE,
        model.Action.UNACKNOWLEDGE,
        model.Action.ASSIGN,
        model.Action.ARCHIVE,
        model.Action.REOPEN,
    )
}
"""Actions that leave a comment. A comment is its own; the rest is told by what it changes."""


def remark(change: model.Change, name: str) -> str:
    """The comment that an action leaves, "" where it leaves none: "Archived as Duplicate by Dana via Slack."."""
    said = SAID.get(change.action)
    as_what = f" as {change.archive_as or change.stage}" if change.archive_as or change.stage else ""
    return f"{said}{as_what} by {name} via Slack." if said else ""


SIGNATURE = 100
"""Characters that are left for it where a system limits its comments; a name that is longer is told when it is."""


def signed(text: str, name: str) -> str:
    """A person's own comment, with the name that the token hides."""
    return f"{text}\n\n{name} via Slack"


def foreign(comments: Sequence[model.Comment], entries: Sequence[model.Entry]) -> Sequence[model.Comment]:
    """The comments that say more than the journal does: without the ones that actions in it left."""
    ours = {(SAID[action], entry.actor_name) for entry in entries for action in SAID if entry.action == action}
    return [comment for comment in comments if not any(_is_remark(comment.text, said, name) for said, name in ours)]


def _is_remark(text: str, said: str, name: str) -> bool:
    return text.startswith(f"{said} ") and text.endswith(f"by {name} via Slack.")
