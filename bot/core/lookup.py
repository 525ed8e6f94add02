"""What somebody means who types the name or the id of something that is known, and what is near when it is not: places, tags, words."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot import model

NEAR = 3
"""At most so many near names are offered."""

_LONGEST = 100
"""Likeness is judged by so many letters, so that a pasted page costs nothing."""

_SHORTEST = 3
"""A name within a name counts as near from so many letters on."""


@dataclass(frozen=True, slots=True)
class Picked:
    """What was found: one place; or, without one, several of the `same` name (in other letters, at most), or the names that are `near`."""

    place: model.Place | None = None
    same: tuple[model.Place, ...] = ()
    near: tuple[str, ...] = ()


def pick(typed: str, places: Sequence[model.Place]) -> Picked:
    """A number is an id first; then comes the exact name, then the name in other letters where only one place has it."""
    typed = typed.strip()
    by_id = [place for place in places if place.id == typed] if typed.isdecimal() else []
    exact = [place for place in places if place.name == typed]
    loose = [place for place in places if place.name.casefold() == typed.casefold()]
    found = by_id or exact or loose
    if len(found) == 1:
        return Picked(found[0])
    return Picked(same=tuple(found)) if found else Picked(near=near(typed, [place.name for place in places]))


def pick_name(typed: str, names: Iterable[str]) -> tuple[str, tuple[str, ...]]:
    """The name that is meant ("" when none is, or several in other letters), and then the names that are near."""
    typed, known = typed.strip(), list(dict.fromkeys(names))
    if typed in known:
        return typed, ()
    loose = [name for name in known if name.casefold() == typed.casefold()]
    if len(loose) == 1:
        return loose[0], ()
    return "", tuple(loose[:NEAR]) or near(typed, known)


def near(typed: str, names: Iterable[str]) -> tuple[str, ...]:
    """Up to three names that may be meant: those that begin with what was typed, those that are like it, those that hold it or are
    held by it. Of equals, the first of the alphabet comes first."""
    word = typed.strip()[:_LONGEST].casefold()
    folded: Mapping[str, str] = {name[:_LONGEST].casefold(): name for name in sorted(names, reverse=True) if name.strip()}
    if not word:
        return ()
    begun = sorted((name for name in folded if name.startswith(word) and len(word) >= _SHORTEST), key=lambda name: (len(name), name))
    alike = difflib.get_close_matches(word, sorted(folded), n=NEAR, cutoff=0.6)
    held = sorted((name for name in folded if _holds(name, word)), key=lambda name: (abs(len(name) - len(word)), name))
    return tuple(folded[name] for name in list(dict.fromkeys([*begun, *alike, *held]))[:NEAR])


def nearest(word: str, choices: Iterable[str]) -> str:
    """The one of a few lower-case words that was probably meant, "" when none is near: from two letters on a beginning counts before
    likeness, and what merely holds the other does not count, because words of a command hold each other by chance."""
    word, known = word[:40].casefold(), list(choices)
    begun = [choice for choice in known if len(word) > 1 and choice.startswith(word)]
    if begun:
        return min(begun, key=len)
    return next(iter(difflib.get_close_matches(word, known, n=1, cutoff=0.6)), "")


def _holds(name: str, word: str) -> bool:
    shorter, longer = sorted((name, word), key=len)
    return len(shorter) >= _SHORTEST and shorter in longer
