"""Which of the connected systems a name means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from bot import errors

System = TypeVar("System")


def named(systems: Mapping[str, System], name: str) -> System:
    """The system of this name. Raises NotFound, which says what is connected."""
    system = systems.get(name)
    if system is None:
        raise errors.NotFound(f'No system called "{name}" is connected here. Connected: {", ".join(sorted(systems))}.')
    return system
