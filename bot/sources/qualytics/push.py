"""Inbound webhooks: a Flow's Webhook or HTTP Action with a template of its own, or the n8n node (contracts 1.7, trap 15).

No token of a Flow holds the anomaly's id, so it is read from the link to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from bot import errors, model
from bot.sources import base

LARGEST = 1024 * 1024
_LINK = re.compile(r"/anomalies/([0-9]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})(?![\w-])")


def read(source: str, body: bytes) -> model.Push:
    """The anomalies that a webhook names; none is normal too, and still means that there is news. Raises SourceGarbled."""
    if not body.strip() or len(body) > LARGEST:
        raise errors.SourceGarbled(source, "The webhook's body is empty or too large.")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise errors.SourceGarbled(source, "The webhook's body is not text.") from error
    try:
        parsed = base.parse(body)
    except ValueError:
        parsed = text
    if not isinstance(parsed, (Mapping, str)):
        raise errors.SourceGarbled(source, "The webhook's body is neither a JSON object nor a text.")
    ids = dict.fromkeys([*_listed(parsed), *_LINK.findall(text.replace("\\/", "/"))])
    return model.Push(tuple(model.Ref(source, ident) for ident in ids))


def _listed(parsed: Any) -> Iterable[str]:
    """n8n names its anomalies in `context.anomalies`."""
    context = parsed.get("context") if isinstance(parsed, Mapping) else None
    found = context.get("anomalies") if isinstance(context, Mapping) else None
    for one in found if isinstance(found, list) else ():
        ident = one.get("id") if isinstance(one, Mapping) else None
        if isinstance(ident, (int, str)) and not isinstance(ident, bool) and str(ident):
            yield str(ident)
