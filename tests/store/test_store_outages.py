"""A database that is gone, silent, full or read-only: noticed in time, told once, and everything goes on afterwards."""

from __future__ import annotations

import asyncio
import logging
import resource
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from sqlalchemy.engine import make_url

from bot import errors, model, scheduling
from bot.store import connections, engine, outage
from tests.faults import house as housing
from tests.store import proxies
from tests.store.making import NOON, SOURCE, after
from tests.walks import stage as staging

QUICK = connections.Patience(connect=4.0, command=1.0, pool=8.0, close=0.2)
BOUND = 40.0
"""Far more than anything here takes; without the mending it takes for ever."""


@pytest.fixture
async def proxied(server: Any) -> AsyncIterator[tuple[proxies.Proxy, str]]:
    """A migrated database of PostgreSQL, the proxy before it, and the URL through the proxy."""
    name = f"desk_{uuid.uuid4().hex}"
    server.psql(f"CREATE DATABASE {name};")
    folder = str(make_url(server.get_uri()).query["host"])
    async with proxies.before(f"{folder}/.s.PGSQL.5432") as proxy:
        url = f"postgresql://postgres@127.0.0.1:{proxy.port}/{name}?sslmode=disable"
        await engine.migrate(url)
        yield proxy, url


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the log says from INFO on, but for other rooms' usual lines."""
    return [record.getMessage() for record in caplog.records if record.name == outage.__name__]


async def test_a_silent_server_fails_what_is_under_way_and_is_forgotten_at_once_when_it_speaks(
    proxied: tuple[proxies.Proxy, str], caplog: pytest.LogCaptureFixture
) -> None:
    """Every pooled connection is dead; none of them is waited for twice."""
    caplog.set_level(logging.INFO)
    proxy, url = proxied
    store = await engine.open(url, QUICK)
    await asyncio.gather(*(store.traits.merge(SOURCE, f"k{number}", number, NOON) for number in range(10)))
    proxy.silence()
    started = time.monotonic()
    async with asyncio.timeout(BOUND):
        outcomes = await asyncio.gather(
            *(store.traits.get(SOURCE, "k1") for _ in range(10)), store.traits.merge(SOURCE, "k2", 3, NOON), return_exceptions=True
        )
    assert {type(outcome) for outcome in outcomes} == {errors.StoreUnavailable}
    proxy.speak()
    async with asyncio.timeout(BOUND):
        assert await store.traits.get(SOURCE, "k1") == 1
        await store.traits.merge(SOURCE, "k2", 4, NOON)
    await store.close()
    assert time.monotonic() - started < BOUND
    lines = told(caplog)
    assert len(lines) == 2 and "the database cannot be" in lines[0] and lines[1].startswith("the database works again")
    assert [record for record in caplog.records if record.levelno >= logging.WARNING and record.name != outage.__name__] == []


async def test_work_that_is_cancelled_while_the_server_is_silent_ends(proxied: tuple[proxies.Proxy, str]) -> None:
    proxy, url = proxied
    store = await engine.open(url, QUICK)
    await store.can_read()
    proxy.silence()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(BOUND):
            async with asyncio.timeout(0.05):
                await store.can_read()
    proxy.speak()
    async with asyncio.timeout(BOUND):
        await store.can_read()
        await store.close()


async def test_a_desk_that_stops_does_not_wait_for_a_silent_server(proxied: tuple[proxies.Proxy, str]) -> None:
    proxy, url = proxied
    store = await engine.open(url, QUICK)
    await store.can_read()
    proxy.silence()
    async with asyncio.timeout(BOUND):
        await store.close()


async def test_a_claim_that_could_not_be_given_back_does_not_keep_its_owner_away(proxied: tuple[proxies.Proxy, str]) -> None:
    proxy, url = proxied
    store = await engine.open(url, QUICK)
    other = await engine.open(url, QUICK)
    lease = await store.leases.take("sources", SOURCE, NOON, 300)
    assert lease is not None
    assert await store.leases.take("sources", SOURCE, NOON, 300) is None
    proxy.silence()
    with pytest.raises(errors.StoreUnavailable):
        await store.leases.release(lease)
    proxy.speak()
    assert await _again(lambda: other.leases.take("sources", SOURCE, NOON, 300)) is None
    assert await store.leases.take("sources", SOURCE, NOON, 300) is not None
    await store.close()
    await other.close()


async def _again(call: Callable[[], Awaitable[model.Lease | None]]) -> model.Lease | None:
    """Once more where the first try meets a connection that is dead."""
    try:
        return await call()
    except errors.StoreUnavailable:
        return await call()


async def test_the_server_is_told_to_end_what_we_leave_behind(proxied: tuple[proxies.Proxy, str]) -> None:
    _, url = proxied
    store = await engine.open(url, QUICK)
    async with store.db.reader.connect() as connection:
        for name, value in connections.server_settings(QUICK).items():
            if not name.startswith("tcp_"):  # a unix socket has none of these
                assert (await connection.exec_driver_sql(f"SHOW {name}")).scalar() == value
    await store.close()


# --- a database that can only be read -------------------------------------------------------------------------------------


@contextmanager
def full_disk() -> Iterator[None]:
    """Files of this process cannot grow any more."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_a_full_disk_can_be_read_and_not_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    url = f"sqlite:///{tmp_path}/desk.db"
    await engine.migrate(url)
    store = await engine.open(url)
    await store.can_write(NOON)
    with full_disk():
        await store.can_read()
        for turn in range(1, 4):  # at another time: SQLite leaves out a write that changes nothing
            with pytest.raises(errors.StoreUnavailable):
                await store.can_write(after(turn))
            await store.can_read()
        assert (await store.fault(after(4))).startswith("it can be read, but not written")
    assert await store.fault(after(5)) == ""
    await store.close()
    lines = told(caplog)
    assert len(lines) == 2 and "cannot be written" in lines[0] and "works again" in lines[1]


async def test_a_replica_that_takes_over_can_be_read_and_not_written(proxied: tuple[proxies.Proxy, str], server: Any) -> None:
    _, url = proxied
    server.psql(f"ALTER DATABASE {make_url(url).database} SET default_transaction_read_only = on;")
    store = await engine.open(url, QUICK)
    await store.can_read()
    with pytest.raises(errors.StoreUnavailable):
        await store.can_write(NOON)
    await store.close()


async def test_a_statement_that_is_wrong_is_no_outage(proxied: tuple[proxies.Proxy, str], caplog: pytest.LogCaptureFixture) -> None:
    _, url = proxied
    store = await engine.open(url, QUICK)
    with pytest.raises(errors.StoreError) as wrong:
        await store.db.read(lambda connection: connection.exec_driver_sql("SELECT nothing_like_that"))
    assert not isinstance(wrong.value, errors.StoreUnavailable) and told(caplog) == []
    await store.close()


# --- told once ------------------------------------------------------------------------------------------------------------


async def test_whatever_fails_in_an_outage_is_one_line_and_only_a_write_ends_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    trouble = outage.Outage()
    before = trouble.now()
    trouble.failed(outage.WRITE, "no space left", trouble.now())
    trouble.failed(outage.READ, "no answer in time", before)
    trouble.worked(outage.READ, trouble.now())
    trouble.failed(outage.WRITE, "no space left", trouble.now())
    trouble.worked(outage.WRITE, before)
    assert told(caplog) == ["the database cannot be written: no space left; what needs it is tried again"]
    trouble.worked(outage.WRITE, trouble.now())
    assert told(caplog)[1:] == ["the database works again, after 0 s"]


async def test_what_hung_since_the_outage_tells_of_no_other_one(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    trouble = outage.Outage()
    trouble.failed(outage.WRITE, "connection was closed", trouble.now())
    hanging = trouble.now()
    trouble.worked(outage.WRITE, trouble.now())
    trouble.failed(outage.READ, "no answer in time", hanging)
    assert len(told(caplog)) == 2, "it began before the outage was over"
    trouble.failed(outage.READ, "no answer in time", trouble.now())
    assert told(caplog)[2:] == ["the database cannot be read: no answer in time; what needs it is tried again"]


# --- the whole desk -------------------------------------------------------------------------------------------------------


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[staging.Stage]:
    """Both fakes, nothing open at the start, no bot yet."""
    async with staging.staged(tmp_path) as made:
        yield made


OWN = ("bot", "handlers", "asyncio", "sqlalchemy", "slack_bolt", "asyncpg", "apscheduler", "aiohttp")


@pytest.mark.parametrize("kind", ["silent", "gone"])
async def test_a_desk_goes_on_when_its_database_comes_back_and_tells_of_it_twice(
    kind: str, proxied: tuple[proxies.Proxy, str], stage: staging.Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """Meanwhile it is not ready, says so in words without the database's own, and the log gets one line for all jobs and listeners."""
    proxy, url = proxied
    with (
        mock.patch.object(connections, "Patience", return_value=QUICK),
        mock.patch.object(scheduling, "RETRY_SECONDS", 0.2),
        mock.patch.object(engine, "FAULT_SECONDS", 1.5),
    ):
        async with housing.opened(stage, poll=6.0, DATABASE_URL=url) as house:
            first = await stage.arrive()
            await house.desk.poll.poll("qualytics", now_please=True)
            card = await stage.card(first[0], "waiting since")
            assert await house.soon(lambda: _is_ready(house))
            caplog.set_level(logging.INFO)
            caplog.clear()
            await proxy.vanish() if kind == "gone" else proxy.silence()
            (ident,) = await stage.arrive()
            await stage.command("/anomalies count")
            await stage.press(card, "anomaly.acknowledge")
            down = await house.soon(lambda: _not_ready(house))
            assert set(down) == {"database"} and "asyncpg" not in str(down) and "127.0.0.1" not in str(down)
            await stage.ephemeral("The desk could not do this")
            await asyncio.sleep(QUICK.command)  # the outage lasts: every job has met it several times
            await proxy.open() if kind == "gone" else proxy.speak()
            await stage.card(ident, "waiting since")
            assert await house.soon(lambda: _is_ready(house))
    lines = [f"{r.name}: {r.getMessage()}" for r in caplog.records if r.name.split(".")[0] in OWN and r.levelno >= logging.WARNING]
    assert len(lines) == 1 and "the database cannot be" in lines[0], lines
    assert len([line for line in told(caplog) if "works again" in line]) == 1


async def _ready(house: housing.House) -> dict[str, Any]:
    return dict((await house.stage.http.get(f"http://127.0.0.1:{house.port}/readyz")).json())


async def _not_ready(house: housing.House) -> dict[str, str]:
    reply = await house.stage.http.get(f"http://127.0.0.1:{house.port}/readyz")
    assert reply.status_code == (200 if reply.json()["ready"] else 503)
    return dict(reply.json()["missing"])


async def _is_ready(house: housing.House) -> bool:
    return bool((await _ready(house))["ready"])
