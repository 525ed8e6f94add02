"""[Link me]: the form in which somebody says who they are in a system, and what is finished afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot import errors, model
from bot.render.kit import asked, blocks, ids, limits, modals, text

TITLE = "Who are you?"
_TYPED = 200


def form(system: str, capabilities: model.Capabilities, wanted: asked.Asked) -> model.Block:
    """A picker of the system's users, and a field for whom no menu holds. Raises NotSupported where what was asked is too long."""
    title = text.short(capabilities.title, 40)
    metadata = asked.encode(system, wanted)
    if text.size(metadata, markup=True) > limits.PRIVATE_METADATA:
        raise errors.NotSupported("What you asked for is too long to be kept meanwhile. Link yourself first, then ask again.")
    then = f"It is remembered{', and then what you asked for is finished' if wanted.kind else ''}."
    select: model.Block = {
        "type": "external_select",
        "action_id": ids.LINK_ME_PERSON,
        "min_query_length": 0,
        "placeholder": blocks.plain(f"Find yourself in {title}", limits.PLACEHOLDER),
    }
    typed: model.Block = {"type": "plain_text_input", "action_id": ids.LINK_ME_TYPED, "max_length": _TYPED}
    parts = [
        blocks.section(f"Say who you are in {title}. {then}"),
        modals.entry(ids.LINK_ME_PERSON, f"You in {title}", select, optional=True),
        modals.entry(ids.LINK_ME_TYPED, "Or type your e-mail address, name or id there", typed, optional=True),
        blocks.context("Others are linked by admins of this desk: /anomalies link @name and their address."),
    ]
    return limits.fit_view(modals.window(TITLE, parts, callback=ids.LINK_ME_VIEW, submit="Link me", metadata=metadata))


def read(view: Mapping[str, Any]) -> tuple[str, asked.Asked, str, str]:
    """The system, what is finished afterwards, and the user that was picked or typed ("" for none). Raises ValueError for other forms."""
    system, wanted = asked.decode(str(view.get("private_metadata") or ""))
    picked = modals.submitted(view, ids.LINK_ME_PERSON).get("selected_option") or {}
    typed = modals.submitted(view, ids.LINK_ME_TYPED).get("value") or ""
    return system, wanted, str(picked.get("value") or ""), str(typed).strip()
