"""Calls to Anodot: its key and its tokens, its errors, its two budgets, and pages of anomalies (contracts 2.1 to 2.4)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from bot import errors, ports
from bot.sources import auth, base, budgets, judging, paging

NAME, TITLE = "anodot", "Anodot"
API = "/api/v2"
SIZE = 100
"""Anomalies of a page, each with its metrics."""
LONGEST = 10**9
"""No list is longer."""
ANOMALY_CALLS, OTHER_CALLS = 1000, 500
"""Calls in a minute that the vendor takes about anomalies, and about everything else (contracts 2.2)."""
SCALES = ("short", "medium", "long", "longlong", "weekly")
"""The values of `resolution`: a minute, five, an hour, a day, a week. Without it only those of five minutes are told (trap 17)."""
ADVICE = "Ask an admin of Anodot for a new access key (Settings > API Tokens there), and put it into ANODOT_ACCESS_KEY."

_RATE, _INACTIVE, _BUSY = 1004, 2001, 2002
_STATUSES: Mapping[int, int] = {_RATE: 429, _INACTIVE: 401, _BUSY: 429}
"""The HTTP status that says the same as one of their codes."""
_WAITS: Mapping[int, float] = {_RATE: 10.0, _BUSY: 1.0}
"""Seconds to wait: a minute's calls come back one by one."""
_REFUSED = 400
"""What any other of their codes amounts to."""
SPENT = (400, 401)
"""How a call with a token that has ended is refused; the vendor's own client renews it after either (contracts 2.1)."""


_WRONG = (400, 422)
"""How a value is refused that is not known there."""


def _without_weeks(scales: str) -> str:
    """The vendor's page tells five scales, and four as what can be asked for."""
    return ",".join(one for one in scales.split(",") if one != "weekly") or scales


_SAID: Mapping[str, Callable[[str], str]] = {
    "resolution": _without_weeks,
    "bookmark": lambda kept: f"-{kept[1:]}" if kept.startswith("!") else kept,
}
"""How arguments are said where the first way is refused: what stands before the id of somebody whose bookmarks are not wanted is lost on
the vendor's page."""


def _doubted(params: base.Params) -> frozenset[str]:
    return frozenset(name for name, value in params if name in _SAID and _SAID[name](str(value)) != str(value))


def host_address(url: str) -> str:
    """The address without a trailing "/" and without the path of the API."""
    return url.strip().rstrip("/").removesuffix(API).rstrip("/")


@dataclass(frozen=True, slots=True)
class RawPage:
    """One page of anomalies as it came: `total` None when the server does not say, `most` as many as paging reaches (0: all)."""

    items: Sequence[Any]
    total: int | None
    most: int
    size: int

    @property
    def ids(self) -> Sequence[Hashable]:
        """What tells the items apart."""
        return paging.ids(self.items)


# --- what an answer means ---------------------------------------------------------------------------------------------------


def judge(reply: Any) -> judging.Fault | None:
    """What `errors` of an answer say, whatever its HTTP status is. A token, a list and a page have none."""
    found = _complaints(reply)
    if not found:
        return None
    status = next((_STATUSES[code] for code in _codes(found) if code in _STATUSES), _REFUSED)
    return judging.Fault(status, "; ".join(filter(None, map(_words, found[:3]))))


def _known(body: bytes) -> int | None:
    """Which of their codes an answer has that says more than its status."""
    try:
        found = _complaints(judging.parse(body))
    except ValueError:
        return None
    return next((code for code in _codes(found) if code in _STATUSES), None)


def _codes(found: Sequence[Mapping[str, Any]]) -> Sequence[int]:
    return [code for one in found if (code := _code(one.get("error"))) is not None]


def _complaints(reply: Any) -> Sequence[Mapping[str, Any]]:
    found = reply.get("errors") if isinstance(reply, Mapping) else None
    if isinstance(found, Mapping):
        return [found]
    return [one if isinstance(one, Mapping) else {"description": one} for one in found] if isinstance(found, list) else []


def _code(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


def _words(one: Mapping[str, Any]) -> str:
    said, code = one.get("description") or one.get("message"), _code(one.get("error"))
    told = said.strip().rstrip(".") if isinstance(said, str) else ""
    return f"{told} ({code})" if told and code is not None else told or (f"error {code}" if code is not None else "")


def whole(value: Any) -> int | None:
    """A whole number, or a text that is one."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = int(float(value))
    except (ValueError, OverflowError):
        return None
    return min(number, LONGEST) if number >= 0 else None


# --- who asks ---------------------------------------------------------------------------------------------------------------


def access(key: str, clock: ports.Clock) -> auth.Exchange:
    """Who asks with an access key. It is exchanged for a text, alone or in an object; how long it holds stands in it."""

    def token(reply: Any) -> auth.Token:
        return auth.Token((reply if isinstance(reply, str) else reply["token"]).strip().strip('"'))

    who = auth.Exchange(
        name=NAME,
        title=TITLE,
        call=auth.Call("POST", "access-token", body={"refreshToken": key}),
        read=token,
        settings=("ANODOT_ACCESS_KEY",),
        secrets=(key,),
        clock=clock,
        spent=lambda fault: fault.status in SPENT,
    )
    who.advice = ADVICE
    return who


class Client(base.HttpSource):
    """The wire to one account."""

    def __init__(
        self,
        *,
        url: str,
        who: auth.Auth,
        clock: ports.Clock,
        allowance: ports.Lanes | None = None,
        budget: ports.Budget | None = None,
        timeout: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.web = host_address(url)
        self.host = urlsplit(self.web).netloc
        ours = budget or budgets.Budget()
        self._unknown: frozenset[str] = frozenset()
        self._about_anomalies, self._about_others = ours.part(ANOMALY_CALLS), ours.part(OTHER_CALLS)
        super().__init__(
            name=NAME,
            title=TITLE,
            base_url=f"{self.web}{API}/",
            who=who,
            judge=judge,
            clock=clock,
            allowance=allowance,
            budget=ours,
            writing=judging.Ask("to change alerts"),
            timeout=timeout,
            transport=transport,
        )

    # --- reading ----------------------------------------------------------------------------------------------------------

    async def listed(self, path: str, params: base.Params) -> Any:
        """GET something that takes the arguments of a list. What a deployment may not know is left out, or said in the other way, once it
        was refused."""
        try:
            return await self.read(path, self._spoken(params, self._unknown))
        except errors.SourceRejected as error:
            doubted = _doubted(params) - self._unknown
            if error.status not in _WRONG or not doubted:
                raise
            reply = await self.read(path, self._spoken(params, self._unknown | doubted))
            self._unknown |= doubted
            return reply

    @staticmethod
    def _spoken(params: base.Params, unknown: frozenset[str]) -> base.Params:
        return [(name, _SAID[name](str(value)) if name in unknown else value) for name, value in params]

    async def page(self, params: base.Params, *, index: int = 0, size: int = SIZE) -> RawPage:
        """One page of anomalies, from that one on. Raises SourceGarbled for what is none."""
        reply = await self.listed("anomalies", [*params, ("index", index), ("size", size)])
        items = reply.get("anomalies") if isinstance(reply, Mapping) else None
        if items is None and isinstance(reply, Mapping) and whole(reply.get("total")) == 0:
            items = []
        if not isinstance(items, list):
            raise errors.SourceGarbled(NAME, f"{TITLE} gave an answer that is not a page of anomalies.")
        return RawPage(items, whole(reply.get("total")), whole(reply.get("pagingMax")) or 0, size)

    async def count(self, params: base.Params) -> int:
        """How many there are."""
        reply = await self.listed("anomalies/count", params)
        total = whole(reply.get("total")) if isinstance(reply, Mapping) else None
        if total is None:
            raise errors.SourceGarbled(NAME, f"{TITLE} gave an answer that is not a count.")
        return total

    async def metrics(self, ident: str, params: base.Params, index: int = 0) -> Mapping[str, Any]:
        """One anomaly with its metrics from that one on. Raises SourceMissing."""
        reply = await self.listed(self.one(ident, "metrics"), [*params, *([("index", index)] if index else [])])
        if not isinstance(reply, Mapping):
            raise errors.SourceGarbled(NAME, f"{TITLE} gave an anomaly that cannot be read.")
        return reply

    # --- changing ---------------------------------------------------------------------------------------------------------

    async def change(self, method: str, path: str, body: Mapping[str, Any]) -> None:
        """Sent once, as `write`. What is answered may be nothing at all, or say inside that it was refused."""
        await self.write(method, path, body=body)

    @staticmethod
    def one(ident: str, call: str) -> str:
        """The path of a call on one anomaly. Raises SourceMissing for what would be another address."""
        if not ident.strip("."):
            raise errors.SourceMissing(NAME, f'{TITLE} has nothing with the id "{ident}".')
        return f"anomalies/{quote(ident, safe='')}/{call}"

    @staticmethod
    def trigger(ident: str, call: str) -> str:
        """The path of a call on one trigger."""
        if not ident.strip("."):
            raise errors.SourceMissing(NAME, f'{TITLE} has no trigger with the id "{ident}".')
        return f"alerts/triggered/{quote(ident, safe='')}/{call}"

    def bounds(self, items: int = paging.ANOMALIES, what: str = "anomalies") -> paging.Bounds:
        """How much of a list is read."""
        return paging.Bounds(self.name, self.title, what, items)

    # --- answers ----------------------------------------------------------------------------------------------------------

    def fault(self, answer: judging.HttpAnswer) -> judging.Fault | None:
        """What is wrong with an answer. Their code says more than the HTTP status beside it: too many calls come as 400, too, and nothing
        says how long to wait. A change is answered by nothing."""
        well = 200 <= answer.status < 300
        if well and not answer.body.strip():
            return None
        found = super().fault(answer)
        if found is None or answer.status >= 500:
            return found
        code = _known(answer.body)
        if code is None:
            return found
        wait = found.wait if "retry-after" in answer.headers else _WAITS.get(code)
        return replace(found, status=_STATUSES[code], wait=wait)

    async def _exchange(self, request: httpx.Request, *, whole: bool = True) -> judging.HttpAnswer:
        part = self._about_anomalies if request.url.path.startswith(f"{API}/anomalies") else self._about_others
        await part.spend(urgent=ports.urgent())
        return await super()._exchange(request, whole=whole)
