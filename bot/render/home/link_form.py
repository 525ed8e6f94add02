"""[Link me] in an App Home: who somebody is in each system that does not know them yet, and the way back from the form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot import model
from bot.render.kit import blocks, ids, limits, modals, text

_LABEL = 150


def form(unlinked: Sequence[tuple[str, str]]) -> model.Block:
    """A field for each of these systems, by name and title."""
    parts: list[model.Block] = [
        blocks.section("Type the e-mail address, the name or the id that you have there. What you leave empty stays as it is.")
    ]
    for name, title in unlinked:
        field: model.Block = {"type": "plain_text_input", "action_id": ids.LINK_ME, "max_length": _LABEL}
        field["placeholder"] = blocks.plain("dana@acme.example", limits.PLACEHOLDER)
        parts.append(modals.entry(f"{ids.LINK_ME}:{name}", f"You in {text.short(title, 40)}", field, optional=True))
    return limits.fit_view(modals.window("Link me", parts, callback=ids.LINK_ME_VIEW, submit="Link me"))


def read(view: Mapping[str, Any]) -> Mapping[str, str]:
    """What was typed, by system."""
    blocks_ = [str(block) for block in (view.get("state") or {}).get("values") or {} if str(block).startswith(f"{ids.LINK_ME}:")]
    typed = {block.partition(":")[2]: str(modals.submitted(view, block).get("value") or "").strip() for block in blocks_}
    return {name: word for name, word in typed.items() if word}


def nothing(view: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with a form in which nothing was typed: said beside its first field."""
    first = next(str(block["block_id"]) for block in view.get("blocks") or () if block.get("type") == "input")
    return {first: "Type who you are there, or close this form."}
