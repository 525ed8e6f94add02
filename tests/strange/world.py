"""What the strange system knows: signals with ids like "ab:17/x", tokens that are soon spent. It closes signals by itself."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

KEY = "a-key-that-is-exchanged"
LIVE, SEEN, SHUT = "live", "seen", "shut"
EXPECTED, BROKEN = "expected", "broken"
ENDINGS = (EXPECTED, BROKEN)
"""What people say who close a signal."""
ITSELF = "itself"
"""What the system says that closed one on its own."""


@dataclass(slots=True)
class Signal:
    """One anomaly. `phase` and `kind` are open words: some are in no contract. `was` is the phase that it had, and `until` when that ended,
    of one that was shut by the system itself. Of a `loose` one the system keeps nothing that people say."""

    id: str
    at: float
    phase: str = LIVE
    was: str = ""
    until: float = 0.0
    value: float = 12.0
    kind: str = "spike"
    score: float = 0.5
    line: str = ""
    ending: str = ""
    rev: int = 1
    loose: bool = False


def waits(signal: Signal) -> bool:
    """Whether somebody has to look at it: what somebody has seen and the system shut by itself stays with them."""
    return signal.phase != SHUT or (signal.ending == ITSELF and signal.was == SEEN)


@dataclass(slots=True)
class Token:
    """What a key was exchanged for: good for so many calls, until then."""

    calls: int
    until: float


@dataclass
class World:
    """All of it. A token lasts `token_calls` calls or `token_seconds`, whichever is over first; a page holds `page_size` signals."""

    token_calls: int = 25
    token_seconds: float = 60.0
    page_size: int = 10
    clock: Callable[[], float] = time.time
    signals: dict[str, Signal] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    exchanges: int = 0
    revision: int = 0
    _numbers: Any = field(default_factory=lambda: itertools.count(17))
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def arrive(self, count: int = 1, **fields: Any) -> list[Signal]:
        """New signals, each a little later than the one before."""
        made = []
        for _ in range(count):
            number = next(self._numbers)
            given = {"at": self.clock() + number / 1000, "line": f"orders per minute fell below the band ({number})"}
            made.append(Signal(f"ab:{number}/x", **(given | fields)))
        self.signals |= {one.id: one for one in made}
        self.touch()
        return made

    def change(self, signal: Signal, **fields: Any) -> None:
        """Somebody changes one in the system itself."""
        for name, value in fields.items():
            setattr(signal, name, value)
        signal.rev += 1
        self.touch()

    def close(self, ident: str) -> None:
        """The system finds that it is over."""
        signal = self.signals[ident]
        self.change(signal, phase=SHUT, ending=ITSELF, was=signal.phase, until=self.clock())

    def erase(self, ident: str) -> None:
        """It never was."""
        del self.signals[ident]
        self.touch()

    @property
    def open(self) -> list[Signal]:
        """Whatever somebody has to look at."""
        return [one for one in self.signals.values() if waits(one)]

    # --- tokens ----------------------------------------------------------------------------------------------------------------

    def exchange(self) -> str:
        """A new token; those that are out already stay good."""
        self.exchanges += 1
        token = f"t{secrets.token_hex(12)}"
        self.tokens[token] = Token(self.token_calls, self.clock() + self.token_seconds)
        return token

    def spend(self, token: str) -> bool:
        """Whether this token is good for one more call."""
        known = self.tokens.get(token)
        if known is None or known.calls <= 0 or known.until <= self.clock():
            self.tokens.pop(token, None)
            return False
        known.calls -= 1
        return True

    def expire(self) -> None:
        """Every token is spent."""
        self.tokens.clear()

    # --- who watches -----------------------------------------------------------------------------------------------------------

    def touch(self) -> None:
        """Tell those who wait that something is different."""
        self.revision += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def changed(self, since: int, seconds: float) -> int:
        """Wait until something is newer than `since`; returns the revision."""
        if since >= self.revision and seconds:
            waiting = asyncio.ensure_future(self._changed.wait())
            await asyncio.wait({waiting}, timeout=seconds)
            waiting.cancel()
        return self.revision
