"""The frame of every modal: title, inputs, a skeleton to open with, something to read and close; and a submitted input read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot import model
from bot.render.kit import blocks, limits, text

# --- drawing ------------------------------------------------------------------------------------------------------------------


def loading(title: str) -> model.Block:
    """The skeleton that opens before anything else is awaited."""
    return limits.fit_view(window(title, [blocks.section("Loading…")]))


def notice(title: str, sentences: str | Sequence[str] | model.Message) -> model.Block:
    """Something to read and close: a message as it is, or sentences as a message's `text` says them (tokens become words again)."""
    if isinstance(sentences, model.Message) and sentences.blocks:
        return limits.fit_view(window(title, sentences.blocks))
    if isinstance(sentences, model.Message):
        sentences = sentences.text
    lines = [sentences] if isinstance(sentences, str) else list(sentences)
    read = [blocks.section(text.short(text.unspoken(line), limits.TEXT_OBJECT)) for line in lines]
    return limits.fit_view(window(title, read or [blocks.section("Done.")]))


def entry(block_id: str, label: str, element: model.Block, *, optional: bool = False) -> model.Block:
    """One input of a form; `block_id` is what its value comes back under."""
    return {"type": "input", "block_id": block_id, "label": blocks.plain(label), "element": element, "optional": optional}


def window(title: str, parts: Sequence[model.Block], *, callback: str = "", submit: str = "", metadata: str = "") -> model.Block:
    """A modal of these blocks; a form when it has a `submit` label. Not fitted yet."""
    view: model.Block = {"type": "modal", "title": blocks.plain(text.short(title, limits.VIEW_TITLE)), "blocks": list(parts)}
    view["close"] = blocks.plain("Cancel" if submit else "Close")
    if submit:
        view |= {"submit": blocks.plain(submit), "callback_id": callback, "private_metadata": metadata}
    return view


def submitted(view: Mapping[str, Any], block_id: str) -> Mapping[str, Any]:
    """The state of the one element of a block; empty when there is none."""
    block = ((view.get("state") or {}).get("values") or {}).get(block_id) or {}
    return next(iter(block.values()), None) or {}
