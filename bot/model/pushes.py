"""What a system told us unasked: a push is a hint, and what it is about is read from the system."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Mention:
    """An anomaly that a push is about: its id, and what its system needs besides to find it (names and values of its own)."""

    ident: str
    clues: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class News:
    """What a push is about: some anomalies, or `everything` where it names none. Neither: there is nothing to read, as after a test."""

    about: tuple[Mention, ...] = ()
    everything: bool = False

    def __bool__(self) -> bool:
        return self.everything or bool(self.about)


@dataclass(frozen=True, slots=True)
class Push:
    """A push that is stored and not settled; it was read in vain `tries` times."""

    id: int
    source: str
    news: News
    at: datetime
    tries: int = 0
