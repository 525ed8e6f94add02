"""Fixtures of the walks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.walks import stage as staging


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[staging.Stage]:
    """Both fakes, nothing open at the start, no bot yet."""
    async with staging.staged(tmp_path) as made:
        yield made


@pytest.fixture
async def desk(stage: staging.Stage) -> AsyncIterator[staging.Stage]:
    """Both fakes and a bot that is ready and has made first contact."""
    bot = stage.bot()
    await bot.start()
    try:
        await stage.until(stage.messages)
        yield stage
    finally:
        await bot.kill()
