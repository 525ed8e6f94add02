"""What the service takes, and how it refuses the rest: 400 with a violation for each field."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette import datastructures, requests

from sandbox.autional import answers, switches

SEVERITIES = ("low", "medium", "high", "critical")
RANGES: Mapping[str, int] = {"1h": 1, "24h": 24, "7d": 7 * 24, "30d": 30 * 24}
"""The only ranges there are, in hours."""
WORDS: Mapping[str, tuple[str, ...]] = {
    "console": ("open", "investigating", "resolved", "false_positive"),
    "page": ("open", "acknowledged", "investigating", "resolved", "dismissed"),
}
"""The statuses of the vendor's consoles, and those of its page (contracts 4.3)."""
OFFERED: Mapping[str, tuple[str, ...]] = {
    "open": ("investigating", "acknowledged", "resolved", "false_positive", "dismissed"),
    "acknowledged": ("investigating", "resolved", "false_positive", "dismissed"),
    "investigating": ("resolved", "false_positive", "dismissed"),
}
"""The transitions that the consoles offer; from an end there is none."""
COMMENT_LENGTH = 2000
DEFAULT_PAGE, LARGEST_PAGE = 20, 100
SINGLE = ("type", "severity", "status", "tenant_id", "time_range", "page", "page_size")


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list is asked for; "" is not asked. The tenant is not here: another one than the token's was refused before."""

    type: str = ""
    severity: str = ""
    status: str = ""
    time_range: str = ""
    page: int = 1
    page_size: int = DEFAULT_PAGE


def invalid(*wrong: answers.Violation) -> answers.Refused:
    return answers.Refused(400, "; ".join(f"Field '{one.field}' {one.description}" for one in wrong), wrong)


def filters(params: datastructures.QueryParams, modes: switches.ContractSwitches) -> Filter:
    """The filters of a list, each of them once; unknown keys are ignored. Raises Refused."""
    wrong = [
        answers.Violation(name, "single", "must be given once", params.getlist(name)) for name in SINGLE if len(params.getlist(name)) > 1
    ]
    for name, known in (("severity", SEVERITIES), ("status", WORDS[modes.filter_words]), ("time_range", tuple(RANGES))):
        if name in params and params[name] not in known:
            wrong.append(_unknown(name, known, params[name]))
    found, bad = _numbers(params)
    if wrong or bad:
        raise invalid(*wrong, *bad)
    return Filter(
        type=params.get("type", ""),
        severity=params.get("severity", ""),
        status=params.get("status", ""),
        time_range=params.get("time_range", ""),
        page=found.get("page", 1),
        page_size=found.get("page_size", DEFAULT_PAGE),
    )


def numbers(params: datastructures.QueryParams) -> tuple[int, int]:
    """Page and size alone. Raises Refused."""
    found, wrong = _numbers(params)
    if wrong:
        raise invalid(*wrong)
    return found.get("page", 1), found.get("page_size", DEFAULT_PAGE)


def _numbers(params: datastructures.QueryParams) -> tuple[dict[str, int], list[answers.Violation]]:
    found: dict[str, int] = {}
    wrong: list[answers.Violation] = []
    for name, most in (("page", 10**9), ("page_size", LARGEST_PAGE)):
        if name not in params:
            continue
        text = params[name]
        if not (text.isascii() and text.isdigit()):
            wrong.append(answers.Violation(name, "format", "must be a number", text))
        elif not 1 <= int(text) <= most:
            wrong.append(answers.Violation(name, "range", f"must be between 1 and {most}", text))
        else:
            found[name] = int(text)
    return found, wrong


def _unknown(name: str, known: Sequence[str], value: Any) -> answers.Violation:
    return answers.Violation(name, "oneof", f"must be one of {'/'.join(known)}", value)


async def body(request: requests.Request) -> dict[str, Any]:
    """The JSON body, an object. Raises Refused."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise answers.Refused(400, "The content type must be application/json")
    try:
        read = json.loads(await request.body())
    except ValueError as error:
        raise answers.Refused(400, f"The request body is not valid JSON: {error}") from error
    if not isinstance(read, dict):
        raise answers.Refused(400, "The request body must be a JSON object")
    return read


def text(given: Mapping[str, Any], name: str, longest: int = 0) -> str:
    """A required text of a body, at most `longest` characters (0: any). Raises Refused."""
    value = given.get(name)
    if value is None or value == "":
        raise invalid(answers.Violation(name, "required", "is required", value))
    if not isinstance(value, str):
        raise invalid(answers.Violation(name, "type", "must be a string", value))
    if not value.strip():
        raise invalid(answers.Violation(name, "required", "must not be blank", value))
    if longest and len(value) > longest:
        raise invalid(answers.Violation(name, "max", f"must have at most {longest} characters", value))
    return value


def status(given: Mapping[str, Any], now: str, modes: switches.ContractSwitches) -> str:
    """The status to set, seen from the one that is. Raises Refused."""
    wanted = text(given, "status")
    if wanted not in WORDS[modes.words]:
        raise answers.Refused(400, f"Invalid status value '{wanted}'", (_unknown("status", WORDS[modes.words], wanted),))
    if modes.transitions == "console" and wanted not in (now, *OFFERED.get(now, ())):
        why = answers.Violation("status", "transition", f"cannot change from {now} to {wanted}", wanted)
        raise answers.Refused(400, f"Invalid status transition from '{now}' to '{wanted}'", (why,))
    return wanted


def assignee(given: Mapping[str, Any], modes: switches.ContractSwitches) -> str | None:
    """Who is named beside a status, None for nobody; any text is taken, nothing looks it up. Raises Refused."""
    value = given.get("assignee")
    if value is not None and not isinstance(value, str):
        raise invalid(answers.Violation("assignee", "type", "must be a string", value))
    if value == "":
        if modes.empty_assignee == "refused":
            raise invalid(answers.Violation("assignee", "required", "must not be empty", value))
        return "" if modes.empty_assignee == "clears" else None
    return value


def time_range(given: Mapping[str, Any]) -> str:
    """The range of a detection. Raises Refused."""
    wanted = text(given, "time_range")
    if wanted not in RANGES:
        raise invalid(_unknown("time_range", tuple(RANGES), wanted))
    return wanted
