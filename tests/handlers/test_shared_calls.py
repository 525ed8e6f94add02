"""What a system takes in a minute is divided by the processes that are there, as they come and go."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.handlers import front as fronts

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_calls_of_a_system_are_divided_by_the_processes_that_are_there(tmp_path: Path) -> None:
    async with fronts.opened(tmp_path, QUALYTICS_CALLS_PER_MINUTE="600") as front:
        running = front.running
        workers, clock, budget = running.store.workers, running.desk.clock, running.calls["qualytics"]
        await running.presence.beat()
        assert budget.per_minute == 600
        for ident, role in (("a", "worker"), ("b", "worker"), ("c", "web")):
            await workers.beat(ident, role, clock.now())
        await running.presence.beat()
        assert budget.per_minute == 150, "a web calls systems, too: clicks"
        await workers.leave("c")
        await running.presence.beat()
        assert budget.per_minute == 200
