"""Stopping, starting twice, and two at once: nothing is lost, nothing is doubled, and whoever comes next goes on at once."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from bot import app, model
from tests.faults import house as housing
from tests.store import conftest as databases
from tests.walks.stage import Stage, visible

server = databases.server

POST = "chat.postMessage"


def _held(folder: Path) -> list[tuple[Any, ...]]:
    """What is still owned; but for turns, which are kept until they are over."""
    with sqlite3.connect(folder / "desk.db") as db:
        return list(db.execute("select kind, key from leases where kind not in ('notices', 'sweeps')"))


def _lines(folder: Path, ident: int) -> list[tuple[str, str]]:
    with sqlite3.connect(folder / "desk.db") as db:
        return list(db.execute("select action, result from journal where anomaly = ? order by id", (str(ident),)))


async def _once(stage: Stage, idents: list[int]) -> bool:
    shown = [str(m["blocks"]) for m in await stage.messages() if not m["ephemeral"]]
    counts = [sum(f"qualytics:{ident}|" in blocks for blocks in shown) for ident in idents]
    assert max(counts) <= 1, dict(zip(idents, counts, strict=True))
    return min(counts) == 1


async def test_sigterm_under_way_loses_nothing_and_a_second_desk_is_refused(stage: Stage) -> None:
    first = stage.bot(DESK_WAIT_SECONDS="0", DESK_BURST="50", DESK_POLL_SECONDS="0.5")
    await first.start()
    second = stage.bot()
    await second.start(ready=False)
    assert await second.ended() == 2
    (said,) = second.output
    assert "Another Anomaly Desk is already running on" in said
    assert "Stop it first, or use PostgreSQL for several." in said

    (ident,) = await stage.arrive()
    card = await stage.card(ident, "waiting since")
    posts = len(await stage.calls(POST))
    await stage.slack("faults", method=POST, mode="hang", delay_s=1.0, times=1)
    idents = [ident, *await stage.arrive(3)]
    await stage.until(lambda: _called(stage, posts + 1))
    await stage.qualytics("POST", "modes", latency_ms=700)
    await stage.press(card, "anomaly.acknowledge")
    watch = housing.Stopwatch()
    assert await first.stop() == 0, "".join(first.output)
    assert watch.seconds < 20
    assert "Traceback" not in "".join(first.output)
    await stage.qualytics("POST", "modes", latency_ms=0)
    assert _held(stage.folder) == []
    assert (await stage.truth(ident))["status"] == "Acknowledged"
    assert _lines(stage.folder, ident) == [("assign", "done"), ("acknowledge", "done")]

    async with housing.opened(stage):
        await stage.card(ident, "Dana looks into it")
        await stage.until(lambda: _once(stage, idents))
    assert _lines(stage.folder, ident) == [("assign", "done"), ("acknowledge", "done")]


async def _called(stage: Stage, times: int) -> bool:
    return len(await stage.calls(POST)) >= times


async def test_what_hangs_is_cut_off_in_time_and_ended_by_the_next_start(stage: Stage) -> None:
    with mock.patch.object(app, "FINISH_SECONDS", 1.0):
        async with housing.opened(stage) as house:
            (ident,) = await stage.arrive()
            card = await stage.card(ident, "waiting since")
            posts = len(await stage.calls(POST))
            await house.fault(POST, "hang", times=1)
            (late,) = await stage.arrive()
            await stage.until(lambda: _called(stage, posts + 1))
            await house.sick("hang")
            before = len(await house.asked())
            await stage.press(card, "anomaly.acknowledge")
            await house.soon(lambda: house.desk.store.journal.under_way(model.Ref("qualytics", str(ident)), ""))
            await house.soon(lambda: _more(house, before))
            watch = housing.Stopwatch()
    assert watch.seconds < 2.5, "jobs, clicks and posts had their time one after the other"
    assert _held(stage.folder) == []
    async with housing.opened(stage, connected=False) as house:
        await house.well()
        house.clock.pass_by(11)
        await stage.card(ident, "Dana looks into it")
        await stage.status(ident, "Acknowledged")
        await stage.until(lambda: _once(stage, [ident, late]))
    assert _lines(stage.folder, ident) == [("assign", "done"), ("acknowledge", "done")]


async def _more(house: housing.House, before: int) -> bool:
    return len(await house.asked()) > before


@pytest.fixture
def postgresql(server: Any) -> str:
    """The URL of an empty database."""
    return databases.database(server)


async def test_two_on_one_postgresql_post_each_anomaly_once(stage: Stage, postgresql: str) -> None:
    async with housing.opened(stage, DATABASE_URL=postgresql) as one:
        async with housing.opened(stage, DATABASE_URL=postgresql):
            idents = await stage.arrive(25)
            await stage.until(lambda: _once(stage, idents))
            card = await stage.card(idents[0], "waiting since")
            await stage.press(card, "anomaly.acknowledge")
            await stage.card(idents[0], "Dana looks into it")
            await stage.slack("faults", method=POST, mode="hang", delay_s=0.3, times=0)
            more = await stage.arrive(5)
            posts = len(await stage.calls(POST))
            await stage.until(lambda: _called(stage, posts + 1))
        # One of them has stopped in the middle; what it held is free, so the other does not wait for a lease to end.
        await one.well()
        async with asyncio.timeout(20):
            await stage.until(lambda: _once(stage, [*idents, *more]))
        await one.healthy()
        assert len([m for m in await stage.messages() if "Connected to Qualytics" in visible(m)]) == 1
    writes = (await stage.http.get(f"{stage.qualytics_url}/_control/log")).json()["calls"]
    assert len([call for call in writes if call["method"] == "PUT"]) == 1
