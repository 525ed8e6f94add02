"""Modals: opening, submitting, menus in them; look-ups that take their time; forms that nobody could have filled in."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from bot import model
from bot.render.anomaly import anomaly_forms
from bot.render.kit import ids
from tests.handlers.front import CHANNEL, DANA, GUS, LEE, Front, visible

pytestmark = pytest.mark.asyncio(loop_scope="module")

Json = dict[str, Any]
CAPABILITIES = model.Capabilities("Qualytics", frozenset(model.Action))


def users(*chosen: str) -> Json:
    """What Slack says of a picker of people."""
    return {ids.ASSIGN_PEOPLE: {"type": "multi_users_select", "selected_users": list(chosen)}}


def written(text: str) -> Json:
    """What Slack says of a field of text."""
    return {ids.COMMENT_TEXT: {"type": "plain_text_input", "value": text}}


def picked(person: int, slack_id: str = LEE) -> Json:
    """What Slack says of the picker of Qualytics' users."""
    option = {"text": {"type": "plain_text", "text": "x"}, "value": str(person)}
    return {ids.link_block(slack_id): {"type": "external_select", "selected_option": option}}


async def opened(front: Front, ident: int, action_id: str = ids.ASSIGN, choice: str = "") -> Json:
    """Press what opens a form, and read the form."""
    await front.send(front.press(front.card(ident), action_id, choice))
    return front.form()


async def test_assign_several_people_and_nobody(front: Front) -> None:
    first, second = (await front.arrive())[0], (await front.arrive())[0]
    form = await opened(front, first)
    response = await front.send(front.submission(form, users(DANA)))
    assert response.body in ("", None)
    assert [person["id"] for person in (await front.stage.truth(first))["assignees"]] == [12]
    assert "*Assigned to Dana Reyes* by Dana" in visible(front.card(first)) and front.whispers() == [], (
        "the card says it, and nobody else has to"
    )

    form = await opened(front, second)
    response = await front.send(front.submission(form, users(LEE, DANA)))
    update = json.loads(response.body)
    assert update["response_action"] == "update"
    assert update["view"]["callback_id"] == ids.LINK_VIEW
    assert (await front.stage.truth(second))["assignees"] == []
    offered = json.loads((await front.send(front.suggestion(update["view"], "LEE"))).body)["options"]
    assert [option["value"] for option in offered] == ["18"]
    await front.send(front.submission(update["view"], picked(18)))
    assert sorted(person["id"] for person in (await front.stage.truth(second))["assignees"]) == [12, 18]

    form = await opened(front, first)
    await front.send(front.submission(form, users(LEE)))
    assert [person["id"] for person in (await front.stage.truth(first))["assignees"]] == [18]
    form = await opened(front, first)
    await front.send(front.submission(form, users()))
    assert (await front.stage.truth(first))["assignees"] == []
    assert "Unassigned by Dana" in visible(front.card(first))


async def test_a_person_who_is_gone_cannot_be_picked(front: Front) -> None:
    (ident,) = await front.arrive()
    pending = anomaly_forms.Pending(model.Ref("qualytics", str(ident)), 1, CHANNEL)
    view = anomaly_forms.pick(pending, [LEE], [model.Actor(LEE, "Lee")], CAPABILITIES)
    update = json.loads((await front.send(front.submission(view, picked(999_999)))).body)
    assert "has no user 999999 any more" in json.dumps(update["view"])
    assert (await front.stage.truth(ident))["assignees"] == []


async def test_a_comment_is_left_once_however_often_slack_repeats_it(front: Front) -> None:
    (ident,) = await front.arrive()
    form = await opened(front, ident, ids.MORE, "comment|")
    sent = front.submission(form, written("The loader skipped a partition"), view_id="V0ONCE")
    await asyncio.gather(front.send(sent), front.send(sent))
    # Slack's second try is another request about the same view.
    await front.send(front.submission(form, written("The loader skipped a partition"), view_id="V0ONCE"))
    comments = (await front.stage.truth(ident))["comments"]
    assert [one["message"].split("\n")[0] for one in comments] == ["The loader skipped a partition"]
    assert visible(front.card(ident)).count("The loader skipped a partition") == 1, "and it is told once"


async def test_a_comment_arrives_as_typed(front: Front) -> None:
    (ident,) = await front.arrive()
    form = await opened(front, ident, ids.MORE, "comment|")
    await front.send(front.submission(form, written("line1\n\n  line2 – « ok »、 &amp; <b>\n")))
    (comment,) = (await front.stage.truth(ident))["comments"]
    assert comment["message"].startswith("line1\n\n  line2 – « ok »、 &amp; <b>\n")


async def test_spaces_alone_are_no_comment(front: Front) -> None:
    (ident,) = await front.arrive()
    form = await opened(front, ident, ids.MORE, "comment|")
    response = json.loads((await front.send(front.submission(form, written("  \n ")))).body)
    assert response["response_action"] == "errors"
    assert "Write something" in response["errors"][ids.COMMENT_TEXT]
    assert (await front.stage.truth(ident))["comments"] == []


async def test_the_answer_finds_its_way_where_the_bot_is_no_member(front: Front) -> None:
    (ident,) = await front.arrive()
    view = anomaly_forms.comment(await seen(front, ident), CAPABILITIES, "C0GENERAL")
    told = await front.told(front.submission(view, written("Typed where the bot is not")))
    assert "Commented" in told
    assert [message.ephemeral_to for message in front.stage.workspace.channels["D0DANA"].messages.values()][-1] == DANA


async def seen(front: Front, ident: int) -> model.Anomaly:
    """The anomaly as the desk has it."""
    ref = model.Ref("qualytics", str(ident))
    return (await front.running.store.anomalies.get([ref]))[ref]


async def test_a_slow_look_up_is_acknowledged_in_time_and_finished_afterwards(front: Front) -> None:
    (ident,) = await front.arrive()
    form = await opened(front, ident)
    view = front.stage.workspace.modals.top(DANA)
    assert view is not None
    front.running.desk.people._rosters.clear()
    await front.running.store.identities.unlink(DANA, "qualytics")
    await slow(front, 2.4)
    try:
        started = time.monotonic()
        response = await front.send(front.submission(form, users(DANA), view_id=view.id), settle=False)
        took = time.monotonic() - started
        assert took < 3
        assert json.loads(response.body)["response_action"] == "update"
        assert "Loading" in response.body
        assert (await front.stage.truth(ident))["assignees"] == []
    finally:
        await slow(front, 0)
    await front.settle()
    assert [person["id"] for person in (await front.stage.truth(ident))["assignees"]] == [12]
    assert "Done. You can close this." in front.modal()


async def slow(front: Front, seconds: float) -> None:
    """Qualytics takes its time from now on."""
    await front.stage.qualytics("POST", "modes", latency_ms=int(seconds * 1000))


async def test_a_menu_that_would_come_too_late_is_empty_and_right_the_next_time(front: Front) -> None:
    pending = anomaly_forms.Pending(model.Ref("qualytics", "1001"), 1, CHANNEL)
    view = anomaly_forms.pick(pending, [LEE], [model.Actor(LEE, "Lee")], CAPABILITIES)
    front.running.desk.people._rosters.clear()
    await slow(front, 2.2)
    try:
        response = await front.send(front.suggestion(view, "lee"), settle=False)
        assert json.loads(response.body) == {"options": []}
    finally:
        await slow(front, 0)
    await front.settle()
    assert len(json.loads((await front.send(front.suggestion(view, "lee"))).body)["options"]) == 1


async def test_a_menu_of_a_system_that_fails_is_empty(front: Front, caplog: pytest.LogCaptureFixture) -> None:
    pending = anomaly_forms.Pending(model.Ref("qualytics", "1001"), 1, CHANNEL)
    front.running.desk.people._rosters.clear()
    async with front.fault(mode="garbage", path="/users"):
        response = await front.send(front.suggestion(anomaly_forms.pick(pending, [LEE], [model.Actor(LEE, "Lee")], CAPABILITIES), "lee"))
    assert json.loads(response.body) == {"options": []}
    assert "Traceback" not in caplog.text


async def test_a_form_says_when_its_system_fails(front: Front) -> None:
    (ident,) = await front.arrive()
    async with front.fault(mode="500", path=f"/anomalies/{ident}$"):
        await front.send(front.press(front.card(ident), ids.ASSIGN))
    assert "Qualytics did not answer" in front.modal()
    assert "Loading" not in front.modal()


FORGED = [
    pytest.param("", id="nothing"),
    pytest.param("garbage", id="no JSON"),
    pytest.param("[]", id="a list"),
    pytest.param("7", id="a number"),
    pytest.param('{"ref": "qualytics:1001"}', id="no version"),
    pytest.param('{"ref": "qualytics:1001", "version": "x"}', id="a version that is no number"),
    pytest.param('{"ref": "1001", "version": 1}', id="no system"),
    pytest.param('{"ref": null, "version": null}', id="null"),
    pytest.param('{"ref": "qualytics:1001", "version": 1, "kept": 7}', id="kept is a number"),
    pytest.param('{"ref": "qualytics:999999999", "version": 1, "chosen": 7}', id="chosen is a number"),
    pytest.param('{"ref": "anodot:1001", "version": 1}', id="another system"),
    pytest.param('{"ref": "qualytics:999999999", "version": 1}', id="an anomaly that does not exist"),
    pytest.param('{"ref": "qualytics:1001", "version": 1e400}', id="infinity"),
]


@pytest.mark.parametrize("metadata", FORGED)
async def test_forged_forms_are_refused_politely(front: Front, metadata: str, caplog: pytest.LogCaptureFixture) -> None:
    await front.forget()
    for callback_id, values in ((ids.ASSIGN_VIEW, users(DANA)), (ids.LINK_VIEW, picked(18)), (ids.COMMENT_VIEW, written("hello"))):
        view = {"type": "modal", "callback_id": callback_id, "private_metadata": metadata, "blocks": []}
        before = len(front.whispers())
        response = await front.send(front.submission(view, values))
        assert response.status == 200
        told = (response.body or "") + "\n".join(front.whispers()[before:])
        assert told and "did not foresee" not in told, (callback_id, told)
        assert (await front.send(front.suggestion(view, "lee"))).status == 200
    assert await front.writes() == []
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("state", [{}, {"values": None}, {"values": {"x": {}}}, {"values": {ids.ASSIGN_PEOPLE: {}}}])
async def test_forms_without_their_state_do_no_harm(front: Front, state: Json) -> None:
    (ident,) = await front.arrive()
    for make in (anomaly_forms.assign, anomaly_forms.comment):
        payload = front.submission(make(await seen(front, ident), CAPABILITIES, CHANNEL), {})
        payload["view"]["state"] = state
        assert (await front.send(payload)).status == 200
    assert (await front.stage.truth(ident))["comments"] == []


# --- a form opens before anything else is awaited ----------------------------------------------------------------------------

Opener = Callable[[Front, int], Json]

OPENERS: Mapping[str, Opener] = {
    "delete": lambda front, ident: front.command(f"delete {ident}"),
    "review": lambda front, ident: front.command("review status:open"),
    "scan": lambda front, ident: front.command("", name="/scan"),
    "scan form": lambda front, ident: front.command("form", name="/scan"),
    "assign": lambda front, ident: front.press(front.card(ident), ids.ASSIGN),
    "comment": lambda front, ident: front.press(front.card(ident), ids.MORE, ids.MORE_COMMENT),
    "review button": lambda front, ident: front.click(ids.REVIEW_OPEN, "filter|status:open"),
    "scan options": lambda front, ident: front.click(ids.SCAN_OPTIONS, "some-plan"),
    "shortcut": lambda front, ident: front.shortcut(ids.TRIAGE_SHORTCUT),
    "message shortcut": lambda front, ident: front.shortcut(ids.MESSAGE_SHORTCUT, message=front.card(ident)),
}


@pytest.mark.parametrize("opener", OPENERS)
async def test_a_form_opens_before_anything_else_is_asked(opener: str, front: Front) -> None:
    (ident,) = await front.arrive()
    payload = OPENERS[opener](front, ident)
    await front.stage.slack("log/clear")
    async with front.fault(mode="hang"):  # Qualytics answers nothing while the form opens
        await front.send(payload, settle=False)
        await front.stage.until(lambda: _opened(front))
        calls = (await front.stage.http.get(f"{front.stage.slack_url}/_control/log")).json()["log"]
        assert calls[0]["method"] == "views.open", "something was asked before the form was open"
    await front.settle()
    assert "Loading" not in front.modal()


async def _opened(front: Front) -> bool:
    calls = (await front.stage.http.get(f"{front.stage.slack_url}/_control/log", params={"method": "views.open"})).json()["log"]
    return bool(calls)


async def test_a_deletion_that_is_forbidden_or_in_vain_says_so_in_the_form(front: Front) -> None:
    (ident,) = await front.arrive()
    told = await front.told(front.command(f"delete {ident}", user=LEE))
    assert "admin" in front.modal(LEE) and "admin" in told
    told = await front.told(front.command("delete 99999999"))
    assert "knows none of these: 99999999" in front.modal() and "99999999" in told
    await front.told(front.command(f"delete {ident},99999999"))
    assert ids.DELETE_COUNT in front.modal(), "what is there can be deleted"
    assert (await front.stage.truth(ident))["id"] == ident


async def test_a_form_that_is_asked_for_by_a_stranger_says_so(front: Front) -> None:
    for command in (front.command("review", user=GUS), front.command("form", name="/scan", user=GUS)):
        await front.send(command)
        assert "guest" in front.modal(GUS).lower()
