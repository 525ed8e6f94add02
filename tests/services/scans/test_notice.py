"""Operations that somebody started in the system itself: followed on the default route, each once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot import model
from bot.services.scans import follow
from tests.services.lab import CHANNEL, LEE, Lab, away

ORDERS = model.ScanRequest("scan", "42", ("orders",))


async def test_first_contact_follows_what_runs_and_nothing_that_is_over(lab: Lab) -> None:
    lab.works.begin(ORDERS)
    lab.works.end()
    lab.works.begin(ORDERS)
    await lab.follow.notice("qualytics")
    lab.clock.pass_by(seconds=30)
    await lab.follow.notice("qualytics")
    (one,) = await lab.store.operations.running()
    assert one.scan is not None and one.scan.id == "901" and one.actor == "" and one.channel == CHANNEL


async def test_what_began_and_ended_between_two_looks_is_told_once(lab: Lab) -> None:
    await lab.follow.notice("qualytics")
    lab.clock.pass_by(seconds=10)
    lab.works.begin(ORDERS)
    lab.clock.pass_by(seconds=5)
    lab.works.end()
    for _ in range(3):
        lab.clock.pass_by(seconds=30)
        await lab.follow.notice("qualytics")
        await lab.turn()
    (told,) = lab.told()
    assert "Started in Qualytics by Dana Reyes" in told and "succeeded" in told


async def test_after_a_long_time_off_what_runs_is_followed_and_what_is_over_is_no_news(lab: Lab) -> None:
    await lab.follow.notice("qualytics")
    lab.clock.pass_by(hours=1)
    lab.works.begin(ORDERS)
    for _ in range(follow.NEWEST + 5):
        made = lab.works.begin(replace(ORDERS, datastore="43"))
        lab.clock.pass_by(seconds=60)
        lab.works.end(made.id)
    lab.clock.pass_by(hours=2)
    again = Lab(lab.store, beside=lab)
    await again.follow.notice("qualytics")
    assert [one.scan.id for one in await lab.store.operations.running() if one.scan] == ["900"]


async def test_more_than_fit_into_one_look_are_all_told(lab: Lab) -> None:
    await lab.follow.notice("qualytics")
    lab.clock.pass_by(seconds=20)
    for _ in range(follow.NEWEST * 2):
        lab.works.begin(ORDERS)
    lab.clock.pass_by(seconds=10)
    await lab.follow.notice("qualytics")
    assert len(await lab.store.operations.running()) == follow.NEWEST * 2


async def test_clocks_that_differ_by_minutes_lose_nothing(lab: Lab) -> None:
    await lab.follow.notice("qualytics")
    made = lab.works.begin(ORDERS, started=lab.clock.now() - timedelta(minutes=3))
    lab.works.end(made.id, ended=lab.clock.now() - timedelta(minutes=3))
    lab.clock.pass_by(seconds=30)
    await lab.follow.notice("qualytics")
    assert len(await lab.store.operations.running()) == 1


async def test_what_runs_nowhere_or_cannot_be_listed_is_left_alone(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    await lab.follow.notice("qualytics")
    lab.works.begin(ORDERS, datastore=None)
    lab.works.faults["scans"] = [away(), away(), away()]
    for _ in range(5):
        await lab.follow.notice("qualytics")
    assert await lab.store.operations.running() == []
    assert [line.getMessage().partition(":")[0] for line in caplog.records] == [
        "operations of qualytics cannot be listed",
        "operations of qualytics can be listed again",
    ]


async def test_an_operation_of_somebody_elsewhere_can_be_run_again_by_whoever_clicks(lab: Lab) -> None:
    await lab.follow.notice("qualytics")
    made = lab.works.begin(ORDERS)
    await lab.follow.notice("qualytics")
    lab.works.end(made.id, model.ScanResult.FAILURE, message="suspended")
    await lab.go(4)
    operation = await lab.store.operations.by_scan("qualytics", made.id)
    assert operation is not None
    _, proposal = await lab.scans.fix("again", operation.id, LEE, CHANNEL)
    (again,) = proposal.operations
    assert again.actor == LEE.id and again.request.tables == ("orders",) and lab.scans.asks_first(proposal)


async def test_a_system_that_runs_no_scans_is_not_asked_for_them(lab: Lab) -> None:
    scanners: Any = lab.follow.scanners
    del scanners["qualytics"]
    await lab.follow.notice("qualytics")
    assert lab.works.asked == []
