"""Calls to Autional: its services behind one gateway, the two addresses that the audit service may have, and pages of lists
(contracts 4.1 and 4.2)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import httpx

from bot import errors, ports
from bot.sources import auth, base, judging, paging
from bot.sources.autional import problems

NAME, TITLE = "autional", "Autional"
SIZE = 100
"""Items of a page: the most that the vendor's console asks for."""
LONGEST = 10**9
"""No list is longer."""
PREFIXES = ("audit/api/v1/", "audit-service/api/v1/")
"""Where the audit service is behind the gateway: as the vendor's clients call it, and as the vendor's specification says."""
TOKENS = ("oauth/api/v1/oauth/token",)
"""The same for the service of tokens, behind the gateway; the specification has it beside the gateway."""
SEEN = timedelta(minutes=5)
"""So long an address is believed after it has answered: what it does not find then does not exist."""

UNKNOWN = (400, 404, 422)
"""How a word is refused that is not known there."""

Thing = TypeVar("Thing")
Send = Callable[[str], Awaitable[Thing]]


def host_address(url: str) -> str:
    """The address without a trailing "/" and without the gateway's `/bff`."""
    return url.strip().rstrip("/").removesuffix("/bff").rstrip("/")


@dataclass(frozen=True, slots=True)
class RawPage:
    """One page as it came: `total` None when the server does not say, `size` the items per page that it really gives."""

    items: Sequence[Any]
    total: int | None
    size: int

    @property
    def ids(self) -> Sequence[Hashable]:
        """What tells the items apart."""
        return paging.ids(self.items)


def token(value: str, clock: ports.Clock) -> auth.Auth:
    """Who asks with a token of the settings."""
    return auth.Static(name=NAME, title=TITLE, token=value, setting="AUTIONAL_TOKEN", clock=clock)


def client_credentials(ident: str, secret: str, url: str, clock: ports.Clock) -> auth.Auth:
    """Who asks with a client's id and secret, which are exchanged for tokens: a form, answered by flat JSON."""
    form = {"grant_type": "client_credentials", "client_id": ident, "client_secret": secret}
    paths = (*TOKENS, f"{host_address(url)}/api/v1/oauth/token")
    first, *others = (auth.Call("POST", path, form=form) for path in paths)
    return auth.Exchange(
        name=NAME,
        title=TITLE,
        call=first,
        elsewhere=others,
        read=lambda reply: auth.Token(reply["access_token"], reply.get("expires_in")),
        settings=("AUTIONAL_CLIENT_ID", "AUTIONAL_CLIENT_SECRET"),
        secrets=(secret,),
        clock=clock,
    )


class Client(base.HttpSource):
    """The wire to one tenant. Where its audit service is is found out once, and remembered in `traits`."""

    def __init__(
        self,
        *,
        url: str,
        tenant: str,
        who: auth.Auth,
        clock: ports.Clock,
        traits: ports.SourceTraits,
        allowance: ports.Lanes | None = None,
        budget: ports.Budget | None = None,
        timeout: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        address = host_address(url)
        self.tenant, self.host, self._traits = tenant, urlsplit(address).netloc, traits
        self._prefix, self._seen, self._locating = "", datetime.min.replace(tzinfo=clock.now().tzinfo), asyncio.Lock()
        super().__init__(
            name=NAME,
            title=TITLE,
            base_url=f"{address}/bff/",
            who=who,
            judge=problems.judge,
            headers={"X-Tenant-ID": tenant},
            clock=clock,
            allowance=allowance,
            budget=budget,
            places="tenant",
            reading=judging.Ask(place=tenant),
            writing=judging.Ask("to change anomalies", tenant),
            timeout=timeout,
            transport=transport,
        )

    # --- the audit service --------------------------------------------------------------------------------------------

    async def audit(self, path: str, params: base.Params = (), *, ask: judging.Ask | None = None) -> Mapping[str, Any]:
        """GET something of the audit service. Raises SourceMissing for what does not exist there."""

        async def send(prefix: str) -> Any:
            return await self.read(f"{prefix}admin/audit/{path}", params, ask=ask)

        return await self._sent(send)

    async def change(self, method: str, path: str, body: Mapping[str, Any], *, trying: bool = False) -> Mapping[str, Any]:
        """Change something of the audit service: sent once, as `write`. `trying`: a word that may not be known there."""
        ask = replace(self._writing, answers=UNKNOWN) if trying else None

        async def send(prefix: str) -> bytes:
            return await self.write(method, f"{prefix}admin/audit/{path}", body=body, ask=ask)

        found = self.json(await self._sent(send))
        return found if isinstance(found, Mapping) else {}

    async def page(self, params: base.Params = (), *, number: int = 1, size: int = SIZE, trying: bool = False) -> RawPage:
        """One page of the anomalies. `trying`: a status that may not be known there."""
        ask = replace(self._reading, answers=UNKNOWN) if trying else None
        return self.paged(await self.audit("anomalies", [*params, ("page", number), ("page_size", size)], ask=ask), size)

    def paged(self, reply: Mapping[str, Any], size: int) -> RawPage:
        """A list as it came; one without items is `null`. Raises SourceGarbled for what is no list."""
        items, told = reply.get("items", reply.get("data")), reply.get("pagination")
        pagination = told if isinstance(told, Mapping) else {}
        if items is None and ("items" in reply or "total" in reply):
            items = []
        if not isinstance(items, list):
            raise errors.SourceGarbled(self.name, f"{self.title} gave an answer that is not a page of a list.")
        total = _whole(reply.get("total"))
        given = _whole(pagination.get("page_size")) or size
        return RawPage(items, total if total is not None else _whole(pagination.get("total")), max(min(given, size), 1))

    @staticmethod
    def one(ident: str, call: str = "") -> str:
        """The path of one anomaly, or of a call on it. Raises SourceMissing for what would be another address."""
        if not ident.strip("."):
            raise errors.SourceMissing(NAME, f'{TITLE} has nothing with the id "{ident}".')
        return f"anomalies/{quote(ident, safe='')}{f'/{call}' if call else ''}"

    def bounds(self, items: int = paging.ANOMALIES, what: str = "anomalies") -> paging.Bounds:
        """How much of a list is read."""
        return paging.Bounds(self.name, self.title, what, items)

    # --- where it is --------------------------------------------------------------------------------------------------

    async def _sent(self, send: Send[Thing]) -> Thing:
        """What is not found may be due to the address: unless that has answered lately, it is tried, and another one looked for."""
        prefix = await self._located()
        try:
            found = await send(prefix)
        except errors.SourceMissing:
            if self._clock.now() - self._seen < SEEN or await self._answers(prefix):
                raise
            self._prefix = ""
            found = await send(await self._located(but=prefix))
        self._seen = self._clock.now()
        return found

    async def _located(self, but: str = "") -> str:
        """Where the audit service is: as it was remembered, or found by asking for a page of one. `but` is where it was not found."""
        async with self._locating:
            if not self._prefix and not but:
                self._prefix = await self._remembered()
            if not self._prefix:
                self._prefix = await self._found(but)
                with contextlib.suppress(errors.StoreError):
                    await self._traits.merge(self.name, self.host, {"prefix": self._prefix}, self._clock.now())
            return self._prefix

    async def _remembered(self) -> str:
        with contextlib.suppress(errors.StoreError):
            known = await self._traits.get(self.name, self.host)
            found = known.get("prefix") if isinstance(known, Mapping) else None
            return found if found in PREFIXES else ""
        return ""

    async def _found(self, but: str) -> str:
        for prefix in PREFIXES:
            if prefix != but and await self._answers(prefix):
                return prefix
        places = " nor ".join(f"/bff/{prefix}" for prefix in PREFIXES)
        text = f"{self.title} has its audit service neither at {places} of {self.host}. Check AUTIONAL_URL."
        raise errors.SourceRejected(self.name, text, status=404)

    async def _answers(self, prefix: str) -> bool:
        """Whether the list of anomalies is there."""
        try:
            await self.read(f"{prefix}admin/audit/anomalies", [("page", 1), ("page_size", 1)])
        except errors.SourceMissing:
            return False
        self._seen = self._clock.now()
        return True


def _whole(value: Any) -> int | None:
    return min(value, LONGEST) if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
