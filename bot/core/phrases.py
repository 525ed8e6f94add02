"""Pieces of sentences that every room above makes: words in a row, and a stranger's word in quotes."""

from __future__ import annotations

from collections.abc import Sequence


def both(words: Sequence[str]) -> str:
    """ "a, b and c"; "" for none."""
    return _joined(words, "and")


def either(words: Sequence[str]) -> str:
    """ "a, b or c"; "" for none."""
    return _joined(words, "or")


def _joined(words: Sequence[str], last: str) -> str:
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else "".join(words)


def quoted(word: str, room: int = 40) -> str:
    """Typed text for a sentence, in quotes, cut to `room` characters."""
    return f'"{cut(word, room)}"'


def cut(word: str, room: int = 40) -> str:
    """At most `room` characters, with three dots where something was left out."""
    return word if len(word) <= room else f"{word[: room - 3]}..."


def brief(command: str) -> str:
    """A command for a sentence; the whole of it stands beside it as the example."""
    return cut(command, 120)
