"""One desk for each module: its tests share the workspace, and each brings its own anomalies."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.handlers import front as fronts


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def front(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[fronts.Front]:
    """Both fakes and a desk between them; nothing was open at the start."""
    async with fronts.opened(tmp_path_factory.mktemp("desk")) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=[("strange",), ("qualytics", "strange")], ids=["alone", "mixed"])
async def either(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[fronts.Front]:
    """The same with the strange system, alone or as the second one."""
    async with fronts.opened(tmp_path_factory.mktemp("desk"), request.param) as made:
        yield made
