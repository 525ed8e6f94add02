"""Before any listener works: is this for our installation, and from one of our people?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.core import belonging
from bot.services import people
from handlers import incoming


async def require(folk: people.People, body: Mapping[str, Any], user: str) -> None:
    """Raise NotAllowed for what is meant for another app, workspace or organization; DeliveryError when Slack cannot be asked."""
    home, origin = await folk.home(), read(body)
    standing = belonging.judge(origin, home)
    if standing is belonging.Standing.COLLEAGUE and belonging.colleague(origin, home, await folk.actor(user)):
        return
    if standing is not belonging.Standing.OURS:
        raise belonging.refuse(standing)


def read(body: Mapping[str, Any]) -> belonging.Origin:
    """The ids of a slash command, of any interactive payload, or of an event. A form knows where its app is installed; elsewhere `team` may
    be the person's."""
    team, view, event = (incoming.part(body, name) for name in ("team", "view", "event"))
    return belonging.Origin(
        app=_first(body.get("api_app_id"), view.get("app_id")),
        team=_first(view.get("app_installed_team_id"), team.get("id"), body.get("team_id")),
        enterprise=_first(incoming.part(body, "enterprise").get("id"), body.get("enterprise_id"), team.get("enterprise_id")),
        user_team=_first(incoming.part(body, "user").get("team_id"), event.get("user_team"), event.get("team")),
    )


def _first(*given: Any) -> str:
    return next((str(one) for one in given if one), "")
