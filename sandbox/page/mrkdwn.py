"""Slack's mrkdwn as safe HTML: every character that is not ours is escaped, so hostile text is drawn as text."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from urllib.parse import urlsplit

from sandbox.page import dates

_EMOJI = {
    "white_check_mark": "✅", "x": "❌", "warning": "⚠️", "rotating_light": "🚨", "eyes": "👀", "bell": "🔔", "no_entry": "⛔", "tada": "🎉",
    "hourglass": "⌛", "hourglass_flowing_sand": "⏳", "information_source": "ℹ️", "red_circle": "🔴", "large_yellow_circle": "🟡",
    "large_green_circle": "🟢", "large_blue_circle": "🔵", "large_orange_circle": "🟠", "bug": "🐛", "bar_chart": "📊", "memo": "📝",
    "mag": "🔍", "clock1": "🕐", "zzz": "💤", "fire": "🔥", "thumbsup": "👍", "+1": "👍", "thumbsdown": "👎", "robot_face": "🤖",
    "smile": "😄", "heart": "❤️", "rocket": "🚀", "arrow_right": "➡️", "lock": "🔒", "link": "🔗", "package": "📦", "speech_balloon": "💬",
    "octagonal_sign": "🛑", "white_circle": "⚪", "grey_question": "❔",
}  # fmt: skip

_PIECE = re.compile(r"```(?P<fence>.+?)```|`(?P<code>[^`\n]+)`|<(?P<control>[^<>\n]+)>", re.DOTALL)
_BARE = re.compile(r"https?://[^\s<>|\ue000\ue001]+[^\s<>|\ue000\ue001.,;:!?)\]'\"]")
_LOOSE = re.compile(r"(?<!\w)(?:@(?P<all>here|channel|everyone)\b|#(?P<channel>[a-z0-9_-]{2,80}))")
_MARKS = (("b", r"\*"), ("i", "_"), ("s", "~"))
_HELD = re.compile("\ue000(\\d+)\ue001")
_BROADCAST = {"here", "channel", "everyone"}


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Reader:
    """Who reads: names of users and channels by id, the reader's zone, and the clock of relative dates."""

    users: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)
    zone: tzinfo = UTC
    now: Callable[[], datetime] = _utc_now


def escape(text: object) -> str:
    """Any text as HTML that shows exactly these characters."""
    return html.escape(str(text), quote=True)


def safe_url(url: object) -> str:
    """The URL when it is one that a link may have (http, https, mailto), "" otherwise."""
    text = str(url or "").strip()
    try:
        return text if urlsplit(text).scheme.lower() in {"http", "https", "mailto"} else ""
    except ValueError:
        return ""


def link(url: str, label: str) -> str:
    """An anchor, or the bare words when the URL is not a harmless one."""
    shown = escape(label or url)
    if not (target := safe_url(url)):
        return shown
    return f'<a href="{escape(target)}" target="_blank" rel="noopener noreferrer">{shown}</a>'


def emoji(text: str) -> str:
    """`:tada:` becomes the sign; unknown names stay as they are."""
    return re.sub(r":([a-z0-9_+-]+):", lambda found: _EMOJI.get(found[1], found[0]), text)


def plain(text: object, *, signs: bool = True) -> str:
    """A plain_text object: literal, but for emoji names."""
    return escape(emoji(str(text)) if signs else text).replace("\n", "<br>")


def unescape(text: str) -> str:
    """Slack's three escapes, read back. Nothing else is one, so `&quot;` stays as it is."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def chip(kind: str, text: str) -> str:
    """A mention."""
    return f'<span class="mention {kind}">{escape(text)}</span>'


def draw(text: str, reader: Reader, *, verbatim: bool = False) -> str:
    """HTML of a mrkdwn text.

    Without `verbatim` Slack also turns bare URLs, `@here` and `#channel` words into links and mentions, escaped or not
    (slack-platform section 6); so does this.
    """
    held: list[str] = []

    def hold(piece: str) -> str:
        held.append(piece)
        return f"\ue000{len(held) - 1}\ue001"

    def piece(found: re.Match[str]) -> str:
        if (code := found["fence"] or found["code"]) is not None:
            tag = "pre" if found["fence"] else "code"
            return hold(f"<{tag}>{escape(unescape(_words(code)).strip(chr(10)))}</{tag}>")
        return hold(_control(found["control"], reader))

    text = _PIECE.sub(piece, text.replace("\ue000", "").replace("\ue001", ""))
    if not verbatim:
        text = _BARE.sub(lambda found: hold(link(unescape(found[0]), "")), text)
        text = _LOOSE.sub(lambda found: hold(_loose(found, reader)), text)
    return _HELD.sub(lambda found: held[int(found[1])], _lines(text))


def _words(code: str) -> str:
    """Inside code a control sequence shows its words alone."""
    return re.sub(r"<((?:[@#!]|https?:|mailto:)[^<>|\n]*)(?:\|([^<>\n]*))?>", lambda found: found[2] or found[1], code)


def _lines(text: str) -> str:
    """Quotes, styles and line breaks of the text between the held pieces."""
    drawn = []
    for line in text.split("\n"):
        quote = re.match(r"(?:>|&gt;) ?(.*)", line)
        words = _style(escape(emoji(unescape(quote[1] if quote else line))))
        drawn.append(f'<div class="quote">{words or "&nbsp;"}</div>' if quote else f"{words}<br>")
    joined = "".join(drawn)
    return joined.removesuffix("<br>")


def _style(escaped: str) -> str:
    """A mark styles what stands close to it: a zero-width space keeps it away as any other space does (slack-platform section 6)."""
    for tag, mark in _MARKS:
        pattern = rf"(?<![\w{mark}]){mark}(?=[^\s\u200b])([^{mark}\n]+?)(?<=[^\s\u200b]){mark}(?![\w{mark}])"
        escaped = re.sub(pattern, rf"<{tag}>\1</{tag}>", escaped)
    return escaped


def _loose(found: re.Match[str], reader: Reader) -> str:
    if found["all"]:
        return chip("broadcast", found[0])
    known = found["channel"] in reader.channels.values()
    return chip("channel", found[0]) if known else escape(found[0])


def _control(inside: str, reader: Reader) -> str:
    """One `<...>`; what is not a control sequence is text."""
    body, _, label = inside.partition("|")
    label = unescape(label)
    if body.startswith("@"):
        return chip("user", "@" + (reader.users.get(body[1:]) or label or body[1:]))
    if body.startswith("#"):
        return chip("channel", "#" + (reader.channels.get(body[1:]) or label or body[1:]))
    if body.startswith("!"):
        return _special(inside, body[1:], label, reader)
    return link(unescape(body), label) if safe_url(unescape(body)) else escape(f"<{unescape(inside)}>")


def _special(inside: str, name: str, label: str, reader: Reader) -> str:
    word = name.partition("^")[0]
    if word in _BROADCAST:
        return chip("broadcast", f"@{word}")
    if word == "subteam":
        return chip("group", label or name)
    if word == "date":
        return _date(name, label, reader)
    return escape(label or f"<{unescape(inside)}>")


def _date(name: str, fallback: str, reader: Reader) -> str:
    parts = name.split("^")
    if len(parts) < 3 or not re.fullmatch(r"-?\d+", parts[1]):
        return escape(fallback)
    shown = dates.draw(int(parts[1]), unescape(parts[2]), reader.zone, reader.now())
    words = f'<time title="{escape(fallback)}">{escape(shown if shown is not None else fallback)}</time>'
    target = safe_url(parts[3]) if len(parts) > 3 else ""
    return f'<a href="{escape(target)}" target="_blank" rel="noopener noreferrer">{words}</a>' if target else words
