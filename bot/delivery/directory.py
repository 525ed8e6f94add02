"""Who people are, as Slack tells it now: the facts that rights are decided by (slack-platform section 14)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot import errors, model
from bot.delivery import failures

FACTS_SECONDS, GROUP_SECONDS = 30.0, 300.0
"""users.info is tier 4 and asked on each action; usergroups.users.list is tier 2."""
KEPT = 1000
SLACKBOT = "USLACKBOT"
SCOPES = "x-oauth-scopes"
STRANGERS = frozenset({"user_not_found", "users_not_found", "user_not_visible"})
"""Slack does not know them, or not to us: somebody from outside."""

_log = logging.getLogger(__name__)


class SlackDirectory:
    """Implements `ports.Directory`. `groups` are the ids of the user groups that matter for rights; nobody is asked about others."""

    def __init__(self, client: AsyncWebClient, groups: Sequence[str] = ()) -> None:
        self._client, self._groups = client, tuple(groups)
        self._people: dict[str, tuple[float, model.Actor]] = {}
        self._members: dict[str, tuple[float, frozenset[str]]] = {}
        self._failing: set[str] = set()
        self._lock = asyncio.Lock()
        self._tested: Mapping[str, Any] = {}
        self._app: str | None = None

    async def actor(self, user: str) -> model.Actor:
        """Facts about a user, at most 30 s old, group membership at most 5 minutes; somebody whom Slack does not know is an outsider.

        Raises a child of `errors.DeliveryError` when Slack cannot be asked.
        """
        known = self._people.get(user)
        if known is None or known[0] <= _now():
            known = (_now() + FACTS_SECONDS, await self._ask(user))
            self._keep(user, known)
        return replace(known[1], groups=await self._groups_of(user))

    async def by_address(self, address: str) -> str:
        """The id of the active member of this workspace who has this e-mail address, "" when nobody has; asked anew each time.

        Raises a child of `errors.DeliveryError` when Slack cannot be asked.
        """
        try:
            answer = await failures.ask(self._client.users_lookupByEmail(email=address), repeatable=True)
        except errors.DeliveryError as error:
            if error.code in STRANGERS:
                return ""
            raise
        return str((answer.get("user") or {}).get("id") or "")

    def _keep(self, user: str, known: tuple[float, model.Actor]) -> None:
        if len(self._people) >= KEPT:
            self._people = {name: fact for name, fact in self._people.items() if fact[0] > _now()}
        self._people[user] = known

    async def _ask(self, user: str) -> model.Actor:
        team = (await self._ours()).team
        try:
            answer = await failures.ask(self._client.users_info(user=user), repeatable=True)
        except errors.DeliveryError as error:
            if error.code in STRANGERS:
                return model.Actor(id=user, name=user, is_outsider=True)
            raise
        return _actor(user, answer.get("user") or {}, team)

    async def home(self) -> model.Installation:
        """Where this app is installed; asked once. Raises a child of `errors.DeliveryError` when Slack cannot be asked.

        auth.test does not name the app of a bot token, bots.info does (users:read); where it does not, the app is "".
        """
        ours = await self._ours()
        if self._app is None:
            self._app = await self._app_of(str(self._tested.get("bot_id") or ""))
        return replace(ours, app=self._app or "")

    async def _app_of(self, bot: str) -> str | None:
        """The id of the app behind a bot; None when Slack did not answer, so that it is asked again."""
        try:
            answer = await failures.ask(self._client.bots_info(bot=bot), repeatable=True)
        except errors.DeliveryError as error:
            return None if error.retryable else ""
        return str((answer.get("bot") or {}).get("app_id") or "")

    async def _ours(self) -> model.Installation:
        if not self._tested.get("team_id"):
            self._tested, _ = await tested(self._client)
        told = {field: str(self._tested.get(f"{field}_id") or "") for field in ("team", "enterprise")}
        return model.Installation(**told)

    async def scopes(self) -> frozenset[str]:
        """What the bot token may do; asked anew each time, because an app that is installed again keeps its token."""
        _, scopes = await tested(self._client)
        return scopes

    async def _groups_of(self, user: str) -> frozenset[str]:
        async with self._lock:
            members = {group: await self._members_of(group) for group in self._groups}
        return frozenset(group for group, users in members.items() if user in users)

    async def _members_of(self, group: str) -> frozenset[str]:
        """The users of a group. When Slack does not tell, nobody is in it: rights fail closed. Said once, and once when it works again."""
        known = self._members.get(group)
        if known and known[0] > _now():
            return known[1]
        try:
            answer = await failures.ask(self._client.usergroups_users_list(usergroup=group), repeatable=True)
            users = frozenset(map(str, answer.get("users") or ()))
            if group in self._failing:
                _log.info("the members of user group %s can be read again", group)
            self._failing.discard(group)
        except errors.DeliveryError as error:
            users = frozenset()
            if group not in self._failing:
                _log.warning("the members of user group %s cannot be read, so nobody counts as one: %s", group, error)
            self._failing.add(group)
        self._members[group] = (_now() + (FACTS_SECONDS if group in self._failing else GROUP_SECONDS), users)
        return users


def _actor(user: str, facts: Mapping[str, Any], team: str) -> model.Actor:
    """Read a user object. Flags that are missing count as false, except that somebody of no team of ours is an outsider."""
    profile = facts.get("profile") or {}
    teams = {str(facts.get("team_id") or ""), *map(str, (facts.get("enterprise_user") or {}).get("teams") or ())}
    names = (profile.get("display_name"), profile.get("real_name"), facts.get("real_name"), facts.get("name"), user)
    return model.Actor(
        id=user,
        name=str(next(name for name in names if name)),
        email=str(profile.get("email") or ""),
        is_bot=bool(facts.get("is_bot")) or user == SLACKBOT,
        is_guest=bool(facts.get("is_restricted") or facts.get("is_ultra_restricted")),
        is_outsider=bool(facts.get("is_stranger")) or not team or team not in teams,
        is_deleted=bool(facts.get("deleted")),
        teams=frozenset(teams - {""}),
    )


def _now() -> float:
    return asyncio.get_running_loop().time()


async def tested(client: AsyncWebClient) -> tuple[Mapping[str, Any], frozenset[str]]:
    """What auth.test says, and the scopes of the token, which stand in a header of every answer. Raises a child of `DeliveryError`."""
    scopes = ""

    async def ask() -> AsyncSlackResponse:
        nonlocal scopes
        answer = await client.auth_test()
        scopes = next((str(value) for name, value in answer.headers.items() if name.casefold() == SCOPES), "")
        return answer

    told = await failures.ask(ask(), repeatable=True)
    return told, frozenset(scope.strip() for scope in scopes.split(",") if scope.strip())
