"""Payloads that Slack signed and nobody would expect: fields are missing, or are something else. They do nothing, and break nothing."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from bot.render.kit import ids
from handlers import incoming
from tests.handlers.front import Front

pytestmark = pytest.mark.asyncio(loop_scope="module")

ODD: dict[str, dict[str, Any]] = {
    "a user that is a list": {"user": ["U0DANA"]},
    "a user whose id is a list": {"user": {"id": ["U0DANA"]}},
    "a user whose id is an object": {"user": {"id": {}}},
    "no user": {"user": None},
    "a channel that is a text": {"channel": "C0QUALITY"},
    "a channel whose id is a list": {"channel": {"id": ["C0QUALITY"]}},
    "a container that is a list": {"container": [1]},
    "a response_url that is a number": {"response_url": 5},
    "a response_url that is somebody else's": {"response_url": "https://hooks.slack.com@127.0.0.1:9/x"},
    "a trigger that is a list": {"trigger_id": ["x"]},
    "a view that is a text": {"view": "x"},
}
PRESSED: dict[str, dict[str, Any]] = {
    "a value that is a list": {"value": ["a"]},
    "a value that is an object": {"value": {"a": 1}},
    "an option that is a text": {"selected_option": "x"},
    "a value of half a letter": {"value": "\ud800"},
    "another address": {"value": "qualytics:../../users|1"},
}
BUTTONS = (ids.ACKNOWLEDGE, ids.ASSIGN, ids.SHOW, ids.BATCH_CONFIRM, ids.BATCH_UNDO, ids.SCAN_SYNC, ids.REVIEW_OPEN, ids.REVIEW_NEXT)


@pytest.mark.parametrize("action", BUTTONS)
async def test_odd_payloads_break_nothing(front: Front, action: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    value = "qualytics:4711|1"
    await front.forget()
    click = front.click(action, value)
    pressed = [click | {"actions": [click["actions"][0] | odd]} for odd in PRESSED.values()]
    for payload in ([*ODD.values()], pressed):
        for odd in payload:
            assert (await front.send(click | odd)).status == 200
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR or record.exc_info] == []
    assert await front.writes() == []


async def test_what_is_no_text_is_nobody(front: Front) -> None:
    read = incoming.read({"user": {"id": ["U0DANA"]}, "channel": {"id": 7}, "response_url": {}, "trigger_id": None})
    assert (read.user, read.channel, read.response_url, read.trigger_id) == ("", "", "", "")


async def test_what_escapes_a_listener_is_said_in_a_line(
    front: Front, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """After an ack Bolt takes no second answer, and says so in sixty lines when it gets one."""

    def broken(_: Any) -> Any:
        raise RuntimeError("unforeseen")

    monkeypatch.setattr(incoming, "read", broken)
    assert (await front.send(front.command("list"))).status == 200
    assert "Slack sent something that no listener takes: RuntimeError" in caplog.text
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []
