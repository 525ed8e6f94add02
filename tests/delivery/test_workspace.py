"""Messenger, directory and pacer against the fake workspace, which checks scopes, blocks, membership and budgets as Slack does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

import pytest

from bot import errors, model
from bot.delivery import directory, pacing, slack
from bot.delivery.pacing import Lane
from sandbox.slack import rate_limits, server, workspace

CHANNEL = "C0QUALITY"
CARD = model.Message(
    "High: 4,210 rows fail in orders.",
    ({"type": "section", "text": {"type": "mrkdwn", "text": "4,210 rows fail &lt;!channel&gt;", "verbatim": True}},),
)
LATER = model.Message("Acknowledged by Dana.")


@pytest.fixture
async def space() -> AsyncIterator[workspace.Workspace]:
    made = workspace.Workspace.installed()
    async with server.running(made):
        yield made


@pytest.fixture
async def messenger(space: workspace.Workspace) -> AsyncIterator[slack.SlackMessenger]:
    async with slack.session(timeout=1.5) as session:
        client = slack.client(space.bot_token, f"{space.base_url}/api/", session)
        yield slack.SlackMessenger(client, pacing.Pacer(), patience=5)


def ours(space: workspace.Workspace, channel: str = CHANNEL) -> list[str]:
    """The texts of our messages in a channel."""
    return [message.text for message in space.channels[channel].messages.values() if message.bot]


def since(space: workspace.Workspace) -> datetime:
    return datetime.fromtimestamp(space.now(), UTC)


async def test_a_message_is_posted_found_by_its_card_and_changed(space: workspace.Workspace, messenger: slack.SlackMessenger) -> None:
    before = since(space)
    ts = await messenger.post(CHANNEL, CARD, "card-1")
    assert await messenger.find(CHANNEL, "card-1", before) == ts
    assert await messenger.find(CHANNEL, "card-2", before) == ""
    await messenger.update(CHANNEL, ts, LATER)
    assert ours(space) == [LATER.text]
    assert space.channels[CHANNEL].messages[ts].blocks == []
    assert await messenger.find(CHANNEL, "card-1", before) == ts


@pytest.mark.parametrize(
    ("mode", "stored"), [("timeout_after", 1), ("drop_after", 1), ("timeout_before", 0), ("drop", 0), ("500", 0), ("garbage", None)]
)
async def test_after_an_ambiguous_post_the_history_knows(
    mode: str, stored: int | None, space: workspace.Workspace, messenger: slack.SlackMessenger
) -> None:
    before = since(space)
    space.faults.add({"method": "chat.postMessage", "mode": mode})
    with pytest.raises(errors.SlackAmbiguous):
        await messenger.post(CHANNEL, CARD, "card-1")
    found = await messenger.find(CHANNEL, "card-1", before)
    assert bool(found) == bool(ours(space))
    assert stored is None or len(ours(space)) == stored


async def test_a_direct_message_can_be_found_and_changed_by_its_person(space: workspace.Workspace, messenger: slack.SlackMessenger) -> None:
    before = since(space)
    ts = await messenger.post("U0DANA", CARD, "card-1")
    async with slack.session() as session:
        after_restart = slack.SlackMessenger(slack.client(space.bot_token, f"{space.base_url}/api/", session), pacing.Pacer())
        assert await after_restart.find("U0DANA", "card-1", before) == ts
        await after_restart.update("U0DANA", ts, LATER)
    room = next(channel.id for channel in space.channels.values() if channel.dm_with == "U0DANA")
    assert ours(space, room) == [LATER.text]


async def test_a_message_finds_its_home_in_the_channel_or_with_its_person(
    space: workspace.Workspace, messenger: slack.SlackMessenger
) -> None:
    places = [CHANNEL, "C0GENERAL", "C0PRIVATE", "C0OLD", "C0NOWHERE", "D0DANA", ""]
    assert [await messenger.home(place, "U0DANA") for place in places] == [CHANNEL, *["D0DANA"] * 6]
    space.channels["C0PRIVATE"].members.add("U0DESKBOT")
    assert await messenger.home("C0PRIVATE", "U0DANA") == "C0PRIVATE"
    ts = await messenger.post(await messenger.home("C0GENERAL", "U0LEE"), CARD, "card-1")
    assert space.channels["D0LEE"].messages[ts].text == CARD.text


@pytest.mark.parametrize(
    ("channel", "code"), [("C0GENERAL", "not_in_channel"), ("C0OLD", "is_archived"), ("C0NOWHERE", "channel_not_found")]
)
async def test_a_channel_that_cannot_be_posted_to_says_why(channel: str, code: str, messenger: slack.SlackMessenger) -> None:
    with pytest.raises(errors.ChannelGone) as caught:
        await messenger.post(channel, CARD, "card-1")
    assert caught.value.code == code


async def test_a_broken_layout_is_refused_and_its_place_named(space: workspace.Workspace, messenger: slack.SlackMessenger) -> None:
    broken = model.Message("Text", ({"type": "section"},))
    with pytest.raises(errors.BlocksRefused, match="/blocks/0"):
        await messenger.post(CHANNEL, broken, "card-1")
    assert ours(space) == []


async def test_a_message_that_is_gone_cannot_be_changed(messenger: slack.SlackMessenger) -> None:
    with pytest.raises(errors.MessageGone):
        await messenger.update(CHANNEL, "1700000000.000100", LATER)


async def test_a_wrong_token_is_the_problem(space: workspace.Workspace) -> None:
    async with slack.session() as session:
        messenger = slack.SlackMessenger(slack.client("xoxb-wrong", f"{space.base_url}/api/", session), pacing.Pacer())
        with pytest.raises(errors.SlackAuthFailed):
            await messenger.post(CHANNEL, CARD, "card-1")


async def test_a_whisper_is_seen_by_one_person(space: workspace.Workspace, messenger: slack.SlackMessenger) -> None:
    await messenger.whisper(CHANNEL, "U0LEE", LATER)
    assert [message.ephemeral_to for message in space.channels[CHANNEL].messages.values() if message.text == LATER.text] == ["U0LEE"]


async def test_an_unknown_trigger_opens_nothing(messenger: slack.SlackMessenger) -> None:
    view = {"type": "modal", "title": {"type": "plain_text", "text": "Assign"}, "blocks": [{"type": "divider"}]}
    with pytest.raises(errors.SlackRejected, match="trigger_id"):
        await messenger.open_view("nonsense", view)


@pytest.mark.parametrize(
    ("user", "flags"),
    [
        ("U0DANA", set()),
        ("U0GUS", {"is_guest"}),
        ("U0EXT", {"is_outsider"}),
        ("U0OTHERBOT", {"is_bot"}),
        ("USLACKBOT", {"is_bot"}),
        ("U0GONE", {"is_deleted"}),
        ("U0NOBODY", {"is_outsider"}),
    ],
)
async def test_the_kinds_of_people_are_told_apart(user: str, flags: set[str], space: workspace.Workspace) -> None:
    async with slack.session() as session:
        people = directory.SlackDirectory(slack.client(space.bot_token, f"{space.base_url}/api/", session), ["S0ONCALL", "S0GONE"])
        actor = await people.actor(user)
    assert {flag for flag in ("is_guest", "is_outsider", "is_bot", "is_deleted") if getattr(actor, flag)} == flags
    assert actor.groups == ({"S0ONCALL"} if user == "U0DANA" else set())


def test_five_minutes_at_full_load_provoke_no_429(virtually: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
    """In virtual time, against the fake's own counters: 50 channels of posts, edits and clicks, look-ups, each call a tenth of a second."""

    async def scenario() -> dict[str, int]:
        loop = asyncio.get_running_loop()
        slacks, pacer, done = rate_limits.Budgets(lambda: loop.time()), pacing.Pacer(300), dict.fromkeys(Lane, 0)

        async def call(lane: Lane, channel: str, spend: Callable[[], None]) -> None:
            async with pacer.slot(lane, channel):
                spend()
                done[lane] += 1
                await asyncio.sleep(0.1)

        def load(channel: str) -> list[Coroutine[Any, Any, None]]:
            edit = lambda: slacks.spend("chat.update", "T3")  # noqa: E731
            read = lambda: slacks.spend("conversations.history", "T3")  # noqa: E731
            return [
                *(call(Lane.POST, channel, lambda: slacks.spend_post(channel)) for _ in range(40)),
                *(call(Lane.EDIT, channel, edit) for _ in range(6)),
                *(call(Lane.CLICK, channel, edit) for _ in range(2)),
                *(call(Lane.LOOKUP, channel, read) for _ in range(6)),
            ]

        tasks = [asyncio.create_task(each) for number in range(50) for each in load(f"C{number}")]
        await asyncio.sleep(300)
        for task in tasks:
            task.cancel()
        failed = [result for result in await asyncio.gather(*tasks, return_exceptions=True) if isinstance(result, Exception)]
        assert failed == []
        return {str(lane): many for lane, many in done.items()}

    done = virtually(scenario())
    assert done["post"] >= 0.95 * 300 * 5
    assert done["edit"] + done["click"] >= 0.7 * 50 * 5
    assert done["lookup"] >= 200
