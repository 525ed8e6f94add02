"""What source tests share: a clock that stands still, traits in memory, samples, a function as the server, and the running fake."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from bot import model
from bot.sources.qualytics import source as qualytics
from sandbox import qualytics as fake

NOW = datetime(2026, 5, 8, 12, 0, tzinfo=UTC)
TOKEN = "s3cret-token-value"
FIXTURES = Path(__file__).parent / "fixtures"


class Clock:
    """A clock that moves only when told."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def pass_by(self, **time: float) -> None:
        self.at += timedelta(**time)


class Traits:
    """Traits in memory, as JSON: what does not survive JSON would not survive the store."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], str] = {}

    async def get(self, source: str, host: str) -> Any:
        return json.loads(self.values[source, host]) if (source, host) in self.values else None

    async def put(self, source: str, host: str, traits: Any, now: datetime) -> None:
        self.values[source, host] = json.dumps(traits)


def fixture(name: str) -> Any:
    """A JSON sample in the vendor's shape."""
    return json.loads((FIXTURES / f"{name}.json").read_text())


def anomaly_json(ident: int, **fields: Any) -> dict[str, Any]:
    """The sample anomaly with another id."""
    return {**fixture("anomaly"), "id": ident, **fields}


def page_json(items: list[Any], total: int | None = None, page: int = 1, size: int = 100) -> dict[str, Any]:
    count = len(items) if total is None else total
    return {"items": items, "total": count, "page": page, "size": size, "pages": -(-count // size)}


Handler = Callable[[httpx.Request], httpx.Response]


class Wire:
    """A function as the server; keeps the requests."""

    def __init__(self, handler: Handler) -> None:
        self.handler, self.requests = handler, list[httpx.Request]()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.handler(request)

    @property
    def lines(self) -> list[str]:
        return [f"{one.method} {one.url.path}" for one in self.requests]


Make = Callable[..., qualytics.Qualytics]
"""make(handler, **settings): a Qualytics whose server is a function."""


class RealClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class Deployment:
    """A fake deployment that runs, and sources that speak to it."""

    def __init__(self, url: str, parts: Any) -> None:
        self.url, self.parts, self.world, self.traits = url, parts, parts.world, Traits()
        self._made: list[qualytics.Qualytics] = []

    def source(self, **settings: Any) -> qualytics.Qualytics:
        given = {"url": self.url, "token": fake.SANDBOX_TOKEN, "clock": RealClock(), "traits": self.traits, **settings}
        self._made.append(qualytics.Qualytics(**given))
        return self._made[-1]

    def calls(self) -> list[dict[str, Any]]:
        """What was sent since the last look."""
        calls = list(self.parts.app.calls)
        self.parts.app.calls.clear()
        return calls

    def lines(self) -> list[str]:
        return [f"{one['method']} {one['path'].removeprefix('/api/')}" for one in self.calls()]

    async def aclose(self) -> None:
        for one in self._made:
            await one.aclose()


async def opened(system: Deployment, **settings: Any) -> tuple[Any, list[model.Anomaly]]:
    source = system.source(**settings)
    found = list((await source.changes("")).anomalies)
    system.calls()
    return source, found


def truth(system: Deployment, anomaly: model.Anomaly) -> Any:
    return system.world.anomalies.get(int(anomaly.ref.id))


def mine(found: list[model.Anomaly], datastore: str = "42") -> list[model.Anomaly]:
    return [one for one in found if one.datastore and one.datastore.id == datastore]
