"""Ten thousand at once: the channel stays quiet, the system is asked little, and none is lost."""

from __future__ import annotations

import re
from pathlib import Path

from tests.faults import house as housing
from tests.faults.house import House
from tests.walks import stage as staging
from tests.walks.stage import Json, visible

MANY = 10_000
PAGES = 100


async def _round(house: House) -> tuple[int, int]:
    """One poll and what it posts; returns how often the list was asked for new ones, and how often for posted ones."""
    before = len(await house.asked())
    await house.desk.poll.poll("qualytics", now_please=True)
    await house.desk.post.flush()
    calls = (await house.asked())[before:]
    watching = [call for call in calls if any(name == "id" for name, _ in call["query"])]
    return len(calls) - len(watching), len(watching)


async def _lasting(house: House) -> list[Json]:
    return [message for message in await house.stage.messages() if not message["ephemeral"]]


async def test_ten_thousand_at_first_contact_and_ten_thousand_in_one_scan(tmp_path: Path) -> None:
    async with staging.staged(tmp_path, open_at_start=MANY) as stage, housing.opened(stage, poll=3600) as house:
        assert len(await house.asked()) <= PAGES + 1
        await house.told("10,000 were already open")
        assert len(await _lasting(house)) <= 2
        assert await _round(house) == (1, 0)
        assert len(await _lasting(house)) <= 2

        before = len(await _lasting(house))
        await stage.arrive(MANY)
        lists, watched = await _round(house)
        assert lists <= PAGES + 5
        assert watched <= 10
        new = (await _lasting(house))[before:]
        assert len(new) <= 5
        (group,) = [message for message in new if "arrived together" in visible(message)]
        assert re.search(r"10,000 anomalies in \d+ tables arrived together", visible(group)), visible(group)
        stored = await house.desk.store.anomalies.totals()
        assert sum(stored.values()) == 2 * MANY

        for _ in range(2):
            house.clock.pass_by(60)
            lists, watched = await _round(house)
            assert lists == 1
            assert 1 <= watched <= 10
        assert len(await _lasting(house)) == before + len(new)
        await stage.press(group, "group.list")
        assert "1 to 10 of 10,000" in visible(await stage.ephemeral("1 to 10 of"))
