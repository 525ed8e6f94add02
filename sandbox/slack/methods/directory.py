"""users.*, usergroups.*, team.info, bots.info, auth.test, apps.connections.open."""

from __future__ import annotations

import secrets

from sandbox.slack import errors, population
from sandbox.slack.methods import arguments
from sandbox.slack.methods.arguments import Call, Json, Method


def _shown(call: Call, user: population.User) -> Json:
    return user.json(with_email="users:read.email" in call.workspace.app.scopes)


def users_info(call: Call) -> Json:
    """users.info"""
    return {"ok": True, "user": _shown(call, call.workspace.user(call.text("user")))}


def users_lookup(call: Call) -> Json:
    """users.lookupByEmail: active members of this workspace only."""
    wanted = call.text("email").lower()
    for user in call.workspace.people.values():
        if user.email.lower() == wanted and not user.deleted and not user.is_stranger:
            return {"ok": True, "user": _shown(call, user)}
    raise errors.SlackError("users_not_found")


def users_list(call: Call) -> Json:
    """users.list"""
    found = [_shown(call, user) for user in call.workspace.people.values() if not user.is_stranger]
    page, after = arguments.page(call, found, "id")
    return {"ok": True, "members": page, "cache_ts": int(call.workspace.now()), "response_metadata": after}


def usergroups_list(call: Call) -> Json:
    """usergroups.list"""
    shown = []
    for group in call.workspace.groups.values():
        one: Json = {"id": group.id, "team_id": population.TEAM, "is_usergroup": True, "name": group.name, "handle": group.handle}
        one |= {"description": "", "is_external": False, "date_delete": 0, "user_count": len(group.users)}
        if call.flag("include_users"):
            one["users"] = list(group.users)
        shown.append(one)
    return {"ok": True, "usergroups": shown}


def usergroups_users(call: Call) -> Json:
    """usergroups.users.list"""
    group = call.workspace.groups.get(call.text("usergroup"))
    if group is None:
        raise errors.SlackError("no_such_subteam")
    return {"ok": True, "users": list(group.users)}


def team_info(call: Call) -> Json:
    """team.info"""
    team = {"id": population.TEAM, "name": population.TEAM_NAME, "domain": population.TEAM_DOMAIN, "email_domain": "acme.example"}
    return {"ok": True, "team": {**team, "url": _url(), "is_verified": False}}


def bots_info(call: Call) -> Json:
    """bots.info"""
    if call.optional("bot") not in ("", population.BOT):
        raise errors.SlackError("bot_not_found")
    bot = {
        "id": population.BOT,
        "deleted": False,
        "name": call.workspace.app.name,
        "app_id": population.APP,
        "user_id": population.BOT_USER,
    }
    return {"ok": True, "bot": {**bot, "updated": 1_700_000_000, "icons": {}}}


def _url() -> str:
    return f"https://{population.TEAM_DOMAIN}.slack.com/"


def auth_test(call: Call) -> Json:
    """auth.test"""
    who = {"user": "anomaly_desk", "user_id": population.BOT_USER, "bot_id": population.BOT}
    team = {"url": _url(), "team": population.TEAM_NAME, "team_id": population.TEAM, "is_enterprise_install": False}
    return {"ok": True, **team, **who}


def connections_open(call: Call) -> Json:
    """apps.connections.open: a WebSocket address, good for one connection."""
    if not call.workspace.app.socket_mode:
        raise errors.SlackError("socket_mode_not_enabled")
    ticket = secrets.token_urlsafe(24)
    call.workspace.socket_tickets.add(ticket)
    base = call.workspace.base_url.replace("http://", "ws://", 1)
    return {"ok": True, "url": f"{base}/link/?ticket={ticket}&app_id={population.APP}"}


METHODS = {
    "users.info": Method(users_info, "T4", ("users:read",), json=False),
    "users.lookupByEmail": Method(users_lookup, "T3", ("users:read.email",), json=False),
    "users.list": Method(users_list, "T2", ("users:read",), json=False),
    "usergroups.list": Method(usergroups_list, "T2", ("usergroups:read",), json=False),
    "usergroups.users.list": Method(usergroups_users, "T2", ("usergroups:read",), json=False),
    "team.info": Method(team_info, "T3", ("team:read",), json=False),
    "bots.info": Method(bots_info, "T3", ("users:read",), json=False),
    "auth.test": Method(auth_test, "special"),
    "apps.connections.open": Method(connections_open, "T3", token="app"),
}
