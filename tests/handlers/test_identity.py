"""Nobody becomes somebody else without an admin, by command or by form, and who is replaced is told."""

from __future__ import annotations

import json

import pytest

from bot import model
from bot.render.anomaly import anomaly_forms
from bot.render.kit import ids
from sandbox.slack import population
from tests.handlers.front import CHANNEL, DANA, LEE, Front, visible
from tests.handlers.test_forms import CAPABILITIES, opened, picked, users

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANN = "U0ANN"
LEE_PARK = 18


@pytest.fixture(autouse=True)
async def people(front: Front) -> None:
    """Dana is an admin, and has the address of a user of Qualytics; Lee and Ann have none there. Nobody is linked yet."""
    front.stage.workspace.people[ANN] = population.User(ANN, "ann", "Ann Berg", email="ann@elsewhere.example")
    for slack_id in (DANA, LEE, ANN):
        await front.running.store.identities.unlink(slack_id, "qualytics")


async def owner(front: Front) -> str:
    """Who is Lee Park of Qualytics."""
    return await front.running.store.identities.slack_id(model.Person("qualytics", str(LEE_PARK), ""))


def lasting(front: Front, words: str) -> list[str]:
    """The conversations with a lasting message that holds these words."""
    return [
        name
        for name, channel in front.stage.workspace.channels.items()
        for message in channel.messages.values()
        if not message.ephemeral_to and words in visible({"text": message.text, "blocks": message.blocks})
    ]


async def test_a_third_person_is_linked_by_admins_alone(front: Front) -> None:
    told = await front.told(front.command(f"link <@{ANN}|ann> qualytics:{LEE_PARK}", user=LEE))
    assert "You can link yourself." in told and "An admin of this desk links others" in told and f"<@{DANA}>" in told
    assert "You can link yourself." in await front.told(front.command(f"link <@{ANN}|ann> none", user=LEE))
    assert await owner(front) == ""
    assert "from now on" in await front.told(front.command(f"link <@{ANN}|ann> qualytics:{LEE_PARK}"))
    assert await owner(front) == ANN


async def test_taking_somebody_over_needs_an_admin_and_is_told(front: Front) -> None:
    await front.send(front.command(f"link qualytics:{LEE_PARK}", user=LEE))
    assert await owner(front) == LEE
    told = await front.told(front.command(f"link qualytics:{LEE_PARK}", user=ANN))
    assert "already" in told and f"<@{DANA}>" in told and await owner(front) == LEE
    told = await front.told(front.command(f"link <@{ANN}|ann> qualytics:{LEE_PARK}"))
    assert f"<@{LEE}>" in told and "is told" in told and await owner(front) == ANN
    assert lasting(front, "You are not Lee Park in Qualytics any more") == []
    await front.running.post.flush()
    (home,) = lasting(front, "You are not Lee Park in Qualytics any more")
    assert LEE in front.stage.workspace.channels[home].members


async def test_an_address_is_nobody_elses(front: Front) -> None:
    for user in (DANA, LEE):
        told = await front.told(front.command(f"link {f'<@{LEE}|lee> ' if user == DANA else ''}qualytics:12", user=user))
        assert "an address counts more than a choice" in told and f"<@{DANA}>" in told
    assert (await front.running.store.identities.find([LEE], "qualytics")) == {}


async def test_the_form_assigns_whom_somebody_knows_and_asks_only_admins_about_others(front: Front) -> None:
    (ident,) = await front.arrive()
    form = await opened(front, ident)
    refused = json.loads((await front.send(front.submission(form, users(DANA, ANN), user=LEE))).body)["view"]
    assert "Nobody knows yet who Ann is in Qualytics" in json.dumps(refused) and "/anomalies link" in json.dumps(refused)
    assert refused.get("callback_id") != ids.LINK_VIEW and (await front.stage.truth(ident))["assignees"] == []
    await front.send(front.submission(form, users(DANA), user=LEE))
    assert [one["id"] for one in (await front.stage.truth(ident))["assignees"]] == [12], "matched by address"
    await front.send(front.command(f"link <@{ANN}|ann> qualytics:{LEE_PARK}"))
    await front.send(front.submission(form, users(ANN), user=LEE))
    assert [one["id"] for one in (await front.stage.truth(ident))["assignees"]] == [LEE_PARK], "linked already"


async def test_a_forged_choice_for_somebody_else_is_refused(front: Front) -> None:
    (ident,) = await front.arrive()
    pending = anomaly_forms.Pending(model.Ref("qualytics", str(ident)), 1, CHANNEL)
    view = anomaly_forms.pick(pending, [ANN], [model.Actor(ANN, "Ann")], CAPABILITIES)
    update = json.loads((await front.send(front.submission(view, picked(LEE_PARK, ANN), user=LEE))).body)
    assert "You can link yourself." in json.dumps(update["view"]) and await owner(front) == ""


async def test_who_takes_over_in_the_form_sees_whom(front: Front) -> None:
    await front.send(front.command(f"link qualytics:{LEE_PARK}", user=LEE))
    (ident,) = await front.arrive()
    update = json.loads((await front.send(front.submission(await opened(front, ident), users(ANN)))).body)
    before = len(front.whispers())
    await front.send(front.submission(update["view"], picked(LEE_PARK, ANN)))
    assert any(f"<@{LEE}>" in one and "is told" in one for one in front.whispers()[before:])
    assert await owner(front) == ANN
    await front.running.post.flush()
    assert lasting(front, "You are not Lee Park in Qualytics any more")
