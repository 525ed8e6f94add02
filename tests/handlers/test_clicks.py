"""Buttons and menus of messages, as Slack sends them, through the real app: what changes in Qualytics, and what people read."""

from __future__ import annotations

import asyncio
import json

import pytest

from bot import model
from bot.render.kit import ids
from tests.handlers.front import CHANNEL, DANA, LEE, Front, visible

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_acknowledge_and_take_it_back(front: Front) -> None:
    (ident,) = await front.arrive()
    assert await front.told(front.press(front.card(ident), ids.ACKNOWLEDGE)) == ""
    assert (await front.stage.truth(ident))["status"] == "Acknowledged"
    assert "Dana looks into it" in visible(front.card(ident))
    assert await front.told(front.press(front.card(ident), ids.UNACKNOWLEDGE, user=LEE)) == ""
    assert "Un-acknowledged by Lee" in visible(front.card(ident))
    assert (await front.stage.truth(ident))["status"] == "Active"


@pytest.mark.parametrize("outcome", ["Resolved", "Invalid", "Discarded"])
async def test_archive_with_each_outcome_and_reopen(front: Front, outcome: str) -> None:
    (ident,) = await front.arrive()
    assert await front.told(front.press(front.card(ident), ids.ARCHIVE, f"{outcome}|")) == ""
    assert f"Archived as {outcome} by Dana" in visible(front.card(ident))
    assert (await front.stage.truth(ident))["status"] == outcome
    assert await front.told(front.press(front.card(ident), ids.REOPEN)) == ""
    assert "Reopened by Dana" in visible(front.card(ident))
    assert (await front.stage.truth(ident))["status"] == "Acknowledged"


async def test_a_repeated_and_a_late_click_change_nothing(front: Front) -> None:
    (ident,) = await front.arrive()
    before = front.card(ident)
    acknowledge, archive = front.press(before, ids.ACKNOWLEDGE), front.press(before, ids.ARCHIVE, "Invalid|")
    await front.send(acknowledge)
    await front.forget()
    assert "already" in await front.told(front.press(before, ids.ACKNOWLEDGE, user=LEE))
    assert await front.told(acknowledge) == "", "the same delivery once more: nobody did anything"
    assert await front.writes() == []
    await front.send(archive)
    await front.forget()
    told = await front.told(front.press(before, ids.ACKNOWLEDGE, user=LEE))
    assert "Nothing was changed: you cannot acknowledge" in told and "Archived as Invalid by Dana" in told and "Reopen" in told
    assert await front.writes() == []
    told = await front.told(front.command(f"ack {ident}", user=LEE))
    assert "Not acknowledged" in told and "Reopen it first" in told, "a command showed nothing that could be old"


async def test_a_button_that_is_older_than_the_anomaly_says_who_was_faster(front: Front) -> None:
    (ident,) = await front.arrive()
    old = front.card(ident)
    archive, acknowledge = front.press(old, ids.ARCHIVE, "Duplicate|", user=LEE), front.press(old, ids.ACKNOWLEDGE, user=LEE)
    await front.stage.qualytics("PATCH", f"anomalies/{ident}", status="Resolved")
    await front.forget()
    for click, verb in ((archive, "archive"), (acknowledge, "acknowledge")):
        told = await front.told(click) + front.modal(LEE)
        assert f"you cannot {verb}" in told and "Archived as Resolved in Qualytics" in told and "Reopen" in told
    assert await front.writes() == []


async def test_a_button_that_is_older_but_still_makes_sense_does_it(front: Front) -> None:
    (ident,) = await front.arrive()
    old = front.card(ident)
    await front.send(front.command(f"tag {ident} +tag:incident"))
    assert await front.told(front.press(old, ids.ACKNOWLEDGE, user=LEE)) == ""
    assert (await front.stage.truth(ident))["status"] == "Acknowledged"


async def test_the_history_the_reasons_and_one_card_alone(front: Front) -> None:
    (ident,) = await front.arrive()
    await front.send(front.press(front.card(ident), ids.ACKNOWLEDGE))
    told = await front.told(front.press(front.card(ident), ids.MORE, "history|"))
    assert "History of" in told and "*Acknowledged* by Dana" in told
    told = await front.told(front.click(ids.MORE, f"why|qualytics:{ident}|1", kind="overflow"))  # a card of an older release
    assert "Posted" in told and f"<#{CHANNEL}>" in told
    told = await front.told(front.click(ids.SHOW, f"qualytics:{ident}|1"))
    assert "Dana looks into it" in told and "Weight" in told


async def test_a_card_that_only_its_reader_sees_is_redrawn(front: Front) -> None:
    (ident,) = await front.arrive()
    await front.send(front.command(f"show {ident}"))
    space = front.stage.workspace
    shown = next(one for one in reversed(space.channels[CHANNEL].messages.values()) if one.ephemeral_to == DANA)
    await front.send(front.press({"ts": shown.ts, "blocks": shown.blocks}, ids.ACKNOWLEDGE))
    assert any("Dana looks into it" in one and "Weight" in one for one in front.whispers())
    assert "Dana looks into it" in visible(front.card(ident))


async def test_an_action_that_was_done_is_told_though_the_redraw_fails(front: Front) -> None:
    (ident,) = await front.arrive()
    await front.send(front.command(f"show {ident}"))
    shown = next(one for one in reversed(front.stage.workspace.channels[CHANNEL].messages.values()) if one.ephemeral_to == DANA)
    press = front.press({"ts": shown.ts, "blocks": shown.blocks}, ids.ACKNOWLEDGE)
    # Two reads belong to the action: before and after. The third is the redraw.
    async with front.fault(mode="500", method="GET", path=f"/anomalies/{ident}$", skip=2):
        told = await front.told(press)
    assert told.startswith("Acknowledged:") and "nothing was changed" not in told


async def test_pages_of_lists_and_groups(front: Front) -> None:
    made = await front.arrive(12)
    group = next(one for one in front.posted() if "arrived together" in visible(one))
    told = await front.told(front.press(group, ids.GROUP_LIST))
    assert "1 to 10 of 12" in told
    card = group["blocks"]
    value = next(one["value"] for block in card for one in block.get("elements", []) if one.get("action_id") == ids.GROUP_LIST)
    assert "11 to 12 of 12" in await front.told(front.click(ids.GROUP_LIST, ids.encode_group(value, 10)))
    words = f"id:{','.join(map(str, made))}"
    assert "1 to 10 of 12" in await front.told(front.click(ids.LIST_PAGE, ids.encode_page(0, words)))
    assert "11 to 12 of 12" in await front.told(front.click(ids.CONTACT_LIST, ids.encode_page(10, words)))
    assert "1 to 10" in await front.told(front.click(ids.CONTACT_NEWEST, ids.encode_page(0, "sort:newest")))
    assert "Folded into a group card: more than 5 anomalies arrived within one look at the system." in await front.told(
        front.command(f"why {made[0]}")
    )


def _arrived(group: dict[str, object]) -> int:
    """How many a group card says it holds."""
    return int(visible(group).partition(" anomalies")[0].rpartition("*")[2])


async def test_a_click_on_a_group_is_about_those_that_it_showed(front: Front) -> None:
    made = await front.arrive(12)
    group = next(one for one in front.posted() if "arrived together" in visible(one))
    shown = _arrived(group)
    late = await front.arrive(6)
    now = next(one for one in front.posted() if one["ts"] == group["ts"])
    assert _arrived(now) == shown + 6
    joined = "6 anomalies joined this card after you saw it, and are not in this."
    await front.send(front.press(group, ids.REVIEW_OPEN))
    form = front.form()
    assert f"of {shown} of this card" in front.modal() and joined in front.modal()
    blocks = {block["block_id"].partition(":")[0]: block for block in form["blocks"] if "element" in block}
    which, action = blocks[ids.REVIEW_WHICH], blocks[ids.REVIEW_ACTION]
    everything = next(option for option in which["element"]["options"] if f"All {shown}" in option["text"]["text"])
    acknowledge = next(option for option in action["element"]["options"] if "cknowledge" in str(option["text"]))
    values = {
        which["block_id"]: {"type": "radio_buttons", "selected_option": everything},
        action["block_id"]: {"type": "static_select", "selected_option": acknowledge},
    }
    preview = json.loads((await front.send(front.submission(form, values))).body)["view"]
    assert f"{shown} anomalies: a group card." in str(preview) and joined in str(preview)
    await front.send(front.submission(preview, {}))
    stored = await front.running.store.anomalies.get([model.Ref("qualytics", str(ident)) for ident in (*made, *late)])
    acknowledged = {int(ref.id) for ref, one in stored.items() if one.state is model.State.ACKNOWLEDGED}
    assert (acknowledged, len(stored)) == (set(made), 18), "who joined later is left alone"
    await front.send(front.press(now, ids.REVIEW_OPEN))
    assert f"of {shown + 6} of this card" in front.modal() and "joined" not in front.modal()


async def test_a_link_button_wants_an_ack_and_nothing_else(front: Front) -> None:
    (ident,) = await front.arrive()
    assert await front.told(front.click(ids.OPEN, "", ts=front.card(ident)["ts"])) == ""


async def test_two_people_press_at_once(front: Front) -> None:
    (ident,) = await front.arrive()
    card = front.card(ident)
    await front.forget()
    await asyncio.gather(*(front.send(front.press(card, ids.ACKNOWLEDGE, user=user)) for user in (DANA, LEE, DANA)))
    assert [call["method"] for call in await front.writes() if call["path"] == f"/api/anomalies/{ident}"] == ["PUT"]


FORGED = [
    pytest.param("", id="empty"),
    pytest.param("garbage", id="garbage"),
    pytest.param("|", id="a separator"),
    pytest.param("qualytics:1", id="no version"),
    pytest.param("qualytics:1|one", id="a version that is no number"),
    pytest.param("|1", id="no anomaly"),
    pytest.param("anodot:1|1", id="another system"),
    pytest.param("nowhere:1|1", id="no system at all"),
    pytest.param("qualytics:999999999|1", id="an anomaly that does not exist"),
    pytest.param("qualytics:no-number|1", id="an id of another kind"),
    pytest.param("qualytics:../datastores|1", id="a path"),
    pytest.param("qualytics:1?x=1#y|1", id="an address"),
    pytest.param("\x00\u202e🙈|1", id="signs"),
]
PLAIN = (ids.ACKNOWLEDGE, ids.UNACKNOWLEDGE, ids.REOPEN, ids.ARCHIVE, ids.ASSIGN, ids.MORE, ids.SHOW)


@pytest.mark.parametrize("value", FORGED)
async def test_forged_values_are_refused_politely(front: Front, value: str, caplog: pytest.LogCaptureFixture) -> None:
    await front.forget()
    for action_id in PLAIN:
        for choice in {ids.ARCHIVE: ("Invalid|", "Lost|"), ids.MORE: ("comment|", "why|", "x|")}.get(action_id, ("",)):
            front.stage.workspace.modals.stacks.clear()
            told = await front.told(front.click(action_id, f"{choice}{value}")) + front.modal()
            assert told and "Loading" not in told and "did not foresee" not in told, (action_id, choice, told)
    assert await front.writes() == []
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("version", ["-3", "0", "9" * 60])
async def test_a_version_that_nobody_was_shown_acts_on_what_is_true_now(front: Front, version: str) -> None:
    (ident,) = await front.arrive()
    ts = front.card(ident)["ts"]
    assert await front.told(front.click(ids.ACKNOWLEDGE, f"qualytics:{ident}|{version}", ts=ts)) == ""
    assert "already" in await front.told(front.click(ids.ACKNOWLEDGE, f"qualytics:{ident}|{version}", ts=ts, user=LEE))


@pytest.mark.parametrize(
    "value", ["", "x", "-10|status:open", "0|nonsense:1", f"{'9' * 40}|", "1.5|status:open", "0|source:anodot", "0|metric:x", "999999|"]
)
async def test_forged_pages_are_refused_politely(front: Front, value: str) -> None:
    for action_id in (ids.LIST_PAGE, ids.CONTACT_LIST, ids.CONTACT_NEWEST):
        told = await front.told(front.click(action_id, value))
        assert told and "did not foresee" not in told, told


@pytest.mark.parametrize("value", ["", "no-such-card", "card|x", "card|-1", f"card|{'9' * 40}", "|5", "\x00"])
async def test_forged_groups_are_refused_politely(front: Front, value: str) -> None:
    told = await front.told(front.click(ids.GROUP_LIST, value))
    assert told and "did not foresee" not in told, told


async def test_buttons_that_nobody_knows_are_answered(front: Front) -> None:
    for payload in (
        front.click("anomaly.explode", "qualytics:1|1"),
        front.submission({"type": "modal", "callback_id": "nonsense", "blocks": []}, {}),
        front.command("list", name="/unknown"),
        {"type": "shortcut", "callback_id": "nope", "user": {"id": DANA}, "team": {"id": "T0DESK"}, "trigger_id": "1"},
        {"type": "event_callback", "team_id": "T0DESK", "event": {"type": "app_mention", "user": DANA, "text": "hi", "channel": CHANNEL}},
        {"hello": "world"},
    ):
        assert (await front.send(payload)).status == 200


async def test_the_system_that_was_meant_by_an_id_gives_the_same_command_again(front: Front) -> None:
    (ident, *_) = await front.arrive()
    assert str(ident) in await front.told(front.click(ids.WHICH_SYSTEM, f"qualytics|show {ident}"))
    assert "too old to be understood" in await front.told(front.click(ids.WHICH_SYSTEM, "show 1001"))


async def test_a_part_of_a_batch_that_is_not_known_is_not_tried_again(front: Front) -> None:
    assert "not known any more" in await front.told(front.click(ids.BATCH_AGAIN, "nix"))
