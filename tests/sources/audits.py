"""Autional whose server is a function, and one that runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from bot import model
from bot.sources.autional import client, source
from sandbox import autional
from tests.sources.staging import Clock, RealClock, Traits, Wire, fixture

AUDIT, SPECIFIED = "/bff/audit/api/v1/admin/audit", "/bff/audit-service/api/v1/admin/audit"
TOKEN = "s3cret-token-value"
Answer = Callable[[httpx.Request], httpx.Response]


def detail(**fields: Any) -> httpx.Response:
    """The vendor page's own anomaly, with other fields."""
    return httpx.Response(200, json={"code": 0, "message": "success", "data": {**fixture("autional_anomaly")["data"], **fields}})


def listed(*items: Any, total: int | None = None) -> httpx.Response:
    """A page of a list."""
    count = len(items) if total is None else total
    pagination = {"page": 1, "page_size": 100, "total": count, "total_pages": 1, "has_next": False, "has_prev": False}
    return httpx.Response(200, json={"code": 0, "items": list(items), "total": count, "pagination": pagination})


def routed(answers: dict[tuple[str, str], Answer | httpx.Response], prefix: str = AUDIT) -> Answer:
    """A server with these calls of the audit service, by method and the end of the path; all others are empty lists."""

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.endswith("/members"):
            return listed({"user_id": "usr_analyst001", "username": "Zhang San", "email": "zhang@acme.example"})
        if not path.startswith(prefix):
            return httpx.Response(404, json={"code": 40400000, "message": "route not found"})
        for (method, end), found in answers.items():
            if request.method == method and path.endswith(end):
                return found if isinstance(found, httpx.Response) else found(request)
        return listed()

    return answer


@dataclass
class Site:
    """A source, and what it asks."""

    source: source.Autional
    wire: Wire
    clock: Clock
    traits: Traits

    @property
    def lines(self) -> list[str]:
        """What was asked since the last look: method and the end of the path."""
        found = [line.replace(AUDIT, "").replace(SPECIFIED, "") for line in self.wire.lines]
        self.wire.requests.clear()
        return found


def over(answer: Answer, *, traits: Traits | None = None, clock: Clock | None = None, **settings: Any) -> Site:
    """A source whose server is this function."""
    wire, clock, traits = Wire(answer), clock or Clock(), traits or Traits()
    given = {"url": "https://api.autional.com", "tenant": "tnt_abc123", "who": client.token(TOKEN, clock), **settings}
    made = source.Autional(clock=clock, traits=traits, transport=httpx.MockTransport(wire), **given)
    return Site(made, wire, clock, traits)


@dataclass
class Tenant:
    """A fake tenant that runs, and sources that speak to it."""

    url: str
    parts: Any
    world: autional.Tenant
    traits: Traits = field(default_factory=Traits)
    made: list[source.Autional] = field(default_factory=list)

    def source(self, *, machine: bool = True, **settings: Any) -> source.Autional:
        """A new process that speaks to it, by default with client credentials."""
        clock = settings.pop("clock", RealClock())
        by_client = client.client_credentials(autional.CLIENT_ID, autional.CLIENT_SECRET, self.url, clock)
        who = by_client if machine else client.token(autional.SANDBOX_TOKEN, clock)
        given = {"url": self.url, "tenant": autional.TENANT, "who": who, "traits": self.traits, **settings}
        self.made.append(source.Autional(clock=clock, **given))
        return self.made[-1]

    def lines(self) -> list[str]:
        """What was asked since the last look."""
        calls = [f"{call['method']} {call['path']}" for call in self.parts.app.calls]
        self.parts.app.calls.clear()
        return calls

    async def some(self, made: source.Autional, count: int = 1) -> list[model.Anomaly]:
        """New open ones, as they are read."""
        ids = [one.id for one in self.world.arrive(count)]
        found = await made.get(ids)
        self.lines()
        return [found[ident] for ident in ids]


@asynccontextmanager
async def tenant(**modes: Any) -> AsyncIterator[Tenant]:
    """A fake with these switches, and nothing open at the start."""
    world = autional.Tenant(seed=7, open_count=0)
    for name, value in modes.items():
        setattr(world.modes, name, value)
    async with autional.serving(world) as (url, parts):
        made = Tenant(url, parts, world)
        yield made
        for one in made.made:
            await one.aclose()
