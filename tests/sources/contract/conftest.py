"""One fake for each system, and the same questions for all."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.sources.contract import harness


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each question goes to every system but those that do not have what it is about."""
    if "system" in metafunc.fixturenames:
        asked = [name for name in sorted(harness.HARNESSES) if metafunc.function.__name__ not in harness.LACKS[name]]
        metafunc.parametrize("system", asked, indirect=True)


@pytest.fixture
async def system(request: pytest.FixtureRequest) -> AsyncIterator[harness.Harness]:
    """Each system in turn."""
    async with harness.HARNESSES[request.param]() as made:
        yield made
        await made.aclose()
