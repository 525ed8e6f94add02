"""One call of a Web API method: its arguments, read as strictly as Slack reads them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.slack import errors, workspace

Json = dict[str, Any]


def invalid(message: str) -> errors.SlackError:
    """`invalid_arguments` with the reason."""
    return errors.SlackError("invalid_arguments", response_metadata={"messages": [f"[ERROR] {message}"]})


@dataclass(frozen=True, slots=True)
class Call:
    """A call that passed the token check. `unsupported` are block types that this workspace refuses right now."""

    workspace: workspace.Workspace
    args: Json
    unsupported: frozenset[str] = frozenset()

    def text(self, name: str) -> str:
        """A required string."""
        value = self.args.get(name)
        if value is None or value == "":
            raise invalid(f"missing required field: {name}")
        if not isinstance(value, str):
            raise invalid(f"must be a string [json-pointer:/{name}]")
        return value

    def optional(self, name: str) -> str:
        """An optional string, "" when it was not sent."""
        return self.text(name) if self.args.get(name) not in (None, "") else ""

    def flag(self, name: str, default: bool = False) -> bool:
        """A boolean in one of the spellings of forms and JSON."""
        value = self.args.get(name)
        if value is None or value == "":
            return default
        if isinstance(value, str) and value.lower() in ("1", "true", "0", "false"):
            return value.lower() in ("1", "true")
        if isinstance(value, bool):
            return value
        raise invalid(f"must be a boolean [json-pointer:/{name}]")

    def limit(self, default: int, high: int) -> int:
        """`limit`, 1 to `high`. Raises invalid_limit."""
        value = self.args.get("limit")
        if value in (None, "", "0", 0):
            return default
        if isinstance(value, bool) or not str(value).isdigit() or not 1 <= int(str(value)) <= high:
            raise errors.SlackError("invalid_limit")
        return int(str(value))


@dataclass(frozen=True, slots=True)
class Method:
    """How a method is called: its tier (slack-platform section 1), the scopes it needs whatever its arguments, and its kind of token.

    `json` False: the method reads forms only, and does not see what a JSON body says.
    """

    run: Callable[[Call], Json]
    tier: str
    scopes: tuple[str, ...] = ()
    token: str = "bot"
    json: bool = True


def page(call: Call, items: Sequence[Json], key: str, *, default: int = 100, high: int = 1000) -> tuple[list[Json], Json]:
    """One page of `items` by cursor; `key` names the field that cursors point at. Raises invalid_cursor, invalid_limit."""
    limit = call.limit(default, high)
    start = 0
    cursor = call.optional("cursor")
    if cursor:
        wanted = decode_cursor(cursor, key)
        start = next((index for index, item in enumerate(items) if item[key] == wanted), -1)
        if start < 0:
            raise errors.SlackError("invalid_cursor")
    following = items[start + limit] if start + limit < len(items) else None
    after = encode_cursor(key, following[key]) if following else ""
    return list(items[start : start + limit]), {"next_cursor": after}


def encode_cursor(kind: str, value: str) -> str:
    """An opaque cursor."""
    return base64.b64encode(f"{kind}:{value}".encode()).decode()


def decode_cursor(cursor: str, kind: str) -> str:
    """What a cursor points at. Raises invalid_cursor."""
    try:
        found, _, value = base64.b64decode(cursor, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise errors.SlackError("invalid_cursor") from None
    if found != kind:
        raise errors.SlackError("invalid_cursor")
    return value
