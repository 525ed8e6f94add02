"""Text as Slack really sends it, made plain; and the way back: a caret under the wrong word."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable

from bot import errors

CARET_COLUMNS = 72
"""What a code block in Slack shows on one line on a narrow screen."""

_SPACES = dict.fromkeys([*range(0x20), *range(0x7F, 0xA1), 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000], " ")
_INVISIBLE = dict.fromkeys([0xAD, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2060, 0x2065), *range(0x2066, 0x206A), 0xFEFF])
_DOUBLE = dict.fromkeys(map(ord, "“”„‟«»＂"), '"')
_SINGLE = dict.fromkeys(map(ord, "‘’‚‛‹›＇"), "'")
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−"), "-")
_WIDE = {ord("："): ":", ord("，"): ",", ord("、"): ",", ord("＋"): "+", ord("＠"): "@"}
_PLAIN = {**_SPACES, **_INVISIBLE, **_DOUBLE, **_SINGLE, **_DASHES, **_WIDE}

_MARKUP = re.compile(r"<([^<>]*)>")
_ENTITY = re.compile(r"&(amp|lt|gt);")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">"}
_QUOTED_OR_MARKED = re.compile(r'("(?:[^"\\]|\\.)*")|(?<![^\s:,])([*`]+)([^\s*`",]+)\2(?![^\s,])')


def clean(text: str) -> str:
    """A command as a person meant it: Slack's `<...>`, entities, typographic quotes, dashes and spaces undone.

    A mention becomes `<@U1>`, a channel `#name`, a link its address or, where Slack made the link, what was typed.
    """
    text = _ENTITY.sub(lambda found: _ENTITIES[found[1]], _MARKUP.sub(_unmark, text)).translate(_PLAIN)
    return _QUOTED_OR_MARKED.sub(lambda found: found[1] or found[3], text).strip()


def _unmark(found: re.Match[str]) -> str:
    target, _, label = found[1].partition("|")
    kind, rest = target[:1], target[1:]
    if kind == "@" and rest:
        return f"<@{rest}>"
    if kind == "#" and rest:
        return f"#{label or rest}"
    if kind == "!" and rest:
        return label or f"@{rest.rpartition('^')[2]}"
    if re.match(r"(?:https?|mailto|tel):", target):
        return label if label and _linked_by_slack(target, label) else target.removeprefix("mailto:").removeprefix("tel:")
    return found[0]


def _linked_by_slack(target: str, label: str) -> bool:
    """Slack turns a bare `orders.io` or an address into a link; its label is what was typed."""
    return re.sub(r"^(?:https?://|mailto:|tel:)", "", target).rstrip("/") == label.rstrip("/")


# --- the wrong word -------------------------------------------------------------------------------------------------


def nearest(word: str, choices: Iterable[str]) -> str:
    """The choice that was probably meant, "" when none is near. A unique beginning counts before likeness."""
    word, known = word[:40].casefold(), list(choices)
    begun = [choice for choice in known if len(word) > 1 and choice.startswith(word)]
    if begun:
        return min(begun, key=len)
    return next(iter(difflib.get_close_matches(word, known, n=1, cutoff=0.6)), "")


def short(text: str, limit: int = 40) -> str:
    """Typed text for a sentence, in quotes, cut to `limit` characters."""
    return f'"{text}"' if len(text) <= limit else f'"{text[: limit - 3]}..."'


def columns(text: str) -> int:
    """How many columns of a monospaced font a text takes: wide letters and emoji two, combining marks none."""
    return sum(_columns(letter) for letter in text)


def _columns(letter: str) -> int:
    if unicodedata.combining(letter) or unicodedata.category(letter) in {"Cf", "Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in {"W", "F"} else 1


def caret(error: errors.BadCommand) -> tuple[str, str]:
    """The command again, and under it a line with carets below the wrong part; long commands are cut around it.

    Back-ticks are shown as apostrophes: the two lines go into a code block, which a run of back-ticks would end.
    """
    text = error.text.replace("`", "'")
    start = min(max(error.start, 0), len(text))
    end = min(max(error.end, start), len(text))
    before, wrong, after = text[:start], text[start:end], text[end:]
    wrong = _cut(wrong, CARET_COLUMNS // 2)
    room = CARET_COLUMNS - columns(wrong)
    if columns(before) > room // 2:
        before = "..." + _tail(before, max(room // 2, room - columns(after)) - 3)
    after = _cut(after, room - columns(before))
    return before + wrong + after, " " * columns(before) + "^" * max(1, columns(wrong))


def _cut(text: str, room: int) -> str:
    return text if columns(text) <= room else _head(text, room - 3) + "..."


def _head(text: str, room: int) -> str:
    used = 0
    for index, letter in enumerate(text):
        used += _columns(letter)
        if used > room:
            return text[:index]
    return text


def _tail(text: str, room: int) -> str:
    return _head(text[::-1], room)[::-1]
