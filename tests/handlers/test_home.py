"""The App Home through real Bolt dispatch and both fakes: what is in it, what a click in it does, and when it is drawn."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import model
from bot.render.kit import ids
from bot.services import home
from bot.store import tables
from tests.handlers import homes
from tests.handlers.front import CHANNEL, DANA, GUS, LEE, Front, visible

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(autouse=True)
async def over(front: Front) -> None:
    """What earlier tests left open is nobody's queue any more."""
    rows, side = tables.anomalies, tables.anomaly_assignees

    async def work(connection: AsyncConnection) -> None:
        await connection.execute(sa.delete(side))
        await connection.execute(sa.update(rows).values(closed=front.running.desk.clock.now()))

    await front.running.store.db.write(work)


async def _assigned(front: Front, *weights: int) -> list[int]:
    """New anomalies of these weights that Dana took by a command."""
    made = [ident for weight in weights for ident in await front.arrive(weight=weight)]
    for ident in made:
        await front.send(front.command(f"assign <@{DANA}> {ident}"))
    return made


async def test_the_home_is_the_queue_of_who_opens_it_the_worst_and_oldest_first(front: Front) -> None:
    low, bad, old = await _assigned(front, 10, 95, 95)
    (waiting,) = await front.arrive(weight=90)
    shown = await homes.opened(front)
    assert shown.index("Assigned to you: 3") < shown.index(f"#{bad}") < shown.index(f"#{old}") < shown.index(f"#{low}")
    rest = shown[shown.index("Nobody has acknowledged, besides yours: ") :]
    assert f"#{waiting}" in rest and "*Critical*" in rest and "Who has how much" in rest
    told = next(block for block in homes.view(front)["blocks"] if f"<@{DANA}>" in json.dumps(block))
    assert f"<@{DANA}> *3*" in json.dumps(told)
    labels = [element["text"]["text"] for _, element in _buttons(front)]
    assert labels[:2] == ["Triage", "Scan"] and {"Acknowledge", "Assign…"} <= set(labels)


def _row(front: Front, ident: int) -> str:
    """What stands of one anomaly in the Home."""
    return next(line for line in homes.seen(front).splitlines() if line.endswith(f"#{ident}"))


def _buttons(front: Front, user: str = DANA) -> list[tuple[Any, Any]]:
    rows = [block for block in homes.view(front, user)["blocks"] if block["type"] == "actions"]
    return [(row, element) for row in rows for element in row["elements"] if element["type"] == "button"]


async def test_every_button_of_a_home_is_told_apart_by_those_who_hear_it(front: Front) -> None:
    await _assigned(front, 50, 50)
    await homes.opened(front)
    spoken = [element.get("accessibility_label", element["text"]["text"]) for _, element in _buttons(front) if "url" not in element]
    ours = [words for words in spoken if "anomaly in" not in words]
    assert len(ours) == len(set(ours))


async def test_an_opening_that_slack_tells_twice_is_drawn_once(front: Front) -> None:
    homes.later(front)
    payload, before = homes.opening(front), homes.published(front)
    await asyncio.gather(homes.tell(front, payload), homes.tell(front, payload))
    await homes.tell(front, payload)
    assert homes.published(front) == before + 1


async def test_a_click_in_the_home_is_a_click_on_the_card_and_answers_there_alone(front: Front) -> None:
    (ident,) = await _assigned(front, 99)
    await homes.opened(front)
    homes.later(front)
    before, whispers = len(front.posted()), len(front.whispers())
    await front.send(homes.press(front, ids.ACKNOWLEDGE, f":{ident}|"))
    assert (await front.stage.truth(ident))["status"] == "Acknowledged"
    assert "acknowledged by Dana" in visible(front.card(ident))
    assert "Acknowledged" in _row(front, ident)
    assert (len(front.posted()), len(front.whispers())) == (before, whispers)


async def test_what_is_refused_is_said_on_top_of_the_home_until_the_next_click(front: Front) -> None:
    first, second = await _assigned(front, 99, 99)
    await homes.opened(front)
    homes.later(front)
    whispers = len(front.whispers())
    async with front.fault(mode="500", path=f"/anomalies/{first}$", times=0):
        await front.send(homes.press(front, ids.ACKNOWLEDGE, f":{first}|"))
    assert "Qualytics" in _top(front) and len(front.whispers()) == whispers
    homes.later(front)
    await front.send(homes.press(front, ids.ACKNOWLEDGE, f":{second}|"))
    assert "Qualytics" not in _top(front)


async def test_who_was_first_is_told_in_a_form(front: Front) -> None:
    (ident,) = await _assigned(front, 99)
    await homes.opened(front)
    stale = homes.press(front, ids.ACKNOWLEDGE, f":{ident}|")
    await front.send(front.command(f"archive {ident} as:invalid", user=LEE))
    homes.later(front)
    whispers = len(front.whispers())
    await front.send(stale)
    assert "Lee" in front.modal() and len(front.whispers()) == whispers
    assert f"#{ident}" not in homes.seen(front)


def _top(front: Front, user: str = DANA) -> str:
    """The line on top of the Home."""
    said = str(homes.view(front, user)["blocks"][0].get("text", {}).get("text", ""))
    return said if said.startswith("ℹ") else ""


async def test_who_may_not_do_it_is_told_so_on_top(front: Front) -> None:
    """Guests see no queue at all; what a member may not do is refused at the click."""
    (ident,) = await _assigned(front, 99)
    shown = await homes.opened(front, GUS)
    assert "Guests cannot use Anomaly Desk" in shown and "Assigned to you" not in shown and f"#{ident}" not in shown
    await homes.opened(front)
    press = homes.press(front, ids.ACKNOWLEDGE, f":{ident}|")
    press["user"] = press["user"] | {"id": GUS}
    await front.send(press)
    assert (await front.stage.truth(ident))["status"] == "Active"


async def test_slack_is_asked_once_in_three_seconds_and_the_last_wish_is_not_lost(front: Front) -> None:
    made = await _assigned(front, 99, 99, 99)
    await homes.opened(front)
    before = homes.published(front)
    for ident in made:
        await front.send(homes.press(front, ids.ACKNOWLEDGE, f":{ident}|"))
    await front.running.desk.home.work()
    assert homes.published(front) == before
    homes.later(front)
    await front.running.desk.home.work()
    await front.running.desk.home.work()
    assert homes.published(front) == before + 1
    assert all("Acknowledged" in _row(front, ident) for ident in made)


async def test_a_click_elsewhere_draws_the_home_of_who_opened_it_within_a_quarter_of_an_hour(front: Front) -> None:
    first, second = await _assigned(front, 99, 99)
    await homes.opened(front)
    homes.later(front, 14 * 60)
    before = homes.published(front)
    await front.send(front.press(front.card(first), ids.ACKNOWLEDGE))
    assert homes.published(front) == before + 1
    assert "Acknowledged" in _row(front, first)
    homes.later(front, 2 * 60)
    await front.send(front.press(front.card(second), ids.ACKNOWLEDGE))
    await front.running.desk.home.work()
    assert homes.published(front) == before + 1


async def test_what_shows_the_same_is_not_shown_again(front: Front) -> None:
    await homes.opened(front)
    homes.later(front)
    before = homes.published(front)
    await front.send(front.command("count"))
    assert homes.published(front) == before


async def test_a_home_that_shows_something_else_than_this_desk_thinks_is_drawn_anew(front: Front) -> None:
    """Slack refuses what was drawn on an older view; the next drawing is of what is so then."""
    (ident,) = await _assigned(front, 99)
    await homes.opened(front)
    space = front.stage.workspace
    space.modals.publish(DANA, space.modals.check({"type": "home", "blocks": [{"type": "divider"}]}, "home"))
    homes.later(front)
    await front.send(front.command(f"ack {ident}"))
    assert [call.error for call in space.log if call.method == "views.publish"][-1] == "hash_conflict"
    homes.later(front)
    await front.running.desk.home.work()
    assert "Acknowledged" in _row(front, ident)


async def test_trouble_with_slack_is_tried_again_later(front: Front) -> None:
    homes.later(front)
    await front.stage.slack("faults", method="views.publish", mode="500", times=1)
    await homes.tell(front, homes.opening(front, LEE))
    assert LEE not in front.stage.workspace.modals.homes
    homes.later(front, 31)
    await front.running.desk.home.work()
    assert "Assigned to you" in homes.seen(front, LEE)


async def test_a_home_that_cannot_be_drawn_keeps_no_other_one_waiting(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    await homes.opened(front)
    drawn = home.Home._view

    async def broken(self: home.Home, opened: model.Home, now: datetime) -> Any:
        if opened.who == LEE:
            raise RuntimeError("nobody foresaw this")
        return await drawn(self, opened, now)

    monkeypatch.setattr(home.Home, "_view", broken)
    homes.later(front)
    await homes.tell(front, homes.opening(front, LEE))
    await front.running.store.homes.opened(DANA, "", front.running.desk.clock.now())
    before = homes.published(front)
    await front.running.desk.home.work()
    assert homes.published(front) == before + 1


async def test_pages_are_turned_in_the_home(front: Front) -> None:
    made = await _assigned(front, *[99] * 10)
    shown = await homes.opened(front)
    assert "1 to 8 of" in shown and f"#{made[-1]}" not in shown.partition("Nobody has acknowledged")[0]
    homes.later(front)
    await front.send(homes.press(front, ids.HOME_NEXT, "mine|8"))
    mine = homes.seen(front).partition("Nobody has acknowledged")[0]
    assert "9 to" in mine and "Previous page" in json.dumps(homes.view(front))
    homes.later(front)
    await front.send(homes.press(front, ids.HOME_BACK, "mine|0"))
    assert "1 to 8 of" in homes.seen(front)


async def test_a_filter_is_for_both_queues_and_a_wrong_one_is_said_on_top(front: Front) -> None:
    (bad,), (mild,) = await _assigned(front, 99), await _assigned(front, 5)
    await homes.opened(front)
    homes.later(front)
    await front.send(homes.typed(front, ids.HOME_FILTER, "severity:low"))
    shown = homes.seen(front)
    assert f"#{mild}" in shown and f"#{bad}" not in shown and "*Critical*" not in shown
    for words, told in (("severty:low", "severity"), ("rule:notNull", "Your Home can be filtered by")):
        homes.later(front)
        await front.send(homes.typed(front, ids.HOME_FILTER, words))
        assert told in _top(front)
        assert f"#{mild}" in homes.seen(front) and "*Critical*" not in homes.seen(front)
    homes.later(front)
    await front.send(homes.typed(front, ids.HOME_FILTER, None))
    assert "*Critical*" in homes.seen(front)


async def test_a_form_that_was_opened_in_the_home_answers_there(front: Front) -> None:
    (ident,) = await _assigned(front, 99)
    await homes.opened(front)
    homes.later(front)
    whispers = len(front.whispers())
    await front.send(homes.press(front, ids.MORE, f":{ident}|", choice="comment"))
    sent = front.submission(front.form(), {ids.COMMENT_TEXT: {"type": "plain_text_input", "value": "Late vendor file."}})
    await front.send(sent)
    assert len(front.whispers()) == whispers
    lines = await front.running.store.journal.history(model.Ref("qualytics", str(ident)))
    assert [line.action for line in lines].count("comment") == 1


async def test_what_is_long_is_read_in_a_form(front: Front) -> None:
    (ident,) = await _assigned(front, 99)
    await homes.opened(front)
    whispers = len(front.whispers())
    await front.send(homes.press(front, ids.MORE, f":{ident}|", choice="history"))
    assert "History of" in front.modal() and "Dana" in front.modal() and len(front.whispers()) == whispers


async def test_my_last_batches_are_there_with_undo(front: Front) -> None:
    made = await front.arrive(2, weight=60)
    await front.send(front.command(f"archive {made[0]},{made[1]} as:invalid"))
    whispered = [one for one in front.stage.workspace.channels[CHANNEL].messages.values() if ids.BATCH_CONFIRM in json.dumps(one.blocks)][
        -1
    ]
    await front.send(front.press({"ts": whispered.ts, "text": "", "blocks": whispered.blocks}, ids.BATCH_CONFIRM))
    shown = await homes.opened(front)
    assert "Your last batches" in shown and "Dana archived 2 anomalies as Invalid" in shown and "Undo until" in shown
    homes.later(front)
    await front.send(homes.press(front, ids.BATCH_UNDO))
    await front.running.desk.runs.work()
    assert (await front.stage.truth(made[0]))["status"] != "Invalid"
    assert "This is being taken back" in _top(front), "its receipt is in a channel, out of sight"


async def test_triage_and_scan_open_their_forms_from_the_home(front: Front) -> None:
    await front.arrive()
    await homes.opened(front)
    await front.send(homes.press(front, ids.REVIEW_OPEN))
    assert front.form()["callback_id"] == "review"
    await front.send(homes.press(front, ids.SCAN_OPEN))
    assert front.form()["callback_id"] == "scan"


async def test_who_is_unknown_to_a_system_gets_link_me_and_is_known_then(front: Front) -> None:
    """The others' door; it is said on top of the Home who they are now."""
    shown = await homes.opened(front, LEE)
    assert "You are not linked to Qualytics yet" in shown
    await front.send(homes.press(front, ids.LINK_ME, user=LEE))
    typed = {ids.LINK_ME_TYPED: {"type": "plain_text_input", "value": "Lee Park"}}
    homes.later(front)
    whispers = len(front.whispers(LEE))
    await front.send(front.submission(front.form(LEE), typed, user=LEE))
    assert "not linked" not in homes.seen(front, LEE) and "Lee Park" in _top(front, LEE) and len(front.whispers(LEE)) == whispers


async def test_what_waits_for_a_decision_is_in_the_direct_messages_where_it_can_be_replaced(front: Front) -> None:
    (ident,) = await _assigned(front, 99)
    await homes.opened(front)
    homes.later(front)
    await front.send(homes.press(front, ids.MORE, f":{ident}|", choice="verify"))
    preview = [one for one in front.stage.workspace.channels["D0DANA"].messages.values() if ids.SCAN_START in json.dumps(one.blocks)]
    assert len(preview) == 1 and preview[0].ephemeral_to == DANA
    assert "direct messages" in _top(front)


async def test_a_running_scan_is_there_with_abort_and_followed_by_itself(front: Front) -> None:
    await front.send(front.command("crm-replica tables:campaigns", name="/scan"))
    whispered = [one for one in front.stage.workspace.channels[CHANNEL].messages.values() if ids.SCAN_START in json.dumps(one.blocks)]
    if whispered:
        await front.send(front.press({"ts": whispered[-1].ts, "text": "", "blocks": whispered[-1].blocks}, ids.SCAN_START))
    await front.running.desk.follow.work()
    shown = await homes.opened(front)
    assert "Running scans" in shown and "campaigns in crm-replica" in shown
    home = await front.running.store.homes.get(DANA)
    assert home is not None and home.due is not None
    homes.later(front)
    await front.send(homes.press(front, ids.SCAN_ABORT))
    assert "was asked to abort" in _top(front)


async def test_a_desk_without_its_home_tab_goes_on_and_says_so(front: Front) -> None:
    """An app that was installed with an earlier manifest."""
    space = front.stage.workspace
    whole = space.app
    try:
        space.app = dataclasses.replace(whole, home_tab=False, events=frozenset(), scopes=whole.scopes - {"app_mentions:read"})
        homes.later(front)
        await homes.tell(front, homes.opening(front))
        (ident,) = await front.arrive()
        await front.send(front.press(front.card(ident), ids.ACKNOWLEDGE))
        assert "Dana looks into it" in visible(front.card(ident))
        status = await front.told(front.command("status"))
        assert "the app has no Home tab" in status and "install it again" in status
        assert "a mention of the bot is not answered (scope app_mentions:read)" in status
    finally:
        space.app = whole
    homes.later(front, 5)
    await homes.opened(front)
    assert "no Home tab" not in await front.told(front.command("status"))


def _said(front: Front, channel: str, user: str = DANA) -> list[tuple[str, str]]:
    """What this person alone was told in a conversation: the thread, and the words."""
    found = front.stage.workspace.channels[channel].messages.values()
    return [(one.thread_ts, visible({"text": one.text, "blocks": one.blocks})) for one in found if one.ephemeral_to == user]


async def test_a_mention_of_the_bot_answers_with_the_short_help_and_the_buttons_where_it_was(front: Front) -> None:
    """screens.md, Words: the last of them; in the thread where it was in one, and once."""
    (ident,) = await front.arrive()
    thread, before = front.card(ident)["ts"], len(_said(front, CHANNEL))
    payload = homes.mention(front, thread_ts=thread)
    await asyncio.gather(homes.tell(front, payload), homes.tell(front, payload))
    await homes.tell(front, homes.mention(front))
    (first, second) = _said(front, CHANNEL)[before:]
    assert (first[0], second[0]) == (thread, "")
    for _, words in (first, second):
        assert all(button in words for button in ("My anomalies", "Triage", "Scan")) and "/anomalies help" in words


async def test_a_direct_message_to_the_bot_answers_with_the_short_help_there(front: Front) -> None:
    before = len(_said(front, "D0DANA")) if "D0DANA" in front.stage.workspace.channels else 0
    await homes.tell(front, homes.written(front))
    ((thread, words),) = _said(front, "D0DANA")[before:]
    assert thread == "" and "My anomalies" in words
    told = front.stage.workspace.channels["D0DANA"].messages.values()
    answer = next(one for one in reversed(list(told)) if ids.LIST_PAGE in json.dumps(one.blocks))
    press = front.press({"ts": answer.ts, "text": "", "blocks": answer.blocks}, ids.LIST_PAGE)
    (ident,) = await _assigned(front, 50)
    assert str(ident) in await front.told(press)


@pytest.mark.parametrize(
    "fields",
    [{"bot_id": "B0DESKBOT"}, {"user": None}, {"bot_id": "B0OTHER"}, {"subtype": "message_changed"}, {"channel_type": "channel"}],
)
async def test_bots_the_bot_itself_and_what_is_no_new_message_are_not_answered(front: Front, fields: dict[str, Any]) -> None:
    before = len(front.whispers())
    await homes.tell(front, homes.written(front) | {"event": {**homes.written(front)["event"], **fields}})
    assert len(front.whispers()) == before


async def test_a_guest_who_mentions_the_bot_is_told_why_not(front: Front) -> None:
    before = len(front.whispers(GUS))
    await homes.tell(front, homes.mention(front, GUS))
    assert "Guests cannot use Anomaly Desk" in "".join(front.whispers(GUS)[before:])


async def test_somebody_of_another_workspace_is_told_so(front: Front) -> None:
    before = len(front.whispers())
    await homes.tell(front, homes.mention(front, user_team="T0ELSEWHERE"))
    assert "Only people of this workspace" in "".join(front.whispers()[before:])


@pytest.mark.parametrize("kind", ["member_joined_channel", "member_left_channel"])
async def test_who_joins_and_leaves_is_nothing_yet(front: Front, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    await homes.tell(front, homes.event(front, kind, user=LEE, channel=CHANNEL))
    assert not caplog.records


async def test_what_is_said_in_channels_is_nothing_to_the_desk_whoever_says_it(front: Front) -> None:
    """With the manifest of `--threads` it hears all of it: no answer, no row, no question about who that was."""
    space = front.stage.workspace
    calls, rows = len(space.log), await _deliveries(front)
    for user, fields in ((DANA, {}), (GUS, {}), ("U0STRANGER", {"user_team": "T0ELSEWHERE"})):
        payload = homes.written(front) | {}
        payload["event"] = payload["event"] | {"channel": CHANNEL, "channel_type": "channel", "user": user, **fields}
        await homes.tell(front, payload)
    assert (len(space.log), await _deliveries(front)) == (calls, rows)


async def _deliveries(front: Front) -> int:
    async with front.running.store.db.reader.connect() as connection:
        return int((await connection.exec_driver_sql("SELECT count(*) FROM deliveries")).scalar_one())
