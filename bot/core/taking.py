"""Acknowledging takes: whoever acknowledges what nobody has gets it with the same click, and gives back both (design section 9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot import model
from bot.core import attribution


def alone(change: model.Change) -> model.Change:
    """The change without what it takes or gives back."""
    return replace(change, taking=False, assignees=None)


def fitted(change: model.Change, now: model.Anomaly) -> model.Change:
    """What a click comes to that would take it: only what nobody has, and nobody acknowledged before; what it did before is still its."""
    if change.action is not model.Action.ACKNOWLEDGE or not change.taking:
        return change
    mine = {person.id for person in now.assignees} == set(change.assignees or ())
    free = now.state is model.State.ACTIVE and not now.assignees
    return change if free or (mine and now.state is model.State.ACKNOWLEDGED) else alone(change)


def given_back(change: model.Change, now: model.Anomaly, lines: Sequence[model.Entry]) -> model.Change:
    """What taking back an acknowledgement comes to: who got it with that very click gives it back, unless somebody assigned it since."""
    if change.action is not model.Action.UNACKNOWLEDGE or not change.taking:
        return change
    return replace(change, assignees=()) if attribution.hands(now, lines).took else alone(change)
