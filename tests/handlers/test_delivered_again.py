"""What Slack delivers twice is done and answered once, whatever kind it is of; a menu that asks for its options is answered each time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from slack_bolt.async_app import AsyncAck

from bot import model
from bot.render.anomaly import anomaly_forms
from bot.render.kit import ids
from handlers import desk, guard, incoming
from sandbox.slack import population
from tests.handlers.front import CHANNEL, DANA, LEE, Front, Json

pytestmark = pytest.mark.asyncio(loop_scope="module")

CAPABILITIES = model.Capabilities("Qualytics", frozenset(model.Action))


async def _click(front: Front, ident: int) -> Json:
    return front.press(front.card(ident), ids.ACKNOWLEDGE)


async def _menu(front: Front, ident: int) -> Json:
    return front.press(front.card(ident), ids.ARCHIVE, "Invalid|")


async def _command(front: Front, ident: int) -> Json:
    return front.command(f"ack {ident}")


async def _form(front: Front, ident: int) -> Json:
    await front.send(front.press(front.card(ident), ids.MORE, "comment|"))
    return front.submission(front.form(), {ids.COMMENT_TEXT: {"type": "plain_text_input", "value": "Known."}})


@pytest.mark.parametrize("kind", [_click, _menu, _command, _form])
async def test_what_changes_something_changes_it_once_and_says_nothing_more(
    front: Front, kind: Callable[[Front, int], Awaitable[Json]]
) -> None:
    """The second comes at the same moment, the third when all is over."""
    (ident,) = await front.arrive()
    payload = await kind(front, ident)
    await front.forget()
    before = len(front.whispers())
    answers = [*await asyncio.gather(front.send(payload), front.send(payload)), await front.send(payload)]
    assert [(one.status, one.body) for one in answers] == [(200, "")] * 3
    assert len(front.whispers()) == before + (kind is _command), "a click is answered by its card"
    writes = [call for call in await front.writes() if call["path"] != "/api/comments" or kind is _form]
    assert len(writes) == 1, writes
    lines = await front.running.store.journal.history(model.Ref("qualytics", str(ident)))
    assert sorted({line.action for line in lines}) == sorted(line.action for line in lines), "each line once"


@pytest.mark.parametrize("what", ["global", "message"])
async def test_a_shortcut_opens_one_form(front: Front, what: str) -> None:
    (ident,) = await front.arrive()
    message = front.card(ident) if what == "message" else None
    payload = front.shortcut(ids.MESSAGE_SHORTCUT if message else ids.TRIAGE_SHORTCUT, message=message)
    opened = await _opened(front)
    for _ in range(2):
        assert (await front.send(payload)).status == 200
    assert await _opened(front) == opened + 1


async def test_an_event_is_heard_once(front: Front) -> None:
    """A listener of the test's own, for an event that nothing else listens to, tells when it has ended."""
    heard, ended = list[str](), asyncio.Queue[None]()

    async def work(desk: desk.Desk, request: incoming.Request) -> None:
        heard.append(str(request.body["event_id"]))

    guarded = guard.acked(front.running.desk, work)

    async def listener(ack: AsyncAck, body: dict[str, Any]) -> None:
        await guarded(ack, body)
        ended.put_nowait(None)

    front.running.bolt.event("reaction_added")(listener)
    for ident in ("Ev1", "Ev1", "Ev2"):
        await front.send(_event(ident))
        await ended.get()
    assert heard == ["Ev1", "Ev2"]


async def test_a_menu_is_given_its_options_each_time(front: Front) -> None:
    (ident,) = await front.arrive()
    pending = anomaly_forms.Pending(model.Ref("qualytics", str(ident)), 1, CHANNEL)
    payload = front.suggestion(anomaly_forms.pick(pending, [LEE], [model.Actor(LEE, "Lee")], CAPABILITIES), "lee")
    bodies = [(await front.send(payload)).body for _ in range(2)]
    assert bodies[0] == bodies[1] and json.loads(bodies[0])["options"]
    assert not await _rows(front, "SELECT 1 FROM deliveries WHERE key = ''")


async def test_a_form_that_came_back_with_a_mistake_may_be_sent_as_it_is(front: Front) -> None:
    """Nothing was done with it: it is no second delivery."""
    (ident,) = await front.arrive()
    await front.send(front.press(front.card(ident), ids.MORE, "comment|"))
    sent = front.submission(front.form(), {ids.COMMENT_TEXT: {"type": "plain_text_input", "value": "  "}})
    for _ in range(2):
        assert "Write something" in (await front.send(sent)).body


async def test_who_waits_for_a_first_delivery_that_was_cut_off_is_served_by_the_second(front: Front) -> None:
    """A process that died left its row behind; when its time is over, the next delivery is worked on."""
    (ident,) = await front.arrive()
    payload = front.press(front.card(ident), ids.ACKNOWLEDGE)
    deliveries, now = front.running.desk.deliveries, front.running.desk.clock.now()
    assert await deliveries.begin("trigger", payload["trigger_id"], now, 0.0)
    assert await front.told(payload) == ""
    assert "Dana looks into it" in str(front.card(ident))
    assert await front.told(payload) == ""


def _event(ident: str) -> Json:
    return {
        "type": "event_callback",
        "team_id": population.TEAM,
        "api_app_id": population.APP,
        "event_id": ident,
        "event": {"type": "reaction_added", "user": DANA},
        "authorizations": [],
    }


async def _opened(front: Front) -> int:
    return len(await front.stage.calls("views.open"))


async def _rows(front: Front, statement: str) -> list[Any]:
    async with front.running.store.db.writer.connect() as connection:
        return list(await connection.exec_driver_sql(statement))
