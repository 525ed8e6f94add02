"""Tokens and rights. A token is a JWT whose signature nobody checks; it must have been issued here and not be expired."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox import jwts

ROLES = ("Viewer", "Reporter", "Drafter", "Author", "Editor")
"""Team permissions, weakest first."""

NEEDS: Mapping[str, str] = {
    "list": "Viewer",
    "read": "Reporter",
    "update": "Editor",
    "archive": "Author",
    "delete": "Author",
    "comment": "Author",
    "operate": "Editor",
}
"""The right for each act. Vendor page and guide differ (contracts 1.7): this is the stricter of the two, so a bot that
works here has enough rights either way."""


class BadToken(Exception):
    """The token is not one of ours, or it is expired; the text is what the service says."""


SANDBOX_TOKEN = jwts.made({"sub": "service|anomaly-desk", "name": "Anomaly Desk", "type": "service"})
"""Accepted by every fake deployment, never expires, all rights unless `/_control/rights` takes some away."""


@dataclass(slots=True)
class Grant:
    """Who a token is, and the role on each datastore; a datastore that is not in `roles` is out of reach."""

    user: int
    roles: dict[int, str] = field(default_factory=dict)

    def may(self, datastore: int, role: str) -> bool:
        mine = self.roles.get(datastore)
        return mine is not None and ROLES.index(mine) >= ROLES.index(role)


class Tokens:
    """The tokens of one deployment."""

    def __init__(self, bot: int, datastores: Iterable[int]) -> None:
        self._serial = itertools.count(1)
        self._datastores = tuple(datastores)
        self.grants = {SANDBOX_TOKEN: Grant(bot, dict.fromkeys(self._datastores, "Editor"))}

    def mint(self, user: int, roles: Mapping[int, str] | None = None, expires: float | None = None) -> str:
        """A new token; `expires` in epoch seconds, None never; `roles` None means Editor everywhere."""
        said: dict[str, Any] = {"sub": f"user|{user}", "jti": next(self._serial)}
        if expires is not None:
            said["exp"] = int(expires)
        token = jwts.made(said)
        self.grants[token] = Grant(user, dict(roles) if roles is not None else dict.fromkeys(self._datastores, "Editor"))
        return token

    def grant(self, token: str, now: float) -> Grant:
        """Who this is. Raises BadToken."""
        grant = self.grants.get(token)
        try:
            said = jwts.claims(token)
        except jwts.NotOne as error:
            raise BadToken("Could not validate credentials") from error
        if grant is None:
            raise BadToken("Could not validate credentials")
        if "exp" in said and said["exp"] <= now:
            raise BadToken("Token has expired")
        return grant

    def limit(self, datastore: int, role: str | None, token: str = SANDBOX_TOKEN) -> None:
        """Set the role of a token on a datastore; None takes it away. Raises KeyError for an unknown token or role."""
        grant = self.grants[token]
        if role is None:
            grant.roles.pop(datastore, None)
        elif role in ROLES:
            grant.roles[datastore] = role
        else:
            raise KeyError(role)
