"""What a command becomes: itself when it is understood, else a refusal with the place of the mistake and an example that works."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from bot import errors
from bot.core.grammar import cleaning, lexer, verbs

Read = TypeVar("Read")


def understood(text: str, slash: str, by_name: Mapping[str, verbs.Verb], otherwise: str, read: Callable[[str], Read]) -> Read:
    """Read what somebody typed after `slash`, as Slack sent it. Raises BadCommand, and nothing else.

    `read` takes the clean text and raises Mistake; `otherwise` is a command that always works.
    """
    plain = cleaning.clean(text)
    try:
        return read(plain)
    except lexer.Mistake as mistake:
        example = _example(plain, mistake, slash, by_name, otherwise, read)
        raise errors.BadCommand(mistake.message, text=plain, start=mistake.start, end=mistake.end, example=example) from mistake


def _example(
    plain: str, mistake: lexer.Mistake, slash: str, by_name: Mapping[str, verbs.Verb], otherwise: str, read: Callable[[str], object]
) -> str:
    """The command that was probably meant when it works, else one that does."""
    first = plain.removeprefix(slash).split(maxsplit=1)
    verb = by_name.get(first[0].casefold()) if first else None
    for candidate in (*mistake.meant(plain), *([verb.example] if verb else [])):
        if _works(candidate, read):
            return f"{slash} {candidate.strip().removeprefix(slash).strip()}".rstrip()
    return f"{slash} {otherwise}"


def _works(plain: str, read: Callable[[str], object]) -> bool:
    try:
        read(plain)
    except lexer.Mistake:
        return False
    return True
