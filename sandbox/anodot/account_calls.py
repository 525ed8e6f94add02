"""The exchange of an access key for a token (contracts 2.1), and the list of users (2.6)."""

from __future__ import annotations

from starlette import responses

from sandbox.anodot import answers, api, questions, tokens, wire_json


async def exchange(call: api.Call) -> responses.Response:
    """A quoted text, or an object for who asks so: the case matters."""
    key = questions.text(await questions.body(call.request), "refreshToken")
    try:
        token = call.world.tokens.exchange(key, call.world.clock().timestamp(), call.world.modes.token_seconds)
    except tokens.Revoked as error:
        raise api.inactive() from error
    except tokens.BadKey as error:
        raise answers.Refused(401, "Token mismatch", bare=True) from error
    wrapped = call.request.query_params.get("responseformat") == "JSON"
    return responses.JSONResponse({"token": token} if wrapped else token)


async def users(call: api.Call) -> responses.Response:
    """A bare list, never a page."""
    return responses.JSONResponse([wire_json.user(one) for one in call.world.users])


ROWS = (
    api.Row("POST", "/access-token", exchange, open=True),
    api.Row("POST", "/access-token/", exchange, open=True),
    api.Row("GET", "/users", users),
)
