"""What the desk has to know of a kind of anomaly system before it speaks to one: its names, its settings, and how it is built."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot import model
from bot.ports import health, pushes, systems

Thresholds = Mapping[model.Severity, float]
"""Severities and the score where each begins."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A variable of a system, named without the system's prefix.

    `read` makes its value of a text, or raises ValueError with the rest of a sentence that the variable's name begins. `wanted` is what to
    set it to, for the sentence that misses it.
    """

    name: str
    read: Callable[[str], Any]
    wanted: str = ""
    default: Any = None
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Lanes:
    """How many calls of one system are under way at once: for somebody who clicked, changing something, reading."""

    clicks: int = 12
    writes: int = 4
    reads: int = 8


class Budget(Protocol):
    """How many calls a system may get."""

    async def spend(self, *, urgent: bool) -> None:
        """Wait until there is room for one call more; `urgent`: before all that are not."""
        ...

    def part(self, per_minute: float) -> Budget:
        """A limit of its own for some of these calls: it is spent besides."""
        ...


Stored = Callable[[Sequence[model.Ref]], Awaitable[Mapping[model.Ref, model.Anomaly]]]
"""How anomalies were read last. Raises StoreError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deps:
    """What a system is built of. `values` are those of its settings by name, the defaults filled in; `transport` is for tests. `stored`
    tells how the desk read anomalies last, whichever process read them: what a system needs to find one again may stand there."""

    values: Mapping[str, Any]
    thresholds: Thresholds
    clock: systems.Clock
    traits: health.SourceTraits
    lanes: Lanes = field(default_factory=Lanes)
    budget: Budget | None = None
    stored: Stored | None = None
    transport: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of anomaly system. It is on when its URL is set: `URL` is one of its `settings`.

    `keys` are the ways to prove who we are: each some settings that only help together, any way is enough. `severity` says where the
    severities begin on the system's own scale, None where it tells a word itself. `foreign` are the variables that begin like its own and
    belong to others. `hooks` is what it can push, None when it cannot. `classic`: it was alone once, so what names no system means it.
    `words` are the filter words that it alone has, so that one is explained where it is not connected. `build` is None for one that is
    known by name and not spoken yet.
    """

    name: str
    title: str
    prefix: str
    settings: Sequence[Setting]
    keys: Sequence[Sequence[str]] = (("TOKEN",),)
    severity: Thresholds | None = None
    foreign: frozenset[str] = frozenset()
    hooks: pushes.Hooks | None = None
    classic: bool = False
    words: Sequence[str] = ()
    build: Callable[[Deps], systems.System] | None = None

    def variable(self, setting: str) -> str:
        """The whole name of one of its variables."""
        return f"{self.prefix}_{setting}"

    def configured(self, given: Mapping[str, str]) -> bool:
        """Whether somebody wants it: its address is among these variables."""
        return self.variable("URL") in given
