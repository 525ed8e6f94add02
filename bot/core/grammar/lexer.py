"""Words of a command: `key:value,"another value"` or bare values, each with its place in the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.core.grammar import cleaning

_KEY = re.compile(r"""([^\s:,"'<]+):(?!//)""")
_ESCAPED = re.compile(r'\\(["\\])')
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_NEEDS_QUOTES = re.compile(r"""[\s,"]|^'|^//|^$""")


class Mistake(Exception):
    """What is wrong with a command, and where. Never leaves the core: the doors of the grammar raise `errors.BadCommand` instead.

    `fix` is what may stand there instead, `whole` a whole command that was probably meant.
    """

    def __init__(self, message: str, start: int, end: int, *, fix: str = "", whole: str = "") -> None:
        super().__init__(message)
        self.message, self.start, self.end, self.fix, self.whole = message, start, end, fix, whole

    def meant(self, text: str) -> tuple[str, ...]:
        """The commands that were probably meant by this text, the likeliest first; whether they work is not known."""
        fixed = text[: self.start] + self.fix + text[self.end :] if self.fix else ""
        return tuple(filter(None, (self.whole, fixed)))


@dataclass(frozen=True, slots=True)
class Value:
    """One value as meant (quotes removed); `start` and `end` enclose it as typed, quotes included."""

    text: str
    start: int
    end: int

    @property
    def quoted(self) -> bool:
        return self.end - self.start > len(self.text)


@dataclass(frozen=True, slots=True)
class Token:
    """A word of the command. `key` is lower case, "" for a bare word; `key_end` is where its values begin; `raw` is the word as typed.

    Values between commas that are empty are left out; `open_ended` says that the last comma has nothing after it.
    """

    key: str
    values: tuple[Value, ...]
    start: int
    key_end: int
    end: int
    raw: str
    open_ended: bool = False


def split(text: str) -> tuple[Token, ...]:
    """Take a cleaned command apart. Raises Mistake for a quote that is never closed."""
    return tuple(walk(text))


def walk(text: str) -> Iterator[Token]:
    """The same word by word, so that free text behind some words is not read as words. Raises Mistake at the word that is wrong."""
    at = _skip(text, 0)
    while at < len(text):
        token = _token(text, at)
        yield token
        at = _skip(text, token.end)


def quote(value: str, *, always: bool = False) -> str:
    """A value as it has to be typed; with `always`, in quotation marks even if it needs none."""
    if not always and ((value.isascii() and value.isalnum()) or _unmistakable(value)):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _unmistakable(value: str) -> bool:
    """Whether it is read as it stands: nothing in it ends a word, and nothing of it is made plain."""
    return not _NEEDS_QUOTES.search(value) and cleaning.clean(value) == value


def unquote(text: str) -> str:
    """The text without the quotation marks around the whole of it, where there are some."""
    double = _QUOTED.fullmatch(text)
    if double:
        return _ESCAPED.sub(r"\1", double[1])
    return text[1:-1] if re.fullmatch(r"'[^']*'", text) else text


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _token(text: str, start: int) -> Token:
    key = _KEY.match(text, start)
    key_end = at = key.end() if key else start
    values: list[Value] = []
    while True:
        value = (_braced(text, at) if key else None) or _value(text, at)
        at = value.end
        if value.start < value.end:
            values.append(value)
        if at >= len(text) or text[at] != ",":
            break
        at += 1
    return Token(key[1].casefold() if key else "", tuple(values), start, key_end, at, text[start:at], text[at - 1] == ",")


def _value(text: str, start: int) -> Value:
    if text[start : start + 1] == '"':
        return _double_quoted(text, start)
    if text[start : start + 1] == "'":
        closed = re.compile(r"'([^']*)'(?=[\s,]|$)").match(text, start)
        if closed:
            return Value(closed[1], start, closed.end())
    end = start
    while end < len(text) and text[end] != "," and not text[end].isspace():
        end += 1
    return Value(text[start:end], start, end)


def _braced(text: str, start: int) -> Value | None:
    """A search as a system itself writes it, `{"expression": [...]}`: to the brace that closes it, whatever stands between; None for
    anything else."""
    depth, at = 0, start
    while text[start : start + 1] == "{" and at < len(text):
        quoted = _QUOTED.match(text, at)
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        at = quoted.end() if quoted else at + 1
        if not depth:
            return Value(text[start:at], start, at) if at == len(text) or text[at] == "," or text[at].isspace() else None
    return None


def _double_quoted(text: str, start: int) -> Value:
    closed = _QUOTED.match(text, start)
    if closed is None:
        raise Mistake("This quotation mark is never closed.", start, len(text), fix=text[start:].rstrip("\\") + '"')
    end = closed.end()
    if end < len(text) and text[end] != "," and not text[end].isspace():
        raise Mistake("After a closing quotation mark comes a space or a comma.", end, end + 1, fix=" " + text[end])
    return Value(_ESCAPED.sub(r"\1", closed[1]), start, end)
