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
