"""A fake Anomify per test with a clock that stands, and clients with and without its token."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from sandbox import anomify

TOKEN = {"X-Auth-Token": anomify.SANDBOX_TOKEN}


@pytest.fixture
def clock() -> list[datetime]:
    """Its one value is the time; set it to let time pass."""
    return [datetime(2026, 11, 27, 9, 0, tzinfo=UTC)]


@pytest.fixture
def world(clock: list[datetime]) -> anomify.Organisation:
    return anomify.Organisation(clock=lambda: clock[0])


@pytest.fixture
async def url(world: anomify.Organisation) -> AsyncIterator[str]:
    async with anomify.running(world) as base:
        yield base


@pytest.fixture
async def web(url: str) -> AsyncIterator[httpx.AsyncClient]:
    """As nobody; keeps cookies."""
    async with httpx.AsyncClient(base_url=url, timeout=5, verify=False) as client:
        yield client


@pytest.fixture
async def api(url: str) -> AsyncIterator[httpx.AsyncClient]:
    """With the token."""
    async with httpx.AsyncClient(base_url=url, headers=TOKEN, timeout=5, verify=False) as client:
        yield client


@pytest.fixture
def tell(url: str) -> Callable[..., Awaitable[Any]]:
    """POST to the control routes; fails the test when that is refused."""

    async def post(route: str, /, method: str = "POST", **body: Any) -> Any:
        async with httpx.AsyncClient(base_url=url, timeout=5, verify=False) as client:
            reply = await client.request(method, f"/_control/{route}", json=body)
        assert reply.status_code == 200, reply.text
        return reply.json()

    return post


Tell = Callable[..., Awaitable[Any]]


async def detail(api: httpx.AsyncClient, ident: int) -> dict[str, Any]:
    """The `data` of an anomaly."""
    reply = await api.get(f"/anomaly/{ident}")
    told = reply.json()
    assert (reply.status_code, told["status"]["code"]) == (200, 200), told
    return dict(told["data"])


async def code(client: httpx.AsyncClient, path: str, **more: Any) -> tuple[int, int]:
    """The HTTP status, and the one inside."""
    reply = await client.get(path, **more)
    return reply.status_code, reply.json()["status"]["code"]
