"""The system's token hides who acted: what a comment left there says about it, and how it is recognised again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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


# --- who looks into it -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hands:
    """What the lines about an anomaly say of how it stands: the acknowledgement that still holds, whether whoever acknowledged it took it
    with the same click, the newest comment, and the newest thing besides that was done to it."""

    acknowledged: model.Entry | None = None
    took: bool = False
    comment: model.Entry | None = None
    last: model.Entry | None = None


_MOVES = frozenset({model.Action.ACKNOWLEDGE, model.Action.UNACKNOWLEDGE, model.Action.ARCHIVE, model.Action.REOPEN, "status"})


def hands(anomaly: model.Anomaly, lines: Sequence[model.Entry]) -> Hands:
    """Read `lines` (what was done to the anomaly, the newest first)."""
    done = [one for one in lines if one.result is model.Result.DONE]
    moved = next((one for one in done if one.action in _MOVES), None)
    holds = moved is not None and moved.action == model.Action.ACKNOWLEDGE and anomaly.state is model.State.ACKNOWLEDGED
    acknowledged = moved if holds else None
    assigned = next((one for one in done if one.action == model.Action.ASSIGN), None)
    took = acknowledged is not None and len(anomaly.assignees) == 1 and _with(acknowledged, assigned)
    comment = next((one for one in done if one.action == model.Action.COMMENT and one.detail.strip()), None)
    told = (acknowledged, assigned if took else None, comment)
    last = next((one for one in done if one not in told and one.action != model.Action.COMMENT), None)
    newer = last is not None and (acknowledged is None or last.at > acknowledged.at)
    return Hands(acknowledged, took, comment, last if newer else None)


def first(change: model.Change, lines: Sequence[model.Entry]) -> model.Entry | None:
    """Whose doing it is that a change comes too late: whoever did the same last, else whoever moved it last, else whatever was done last.
    `lines` are the newest first."""
    done = [one for one in lines if one.result is model.Result.DONE]
    same = [one for one in done if one.action == change.action]
    moves = [one for one in done if one.action in _MOVES]
    candidates = moves if change.action in _MOVES else same
    return next(iter(candidates or done), None)


def _with(one: model.Entry, other: model.Entry | None) -> bool:
    """Whether both are of the same click."""
    return other is not None and bool(one.actor) and (one.actor, one.at) == (other.actor, other.at)
