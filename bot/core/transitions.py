"""Which action makes sense where, in words for people; and what an anomaly's two readings say about who did what elsewhere.

    open --acknowledge--> acknowledged --archive--> archived --reopen--> acknowledged (or open)
      ^-------------------unacknowledge-----'

Nothing leaves `archived` but a reopen: an update of an archived anomaly could reopen it silently (contracts 1.5).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bot import model
from bot.core import endings

DELETED = "Deleted"
"""The status that is stored of an anomaly which does not exist any more."""


class Kind(StrEnum):
    """What to do about a wanted action."""

    DO = "do"
    ALREADY = "already"
    REFUSED = "refused"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Judgement:
    """`sentence` says why, "" for DO; `instead` is the action whose button is the right one now, where there is one."""

    kind: Kind
    sentence: str = ""
    instead: model.Action | None = None


DO = Judgement(Kind.DO)


def check(action: model.Action, anomaly: model.Anomaly, change: model.Change) -> Judgement:
    """Whether the action makes sense for the anomaly as it is now: DO, ALREADY (a polite no-op) or REFUSED."""
    if anomaly.deleted:
        return Judgement(Kind.REFUSED, "It was deleted in its system, so nothing can be done with it any more.")
    if anomaly.merged_into is not None:
        return Judgement(Kind.REFUSED, f"It was merged into {anomaly.merged_into.id}, which goes on in its place.")
    if change.duplicate_of == anomaly.ref.id:
        return Judgement(Kind.REFUSED, "No anomaly is a duplicate of itself. Name the other one.")
    rule = _RULES.get((action, anomaly.state), _do)
    return rule(anomaly, change)


def still_sensible(change: model.Change, shown_version: int, anomaly: model.Anomaly) -> Judgement:
    """The same for a click on a card that showed `shown_version` (0: nobody knows): a refusal that the card could not know of is STALE.

    The journal knows who was faster and when; the sentence says how the anomaly stands, and `instead` which button is right now.
    """
    verdict = check(change.action, anomaly, change)
    if verdict.kind is Kind.REFUSED and shown_version not in (0, anomaly.version):
        return Judgement(Kind.STALE, f"This card was older than the anomaly. {verdict.sentence}", verdict.instead)
    return verdict


# --- the rules ------------------------------------------------------------------------------------------------------

_Rule = Callable[[model.Anomaly, model.Change], Judgement]


def _do(anomaly: model.Anomaly, change: model.Change) -> Judgement:
    return DO


def _unless_so(sentence: str) -> _Rule:
    """DO when the change still changes anything, else ALREADY."""

    def rule(anomaly: model.Anomaly, change: model.Change) -> Judgement:
        return DO if _differs(anomaly, change) else Judgement(Kind.ALREADY, sentence)

    return rule


def _already(sentence: str) -> _Rule:
    return lambda anomaly, change: Judgement(Kind.ALREADY, sentence)


def _closed(anomaly: model.Anomaly, change: model.Change) -> Judgement:
    stands = _OVER if endings.by_itself(anomaly) else f"It is archived{_as(anomaly)}."
    return Judgement(Kind.REFUSED, f"{stands} Reopen it first.", model.Action.REOPEN)


_OVER = "It is over: its system closed it by itself."


def _ended(action: model.Action, anomaly: model.Anomaly) -> bool:
    """Whether an action leads back to where its system would close it at once."""
    return action is model.Action.UNACKNOWLEDGE and anomaly.over is not None


def _unacknowledge(anomaly: model.Anomaly, change: model.Change) -> Judgement:
    if _ended(model.Action.UNACKNOWLEDGE, anomaly):
        return Judgement(Kind.REFUSED, f"{_OVER} Archive it when nothing is left to do.", model.Action.ARCHIVE)
    return DO


def _archive_again(anomaly: model.Anomaly, change: model.Change) -> Judgement:
    if change.archive_as in (None, anomaly.archived_as):
        return Judgement(Kind.ALREADY, _OVER if endings.by_itself(anomaly) else f"It is archived{_as(anomaly)} already.")
    sentence = f"It is archived{_as(anomaly)} already. To archive it as {change.archive_as}, reopen it first."
    return Judgement(Kind.REFUSED, sentence, model.Action.REOPEN)


def _as(anomaly: model.Anomaly) -> str:
    return f" as {anomaly.archived_as}" if anomaly.archived_as else ""


_OPEN, _ACKNOWLEDGED, _ARCHIVED = model.State.ACTIVE, model.State.ACKNOWLEDGED, model.State.ARCHIVED
_ASSIGNED = _unless_so("It is assigned like that already.")
_TAGGED = _unless_so("It has these tags already.")
_DESCRIBED = _unless_so("It has this description already.")

_RULES: Mapping[tuple[model.Action, model.State], _Rule] = {
    (model.Action.ACKNOWLEDGE, _ACKNOWLEDGED): _unless_so("It is acknowledged already."),
    (model.Action.ACKNOWLEDGE, _ARCHIVED): _closed,
    (model.Action.UNACKNOWLEDGE, _OPEN): _already("It is not acknowledged, so there is nothing to take back."),
    (model.Action.UNACKNOWLEDGE, _ACKNOWLEDGED): _unacknowledge,
    (model.Action.UNACKNOWLEDGE, _ARCHIVED): _closed,
    (model.Action.ASSIGN, _OPEN): _ASSIGNED,
    (model.Action.ASSIGN, _ACKNOWLEDGED): _ASSIGNED,
    (model.Action.ASSIGN, _ARCHIVED): _closed,
    (model.Action.TAG, _OPEN): _TAGGED,
    (model.Action.TAG, _ACKNOWLEDGED): _TAGGED,
    (model.Action.TAG, _ARCHIVED): _closed,
    (model.Action.DESCRIBE, _OPEN): _DESCRIBED,
    (model.Action.DESCRIBE, _ACKNOWLEDGED): _DESCRIBED,
    (model.Action.DESCRIBE, _ARCHIVED): _closed,
    (model.Action.ARCHIVE, _ARCHIVED): _archive_again,
    (model.Action.REOPEN, _OPEN): _already("It is open already."),
    (model.Action.REOPEN, _ACKNOWLEDGED): _already("It is open already: it is acknowledged, not archived."),
}
"""What is not in the table is done: comments always, for example."""


def _differs(anomaly: model.Anomaly, change: model.Change) -> bool:
    return bool(change.comment) or any(not so(anomaly, change) for so in _SO)


def _assignees_so(anomaly: model.Anomaly, change: model.Change) -> bool:
    return change.assignees is None or set(change.assignees) == {person.id for person in anomaly.assignees}


def _tags_so(anomaly: model.Anomaly, change: model.Change) -> bool:
    there = {tag.casefold() for tag in anomaly.tags}
    wanted = {tag.casefold() for tag in change.add_tags}
    return wanted <= there and there.isdisjoint({tag.casefold() for tag in change.remove_tags} - wanted)


def _stage_so(anomaly: model.Anomaly, change: model.Change) -> bool:
    return change.stage is None or change.stage.casefold() == anomaly.status.casefold()


def _description_so(anomaly: model.Anomaly, change: model.Change) -> bool:
    return change.description is None or change.description.strip() == anomaly.description.strip()


_SO = (_assignees_so, _tags_so, _description_so, _stage_so)


# --- what is offered --------------------------------------------------------------------------------------------------

_OFFERED: Mapping[model.State, tuple[model.Action, ...]] = {
    _OPEN: (model.Action.ACKNOWLEDGE, model.Action.ASSIGN, model.Action.ARCHIVE),
    _ACKNOWLEDGED: (model.Action.ASSIGN, model.Action.ARCHIVE, model.Action.UNACKNOWLEDGE),
    _ARCHIVED: (model.Action.REOPEN,),
}


def offered(anomaly: model.Anomaly, supports: Collection[model.Action]) -> tuple[model.Action, ...]:
    """The actions whose buttons make sense now, in the order of the card. Comments, history and the like are always there besides."""
    if anomaly.deleted or anomaly.merged_into is not None:
        return ()
    return tuple(action for action in _OFFERED[anomaly.state] if action in supports and not _ended(action, anomaly))


# --- what somebody did elsewhere --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Observed:
    """What changed between two readings: the action that makes such a change, and how it stood before and after."""

    action: str
    before: str
    after: str


_MOVES: Mapping[tuple[model.State, model.State], model.Action] = {
    (_OPEN, _ACKNOWLEDGED): model.Action.ACKNOWLEDGE,
    (_ACKNOWLEDGED, _OPEN): model.Action.UNACKNOWLEDGE,
    (_OPEN, _ARCHIVED): model.Action.ARCHIVE,
    (_ACKNOWLEDGED, _ARCHIVED): model.Action.ARCHIVE,
    (_ARCHIVED, _OPEN): model.Action.REOPEN,
    (_ARCHIVED, _ACKNOWLEDGED): model.Action.REOPEN,
    (_ARCHIVED, _ARCHIVED): model.Action.ARCHIVE,
}


def _status(anomaly: model.Anomaly) -> str:
    if anomaly.archived_as and anomaly.archived_as.casefold() not in anomaly.status.casefold():
        return f"{anomaly.status} as {anomaly.archived_as}"
    return f"{anomaly.status}, over" if anomaly.over and anomaly.state is not _ARCHIVED else anomaly.status


def _assignees(anomaly: model.Anomaly) -> str:
    return ", ".join(sorted(person.name or person.id for person in anomaly.assignees)) or "unassigned"


def _tags(anomaly: model.Anomaly) -> str:
    return ", ".join(sorted(anomaly.tags)) or "no tags"


def _description(anomaly: model.Anomaly) -> str:
    return anomaly.description


def _assigned(anomaly: model.Anomaly) -> str:
    """Who they are, whatever they are called meanwhile."""
    return "\n".join(sorted(person.id for person in anomaly.assignees))


_Told = Callable[[model.Anomaly], str]

_ASPECTS: tuple[tuple[model.Action | None, _Told, _Told], ...] = (
    (None, _status, _status),
    (model.Action.ASSIGN, _assignees, _assigned),
    (model.Action.TAG, _tags, _tags),
    (model.Action.DESCRIBE, _description, _description),
)
"""What people change, how it is told, and what has to differ: the first that does names the action, all that do are told. For the status
the move names it."""


def observed(before: model.Anomaly, after: model.Anomaly) -> Observed | None:
    """What somebody changed between two readings, None when nothing that people change is different."""
    differing = [(action, told) for action, told, compared in _ASPECTS if compared(before) != compared(after)]
    if not differing:
        return None
    action = differing[0][0] or (model.Action.DELETE if after.deleted else _MOVES.get((before.state, after.state)))
    return Observed(
        action.value if action else "status",
        "; ".join(told(before) for _, told in differing),
        "; ".join(told(after) for _, told in differing),
    )


def elsewhere(before: model.Anomaly, after: model.Anomaly, title: str, at: datetime) -> model.Entry | None:
    """The journal's line for what somebody did in the system with this title, None when nobody did anything."""
    seen = observed(before, after)
    if seen is None:
        return None
    return model.Entry(after.ref, seen.action, at, via=title, before=seen.before, after=seen.after)


_STANDING: Mapping[model.Action, Callable[[model.Anomaly], str]] = {
    model.Action.ACKNOWLEDGE: _status,
    model.Action.UNACKNOWLEDGE: _status,
    model.Action.ARCHIVE: _status,
    model.Action.REOPEN: _status,
    model.Action.DELETE: _status,
    model.Action.ASSIGN: _assignees,
    model.Action.TAG: _tags,
    model.Action.DESCRIBE: _description,
}


def standing(anomaly: model.Anomaly | None, change: model.Change) -> str:
    """How the anomaly stands as far as this change is concerned, for the journal; "" when that is nothing or unknown."""
    told = _STANDING.get(change.action)
    return told(anomaly) if anomaly is not None and told is not None else ""


_BECAME: Mapping[model.State, model.Action] = {
    model.State.ACTIVE: model.Action.UNACKNOWLEDGE,
    model.State.ACKNOWLEDGED: model.Action.ACKNOWLEDGE,
    model.State.ARCHIVED: model.Action.ARCHIVE,
}


def became(before: model.Anomaly | None, after: model.Anomaly | None) -> model.Action | None:
    """What was done to an anomaly that stands elsewhere now, whatever it was meant to take back; None when it stands where it stood."""
    if before is None or after is None or before.state is after.state:
        return None
    return model.Action.REOPEN if before.state is model.State.ARCHIVED else _BECAME[after.state]


# --- reading back -------------------------------------------------------------------------------------------------------


def doubt(change: model.Change, after: model.Anomaly | None, title: str) -> str:
    """Why the system, read after it said yes, did not do it; "" when it did. What an anomaly does not show (a comment) is not doubted."""
    if change.action not in _STANDING:
        return ""
    if after is None or after.deleted:
        return "" if change.action is model.Action.DELETE else f"{title} does not know this anomaly any more."
    if change.action is model.Action.DELETE:
        return f"{title} accepted the deletion, but the anomaly is still there."
    wanted = _AIMS.get(change.action)
    if wanted is not None and after.state not in wanted:
        return f"{title} accepted it, but the anomaly is still {_status(after)} there.{_restore(change)}"
    if change.action is model.Action.ARCHIVE and change.archive_as and after.archived_as not in (None, change.archive_as):
        return f"{title} accepted it, but archived the anomaly as {after.archived_as}."
    return _part_missing(change, after, title)


def shows(change: model.Change, anomaly: model.Anomaly | None) -> bool:
    """Whether a reading shows that it is as the change wants it. A comment never shows."""
    return change.action in _STANDING and not doubt(change, anomaly, "")


def believed(
    change: model.Change, outcome: model.Outcome, before: model.Anomaly | None, after: model.Anomaly | None, title: str
) -> model.Outcome:
    """What was read back counts, in both directions: a yes that shows nothing is a refusal, and an answer that told nothing is a yes when
    the anomaly has become what was asked for."""
    if outcome.unsure and shows(change, after) and not shows(change, before):
        return replace(outcome, result=model.Result.DONE, reason="", unsure=False)
    why = doubt(change, after, title) if outcome.result is model.Result.DONE else ""
    return replace(outcome, result=model.Result.REFUSED, reason=why) if why else outcome


def gone(anomaly: model.Anomaly) -> model.Anomaly:
    """How one that was deleted is remembered."""
    return replace(anomaly, state=_ARCHIVED, archived_as=None, status=DELETED, deleted=True, over=None)


def _part_missing(change: model.Change, after: model.Anomaly, title: str) -> str:
    for so, what in zip(_SO, ("the assignees", "the tags", "the description", "its status"), strict=True):
        if not so(after, change):
            return f"{title} accepted it, but {what} did not change as asked."
    return ""


def _restore(change: model.Change) -> str:
    if change.action is model.Action.REOPEN:
        return " It may have to be restored there."
    return ""


_AIMS: Mapping[model.Action, tuple[model.State, ...]] = {
    model.Action.ACKNOWLEDGE: (_ACKNOWLEDGED,),
    model.Action.UNACKNOWLEDGE: (_OPEN,),
    model.Action.ARCHIVE: (_ARCHIVED,),
    model.Action.REOPEN: (_OPEN, _ACKNOWLEDGED),
}
