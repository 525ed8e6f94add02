"""One fake for each system, and the same questions for all."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.sources.contract import harness


@pytest.fixture(params=sorted(harness.HARNESSES))
async def system(request: pytest.FixtureRequest) -> AsyncIterator[harness.Harness]:
    """Each system in turn."""
    async with harness.HARNESSES[request.param]() as made:
        yield made
        await made.aclose()
