"""How the API answers what it does not do (contracts 2.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette import responses

from sandbox.anodot import switches

BAD_JSON, GENERAL, RATE, INACTIVE, AT_ONCE = 1001, 1002, 1004, 2001, 2002


@dataclass(slots=True)
class Refused(Exception):
    """An answer that is no success. `bare`: as `{message}`, with no code; `fixed`: with its HTTP status whatever the switches say."""

    status: int
    says: str
    code: int = GENERAL
    bare: bool = False
    fixed: bool = False


def missing(what: str) -> Refused:
    return Refused(404, f"{what} was not found", fixed=True)


def wrong(says: str, code: int = GENERAL) -> Refused:
    """What is wrong with a request."""
    return Refused(400, says, code)


def error(code: int, says: str, modes: switches.ContractSwitches) -> dict[str, Any]:
    """One entry of `errors[]`."""
    return {"index": "", "error": str(code) if modes.codes == "text" else code, "description": says}


def refusal(found: Refused, modes: switches.ContractSwitches) -> responses.Response:
    """A refusal in the form that the switches want."""
    if found.bare and modes.auth_errors == "message":
        return responses.JSONResponse({"message": found.says}, found.status)
    inside = modes.refusals == "body" and not found.fixed and not found.bare
    return responses.JSONResponse({"errors": [error(found.code, found.says, modes)]}, 200 if inside else found.status)


def beside(result: dict[str, Any], modes: switches.ContractSwitches) -> dict[str, Any]:
    """A result, with errors beside it where the switches want some."""
    if modes.beside == "none":
        return result
    return {**result, "errors": [error(GENERAL, "Some metrics could not be read", modes)]}
