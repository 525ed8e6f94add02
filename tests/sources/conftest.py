"""Fixtures of the source tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import tenacity

from bot.sources import base
from bot.sources.qualytics import source as qualytics
from sandbox import qualytics as fake
from tests.sources.staging import TOKEN, Clock, Deployment, Handler, Make, Traits


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def traits() -> Traits:
    return Traits()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries without their pauses."""
    monkeypatch.setattr(base, "_backoff", tenacity.wait_none())


@pytest.fixture
async def over(clock: Clock, traits: Traits) -> AsyncIterator[Make]:
    """over(handler, **settings): a Qualytics whose server is a function."""
    made: list[qualytics.Qualytics] = []

    def make(handler: Handler, **settings: Any) -> qualytics.Qualytics:
        given = {"url": "acme.qualytics.io", "token": TOKEN, "clock": clock, "traits": traits, **settings}
        made.append(qualytics.Qualytics(transport=httpx.MockTransport(handler), **given))
        return made[-1]

    yield make
    for one in made:
        await one.aclose()


@pytest.fixture
async def deployment() -> AsyncIterator[Deployment]:
    async with fake.serving(fake.Deployment(seed=7, open_count=30)) as (url, parts):
        made = Deployment(url, parts)
        yield made
        await made.aclose()


@pytest.fixture
async def system(deployment: Deployment) -> Deployment:
    """The fake Qualytics; what every system promises is tested in `contract`."""
    return deployment
