"""What an answer of Anomify means: `{status: {code, message}, data}`, in which parts of the data have a status of their own (contracts
3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.sources import judging
from bot.sources.anomify import discretion

WELL = 200
REFUSED = 422
"""What a code is taken for that is no status of HTTP."""


def judge(reply: Any) -> judging.Fault | None:
    """A `status.code` other than 200 is an error, whatever the HTTP status is; an answer without one is fine where it has data."""
    status = reply.get("status")
    if not isinstance(status, Mapping):
        return None if "data" in reply else judging.Fault(judging.SENSELESS)
    return fault(status)


def fault(status: Mapping[str, Any]) -> judging.Fault | None:
    """What a status says of the thing that it stands beside."""
    told = status.get("code", WELL)
    try:
        code = int(told)
    except (TypeError, ValueError, OverflowError):
        return judging.Fault(judging.SENSELESS, words(status))
    if code == WELL:
        return None
    return judging.Fault(code if 400 <= code <= 599 else REFUSED, words(status))


def words(status: Mapping[str, Any]) -> str:
    """Anomify's own sentence."""
    message = status.get("message")
    return discretion.told(message) if isinstance(message, str) else ""


def demo(said: str) -> bool:
    """Whether a refusal is due to the account being one to try things out with ("not available to demo user accounts")."""
    return "demo" in said.casefold()
