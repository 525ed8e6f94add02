"""A fake Anodot per test with a clock that stands, and clients that hold its token."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from sandbox import anodot

ALL = "short,medium,long,longlong,weekly"


@pytest.fixture
def clock() -> list[datetime]:
    """Its one value is the time; set it to let time pass."""
    return [datetime(2026, 11, 27, 9, 0, tzinfo=UTC)]


@pytest.fixture
def world(clock: list[datetime]) -> anodot.Account:
    return anodot.Account(clock=lambda: clock[0])


@pytest.fixture
async def url(world: anodot.Account) -> AsyncIterator[str]:
    async with anodot.running(world) as base:
        yield base


@pytest.fixture
async def web(url: str) -> AsyncIterator[httpx.AsyncClient]:
    """All of the host, as nobody."""
    async with httpx.AsyncClient(base_url=url, timeout=5, verify=False) as client:
        yield client


@pytest.fixture
async def api(url: str, world: anodot.Account) -> AsyncIterator[httpx.AsyncClient]:
    """The API, with a token."""
    token = world.tokens.exchange(anodot.SANDBOX_KEY, world.now(), 30 * 86_400)
    async with httpx.AsyncClient(
        base_url=f"{url}/api/v2/", headers={"Authorization": f"Bearer {token}"}, timeout=5, verify=False
    ) as client:
        yield client


@pytest.fixture
def tell(web: httpx.AsyncClient) -> Callable[..., Awaitable[Any]]:
    """POST to the control routes; fails the test when that is refused."""

    async def post(route: str, /, **body: Any) -> Any:
        reply = await web.post(f"/_control/{route}", json=body)
        assert reply.status_code == 200, reply.text
        return reply.json()

    return post


Tell = Callable[..., Awaitable[Any]]


async def listed(api: httpx.AsyncClient, **params: Any) -> list[dict[str, Any]]:
    """The anomalies that a list answers, of all scales where none is asked for."""
    reply = await api.get("anomalies", params={"resolution": ALL, **params})
    assert reply.status_code == 200, reply.text
    return list(reply.json()["anomalies"])


async def ids(api: httpx.AsyncClient, **params: Any) -> set[str]:
    return {str(one["id"]) for one in await listed(api, **params)}
