"""rich_text blocks as safe HTML: every leaf is literal text with styles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.page import dates, mrkdwn
from sandbox.page.mrkdwn import Reader

_STYLES = {"bold": "b", "italic": "i", "strike": "s", "code": "code"}
Leaf = Callable[[Mapping[str, Any], Reader], str]


def draw(block: Mapping[str, Any], reader: Reader) -> str:
    """HTML of a rich_text block or of a rich_text cell of a table."""
    return "".join(_container(part, reader) for part in block.get("elements", []))


def _container(part: Mapping[str, Any], reader: Reader) -> str:
    kind = part.get("type")
    if kind == "rich_text_list":
        tag = "ol" if part.get("style") == "ordered" else "ul"
        items = "".join(f"<li>{_leaves(item, reader)}</li>" for item in part.get("elements", []))
        return f'<{tag} class="indent-{int(part.get("indent", 0) or 0)}">{items}</{tag}>'
    inside = _leaves(part, reader)
    wrap = {"rich_text_quote": '<div class="quote">{}</div>', "rich_text_preformatted": "<pre>{}</pre>"}
    return wrap.get(str(kind), "<div>{}</div>").replace("{}", inside)


def _leaves(part: Mapping[str, Any], reader: Reader) -> str:
    return "".join(_leaf(leaf, reader) for leaf in part.get("elements", []))


def _leaf(leaf: Mapping[str, Any], reader: Reader) -> str:
    drawn = _LEAVES.get(str(leaf.get("type")), _unknown)(leaf, reader)
    for style, tag in _STYLES.items():
        if (leaf.get("style") or {}).get(style):
            drawn = f"<{tag}>{drawn}</{tag}>"
    return drawn


def _unknown(leaf: Mapping[str, Any], reader: Reader) -> str:
    return mrkdwn.escape(leaf.get("text") or leaf.get("fallback") or "")


def _date(leaf: Mapping[str, Any], reader: Reader) -> str:
    shown = dates.draw(int(leaf.get("timestamp", 0)), str(leaf.get("format", "{date_num} {time}")), reader.zone, reader.now())
    return mrkdwn.escape(shown or leaf.get("fallback", ""))


_LEAVES: dict[str, Leaf] = {
    "text": lambda leaf, reader: mrkdwn.escape(leaf.get("text", "")).replace("\n", "<br>"),
    "link": lambda leaf, reader: mrkdwn.link(str(leaf.get("url", "")), str(leaf.get("text", ""))),
    "emoji": lambda leaf, reader: mrkdwn.escape(mrkdwn.emoji(f":{leaf.get('name', '')}:")),
    "user": lambda leaf, reader: mrkdwn.chip("user", "@" + reader.users.get(str(leaf.get("user_id")), str(leaf.get("user_id")))),
    "channel": lambda leaf, reader: mrkdwn.chip("channel", "#" + reader.channels.get(str(leaf.get("channel_id")), "unknown")),
    "usergroup": lambda leaf, reader: mrkdwn.chip("group", "@" + str(leaf.get("usergroup_id"))),
    "broadcast": lambda leaf, reader: mrkdwn.chip("broadcast", "@" + str(leaf.get("range"))),
    "date": _date,
}
