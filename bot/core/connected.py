"""Which of the connected systems a name means, and whether it lets people do something at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeVar

from bot import errors, model
from bot.core import vocabulary

System = TypeVar("System")


class Able(Protocol):
    """A system, as far as its title and the actions that it offers."""

    title: str
    supports: frozenset[model.Action]


def named(systems: Mapping[str, System], name: str) -> System:
    """The system of this name. Raises NotFound, which says what is connected."""
    system = systems.get(name)
    if system is None:
        raise errors.NotFound(f'No system called "{name}" is connected here. Connected: {", ".join(sorted(systems))}.')
    return system


def require(system: Able, action: model.Action) -> None:
    """Raise NotSupported, with the way out, when this system does not offer the action."""
    if action not in system.supports:
        what = _SCANS.get(action) or f"{vocabulary.order(action)} anomalies"
        raise errors.NotSupported(f"{system.title} offers no way to {what} from here. Open {system.title} to do that.")


_SCANS = {model.Action.SCAN: "start scans", model.Action.ABORT: "stop scans"}
