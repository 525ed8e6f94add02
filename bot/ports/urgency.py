"""Whether somebody waits: told around a step of a service, and read where a system is called. It would be an argument of every method of a
system otherwise, and of everything in between."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_CLICKED: ContextVar[bool] = ContextVar("clicked", default=False)


@contextmanager
def clicked(*, really: bool = True) -> Iterator[None]:
    """What is asked of a system in here is asked for somebody who clicked and looks at the answer. Tasks that begin in here say so, too."""
    before = _CLICKED.set(really)
    try:
        yield
    finally:
        _CLICKED.reset(before)


def urgent() -> bool:
    """Whether somebody waits."""
    return _CLICKED.get()
