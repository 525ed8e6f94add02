"""The form that guards a deletion: the number of anomalies has to be typed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from bot import model
from bot.core import grammar
from bot.render.batch import batch_wording
from bot.render.kit import blocks, ids, limits, modals, text

_NUMBER = re.compile(r"\d+|\d{1,3}(?:[,.'’\s]\d{3})+")


def form(batch: model.Batch, total: int, names: Mapping[str, str] = MappingProxyType({})) -> model.Block:
    """Asks for the number of anomalies that would be deleted; there is nothing to press that does it without. `names` are those of the
    Slack users whom its words mention, by their ids."""
    chosen = text.short(grammar.named(batch.words, names), 300, "")
    element: model.Block = {"type": "plain_text_input", "action_id": ids.DELETE_COUNT, "min_length": 1, "max_length": 20}
    these = "this anomaly" if total == 1 else "these anomalies"
    parts = [
        blocks.section(f"{batch_wording.anomalies(total)} will be deleted for good. Nobody can bring {these} back, and there is no undo."),
        blocks.section(f"Selected: {chosen}." if chosen else "Close this form to keep them."),
        modals.entry(ids.DELETE_COUNT, f"Type the number {text.number(total)} to delete {these}", element),
    ]
    return limits.fit_view(modals.window("Delete anomalies", parts, callback=ids.DELETE_VIEW, submit="Delete", metadata=batch.id))


def read(view: Mapping[str, Any]) -> tuple[str, str]:
    """The batch and what was typed. Raises ValueError for other modals."""
    ident = str(view.get("private_metadata") or "")
    if not ident or view.get("callback_id", ids.DELETE_VIEW) != ids.DELETE_VIEW:
        raise ValueError("this modal carries no batch")
    return ident, str(modals.submitted(view, ids.DELETE_COUNT).get("value") or "").strip()


def wrong(typed: str, total: int) -> dict[str, str] | None:
    """What is wrong with the number typed, by block, for the answer to the submission; None when it is right ("10,000" is, too)."""
    if total < 1:
        return {ids.DELETE_COUNT: "Nothing is left to delete. Close this form."}
    said = typed.strip()
    number = int(re.sub(r"\D", "", said)) if _NUMBER.fullmatch(said) and len(said) <= 20 else None
    if number == total:
        return None
    return {ids.DELETE_COUNT: f"Type {text.number(total)} exactly, the number of anomalies to delete. Nothing was deleted."}
