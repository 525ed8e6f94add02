"""Slack fails while people click, type and fill in forms: everybody gets a sentence, and nothing is done by halves."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults.house import House
from tests.walks.stage import CHANNEL, DANA, LEE, Json, Stage, visible

UPDATE, RESPONSE = "chat.update", "response_url"


async def _card(house: House) -> tuple[int, Json]:
    (ident,) = await house.stage.arrive()
    return ident, await house.stage.card(ident, "waiting since")


async def _writes(stage: Stage) -> list[Json]:
    calls = (await stage.http.get(f"{stage.qualytics_url}/_control/log")).json()["calls"]
    return [call for call in calls if call["method"] not in ("GET", "HEAD")]


@pytest.mark.parametrize(
    ("mode", "more"), [("500", {}), ("drop", {}), ("error", {"error": "expired_url"}), ("timeout_before", {"delay_s": 0.1})]
)
async def test_a_response_url_that_fails_falls_back_to_an_edit(mode: str, more: dict[str, Any], house: House) -> None:
    ident, card = await _card(house)
    await house.fault(RESPONSE, mode, times=0, **more)
    house.desk.post.works = False  # nobody else edits: a flush between the record of a click and its card would show it once more
    edits = len(await house.stage.calls(UPDATE))
    await house.stage.press(card, "anomaly.acknowledge")
    await house.stage.card(ident, "Dana looks into it")
    assert len(await house.stage.calls(UPDATE)) == edits + 1
    assert len(await house.cards(ident)) == 1
    house.desk.post.works = True
    await house.well()
    await house.stage.press(card, "anomaly.unacknowledge")
    await house.stage.card(ident, "waiting since", "Un-acknowledged by Dana")


async def test_an_answer_that_is_lost_undoes_nothing(house: House) -> None:
    """Both the edit and the receipt fail: the action is done, and the card catches up."""
    ident, card = await _card(house)
    await house.fault(RESPONSE, "500", times=0)
    await house.fault(UPDATE, "500", times=1)
    await house.stage.press(card, "anomaly.acknowledge")
    await house.stage.status(ident, "Acknowledged")
    house.clock.pass_by(5)
    await house.stage.card(ident, "Dana looks into it")
    assert len([call for call in await _writes(house.stage) if call["method"] == "PUT"]) == 1
    await house.well()
    await house.healthy()


@pytest.mark.parametrize(
    ("mode", "more"), [("500", {}), ("error", {"error": "internal_error"}), ("429", {}), ("drop", {}), ("garbage", {})]
)
async def test_nobody_acts_while_slack_does_not_say_who_they_are(mode: str, more: dict[str, Any], house: House) -> None:
    ident, card = await _card(house)
    await house.fault("users.info", mode, times=0, **more)
    await house.stage.press(card, "anomaly.acknowledge", user=LEE)
    answer = visible(await house.stage.ephemeral("Try again", user=LEE))
    assert answer.endswith(".")
    assert await _writes(house.stage) == []
    assert (await house.stage.truth(ident))["status"] == "Active"
    await house.well()
    await house.stage.press(card, "anomaly.acknowledge", user=LEE)
    await house.stage.card(ident, "Acknowledged by Lee", "unassigned")  # nobody has linked Lee, who therefore takes nothing


async def test_commands_and_forms_say_so_too(house: House) -> None:
    ident, card = await _card(house)
    await house.fault("users.info", "500", times=0)
    await house.stage.command("/anomalies list", user=LEE)
    await house.stage.ephemeral("Try again", user=LEE)
    await house.stage.press(card, "anomaly.assign", user=LEE)
    await house.stage.view(LEE, "Try again")
    await house.well()
    await house.stage.press(card, "anomaly.assign", user=LEE)
    await house.stage.view(LEE, "Assign to")
    await house.fault("users.info", "500", times=0)
    house.desk.desk.people.directory._people.clear()  # type: ignore[attr-defined]  # what was known is 30 s old
    await house.stage.slack("submit", user=LEE, values={"assign.people": [LEE]})
    await house.stage.view(LEE, "Try again")
    assert await _writes(house.stage) == []
    assert (await house.stage.truth(ident))["assignees"] == []


@pytest.mark.parametrize("error", ["expired_trigger_id", "trigger_expired", "exchanged_trigger_id"])
async def test_a_form_that_came_too_late_is_explained(error: str, house: House) -> None:
    _, card = await _card(house)
    await house.fault("views.open", "error", error=error)
    await house.stage.press(card, "anomaly.assign")
    told = visible(await house.stage.ephemeral("Try again"))
    assert error in told
    await house.stage.press(card, "anomaly.assign")
    await house.stage.view(DANA, "Assign to")


async def test_a_comment_whose_form_fails_is_not_lost_without_a_word(house: House) -> None:
    ident, card = await _card(house)
    await house.stage.press(card, "anomaly.more", value=_more(card, "comment"))
    await house.stage.view(DANA, "'callback_id': 'comment'")
    await house.sick("500")
    await house.stage.slack("submit", user=DANA, values={"comment.text": "Known"})
    told = visible(await house.stage.ephemeral("Qualytics did not answer (HTTP 500", "; nothing was changed"))
    assert "Try again" in told
    await house.well()
    assert (await house.stage.truth(ident))["comments"] == []


def _more(card: Json, choice: str) -> str:
    for block in card["blocks"]:
        for element in block.get("elements", []):
            for option in element.get("options", []) if element["type"] == "overflow" else []:
                if option["value"].startswith(f"{choice}|"):
                    return str(option["value"])
    raise AssertionError(f"no {choice}")


async def test_a_click_while_the_system_is_away_is_refused_with_a_sentence(house: House) -> None:
    ident, card = await _card(house)
    await house.sick("500")
    await house.stage.press(card, "anomaly.acknowledge")
    told = visible(await house.stage.ephemeral("Qualytics did not answer (HTTP 500", "; nothing was changed"))
    assert "Try again in a minute" in told
    await house.well()
    house.clock.pass_by(120)
    await house.stage.press(card, "anomaly.acknowledge")
    await house.stage.card(ident, "Dana looks into it")


@pytest.mark.parametrize(("mode", "more"), [("drop_after", {}), ("empty", {}), ("garbage", {})])
async def test_a_write_whose_answer_is_lost_is_settled_by_reading(mode: str, more: dict[str, Any], house: House) -> None:
    ident, card = await _card(house)
    await house.sick(mode, method="PUT", times=1, **more)
    await house.stage.press(card, "anomaly.acknowledge")
    if mode == "drop_after":
        await house.stage.card(ident, "Dana looks into it")
    else:  # the fake did not carry these out
        await house.stage.ephemeral("Not acknowledged")
        assert (await house.stage.truth(ident))["status"] == "Active"
    assert len([call for call in await _writes(house.stage) if call["method"] == "PUT"]) == 1


@pytest.mark.parametrize("reason", ["refresh_requested", "warning"])
async def test_socket_mode_that_is_cut_comes_back(reason: str, house: House) -> None:
    ident, card = await _card(house)
    cut = await house.stage.slack("sockets/disconnect", reason=reason)
    assert cut["closed"] >= 1

    async def clicked() -> bool:
        body = {"user": DANA, "channel": CHANNEL, "ts": card["ts"], "action_id": "anomaly.acknowledge"}
        answer = (await house.stage.http.post(f"{house.stage.slack_url}/_control/click", json=body)).json()
        return bool(answer.get("ok"))

    await house.soon(clicked)
    await house.stage.card(ident, "Dana looks into it")
    await house.healthy()
