"""Of which anomaly those of a review are duplicates: asked before anything is frozen, and the way back from it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot import errors, model
from bot.render.anomaly import anomaly_forms
from bot.render.kit import blocks, ids, limits, modals, text
from bot.render.review import review_input

TITLE = anomaly_forms.DUPLICATE_TITLE


def form(
    reviewing: model.ReviewInput, capabilities: model.Capabilities, others: Sequence[model.Anomaly] = (), found: int = 0, wrong: str = ""
) -> model.Block:
    """As a card asks, once for all that are meant, and it may be left out: `others` are of the table that they share, where there are
    `found` in all; `wrong` is what is wrong with the one that was given. Raises NotSupported for a review that no form can carry on."""
    metadata = _metadata(reviewing)
    if text.size(metadata, markup=True) > limits.PRIVATE_METADATA:
        raise errors.NotSupported("This review is longer than a form in Slack can hold. Take fewer at once, or type /anomalies archive.")
    kept = "It is kept in the history, and left as a comment where the system takes comments"
    parts = [
        *((blocks.bold(text.short(wrong, 500), "Nothing was changed."),) if wrong else ()),
        blocks.section(f"{_meant(reviewing)} will be archived as duplicates. Of which one?"),
        *anomaly_forms.asking(others, found, kept if model.Action.COMMENT in capabilities.supports else "It is kept in the history"),
    ]
    return limits.fit_view(modals.window(TITLE, parts, callback=ids.REVIEW_ORIGINAL_VIEW, submit="Continue", metadata=metadata))


def _meant(reviewing: model.ReviewInput) -> str:
    """ "4 anomalies", "All that match"."""
    if reviewing.which == review_input.ALL:
        return "All of this card" if reviewing.scope.card else "All that match"
    chosen = reviewing.shown if reviewing.which == review_input.PAGE else reviewing.picked
    return text.count(len(chosen), "anomaly", "anomalies")


def _metadata(reviewing: model.ReviewInput) -> str:
    """What was asked for, without what does not matter for it."""
    scope, change = reviewing.scope, reviewing.change
    said: dict[str, Any] = {"words": scope.words, "card": scope.card, "version": scope.version, "severity": scope.severity}
    said |= {"source": reviewing.source, "channel": reviewing.channel, "which": reviewing.which, "people": list(reviewing.people)}
    said |= {"outcome": change.archive_as if change else "", "shown": [], "picked": []}
    said |= {"shown": list(reviewing.shown)} if reviewing.which == review_input.PAGE else {}
    said |= {"picked": sorted(reviewing.picked)} if reviewing.which == review_input.PICKED else {}
    return json.dumps(said, separators=(",", ":"))


def read(view: Mapping[str, Any]) -> tuple[model.ReviewInput, str, str]:
    """What was asked for, the original that was chosen and the one that was typed, each "" for nothing. Raises ValueError for others."""
    said = json.loads(view.get("private_metadata") or "null")
    if not isinstance(said, dict) or view.get("callback_id", ids.REVIEW_ORIGINAL_VIEW) != ids.REVIEW_ORIGINAL_VIEW:
        raise ValueError("this modal asks for no original")
    try:
        scope = model.ReviewScope(str(said["words"]), str(said["card"]), int(said["version"]), str(said["severity"]))
        reviewing = model.ReviewInput(
            scope,
            str(said["source"]),
            0,
            tuple(str(one) for one in said["shown"]),
            frozenset(str(one) for one in said["picked"]),
            str(said["which"]),
            scope.words,
            model.Change(model.Action.ARCHIVE, archive_as=str(said["outcome"])),
            tuple(str(one) for one in said["people"]),
            str(said["channel"]),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"this modal lacks {error}") from error
    picked, typed = anomaly_forms.answered(view)
    return replace(reviewing, original=typed.strip() or picked), picked, typed
