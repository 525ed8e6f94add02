"""Payloads of other workspaces, organizations and apps, by every path: refused in words, and nothing changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot import model
from bot.render.anomaly import anomaly_forms
from bot.render.kit import ids
from tests.handlers.front import CHANNEL, DANA, LEE, Front, Json

pytestmark = pytest.mark.asyncio(loop_scope="module")

CAPABILITIES = model.Capabilities("Qualytics", frozenset(model.Action))
OUTSIDER, ELSEWHERE = "Only people of this workspace", "another installation of Anomaly Desk"


def set_in(payload: Json, path: str, value: object) -> Json:
    """The payload with one id changed."""
    *parts, last = path.split(".")
    place: Any = payload
    for part in parts:
        place[part] = dict(place.get(part) or {})
        place = place[part]
    place[last] = value
    return payload


FORGERIES = [
    ("user.team_id", "T0OTHER", OUTSIDER),
    ("team.id", "T0OTHER", OUTSIDER),
    ("enterprise", {"id": "E0OTHER"}, OUTSIDER),
    ("api_app_id", "A0OTHER", ELSEWHERE),
]


@pytest.mark.parametrize(("path", "value", "said"), FORGERIES)
async def test_a_click_from_elsewhere_is_refused_and_changes_nothing(path: str, value: object, said: str, front: Front) -> None:
    (ident,) = await front.arrive()
    await front.forget()
    told = await front.told(set_in(front.press(front.card(ident), ids.ACKNOWLEDGE), path, value))
    assert said in told
    assert await front.writes() == []
    assert (await front.stage.truth(ident))["status"] == "Active"


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [("team_id", "T0OTHER", OUTSIDER), ("enterprise_id", "E0OTHER", OUTSIDER), ("api_app_id", "A0OTHER", ELSEWHERE)],
)
@pytest.mark.parametrize(("name", "text"), [("/anomalies", "ack {}"), ("/anomalies", "list"), ("/scan", "status")])
async def test_a_command_from_elsewhere_is_refused_and_changes_nothing(
    path: str, value: object, said: str, name: str, text: str, front: Front
) -> None:
    (ident,) = await front.arrive()
    await front.forget()
    told = await front.told(set_in(front.command(text.format(ident), name=name), path, value))
    assert said in told
    assert await front.writes() == []


async def test_a_form_from_elsewhere_is_refused_in_the_form(front: Front) -> None:
    (ident,) = await front.arrive()
    await front.send(front.press(front.card(ident), ids.ASSIGN))
    sent = front.submission(front.form(), {ids.ASSIGN_PEOPLE: {"type": "multi_users_select", "selected_users": [DANA]}})
    await front.forget()
    response = await front.send(set_in(sent, "view.app_installed_team_id", "T0OTHER"))
    assert response.status == 200 and OUTSIDER in response.body
    assert await front.writes() == []


@pytest.mark.parametrize("make", [lambda front: front.shortcut("triage.open")])
async def test_a_shortcut_from_elsewhere_opens_nothing(make: Callable[[Front], Json], front: Front) -> None:
    before = front.modal()
    assert OUTSIDER in await front.told(set_in(make(front), "user.team_id", "T0OTHER"))
    assert front.modal() == before


async def test_a_menu_from_elsewhere_has_no_options(front: Front) -> None:
    pending = anomaly_forms.Pending(model.Ref("qualytics", "1"), 1, CHANNEL)
    view = anomaly_forms.pick(pending, [LEE], [model.Actor(LEE, "Lee")], CAPABILITIES)
    ours = await front.send(front.suggestion(view, "lee"))
    assert '"value"' in ours.body
    response = await front.send(set_in(front.suggestion(view, "lee"), "user.team_id", "T0OTHER"))
    assert response.status == 200 and '"options": []' in response.body


async def test_an_answer_goes_to_slack_alone(front: Front) -> None:
    """The address of the payload is a stranger's: the person is told in the channel, and the stranger nothing."""
    payload = front.command("count")
    payload["response_url"] = "https://hooks.slack.com.evil.example/x"
    assert "open" in (await front.told(payload)).lower()
