"""What the calls on anomalies are asked, and how the rest is refused (contracts 2.3)."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette import datastructures, requests

from sandbox.anodot import account, answers, catalogue, search, switches

UNITS: Mapping[str, int] = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400}
STATES = ("open", "closed", "both")
SORTS = ("startDate", "endDate", "duration", "score", "delta")
"""The last is sent by the vendor's own plugin, and not told on its page."""
TOGETHER = (("durationValue", "durationUnit"), ("delta", "deltaType"))
"""The first says nothing without the second."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What is asked for; None and "" are not asked. Times in epoch seconds, `least` in seconds, `score` 0..1. `resolutions` are the words
    of requests; where nobody asks, five minutes alone."""

    start: int | None = None
    end: int | None = None
    state: str = "both"
    resolutions: tuple[str, ...] = ("medium",)
    least: float = 0
    score: float = 0
    bookmark: str = ""
    direction: str = "both"
    delta: float | None = None
    delta_type: str = "percentage"
    query: search.Query = search.ANYTHING
    sort: str = ""
    order: str = "desc"


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads parameters; each may be given once, what it must not hold is refused or not seen."""

    params: datastructures.QueryParams
    modes: switches.ContractSwitches

    def text(self, name: str) -> str:
        """What is sent, "" for nothing."""
        given = self.params.getlist(name)
        if len(given) > 1:
            raise answers.wrong(f"{name} is given {len(given)} times")
        return given[0] if given else ""

    def word(self, name: str, known: Sequence[str], default: str = "") -> str:
        found = self.text(name)
        return default if not found or not self._taken(found in known, name, found) else found

    def number(self, name: str, least: float = -math.inf, most: float = math.inf) -> float | None:
        found = self.text(name)
        try:
            value = float(found) if found else None
        except ValueError:
            value = math.nan
        if value is None or not self._taken(math.isfinite(value) and least <= value <= most, name, found):
            return None
        return value

    def whole(self, name: str, least: int = 0, most: int = 10**10) -> int | None:
        found = self.text(name)
        if not found:
            return None
        right = found.isascii() and found.isdigit() and least <= int(found) <= most
        return int(found) if self._taken(right, name, found) else None

    def _taken(self, right: bool, name: str, found: str) -> bool:
        if not right and self.modes.unknown_words == "refused":
            raise answers.wrong(f"Illegal value for {name}: {found}")
        return right


def filters(params: datastructures.QueryParams, state: account.Account, resolution: bool = False) -> Filter:
    """The filters that all calls share; unknown parameters are ignored. `resolution`: it must be asked. Raises Refused."""
    ask = Reader(params, state.modes)
    for value, unit in TOGETHER:
        if ask.text(value) and not ask.text(unit) and state.modes.unknown_words == "refused":
            raise answers.wrong(f"{value} needs {unit}")
    unit = ask.word("durationUnit", tuple(UNITS), "seconds")
    query = ask.text("q")
    return Filter(
        start=ask.whole("startDate"),
        end=ask.whole("endDate"),
        state=ask.word("state", STATES, "both"),
        resolutions=resolutions(ask, resolution),
        least=(ask.whole("durationValue") or 0) * UNITS[unit],
        score=ask.number("score", 0, 1) or 0,
        bookmark=_bookmark(ask, state),
        direction=ask.word("valueDirection", ("up", "down", "both"), "both"),
        delta=ask.number("delta", 0),
        delta_type=ask.word("deltaType", ("percentage", "absolute"), "percentage"),
        query=search.read(query) if query else search.ANYTHING,
        sort=ask.word("sort", SORTS),
        order=ask.word("order", ("asc", "desc"), "desc"),
    )


def resolutions(ask: Reader, required: bool = False) -> tuple[str, ...]:
    """The scales that are asked for, in the words of requests: a reply's `small` is none of them."""
    known = [name for name in catalogue.SCALES if name != "weekly" or ask.modes.weekly == "taken"]
    told = [part.strip() for part in ask.text("resolution").split(",") if part.strip()]
    if required and not told:
        raise answers.wrong("resolution is mandatory with anomalyId")
    wrong = [name for name in told if name not in known]
    if wrong and ask.modes.unknown_words == "refused":
        raise answers.wrong(f"Illegal value for resolution: {', '.join(wrong)}")
    return tuple(name for name in told if name in known) if told else ("medium",)


def _bookmark(ask: Reader, state: account.Account) -> str:
    """ "all", "none", or the id of a user, with "-" before it where it is negated."""
    found = ask.text("bookmark")
    if found in ("", "all", "none"):
        return found
    sign = "-" if found.startswith(state.modes.negation) else ""
    user = found.removeprefix(state.modes.negation)
    if state.user(user) is None:
        if state.modes.unknown_words == "refused":
            raise answers.wrong(f"Illegal value for bookmark: {found}")
        return ""
    return sign + user


def page(params: datastructures.QueryParams, modes: switches.ContractSwitches) -> tuple[int, int]:
    """First and one behind the last; nothing comes beyond `pagingMax`. Raises Refused."""
    ask = Reader(params, modes)
    index, size = ask.whole("index") or 0, ask.whole("size")
    return min(index, modes.paging_max), min(index + (modes.default_size if size is None else size), modes.paging_max)


# --- bodies --------------------------------------------------------------------------------------------------------------


async def body(request: requests.Request) -> dict[str, Any]:
    """The JSON body, an object. Raises Refused."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise answers.wrong("The content type must be application/json", answers.BAD_JSON)
    try:
        read = json.loads(await request.body())
    except ValueError as error:
        raise answers.wrong(f"Json parsing error: {error}", answers.BAD_JSON) from error
    if not isinstance(read, dict):
        raise answers.wrong("Json parsing error: the body is no object", answers.BAD_JSON)
    return read


def text(given: Mapping[str, Any], name: str, known: Callable[[str], bool] = lambda value: True) -> str:
    """A required text of a body. Raises Refused."""
    value = given.get(name)
    if not isinstance(value, str) or not value.strip():
        raise answers.wrong(f"{name} is required")
    if not known(value):
        raise answers.wrong(f"Illegal value for {name}: {value}")
    return value


def person(given: Mapping[str, Any], name: str, state: account.Account) -> catalogue.User:
    """Somebody of the account who may act. Raises Refused."""
    found = state.user(text(given, name))
    if found is None:
        raise answers.wrong(f"{name} is no user of this account")
    if found.disabled:
        raise answers.wrong(f"The user of {name} is disabled")
    if found.role == catalogue.READ_ONLY:
        raise answers.Refused(403, f"The user of {name} is read-only", fixed=True)
    return found
