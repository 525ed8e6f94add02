"""Pieces of sentences: words in a row, and strangers' words in quotes."""

from __future__ import annotations

import pytest

from bot.core import phrases


@pytest.mark.parametrize(
    ("words", "both", "either"),
    [((), "", ""), (("a",), "a", "a"), (("a", "b"), "a and b", "a or b"), (("a", "b", "c"), "a, b and c", "a, b or c")],
)
def test_words_in_a_row(words: tuple[str, ...], both: str, either: str) -> None:
    assert (phrases.both(words), phrases.either(words)) == (both, either)


def test_a_long_word_is_cut_with_three_dots() -> None:
    assert phrases.cut("abcdefgh", 8) == "abcdefgh"
    assert phrases.cut("abcdefghi", 8) == "abcde..."
    assert phrases.quoted("abcdefghi", 8) == '"abcde..."'


def test_a_command_of_120_characters_stands_whole_in_a_sentence() -> None:
    assert phrases.brief("x" * 120) == "x" * 120
    assert phrases.brief("x" * 121) == "x" * 117 + "..."
