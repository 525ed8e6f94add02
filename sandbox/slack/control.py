"""The control routes: for tests and for the web page, never for the app under test."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any
from urllib import parse

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.slack import app_link, conversation_acts, errors, message_content, population, shortcut_acts, view_acts, workspace

Record = dict[str, Any]
DEEDS = frozenset({"click", "command", "submit", "shortcut", "home", "message"})
"""Acts of people that are remembered."""
Handler = Callable[[Request, Record], Awaitable[Record] | Record]


class Control:
    """`/_control/...` of one workspace."""

    def __init__(self, space: workspace.Workspace, outbound: app_link.AppLink) -> None:
        self._space = space
        self._outbound = outbound
        self._hands = conversation_acts.ConversationActs(space, outbound)
        self._forms = view_acts.ViewActs(space, outbound)
        self._shortcuts = shortcut_acts.ShortcutActs(space, outbound)

    def routes(self) -> list[BaseRoute]:
        """All of them."""
        mine, people = self._forms, self._hands
        table: list[tuple[str, str, Handler]] = [
            ("POST", "/command", lambda _, body: people.command(body)),
            ("POST", "/click", lambda _, body: people.click(body)),
            ("POST", "/select", lambda _, body: people.select(body)),
            ("POST", "/shortcut", lambda _, body: self._shortcuts.use(body)),
            ("POST", "/message", lambda _, body: people.message(body)),
            ("POST", "/membership", lambda _, body: people.membership(body)),
            ("POST", "/delete", lambda _, body: people.delete(body)),
            ("POST", "/submit", lambda _, body: mine.submit(body)),
            ("POST", "/close", lambda _, body: mine.close(body)),
            ("POST", "/home", lambda _, body: mine.home(body)),
            ("POST", "/faults", self.add_fault),
            ("DELETE", "/faults", self.clear_faults),
            ("GET", "/faults", lambda _, __: {"ok": True, "faults": self._space.faults.listed()}),
            ("GET", "/channels", self.channels),
            ("GET", "/channels/{channel}/messages", self.messages),
            ("GET", "/people", self.people),
            ("GET", "/views/{user}", self.views),
            ("GET", "/home/{user}", self.home),
            ("GET", "/commands", self.commands),
            ("GET", "/shortcuts", self.shortcuts),
            ("GET", "/deeds", self.deeds),
            ("GET", "/log", self.log),
            ("POST", "/log/clear", self.clear_log),
            ("GET", "/revision", lambda _, __: {"ok": True, "revision": self._space.revision}),
            ("GET", "/changes", self.changes),
            ("POST", "/clock", self.clock),
            ("POST", "/budgets", self.budgets),
            ("GET", "/sockets", lambda _, __: {"ok": True, "connections": self._outbound.hub.connections}),
            ("POST", "/sockets/disconnect", self.disconnect),
        ]
        routes: list[BaseRoute] = [Route(f"/_control{path}", self._endpoint(handler), methods=[verb]) for verb, path, handler in table]
        return [*routes, Route("/_control/files/{file}", self.file, methods=["GET"])]

    def _endpoint(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            self._space.base_url = self._space.base_url or str(request.base_url).rstrip("/")
            try:
                body = await _body(request)
                deed = self._begun(request.url.path.rpartition("/")[2], body)
                answer = handler(request, body)
                told = answer if isinstance(answer, dict) else await answer
                if deed and told.get("ok"):
                    self._space.deeds.append(deed)
                return JSONResponse(told)
            except errors.Refused as error:
                return JSONResponse({"ok": False, "error": error.error, **error.extra}, error.status)
            except errors.SlackError as error:
                return JSONResponse(error.body(), 400)

        return endpoint

    def _begun(self, did: str, body: Record) -> Record | None:
        """What somebody is about to do, None for what nobody asks about afterwards."""
        if did not in DEEDS:
            return None
        return {"did": did, "at": self._space.now(), **body, "said": self._says(body)}

    def _says(self, deed: Record) -> str:
        """What the message of a deed says; "" where there is none, or none any more."""
        channel = self._space.channels.get(str(deed.get("channel")))
        message = channel.messages.get(str(deed.get("ts"))) if channel else None
        return json.dumps([message.text, message.blocks]) if message else ""

    def deeds(self, request: Request, _: Record) -> Record:
        """What people did and the app took, oldest first; `answered`: the clicked message says something else by now, or is gone."""
        done = [{**deed, "answered": self._says(deed) != deed["said"]} for deed in self._space.deeds]
        return {"ok": True, "deeds": [{name: value for name, value in deed.items() if name != "said"} for deed in done]}

    def add_fault(self, _: Request, body: Record) -> Record:
        """Set a fault."""
        fault = self._space.faults.add(body)
        self._space.changed()
        return {"ok": True, "fault": asdict(fault)}

    def clear_faults(self, _: Request, __: Record) -> Record:
        """Clear all faults."""
        self._space.faults.clear()
        self._space.changed()
        return {"ok": True}

    def channels(self, request: Request, _: Record) -> Record:
        """Channels, and the direct messages of `?user=`; with a user only what that person is in."""
        user = request.query_params.get("user", "")
        shown = []
        for channel in self._space.channels.values():
            if (user and user not in channel.members) or (channel.is_im and not user):
                continue
            name = self._space.app.name if channel.is_im else channel.name
            one = {"id": channel.id, "name": name, "is_member": population.BOT_USER in channel.members}
            one |= {"is_private": channel.is_private, "is_archived": channel.is_archived, "is_im": channel.is_im, "user": channel.dm_with}
            shown.append({**one, "members": sorted(channel.members), "count": len(channel.messages)})
        return {"ok": True, "channels": shown}

    def messages(self, request: Request, _: Record) -> Record:
        """All messages of a channel in order, answers in threads included, as `?user=` sees them."""
        channel = self._space.channels.get(request.path_params["channel"])
        if channel is None:
            raise errors.Refused("channel_not_found", 404)
        user = request.query_params.get("user", "")
        seen = [message_content.seen_by(message, channel, user) for message in channel.messages.values()]
        return {"ok": True, "messages": [message for message in seen if message is not None]}

    async def file(self, request: Request) -> Response:
        """The bytes of a file that was posted, to be saved under its name."""
        file = self._space.files.get(request.path_params["file"])
        if file is None or file.content is None or not file.title:
            return JSONResponse({"ok": False, "error": "file_not_found"}, 404)
        named = {"Content-Disposition": f"attachment; filename*=UTF-8''{parse.quote(file.name)}"}
        return Response(file.content, media_type=file.mimetype, headers=named)

    def people(self, _: Request, __: Record) -> Record:
        """The directory: `name` for the eye, `handle` as typed after an @; `seat` marks the three people whom a visitor can be."""
        people = [
            {**asdict(user), **user.json(with_email=True), "name": user.real_name, "handle": user.name}
            for user in self._space.people.values()
        ]
        return {"ok": True, "people": people}

    def views(self, request: Request, _: Record) -> Record:
        """The open modals of a person, the top one last."""
        user = conversation_acts.person(self._space, request.path_params["user"])
        stack = self._space.modals.stacks.get(user.id, [])
        return {"ok": True, "views": [{**view.json(), "warning": view.warning or None} for view in stack]}

    def home(self, request: Request, _: Record) -> Record:
        """The home tab of a person."""
        user = conversation_acts.person(self._space, request.path_params["user"])
        view = self._space.modals.homes.get(user.id)
        return {"ok": True, "view": view.json() if view else None}

    def commands(self, _: Request, __: Record) -> Record:
        """The slash commands of the manifest."""
        return {"ok": True, "commands": [asdict(command) for command in self._space.app.commands.values()]}

    def shortcuts(self, _: Request, __: Record) -> Record:
        """The shortcuts of the manifest."""
        return {"ok": True, "shortcuts": [asdict(shortcut) for shortcut in self._space.app.shortcuts.values()]}

    def log(self, request: Request, _: Record) -> Record:
        """What the app called, in order; `?method=` for one method, `?since=` for what came later, `?about=` for what holds this text."""
        method, about = request.query_params.get("method", ""), request.query_params.get("about", "")
        since = float(request.query_params.get("since", "0"))
        calls = [call for call in self._space.log if method in ("", call.method) and call.at >= since]
        return {"ok": True, "log": [asdict(call) for call in calls if not about or about in json.dumps(call.args)]}

    def clear_log(self, _: Request, __: Record) -> Record:
        """Forget the log."""
        self._space.log.clear()
        self._space.changed()
        return {"ok": True}

    async def changes(self, request: Request, _: Record) -> Record:
        """Wait until the revision is greater than `since`, at most `timeout` seconds (20)."""
        try:
            since = int(request.query_params.get("since", "0"))
            seconds = min(float(request.query_params.get("timeout", "20")), 60.0)
        except ValueError:
            raise errors.Refused("invalid_number") from None
        return {"ok": True, "revision": await self._space.wait_beyond(since, seconds)}

    def clock(self, _: Request, body: Record) -> Record:
        """Let `advance_s` seconds pass."""
        seconds = body.get("advance_s")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
            raise errors.Refused("invalid_advance_s")
        self._space.advance(seconds)
        return {"ok": True, "now": self._space.now()}

    def budgets(self, _: Request, body: Record) -> Record:
        """Switch the rate limits on or off."""
        if not isinstance(body.get("enabled"), bool):
            raise errors.Refused("invalid_enabled")
        self._space.budgets.enabled = body["enabled"]
        return {"ok": True, "enabled": self._space.budgets.enabled}

    async def disconnect(self, _: Request, body: Record) -> Record:
        """Cut all Socket Mode connections for `reason`."""
        reason = body.get("reason", "refresh_requested")
        if reason not in ("refresh_requested", "warning", "link_disabled"):
            raise errors.Refused("invalid_reason")
        return {"ok": True, "closed": await self._outbound.hub.disconnect(reason)}


async def _body(request: Request) -> Record:
    raw = await request.body()
    if not raw:
        return {}
    try:
        body = json.loads(raw)
    except ValueError:
        raise errors.Refused("invalid_json") from None
    if not isinstance(body, dict):
        raise errors.Refused("invalid_json")
    return body
