"""Who may do what: one pure function, asked on every path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bot import errors, model
from bot.core import lookup, phrases


class Group(StrEnum):
    """The words of `DESK_PERMISSIONS` for groups of people; anything else there is a list of Slack ids."""

    MEMBERS = "members"
    ADMINS = "admins"
    NOBODY = "nobody"


Who = Group | frozenset[str]

DEFAULTS: Mapping[model.Action, Who] = dict.fromkeys(model.Action, Group.MEMBERS) | dict.fromkeys(
    (model.Action.DELETE, model.Action.ROWS), Group.ADMINS
)


@dataclass(frozen=True, slots=True)
class Grants:
    """The rights of this desk. `admins` are user and user-group ids; `who` says for each action who may do it."""

    admins: frozenset[str] = frozenset()
    who: Mapping[model.Action, Who] = field(default_factory=lambda: DEFAULTS)

    def groups(self) -> frozenset[str]:
        """The user-group ids that matter here."""
        named = (ident for who in self.who.values() if not isinstance(who, Group) for ident in who)
        return frozenset(ident for ident in (*self.admins, *named) if ident.startswith("S"))


_NEVER: tuple[tuple[str, str], ...] = (
    ("is_deleted", "This Slack account is deactivated, so it cannot use Anomaly Desk."),
    ("is_bot", "Bots cannot use Anomaly Desk: a person has to decide."),
    ("is_outsider", "Only people of this workspace can use Anomaly Desk. Ask somebody who belongs to it."),
    ("is_guest", "Guests cannot use Anomaly Desk. Ask a full member of this workspace."),
)
"""Flags of an actor who may do nothing at all, whatever the settings say."""

_DOING: Mapping[model.Action, str] = {
    model.Action.UNACKNOWLEDGE: "take back an acknowledgement",
    model.Action.ASSIGN: "assign anomalies",
    model.Action.COMMENT: "comment on anomalies",
    model.Action.CASE: "link anomalies to a case",
    model.Action.SCAN: "start scans",
    model.Action.ABORT: "stop scans",
    model.Action.BROWSE: "look at anomalies",
    model.Action.ROWS: "see failing rows",
}


def is_admin(actor: model.Actor, grants: Grants) -> bool:
    """Whether the actor is named in `DESK_ADMINS`, alone or by a group."""
    return not grants.admins.isdisjoint({actor.id, *actor.groups})


def decide(action: model.Action, actor: model.Actor, grants: Grants) -> None:
    """Return when the actor may do this. Raises NotAllowed with a sentence that says why not and who may."""
    for flag, sentence in _NEVER:
        if getattr(actor, flag):
            raise errors.NotAllowed(sentence)
    who = grants.who.get(action, DEFAULTS[action])
    mine = {actor.id, *actor.groups}
    if who is Group.MEMBERS or (who is not Group.NOBODY and not mine.isdisjoint(grants.admins)):
        return
    if isinstance(who, Group) or mine.isdisjoint(who):
        raise _refused(action, who, grants)


def _refused(action: model.Action, who: Who, grants: Grants) -> errors.NotAllowed:
    doing = _DOING.get(action, f"{action.value} anomalies")
    if who is Group.NOBODY:
        return errors.NotAllowed(f"Nobody may {doing} from Slack here; DESK_PERMISSIONS says so. Do it in the system itself.")
    if who is Group.ADMINS and not grants.admins:
        hint = "Whoever runs the bot can name some in DESK_ADMINS."
        return errors.NotAllowed(f"Only admins of this desk may {doing}, and none is named. {hint}")
    if isinstance(who, Group):
        return errors.NotAllowed(f"Only admins of this desk may {doing}. Ask one of them.", ask=sorted(grants.admins))
    message = f"Only the people whom DESK_PERMISSIONS names may {doing}, and admins of this desk. Ask one of them."
    return errors.NotAllowed(message, ask=sorted(who | grants.admins))


# --- settings -------------------------------------------------------------------------------------------------------


def grants(admins: Sequence[str], permissions: Mapping[str, Any]) -> Grants:
    """Read `DESK_ADMINS` and `DESK_PERMISSIONS` (action -> members, admins, nobody, or a list of user and user-group ids).

    What is not named keeps its default: members act, admins delete and see rows.
    Raises ValueError with one sentence per fault, a line each.
    """
    faults = [f"DESK_ADMINS: {phrases.quoted(ident)} {_NO_ID}" for ident in admins if not _is_id(ident)]
    who = dict(DEFAULTS)
    for name, value in permissions.items():
        if name not in _ACTIONS:
            near = lookup.nearest(str(name), _ACTIONS)
            hint = f"Did you mean {near}?" if near else f"Actions are {', '.join(_ACTIONS)}."
            faults.append(f"DESK_PERMISSIONS: there is no action {phrases.quoted(str(name))}. {hint}")
            continue
        try:
            who[model.Action(name)] = _who(name, value)
        except ValueError as fault:
            faults.append(str(fault))
    if faults:
        raise ValueError("\n".join(faults))
    return Grants(frozenset(admins), who)


_ACTIONS: tuple[str, ...] = tuple(action.value for action in model.Action)
_NO_ID = "is not the id of a user (U...) or a user group (S...)."


def _is_id(ident: Any) -> bool:
    return isinstance(ident, str) and len(ident) > 1 and ident[0] in "UWS" and ident.isascii() and ident.isalnum()


def _who(name: str, value: Any) -> Who:
    if isinstance(value, str) and value in list(Group):
        return Group(value)
    if isinstance(value, list | tuple) and value:
        wrong = [ident for ident in value if not _is_id(ident)]
        if wrong:
            raise ValueError(f"DESK_PERMISSIONS: {name}: {phrases.quoted(str(wrong[0]))} {_NO_ID}")
        return frozenset(value)
    raise ValueError(f'DESK_PERMISSIONS: {name}: takes "members", "admins", "nobody" or a list of user and user-group ids.')
