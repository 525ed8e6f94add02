"""The few Block Kit parts that this product is built of, as plain dicts.

Untrusted text only ever enters `plain`, `header`, `section`, `preformatted` and options: nothing in there is markup.
`marked` takes what this room wrote itself (dates and links), never a stranger's words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot import model
from bot.render.kit import limits, text


def plain(words: str, room: int = limits.TEXT_OBJECT) -> model.Block:
    """Text that is shown as it is: no formatting, no mentions, no `:emoji:`."""
    return {"type": "plain_text", "text": text.clip(words, room) or text.NOTHING, "emoji": False}


def marked(markup: str) -> model.Block:
    """Dates and links; `verbatim` keeps Slack from finding more of them by itself."""
    return {"type": "mrkdwn", "text": markup, "verbatim": True}


def header(words: str) -> model.Block:
    return {"type": "header", "text": plain(words, limits.HEADER)}


def divider() -> model.Block:
    return {"type": "divider"}


def section(words: str, accessory: model.Block | None = None) -> model.Block:
    block: model.Block = {"type": "section", "text": plain(words)}
    return block if accessory is None else {**block, "accessory": accessory}


def whole(markup: str, accessory: model.Block | None = None) -> model.Block:
    """A section of what this room wrote itself that nobody has to unfold: Slack hides the end of a long one, addresses counted, behind
    "See more"."""
    block: model.Block = {"type": "section", "text": marked(markup), "expand": True}
    return block if accessory is None else {**block, "accessory": accessory}


def line(words: str) -> model.Message:
    """A whole message that says one thing, on one line or on several."""
    return limits.fit(model.Message(text.spoken(text.joined(words)), (section(words),)))


def context(*elements: model.Block | str) -> model.Block:
    """Small print: strings become plain text, blocks stay as they are; empty strings vanish."""
    parts = [plain(part, limits.CONTEXT_TEXT) if isinstance(part, str) else part for part in elements if part]
    return {"type": "context", "elements": parts or [plain(text.NOTHING)]}


def actions(*elements: model.Block | None) -> tuple[model.Block, ...]:
    """A row of buttons; no row when there are none."""
    row = [element for element in elements if element is not None]
    return ({"type": "actions", "elements": row},) if row else ()


def preformatted(words: str) -> model.Block:
    """Monospaced text, as typed: a backtick in it ends nothing."""
    leaf = {"type": "text", "text": text.clip(words, limits.TEXT_OBJECT) or text.NOTHING}
    return {"type": "rich_text", "elements": [{"type": "rich_text_preformatted", "elements": [leaf]}]}


def bold(words: str, rest: str = "") -> model.Block:
    """What must not be overlooked in bold, and the rest as usual: nothing of it is markup."""
    leaves: list[model.Block] = [{"type": "text", "text": text.clip(words, limits.CONTEXT_TEXT) or text.NOTHING, "style": {"bold": True}}]
    if rest:
        leaves.append({"type": "text", "text": text.clip(f" {rest}", limits.CONTEXT_TEXT)})
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": leaves}]}


def button(action_id: str, label: str, value: str, *, style: str = "", hint: str = "", confirm: model.Block | None = None) -> model.Block:
    """A button; `style` is "", "primary" or "danger", `hint` what a screen reader says instead of the label, `confirm` what Slack asks
    first."""
    block: model.Block = {"type": "button", "action_id": action_id, "text": plain(label, limits.BUTTON), "value": value}
    if style:
        block["style"] = style
    if hint:
        block["accessibility_label"] = text.clip(hint, limits.BUTTON)
    if confirm is not None:
        block["confirm"] = confirm
    return block


def confirm(title: str, question: str, yes: str, no: str) -> model.Block:
    """What Slack asks before it sends a click: a title of 100, a question of 300, answers of 30."""
    return {
        "title": plain(title, limits.CONFIRM_TITLE),
        "text": plain(question, limits.CONFIRM_TEXT),
        "confirm": plain(yes, limits.CONFIRM_BUTTON),
        "deny": plain(no, limits.CONFIRM_BUTTON),
    }


def rows(*buttons: model.Block | None) -> tuple[model.Block, ...]:
    """Rows of buttons in this order, in which no action id stands twice in one row: Slack tells them apart by it."""
    filled: list[list[model.Block]] = []
    for button_ in buttons:
        if button_ is None:
            continue
        free = (row for row in filled if all(other["action_id"] != button_["action_id"] for other in row))
        row = next(free, None)
        if row is None:
            filled.append(row := [])
        row.append(button_)
    return tuple(block for row in filled for block in actions(*row))


def link_button(action_id: str, label: str, address: str) -> model.Block | None:
    """A button that opens a web page; none when the address is no http or https one."""
    safe = text.url(address)
    return {"type": "button", "action_id": action_id, "text": plain(label, limits.BUTTON), "url": safe} if safe else None


def option(words: str, value: str, description: str = "") -> model.Block:
    block: model.Block = {"text": plain(words, limits.OPTION), "value": value}
    return {**block, "description": plain(description, limits.OPTION)} if description else block


def link_option(words: str, value: str, address: str) -> model.Block | None:
    """An entry of the [...] menu that opens a web page; none when the address is no http or https one."""
    safe = text.url(address)
    return {**option(words, value), "url": safe} if safe else None


def menu(
    action_id: str, placeholder: str, options: Sequence[model.Block], how: str, *, found: int = 0, rest: str = ""
) -> model.Block | None:
    """A drop-down; none when it has nothing to offer that Slack takes. What it cannot hold is counted above its options, with `how` that is
    done instead: "type /anomalies archive". There are `found` in all where those are more, and `rest` is how another one is named."""
    usable = [choice for choice in options if carries(choice["value"])]
    if not usable:
        return None
    held = limits.offered(usable, found - (len(options) - len(usable)), len(options) - len(usable), how, rest)
    return {"type": "static_select", "action_id": action_id, "placeholder": plain(placeholder, limits.PLACEHOLDER), **held}


def carries(value: str) -> bool:
    """Whether an entry of a menu can carry this value."""
    return 0 < text.size(value, markup=True) <= limits.OPTION_VALUE


def overflow(action_id: str, options: Sequence[model.Block]) -> model.Block | None:
    """The [...] menu; none when it has nothing to offer that Slack takes."""
    usable = [choice for choice in options if carries(choice["value"])]
    return {"type": "overflow", "action_id": action_id, "options": usable} if usable else None


def chart(title: str, series: Mapping[str, Sequence[tuple[str, float]]], kind: str = "bar") -> model.Block:
    """A chart of at most six series with the same labels in the same order. `limits.plain` tells the same numbers as lines."""
    named = [(text.clip(name, limits.CHART_LABEL), points[: limits.CHART_POINTS]) for name, points in series.items()]
    drawn = [
        {"name": name, "data": [{"label": text.clip(label, limits.CHART_LABEL), "value": value} for label, value in points]}
        for name, points in named[: limits.CHART_SERIES]
    ]
    labels = [text.clip(label, limits.CHART_LABEL) for label, _ in named[0][1]]
    drawing = {"type": kind, "series": drawn, "axis_config": {"categories": labels}}
    return {"type": "data_visualization", "title": text.clip(title, limits.CHART_TITLE), "chart": drawing}
