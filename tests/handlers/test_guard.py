"""Whatever happens inside a listener, Slack gets its ack and the person an answer; cards of an earlier life are taken over."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from bot import errors, model, ports
from bot.render.kit import ids
from handlers import desk, guard, incoming
from tests.handlers import front as fronts
from tests.handlers.front import CHANNEL, DANA, Front, visible
from tests.walks import stage as staging

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("error", [RuntimeError("xoxb-secret"), KeyError("x"), ValueError("boom"), errors.StoreError("The disk is full.")])
async def test_the_ack_is_never_lost(front: Front, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    (ident,) = await front.arrive()

    async def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(type(front.running.desk.browse), "listing", fail)
    monkeypatch.setattr(type(front.running.desk.triage), "act", fail)
    monkeypatch.setattr(type(front.running.desk.people), "match", fail)
    said = "The disk is full" if isinstance(error, errors.BotError) else "did not foresee"
    assert said in await front.told(front.command("list"))
    told = await front.told(front.press(front.card(ident), ids.ACKNOWLEDGE))
    assert said in told and "xoxb-secret" not in told
    await front.send(front.press(front.card(ident), ids.ASSIGN))
    sent = front.submission(front.form(), {ids.ASSIGN_PEOPLE: {"type": "multi_users_select", "selected_users": [DANA]}})
    response = await front.send(sent)
    assert response.status == 200
    assert said in response.body


async def test_a_form_is_acknowledged_even_by_a_listener_that_forgets_it(front: Front) -> None:
    async def silent(desk: desk.Desk, request: incoming.Request, ack: Any) -> None:
        return None

    front.running.bolt.view("test.silent")(guard.submitted(front.running.desk, silent))
    response = await front.send(front.submission({"type": "modal", "callback_id": "test.silent", "blocks": []}, {}))
    assert (response.status, response.body) == (200, "")


async def test_whoever_asks_for_something_is_asked_for_in_the_places_of_clicks(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    (ident,) = await front.arrive()
    source, urgent = type(front.running.sources["qualytics"]), list[bool]()
    get = source.get

    async def watched(self: Any, asked: Any) -> Any:
        urgent.append(ports.urgent())
        return await get(self, asked)

    monkeypatch.setattr(source, "get", watched)
    await front.told(front.command(f"show {ident}"))
    await front.send(front.press(front.card(ident), ids.ASSIGN))
    assert urgent and all(urgent)


async def test_an_error_has_a_number_that_is_in_the_log(front: Front, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    async def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("unforeseen")

    monkeypatch.setattr(type(front.running.desk.browse), "listing", fail)
    told = await front.told(front.command("list"))
    number = told.rstrip(".").rsplit(" ", 1)[-1]
    assert f"told the user number {number}" in caplog.text


async def test_the_ack_does_not_wait_for_the_work(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    going = asyncio.Event()

    async def slow(*_: Any, **__: Any) -> model.Listing:
        await going.wait()
        return model.Listing("", [], 0)

    monkeypatch.setattr(type(front.running.desk.browse), "listing", slow)
    before, started = len(front.whispers()), time.monotonic()
    response = await front.send(front.command("list"), settle=False)
    assert response.status == 200 and time.monotonic() - started < 2
    assert len(front.whispers()) == before and front.running.desk.tasks
    going.set()
    await front.settle()
    assert len(front.whispers()) == before + 1


async def test_an_answer_goes_another_way_when_its_response_url_is_used_up(front: Front) -> None:
    before = len(front.whispers(DANA))
    payload = front.command("list")
    payload["response_url"] = f"{front.stage.slack_url}/response/commands/gone"
    assert (await front.send(payload)).status == 200
    assert len(front.whispers(DANA)) == before + 1


async def test_an_answer_that_slack_refuses_is_logged_and_no_more(front: Front, caplog: pytest.LogCaptureFixture) -> None:
    payload = front.command("list")
    payload["response_url"] = f"{front.stage.slack_url}/response/commands/gone"
    front.stage.workspace.faults.add({"method": "chat.postEphemeral", "mode": "500", "times": 0})
    try:
        assert (await front.send(payload)).status == 200
    finally:
        front.stage.workspace.faults.clear()
    assert "an answer did not reach its user" in caplog.text
    assert "commands/gone" not in caplog.text


def lose_everything(folder: Path) -> None:
    """The database is gone."""
    files = list(folder.glob("desk.db*"))
    assert files
    for file in files:
        file.unlink()


async def test_a_card_of_an_earlier_life_is_taken_over_by_the_first_click(tmp_path: Path) -> None:
    async with staging.staged(tmp_path) as stage:
        async with fronts.desk(stage) as first:
            (ident,) = await first.arrive()
            old = first.card(ident)
        lose_everything(tmp_path)
        async with fronts.desk(stage) as second:
            assert len(second.posted()) == len([old]) + 2, "the card, and one greeting for each life"
            assert await second.told(second.press(old, ids.ACKNOWLEDGE)) == ""
            assert "Dana looks into it" in visible(second.card(ident))
            assert "since somebody clicked on it" in await second.told(second.command(f"why {ident}"))
            # From now on it follows what happens elsewhere, too.
            await stage.qualytics("PATCH", f"anomalies/{ident}", status="Duplicate")
            await second.look()
            assert "Archived as Duplicate" in visible(second.card(ident))
            assert len([one for one in second.posted(CHANNEL) if f"qualytics:{ident}|" in str(one["blocks"])]) == 1
