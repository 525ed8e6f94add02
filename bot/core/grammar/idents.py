"""One id as people write it and paste it: out of a list, a sentence, or a message with marks around it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.core import phrases
from bot.core.grammar import cleaning, lexer

_WIDE = {0xFF01 + at: 0x21 + at for at in range(94)}
"""Full-width forms of ASCII, as East Asian keyboards write them."""

_SEEN = _WIDE | {0x200B: None, 0x2060: None, 0xFEFF: None}
"""And what nobody sees: our own messages put it into ids that Slack would make an emoji of."""

_DOTS = "•◦‣▪▫■□●○∙·⁃"
_MARKS = ("-", "*", "+")
_WRAPPED = re.compile(r"([~_*`'\"]+)(.+)\1|\((.+)\)|\[(.+)\]")
_WHOLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,199}")
_ROUND = re.compile(r"([0-9]+)\.0+")
_FRACTION = re.compile(r"([0-9]+)\.([0-9]+)")
_PADDED = re.compile(r"0[0-9]{1,11}")
_GROUP = re.compile(r"[1-9][0-9]{2}")
_LINE = re.compile(r"\(?([0-9]{1,3})[.)]{1,2}")
_NUMBERED = re.compile(r"\(?[0-9]{1,3}\)[^\s]+")

LOOK = "An id looks like {}."

GROUPS = 3
"""A number with more groups of three digits than this is no id, so its commas separate ids."""


def bare(typed: str) -> str:
    """The id without what stands around it: bullets, hashes, Slack's marks, brackets, the dot of a sentence; full-width letters as usual
    ones, nothing invisible."""
    text = _unpunctuated(typed.translate(_SEEN).lstrip(f"{_DOTS} "))
    while found := _WRAPPED.fullmatch(text):
        text = _unpunctuated(next(part for part in found.groups()[1:] if part))
    text = text.lstrip("#")
    whole = _ROUND.fullmatch(text)
    return whole[1] if whole and not (len(text) == len(whole[1]) + 4 and len(whole[1]) < 4) else text


def _unpunctuated(text: str) -> str:
    return text.strip().rstrip(".!?,;")


def wrong(ident: str, hint: str = LOOK.format("1001")) -> str:
    """Why this cannot be an id, "" when it can; `ident` is bare, and `hint` says how ids look here."""
    fraction = _FRACTION.fullmatch(ident)
    if fraction and _GROUP.fullmatch(fraction[2]) and len(fraction[1]) < 4:
        return _one_or_two([fraction[1], fraction[2]])
    if fraction or _NUMBERED.fullmatch(ident):
        return "Put a space between the number of a line and the id."
    if _PADDED.fullmatch(ident):
        return "Ids are written without leading zeros and without a comma between the thousands, like 1001."
    return "" if _WHOLE.fullmatch(ident) else hint


def _one_or_two(groups: Sequence[str]) -> str:
    both = "two" if len(groups) == 2 else str(len(groups))
    return f"It may be one id or {both}: write {''.join(groups)} for one, {' '.join(groups)} for {both}."


def check_thousands(token: lexer.Token) -> None:
    """Raise Mistake for `734,521`: nobody can tell whether the comma parts two ids or the thousands of one."""
    groups = [value.text.translate(_WIDE) for value in token.values]
    if len(groups) == 1:
        groups = groups[0].split(",")
    if not (2 <= len(groups) <= GROUPS and all(_GROUP.fullmatch(one) for one in groups[1:])):
        return
    if re.fullmatch(r"[1-9][0-9]{0,2}", groups[0]):
        start, end = token.values[0].start, token.values[-1].end
        typed = phrases.quoted(",".join(groups))
        raise lexer.Mistake(f"{typed} is not clear. {_one_or_two(groups)}", start, end, fix=" ".join(groups))


# --- pasted lists -----------------------------------------------------------------------------------------------------


def unlisted(found: Sequence[lexer.Token]) -> Sequence[lexer.Token]:
    """The words of a pasted list without its bullets and the numbers of its lines. Raises Mistake where a number may be an id."""
    return _without_numbers(_without_bullets(found))


def _without_bullets(found: Sequence[lexer.Token]) -> Sequence[lexer.Token]:
    """Dashes, stars and pluses are bullets when one stands before the first id: between ids they mean something else."""
    first = next((at for at, token in enumerate(found) if _numeric(token)), 0)
    mark = found[first - 1].raw if first and found[first - 1].raw in _MARKS else ""
    bullets = {at for at, token in enumerate(found) if token.raw and (token.raw in _DOTS or token.raw == mark) and _before(found, at)}
    return [token for at, token in enumerate(found) if at not in bullets]


def _without_numbers(found: Sequence[lexer.Token]) -> Sequence[lexer.Token]:
    lines = [at for at, token in enumerate(found) if _line(token) and _before(found, at) and not _line(found[at + 1])]
    if [_line(found[at]) for at in lines] == list(range(1, len(lines) + 1)):
        return [token for at, token in enumerate(found) if at not in lines]
    token = found[lines[0]]
    hint = "Leave the numbers of the lines out, or write the id without the dot."
    message = f"{phrases.quoted(token.raw)} may be the number of a line or an id. {hint}"
    raise lexer.Mistake(message, token.start, token.end, fix=" ")


def _line(token: lexer.Token) -> int:
    """The number of a line that this word may be (`1.`, `1)`, `(1)`), 0 for any other word."""
    found = _LINE.fullmatch(token.raw.translate(_WIDE)) if not token.key else None
    return int(found[1]) if found else 0


def _before(found: Sequence[lexer.Token], at: int) -> bool:
    return at + 1 < len(found) and _numeric(found[at + 1])


def _numeric(token: lexer.Token) -> bool:
    """Whether a word may be an id, or several: it has a digit."""
    return any(letter.isdigit() for value in token.values for letter in value.text)


def plain(value: lexer.Value) -> lexer.Value:
    """The value with the typographic dashes that quotation marks kept, and full-width forms, made usual ones."""
    return replace(value, text=cleaning.clean(value.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")).translate(_WIDE))
