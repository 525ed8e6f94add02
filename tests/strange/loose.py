"""The strange system where some of its signals are loose: nobody can say anything about them there, so that the desk keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot import model
from tests.strange import source

DANA = model.Person("strange", "d/1", "Dana Reyes", "dana@acme.example")
LEE = model.Person("strange", "l/2", "Lee Park", "lee.park@acme.example")


class Loose(source.Strange):
    """It says of each of them that it keeps no state and nobody who is assigned; it knows who could be."""

    unkept = frozenset(model.Part)
    words: Mapping[str, model.Word] = source.WORDS

    async def people(self) -> Sequence[model.Person]:
        """Two, known without a call."""
        return (DANA, LEE)
