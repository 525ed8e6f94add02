"""What an answer of Autional means: the envelope `{code, message, data|items}` and the problem object (contracts 4.2; vendor page,
`dto.Problem` and `dto.FieldViolation`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.sources import judging

MOST = 3
"""Field errors that are told; more are of one kind."""
TRACED = ("request_id", "trace_id", "service")
"""By what Autional's own log knows a call."""


def judge(reply: Any) -> judging.Fault | None:
    """A `code` other than 0 is an error, whatever the HTTP status is. The answer of the token call has none, and is fine."""
    code = str(reply.get("code") or 0).strip()
    wait = _seconds(reply.get("retry_after"))
    if not code.strip("0") and not _problem(reply):
        return None
    status = _status(reply.get("status")) or _status(_leading(code)) or (429 if wait is not None else 422)
    return judging.Fault(status, words(reply), fields(reply), wait, traced(reply))


def _problem(reply: Mapping[str, Any]) -> bool:
    """Whether it is a problem object that has no code."""
    return isinstance(reply.get("title"), str) and _status(reply.get("status")) is not None


def _status(told: Any) -> int | None:
    """The HTTP status that is told, None where that is none of a failure."""
    return told if isinstance(told, int) and 400 <= told <= 599 else None


def _leading(code: str) -> int | None:
    """The first three digits of a business code: most begin with the HTTP status that says the same (contracts 4.1: 400002...)."""
    return int(code[:3]) if code.isascii() and code.isdigit() else None


def _seconds(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 else None


def words(reply: Mapping[str, Any]) -> str:
    """Title, detail and what is wrong with each field; never the value that was wrong, which may be anybody's."""
    title, detail, message = (_text(reply.get(name)) for name in ("title", "detail", "message"))
    told = [title, *(one for one in (detail or message,) if one != title)]
    told += [_violation(one) for one in _violations(reply)[:MOST] if not _said(one, detail)]
    return ". ".join(one.rstrip(".") for one in told if one)


def fields(reply: Mapping[str, Any]) -> tuple[str, ...]:
    """The paths of the fields that it points at."""
    return tuple(filter(None, (_text(one.get("field")) for one in _violations(reply))))


def traced(reply: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Request, trace and service."""
    return tuple((name, told) for name in TRACED if (told := _text(reply.get(name))))


def _violations(reply: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    found = reply.get("errors")
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _said(one: Mapping[str, Any], detail: str) -> bool:
    """Whether the detail tells it already."""
    field, said = _text(one.get("field")), _text(one.get("description"))
    return bool(said) and said in detail and field in detail


def _violation(one: Mapping[str, Any]) -> str:
    field, said = _text(one.get("field")), _text(one.get("description")) or _text(one.get("code"))
    return f"{field}: {said}" if field and said else field or said


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
