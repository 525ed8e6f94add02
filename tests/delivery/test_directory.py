"""Who people are: the flags that rights hang on, read from what Slack sends."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot import errors, model
from bot.delivery import directory, slack


@pytest.fixture
async def people(wire: Any) -> AsyncIterator[directory.SlackDirectory]:
    async with slack.session() as session:
        yield directory.SlackDirectory(slack.client("xoxb-1", wire.url, session), ["S1", "S2"])


@pytest.fixture(autouse=True)
def groups(wire: Any) -> None:
    wire.says("usergroups.users.list", {"ok": True, "users": []})


def dana(**facts: Any) -> dict[str, Any]:
    profile = {"display_name": "Dana", "real_name": "Dana Reyes", "email": "dana@acme.example"}
    return {"ok": True, "user": {"id": "U1", "team_id": "T1", "name": "dreyes", "profile": profile} | facts}


async def test_a_member_is_read_with_name_and_address(wire: Any, people: directory.SlackDirectory) -> None:
    wire.says("users.info", dana())
    actor = await people.actor("U1")
    assert (actor.id, actor.name, actor.email) == ("U1", "Dana", "dana@acme.example")
    assert not (actor.is_bot or actor.is_guest or actor.is_outsider or actor.is_deleted)
    assert wire.of("users.info") == [{"user": "U1"}]


@pytest.mark.parametrize(
    ("facts", "flag"),
    [
        ({"is_restricted": True}, "is_guest"),
        ({"is_ultra_restricted": True}, "is_guest"),
        ({"is_bot": True}, "is_bot"),
        ({"deleted": True}, "is_deleted"),
        ({"is_stranger": True}, "is_outsider"),
        ({"team_id": "T2"}, "is_outsider"),
        ({"team_id": None}, "is_outsider"),
    ],
)
async def test_each_flag_of_slack_is_noticed(facts: dict[str, Any], flag: str, wire: Any, people: directory.SlackDirectory) -> None:
    wire.says("users.info", dana(**facts))
    actor = await people.actor("U1")
    assert [name for name in ("is_bot", "is_guest", "is_outsider", "is_deleted") if getattr(actor, name)] == [flag]


async def test_slackbot_is_a_bot_although_slack_says_it_is_not(wire: Any, people: directory.SlackDirectory) -> None:
    wire.says("users.info", dana(is_bot=False))
    assert (await people.actor("USLACKBOT")).is_bot


async def test_a_user_of_the_same_enterprise_who_is_in_our_workspace_is_no_outsider(wire: Any, people: directory.SlackDirectory) -> None:
    wire.says("users.info", dana(team_id="T7", enterprise_user={"id": "W1", "teams": ["T7", "T1"]}))
    assert not (await people.actor("U1")).is_outsider


@pytest.mark.parametrize("code", ["user_not_found", "users_not_found", "user_not_visible"])
async def test_a_user_whom_slack_does_not_know_is_an_outsider(code: str, wire: Any, people: directory.SlackDirectory) -> None:
    wire.says("users.info", {"ok": False, "error": code})
    actor = await people.actor("U404")
    assert actor.is_outsider
    assert actor.name == "U404"


async def test_without_an_answer_nobody_is_anybody(wire: Any, people: directory.SlackDirectory) -> None:
    wire.says("users.info", {"ok": False, "error": "internal_error"})
    with pytest.raises(errors.SlackUnavailable):
        await people.actor("U1")


async def test_when_slack_does_not_say_which_workspace_is_ours_everybody_is_an_outsider(
    wire: Any, people: directory.SlackDirectory
) -> None:
    wire.says("auth.test", {"ok": True})
    wire.says("users.info", dana(team_id=None))
    assert (await people.actor("U1")).is_outsider


async def test_facts_are_asked_again_after_half_a_minute(
    wire: Any, people: directory.SlackDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(directory, "_now", lambda: now)
    wire.says("users.info", dana(), dana(deleted=True))
    assert not (await people.actor("U1")).is_deleted
    now += 29
    assert not (await people.actor("U1")).is_deleted
    now += 2
    assert (await people.actor("U1")).is_deleted
    assert len(wire.of("auth.test")) == 1


async def test_membership_counts_for_the_groups_that_matter_and_is_asked_every_five_minutes(
    wire: Any, people: directory.SlackDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(directory, "_now", lambda: now)
    wire.says("users.info", dana())
    wire.says("usergroups.users.list", {"ok": True, "users": ["U1", "U2"]}, {"ok": True, "users": ["U2"]})
    assert (await people.actor("U1")).groups == {"S1"}
    now += 299
    assert (await people.actor("U1")).groups == {"S1"}
    assert wire.of("usergroups.users.list") == [{"usergroup": "S1"}, {"usergroup": "S2"}]
    now += 2
    assert (await people.actor("U1")).groups == frozenset()


async def test_a_group_that_cannot_be_read_has_no_members_and_is_reported_once_and_once_when_it_is_back(
    wire: Any, people: directory.SlackDirectory, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    now = 1000.0
    monkeypatch.setattr(directory, "_now", lambda: now)
    wire.says("users.info", dana())
    wire.says("usergroups.users.list", {"ok": False, "error": "no_such_subteam"})
    for _ in range(3):
        assert (await people.actor("U1")).groups == frozenset()
        now += 31
    wire.says("usergroups.users.list", {"ok": True, "users": ["U1"]})
    assert (await people.actor("U1")).groups == {"S1", "S2"}
    told = [record.getMessage() for record in caplog.records if record.name == directory.__name__ and "S1" in record.getMessage()]
    assert len(told) == 2
    assert "no_such_subteam" in told[0] and "can be read again" in told[1]

    now += 301
    wire.says("usergroups.users.list", {"ok": False, "error": "no_such_subteam"})
    await people.actor("U1")
    told = [record.getMessage() for record in caplog.records if record.name == directory.__name__ and "S1" in record.getMessage()]
    assert len(told) == 3


async def test_a_great_many_people_do_not_fill_the_memory(
    wire: Any, people: directory.SlackDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(directory, "_now", lambda: now)
    monkeypatch.setattr(directory, "KEPT", 3)
    wire.says("users.info", dana())
    for number in range(10):
        await people.actor(f"U{number}")
        now += 60
    assert len(people._people) <= 3


async def test_an_address_belongs_to_one_member_or_to_nobody(wire: Any, people: directory.SlackDirectory) -> None:
    wire.says("users.lookupByEmail", dana())
    assert await people.by_address("dana@acme.example") == "U1"
    wire.says("users.lookupByEmail", {"ok": False, "error": "users_not_found"})
    assert await people.by_address("lee@acme.example") == ""
    wire.says("users.lookupByEmail", {"ok": False, "error": "missing_scope"})
    with pytest.raises(errors.DeliveryError):
        await people.by_address("dana@acme.example")


# --- where the app is installed ------------------------------------------------------------------------------------------


async def test_the_installation_is_asked_once(wire: Any, people: directory.SlackDirectory) -> None:
    wire.says("auth.test", {"ok": True, "team_id": "T1", "enterprise_id": "E1", "bot_id": "B1"})
    wire.says("bots.info", {"ok": True, "bot": {"id": "B1", "app_id": "A1"}})
    for _ in range(2):
        assert await people.home() == model.Installation("T1", "E1", "A1")
    assert [call.method for call in wire.calls] == ["auth.test", "bots.info"]
    assert wire.of("bots.info") == [{"bot": "B1"}]


async def test_an_app_that_slack_does_not_name_is_not_compared(wire: Any, people: directory.SlackDirectory) -> None:
    wire.says("bots.info", {"ok": False, "error": "missing_scope", "needed": "users:read"})
    for _ in range(2):
        assert await people.home() == model.Installation("T1")
    assert len(wire.of("bots.info")) == 1


async def test_an_app_that_slack_could_not_name_is_asked_for_again(wire: Any, people: directory.SlackDirectory) -> None:
    wire.says("bots.info", {"ok": False, "error": "service_unavailable"}, {"ok": True, "bot": {"app_id": "A1"}})
    assert (await people.home()).app == ""
    assert (await people.home()).app == "A1"


async def test_the_workspaces_of_a_grid_member_are_known(wire: Any, people: directory.SlackDirectory) -> None:
    wire.says("users.info", dana(team_id="T2", enterprise_user={"teams": ["T1", "T2"]}))
    actor = await people.actor("U1")
    assert actor.teams == {"T1", "T2"} and not actor.is_outsider
