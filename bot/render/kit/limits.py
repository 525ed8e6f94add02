"""Slack's numbers, and the one fitter that keeps every message and view inside them.

Numbers: slack-platform section 4. The fitter works on the finished dicts, so that no builder has to count: too many parts are left out
(buttons last), too long texts are clipped, and when a message is too heavy in all, its longest texts give way first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot import model
from bot.render.kit import text

BLOCKS = 50
VIEW_BLOCKS = 100
IN_ALL = 9_000
"""Text and blocks together: Slack's undocumented cap lies around 12,000 (`msg_blocks_too_long`)."""
TEXT = 3_000
"""A message's own `text`: whole for screen readers, below the hard 4,000 of chat.update."""
TEXT_OBJECT = 3_000
CONTEXT_TEXT = 2_000
FIELD = 2_000
HEADER = 150
BUTTON = 75
OPTION = 75
OPTION_VALUE = 150
PLACEHOLDER = 150
VALUE = 2_000
URL = 3_000
VIEW_TITLE = 24
OPTIONS = 100
OVERFLOW_OPTIONS = 5
PRIVATE_METADATA = 3_000
INPUT_TEXT = 3_000
CHART_TITLE = 50
CHART_LABEL = 20
CHART_SERIES = 6
CHART_POINTS = 20
CONFIRM_TITLE = 100
CONFIRM_TEXT = 300
CONFIRM_BUTTON = 30

_FLOOR = 60
"""No text is clipped below this to make room for others; whole blocks go instead."""

_MENU = {"placeholder": PLACEHOLDER}
_TEXTS: Mapping[str, Mapping[str, int]] = {
    "header": {"text": HEADER},
    "section": {"text": TEXT_OBJECT, "fields": FIELD},
    "context": {"elements": CONTEXT_TEXT},
    "button": {"text": BUTTON, "accessibility_label": BUTTON},
    "option": {"text": OPTION, "description": OPTION},
    "option_group": {"label": OPTION},
    "confirm": {"title": CONFIRM_TITLE, "text": CONFIRM_TEXT, "confirm": CONFIRM_BUTTON, "deny": CONFIRM_BUTTON},
    "static_select": _MENU,
    "external_select": _MENU,
    "users_select": _MENU,
    "multi_users_select": _MENU,
    "multi_external_select": _MENU,
    "datepicker": _MENU,
    "number_input": _MENU,
    "plain_text_input": _MENU,
    "input": {"label": 2_000, "hint": 2_000},
    "image": {"title": 2_000, "alt_text": 2_000},
    "modal": {"title": VIEW_TITLE, "submit": VIEW_TITLE, "close": VIEW_TITLE},
    "text": {"text": TEXT_OBJECT},
    "link": {"text": TEXT_OBJECT},
    "raw_text": {"text": TEXT_OBJECT},
    "date": {"fallback": 300},
}
"""Which texts each kind of part holds, and how long each may be."""

_LISTS: Mapping[tuple[str, str], int] = {
    ("actions", "elements"): 25,
    ("context", "elements"): 10,
    ("section", "fields"): 10,
    ("overflow", "options"): OVERFLOW_OPTIONS,
    ("static_select", "options"): OPTIONS,
}
"""How many parts each list holds."""

_ROLES = {
    "confirm": "confirm",
    "options": "option",
    "initial_option": "option",
    "initial_options": "option",
    "option_groups": "option_group",
}
"""Parts without a `type` of their own, by the key that they stand under."""

_ACTIVE = frozenset({"actions", "input"})
_FIXED = frozenset(
    {"button", "option", "option_group", "confirm", "modal", "header", "input", *(k for k, v in _TEXTS.items() if v is _MENU)}
)
"""Texts of these are short by nature and never give way to others."""


@dataclass(frozen=True, slots=True)
class _Slot:
    """A place that holds text: `holder[key]`, how long it may be, whether it is markup, whether it may give way to others."""

    holder: dict[str, Any]
    key: str
    limit: int
    markup: bool
    elastic: bool

    @property
    def size(self) -> int:
        return text.size(self.holder[self.key], markup=self.markup)

    def clip(self, room: int) -> None:
        value = text.clip(self.holder[self.key], room, markup=self.markup)
        self.holder[self.key] = value if value.strip() else text.NOTHING


def _slots(node: Any, role: str = "", limit: int = TEXT_OBJECT) -> Iterator[_Slot]:
    """Every text below `node`; `role` is what kind of part it is where it does not say so itself."""
    if isinstance(node, list | tuple):
        for item in node:
            yield from _slots(item, role, limit)
        return
    if not isinstance(node, dict):
        return
    kind = node.get("type")
    if kind in ("plain_text", "mrkdwn"):
        yield _Slot(node, "text", limit, kind == "mrkdwn", role not in _FIXED)
        return
    name = kind if isinstance(kind, str) else role
    limits = _TEXTS.get(name, {})
    for key, value in node.items():
        if isinstance(value, str) and key in limits:
            yield _Slot(node, key, limits[key], False, name not in _FIXED)
        elif isinstance(value, dict | list):
            yield from _slots(value, _ROLES.get(key, name), limits.get(key, TEXT_OBJECT))


def _usable(part: Any) -> bool:
    """Whether Slack takes this button or menu: what it is about cannot be shortened, only left out."""
    if not isinstance(part, dict):
        return True
    value, url = part.get("value"), part.get("url")
    most = VALUE if part.get("type") == "button" else OPTION_VALUE
    return (
        not (isinstance(value, str) and text.size(value, markup=True) > most)
        and not (isinstance(url, str) and text.size(url, markup=True) > URL)
        and part.get("options") != []
    )


def _trimmed(node: Any, role: str = "") -> Any:
    """A copy with lists cut to what they may hold and unusable parts left out."""
    if isinstance(node, list | tuple):
        return [part for part in (_trimmed(item, role) for item in node) if _usable(part)]
    if not isinstance(node, dict):
        return node
    name = str(node.get("type") or role)
    result = {key: _trimmed(value, _ROLES.get(key, name)) for key, value in node.items()}
    if not _usable(result.get("accessory")):
        del result["accessory"]
    for key in result:
        most = _LISTS.get((name, key))
        if most is not None:
            result[key] = result[key][:most]
    return result


def _empty(block: model.Block) -> bool:
    return block.get("type") in ("actions", "context") and not block.get("elements")


def _few(blocks: list[model.Block], most: int) -> list[model.Block]:
    """At most `most` blocks: the last ones that nobody can act on go first, and a line says that something is missing."""
    if len(blocks) <= most:
        return blocks
    kept = list(blocks)
    for index in range(len(kept) - 1, 0, -1):
        if len(kept) < most:
            break
        if not _active(kept[index]):
            del kept[index]
    return [*kept[: most - 1], _notice()]


def _active(block: model.Block) -> bool:
    return block.get("type") in _ACTIVE or "accessory" in block


def _notice() -> model.Block:
    words = "This message was too long for Slack, so a part of it is left out."
    return {"type": "context", "elements": [{"type": "plain_text", "text": words, "emoji": False}]}


def _level(slots: list[_Slot], room: int) -> None:
    """Clip the longest elastic texts to one common length, so that all together fit into `room` where that is possible."""
    excess = sum(slot.size for slot in slots) - room
    elastic = sorted((slot for slot in slots if slot.elastic and slot.size > _FLOOR), key=lambda slot: -slot.size)
    if excess <= 0 or not elastic:
        return
    sizes = [slot.size for slot in elastic]
    cap = _FLOOR
    for many in range(1, len(sizes) + 1):
        lower = sizes[many] if many < len(sizes) else _FLOOR
        candidate = (sum(sizes[:many]) - excess) // many
        if candidate >= lower:
            cap = max(candidate, _FLOOR)
            break
    for slot in elastic:
        if slot.size > cap:
            slot.clip(cap)


def _fitted(blocks: list[model.Block], room: int) -> list[model.Block]:
    """Blocks whose texts keep to their own limits and, all together, to `room`."""
    for slot in _slots(blocks):
        slot.clip(slot.limit)
    _level(list(_slots(blocks)), room)
    while blocks and sum(slot.size for slot in _slots(blocks)) > room:
        passive = [index for index, block in enumerate(blocks) if not _active(block)]
        del blocks[passive[-1] if passive else -1]
    return blocks


def fit(message: model.Message) -> model.Message:
    """The same message within every limit of Slack: 50 blocks, each text, `text` of 3,000, 9,000 characters in all.

    Buttons and menus are kept as long as Slack can take them at all (an id that fits no value cannot be clicked).
    """
    said = text.clip(message.text, TEXT, markup=True) or text.NOTHING
    blocks = [block for block in _trimmed(list(message.blocks)) if not _empty(block)]
    blocks = _fitted(_few(blocks, BLOCKS), IN_ALL - text.size(said, markup=True))
    return model.Message(said, tuple(blocks))


def fit_view(view: model.Block) -> model.Block:
    """The same modal within every limit of Slack: 100 blocks, each text. Its private_metadata is never touched."""
    result: model.Block = _trimmed(view)
    blocks = [block for block in result.get("blocks", ()) if not _empty(block)]
    result["blocks"] = _few(blocks, VIEW_BLOCKS)
    for slot in _slots(result):
        slot.clip(slot.limit)
    return result


# --- menus that ask for their options ---------------------------------------------------------------------------------------------


LETTERS = "type a few letters for the rest"
"""What helps in a menu that asks for its options anew with each letter."""


def offered(options: Sequence[model.Block], found: int, too_long: int, how: str, rest: str = LETTERS) -> model.Block:
    """The answer to a menu: its options, and above them what it cannot hold: the rest of `found`, and names that are too long for Slack.
    `how` says how those are chosen, like "type them after /scan", `rest` how the rest of many is."""
    kept = list(options[:OPTIONS])
    notes = [f"{text.number(len(kept))} of {text.number(found)}: {rest}"] if found > len(kept) else []
    notes += [f"{text.number(too_long)} too long for a menu: {how}"] if too_long else []
    if not (kept and notes):
        return {"options": kept}
    label = {"type": "plain_text", "text": text.clip(". ".join(notes), OPTION), "emoji": False}
    return {"option_groups": [{"label": label, "options": kept}]}


# --- simpler versions of the same message -----------------------------------------------------------------------------------------

CLASSIC = frozenset({"section", "actions", "context", "divider", "header", "image", "input", "rich_text", "video"})
"""Blocks that every workspace takes; what came later may be refused (slack-platform section 5)."""


def plain(message: model.Message) -> model.Message:
    """The same message without new blocks: tables become monospaced text, charts their numbers, containers their contents.

    The very same message when there are none. Buttons inside new blocks are kept.
    """
    blocks = tuple(classic for block in message.blocks for classic in _classic(block))
    return message if blocks == message.blocks else fit(model.Message(message.text, blocks))


def words(message: model.Message) -> model.Message:
    """The last resort: the message's own `text` alone, for a Slack that takes no blocks."""
    return model.Message(fit(message).text)


def bare(message: model.Message) -> model.Message:
    """When Slack refuses even that: the message's own `text` as one plain section, and the rows of buttons."""
    words = text.clip(text.unspoken(message.text), 1_500) or text.NOTHING
    rows = tuple(block for block in plain(message).blocks if block.get("type") == "actions")
    return fit(model.Message(message.text, ({"type": "section", "text": _plain_text(words)}, *rows)))


def _plain_text(words: str) -> model.Block:
    return {"type": "plain_text", "text": words, "emoji": False}


def _classic(block: model.Block) -> Iterator[model.Block]:
    kind = block.get("type")
    if kind in CLASSIC:
        yield block
        return
    children = [child for key in ("child_blocks", "cards") for child in block.get(key) or ()]
    words = "\n".join(line for line in _lines(block) if line.strip())
    if words:
        leaf = {"type": "text", "text": text.clip(words, TEXT_OBJECT)}
        yield {"type": "rich_text", "elements": [{"type": "rich_text_preformatted", "elements": [leaf]}]}
    for child in children:
        yield from _classic(child)
    pressed = [part for key in ("actions", "elements") for part in block.get(key) or () if part.get("type") in ("button", "static_select")]
    if pressed:
        yield {"type": "actions", "elements": pressed}


_HEADINGS = ("caption", "title", "rich_text_title", "subtitle", "body", "subtext", "text")
_WORDS = ("name", "label", "text", "value")


def _lines(block: model.Block) -> Iterator[str]:
    """What a new block says, line by line: headings, the rows of a table, the numbers of a chart in columns under their names."""
    for key in _HEADINGS:
        yield " ".join(_said(block.get(key)))
    for row in block.get("rows") or ():
        yield " | ".join(" ".join(_said(cell)) for cell in row)
    chart = block.get("chart") or {}
    for segment in chart.get("segments") or ():
        yield " ".join(_said(segment))
    yield from _columns(chart.get("series") or ())


def _columns(series: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Several series side by side: a line for each label, a column for each series, the names above them."""
    read = [{str(point.get("label", "")): _number(point.get("value")) for point in one.get("data") or ()} for one in series]
    labels = list(dict.fromkeys(label for points in read for label in points))
    named = zip((str(one.get("name", "")) for one in series), read, strict=True)
    columns = [["", *labels], *([name, *(points.get(label, text.NOTHING) for label in labels)] for name, points in named)]
    widths = [max(map(len, column)) for column in columns]
    for label, *cells in zip(*columns, strict=True):
        yield "  ".join([label.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))]).rstrip()


def _number(value: Any) -> str:
    return text.number(value) if isinstance(value, int | float) else text.NOTHING


def _said(part: Any) -> Iterator[str]:
    """All words and numbers of a part, in order."""
    if isinstance(part, str | int | float):
        yield str(part)
    elif isinstance(part, list | tuple):
        for item in part:
            yield from _said(item)
    elif isinstance(part, dict) and part.get("type") == "mrkdwn":
        yield text.unspoken(str(part.get("text", "")))
    elif isinstance(part, dict):
        for key in (*_WORDS, "data", "elements"):
            yield from _said(part.get(key))
