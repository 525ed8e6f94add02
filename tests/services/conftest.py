"""Fixtures of the services: both databases, as the tests of the store have them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.store import engine
from tests.services import desk as desks
from tests.services import lab as labs
from tests.services import town as towns
from tests.store.conftest import server, shared, store, url
from tests.strange import loose

__all__ = ["kind", "lab", "loose_town", "server", "shared", "store", "town", "url", "world"]


@pytest.fixture(params=["sqlite"])
def kind(request: pytest.FixtureRequest) -> str:
    """Which database: the other one too, where a test says so."""
    return str(request.param)


@pytest.fixture
def lab(store: engine.Store) -> labs.Lab:
    """One process of the desk, at noon."""
    return labs.Lab(store)


@pytest.fixture
def world(store: engine.Store) -> desks.World:
    """A database, a system, a workspace, at noon."""
    return desks.World(store)


@pytest.fixture(params=["alone", "mixed"])
async def town(request: pytest.FixtureRequest, store: engine.Store) -> AsyncIterator[towns.Town]:
    """The same with a strange system, alone and beside the other."""
    async with towns.built(store, mixed=request.param == "mixed") as made:
        yield made


@pytest.fixture(params=["alone", "mixed"])
async def loose_town(request: pytest.FixtureRequest, store: engine.Store) -> AsyncIterator[towns.Town]:
    """The same with one that keeps nothing of some of its anomalies."""
    async with towns.built(store, mixed=request.param == "mixed", kind=loose.Loose) as made:
        yield made
