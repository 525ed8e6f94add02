"""A fake Autional per test, and clients that hold its token."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from sandbox import autional

HEADERS = {"Authorization": f"Bearer {autional.SANDBOX_TOKEN}", "X-Tenant-ID": autional.TENANT}


@pytest.fixture
def world() -> autional.Tenant:
    return autional.Tenant()


@pytest.fixture
async def url(world: autional.Tenant) -> AsyncIterator[str]:
    async with autional.running(world) as base:
        yield base


@pytest.fixture
async def web(url: str) -> AsyncIterator[httpx.AsyncClient]:
    """All of the host, as nobody."""
    async with httpx.AsyncClient(base_url=url, timeout=5, verify=False) as client:
        yield client


@pytest.fixture
async def api(url: str) -> AsyncIterator[httpx.AsyncClient]:
    """The audit service, with all rights; "anomalies" is the list."""
    base = f"{url}/bff/audit/api/v1/admin/audit/"
    async with httpx.AsyncClient(base_url=base, headers=HEADERS, timeout=5, verify=False) as client:
        yield client


@pytest.fixture
def tell(web: httpx.AsyncClient) -> Callable[..., Awaitable[Any]]:
    """POST to the control routes; fails the test when that is refused."""

    async def post(route: str, /, **body: Any) -> Any:
        reply = await web.post(f"/_control/{route}", json=body)
        assert reply.status_code == 200, reply.text
        return reply.json()

    return post


@pytest.fixture
def one(world: autional.Tenant) -> str:
    """The newest open anomaly's address below `api`."""
    return f"anomalies/{next(found.id for found in world.newest() if found.status == 'open')}"
