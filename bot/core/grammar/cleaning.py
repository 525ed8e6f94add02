"""Text as Slack really sends it, made plain; and the way back: a caret under the wrong word."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot import errors

CARET_COLUMNS = 72
"""What a code block in Slack shows on one line on a narrow screen."""

_SPACES = dict.fromkeys([*range(0x20), *range(0x7F, 0xA1), 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000], " ")
_INVISIBLE = dict.fromkeys([0xAD, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2060, 0x2065), *range(0x2066, 0x206A), 0xFEFF])
_DOUBLES, _SINGLES = "“”„‟«»＂", "‘’‚‛‹›＇"
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−"), "-")
_WIDE = {ord("："): ":", ord("，"): ",", ord("、"): ",", ord("＋"): "+", ord("＠"): "@"}
_PLAIN = {
    **_SPACES,
    **_INVISIBLE,
    **dict.fromkeys(map(ord, _DOUBLES), '"'),
    **dict.fromkeys(map(ord, _SINGLES), "'"),
    **_DASHES,
    **_WIDE,
}

_ATOM = re.compile(r"<[^<>]*>|&(?:amp|lt|gt);|[^<&]+|[<&]")
_MARKUP = re.compile(r"<([^<>]*)>")
_ENTITY = re.compile(r"&(amp|lt|gt);")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">"}
_QUOTED_OR_MARKED = re.compile(
    r"""("(?:[^"\\]|\\.)*"|(?<![^\s:,])'[^']*'(?![^\s,]))|(?<![^\s:,])([*`]+)([^\s*`",]+)\2(?![^\s,])""", re.DOTALL
)


def clean(text: str) -> str:
    """A command as a person meant it: Slack's `<...>`, entities, typographic quotes, dashes and spaces undone.

    A mention becomes `<@U1>`, a channel `#name`, a link its address or, where Slack made the link, what was typed. What stands in quotation
    marks stays as it was typed; the marks themselves become straight ones.
    """
    return cleaned(text).text


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The clean `text` of what was `sent`; `origins` says where each of its characters, and its end, comes from there."""

    text: str
    sent: str
    origins: Sequence[int]

    def behind(self, at: int) -> str:
        """What was sent from this place of the clean text on, untouched."""
        return self.sent[self.origins[at] :]


def cleaned(sent: str) -> Cleaned:
    """The same, with the way back to what was sent."""
    pairs: list[tuple[str, int]] = []
    at = 0
    for start, end in _quotations(sent):
        pairs.extend(_plainly(sent, at, start))
        pairs.extend((letter, start) for letter in _requoted(sent[start:end]))
        at = end
    pairs.extend(_plainly(sent, at, len(sent)))
    pairs = _stripped(_unmarked(pairs))
    return Cleaned("".join(letter for letter, _ in pairs), sent, [*(origin for _, origin in pairs), len(sent)])


def _plainly(sent: str, start: int, end: int) -> Iterator[tuple[str, int]]:
    for atom in _ATOM.finditer(sent, start, end):
        if len(atom[0]) > 1 and atom[0][0] in "<&":
            meant = _decoded(_MARKUP.sub(_unmark, atom[0]))
            yield from ((letter, atom.start()) for letter in meant.translate(_PLAIN))
        else:
            yield from ((plain, at) for at, letter in enumerate(atom[0], atom.start()) if (plain := letter.translate(_PLAIN)))


def _unmarked(pairs: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Without the stars and back-ticks around a word that was pasted with them."""
    kept: list[tuple[str, int]] = []
    at = 0
    for found in _QUOTED_OR_MARKED.finditer("".join(letter for letter, _ in pairs)):
        if found[2]:
            kept += pairs[at : found.start()] + pairs[found.start(3) : found.end(3)]
            at = found.end()
    return kept + pairs[at:]


def _stripped(pairs: list[tuple[str, int]]) -> list[tuple[str, int]]:
    text = "".join(letter for letter, _ in pairs)
    start = len(text) - len(text.lstrip())
    return pairs[start : max(start, len(text.rstrip()))]


def _decoded(text: str) -> str:
    return _ENTITY.sub(lambda found: _ENTITIES[found[1]], text)


def _unmark(found: re.Match[str]) -> str:
    target, _, label = found[1].partition("|")
    kind, rest = target[:1], target[1:]
    if kind == "@" and rest:
        return f"<@{rest}>"
    if kind == "#" and rest:
        return f"#{label}" if label else f"<#{rest}>"
    if kind == "!" and rest:
        return label or f"@{rest.rpartition('^')[2]}"
    if re.match(r"(?:https?|mailto|tel):", target):
        return label if label and _linked_by_slack(target, label) else target.removeprefix("mailto:").removeprefix("tel:")
    return found[0]


def _linked_by_slack(target: str, label: str) -> bool:
    """Slack turns a bare `orders.io` or an address into a link; its label is what was typed."""
    return re.sub(r"^(?:https?://|mailto:|tel:)", "", target).rstrip("/") == label.rstrip("/")


# --- quotation marks: what stands between them is kept as it was typed -------------------------------------------------------

_APART = re.escape("".join(map(chr, [*_SPACES, *_INVISIBLE]))) + ",，、"
_OPENING = re.compile(rf"""(?:^|(?<=[{_APART}:：]))["'{_DOUBLES}{_SINGLES}]""")
_ENDS = rf"(?=[{_APART}]|$)"
_STRAIGHT = re.compile(r'(?:[^"\\]|\\.)*"', re.DOTALL)
_ANY_DOUBLE = re.compile(rf'(?<!\\)["{_DOUBLES}]')
_AT_LAST = re.compile(rf'["{_DOUBLES}]{_ENDS}')
_SINGLE = re.compile(rf"[^']*'{_ENDS}")
_ANY_SINGLE = re.compile(rf"(?:[^'{_SINGLES}]|[{_SINGLES}'](?!{_ENDS}))*[{_SINGLES}']{_ENDS}")
_PAIRS = {"“": ("“", "”"), "”": ("“", "”"), "„": ("„", "“”"), "‟": ("‟", "”"), "«": ("«", "»"), "»": ("", "«»"), "＂": ("", '＂"')}
"""A typographic mark at the beginning: the marks that open another pair within, and those that close."""

_ESCAPED = re.compile(rf'\\(["\\{_DOUBLES}])')


def exact(sent: str) -> str:
    """Free text as it was typed: Slack's own marks undone, and the quotation marks around the whole of it, nothing else."""
    sent = sent.strip()
    whole = next(_quotations(sent), None) == (0, len(sent))
    return _between(sent) if whole else _typed(sent)


def _typed(sent: str) -> str:
    """What a person typed: a mention becomes `@dana`, a channel `#data-quality`, entities their characters."""
    return _decoded(_MARKUP.sub(_as_seen, sent))


def _as_seen(found: re.Match[str]) -> str:
    target, _, label = found[1].partition("|")
    return f"{target[0]}{label or target[1:]}" if target[:1] in ("@", "#") and target[1:] else _unmark(found)


def _quotations(sent: str) -> Iterator[tuple[int, int]]:
    """Where the quoted parts begin and end, their marks included. A mark that is never closed quotes nothing."""
    at = 0
    while opening := _OPENING.search(sent, at):
        end = _closed(sent, opening.start())
        if end:
            yield opening.start(), end
        at = end or opening.end()


def _closed(sent: str, start: int) -> int:
    """Behind the mark that closes the one at `start`, 0 when none does. What opened typographically closes so; within, pairs nest."""
    mark = sent[start]
    if mark == "'" or mark in _SINGLES:
        found = (_SINGLE.match(sent, start + 1) if mark == "'" else None) or _ANY_SINGLE.match(sent, start + 1)
    elif mark == '"':
        found = _STRAIGHT.match(sent, start + 1) or _AT_LAST.search(sent, start + 1)
    else:
        return _paired(sent, start) or ((found := _AT_LAST.search(sent, start + 1)) and found.end()) or 0
    return found.end() if found else 0


def _paired(sent: str, start: int) -> int:
    opens, closes = _PAIRS[sent[start]]
    depth = 1
    for found in _ANY_DOUBLE.finditer(sent, start + 1):
        depth += (found[0] in opens) - (found[0] in closes)
        if not depth:
            return found.end()
    return 0


def _between(quoted: str) -> str:
    """The text between two quotation marks, as it was typed."""
    text = _typed(quoted[1:-1])
    if quoted[0] == "'" or quoted[0] in _SINGLES:
        return text
    straight = quoted[0] == quoted[-1] == '"'
    return re.sub(r'\\(["\\])', r"\1", text) if straight else _ESCAPED.sub(r"\1", text)


def _requoted(quoted: str) -> str:
    """The same text between straight marks, as the words of a command are read."""
    text = _between(quoted)
    if (quoted[0] == "'" or quoted[0] in _SINGLES) and "'" not in text:
        return f"'{text}'"
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


# --- as it is read: people and channels by their names -----------------------------------------------------------------------

_MENTIONED = re.compile(r"<([@#])([A-Z0-9]+)(?:\|([^<>]*))?>")


def people(*texts: str) -> Sequence[str]:
    """The Slack users that stand in these texts as mentions."""
    return list(dict.fromkeys(found[2] for text in texts for found in _MENTIONED.finditer(text) if found[1] == "@"))


def named(text: str, names: Mapping[str, str]) -> str:
    """The text as people read it: `<@U1>` as "@Dana", `<#C1|data-quality>` as "#data-quality"; `names` are by the users' ids."""

    def name(found: re.Match[str]) -> str:
        known = found[3] or (names.get(found[2], "") if found[1] == "@" else "")
        return f"{found[1]}{known or ('somebody' if found[1] == '@' else 'a channel')}"

    return _MENTIONED.sub(name, text)


# --- the wrong word -------------------------------------------------------------------------------------------------


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
    text = error.text.translate(_SPACES).replace("`", "'")
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
