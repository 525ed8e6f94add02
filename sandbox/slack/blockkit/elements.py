"""Interactive elements: buttons, menus, inputs; and where each of them may stand."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any

from sandbox.slack import limits
from sandbox.slack.blockkit import parts, schema

_PLACEHOLDER = parts.plain(limits.PLACEHOLDER)
_COUNT = schema.number(1, whole=True)


def _is(read: Callable[[str], object], shape: str) -> Callable[[str], bool]:
    """Whether a string has this shape and can be read."""
    known = re.compile(shape, re.ASCII)

    def check(value: str) -> bool:
        if known.fullmatch(value) is None:
            return False
        try:
            read(value)
        except ValueError:
            return False
        return True

    return check


is_date = _is(date.fromisoformat, r"\d{4}-\d{2}-\d{2}")
is_time = _is(time.fromisoformat, r"\d{2}:\d{2}")
is_number = _is(Decimal, r"-?(\d+(\.\d*)?|\.\d+)")


def _written(known: Callable[[str], bool], what: str) -> schema.Check:
    """A string that stands for a date, a time or a number."""

    def check(report: schema.Report, value: Any, at: str) -> None:
        if not isinstance(value, str):
            report.add(at, "must be a string")
        elif not known(value):
            report.add(at, f"must be a valid {what}")

    return check


_DATE, _TIME, _DIGITS = _written(is_date, "date"), _written(is_time, "time"), _written(is_number, "number")
_DISPATCH = schema.record(
    {"trigger_actions_on": schema.array(schema.one_of("on_enter_pressed", "on_character_entered"), 1, 2)},
)


def _element(required: Mapping[str, schema.Check], optional: Mapping[str, schema.Check], rule: schema.Rule | None = None) -> schema.Check:
    return schema.record({"type": schema.anything, **required}, {"action_id": parts.IDENT, **optional}, rule)


_MENU: Mapping[str, schema.Check] = {"placeholder": _PLACEHOLDER, "confirm": parts.CONFIRM, "focus_on_load": schema.boolean}
_BOXES: Mapping[str, schema.Check] = {"confirm": parts.CONFIRM, "focus_on_load": schema.boolean}
_FIELD: Mapping[str, schema.Check] = {
    "placeholder": _PLACEHOLDER,
    "focus_on_load": schema.boolean,
    "dispatch_action_config": _DISPATCH,
}


def offered(element: schema.Record) -> list[schema.Record]:
    """All options that a static menu or a set of boxes lists, groups flattened."""
    grouped = [option for group in element.get("option_groups", []) for option in group["options"]]
    return [*element.get("options", []), *grouped]


def _unique_values(report: schema.Report, element: schema.Record, at: str) -> None:
    values = [option["value"] for option in offered(element)]
    if len(values) != len(set(values)):
        report.add(at, "option values must be unique")


def _static(report: schema.Report, element: schema.Record, at: str) -> None:
    if ("options" in element) == ("option_groups" in element):
        report.add(at, "must have exactly one of options and option_groups")
        return
    _initial_offered(report, element, at)


def _initial_offered(report: schema.Report, element: schema.Record, at: str) -> None:
    chosen: list[schema.Record] = element.get("initial_options", [element["initial_option"]] if "initial_option" in element else [])
    known = offered(element)
    for option in chosen:
        if option not in known:
            report.add(at, "initial option must exactly match one of the options")


def _max_selected(rule: schema.Rule) -> schema.Rule:
    def check(report: schema.Report, element: schema.Record, at: str) -> None:
        rule(report, element, at)
        chosen: list[Any] = next((element[key] for key in element if key.startswith("initial_")), [])
        if len(chosen) > element.get("max_selected_items", len(chosen)):
            report.add(at, "must not have more initial values than max_selected_items")

    return check


def _no_rule(report: schema.Report, element: schema.Record, at: str) -> None:
    """Nothing beyond the keys."""


def _text_bounds(report: schema.Report, element: schema.Record, at: str) -> None:
    low, high = element.get("min_length", 0), element.get("max_length", limits.INPUT_TEXT)
    if low > high:
        report.add(at, "min_length must not be greater than max_length")
    if len(element.get("initial_value", "")) > high:
        report.add(at, "initial_value must not be longer than max_length")


def _number_bounds(report: schema.Report, element: schema.Record, at: str) -> None:
    given = {key: element[key] for key in ("min_value", "initial_value", "max_value") if key in element}
    for key, value in given.items():
        if "." in value and not element["is_decimal_allowed"]:
            report.add(f"{at}/{key}", "must be a whole number")
    ordered = [Decimal(value) for value in given.values()]
    if ordered != sorted(ordered):
        report.add(at, "must have min_value <= initial_value <= max_value")


_OPTION_LISTS: Mapping[str, schema.Check] = {"options": parts.OPTIONS, "option_groups": parts.OPTION_GROUPS}
_FILTER = schema.record(
    {},
    {
        "include": schema.array(schema.one_of("im", "mpim", "private", "public"), 1, 4),
        "exclude_external_shared_channels": schema.boolean,
        "exclude_bot_users": schema.boolean,
    },
)
_CONVERSATIONS: Mapping[str, schema.Check] = {"default_to_current_conversation": schema.boolean, "filter": _FILTER}
_ANSWERABLE = {"response_url_enabled": schema.boolean}
_MANY = {"max_selected_items": _COUNT}
_IDS = schema.array(parts.IDENT, 1, 100)
_QUERY = {"min_query_length": schema.number(0, whole=True)}

ELEMENTS: Mapping[str, schema.Check] = {
    "button": _element(
        {"text": parts.plain(limits.BUTTON_TEXT)},
        {
            "value": schema.string(1, limits.BUTTON_VALUE),
            "url": parts.URL,
            "style": schema.one_of("primary", "danger"),
            "confirm": parts.CONFIRM,
            "accessibility_label": schema.string(1, limits.BUTTON_TEXT),
        },
    ),
    "overflow": _element(
        {"options": schema.array(parts.OVERFLOW_OPTION, 1, limits.OVERFLOW_OPTIONS)}, {"confirm": parts.CONFIRM}, _unique_values
    ),
    "static_select": _element({}, {**_MENU, **_OPTION_LISTS, "initial_option": parts.OPTION}, _static),
    "multi_static_select": _element({}, {**_MENU, **_OPTION_LISTS, **_MANY, "initial_options": parts.OPTIONS}, _max_selected(_static)),
    "external_select": _element({}, {**_MENU, **_QUERY, "initial_option": parts.OPTION}),
    "multi_external_select": _element({}, {**_MENU, **_QUERY, **_MANY, "initial_options": parts.OPTIONS}, _max_selected(_no_rule)),
    "users_select": _element({}, {**_MENU, "initial_user": parts.IDENT}),
    "multi_users_select": _element({}, {**_MENU, **_MANY, "initial_users": _IDS}, _max_selected(_no_rule)),
    "conversations_select": _element({}, {**_MENU, **_CONVERSATIONS, **_ANSWERABLE, "initial_conversation": parts.IDENT}),
    "multi_conversations_select": _element(
        {}, {**_MENU, **_CONVERSATIONS, **_MANY, "initial_conversations": _IDS}, _max_selected(_no_rule)
    ),
    "channels_select": _element({}, {**_MENU, **_ANSWERABLE, "initial_channel": parts.IDENT}),
    "multi_channels_select": _element({}, {**_MENU, **_MANY, "initial_channels": _IDS}, _max_selected(_no_rule)),
    "datepicker": _element({}, {**_MENU, "initial_date": _DATE}),
    "timepicker": _element({}, {**_MENU, "initial_time": _TIME, "timezone": parts.IDENT}),
    "datetimepicker": _element({}, {**_BOXES, "initial_date_time": schema.number(1_000_000_000, whole=True, high=9_999_999_999)}),
    "checkboxes": _element(
        {"options": schema.array(parts.BOX_OPTION, 1, limits.RADIO_OPTIONS)},
        {**_BOXES, "initial_options": schema.array(parts.BOX_OPTION, 1, limits.RADIO_OPTIONS)},
        _initial_offered,
    ),
    "radio_buttons": _element(
        {"options": schema.array(parts.BOX_OPTION, 1, limits.RADIO_OPTIONS)},
        {**_BOXES, "initial_option": parts.BOX_OPTION},
        _initial_offered,
    ),
    "plain_text_input": _element(
        {},
        {
            **_FIELD,
            "multiline": schema.boolean,
            "initial_value": schema.string(0, limits.INPUT_TEXT),
            "min_length": schema.number(0, whole=True, high=limits.INPUT_TEXT),
            "max_length": schema.number(1, whole=True, high=limits.INPUT_TEXT),
        },
        _text_bounds,
    ),
    "rich_text_input": _element({}, {**_FIELD, "initial_value": parts.RICH_TEXT}),
    "email_text_input": _element({}, {**_FIELD, "initial_value": schema.string(0, limits.INPUT_TEXT)}),
    "url_text_input": _element({}, {**_FIELD, "initial_value": schema.string(0, limits.INPUT_TEXT)}),
    "number_input": _element(
        {"is_decimal_allowed": schema.boolean},
        {**_FIELD, "initial_value": _DIGITS, "min_value": _DIGITS, "max_value": _DIGITS},
        _number_bounds,
    ),
    "file_input": _element({}, {"filetypes": schema.array(parts.IDENT, 1, 100), "max_files": schema.number(1, whole=True, high=10)}),
}
"""Every element that takes part in an interaction."""

_SINGLE = ("static_select", "external_select", "users_select", "conversations_select", "channels_select")
_MULTI = tuple(f"multi_{name}" for name in _SINGLE)
_BOTH = ("datepicker", "timepicker", "checkboxes", "radio_buttons")
_TYPED = ("plain_text_input", "rich_text_input", "email_text_input", "url_text_input", "number_input", "file_input")

NOT_ON: Mapping[str, frozenset[str]] = {
    "message": frozenset({"email_text_input", "url_text_input", "number_input", "file_input", "rich_text_input"}),
    "home": frozenset({"email_text_input", "url_text_input", "number_input", "file_input", "datetimepicker"}),
    "modal": frozenset(),
}
"""Elements that a surface does not show."""


def _place(*names: str, extra: Mapping[str, schema.Check] | None = None) -> schema.Check:
    table = {**{name: ELEMENTS[name] for name in names}, **(extra or {})}

    def allowed(report: schema.Report) -> dict[str, schema.Check]:
        gone = NOT_ON.get(report.surface, frozenset())
        return {name: check for name, check in table.items() if name not in gone}

    return schema.typed(allowed)


ACCESSORY = _place("button", "overflow", *_SINGLE, *_MULTI, *_BOTH, extra={"image": parts.IMAGE_ELEMENT})
IN_ACTIONS = _place("button", "overflow", *_SINGLE, *_BOTH, "datetimepicker")
IN_INPUT = _place(*_SINGLE, *_MULTI, *_BOTH, "datetimepicker", *_TYPED)
BUTTON = _place("button")

STATEFUL = frozenset(ELEMENTS) - {"button", "overflow"}
"""Elements whose value is kept and sent as `state`."""


def is_interactive(value: Any) -> bool:
    """Whether this is an element that a person can use."""
    return isinstance(value, dict) and value.get("type") in ELEMENTS
