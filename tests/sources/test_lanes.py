"""How many calls of a system are under way at once: a click never waits behind a bulk or a poll."""

from __future__ import annotations

import asyncio
from collections import Counter

import httpx
import pytest

from bot import ports
from bot.sources import base
from tests.sources import wires
from tests.sources.staging import Clock


class Held:
    """A server that answers nobody before it is told to, and counts who is there."""

    def __init__(self) -> None:
        self.open, self.there, self.most = asyncio.Event(), Counter[str](), Counter[str]()

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        lane = request.url.path.rpartition("/")[2]
        self.there[lane] += 1
        self.most[lane] = max(self.most[lane], self.there[lane])
        try:
            await self.open.wait()
        finally:
            self.there[lane] -= 1
        return httpx.Response(200, json={})


async def click(wire: base.HttpSource, *, write: bool) -> None:
    with ports.clicked():
        await (wire.write("PUT", "click") if write else wire.read("click"))


async def settled() -> None:
    """Everybody has come as far as they come."""
    for _ in range(50):
        await asyncio.sleep(0)


@pytest.mark.parametrize("allowance", [None, ports.Lanes(clicks=3, writes=1, reads=2)])
async def test_each_lane_has_its_own_places(allowance: ports.Lanes | None, clock: Clock) -> None:
    held = Held()
    wire = wires.wire(held, clock, allowance=allowance)
    bulk = [asyncio.create_task(wire.read("read") if number % 2 else wire.write("PUT", "write")) for number in range(80)]
    await settled()
    clicks = [asyncio.create_task(click(wire, write=bool(number % 2))) for number in range(40)]
    await settled()
    expected = allowance or ports.Lanes(12, 4, 8)
    assert held.there == {"read": expected.reads, "write": expected.writes, "click": expected.clicks}
    held.open.set()
    await asyncio.gather(*bulk, *clicks)
    assert held.most == {"read": expected.reads, "write": expected.writes, "click": expected.clicks}


async def test_a_task_that_a_click_begins_is_urgent_and_what_follows_the_click_is_not() -> None:
    async def look() -> bool:
        return ports.urgent()

    with ports.clicked():
        within = asyncio.create_task(look())
        with ports.clicked(really=False):
            assert not ports.urgent()
        assert ports.urgent()
    after = asyncio.create_task(look())
    assert (await within, await after, ports.urgent()) == (True, False, False)


async def test_every_call_is_counted_also_one_that_is_repeated(clock: Clock) -> None:
    spent: list[bool] = []

    class Counted:
        async def spend(self, *, urgent: bool) -> None:
            spent.append(urgent)

    wire = wires.wire(lambda _: httpx.Response(500), clock, budget=Counted())
    with pytest.raises(Exception, match="HTTP 500"):
        await click(wire, write=False)
    with pytest.raises(Exception, match="HTTP 500"):
        await wire.write("PUT", "things/1")
    assert spent == [True] * base.ATTEMPTS + [False]
