"""Inbound webhooks of an alert channel, standard or extended: open, update and close of one anomaly are three posts (contracts 2.6).

Numbers are texts, and the id that the API takes is the one in `investigationUrl`: `anomalyId` may be another (trap 25). Static and No Data
alerts are about no anomaly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from bot import model, ports
from bot.sources import hook_bodies

_ID = r"[0-9a-f]{32}"
_LINKED = re.compile(rf"[?&]anomalies=[^&]*?\(({_ID})\)")
_SCALE = re.compile(r"[0-9]{1,2}\s?[a-z]{1,5}")
_KNOWN = ("subject", "investigationUrl", "anomalyId", "alertGroupId", "mergedAnomalies", "startTimeEpoch", "alerts")
LONGEST = 4000
"""Characters of an address that are looked at."""
_NO_ANOMALY = frozenset({"static", "nodata"})


def read(body: bytes) -> model.News:
    """What a webhook is about. Raises ValueError for what no webhook of theirs can be."""
    found = hook_bodies.mapping(body)
    if not any(name in found for name in _KNOWN):
        raise ValueError("has none of the fields of an alert")
    clues = dict(_clues(found))
    own = _own(found)
    merged = [ident for ident in _ids(found.get("mergedAnomalies")) if ident != own]
    idents = [*([own] if own else []), *merged]
    if not idents and str(found.get("type", "")).casefold().replace(" ", "").replace("_", "") in _NO_ANOMALY:
        return model.News()
    return hook_bodies.news(model.Mention(ident, clues) for ident in idents)


def _own(found: Mapping[str, Any]) -> str:
    """The id of the anomaly; "" where there is none that the API would know."""
    linked = _LINKED.search(unquote(str(found.get("investigationUrl") or "")[:LONGEST]))
    if linked:
        return linked[1]
    told = (str(found.get(name) or "").strip().casefold() for name in ("anomalyId", "alertGroupId"))
    return next((one for one in told if re.fullmatch(_ID, one)), "")


def _ids(value: Any) -> list[str]:
    """Those of a list, which may be a text that looks like one."""
    said = " ".join(map(str, value)) if isinstance(value, list) else str(value or "")
    return re.findall(rf"(?<![0-9a-f-]){_ID}(?![0-9a-f-])", said.casefold())


def _clues(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The scale and the start: without them the API looks among the young ones of one scale only."""
    scale = str(found.get("timeScale") or "").strip().casefold()
    if _SCALE.fullmatch(scale):
        yield "scale", scale
    if start := hook_bodies.digits(found.get("startTimeEpoch")):
        yield "start", start


HOOKS = ports.Hooks(
    ways=(ports.BASIC,),
    read=read,
    steps=(
        "In Anodot open Settings > Channels and add a channel of the type Webhook.",
        "URL $url; switch authentication on and choose Basic, with any user name and the value of $secret as the password.",
        "Where authentication cannot be switched on (as in POST /api/v2/channels/webhook), the address brings the secret: $path",
        "Add the channel to each alert whose anomalies are to be told here at once: Alerts > the alert > Notifications.",
        "Ask support@anodot.com for the extended format: it tells triggers apart, and the desk needs one call less.",
    ),
)
