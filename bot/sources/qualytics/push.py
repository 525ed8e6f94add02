"""Inbound webhooks: a Flow's Webhook or HTTP Action with a template of its own, or the n8n node (contracts 1.7, trap 15).

No token of a Flow holds the anomaly's id, and what a webhook says is only a hint: it means that there is news, and the list tells which.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot import errors
from bot.sources import judging

LARGEST = 1024 * 1024


def check(source: str, body: bytes) -> None:
    """Raise SourceGarbled for what no webhook of theirs can be."""
    if not body.strip() or len(body) > LARGEST:
        raise errors.SourceGarbled(source, "The webhook's body is empty or too large.")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise errors.SourceGarbled(source, "The webhook's body is not text.") from error
    try:
        parsed = judging.parse(body)
    except ValueError:
        parsed = text
    if not isinstance(parsed, (Mapping, str)):
        raise errors.SourceGarbled(source, "The webhook's body is neither a JSON object nor a text.")
