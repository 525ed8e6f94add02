"""Slack's rules typed again from slack-platform section 4, so that the product's own numbers are never judged by themselves."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot import model

BUTTON_LIKE = {
    "button", "static_select", "overflow", "external_select", "multi_users_select", "plain_text_input", "checkboxes", "radio_buttons",
}  # fmt: skip
CONTROL = re.compile(r"<([^<>]*)>")
OWN_CONTROL = re.compile(r"!date\^-?\d+\^[^|^<>]+\|\d{1,4}-\d\d-\d\d \d\d:\d\d UTC|https?://[^\s|<>]+\|[^|<>]+|#[CG][A-Z0-9]+")


def units(value: str) -> int:
    """Characters as the strictest reader counts them: UTF-16."""
    return len(value.encode("utf-16-le", "surrogatepass")) // 2


def choices(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The options of an answer to a menu, in their groups or not; its labels keep to the limits."""
    groups = answer.get("option_groups", [])
    assert len(answer) == 1 and all(1 <= units(group["label"]["text"]) <= 75 and group["options"] for group in groups)
    return [*answer.get("options", []), *(option for group in groups for option in group["options"])]


def parts(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every dict below, with its path."""
    if isinstance(node, dict):
        yield path, node
        for key, value in node.items():
            yield from parts(value, f"{path}/{key}")
    elif isinstance(node, list | tuple):
        for index, value in enumerate(node):
            yield from parts(value, f"{path}/{index}")


def texts(node: Any) -> list[tuple[str, str, bool]]:
    """Every text shown: path, text, whether it is markup."""
    found = []
    for path, part in parts(node):
        kind = part.get("type")
        if kind in ("plain_text", "mrkdwn", "text"):
            found.append((path, part["text"], kind == "mrkdwn"))
    return found


MOST = (  # the end of a path -> most characters
    (re.compile(r"/fields/\d+$"), 2000),
    (re.compile(r"/options/\d+/(text|description)$"), 75),
    (re.compile(r"/placeholder$"), 150),
)
TEXT_OF = {"header": 150, "button": 75, "section": 3000}


def faults(message: model.Message) -> list[str]:
    """What Slack would refuse about a message."""
    wrong = _blocks(list(message.blocks), 50)
    if not 1 <= units(message.text) <= 3000:
        wrong.append(f"text has {units(message.text)} characters")
    whole = units(message.text) + sum(
        units(words if markup else html.escape(words, quote=False)) for _, words, markup in texts(list(message.blocks))
    )
    if whole > 9000:
        wrong.append(f"{whole} characters in all")
    return wrong + [f"control sequence {token!r}" for token in foreign_controls(message)]


def view_faults(view: Mapping[str, Any]) -> list[str]:
    """What Slack would refuse about a modal."""
    wrong = _blocks(view["blocks"], 100)
    wrong += [f"{key} is too long" for key in ("title", "submit", "close") if key in view and not 1 <= units(view[key]["text"]) <= 24]
    if units(view.get("private_metadata", "")) > 3000:
        wrong.append("private_metadata is too long")
    if any(block["type"] == "input" for block in view["blocks"]) and "submit" not in view:
        wrong.append("inputs without submit")
    return wrong


def _blocks(blocks: list[dict[str, Any]], most: int) -> list[str]:
    wrong = [] if len(blocks) <= most else [f"{len(blocks)} blocks"]
    idents = [block["block_id"] for block in blocks if "block_id" in block]
    wrong += ["block_id twice"] if len(set(idents)) < len(idents) else []
    for block in blocks:
        wrong += _elements(block)
    for path, part in parts(blocks):
        wrong += _part(path, part)
    return wrong


def _elements(block: dict[str, Any]) -> list[str]:
    elements = block.get("elements", [])
    most = {"actions": 25, "context": 10}.get(block["type"])
    wrong = []
    if most and not 1 <= len(elements) <= most:
        wrong.append(f"{block['type']} with {len(elements)} elements")
    acting = [element["action_id"] for element in elements if "action_id" in element]
    if len(set(acting)) < len(acting):
        wrong.append("action_id twice in one block")
    return wrong


def _part(path: str, part: dict[str, Any]) -> list[str]:
    return [f"{path}: {wrong}" for judge in (_text_faults, _button_faults, _menu_faults) for wrong in judge(path, part)]


def _text_faults(path: str, part: dict[str, Any]) -> list[str]:
    kind, wrong = part.get("type"), []
    if kind in ("plain_text", "mrkdwn", "text"):
        most = next((limit for end, limit in MOST if end.search(path)), 2000 if "/elements/" in path and kind != "text" else 3000)
        if not part["text"].strip() or _size(part) > most:
            wrong.append(f"{_size(part)} characters of {most}")
    if kind == "mrkdwn" and part.get("verbatim") is not True:
        wrong.append("not verbatim")
    if kind == "plain_text" and part.get("emoji") is not False:
        wrong.append("emoji")
    if kind in TEXT_OF and "text" in part and _size(part["text"]) > TEXT_OF[kind]:
        wrong.append(f"too long for a {kind}")
    return wrong


def _size(said: dict[str, Any]) -> int:
    """As Slack counts: of plain text `&`, `<` and `>` as they are escaped; markup is that already."""
    return units(said["text"] if said["type"] == "mrkdwn" else html.escape(said["text"], quote=False))


def _button_faults(path: str, part: dict[str, Any]) -> list[str]:
    wrong = [key for key in ("action_id", "block_id", "callback_id") if units(part.get(key, "")) > 255]
    if part.get("type") == "button" and units(part.get("value", "")) > 2000:
        wrong.append("value")
    if "url" in part and (
        units(part["url"]) > 3000 or not re.match(r"https?://", part["url"], re.IGNORECASE) or re.search(r"\s", part["url"])
    ):
        wrong.append("url")
    if units(part.get("accessibility_label", "")) > 75:
        wrong.append("accessibility_label")
    return wrong


def _menu_faults(path: str, part: dict[str, Any]) -> list[str]:
    most = {"overflow": 5, "static_select": 100, "checkboxes": 10, "radio_buttons": 10}.get(part.get("type", ""))
    if most is None:
        return []
    offered = choices({key: part[key] for key in ("options", "option_groups") if key in part})
    wrong = [] if 1 <= len(offered) <= most else ["options"]
    return wrong + ["option value" for option in offered if not 1 <= units(option["value"]) <= 150]


def markups(message: model.Message) -> list[str]:
    """Every string that Slack reads as markup."""
    return [message.text, *(words for _, words, markup in texts(list(message.blocks)) if markup)]


def foreign_controls(message: model.Message) -> list[str]:
    """Control sequences (mentions, links, dates) that are not of the product's own making, and brackets that were cut."""
    found = []
    for markup in markups(message):
        found += [token for token in CONTROL.findall(markup) if not OWN_CONTROL.fullmatch(token)]
        rest = CONTROL.sub("", markup)
        found += [bracket for bracket in "<>" if bracket in rest]
        found += re.findall(r"&(?!(?:amp|lt|gt);).{0,5}", rest)
    return found


def seen(message: model.Message | Mapping[str, Any]) -> str:
    """What a person sees, line by line; dates and links as their words."""
    blocks = list(message.blocks) if isinstance(message, model.Message) else message["blocks"]
    lines = []
    for _, words, markup in texts(blocks):
        lines.append(html.unescape(re.sub(r"<[^|<>]*\|([^<>]*)>", r"\1", words)) if markup else words)
    return "\n".join(lines)


def heard(message: model.Message) -> str:
    """What a screen reader says: the text alone, tokens as their words."""
    words = re.sub(r"<[^|<>]*\|([^<>]*)>", r"\1", message.text)
    return html.unescape(words).replace("\u200b", "")


def pressable(node: Any) -> list[dict[str, Any]]:
    """Every button, menu and input."""
    blocks = list(node.blocks) if isinstance(node, model.Message) else node
    return [part for _, part in parts(blocks) if part.get("type") in BUTTON_LIKE]


def labels(message: model.Message) -> list[str]:
    """What the buttons and menus say, in order."""
    return [part.get("text", part.get("placeholder", {"text": "..."}))["text"] for part in pressable(message)]
