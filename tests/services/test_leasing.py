"""A lease is renewed while the work goes on, given back at its end, and its loss ends the work."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta

import pytest

from bot import errors
from bot.services import leasing
from bot.store import engine
from tests.services import cast


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leasing, "SECONDS", 1.5)
    monkeypatch.setattr(leasing, "EVERY", 0.05)


class Wall:
    """The time on the wall, which goes on."""

    def now(self) -> datetime:
        return cast.NOON + timedelta(seconds=time.monotonic())


CLOCK = Wall()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_work_that_takes_longer_than_its_lease_keeps_it_to_the_end(store: engine.Store) -> None:
    async with leasing.trying(store.leases, CLOCK, "sources", "a") as lease:
        assert lease is not None
        for _ in range(8):
            await asyncio.sleep(0.25)
            async with leasing.trying(store.leases, CLOCK, "sources", "a") as other:
                assert other is None
    async with leasing.trying(store.leases, CLOCK, "sources", "a") as lease:
        assert lease is not None, "given back"


async def test_what_is_added_meanwhile_is_renewed_and_given_back_too(store: engine.Store) -> None:
    one = await store.leases.take("anomalies", "a", CLOCK.now(), leasing.SECONDS)
    two = await store.leases.take("anomalies", "b", CLOCK.now(), leasing.SECONDS)
    assert one is not None and two is not None
    async with leasing.holding(store.leases, CLOCK, one) as held:
        held.append(two)
        await asyncio.sleep(2)
        assert await store.leases.take("anomalies", ["a", "b"], CLOCK.now(), 1) is None
    assert await store.leases.take("anomalies", ["a", "b"], CLOCK.now(), 1) is not None


async def test_a_lease_that_passed_on_cuts_the_work_off(store: engine.Store) -> None:
    ended = asyncio.Event()
    with pytest.raises(errors.LeaseLost):
        async with leasing.trying(store.leases, CLOCK, "sources", "a") as lease:
            assert lease is not None
            await store.leases.release(lease)
            assert await store.leases.take("sources", "a", CLOCK.now(), 60) is not None
            try:
                await asyncio.sleep(30)
            finally:
                ended.set()
    assert ended.is_set()
    assert await store.leases.take("sources", "a", CLOCK.now(), 60) is None, "the new owner's lease is left alone"


@pytest.mark.parametrize("silent", [False, True])
async def test_a_database_that_is_gone_for_as_long_as_the_lease_ends_the_work_and_not_before(silent: bool) -> None:
    begun = time.monotonic()

    async def renew() -> bool:
        if silent:
            await asyncio.sleep(30)
        raise errors.StoreUnavailable("gone")

    with pytest.raises(errors.LeaseLost):
        async with leasing.kept(renew):
            await asyncio.sleep(30)
    assert 0.3 < time.monotonic() - begun < 5


async def test_a_database_that_is_back_in_time_changes_nothing() -> None:
    answers = iter([False, False, True] * 9)

    async def renew() -> bool:
        if not next(answers):
            raise errors.StoreUnavailable("gone")
        return True

    async with leasing.kept(renew):
        await asyncio.sleep(1)


async def test_what_the_work_raises_is_raised_as_it_is(store: engine.Store) -> None:
    for error in (TimeoutError, KeyError, asyncio.CancelledError):
        with pytest.raises(error):
            async with leasing.trying(store.leases, CLOCK, "sources", "a"):
                raise error
    async with leasing.trying(store.leases, CLOCK, "sources", "a") as lease:
        assert lease is not None
