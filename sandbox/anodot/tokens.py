"""Access keys, and the tokens that they are exchanged for."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from sandbox import jwts
from sandbox.anodot import catalogue

SANDBOX_KEY = "a4f09c2d7be85316c0d1e9b7f2a36485"
"""The access key that every fake account knows."""
COLLECTION_KEY = "0c5d7e1f9a3b2468"
"""The key for sending metrics: another thing, and no access key."""
READERS = frozenset({"customer-user", "customer-admin", catalogue.READ_ONLY})
WRITERS = READERS - {catalogue.READ_ONLY}


class BadKey(Exception):
    """This is no access key of the account."""


class Revoked(Exception):
    """The key was taken back."""


class BadToken(Exception):
    """The token was not issued here."""


class Ended(Exception):
    """The token has ended."""


@dataclass(slots=True)
class Key:
    """An access key: whose it is, what they may, and whether it was taken back."""

    user: catalogue.User
    role: str
    revoked: bool = False


@dataclass(slots=True)
class Grant:
    """A token: of which key, until when (epoch seconds)."""

    key: Key
    until: float


class Tokens:
    """The keys and tokens of an account."""

    def __init__(self) -> None:
        self._serial = itertools.count(1)
        self.keys = {SANDBOX_KEY: Key(catalogue.BOT, catalogue.BOT.role)}
        self.grants: dict[str, Grant] = {}

    def exchange(self, key: str, now: float, seconds: float) -> str:
        """A token for a key. Raises BadKey, Revoked."""
        found = self.keys.get(key)
        if found is None:
            raise BadKey
        if found.revoked:
            raise Revoked
        until = int(now + seconds)
        said = {"_id": found.user.id, "organizationId": catalogue.ACCOUNT, "iat": int(now), "exp": until, "jti": next(self._serial)}
        token = jwts.made(said)
        self.grants[token] = Grant(found, until)
        return token

    def grant(self, token: str, now: float) -> Grant:
        """Who this is. Raises BadToken, Revoked, Ended."""
        found = self.grants.get(token)
        if found is None:
            raise BadToken
        if found.key.revoked:
            raise Revoked
        if found.until <= now:
            raise Ended
        return found

    def expire(self, now: float) -> int:
        """End all tokens; returns how many."""
        for grant in self.grants.values():
            grant.until = min(grant.until, now)
        return len(self.grants)
