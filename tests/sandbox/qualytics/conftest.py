"""A fake Qualytics per test, and clients that hold its token."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from sandbox import qualytics


@pytest.fixture
def world() -> qualytics.Deployment:
    return qualytics.Deployment()


@pytest.fixture
async def url(world: qualytics.Deployment) -> AsyncIterator[str]:
    async with qualytics.running(world) as base:
        yield base


@pytest.fixture
async def api(url: str) -> AsyncIterator[httpx.AsyncClient]:
    """The service, with all rights."""
    headers = {"Authorization": f"Bearer {qualytics.SANDBOX_TOKEN}"}
    async with httpx.AsyncClient(base_url=f"{url}/api", headers=headers, timeout=5, verify=False) as client:
        yield client


@pytest.fixture
async def control(url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"{url}/_control", timeout=5, verify=False) as client:
        yield client


@pytest.fixture
def tell(control: httpx.AsyncClient) -> Callable[..., Awaitable[Any]]:
    """POST to the control routes; fails the test when that is refused."""

    async def post(route: str, /, **body: Any) -> Any:
        reply = await control.post(route, json=body)
        assert reply.status_code == 200, reply.text
        return reply.json()

    return post
