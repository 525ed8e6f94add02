"""[Link me]: the refusal has its door, and what was asked is then finished, once, by command, click and form alike."""

from __future__ import annotations

import asyncio
import json

import pytest

from bot import model
from bot.core import permissions
from bot.render.kit import asked, ids
from sandbox.slack import population
from tests.handlers.front import CHANNEL, GUS, LEE, Front, Json

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANN, LEE_PARK = "U0ANN", "18"


@pytest.fixture(autouse=True)
async def people(front: Front) -> None:
    """Ann has no address in Qualytics, and nobody is linked yet."""
    front.stage.workspace.people[ANN] = population.User(ANN, "ann", "Ann Berg", email="ann@elsewhere.example")
    for slack_id in (ANN, LEE):
        await front.running.store.identities.unlink(slack_id, "qualytics")


def _whispered(front: Front, user: str = ANN) -> Json:
    """The newest message that only this person sees."""
    channel = front.stage.workspace.channels[CHANNEL]
    newest = max((one for one in channel.messages.values() if one.ephemeral_to == user), key=lambda one: one.ts)
    return {"ts": newest.ts, "text": newest.text, "blocks": newest.blocks}


def _me(person: str = LEE_PARK) -> Json:
    chosen = {"text": {"type": "plain_text", "text": "x"}, "value": person}
    return {ids.LINK_ME_PERSON: {"type": "external_select", "selected_option": chosen}}


def _typed(word: str) -> Json:
    return {ids.LINK_ME_TYPED: {"type": "plain_text_input", "value": word}}


async def _assignees(front: Front, ident: int) -> list[str]:
    return [str(one["id"]) for one in (await front.stage.truth(ident))["assignees"]]


async def test_the_link_refusal_has_its_door_and_a_command_is_finished(front: Front) -> None:
    (ident,) = await front.arrive()
    told = await front.told(front.command(f"assign me {ident}", user=ANN))
    assert "You are not linked to Qualytics yet." in told and "Link me" in told and await _assignees(front, ident) == []
    await front.send(front.press(_whispered(front), ids.LINK_ME, user=ANN))
    form = front.form(ANN)
    assert form["callback_id"] == ids.LINK_ME_VIEW and "what you asked for is finished" in front.modal(ANN)
    told = await front.told(front.submission(form, _me(), user=ANN))
    assert "is Lee Park" in told and "Assigned to Lee Park" in told
    assert await _assignees(front, ident) == [LEE_PARK]


async def test_what_was_asked_is_finished_at_most_once(front: Front) -> None:
    (ident,) = await front.arrive()
    await front.told(front.command(f"ack {ident} assign:me", user=ANN))
    refusal = _whispered(front)
    await front.send(front.press(refusal, ids.LINK_ME, user=ANN))
    first = front.form(ANN)
    await front.forget()
    await asyncio.gather(*(front.send(front.submission(first, _me(), user=ANN)) for _ in range(3)))
    changes = [call for call in await front.writes() if call["method"] in ("PUT", "PATCH") and "comments" not in call["path"]]
    assert len(changes) == 1 and await _assignees(front, ident) == [LEE_PARK]


async def test_a_click_is_finished(front: Front) -> None:
    listed = front.click(ids.LIST_PAGE, "0|assignee:me", user=ANN)
    assert "You are not linked to Qualytics yet." in await front.told(listed)
    await front.send(front.press(_whispered(front), ids.LINK_ME, user=ANN))
    told = await front.told(front.submission(front.form(ANN), _me(), user=ANN))
    assert "is Lee Park" in told and ("assignee" in told or "Nothing" in told or "1 to" in told)


async def test_a_form_is_finished(front: Front) -> None:
    await front.arrive()
    await front.send(front.command("review status:active", user=ANN))
    form = front.form(ANN)
    values = {
        ids.REVIEW_WHICH: {"type": "radio_buttons", "selected_option": {"value": "page"}},
        ids.REVIEW_ACTION: {"type": "static_select", "selected_option": {"value": "assign"}},
        ids.REVIEW_PEOPLE: {"type": "multi_users_select", "selected_users": [ANN]},
    }
    answer = json.loads((await front.send(front.submission(form, values, user=ANN))).body)
    assert answer["response_action"] == "push" and answer["view"]["callback_id"] == ids.LINK_ME_VIEW
    answer = json.loads((await front.send(front.submission(answer["view"], _me(), user=ANN))).body)
    assert answer["response_action"] == "update" and answer["view"]["callback_id"] == ids.REVIEW_CONFIRM_VIEW
    assert "Lee Park" in json.dumps(answer["view"])


async def test_who_is_in_no_menu_types_it_and_a_name_that_is_not_known_is_said_there(front: Front) -> None:
    await front.told(front.command("list assignee:me", user=ANN))
    await front.send(front.press(_whispered(front), ids.LINK_ME, user=ANN))
    form = front.form(ANN)
    wrong = json.loads((await front.send(front.submission(form, _typed("nobody@acme.example"), user=ANN))).body)
    assert "no user is called" in wrong["errors"][ids.LINK_ME_TYPED]
    wrong = json.loads((await front.send(front.submission(form, {}, user=ANN))).body)
    assert "Choose yourself" in wrong["errors"][ids.LINK_ME_PERSON]
    assert "is Lee Park" in await front.told(front.submission(form, _typed("Lee Park"), user=ANN))


async def test_the_picker_offers_people_to_those_alone_who_may_assign(front: Front) -> None:
    await front.told(front.command("list assignee:me", user=ANN))
    await front.send(front.press(_whispered(front), ids.LINK_ME, user=ANN))
    form = front.form(ANN)
    offered = await front.send(front.suggestion(form, "lee", user=ANN, block=ids.LINK_ME_PERSON))
    assert "Lee Park" in str(offered.body)
    assert "Lee Park" not in str((await front.send(front.suggestion(form, "lee", user=GUS, block=ids.LINK_ME_PERSON))).body)


async def test_who_may_not_link_is_told_whom_to_ask(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    only = permissions.grants([LEE], {"assign": "admins"})
    monkeypatch.setattr(front.running.desk.people, "grants", only)
    monkeypatch.setattr(front.running.desk.triage, "grants", only)
    told = await front.told(front.command("list assignee:me", user=ANN))
    assert "You are not linked to Qualytics yet. Only admins of this desk may" in told and f"<@{LEE}>" in told
    assert ids.LINK_ME not in json.dumps(_whispered(front)["blocks"])
    await front.send(front.click(ids.LINK_ME, asked.encode("qualytics", asked.NOTHING), user=ANN))
    assert "Only admins of this desk may" in front.modal(ANN)


async def test_the_rights_at_the_end_count(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    (ident,) = await front.arrive()
    await front.told(front.command(f"assign me {ident}", user=ANN))
    await front.send(front.press(_whispered(front), ids.LINK_ME, user=ANN))
    monkeypatch.setattr(front.running.desk.triage, "grants", permissions.grants([LEE], {"assign": "admins"}))
    told = await front.told(front.submission(front.form(ANN), _me(), user=ANN))
    assert "is Lee Park" in told and "Only admins of this desk may" in told and await _assignees(front, ident) == []


async def test_who_is_somebody_else_already_is_not_taken_over(front: Front) -> None:
    await front.running.store.identities.link(
        LEE, model.Person("qualytics", LEE_PARK, "Lee Park"), "picked", front.running.desk.clock.now(), replacing="", told=[]
    )
    await front.told(front.command("list assignee:me", user=ANN))
    await front.send(front.press(_whispered(front), ids.LINK_ME, user=ANN))
    answer = json.loads((await front.send(front.submission(front.form(ANN), _me(), user=ANN))).body)
    assert "Somebody else is Lee Park in Qualytics already" in json.dumps(answer["view"])


async def test_who_is_nobody_yet_finds_the_door_under_link_too(front: Front) -> None:
    await front.told(front.command("link", user=ANN))
    await front.send(front.press(_whispered(front), ids.LINK_ME, user=ANN))
    assert front.form(ANN)["callback_id"] == ids.LINK_ME_VIEW
    assert "is Lee Park" in await front.told(front.submission(front.form(ANN), _me(), user=ANN))


async def test_buttons_and_forms_of_others_are_refused(front: Front) -> None:
    assert "too old to be understood" in await front.told(front.click(ids.LINK_ME, "nonsense", user=ANN))
