"""Every block, and the surfaces that show it (slack-platform sections 4 and 5)."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.slack import limits
from sandbox.slack.blockkit import charts, elements, parts, schema

_LEVEL = schema.number(1, whole=True, high=4)


def block(
    required: Mapping[str, schema.Check], optional: Mapping[str, schema.Check] | None = None, rule: schema.Rule | None = None
) -> schema.Check:
    """A block: these keys, its type and a block_id."""
    return schema.record({"type": schema.anything, **required}, {"block_id": parts.IDENT, **(optional or {})}, rule)


def _section(report: schema.Report, value: schema.Record, at: str) -> None:
    if "text" not in value and "fields" not in value:
        report.add(at, "missing required field: text or fields")


def _unique_actions(report: schema.Report, value: schema.Record, at: str) -> None:
    seen: set[str] = set()
    for index, element in enumerate(value["elements"]):
        ident = element.get("action_id")
        if ident is not None and ident in seen:
            report.add(f"{at}/elements/{index}/action_id", f'`action_id` "{ident}" already exists for another action element')
        seen.add(ident)


def _card(report: schema.Report, value: schema.Record, at: str) -> None:
    if not {"hero_image", "title", "actions", "body"} & value.keys():
        report.add(at, "must have at least one of hero_image, title, actions, body")
    if "icon" in value and "slack_icon" in value:
        report.add(at, "must have at most one of icon and slack_icon")


def _container(report: schema.Report, value: schema.Record, at: str) -> None:
    if ("title" in value) == ("rich_text_title" in value):
        report.add(at, "must have exactly one of title and rich_text_title")
    if "default_collapsed" in value and not value.get("is_collapsible"):
        report.add(f"{at}/default_collapsed", "only allowed when is_collapsible is true")
    if "has_header_divider" in value and value.get("is_collapsible"):
        report.add(f"{at}/has_header_divider", "only allowed when is_collapsible is false")


_CONTEXT_ELEMENTS = {
    "image": parts.IMAGE_ELEMENT,
    "mrkdwn": parts.text(limits.TEXT, "mrkdwn"),
    "plain_text": parts.text(limits.TEXT, "plain_text"),
}
_FEEDBACK = schema.record(
    {"text": parts.plain(limits.BUTTON_TEXT), "value": schema.string(1, limits.BUTTON_VALUE)},
    {"accessibility_label": schema.string(1, limits.BUTTON_TEXT)},
)
_CONTEXT_ACTIONS = {
    "feedback_buttons": schema.record(
        {"type": schema.anything, "positive_button": _FEEDBACK, "negative_button": _FEEDBACK}, {"action_id": parts.IDENT}
    ),
    "icon_button": schema.record(
        {"type": schema.anything, "icon": schema.one_of("trash"), "text": parts.plain(limits.BUTTON_TEXT)},
        {
            "action_id": parts.IDENT,
            "value": schema.string(1, limits.BUTTON_VALUE),
            "confirm": parts.CONFIRM,
            "accessibility_label": schema.string(1, limits.BUTTON_TEXT),
            "visible_to_user_ids": schema.array(parts.IDENT, 1, 100),
        },
    ),
}
_IMAGE = parts.IMAGE_ELEMENT
_CARD_TEXT = parts.text(limits.CARD_BODY)

CLASSIC: Mapping[str, schema.Check] = {
    "section": block(
        {},
        {
            "text": parts.text(limits.TEXT),
            "fields": schema.array(parts.text(limits.SECTION_FIELD), 1, limits.SECTION_FIELDS),
            "accessory": elements.ACCESSORY,
            "expand": schema.boolean,
        },
        _section,
    ),
    "actions": block({"elements": schema.array(elements.IN_ACTIONS, 1, limits.ACTIONS_ELEMENTS)}, rule=_unique_actions),
    "context": block({"elements": schema.array(schema.typed(lambda _: _CONTEXT_ELEMENTS), 1, limits.CONTEXT_ELEMENTS)}),
    "divider": block({}),
    "header": block({"text": parts.plain(limits.HEADER)}, {"level": _LEVEL}),
    "image": block(
        {"alt_text": schema.string(1, limits.ALT_TEXT)},
        {**parts.IMAGE_KEYS, "title": parts.plain(limits.IMAGE_TITLE)},
        parts.image_source,
    ),
    "input": block(
        {"label": parts.plain(limits.INPUT_LABEL), "element": elements.IN_INPUT},
        {"hint": parts.plain(limits.INPUT_HINT), "optional": schema.boolean, "dispatch_action": schema.boolean},
    ),
    "rich_text": block({"elements": parts.RICH_TEXT_ELEMENTS}),
    "video": block(
        {
            "alt_text": schema.string(1, limits.ALT_TEXT),
            "title": parts.plain(limits.VIDEO_TITLE),
            "video_url": parts.URL,
            "thumbnail_url": parts.URL,
        },
        {
            "title_url": parts.URL,
            "description": parts.plain(limits.TEXT),
            "author_name": schema.string(1, limits.VIDEO_AUTHOR),
            "provider_name": schema.string(1, limits.VIDEO_AUTHOR),
            "provider_icon_url": parts.URL,
        },
    ),
}
"""Blocks that work on every surface."""

_IN_CONTAINER = {**CLASSIC, "table": charts.TABLE}

NEW: Mapping[str, schema.Check] = {
    "markdown": block({"text": schema.string(1, limits.MARKDOWN)}),
    "table": charts.TABLE,
    "data_table": charts.DATA_TABLE,
    "data_visualization": charts.DATA_VISUALIZATION,
    "context_actions": block(
        {"elements": schema.array(schema.typed(lambda _: _CONTEXT_ACTIONS), 1, limits.CONTEXT_ACTIONS_ELEMENTS)}, rule=_unique_actions
    ),
    "card": block(
        {},
        {
            "hero_image": _IMAGE,
            "icon": _IMAGE,
            "slack_icon": schema.record({"type": schema.anything, "name": parts.IDENT}),
            "title": parts.text(limits.CARD_TITLE),
            "subtitle": parts.text(limits.CARD_TITLE),
            "body": _CARD_TEXT,
            "subtext": _CARD_TEXT,
            "actions": schema.array(elements.BUTTON, 1, limits.CARD_BUTTONS),
        },
        _card,
    ),
    "container": block(
        {"child_blocks": schema.array(schema.typed(lambda _: _IN_CONTAINER), 1, limits.CONTAINER_BLOCKS)},
        {
            "title": parts.plain(limits.CONTAINER_TITLE),
            "rich_text_title": parts.RICH_TEXT,
            "subtitle": parts.plain(limits.CONTAINER_TITLE),
            "width": schema.one_of("narrow", "standard", "wide", "full"),
            "is_collapsible": schema.boolean,
            "default_collapsed": schema.boolean,
            "has_header_divider": schema.boolean,
        },
        _container,
    ),
    "alert": block(
        {"text": parts.text(limits.ALERT_TEXT)},
        {"level": schema.one_of("default", "info", "warning", "error", "success")},
    ),
}
"""Blocks added in 2025 and 2026, which a workspace may not have yet."""

_EVERYWHERE = tuple(CLASSIC)
SURFACES: Mapping[str, frozenset[str]] = {
    "message": frozenset((*_EVERYWHERE, "markdown", "table", "data_table", "data_visualization", "context_actions", "card", "container")),
    "modal": frozenset((*_EVERYWHERE, "alert")),
    "home": frozenset((*_EVERYWHERE, "card")),
}
"""Where reports and documentation disagree, the block is refused."""

_ALL = {**CLASSIC, **NEW}


def _on_surface(report: schema.Report) -> dict[str, schema.Check]:
    return {name: check for name, check in _ALL.items() if name in SURFACES[report.surface]}


BLOCK = schema.typed(_on_surface)
