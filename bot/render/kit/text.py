"""Text of strangers, made harmless, and the few tokens that Slack understands.

Untrusted text goes into plain_text or rich_text, where nothing is markup; `spoken` is for the one place that is always mrkdwn,
the message's own `text`. Sizes are UTF-16 units, and what Slack escapes counts escaped: never less than what Slack may count.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

ELLIPSIS = "…"
NOTHING = "–"

_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_TOKEN = re.compile(r"<[^<>]*>|&(?:amp|lt|gt);|.", re.DOTALL)
_SPOKEN = re.compile(r"<!date\^[^|<>]*\|([^<>]*)>|<[^|<>]*\|([^<>]*)>|<([^<>]*)>")
# A marker inside a word ("order_items") formats nothing and stays whole, so that names can still be searched for.
_MARKER = re.compile(r"[*~`]|(?<![^\W_])_+|_+(?![^\W_])")

# ":tada:" would become a picture; a time of day ("09:12:30") is none.
_EMOJI = re.compile(r"(?<!\d):(?=[\w+'-]+:)")

_BREAK = "\u200b"
_ISOLATE, _POP = "\u2068", "\u2069"
_JOINERS = "\u200c\u200d"
_MARKS_IN_A_ROW = 4
_RTL = frozenset({"R", "AL", "AN"})


def escape(value: str) -> str:
    """The three characters that Slack's markup is made of, and nothing else (slack-platform section 6)."""
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(value: str) -> str:
    """The opposite of `escape`."""
    return value.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _harmless(value: str) -> Iterator[str]:
    """Characters one by one: controls become spaces, invisible and direction-changing ones vanish, towers of accents are capped."""
    marks = 0
    for char in value:
        kind = unicodedata.category(char)
        marks = marks + 1 if kind in ("Mn", "Me") else 0
        if kind in ("Cc", "Zl", "Zp", "Zs"):
            yield " "
        elif kind == "Cs":
            yield "\ufffd"
        elif (kind != "Cf" or char in _JOINERS) and marks <= _MARKS_IN_A_ROW:
            yield char


def squeeze(value: str, empty: str = NOTHING) -> str:
    """One harmless line: no control, zero-width or bidi characters; right-to-left text isolated so that it scrambles nothing around it.

    `empty` stands in when nothing visible is left.
    """
    if value.isascii() and value.isprintable():  # nearly all: nothing in it to be judged
        return " ".join(value.split()) or empty
    line = " ".join("".join(_harmless(value)).split())
    if not line.strip(_JOINERS + " "):
        return empty
    if any(unicodedata.bidirectional(char) in _RTL for char in line):
        return f"{_ISOLATE}{line}{_POP}"
    return line


def aligned(value: str) -> str:
    """Harmless monospaced text: one character for each, so that a caret below still points at the right one."""
    return "".join(_harmless(value))


def short(value: str, room: int, empty: str = NOTHING) -> str:
    """`squeeze` and `clip` in one: a stranger's word for a place of at most `room` units."""
    return clip(squeeze(value, empty), room)


def size(value: str, *, markup: bool = False) -> int:
    """What Slack may count: UTF-16 units, `& < >` as their escapes unless `value` is markup already."""
    units = len(value.encode("utf-16-le", "surrogatepass")) // 2
    return units if markup else units + 4 * value.count("&") + 3 * (value.count("<") + value.count(">"))


def clip(value: str, room: int, *, markup: bool = False) -> str:
    """At most `room` units, with an ellipsis where something was left out.

    Never cuts an escape or a `<...>` token of markup, a surrogate pair, or an accent from its letter; closes what it leaves isolated.
    """
    if size(value, markup=markup) <= room:
        return value
    left = room - 1 - (1 if _ISOLATE in value else 0)
    kept: list[str] = []
    pieces = _TOKEN.findall(value) if markup else value
    for piece in pieces:
        left -= size(piece, markup=markup)
        if left < 0:
            _drop_broken_cluster(kept, piece)
            break
        kept.append(piece)
    body = "".join(kept).rstrip()
    closing = _POP * max(0, body.count(_ISOLATE) - body.count(_POP))
    return f"{body}{ELLIPSIS}{closing}" if room > 0 else ""


def extends(char: str) -> bool:
    """Whether this character belongs to the one before it: an accent, a joiner, a skin tone."""
    return unicodedata.category(char) in ("Mn", "Me", "Mc") or char in _JOINERS or "\U0001f3fb" <= char <= "\U0001f3ff"


def _drop_broken_cluster(kept: list[str], following: str) -> None:
    """Take back the letter or picture whose accents, joiners or skin tone would be lost."""
    while kept and len(following) == 1 and (extends(following) or kept[-1] == "\u200d"):
        following = kept.pop()


def neutral(value: str) -> str:
    """Markup characters that format nothing: mrkdwn has no escape for them, a zero-width space on both sides is what there is."""
    harmless = _MARKER.sub(lambda found: "".join(f"{_BREAK}{char}{_BREAK}" for char in found.group()), value)
    return _EMOJI.sub(f":{_BREAK}", harmless)


def spoken(value: str) -> str:
    """A harmless plain line as mrkdwn that shows it as it is."""
    shown = neutral(value)
    return escape(f"{_BREAK}{shown}" if shown.startswith(">") else shown)


def unspoken(value: str) -> str:
    """What mrkdwn made by this room reads like: tokens become their words, escapes their characters."""
    words = _SPOKEN.sub(lambda found: next((part for part in found.groups() if part is not None), ""), value)
    return unescape(words).replace(_BREAK, "")


# --- dates, links, numbers, lists -------------------------------------------------------------------------------------------


def utc(at: datetime) -> str:
    """The date for places that cannot hold a token: "2026-11-21 09:12 UTC"."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def when(at: datetime, form: str = "{date_short_pretty} {time}") -> str:
    """A Slack date token: everybody sees their own time zone, old clients the fallback in UTC (slack-platform section 6)."""
    return f"<!date^{int(at.timestamp())}^{form}|{utc(at)}>"


def url(value: str) -> str:
    """`value` when it is an http or https address that Slack takes (no spaces, at most 2,000 units), else ""."""
    address = value.strip()
    if not re.match(r"https?://[^/\s]", address, re.IGNORECASE) or re.search(r"[\s|<>\x00-\x20\x7f]", address):
        return ""
    plain = all(unicodedata.category(char) not in ("Cf", "Cs", "Cc") for char in address)
    return address if plain and size(address) <= 2000 else ""


def channel(ident: str, other: str | None = None) -> str:
    """A channel as mrkdwn, whose name Slack writes out for those who may know it; `other` (else the words themselves) for what is no id of
    one."""
    if ident.isalnum() and ident.isascii() and ident[:1] in ("C", "G"):
        return f"<#{ident}>"
    direct = "somebody's direct messages" if ident.isalnum() and ident[:1] in ("D", "U", "W") else short(ident, 40)
    return spoken(direct) if other is None else other


def link(address: str, label: str) -> str:
    """A mrkdwn link, or its label alone when the address is none."""
    words = spoken(label.replace("|", "/"))
    return f"<{escape(url(address))}|{words}>" if url(address) else words


def number(value: float) -> str:
    """ "4,210", "54", "54.33", "0.873": rounded for people; enormous and impossible numbers stay short."""
    if not abs(value) < 1e15:
        return f"{value:,.6g}"
    if value == int(value) or abs(value) >= 10_000:
        return f"{round(value):,}"
    if abs(value) < 1:
        return f"{value:.3g}"
    return f"{value:,.2f}".rstrip("0").removesuffix(".")


def count(amount: int, one: str, many: str = "") -> str:
    """ "1 anomaly", "4,210 rows"."""
    return f"{number(amount)} {one if amount == 1 else many or one + 's'}"


def duration(seconds: float) -> str:
    """ "40 seconds", "3 minutes", "5 hours": as exact as people need it."""
    for size_, unit in ((3600, "hour"), (60, "minute")):
        if seconds >= 2 * size_:
            return count(round(seconds / size_), unit)
    return count(max(0, round(seconds)), "second")


def listed(items: Sequence[str], most: int = 10, separator: str = ", ") -> str:
    """The first `most` and how many more."""
    more = len(items) - most
    return separator.join(items[:most]) + (f" and {number(more)} more" if more > 0 else "")


def within(items: Sequence[str], room: int, separator: str = " ") -> str:
    """The first of these pieces of markup that fit whole into `room` units, and how many more there are: nothing is cut silently."""
    for most in range(len(items), 0, -1):
        said = listed(items, most, separator)
        if size(said, markup=True) <= room:
            return said
    return f"and {number(len(items))} more" if items else ""


def joined(lines: str) -> str:
    """Lines, some of them marked as a list, as one line that can be read out."""
    return lines.replace(":\n• ", ": ").replace("\n• ", "; ").replace("\n", " ")


def sentence(*parts: str) -> str:
    """Parts as sentences: each ends with a full stop, empty ones vanish."""
    said = (part.strip() for part in parts)
    return " ".join(part if part.endswith((".", "?", "!", ELLIPSIS)) else f"{part}." for part in said if part)


def capital(value: str) -> str:
    """The first letter large, the rest as it is."""
    return value[:1].upper() + value[1:]
