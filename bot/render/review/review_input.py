"""What a review form says when it comes back: which anomalies, which change, which people, and what is missing.

Slack keeps what was entered into an input whose block_id stays the same when a view is updated. So the block_ids of the filter, the check
boxes and the radio buttons carry a mark of what they show: an old tick never sticks to another anomaly. The action and the people stay.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot import model
from bot.core import closings
from bot.render.anomaly import wording
from bot.render.kit import ids, limits, modals

PICKED, PAGE, ALL = "picked", "page", "all"
"""Which ones are meant."""


# --- what can be done -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Choice:
    """An entry of the menu of actions: what comes back, what it says, and the change that it means."""

    value: str
    label: str
    meaning: str
    change: model.Change


_ARCHIVE = "archive"
_ASSIGN = Choice("assign", "Assign to the people below", "In place of whoever is assigned now", model.Change(model.Action.ASSIGN))
_UNASSIGN = Choice("unassign", "Assign to nobody", "Whoever is assigned is taken off", model.Change(model.Action.ASSIGN, assignees=()))
_CHOICES: tuple[Choice, ...] = (
    Choice("acknowledge", "Acknowledge", "Somebody looks into it", model.Change(model.Action.ACKNOWLEDGE)),
    Choice("unacknowledge", "Un-acknowledge", "Nobody looks into it any more", model.Change(model.Action.UNACKNOWLEDGE)),
    Choice(_ARCHIVE, "Archive", "They leave the queue", model.Change(model.Action.ARCHIVE)),
    _ASSIGN,
    _UNASSIGN,
)
_CHANGES: Mapping[str, model.Change] = {choice.value: choice.change for choice in _CHOICES}


def offered(capabilities: model.Capabilities) -> list[Choice]:
    """What the system supports; archiving with the outcomes that it knows, or plainly where it knows none."""
    supported = [choice for choice in _CHOICES if choice.change.action in capabilities.supports]
    return [one for choice in supported for one in (_ways(capabilities) or [choice] if choice.value == _ARCHIVE else [choice])]


def _ways(capabilities: model.Capabilities) -> list[Choice]:
    """One choice for each way of closing that people choose."""
    chosen = closings.chosen(capabilities.archive_as)
    labels = wording.ways(chosen, limits.OPTION - len("Archive as "))
    return [
        Choice(f"{_ARCHIVE}:{one.word}", f"Archive as {label}", wording.meaning(one), _archive(one.word))
        for label, one in zip(labels, chosen, strict=True)
    ]


def _archive(word: str) -> model.Change:
    return model.Change(model.Action.ARCHIVE, archive_as=word)


def _change(value: str) -> model.Change | None:
    """The change that a chosen entry of the menu means, None for an unknown one. Whether the system knows the word is judged later."""
    kind, found, word = value.partition(":")
    return _archive(word) if kind == _ARCHIVE and found and word else _CHANGES.get(value)


# --- names of blocks ---------------------------------------------------------------------------------------------------------------


def mark(parts: Iterable[object]) -> str:
    """A short mark of what a block shows, the same for the same."""
    return f"{zlib.crc32(json.dumps([str(part) for part in parts]).encode()):08x}"


def filter_block(scope: model.ReviewScope) -> str:
    return f"{ids.REVIEW_FILTER}:{mark([scope.words])}"


def pick_block(offset: int, shown: Iterable[str]) -> str:
    return f"{ids.REVIEW_PICK}:{offset}:{mark(shown)}"


# --- reading ----------------------------------------------------------------------------------------------------------------------


def _severity(word: str) -> str:
    """One that there is, else "" for all."""
    return word if word in set(model.Severity) else ""


def read(view: Mapping[str, Any]) -> model.ReviewInput:
    """What the form says, submitted or still open. Raises ValueError for other modals."""
    said = json.loads(view.get("private_metadata") or "null")
    if not isinstance(said, dict) or view.get("callback_id", ids.REVIEW_VIEW) != ids.REVIEW_VIEW:
        raise ValueError("this modal is no review")
    try:
        scope = model.ReviewScope(
            str(said["words"]), str(said["card"]), max(0, int(said.get("version", 0))), _severity(str(said.get("severity", "")))
        )
        offset = max(0, min(int(said["offset"]), ids.FURTHEST))
    except (KeyError, TypeError, OverflowError) as error:
        raise ValueError(f"this modal lacks {error}") from error
    shown, elsewhere = _texts(said.get("shown")), _texts(said.get("picked"))
    ticked = {str(option.get("value")) for option in _state(view, ids.REVIEW_PICK).get("selected_options") or ()}
    typed = _state(view, ids.REVIEW_FILTER)
    which = str((_state(view, ids.REVIEW_WHICH).get("selected_option") or {}).get("value") or PICKED)
    chosen = str((_state(view, ids.REVIEW_ACTION).get("selected_option") or {}).get("value") or "")
    people = _state(view, ids.REVIEW_PEOPLE).get("selected_users") or ()
    return model.ReviewInput(
        scope,
        str(said.get("source", "")),
        offset,
        shown,
        frozenset(elsewhere) | (ticked & frozenset(shown)),
        which if which in (PICKED, PAGE, ALL) else PICKED,
        str(typed.get("value") or "") if typed else scope.words,
        _change(chosen),
        tuple(str(slack_id) for slack_id in people),
        str(said.get("channel", "")),
    )


def _state(view: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The state of the one input of this name, with or without a mark behind it; empty when there is none."""
    values = (view.get("state") or {}).get("values") or {}
    found = next((block for block in values if block == name or block.startswith(f"{name}:")), "")
    return modals.submitted(view, found)


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value or [], list):
        raise ValueError("this modal carries something else where a list belongs")
    return tuple(str(one) for one in value or ())


def searching(reviewing: model.ReviewInput) -> bool:
    """Whether the form had nothing to act on, so that its [Search] means what Enter means: look up what was typed."""
    return not reviewing.shown and not _applied(reviewing)


def _applied(reviewing: model.ReviewInput) -> bool:
    """Whether the anomalies in the form are those of the text in its filter field."""
    return bool(reviewing.scope.card) or reviewing.typed.split() == reviewing.scope.words.split()


def mistakes(reviewing: model.ReviewInput, total: int | None = None) -> dict[str, str]:
    """What is missing, by block, for the answer to the submission; {} when it can go on. `total` is how many match by now, where known."""
    if not _applied(reviewing):
        here = "the anomalies below are not those of this filter yet" if reviewing.shown else "this filter was not looked up yet"
        return {filter_block(reviewing.scope): f"Press Enter in this field first: {here}."}
    if not reviewing.shown:
        return {filter_block(reviewing.scope): "Nothing matches this filter. Change it and press Enter."}
    return _wrong_choice(reviewing) | _wrong_selection(reviewing, total)


def _wrong_choice(reviewing: model.ReviewInput) -> dict[str, str]:
    if reviewing.change is None:
        return {ids.REVIEW_ACTION: "Choose what to do with them. Nothing was changed."}
    if reviewing.change == _ASSIGN.change and not reviewing.people:
        return {ids.REVIEW_PEOPLE: "Choose whom to assign, or choose Assign to nobody. Nothing was changed."}
    if reviewing.change == _UNASSIGN.change and reviewing.people:
        return {ids.REVIEW_PEOPLE: "Assign to nobody leaves no room for people: take them out here. Nothing was changed."}
    return {}


def _wrong_selection(reviewing: model.ReviewInput, total: int | None) -> dict[str, str]:
    block = pick_block(reviewing.offset, reviewing.shown)
    if reviewing.which == PICKED and not reviewing.picked:
        instead = ", or choose below that all are meant" if len(reviewing.shown) > 1 else ""
        return {block: f"Tick at least one anomaly{instead}. Nothing was changed."}
    if reviewing.which == ALL and total == 0:
        return {block: "None of them matches any more. Close this form."}
    return {}
