"""Which of the connected systems a name means, and what that one lets people do."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from bot import errors, model
from bot.core import phrases, vocabulary

System = TypeVar("System")
Part = TypeVar("Part")


class Able(Protocol):
    """A system, as far as it says what it lets people do."""

    title: str
    supports: frozenset[model.Action]
    archive_as: tuple[model.Closing, ...]
    stages: tuple[model.Stage, ...]
    unkept: frozenset[model.Part]
    longest_comment: int


def named(systems: Mapping[str, System], name: str) -> System:
    """The system of this name. Raises NotFound, which says what is connected."""
    system = systems.get(name)
    if system is None:
        raise errors.NotFound(f'No system called "{name}" is connected here. Connected: {", ".join(sorted(systems))}.')
    return system


def capabilities(systems: Mapping[str, Able], name: str) -> model.Capabilities:
    """What a source lets people do, as cards and answers have to know it; nothing where it is not connected."""
    system = systems.get(name)
    if system is None:
        return model.Capabilities(name, frozenset())
    return model.Capabilities(system.title, system.supports, system.archive_as, system.unkept, system.stages, system.longest_comment)


def together(systems: Mapping[str, Able], names: Collection[str]) -> model.Capabilities:
    """What several systems let people do between them: whatever one of them offers."""
    found = [capabilities(systems, name) for name in names]
    outcomes = dict.fromkeys(outcome for one in found for outcome in one.archive_as)
    supports = frozenset(action for one in found for action in one.supports)
    stages = dict.fromkeys(stage for one in found for stage in one.stages)
    return model.Capabilities(phrases.both([one.title for one in found]), supports, tuple(outcomes), stages=tuple(stages))


def shared(systems: Mapping[str, Able], names: Collection[str]) -> model.Capabilities:
    """What each of several systems lets people do."""
    found = [capabilities(systems, name) for name in names]
    supports = frozenset.intersection(*(one.supports for one in found)) if found else frozenset()
    return replace(together(systems, names), supports=supports)


def require(system: Able, action: model.Action) -> None:
    """Raise NotSupported, with the way out, when this system does not offer the action."""
    if action not in system.supports:
        raise unable([system], action)


def part(parts: Mapping[str, Part], name: str, system: Able, action: model.Action) -> Part:
    """What the system of this name has for an action that not every system offers. Raises NotSupported, with the way out."""
    require(system, action)
    found = parts.get(name)
    if found is None:
        raise unable([system], action)
    return found


def unable(systems: Sequence[Able], action: model.Action) -> errors.NotSupported:
    """What is said where none of these systems offers an action, with the way out."""
    what = _DOING.get(action) or f"{vocabulary.order(action)} anomalies"
    titles = [system.title for system in systems]
    offer = "offers" if len(titles) == 1 else "offer"
    return errors.NotSupported(f"{phrases.both(titles)} {offer} no way to {what} from here. Open {phrases.either(titles)} to do that.")


_DOING = {model.Action.SCAN: "start scans", model.Action.ABORT: "stop scans", model.Action.CASE: "link anomalies to a case"}
