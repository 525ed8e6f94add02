"""Who acts, for a system in whose own words somebody of its own does: told around a change by a service, and asked where it is sent. Only
such a system asks, so nobody is looked up for the others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from bot import model

Who = Callable[[str], Awaitable[model.Person | None]]
"""Who it is among the users of the system with this name; None where nobody knows."""

_ACTING: ContextVar[Who | None] = ContextVar("acting", default=None)


@contextmanager
def acting(who: Who) -> Iterator[None]:
    """What is changed in here is changed by them."""
    before = _ACTING.set(who)
    try:
        yield
    finally:
        _ACTING.reset(before)


async def actor(source: str) -> model.Person | None:
    """Who acts, as a user of this system; None where nobody knows. Raises SourceError when the system cannot be asked."""
    who = _ACTING.get()
    return await who(source) if who is not None else None
