"""The exchange of client credentials for a token: a form, and flat JSON without an envelope (contracts 4.1, RFC 6749 section 4.4)."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable
from urllib import parse

from starlette import requests, responses, routing

from sandbox.autional import api, tenant, tokens

PREFIXES = ("/bff/oauth/api/v1", "/api/v1")
"""The one of the vendor's SDK, and that of its specification."""
GRANT = "client_credentials"
FORM = "application/x-www-form-urlencoded"


class Refused(Exception):
    """An error of RFC 6749, section 5.2."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status, self.error, self.description = status, error, description


class Exchange:
    """The token call of one tenant."""

    def __init__(self, state: tenant.Tenant) -> None:
        self.world = state

    def routes(self) -> list[routing.BaseRoute]:
        return [routing.Route(f"{prefix}/oauth/token", self._endpoint(prefix), methods=["POST"]) for prefix in PREFIXES]

    def _endpoint(self, prefix: str) -> Callable[[requests.Request], Awaitable[responses.Response]]:
        async def endpoint(request: requests.Request) -> responses.Response:
            await asyncio.sleep(self.world.modes.latency_ms / 1000)
            if prefix != self.world.modes.oauth:
                return api.unknown_route(self.world)
            try:
                return await self._exchange(request)
            except Refused as error:
                return responses.JSONResponse({"error": error.error, "error_description": error.description}, error.status)

        return endpoint

    async def _exchange(self, request: requests.Request) -> responses.Response:
        given = await _form(request)
        if given.get("grant_type") != GRANT:
            known = "grant_type" in given
            raise Refused(400, "unsupported_grant_type" if known else "invalid_request", f"grant_type must be {GRANT}")
        seconds, now = self.world.modes.token_seconds, self.world.clock().timestamp()
        try:
            token = self.world.tokens.exchange(*_client(request, given), now, seconds)
        except tokens.BadClient as error:
            raise Refused(401, "invalid_client", "Client authentication failed") from error
        told = {"access_token": token, "token_type": "Bearer", "expires_in": seconds, "scope": given.get("scope", "")}
        return responses.JSONResponse(told, headers={"cache-control": "no-store"})


async def _form(request: requests.Request) -> dict[str, str]:
    """The form, each parameter once. Raises Refused."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise Refused(400, "invalid_request", f"The content type must be {FORM}")
    pairs = parse.parse_qsl((await request.body()).decode(errors="replace"))
    given = dict(pairs)
    if len(given) != len(pairs):
        raise Refused(400, "invalid_request", "A parameter is repeated")
    return given


def _client(request: requests.Request, given: dict[str, str]) -> tuple[str, str]:
    """Id and secret, of the form or of a Basic header, not of both. Raises Refused."""
    scheme, _, coded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return given.get("client_id", ""), given.get("client_secret", "")
    if "client_secret" in given:
        raise Refused(400, "invalid_request", "More than one way of client authentication")
    try:
        client, _, secret = base64.b64decode(coded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise Refused(401, "invalid_client", "Client authentication failed") from error
    return parse.unquote_plus(client), parse.unquote_plus(secret)
