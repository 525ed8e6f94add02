"""Response URLs: answers to a click or a command, for whoever acted, or in place of the clicked message."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from sandbox.slack import api, errors, message_content, population, tickets, workspace

_GONE = frozenset({"no_such_url", "expired_url", "used_url", "message_not_found", "no_original"})
_FLAGS = ("replace_original", "delete_original")


class ResponseUrls:
    """`/response/...` of one workspace."""

    def __init__(self, space: workspace.Workspace, web: api.Api) -> None:
        self._space = space
        self._web = web

    async def endpoint(self, request: Request) -> Response:
        """One answer, logged as the method `response_url`."""
        space = self._space
        line = workspace.Call(space.now(), "response_url", {"url": request.path_params["path"]})
        space.log.append(line)
        response = await self._answer(request, line)
        line.status = 0 if isinstance(response, api.Dropped) else response.status_code
        if isinstance(response, JSONResponse):
            line.error = json.loads(bytes(response.body))["error"]
        space.changed()
        return response

    async def _answer(self, request: Request, line: workspace.Call) -> Response:
        body = _body(await request.body())
        if body is None:
            return JSONResponse({"ok": False, "error": "invalid_payload"}, 400)
        line.args |= body
        ticket = self._space.tickets.peek_reply(request.path_params["path"])
        fault = self._space.faults.take("response_url", ticket.channel if ticket else "", api.types_of(body))
        line.fault = fault.mode if fault else None
        path = request.path_params["path"]
        return await self._web.with_fault(request, fault, lambda types: self._run(path, body, types), error_status=400)

    def _run(self, path: str, body: dict[str, Any], unsupported: frozenset[str]) -> Response:
        try:
            self._respond(self._space.tickets.use_reply(path), body, unsupported)
        except errors.SlackError as error:
            return JSONResponse(error.body(), 404 if error.error in _GONE else 400)
        return PlainTextResponse("ok")

    def _respond(self, ticket: tickets.ReplyTicket, body: dict[str, Any], unsupported: frozenset[str]) -> None:
        for flag in _FLAGS:
            if not isinstance(body.get(flag, False), bool):
                raise errors.SlackError("invalid_payload")
        if body.get("response_type", "ephemeral") not in ("ephemeral", "in_channel"):
            raise errors.SlackError("invalid_response_type")
        channel = self._space.channels[ticket.channel]
        if body.get("delete_original"):
            self._space.remove(channel, self._original(channel, ticket).ts)
            return
        content = message_content.content(body, unsupported, capped=False)
        if body.get("replace_original") and ticket.original:
            self._replace(self._original(channel, ticket), content)
        else:
            self._add(channel, ticket, content, body)

    @staticmethod
    def _original(channel: population.Channel, ticket: tickets.ReplyTicket) -> population.Message:
        if not ticket.original:
            raise errors.SlackError("no_original")
        message = channel.messages.get(ticket.original)
        if message is None or message.subtype == "tombstone":
            raise errors.SlackError("message_not_found")
        return message

    def _replace(self, message: population.Message, content: message_content.Content) -> None:
        if message.user != population.BOT_USER:
            raise errors.SlackError("cant_update_message")
        before = message.text
        message.text, message.blocks = content.shown, content.blocks or []
        message.state.clear()
        if content.blocks is None and message.text != before:
            message.edited = self._space.next_ts()
        self._space.changed()

    def _add(
        self, channel: population.Channel, ticket: tickets.ReplyTicket, content: message_content.Content, body: dict[str, Any]
    ) -> None:
        thread = body.get("thread_ts") or ""
        if thread and thread not in channel.messages:
            raise errors.SlackError("thread_not_found")
        private = body.get("response_type", "ephemeral") == "ephemeral"
        message = population.Message(self._space.next_ts(), population.BOT_USER, content.shown, content.blocks or [], bot=population.BOT)
        message.thread_ts, message.ephemeral_to = thread, ticket.user if private else ""
        self._space.store(channel, message)


def _body(raw: bytes) -> dict[str, Any] | None:
    try:
        body = json.loads(raw)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
