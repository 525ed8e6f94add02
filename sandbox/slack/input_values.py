"""What a person chose: from a plain value to the shapes of Slack's `actions` and `state`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
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


def _date(element: Record, value: Any, options: list[Record]) -> Any:
    entered = _text(element, value, options)
    if entered is not None and not elements.is_date(entered):
        raise errors.Refused("invalid_value", detail="a date is YYYY-MM-DD")
    return entered


def _time(element: Record, value: Any, options: list[Record]) -> Any:
    entered = _text(element, value, options)
    if entered is not None and not elements.is_time(entered):
        raise errors.Refused("invalid_value", detail="a time is HH:MM")
    return entered


def _number(element: Record, value: Any, options: list[Record]) -> Any:
    """Slack hands numbers over as they were typed, as a string; what is none is refused when the form is sent."""
    return _text(element, str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value, options)


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


_TYPED = ("value", "initial_value")


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
    "datepicker": Kind("selected_date", "initial_date", _date),
    "timepicker": Kind("selected_time", "initial_time", _time),
    "datetimepicker": Kind("selected_date_time", "initial_date_time", _whole),
    "plain_text_input": _one(*_TYPED),
    "email_text_input": _one(*_TYPED),
    "url_text_input": _one(*_TYPED),
    "number_input": Kind(*_TYPED, _number),
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
    judge = _JUDGES.get(element["type"])
    return judge(element, value[KINDS[value["type"]].key]) if judge else ""


def _text_complaint(element: Record, entered: str) -> str:
    if len(entered) < element.get("min_length", 0):
        return f"Please enter at least {element['min_length']} characters."
    if len(entered) > element.get("max_length", 3000):
        return f"Please enter at most {element.get('max_length', 3000)} characters."
    return ""


def _number_complaint(element: Record, entered: str) -> str:
    if not elements.is_number(entered):
        return "Please enter a valid number."
    if not element["is_decimal_allowed"] and "." in entered:
        return "Please enter a whole number."
    if "min_value" in element and Decimal(entered) < Decimal(element["min_value"]):
        return f"Please enter a number that is at least {element['min_value']}."
    if "max_value" in element and Decimal(entered) > Decimal(element["max_value"]):
        return f"Please enter a number that is at most {element['max_value']}."
    return ""


_JUDGES: Mapping[str, Callable[[Record, str], str]] = {"plain_text_input": _text_complaint, "number_input": _number_complaint}
"""What is looked at before a form is sent, beyond whether there is something."""
