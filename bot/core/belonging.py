"""Whether what Slack delivered is meant for this installation, and comes from one of its people (slack-platform section 14).

A channel may be shared with other workspaces (Slack Connect), and a Grid has several of its own. What a payload says of itself settles
most; for another workspace of our own Grid the person's own workspaces decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from bot import errors, model

OUTSIDER = "Only people of this workspace can use Anomaly Desk. Ask somebody who belongs to it. Nothing was changed."
ELSEWHERE = "This belongs to another installation of Anomaly Desk, so this one did nothing. Use the messages of your own workspace's desk."


@dataclass(frozen=True, slots=True)
class Origin:
    """The ids that a payload carries: of the app, of the workspace and Grid organization where it happened, and of the person's workspace;
    each "" when it does not say."""

    app: str = ""
    team: str = ""
    enterprise: str = ""
    user_team: str = ""


class Standing(Enum):
    """What a payload alone proves."""

    OURS = "ours"
    OUTSIDER = "outsider"
    ELSEWHERE = "elsewhere"
    COLLEAGUE = "colleague"
    """Perhaps of another workspace of our Grid: ask who they are."""


def judge(origin: Origin, home: model.Installation) -> Standing:
    """What the payload proves."""
    if home.app and origin.app not in ("", home.app):
        return Standing.ELSEWHERE
    if origin.enterprise not in ("", home.enterprise):
        return Standing.OUTSIDER
    teams = {origin.team, origin.user_team} - {""}
    if teams == {home.team}:
        return Standing.OURS
    return Standing.COLLEAGUE if home.enterprise or not teams else Standing.OUTSIDER


def colleague(origin: Origin, home: model.Installation, actor: model.Actor) -> bool:
    """Whether somebody whose payload names another workspace belongs to ours all the same, as Slack knows them."""
    same_grid = origin.team in ("", home.team) or (bool(home.enterprise) and origin.enterprise == home.enterprise)
    return same_grid and not actor.is_outsider and home.team in actor.teams and origin.user_team in {"", *actor.teams}


def refuse(standing: Standing) -> errors.NotAllowed:
    """The refusal as its reader sees it."""
    return errors.NotAllowed(ELSEWHERE if standing is Standing.ELSEWHERE else OUTSIDER)
