"""The HTTP face of the Web API: arguments, tokens, faults, budgets, scopes, then the method."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from sandbox.slack import errors, faults, workspace
from sandbox.slack.blockkit import surfaces
from sandbox.slack.methods import chat, conversations, directory, files, views
from sandbox.slack.methods.arguments import Call, Json, Method

METHODS: dict[str, Method] = {**chat.METHODS, **conversations.METHODS, **directory.METHODS, **files.METHODS, **views.METHODS}

Run = Callable[[frozenset[str]], Response]


class Dropped(Response):
    """No answer: the TCP connection is cut."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"]["transport"].abort()
        await asyncio.sleep(0)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, read: `form` tells whether the arguments came outside a JSON body."""

    method: str
    args: Json
    token: str
    form: bool


async def read(request: Request, method: str) -> Asked:
    """Arguments from the query string and a form or JSON body. Raises invalid_json, invalid_form_data."""
    args: Json = dict(request.query_params)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    form = True
    if kind == "application/json":
        form = False
        args |= _json_object(await request.body())
    elif kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        args |= {key: value for key, value in (await request.form()).items() if isinstance(value, str)}
    elif await request.body():
        raise errors.SlackError("invalid_post_type")
    token = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    return Asked(method, args, token or str(args.pop("token", "")), form)


def _json_object(body: bytes) -> Json:
    try:
        value = json.loads(body or b"{}")
    except ValueError:
        raise errors.SlackError("invalid_json") from None
    if not isinstance(value, dict):
        raise errors.SlackError("json_not_object")
    return value


class Api:
    """`/api/{method}` of one workspace."""

    def __init__(self, space: workspace.Workspace) -> None:
        self._space = space

    async def endpoint(self, request: Request) -> Response:
        """One call, logged."""
        space = self._space
        space.base_url = space.base_url or str(request.base_url).rstrip("/")
        name = request.path_params["method"]
        line = workspace.Call(space.now(), name, {})
        space.log.append(line)
        try:
            asked = await read(request, name)
        except errors.SlackError as error:
            response = refusal(error)
        else:
            line.args = asked.args
            fault = space.faults.take(name, _channel(asked.args), types_of(asked.args))
            line.fault = fault.mode if fault else None
            response = await self.with_fault(request, fault, lambda types: self._run(asked, types))
        line.status, line.error = _outcome(response)
        space.changed()
        return response

    async def with_fault(self, request: Request, fault: faults.Fault | None, run: Run, *, error_status: int = 200) -> Response:
        """Carry a call out, or not, as the fault in force wants it. `run` takes the block types to refuse."""
        if fault is None:
            return run(frozenset())
        if fault.mode == "refuse_blocks":
            return run(frozenset(fault.types))
        if fault.mode == "hang" and fault.delay_s:
            await asyncio.sleep(fault.delay_s)
            return run(frozenset())
        if fault.mode in ("timeout_after", "drop_after"):
            run(frozenset())
        if fault.mode in ("timeout_after", "timeout_before", "hang"):
            await self._silence(request, fault.delay_s)
        return _INSTEAD.get(fault.mode, _drop)(fault, error_status)

    async def _silence(self, request: Request, seconds: float) -> None:
        """Until the client gives up, the server stops, or `seconds` (0: no bound) are over."""
        waiting = [asyncio.ensure_future(request.receive()), asyncio.ensure_future(self._space.closing.wait())]
        try:
            await asyncio.wait(waiting, timeout=seconds or None, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()

    def _run(self, asked: Asked, unsupported: frozenset[str] = frozenset()) -> Response:
        headers = {"x-oauth-scopes": ",".join(sorted(self._space.app.scopes)), "x-accepted-oauth-scopes": ""}
        try:
            method = METHODS.get(asked.method)
            if method is None:
                raise errors.SlackError("unknown_method", req_method=asked.method)
            self._authenticate(method, asked.token)
            self._spend(method, asked)
            self._space.require(*method.scopes)
            args = asked.args if asked.form or method.json else {}
            return JSONResponse(method.run(Call(self._space, args, unsupported)), headers=headers)
        except errors.SlackError as error:
            return refusal(error)

    def _authenticate(self, method: Method, token: str) -> None:
        if not method.token:
            return
        if not token:
            raise errors.SlackError("not_authed")
        known = {self._space.bot_token: "bot", self._space.app_token: "app"}
        if token not in known:
            raise errors.SlackError("invalid_auth")
        if known[token] != method.token:
            raise errors.SlackError("not_allowed_token_type")

    def _spend(self, method: Method, asked: Asked) -> None:
        if asked.method == "chat.postMessage":
            self._space.budgets.spend_post(_channel(asked.args))
        else:
            self._space.budgets.spend(asked.method, method.tier)


def refusal(error: errors.SlackError) -> Response:
    """The answer of the Web API to what it refuses."""
    if isinstance(error, errors.RateLimited):
        return JSONResponse(error.body(), 429, headers={"Retry-After": str(error.retry_after)})
    return JSONResponse(error.body())


def _drop(fault: faults.Fault, status: int) -> Response:
    return Dropped()


_INSTEAD: dict[str, Callable[[faults.Fault, int], Response]] = {
    "error": lambda fault, status: JSONResponse({"ok": False, "error": fault.error}, status),
    "429": lambda fault, status: refusal(errors.RateLimited(fault.retry_after)),
    "500": lambda fault, status: Response("Internal Server Error", 500, media_type="text/plain"),
    "garbage": lambda fault, status: Response("<html><body>It's not you, it's us.</body></html>", media_type="text/html"),
}
"""What is answered in place of the real answer; all other modes cut the connection."""


def _channel(args: Json) -> str:
    """The conversation of a call; a user id stands for the direct message."""
    ident = str(args.get("channel") or args.get("channel_id") or "")
    return "D" + ident[1:] if ident[:1] == "U" else ident


def types_of(args: Json) -> frozenset[str]:
    """The block types of a call."""
    value: Any = args.get("blocks")
    view = args.get("view")
    try:
        value = json.loads(value) if isinstance(value, str) and value else value
        view = json.loads(view) if isinstance(view, str) and view else view
    except ValueError:
        return frozenset()
    listed = [*(value if isinstance(value, list) else []), *(view.get("blocks", []) if isinstance(view, dict) else [])]
    return frozenset(surfaces.counted_types(listed))


def _outcome(response: Response) -> tuple[int, str | None]:
    if isinstance(response, Dropped):
        return 0, "dropped"
    if not isinstance(response, JSONResponse):
        return response.status_code, None if response.status_code == 200 else str(response.status_code)
    body = json.loads(bytes(response.body))
    return response.status_code, body.get("error") if isinstance(body, dict) else None
