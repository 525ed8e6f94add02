"""Qualytics fails in every way that a server can: the channel is told once, the desk stays up, and nothing is lost."""

from __future__ import annotations

import logging

import pytest

from bot import errors, model
from bot.sources import base
from bot.sources.qualytics import source
from tests.faults import house as housing
from tests.faults.house import House
from tests.walks.stage import Stage


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
    if mode == "hang":  # for the others, a machine that is busy for so long would be another fault than theirs
        monkeypatch.setitem(source.Qualytics.__init__.__kwdefaults__, "timeout", 1.0)
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
        await stage.card(lost, "waiting since")
        await house.told("Over: Qualytics did not answer as it should", said)
        await house.healthy()
        assert len(await house.lines("answer as it should")) == 1
        assert len(await house.lines("answers again")) == 1
        assert len(await house.cards(lost)) == 1
    logged = [record.getMessage() for record in caplog.records if record.name == "bot.services.poll"]
    assert [line.partition(":")[0] for line in logged] == ["qualytics does not answer as it should", "qualytics answers again"]


async def test_a_refused_token_is_told_at_once_with_its_name(house: House) -> None:
    await house.healthy()
    await house.sick("401")
    (lost,) = await house.stage.arrive()
    await house.told("Qualytics does not accept the token", "put it into QUALYTICS_TOKEN")
    assert (await house.desk.store.health.get("qualytics")).failures == 1
    await house.well()
    house.clock.pass_by(120)
    await house.told("Qualytics answers again")
    await house.stage.card(lost, "waiting since")
    assert len(await house.lines("does not accept the token")) == 1


async def test_a_lost_right_is_told_and_no_card_is_taken_for_deleted(house: House) -> None:
    stage = house.stage
    finance = (await stage.qualytics("POST", "anomalies", count=2, datastore=44))["ids"]
    warehouse = (await stage.qualytics("POST", "anomalies", count=2, datastore=42))["ids"]
    cards = [await stage.card(ident, "waiting since") for ident in (*finance, *warehouse)]

    await stage.qualytics("POST", "rights", datastore=44, role="Reporter")
    await stage.press(cards[0], "anomaly.acknowledge")
    await stage.ephemeral("Not acknowledged", "lacks the right Editor on datastore finance-lake")
    assert (await stage.truth(finance[0]))["status"] == "Active"

    await stage.qualytics("POST", "rights", datastore=44, role=None)
    await house.told("does not answer as it should", "lacks the right", "finance-lake")
    (later,) = (await stage.qualytics("POST", "anomalies", count=1, datastore=42))["ids"]
    await stage.qualytics("PATCH", f"anomalies/{warehouse[0]}", status="Acknowledged")
    house.clock.pass_by(120)
    await stage.card(later, "waiting since")
    await stage.card(warehouse[0], "Acknowledged")
    assert not [text for text in await house.lines() if "Deleted" in text]

    await stage.qualytics("POST", "rights", datastore=44, role="Editor")
    house.clock.pass_by(120)
    await house.told("Qualytics answers again")
    await stage.qualytics("DELETE", f"anomalies/{finance[1]}")
    await house.told("Deleted in Qualytics", str(finance[1]))
    assert len(await house.lines("Deleted in Qualytics")) == 1


async def test_a_failing_system_is_asked_less_and_less(stage: Stage) -> None:
    async with housing.opened(stage, poll=5) as house:
        await house.sick("500")
        before = len(await house.asked())
        for _ in range(120):
            await house.desk.poll.poll("qualytics")
            house.clock.pass_by(5)
        tries = (len(await house.asked()) - before) / base.ATTEMPTS
        # Ten minutes at one look per 5 s would be 120; doubling the pause up to two minutes leaves eight or nine.
        assert 8 <= tries <= 10
        await house.told("does not answer as it should")
        assert len(await house.lines("does not answer as it should")) == 1


async def test_a_restart_in_the_middle_does_not_tell_again(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "bot")
    async with housing.opened(stage) as house:
        await house.healthy()
        await house.sick("503")
        await house.told("does not answer as it should")
    (lost,) = await stage.arrive()
    async with housing.opened(stage) as house:
        failed = (await house.desk.store.health.get("qualytics")).failures

        async def again() -> bool:
            house.clock.pass_by(10)
            return (await house.desk.store.health.get("qualytics")).failures > failed + 1

        await house.soon(again)
        assert len(await house.lines("does not answer as it should")) == 1
        await house.well()
        house.clock.pass_by(120)
        await house.told("Qualytics answers again")
        await stage.card(lost, "waiting since")
        assert len(await house.lines("answers again")) == 1
        assert len(await house.lines("answer as it should")) == 1
    logged = [record.getMessage() for record in caplog.records if record.name == "bot.services.poll"]
    assert len(logged) == 2


@pytest.mark.parametrize("lost", [model.SourceFailing, model.SourceRecovered])
async def test_what_a_kill_kept_from_being_told_is_told_by_the_next_poll(
    lost: type[model.Report], house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database takes everything up to the report, then the process is gone: the report comes with the next poll."""
    report, cut = house.desk.poll.cards.report, [lost]

    async def cut_off(key: str, said: model.Report, channel: str = "") -> None:
        if type(said) in cut:
            cut.clear()
            raise errors.StoreError("gone")
        await report(key, said, channel)

    monkeypatch.setattr(type(house.desk.poll.cards), "report", lambda self, *given: cut_off(*given))
    await house.sick("500")
    await house.told("does not answer as it should")
    await house.well()
    house.clock.pass_by(120)
    await house.told("Qualytics answers again")
    await house.told("Over: Qualytics did not answer as it should")
    assert not cut
    await house.sick("401")
    house.clock.pass_by(5)
    await house.told("does not accept the token")


async def test_one_lost_answer_is_nobodys_business(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await house.sick("garbage", times=1)

    async def failed() -> bool:
        return not (await house.stage.qualytics("GET", "faults"))["faults"]

    await house.soon(failed)
    await house.healthy()
    assert not await house.lines("answer")
