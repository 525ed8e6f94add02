"""Who calls: the organisation with its token, or the user of a session, who wins over the token wherever the session is told."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from starlette import requests

SANDBOX_TOKEN = "sandbox-anomify-org-token"
COOKIE = "session_id"
ORG, USER, DEMO, NOBODY = "org", "user", "demo", "nobody"


@dataclass(frozen=True, slots=True)
class Caller:
    """`kind` is one of the four; `session` is "" for a token. `fresh`: the session was made for this call."""

    kind: str
    session: str = ""
    fresh: bool = False


def new_session() -> str:
    return uuid.uuid4().hex


class Doors:
    """The tokens and sessions of an organisation."""

    def __init__(self) -> None:
        self.revoked: dict[str, bool] = {SANDBOX_TOKEN: False}
        self.kinds: dict[str, str] = {}
        """What the sessions of users are; any other is nobody's."""

    def login(self, kind: str) -> str:
        """A session of a user or of a demo account."""
        session = new_session()
        self.kinds[session] = kind
        return session

    def caller(self, request: requests.Request, asked: Mapping[str, str]) -> Caller:
        """Header, then parameter, then cookie; then the token; else nobody, with a fresh session."""
        told = request.headers.get("x-session-id") or asked.get(COOKIE) or request.cookies.get(COOKIE)
        if told:
            return Caller(self.kinds.get(told, NOBODY), told)
        token = request.headers.get("x-auth-token", "")
        if self.revoked.get(token) is False:
            return Caller(ORG)
        return Caller(NOBODY, new_session(), fresh=True)
