"""Composition objects: text, options, confirmations, images, and the rich text of lists and quotes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.slack import limits
from sandbox.slack.blockkit import schema

IDENT = schema.string(1, limits.IDENT)
URL = schema.string(1, limits.URL, r"(?s)(https?|mailto|slack)://\S+|mailto:\S+")


def text(high: int, *kinds: str, low: int = 1) -> schema.Check:
    """A text object of one of `kinds` (default both)."""
    allowed = kinds or ("plain_text", "mrkdwn")
    shapes = {
        "plain_text": schema.record({"type": schema.anything, "text": schema.string(low, high)}, {"emoji": schema.boolean}),
        "mrkdwn": schema.record({"type": schema.anything, "text": schema.string(low, high)}, {"verbatim": schema.boolean}),
    }
    chosen = {kind: shapes[kind] for kind in allowed}
    return schema.typed(lambda _: chosen)


def plain(high: int) -> schema.Check:
    """A plain_text object."""
    return text(high, "plain_text")


CONFIRM = schema.record(
    {"title": plain(limits.CONFIRM_TITLE), "text": text(limits.CONFIRM_TEXT)},
    {
        "confirm": plain(limits.CONFIRM_BUTTON),
        "deny": plain(limits.CONFIRM_BUTTON),
        "style": schema.one_of("primary", "danger"),
    },
)

_OPTION = {"value": schema.string(1, limits.OPTION_VALUE)}
OPTION = schema.record({"text": plain(limits.OPTION_TEXT), **_OPTION}, {"description": plain(limits.OPTION_TEXT)})
OVERFLOW_OPTION = schema.record(
    {"text": plain(limits.OPTION_TEXT), **_OPTION},
    {"description": plain(limits.OPTION_TEXT), "url": URL},
)
BOX_OPTION = schema.record({"text": text(limits.OPTION_TEXT), **_OPTION}, {"description": text(limits.OPTION_TEXT)})
OPTION_GROUP = schema.record({"label": plain(limits.OPTION_TEXT), "options": schema.array(OPTION, 1, limits.OPTIONS)})

OPTIONS = schema.array(OPTION, 1, limits.OPTIONS)
OPTION_GROUPS = schema.array(OPTION_GROUP, 1, limits.OPTION_GROUPS)


def _image_source(report: schema.Report, value: schema.Record, at: str) -> None:
    if ("image_url" in value) == ("slack_file" in value):
        report.add(at, "must have exactly one of image_url and slack_file")


SLACK_FILE = schema.record({}, {"id": IDENT, "url": URL})
IMAGE_KEYS: Mapping[str, schema.Check] = {
    "image_url": schema.string(1, limits.URL, r"https?://\S+"),
    "slack_file": SLACK_FILE,
}
IMAGE_ELEMENT = schema.record(
    {"type": schema.anything, "alt_text": schema.string(1, limits.ALT_TEXT)},
    IMAGE_KEYS,
    _image_source,
)
image_source = _image_source

# --- rich text ---------------------------------------------------------------------------------------------------------

_STYLE = schema.record(
    {}, dict.fromkeys(("bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink"), schema.boolean)
)
_WORD = schema.string(1, limits.TEXT)


def _leaf(**keys: schema.Check) -> schema.Check:
    required = {name: check for name, check in keys.items() if not name.endswith("_")}
    optional = {name.removesuffix("_"): check for name, check in keys.items() if name.endswith("_")}
    return schema.record({"type": schema.anything, **required}, {"style": _STYLE, **optional})


_LEAVES: dict[str, schema.Check] = {
    "text": _leaf(text=_WORD),
    "link": _leaf(url=URL, text_=_WORD, unsafe_=schema.boolean),
    "user": _leaf(user_id=IDENT),
    "usergroup": _leaf(usergroup_id=IDENT),
    "channel": _leaf(channel_id=IDENT),
    "team": _leaf(team_id=IDENT),
    "emoji": _leaf(name=IDENT, unicode_=IDENT, skin_tone_=schema.number(1, whole=True, high=6)),
    "broadcast": _leaf(range=schema.one_of("here", "channel", "everyone")),
    "color": _leaf(value=IDENT),
    "date": _leaf(timestamp=schema.number(0, whole=True), format=_WORD, url_=URL, fallback_=_WORD),
}
_LEAF_LIST = schema.array(schema.typed(lambda _: _LEAVES), 0, 1000)
_BORDER = {"border": schema.number(0, whole=True, high=1)}


def _part(extra: Mapping[str, schema.Check] | None = None) -> schema.Check:
    return schema.record({"type": schema.anything, "elements": _LEAF_LIST}, extra)


_SECTION = {"rich_text_section": _part()}
_LIST = schema.record(
    {
        "type": schema.anything,
        "style": schema.one_of("bullet", "ordered"),
        "elements": schema.array(schema.typed(lambda _: _SECTION), 1, 1000),
    },
    {"indent": schema.number(0, whole=True, high=8), "offset": schema.number(0, whole=True), **_BORDER},
)
_PARTS: dict[str, schema.Check] = {
    **_SECTION,
    "rich_text_list": _LIST,
    "rich_text_preformatted": _part({**_BORDER, "language": IDENT}),
    "rich_text_quote": _part(_BORDER),
}
RICH_TEXT_ELEMENTS = schema.array(schema.typed(lambda _: _PARTS), 1, 1000)
RICH_TEXT = schema.record({"type": schema.anything, "elements": RICH_TEXT_ELEMENTS}, {"block_id": IDENT})


def strings(value: Any, wanted: Callable[[str], bool]) -> int:
    """How many characters the strings under the wanted keys have, at any depth."""
    if isinstance(value, dict):
        own = sum(len(one) for key, one in value.items() if isinstance(one, str) and wanted(key))
        return own + sum(strings(one, wanted) for one in value.values())
    if isinstance(value, list):
        return sum(strings(one, wanted) for one in value)
    return 0
