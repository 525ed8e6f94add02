"""Fixtures of the walks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.walks import forking
from tests.walks import stage as staging


@pytest.fixture(scope="session")
def zygote(testrun_uid: str) -> Iterator[forking.Zygote]:
    """Where this run's bots are forked from; a new process for each would import everything anew, more than a second every time."""
    with forking.zygote(testrun_uid) as made:
        yield made


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[staging.Stage]:
    """Both fakes, nothing open at the start, no bot yet."""
    async with staging.staged(tmp_path) as made:
        yield made


@pytest.fixture
async def desk(stage: staging.Stage, zygote: forking.Zygote) -> AsyncIterator[staging.Stage]:
    """Both fakes and a bot that is ready and has made first contact."""
    bot = stage.fork(zygote)
    await bot.start()
    try:
        await stage.until(stage.messages)
        yield stage
    finally:
        await bot.kill()
