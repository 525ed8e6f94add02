"""Slack fails while the desk posts: each anomaly has one message in the end, and the rest goes on."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from bot import app, model
from bot.delivery import slack
from bot.services import post as posting
from tests.faults import house as housing
from tests.faults.house import House
from tests.walks.stage import CHANNEL, DANA, Stage, visible

POST, UPDATE, HISTORY = "chat.postMessage", "chat.update", "conversations.history"


async def test_a_pause_that_slack_asks_for_stops_only_posts(house: House) -> None:
    stage = house.stage
    (first,) = await stage.arrive()
    card = await stage.card(first, "waiting since")
    posts = len(await stage.calls(POST))
    await house.fault(POST, "429", retry_after=30, times=0, channel=CHANNEL)
    (second,) = await stage.arrive()
    await stage.until(lambda: _called(stage, POST, posts + 1))

    # Commands, clicks, edits and polls go on.
    assert "1 new message" in await house.status()
    await stage.press(card, "anomaly.acknowledge")
    await stage.card(first, "Dana looks into it")
    await stage.qualytics("PATCH", f"anomalies/{first}", status="Active")
    await stage.card(first, "Assigned to Dana Reyes", "not acknowledged, waiting since", "Un-acknowledged in Qualytics")
    await stage.arrive(2)
    assert "3 new messages" in await house.soon(lambda: _status_with(house, "3 new messages"))
    assert len(await stage.calls(POST)) == posts + 1, "Slack was asked again before the pause was over"

    await house.well()
    await _over(house, 31)
    await stage.card(second, "waiting since")
    assert len(await house.cards(second)) == 1


async def _called(stage: Stage, method: str, times: int) -> bool:
    return len(await stage.calls(method)) >= times


async def _status_with(house: House, words: str) -> str:
    told = await house.status()
    return told if words in told else ""


async def _status_without(house: House, words: str) -> bool:
    return words not in await house.status()


async def _over(house: House, seconds: float) -> None:
    """A pause is over: for the desk's clock, and for the pacer, which goes by the loop's."""
    pacer: Any = house.desk.post.messenger
    for pool in set(pacer._pacer._pools.values()):
        pool.paused = 0.0
        for channel in pool.channels.values():
            channel.paused = 0.0
        pool.dispatch()
    house.clock.pass_by(seconds)


@pytest.mark.parametrize(
    ("mode", "more"), [("timeout_after", {"delay_s": 0.2}), ("drop_after", {}), ("error", {"error": "internal_error"})]
)
async def test_a_post_whose_answer_is_lost_appears_once(mode: str, more: dict[str, Any], house: House) -> None:
    stage = house.stage
    posts = len(await stage.calls(POST))
    await house.fault(POST, mode, **more)
    (ident,) = await stage.arrive()
    if mode == "error":  # internal_error: this one was not stored, and Slack does not say so
        await stage.until(lambda: _called(stage, HISTORY, 1))
        house.clock.pass_by(11)
    card = await stage.card(ident, "waiting since")
    await house.healthy()
    assert len(await house.cards(ident)) == 1
    assert card["metadata"]["event_payload"].keys() == {"card"}
    assert len(await stage.calls(POST)) == posts + (3 if mode == "error" else 2)
    await stage.command(f"/anomalies why {ident}")
    told = visible(await stage.ephemeral(str(ident), "Posted"))
    assert ("Slack's answer was lost" in told) is (mode != "error")
    # The adopted card works, and keeps its metadata over the edit.
    await stage.press(card, "anomaly.acknowledge")
    changed = await stage.card(ident, "Dana looks into it")
    assert changed["metadata"] == card["metadata"]


async def test_a_real_timeout_after_the_message_was_stored(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slack.session.__wrapped__, "__defaults__", (0.5,))
    async with housing.opened(stage) as house:
        await house.fault(POST, "timeout_after")
        (ident,) = await stage.arrive()
        await stage.card(ident, "waiting since")
        await stage.until(lambda: _called(stage, HISTORY, 1))
        await house.healthy()
        assert len(await house.cards(ident)) == 1


@pytest.mark.parametrize("mode", ["timeout_before", "drop", "500", "garbage"])
async def test_a_post_that_was_not_stored_is_posted_once_later(mode: str, house: House) -> None:
    stage = house.stage
    await house.fault(POST, mode, delay_s=0.2)
    (ident,) = await stage.arrive()
    await stage.until(lambda: _called(stage, HISTORY, 1))
    assert not await house.cards(ident)
    looked = len(await stage.calls(HISTORY))
    await house.healthy()  # others do not wait for it
    house.clock.pass_by(11)
    await stage.card(ident, "waiting since")
    assert len(await stage.calls(HISTORY)) > looked, "posted again without a second look"
    await house.healthy()
    assert len(await house.cards(ident)) == 1


@pytest.mark.parametrize(("mode", "more"), [("429", {"retry_after": 2}), ("500", {}), ("drop", {})])
async def test_an_unsure_post_stays_unsure_while_nobody_can_look(mode: str, more: dict[str, Any], house: House) -> None:
    stage = house.stage
    posts = len(await stage.calls(POST))
    await house.fault(HISTORY, mode, times=2, **more)
    await house.fault(POST, "drop_after")
    (ident,) = await stage.arrive()

    async def looked() -> bool:
        await _over(house, 5)
        return await _called(stage, HISTORY, 3)

    await house.soon(looked)
    await house.healthy()
    assert len(await house.cards(ident)) == 1
    assert len(await stage.calls(POST)) == posts + 2


async def test_an_unsure_post_that_cannot_be_looked_for_is_never_repeated(house: House) -> None:
    stage = house.stage
    await house.fault(HISTORY, "error", error="missing_scope", times=0)
    await house.fault(POST, "timeout_before", delay_s=0.1)
    (ident,) = await stage.arrive()
    await stage.until(lambda: _called(stage, HISTORY, 1))
    for _ in range(3):
        house.clock.pass_by(120)
        await house.healthy()
    assert not await house.cards(ident)
    assert "1 message could not be delivered" in await house.status()
    await stage.command(f"/anomalies why {ident}")
    assert "It is not posted again" in visible(await stage.ephemeral("Perhaps posted"))


async def test_refused_blocks_become_plainer_and_stay_clickable(house: House) -> None:
    stage = house.stage
    await house.fault(POST, "refuse_blocks", types=["header", "context"], times=0)
    (ident,) = await stage.arrive()
    card = await house.soon(lambda: _first_card(house, ident))
    assert all(words in visible(card) for words in (f"Qualytics {ident}.", "1.84 M rows", "Unassigned · waiting since"))
    await house.well()
    await stage.press(card, "anomaly.acknowledge")
    await stage.status(ident, "Acknowledged")
    await stage.card(ident, "Dana looks into it")
    assert len(await house.cards(ident)) == 1


async def _first_card(house: House, ident: int) -> Any:
    return next(iter(await house.cards(ident)), None)


ANY_BLOCK = ["header", "section", "context", "actions", "rich_text", "divider"]


@pytest.mark.parametrize(
    ("word", "shown"),
    [("invalid_blocks", "Slack refused the layout"), ("invalid_arguments", "Slack refused"), ("never_heard_of", "Slack refused")],
)
async def test_what_slack_refuses_is_tried_until_it_is_taken(word: str, shown: str, house: House, caplog: pytest.LogCaptureFixture) -> None:
    stage = house.stage
    await house.fault(POST, "error", error=word, times=0)
    idents = await stage.arrive(3)
    told = await house.soon(lambda: _status_with(house, "3 cards held up"))
    assert f"{shown} of the message ({word})" in told if word == "invalid_blocks" else f"{shown} ({word})" in told
    assert "next try" in told
    await stage.command(f"/anomalies why {idents[0]}")
    assert word in visible(await stage.ephemeral("Not shown", "It is tried again"))
    tries = len(await stage.calls(POST))
    for _ in range(10):  # ten minutes
        house.clock.pass_by(60)
        await house.soon(lambda: _tried(house, idents))
    assert len(await stage.calls(POST)) - tries <= 3 * 4 * 7, "tried more and more slowly"
    await house.well()
    house.clock.pass_by(600)
    for ident in idents:
        await stage.card(ident, "waiting since")
    await house.healthy()
    assert [len(await house.cards(ident)) for ident in idents] == [1, 1, 1]
    await house.soon(lambda: _status_without(house, "held up"))
    assert len([r for r in caplog.records if "refuses messages" in r.getMessage()]) == 1


async def _tried(house: House, idents: list[int]) -> bool:
    """Nothing is due any more: what is not taken waits for its next try."""
    return not await house.desk.store.cards.due(house.clock.now(), posted=False)


async def test_while_slack_takes_no_blocks_cards_are_text_and_then_themselves_again(house: House) -> None:
    stage = house.stage
    for method in (POST, UPDATE):
        await house.fault(method, "refuse_blocks", types=ANY_BLOCK, times=0)
    (ident,) = await stage.arrive()
    words = f"Qualytics {ident}."
    await house.told(words)
    assert not await house.cards(ident), "it has no buttons"
    assert "1 message shown plainer than meant" in await house.soon(lambda: _status_with(house, "plainer than meant"))
    await stage.qualytics("PATCH", f"anomalies/{ident}", status="Acknowledged")
    await house.told(words, "Acknowledged")  # the truth does not wait
    await house.well()
    house.clock.pass_by(601)
    await stage.card(ident, "Acknowledged")
    await house.healthy()
    assert len(await house.cards(ident)) == 1
    assert len(await house.lines(words)) == 1, "the text became the card"
    await house.soon(lambda: _status_without(house, "plainer"))


async def test_an_edit_that_slack_refuses_is_tried_until_it_is_taken(house: House) -> None:
    stage = house.stage
    (ident,) = await stage.arrive()
    await stage.card(ident, "waiting since")
    await house.fault(UPDATE, "error", error="never_heard_of", times=0)
    await stage.qualytics("PATCH", f"anomalies/{ident}", status="Acknowledged")
    await house.soon(lambda: _status_with(house, "1 card held up: Slack refused (never_heard_of)"))
    await house.well()
    house.clock.pass_by(600)
    await stage.card(ident, "Acknowledged")
    assert len(await house.cards(ident)) == 1


async def test_a_refused_card_of_a_closed_anomaly_is_not_posted_any_more(house: House) -> None:
    stage = house.stage
    await house.fault(POST, "error", error="invalid_blocks", times=0)
    (ident,) = await stage.arrive()
    await house.soon(lambda: _status_with(house, "1 card held up"))
    await stage.qualytics("PATCH", f"anomalies/{ident}", status="Resolved")
    await house.soon(lambda: _closed(house, ident))
    await house.well()

    async def over() -> bool:
        house.clock.pass_by(60)
        return "Nothing waits" in await house.status()

    await house.soon(over)
    assert not await house.cards(ident)
    await stage.command(f"/anomalies why {ident}")
    assert visible(await stage.ephemeral("Not posted", "closed in its system"))


async def _closed(house: House, ident: int) -> bool:
    ref = model.Ref("qualytics", str(ident))
    return (await house.desk.store.anomalies.get([ref]))[ref].state is model.State.ARCHIVED


async def test_a_channel_that_is_archived_and_comes_back_shows_everything_once(house: House) -> None:
    stage = house.stage
    (before,) = await stage.arrive()
    await stage.card(before, "waiting since")
    channel = stage.workspace.channels[CHANNEL]
    channel.is_archived = True
    edits = len(await stage.calls(UPDATE))
    await stage.qualytics("PATCH", f"anomalies/{before}", status="Acknowledged")
    await stage.until(lambda: _called(stage, UPDATE, edits + 1))
    waiting = await stage.arrive(2)
    await house.soon(lambda: _waits(house, 2))
    for _ in range(3):
        house.clock.pass_by(61)
        await house.soon(lambda: _rests(house))
    channel.is_archived = False
    house.clock.pass_by(61)
    await stage.card(before, "Acknowledged")
    for ident in waiting:
        await stage.card(ident, "waiting since")
    await house.healthy()
    assert [len(await house.cards(ident)) for ident in (before, *waiting)] == [1, 1, 1]


async def _waits(house: House, posts: int) -> bool:
    return (await house.desk.store.cards.backlog(house.clock.now())).posts == posts


async def _rests(house: House) -> bool:
    return CHANNEL in house.desk.post.paused()


async def test_a_history_that_cannot_be_read_for_a_while_delays_only_the_card_in_doubt(house: House) -> None:
    stage = house.stage
    await house.fault(HISTORY, "error", error="not_in_channel", times=0)
    await house.fault(POST, "drop_after")
    (ident,) = await stage.arrive()
    await stage.until(lambda: _called(stage, HISTORY, 1))
    await house.healthy()  # others do not wait for it
    posts = len(await stage.calls(POST))
    await house.well()
    looked = len(await stage.calls(HISTORY))
    house.clock.pass_by(600)
    await stage.until(lambda: _called(stage, HISTORY, looked + 1))
    (card,) = await house.soon(lambda: house.cards(ident))
    await stage.press(card, "anomaly.acknowledge")
    await stage.card(ident, "Dana looks into it")
    assert len(await stage.calls(POST)) == posts


@pytest.mark.parametrize("how", ["not_in_channel", "channel_not_found", "is_archived"])
async def test_a_channel_that_refuses_the_bot_is_told_to_the_admins_once(how: str, house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "bot")
    stage = house.stage
    if how == "not_in_channel":
        await stage.slack("membership", channel=CHANNEL, member=False)
    else:
        await house.fault(POST, "error", error=how, times=0, channel=CHANNEL)
    idents = await stage.arrive(3)

    async def told() -> list[str]:
        return [line for line in await house.direct() if "I cannot post in the channel" in line]

    assert CHANNEL in (await house.soon(told))[0]
    for _ in range(3):
        tries = len(await stage.calls(POST))
        house.clock.pass_by(61)
        await house.soon(lambda tries=tries: _called(stage, POST, tries + 1))  # type: ignore[misc]
    assert len(await told()) == 1
    assert "3 new messages" in await house.status()

    if how == "not_in_channel":
        await stage.slack("membership", channel=CHANNEL, member=True)
    await house.well()
    house.clock.pass_by(61)
    for ident in idents:
        await stage.card(ident, "waiting since")
    await house.soon(lambda: _heard(house, "works again"))
    await house.healthy()
    assert [len(await house.cards(ident)) for ident in idents] == [1, 1, 1]
    assert [sum(words in line for line in await house.direct()) for words in ("I cannot post", "works again")] == [1, 1]
    logged = [r.getMessage() for r in caplog.records if r.name == "bot.services.post"]
    assert [("cannot post" in line, "works again" in line) for line in logged] == [(True, False), (False, True)]


async def _heard(house: House, words: str) -> list[str]:
    return [line for line in await house.direct(DANA) if words in line]


@pytest.mark.parametrize(("mode", "more"), [("500", {}), ("error", {"error": "internal_error"}), ("429", {"retry_after": 3}), ("drop", {})])
async def test_an_edit_that_fails_is_made_up_for(mode: str, more: dict[str, Any], house: House) -> None:
    stage = house.stage
    (ident,) = await stage.arrive()
    await stage.card(ident, "waiting since")
    await house.fault(UPDATE, mode, times=2, **more)
    await stage.qualytics("PATCH", f"anomalies/{ident}", status="Invalid")
    await stage.until(lambda: _called(stage, UPDATE, 1))
    await house.healthy()

    async def caught_up() -> bool:
        await _over(house, 5)
        return any("Archived as Invalid" in visible(card) for card in await house.cards(ident))

    await house.soon(caught_up)


async def test_a_message_that_somebody_deletes_does_not_come_back(house: House) -> None:
    stage = house.stage
    (ident,) = await stage.arrive()
    card = await stage.card(ident, "waiting since")
    await stage.slack("delete", channel=CHANNEL, ts=card["ts"])
    await stage.qualytics("PATCH", f"anomalies/{ident}", status="Acknowledged")
    await stage.until(lambda: _called(stage, UPDATE, 1))
    await house.healthy()
    await stage.qualytics("PATCH", f"anomalies/{ident}", status="Active")
    await house.healthy()
    assert not await house.cards(ident)
    await stage.command(f"/anomalies why {ident}")
    assert "deleted in Slack" in visible(await stage.ephemeral("Not shown any more"))


async def test_slack_that_is_away_altogether_loses_nothing(stage: Stage) -> None:
    async with housing.opened(stage) as house:
        await house.healthy()
        await house.fault("*", "500", times=0)
        idents = await stage.arrive(3)
        assert (await stage.http.get(f"http://127.0.0.1:{house.port}/healthz")).status_code == 200
        await house.soon(lambda: _called(stage, POST, 4))
        await house.well()
        house.clock.pass_by(11)
        house.clock.pass_by(120)
        for ident in idents:
            await stage.card(ident, "waiting since")
        await house.healthy()
        assert [len(await house.cards(ident)) for ident in idents] == [1, 1, 1]


async def test_posts_that_hang_hold_up_nothing_else(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "PATIENCE_SECONDS", 0.2)
    stage = house.stage
    (first,) = await stage.arrive()
    await stage.card(first, "waiting since")
    posts = len(await stage.calls(POST))
    await house.fault(POST, "hang", delay_s=4.0)
    (second,) = await stage.arrive()
    await stage.until(lambda: _called(stage, POST, posts + 1))
    await stage.qualytics("PATCH", f"anomalies/{first}", status="Acknowledged")
    (third,) = await stage.arrive()
    await stage.card(first, "Acknowledged")
    await house.soon(lambda: _status_with(house, "2 new messages"))
    assert not await house.cards(second), "the edit and the poll waited for the post"
    await stage.card(third, "waiting since")
    assert len(await house.cards(second)) == 1


async def test_a_stop_does_not_wait_for_a_pause_to_end(stage: Stage) -> None:
    async with housing.opened(stage) as house:
        await house.fault(POST, "429", retry_after=60, times=0)
        idents = await stage.arrive(3)
        await house.soon(lambda: _status_with(house, "3 new messages"))
        watch = housing.Stopwatch()
    assert watch.seconds < app.FINISH_SECONDS / 2
    async with housing.opened(stage) as house:
        await house.well()
        house.clock.pass_by(61)
        for ident in idents:
            await stage.card(ident, "waiting since")
