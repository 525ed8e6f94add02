"""Two processes of the desk on one database: what Slack tells of a Home is drawn by one of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.render.kit import ids
from bot.store import engine
from tests.handlers import front as fronts
from tests.handlers import homes
from tests.handlers.front import DANA, Front
from tests.store import conftest as databases
from tests.walks import stage as staging

pytestmark = pytest.mark.asyncio(loop_scope="module")

server = databases.server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def both(server: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Front, Front]]:
    """Two desks between the same fakes."""
    folder: Path = tmp_path_factory.mktemp("desk")
    url = databases.database(server)
    await engine.migrate(url)
    async with AsyncExitStack() as stack:
        stage = await stack.enter_async_context(staging.staged(folder))
        yield (
            await stack.enter_async_context(fronts.desk(stage, DATABASE_URL=url)),
            await stack.enter_async_context(fronts.desk(stage, DATABASE_URL=url)),
        )


async def test_one_opening_that_both_are_told_of_is_drawn_once(both: tuple[Front, Front]) -> None:
    first, second = both
    payload = homes.opening(first)
    await asyncio.gather(homes.tell(first, payload), homes.tell(second, payload))
    assert homes.published(first) == 1 and "Assigned to you" in homes.seen(first)


async def test_two_openings_at_one_moment_are_drawn_once_in_three_seconds_and_then_once_more(both: tuple[Front, Front]) -> None:
    first, second = both
    for one in both:
        homes.later(one, 10)
    before = homes.published(first)
    await asyncio.gather(homes.tell(first, homes.opening(first)), homes.tell(second, homes.opening(second)))
    assert homes.published(first) == before + 1
    for one in both:
        homes.later(one)
        await one.running.desk.home.work()
    assert homes.published(first) <= before + 2


async def test_what_somebody_does_through_another_process_is_in_the_home_that_this_one_drew(both: tuple[Front, Front]) -> None:
    first, second = both
    (ident,) = await first.arrive(weight=99)
    await homes.opened(first)
    for one in both:
        homes.later(one)
    homes.later(second, 10)
    await second.send(second.press(first.card(ident), ids.ACKNOWLEDGE))
    assert f"#{ident}" not in homes.seen(first).partition("Nobody has acknowledged")[2]
    home = await first.running.store.homes.get(DANA)
    assert home is not None and home.hash == first.stage.workspace.modals.homes[DANA].hash
