"""Fixtures of the fault walks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults import house as housing
from tests.walks import stage as staging


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[staging.Stage]:
    """Both fakes, nothing open at the start, no bot yet."""
    async with staging.staged(tmp_path) as made:
        yield made


@pytest.fixture
async def house(stage: staging.Stage) -> AsyncIterator[housing.House]:
    """A desk at work."""
    async with housing.opened(stage) as made:
        yield made
