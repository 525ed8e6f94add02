"""How the service answers: envelopes, pages, and refusals in its dialects (contracts 4.2)."""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from starlette import requests, responses

from sandbox.autional import switches

PAGINATION: Mapping[str, frozenset[str]] = {
    "full": frozenset({"page", "page_size", "total", "total_pages", "has_next", "has_prev"}),
    "bare": frozenset({"page", "page_size", "total"}),
    "total": frozenset(),
}
TITLES: Mapping[int, str] = {400: "Invalid Request Parameters", 401: "Unauthenticated", 403: "Permission Denied", 404: "Resource Not Found"}


@dataclass(frozen=True, slots=True)
class Violation:
    """What is wrong with one field; `value` is told as in the development mode, and may be anything that the caller sent."""

    field: str
    code: str
    description: str
    value: Any = None


@dataclass(slots=True)
class Refused(Exception):
    """An answer that is no success. `plain`: of a service that answers `{code, message, timestamp}` whatever the switches say."""

    status: int
    detail: str
    errors: Sequence[Violation] = ()
    wait: int | None = None
    """Seconds, with 429."""
    plain: bool = field(default=False)


def now() -> str:
    """The timestamp of an envelope: ISO text, never a number."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def success(**more: Any) -> responses.Response:
    return responses.JSONResponse({"code": 0, "message": "success", **more, "timestamp": now()})


def page(items: Sequence[Any], total: int, number: int, size: int, modes: switches.ContractSwitches) -> responses.Response:
    """One page of a list; `items` are those of this page."""
    pages = math.ceil(total / size)
    pagination = {
        "page": number,
        "page_size": size,
        "total": total,
        "total_pages": pages,
        "has_next": number < pages,
        "has_prev": number > 1,
    }
    told = {name: value for name, value in pagination.items() if name in PAGINATION[modes.pages]}
    shown = None if not items and modes.empty_lists == "null" else list(items)
    return success(items=shown, total=total, **({"pagination": told} if told else {}))


def code(status: int, modes: switches.ContractSwitches) -> int | str:
    """The business code of a refusal, in the form that the vendor's own tests have."""
    return f"{status}00000" if modes.codes == "text" else status * 100_000


def refusal(error: Refused, request: requests.Request, modes: switches.ContractSwitches) -> responses.Response:
    """A refusal in the dialect that the switches want."""
    if error.plain or (error.status in (401, 403) and modes.auth_errors == "plain"):
        return plain(error.status, error.detail, modes)
    if modes.refusals == "envelope" and error.status not in (401, 403):
        return plain(error.status, error.detail, modes, 200)
    where = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return responses.JSONResponse(problem(error, where, code(error.status, modes)), error.status)


def plain(status: int, message: str, modes: switches.ContractSwitches, http: int = 0) -> responses.Response:
    """`{code, message, timestamp}`, with `http` as its HTTP status instead of its own."""
    return responses.JSONResponse({"code": code(status, modes), "message": message, "timestamp": now()}, http or status)


def problem(error: Refused, instance: str, business: int | str) -> dict[str, Any]:
    """The problem object with all the fields of the vendor's page."""
    trace, span = uuid.uuid4().hex, uuid.uuid4().hex[:16]
    title = TITLES.get(error.status) or HTTPStatus(error.status).phrase
    word = title.lower().replace(" ", "_")
    told: dict[str, Any] = {
        "type": f"https://api.autional.com/errors/{word.replace('_', '-')}",
        "title": title,
        "status": error.status,
        "detail": error.detail,
        "instance": instance,
        "code": business,
        "errors": [{"field": v.field, "code": v.code, "description": v.description, "value": v.value} for v in error.errors],
        "i18n_key": f"error.{word}",
        "i18n_args": {v.field: v.code for v in error.errors},
        "request_id": f"req_{uuid.uuid4()}",
        "trace_id": f"00-{trace}-{span}-01",
        "span_id": span,
        "service": "audit-service",
        "timestamp": now(),
    }
    if error.wait is not None:
        told["retry_after"] = error.wait
    return {name: value for name, value in told.items() if value not in ([], {})}
