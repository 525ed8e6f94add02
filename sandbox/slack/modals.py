"""What each person has open: a stack of at most three modals, and a home tab."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.slack import errors, input_values, limits, population
from sandbox.slack.blockkit import schema, surfaces


@dataclass
class View:
    """A view that a person sees. `payload` is what the app sent, normalised; `values` what the person entered so far."""

    id: str
    user: str
    payload: dict[str, Any]
    root: str
    previous: str = ""
    hash: str = ""
    warning: str = ""
    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    options: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        """The view object of Slack's answers and payloads."""
        fixed = {"private_metadata": "", "callback_id": "", "external_id": "", "state": {"values": json.loads(json.dumps(self.values))}}
        flags = {"title": None, "submit": None, "close": None, "clear_on_close": False, "notify_on_close": False}
        ids = {
            "id": self.id,
            "team_id": population.TEAM,
            "app_id": population.APP,
            "app_installed_team_id": population.TEAM,
            "bot_id": population.BOT,
        }
        place = {"hash": self.hash, "root_view_id": self.root, "previous_view_id": self.previous or None}
        return {**flags, **fixed, **self.payload, **ids, **place}

    def fill(self, values: Any) -> None:
        """Enter values, by `action_id` or `block_id/action_id`: all of them or none. Raises Refused."""
        if not isinstance(values, dict):
            raise errors.Refused("invalid_values")
        chosen: list[tuple[str, str, dict[str, Any]]] = []
        for name, value in values.items():
            block, element = self._named(name)
            key = block["block_id"], element["action_id"]
            chosen.append((*key, input_values.choose(element, value, self.options.get(key, []))))
        for ident, action, value in chosen:
            self.values.setdefault(ident, {})[action] = value

    def _named(self, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """The one element that a value is for. Raises Refused."""
        found = [
            (block, element)
            for block, element in surfaces.interactive(self.payload["blocks"])
            if name in (element["action_id"], f"{block['block_id']}/{element['action_id']}")
        ]
        if not found:
            raise errors.Refused("element_not_found", 404, detail=f"the view has no element {name}")
        if len(found) > 1:
            raise errors.Refused("ambiguous_element", detail=f"more than one element is called {name}: send block_id/action_id")
        return found[0]


def errors_of(report: schema.Report) -> errors.SlackError:
    """How `views.*` refuse a malformed view."""
    return errors.SlackError("invalid_arguments", response_metadata={"messages": [f"[ERROR] {line}" for line in report.lines]})


class Modals:
    """The open views of everybody. `now` gives seconds, `ident` new block and action ids."""

    def __init__(self, now: Callable[[], float], ident: Callable[[], str]) -> None:
        self._now = now
        self._ident = ident
        self.stacks: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}

    def check(self, value: Any, kind: str, unsupported: frozenset[str] = frozenset()) -> dict[str, Any]:
        """A view from the app (an object, or JSON in a string). Raises SlackError."""
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError as error:
                raise errors.SlackError("invalid_arguments", response_metadata={"messages": ["[ERROR] view is not JSON"]}) from error
        report = surfaces.check_view(value, kind, unsupported)
        if report.problems:
            raise errors_of(report)
        if surfaces.size(value) > limits.VIEW_BYTES:
            raise errors.SlackError("view_too_large")
        return {**value, "blocks": surfaces.normalise(value["blocks"], self._ident)}

    def top(self, user: str) -> View | None:
        """The view in front."""
        stack = self.stacks.get(user)
        return stack[-1] if stack else None

    def open(self, user: str, payload: dict[str, Any]) -> View:
        """The first view of a new stack."""
        self._external(payload, "")
        view = self._new(user, payload, "", "")
        self.stacks[user] = [view]
        return view

    def push(self, user: str, payload: dict[str, Any]) -> View:
        """One more view on the stack. Raises not_found without a stack, push_limit_reached above three."""
        stack = self.stacks.get(user)
        if not stack:
            raise errors.SlackError("not_found")
        if len(stack) >= limits.VIEW_STACK:
            raise errors.SlackError("push_limit_reached")
        self._external(payload, "")
        view = self._new(user, payload, stack[0].id, stack[-1].id)
        stack.append(view)
        return view

    def replace(self, view: View, payload: dict[str, Any], known_hash: str = "") -> View:
        """Another content for the same view; entries of inputs with the same ids stay. Raises hash_conflict."""
        if known_hash and known_hash != view.hash:
            raise errors.SlackError("hash_conflict")
        self._external(payload, view.id)
        fresh = input_values.initial(payload["blocks"])
        for block, actions in fresh.items():
            for action, value in actions.items():
                kept = view.values.get(block, {}).get(action)
                if kept is not None and kept["type"] == value["type"]:
                    actions[action] = kept
        view.payload, view.values, view.hash, view.warning = payload, fresh, self._hash(), ""
        return view

    def publish(self, user: str, payload: dict[str, Any], known_hash: str = "") -> View:
        """The home tab of a person. Raises hash_conflict."""
        view = self.homes.get(user)
        if view is not None:
            return self.replace(view, payload, known_hash)
        view = self.homes[user] = self._new(user, payload, "", "")
        return view

    def pop(self, user: str) -> View | None:
        """Close the view in front."""
        stack = self.stacks.get(user)
        return stack.pop() if stack else None

    def clear(self, user: str) -> list[View]:
        """Close all."""
        return self.stacks.pop(user, [])

    def find(self, view_id: str, external_id: str) -> View:
        """An open view. Raises not_found."""
        for view in self._all():
            if (view_id and view.id == view_id) or (external_id and view.payload.get("external_id") == external_id):
                return view
        raise errors.SlackError("not_found")

    def _all(self) -> Iterator[View]:
        for stack in self.stacks.values():
            yield from stack
        yield from self.homes.values()

    def _external(self, payload: dict[str, Any], own: str) -> None:
        wanted = payload.get("external_id")
        if wanted and any(view.id != own and view.payload.get("external_id") == wanted for view in self._all()):
            raise errors.SlackError("duplicate_external_id")

    def _hash(self) -> str:
        return f"{int(self._now())}.{secrets.token_hex(4)}"

    def _new(self, user: str, payload: dict[str, Any], root: str, previous: str) -> View:
        ident = "V" + secrets.token_hex(5).upper()
        values = input_values.initial(payload["blocks"])
        return View(ident, user, payload, root or ident, previous, self._hash(), values=values)
