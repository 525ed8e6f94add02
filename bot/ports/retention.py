"""How long the desk remembers what is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

Reached = tuple[Any, ...]
"""How far a step has come; opaque to everybody but the store. () is its beginning."""


@dataclass(frozen=True, slots=True)
class Removed:
    """What one slice removed, by kind; `mark` is where the next one begins, None when the step is through."""

    rows: Mapping[str, int] = field(default_factory=dict)
    mark: Reached | None = None


class Retention(Protocol):
    """Forgets what was over before a moment, slice by slice: a short transaction each, and a kill between two of them leaves nothing half
    told. What is open, running, to be undone, on its way to Slack, or referred to by what stays, stays. The journal stays whole."""

    steps: Sequence[str]
    """In this order: what refers to something goes before it."""

    async def remove(self, step: str, before: datetime, now: datetime, mark: Reached = ()) -> Removed:
        """One slice of a step, from its beginning or from where an earlier slice ended."""
        ...
