"""Who may say that a Slack user is a system's user: one owner each, an address counts more than a choice, and a choice for others is an
admin's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot import errors, model
from bot.core import permissions, phrases


@dataclass(frozen=True, slots=True)
class Choice:
    """Somebody chose that the Slack user `slack_id` is `person`.

    `owner` is who that person is now, `by_address` whom Slack knows by their address ("" for nobody), and `own` the system's user who has
    the address of `slack_id`.
    """

    slack_id: str
    person: model.Person
    title: str
    owner: str = ""
    by_address: str = ""
    own: model.Person | None = None


def decide(choice: Choice, actor: model.Actor, grants: permissions.Grants) -> None:
    """Return when the choice counts. Raises NotAllowed with who may say it, and how."""
    who = phrases.cut(choice.person.name or choice.person.email or choice.person.id, 60)
    if choice.by_address == choice.slack_id:
        return
    if choice.by_address:
        message = f"{who} in {choice.title} has the e-mail address of somebody else in Slack, and an address counts more than a choice."
        raise errors.NotAllowed(f"{message} Nothing was changed.", ask=[choice.by_address])
    if permissions.is_admin(actor, grants):
        return
    check_others(choice.slack_id, actor, grants)
    if choice.owner and choice.owner != choice.slack_id:
        raise errors.NotAllowed(f"Somebody else is {who} in {choice.title} already. {_admins(grants)}", ask=sorted(grants.admins))
    if choice.own is not None and choice.own.id != choice.person.id:
        own = phrases.cut(choice.own.name or choice.own.email, 60)
        message = f"Your e-mail address is that of {own} in {choice.title}, so you are not {who} there."
        raise errors.NotAllowed(f"{message} {_admins(grants)}", ask=sorted(grants.admins))


def check_others(slack_id: str, actor: model.Actor, grants: permissions.Grants) -> None:
    """Return when the actor may say who this Slack user is. Raises NotAllowed."""
    if slack_id != actor.id and not permissions.is_admin(actor, grants):
        raise errors.NotAllowed(f"You can link yourself. {_admins(grants)}", ask=sorted(grants.admins))


def check_strangers(strangers: Sequence[model.Actor], actor: model.Actor, title: str, grants: permissions.Grants) -> None:
    """Return when the actor may be asked who these Slack users are in the system. Raises NotAllowed with who can say it, and how."""
    others = [stranger.name for stranger in strangers if stranger.id != actor.id]
    if not others or permissions.is_admin(actor, grants):
        return
    names = ", ".join(phrases.cut(name, 60) for name in others[:10])
    message = f"Nobody knows yet who {names} {'is' if len(others) == 1 else 'are'} in {title}, so nothing was assigned."
    how = "They can say it themselves with /anomalies link and their e-mail address there"
    raise errors.NotAllowed(f"{message} {how}. {_admins(grants)}", ask=sorted(grants.admins))


def _admins(grants: permissions.Grants) -> str:
    if grants.admins:
        return "An admin of this desk links others: /anomalies link @name dana@acme.example."
    return "Only admins of this desk link others, and none is named. Whoever runs the bot can name some in DESK_ADMINS."
