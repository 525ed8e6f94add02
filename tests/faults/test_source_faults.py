"""Qualytics fails in every way that a server can: the channel is told once, the desk stays up, and nothing is lost."""

from __future__ import annotations

import logging

import pytest

from bot.sources.qualytics import source
from tests.faults import house as housing
from tests.faults.house import House
from tests.walks.stage import Stage

LISTS = r"/api/anomalies$"
PATIENCE = "timeout"


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("500", "failed with HTTP 500"),
        ("garbage", "not JSON"),
        ("empty", "not JSON"),
        ("huge", "more than 8 MB"),
        ("drop", "the connection failed"),
        ("hang", "did not answer within"),
    ],
)
async def test_an_outage_is_told_once_and_heals(
    mode: str, said: str, stage: Stage, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO, "bot")
    monkeypatch.setitem(source.Qualytics.__init__.__kwdefaults__, PATIENCE, 0.3)
    async with housing.opened(stage) as house:
        await house.healthy()
        await house.sick(mode)
        (lost,) = await stage.arrive()
        first = await house.told("Qualytics does not answer as it should", said)
        assert "do not arrive" in first
        assert not await house.cards(lost)
        assert "Qualytics does not answer" in await house.status()

        await house.well()
        house.clock.pass_by(120)
        await house.told("Qualytics answers again", "being caught up")
        await stage.card(lost, "Active")
        await house.told("Over: Qualytics did not answer as it should", said)
        await house.healthy()
        assert len(await house.lines("answer as it should")) == 1
        assert len(await house.lines("answers again")) == 1
        assert len(await house.cards(lost)) == 1
    logged = [record.getMessage() for record in caplog.records if record.name == "bot.services.poll"]
    assert [line.partition(":")[0] for line in logged] == ["qualytics does not answer as it should", "qualytics answers again"]
