"""Inbound webhooks: a Flow's Webhook or HTTP Action with a template of its own, or the form of the n8n node (contracts 1.7 and 8, trap 15).

No token of a Flow holds the anomaly's id, so it is read from the link to it. How a template is framed is not documented: a text, a JSON
text, or a JSON object around it. What names no anomaly, like the end of an operation, means that there is news.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot import model, ports
from bot.sources import hook_bodies

_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_LINK = re.compile(rf"/anomalies/({_UUID}|[0-9]{{1,18}})(?![0-9A-Za-z-])")
_IDENT = re.compile(rf"{_UUID}|[1-9][0-9]{{0,17}}")


def read(body: bytes) -> model.News:
    """What a webhook is about. Raises ValueError for what no webhook of theirs can be."""
    said = hook_bodies.text(body)
    try:
        found = hook_bodies.parsed(said)
    except ValueError:
        found = said  # a template need not be JSON
    if not _sensible(found):
        raise ValueError("is neither a JSON object nor a text")
    linked = _LINK.findall(said.replace("\\/", "/").replace("%2F", "/").replace("%2f", "/"))
    idents = [*_listed(found), *linked]
    return hook_bodies.news(model.Mention(ident) for ident in idents if _IDENT.fullmatch(ident))


def _sensible(found: Any) -> bool:
    return isinstance(found, str | Mapping) or (isinstance(found, list) and bool(found) and all(isinstance(one, Mapping) for one in found))


def _listed(found: Any) -> Iterator[str]:
    """Ids in the form of the n8n node, which may stand in the text of another frame, or be one of several."""
    for one in found if isinstance(found, list) else [found]:
        inner = _inside(one)
        anomalies = hook_bodies.under(inner, "context", "anomalies")
        for each in anomalies if isinstance(anomalies, list) else ():
            ident = hook_bodies.under(each, "id")
            yield ident if isinstance(ident, str) else hook_bodies.digits(ident)
        for name in ("anomaly_id", "anomalyId"):
            yield hook_bodies.digits(hook_bodies.under(inner, name))


def _inside(found: Any) -> Any:
    """What a frame holds: the JSON in its text, where there is any."""
    framed = hook_bodies.under(found, "text") if isinstance(found, Mapping) else found
    if isinstance(framed, str):
        try:
            return hook_bodies.parsed(framed)
        except ValueError:
            return found
    return found


HOOKS = ports.Hooks(
    ways=(ports.BEARER, ports.BASIC, ports.header("X-Qualytics-Secret")),
    read=read,
    steps=(
        "In Qualytics open Flows and add a Flow with the trigger Anomaly, for new anomalies; add a second one with the trigger Anomaly "
        "Status Changed, so that what somebody does in Qualytics is seen here at once.",
        "Give each an Action of the kind HTTP: method POST, URL $url, authentication Bearer with the value of $secret. (Basic works, too, "
        "with any user name and the value as the password.)",
        'As its message set {"anomaly": "{{target_link}}"}: the link tells which anomaly it is about.',
        "Where only the kind Webhook is offered, the address brings the secret: $keyed",
        "The n8n integration needs no message: set its URL to $url and its webhook secret to the value of $secret.",
    ),
)
