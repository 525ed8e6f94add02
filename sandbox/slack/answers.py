"""What a person chose: from a plain value to the shapes of Slack's `actions` and `state`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.slack import errors
from sandbox.slack.blockkit import elements, surfaces

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """How an element keeps its value: the key in the payload, the key of its initial value, and what reads a given value."""

    key: str
    initial: str
    read: Callable[[Record, Any, list[Record]], Any]


def _text(element: Record, value: Any, options: list[Record]) -> Any:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise errors.Refused("invalid_value")
    return value


def _option(element: Record, value: Any, options: list[Record]) -> Any:
    if value is None or value == "":
        return None
    for option in options:
        if option["value"] == value:
            return option
    raise errors.Refused("option_not_offered")


def _options(element: Record, value: Any, options: list[Record]) -> Any:
    return [_option(element, one, options) for one in _many(element, value)]


def _ids(element: Record, value: Any, options: list[Record]) -> Any:
    return _many(element, value)


def _many(element: Record, value: Any) -> list[str]:
    values = [] if value is None else value
    if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
        raise errors.Refused("invalid_value")
    if len(values) > element.get("max_selected_items", len(values)):
        raise errors.Refused("too_many_selected")
    return values


def _whole(element: Record, value: Any, options: list[Record]) -> Any:
    if value is not None and not isinstance(value, int):
        raise errors.Refused("invalid_value")
    return value


def _one(key: str, initial: str) -> Kind:
    return Kind(key, initial, _text)


KINDS: Mapping[str, Kind] = {
    "static_select": Kind("selected_option", "initial_option", _option),
    "external_select": Kind("selected_option", "initial_option", _option),
    "radio_buttons": Kind("selected_option", "initial_option", _option),
    "overflow": Kind("selected_option", "", _option),
    "multi_static_select": Kind("selected_options", "initial_options", _options),
    "multi_external_select": Kind("selected_options", "initial_options", _options),
    "checkboxes": Kind("selected_options", "initial_options", _options),
    "users_select": _one("selected_user", "initial_user"),
    "conversations_select": _one("selected_conversation", "initial_conversation"),
    "channels_select": _one("selected_channel", "initial_channel"),
    "multi_users_select": Kind("selected_users", "initial_users", _ids),
    "multi_conversations_select": Kind("selected_conversations", "initial_conversations", _ids),
    "multi_channels_select": Kind("selected_channels", "initial_channels", _ids),
    "datepicker": _one("selected_date", "initial_date"),
    "timepicker": _one("selected_time", "initial_time"),
    "datetimepicker": Kind("selected_date_time", "initial_date_time", _whole),
    "plain_text_input": _one("value", "initial_value"),
    "email_text_input": _one("value", "initial_value"),
    "url_text_input": _one("value", "initial_value"),
    "number_input": _one("value", "initial_value"),
}
"""Elements with a value; a button has none, rich text and files are not entered here."""

_LISTS = frozenset({"selected_options", "selected_users", "selected_conversations", "selected_channels"})


def choose(element: Record, value: Any, external: list[Record]) -> Record:
    """The value in Slack's shape; `external` are the options that were loaded last. Raises Refused for what cannot be chosen."""
    kind = KINDS.get(element["type"])
    if kind is None:
        raise errors.Refused("no_value_possible")
    remembered = element.get("initial_options", [element["initial_option"]] if "initial_option" in element else [])
    options = [*external, *remembered] if "external" in element["type"] else elements.offered(element)
    return {"type": element["type"], kind.key: kind.read(element, value, options)}


def initial(blocks: list[Record]) -> dict[str, dict[str, Record]]:
    """The state of a view or message that nobody has touched."""
    values: dict[str, dict[str, Record]] = {}
    for block, element in surfaces.interactive(blocks):
        kind = KINDS.get(element["type"])
        if kind is None or element["type"] == "overflow":
            continue
        empty: Any = [] if kind.key in _LISTS else None
        value = {"type": element["type"], kind.key: element.get(kind.initial, empty)}
        values.setdefault(block["block_id"], {})[element["action_id"]] = value
    return values


def is_empty(value: Record) -> bool:
    """Whether nothing was entered."""
    entered = value[KINDS[value["type"]].key]
    return entered is None or entered == [] or entered == ""


def complaint(block: Record, value: Record) -> str:
    """What Slack's own form would say about an input before it is sent, "" when it is in order."""
    element = block["element"]
    if is_empty(value):
        return "" if block.get("optional") else "Please complete this required field."
    entered = value[KINDS[value["type"]].key]
    if element["type"] == "plain_text_input":
        if len(entered) < element.get("min_length", 0):
            return f"Please enter at least {element['min_length']} characters."
        if len(entered) > element.get("max_length", 3000):
            return f"Please enter at most {element.get('max_length', 3000)} characters."
    return ""
