"""What the anomalies of a filter have in common, as a list with how many of how many."""

from __future__ import annotations

from collections.abc import Sequence

from bot import model
from bot.render.kit import blocks, limits, text

_CLUSTERS, _TOKENS = 8, 6


def told(asked: str, found: Sequence[model.Common], capabilities: model.Capabilities) -> model.Message:
    """Each cluster with its tokens, the heaviest first; `asked` is the filter as canonical text."""
    title, words = text.short(capabilities.title, 40), text.short(asked, 300, "")
    if not found:
        line = f"{title} finds nothing in common among what matches {words}."
        return limits.fit(model.Message(text.spoken(line), (blocks.section(line),)))
    head = f"What matches {words} has in common, as {title} tells it (how many abnormal ones of how many):"
    lines = [_line(one) for one in found[:_CLUSTERS]]
    more = [f"and {text.number(len(found) - _CLUSTERS)} more"] if len(found) > _CLUSTERS else []
    spoken = text.sentence(text.spoken(head).rstrip(":"), "; ".join([*map(text.spoken, lines), *more]))
    return limits.fit(model.Message(spoken, (blocks.section(head), *(blocks.section(one) for one in (*lines, *more)))))


def _line(one: model.Common) -> str:
    tokens = text.listed([text.short(token.told, 120) for token in one.tokens], _TOKENS, " · ")
    return " · ".join(filter(None, (text.short(one.told, 160), tokens)))
