"""Who a token is. Tokens are given out by hand (the static one, those of `/_control/tokens`) or for client credentials."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from sandbox import jwts
from sandbox.autional import catalogue

CLIENT_ID = "cli_anomaly_desk"
CLIENT_SECRET = "sandbox-secret-of-the-desk"
SANDBOX_TOKEN = jwts.made({"sub": catalogue.BOT.user_id, "tenant_id": catalogue.TENANT, "type": "access"})
"""Accepted by every fake tenant; it lives until `/_control/tokens/expire` ends it by name."""

READERS = frozenset({"admin", "analyst", "auditor", "service"})
WRITERS = READERS - {"auditor"}
"""An auditor cannot write (contracts 4.4)."""
SEPARATED = frozenset({"analyst", "auditor"})
"""Who still sees the audit when duties are separated."""


class BadToken(Exception):
    """The token was not issued here, or it is expired; the text is what the service says."""


class BadClient(Exception):
    """These are not the credentials of a client."""


@dataclass(slots=True)
class Grant:
    """Who a token is; `until` in epoch seconds, None: it does not end. `machine`: it was given out for client credentials."""

    user: str
    role: str
    tenant: str = catalogue.TENANT
    until: float | None = None
    machine: bool = False


class Tokens:
    """The tokens and the one client of a tenant."""

    def __init__(self) -> None:
        self._serial = itertools.count(1)
        self.grants = {SANDBOX_TOKEN: Grant(catalogue.BOT.user_id, catalogue.BOT.role)}
        self.secret: str | None = CLIENT_SECRET

    def mint(self, grant: Grant) -> str:
        """A new token for this."""
        said = {"sub": grant.user, "tenant_id": grant.tenant, "type": "access", "jti": next(self._serial)}
        if grant.until is not None:
            said["exp"] = int(grant.until)
        token = jwts.made(said)
        self.grants[token] = grant
        return token

    def grant(self, token: str, now: float) -> Grant:
        """Who this is. Raises BadToken."""
        grant = self.grants.get(token)
        if grant is None:
            raise BadToken("The access token is invalid")
        if grant.until is not None and grant.until <= now:
            raise BadToken("The access token has expired")
        return grant

    def expire(self, now: float, token: str | None = None) -> int:
        """End one token, or all that were exchanged; returns how many. Raises KeyError for an unknown one."""
        ended = [self.grants[token]] if token else [grant for grant in self.grants.values() if grant.machine]
        for grant in ended:
            grant.until = now
        return len(ended)

    def exchange(self, client: str, secret: str, now: float, seconds: float) -> str:
        """A token for client credentials. Raises BadClient."""
        if client != CLIENT_ID or secret != self.secret:
            raise BadClient(client)
        return self.mint(Grant(catalogue.BOT.user_id, catalogue.BOT.role, until=now + seconds, machine=True))
