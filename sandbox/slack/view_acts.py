"""What people do with views: submit and close modals, open the home tab."""

from __future__ import annotations

from typing import Any

from sandbox.slack import app_link, conversation_acts, errors, event_shapes, input_values, modals, population, workspace

Record = dict[str, Any]


class ViewActs:
    """People and their open views in one workspace."""

    def __init__(self, space: workspace.Workspace, outbound: app_link.AppLink) -> None:
        self._space = space
        self._outbound = outbound

    def _top(self, wanted: Record) -> tuple[population.User, modals.View]:
        user = conversation_acts.person(self._space, wanted.get("user"))
        view = self._space.modals.top(user.id)
        if view is None:
            raise errors.Refused("no_view_open", 404)
        return user, view

    async def submit(self, wanted: Record) -> Record:
        """Fill in the top view and submit it. Slack's own form checks come first; what they refuse is not sent."""
        user, view = self._top(wanted)
        if not view.payload.get("submit"):
            raise errors.Refused("view_has_no_submit")
        if not self._space.app.interactivity:
            raise errors.Refused("interactivity_not_enabled")
        view.fill(wanted.get("values") or {})
        complaints = self._complaints(view)
        self._space.changed()
        if complaints:
            return {"ok": False, "response": None, "errors": complaints, "error": "input_refused"}
        ack = await self._outbound.interaction(event_shapes.submission(self._space, user, view))
        if ack.error:
            view.warning = ack.error
            return {"ok": False, "response": None, "errors": {}, "error": ack.error}
        return {**self._apply(user, view, ack.body), "ack_ms": ack.ms}

    def _complaints(self, view: modals.View) -> dict[str, str]:
        found: dict[str, str] = {}
        for block in view.payload["blocks"]:
            if block["type"] == "input":
                value = view.values.get(block["block_id"], {}).get(block["element"]["action_id"])
                complaint = input_values.complaint(block, value) if value else ""
                found |= {block["block_id"]: complaint} if complaint else {}
        return found

    def _apply(self, user: population.User, view: modals.View, body: Any) -> Record:
        """Do what the app answered to a submission."""
        answer = body if isinstance(body, dict) else {}
        action = answer.get("response_action")
        done: Record = {"ok": True, "response": action, "errors": {}, "error": None}
        try:
            if action is None:
                self._leave(user, view)
            elif action == "clear":
                self._space.modals.clear(user.id)
            elif action == "errors":
                done["errors"] = self._errors(view, answer.get("errors"))
            elif action == "update":
                self._space.modals.replace(view, self._space.modals.check(answer.get("view"), "modal"))
            elif action == "push":
                self._space.modals.push(user.id, self._space.modals.check(answer.get("view"), "modal"))
            else:
                raise errors.SlackError("invalid_response_action")
        except errors.SlackError as error:
            view.warning = error.error
            done |= {"ok": False, "error": error.error, "detail": error.extra.get("response_metadata", {}).get("messages", [])}
        self._space.changed()
        return done

    def _leave(self, user: population.User, view: modals.View) -> None:
        stack = self._space.modals.stacks.get(user.id, [])
        if view in stack:
            stack.remove(view)

    @staticmethod
    def _errors(view: modals.View, given: Any) -> Record:
        inputs = {block["block_id"] for block in view.payload["blocks"] if block["type"] == "input"}
        if not isinstance(given, dict) or not given or not all(isinstance(text, str) and text for text in given.values()):
            raise errors.SlackError("invalid_errors")
        if not set(given) <= inputs:
            raise errors.SlackError("invalid_errors")
        return given

    async def close(self, wanted: Record) -> Record:
        """Close the top view; the app hears of it only when it asked to."""
        user, view = self._top(wanted)
        clear = bool(view.payload.get("clear_on_close"))
        gone = list(reversed(self._space.modals.clear(user.id))) if clear else [self._space.modals.pop(user.id)]
        self._space.changed()
        error: str | None = None
        for one in gone:
            if one is not None and one.payload.get("notify_on_close"):
                ack = await self._outbound.interaction(event_shapes.closed(user, one, cleared=clear))
                error = error or ack.error
        return {"ok": error is None, "error": error}

    def home(self, wanted: Record) -> Record:
        """Open the app's home, at the `tab` home (or messages, which Slack tells by the same event, without a view)."""
        user = conversation_acts.person(self._space, wanted.get("user"))
        tab = wanted.get("tab") or "home"
        if tab not in ("home", "messages"):
            raise errors.Refused("invalid_tab")
        if not (self._space.app.home_tab if tab == "home" else self._space.app.messages_tab):
            raise errors.Refused(f"{tab}_tab_not_enabled")
        view = self._space.modals.homes.get(user.id) if tab == "home" else None
        event: Record = {"type": "app_home_opened", "user": user.id, "channel": "D" + user.id[1:], "tab": tab}
        event |= {"event_ts": self._space.next_ts()} | ({"view": view.json()} if view else {})
        self._outbound.event("app_home_opened", event)
        return {"ok": True, "view": view.json() if view else None}
