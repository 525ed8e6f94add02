"""The envelope of every reply, and how a refusal is written (contracts 3.1)."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette import responses

from sandbox.anomify import dates, switches

STAGE = "api-stage.anomify.ai"


@dataclass(slots=True)
class Refused(Exception):
    """An answer that is no success. `fixed`: the HTTP status says so whatever the switches want."""

    code: int
    says: str
    fixed: bool = False


def missing(what: str) -> Refused:
    return Refused(404, f"{what} not found")


def wrong(says: str) -> Refused:
    return Refused(400, says)


@dataclass(frozen=True, slots=True)
class Frame:
    """What the `status` of a reply says besides how it went. `began` as time.perf_counter tells it."""

    now: int
    began: float
    session: str
    host: str


def envelope(frame: Frame, data: Any, code: int = 200, message: str = "OK") -> dict[str, Any]:
    status = {
        "code": code,
        "message": message,
        "created_timestamp": frame.now,
        "created_string": dates.spoken(frame.now),
        "duration": round(time.perf_counter() - frame.began, 4),
        "language": "en",
        "timezone": {"name": "UTC", "offset": 0},
        "session_id": frame.session or None,
        "oldest_cached_component_age": frame.now % 60,
        "org_onboarding_status_id": 300,
        "api_host": frame.host,
        "user_onboarding_flags": {},
    }
    return {"status": status, "data": data}


def reply(body: Mapping[str, Any], status: int = 200) -> responses.Response:
    """Slashes are escaped, as the vendor writes them."""
    return responses.Response(json.dumps(body).replace("/", "\\/"), status, media_type="application/json")


def refusal(found: Refused, frame: Frame, modes: switches.ContractSwitches) -> responses.Response:
    """A refusal in the form that the switches want."""
    if modes.refusals == "text":
        return responses.PlainTextResponse(found.says, found.code)
    inside = modes.refusals == "inside" and not found.fixed
    return reply(envelope(frame, {}, found.code, found.says), 200 if inside else found.code)
