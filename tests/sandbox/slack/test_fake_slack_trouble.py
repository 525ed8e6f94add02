"""Rate limits, faults, the log, the clock, the manifest, and the command line."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import yaml
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import slack
from sandbox.slack import manifest
from tests.sandbox.slack.conftest import CHANNEL, MANIFEST, Desk, app_manifest, desk_of, error_of


@pytest.fixture
async def limited() -> AsyncIterator[Desk]:
    """A workspace with rate limits whose clock stands still between calls as far as seconds matter."""
    async with desk_of(slack.Workspace(app_manifest())) as made:
        yield made


async def posts(desk: Desk, count: int, channel: str = CHANNEL) -> list[int]:
    """Statuses of so many posts."""
    headers = {"authorization": "Bearer xoxb-sandbox"}
    answers = [await desk.http.post("/api/chat.postMessage", json={"channel": channel, "text": "t"}, headers=headers) for _ in range(count)]
    return [answer.status_code for answer in answers]


async def test_one_post_a_second_and_channel_after_a_small_burst(limited: Desk) -> None:
    assert await posts(limited, 5) == [200, 200, 200, 200, 429]
    assert await posts(limited, 1, "U0DANA") == [200]
    await limited.do("clock", advance_s=1)
    assert await posts(limited, 2) == [200, 429]
    with pytest.raises(SlackApiError) as caught:
        await limited.client.chat_postMessage(channel=CHANNEL, text="t")
    assert (caught.value.response["error"], caught.value.response.headers["Retry-After"]) == ("ratelimited", "1")


async def test_three_hundred_posts_a_minute_in_the_workspace(limited: Desk) -> None:
    for _ in range(100):
        assert await posts(limited, 3) == [200] * 3
        limited.space.advance(0.1)
        limited.space.budgets._posts.clear()
    assert await posts(limited, 1) == [429]
    limited.space.advance(61)
    assert await posts(limited, 1) == [200]


async def test_fifty_updates_a_minute_over_all_channels(limited: Desk) -> None:
    ts = (await limited.client.chat_postMessage(channel=CHANNEL, text="t"))["ts"]
    other = await limited.client.chat_postMessage(channel="U0DANA", text="t")
    for _ in range(25):
        await limited.client.chat_update(channel=CHANNEL, ts=ts, text="u")
        await limited.client.chat_update(channel=other["channel"], ts=other["ts"], text="u")
    with pytest.raises(SlackApiError) as caught:
        await limited.client.chat_update(channel=CHANNEL, ts=ts, text="u")
    assert 55 <= int(caught.value.response.headers["Retry-After"]) <= 60
    assert await error_of(limited.client.users_info(user="U0DANA")) == ""
    await limited.do("clock", advance_s=61)
    assert await error_of(limited.client.chat_update(channel=CHANNEL, ts=ts, text="u")) == ""


async def test_tier_two_and_switching_the_limits_off(limited: Desk) -> None:
    results = [await error_of(limited.client.usergroups_list()) for _ in range(21)]
    assert results == [""] * 20 + ["ratelimited"]
    await limited.do("budgets", enabled=False)
    assert await error_of(limited.client.usergroups_list()) == ""


# --- faults ------------------------------------------------------------------------------------------------------------------


async def attempt(client: AsyncWebClient, text: str = "t", **more: Any) -> str:
    try:
        await client.chat_postMessage(channel=CHANNEL, text=text, **more)
    except SlackApiError as error:
        data = error.response.data
        return str((isinstance(data, dict) and data.get("error")) or error.response.status_code)
    except (aiohttp.ClientError, TimeoutError) as error:
        return type(error).__name__
    return "stored"


@pytest.mark.parametrize(
    ("fault", "seen", "stored"),
    [
        ({"mode": "error", "error": "fatal_error"}, "fatal_error", False),
        ({"mode": "429", "retry_after": 7}, "ratelimited", False),
        ({"mode": "500"}, "500", False),
        ({"mode": "garbage"}, "200", False),
        ({"mode": "drop"}, "ServerDisconnectedError", False),
        ({"mode": "drop_after"}, "ServerDisconnectedError", True),
        ({"mode": "timeout_before"}, "TimeoutError", False),
        ({"mode": "timeout_after"}, "TimeoutError", True),
        ({"mode": "hang"}, "TimeoutError", False),
        ({"mode": "hang", "delay_s": 0.05}, "stored", True),
        ({"mode": "timeout_after", "delay_s": 0.05}, "ServerDisconnectedError", True),
    ],
)
async def test_a_fault_hits_once_and_leaves_the_truth_in_the_channel(desk: Desk, fault: dict[str, Any], seen: str, stored: bool) -> None:
    await desk.do("faults", method="chat.postMessage", **fault)
    assert await attempt(desk.app_client(timeout=1)) == seen
    assert len(await desk.messages()) == stored
    assert await attempt(desk.client) == "stored"
    assert [call["fault"] for call in (await desk.see("log", method="chat.postMessage"))["log"]] == [fault["mode"], None]


async def test_a_workspace_without_the_new_blocks(desk: Desk) -> None:
    table = [{"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]}]
    await desk.do("faults", method="chat.postMessage", mode="refuse_blocks", times=0)
    assert await attempt(desk.client, blocks=table) == "invalid_blocks"
    assert await attempt(desk.client, blocks=[{"type": "divider"}]) == "stored"
    await desk.http.delete("/_control/faults")
    assert await attempt(desk.client, blocks=table) == "stored"


async def test_faults_by_channel_count_and_star(desk: Desk) -> None:
    await desk.do("faults", method="*", mode="500", channel="D0DANA", times=2)
    assert await attempt(desk.client) == "stored"
    assert await error_of(desk.client.chat_postMessage(channel="U0DANA", text="t")) == "not JSON"
    assert (await desk.see("faults"))["faults"][0]["times"] == 1
    assert await error_of(desk.client.chat_postMessage(channel="U0DANA", text="t")) == "not JSON"
    assert await error_of(desk.client.chat_postMessage(channel="U0DANA", text="t")) == ""
    assert (await desk.do("faults", method="x", mode="sulk"))["error"] == "invalid_fault"


async def test_the_log_keeps_what_was_asked_and_answered_but_no_token(desk: Desk) -> None:
    await attempt(desk.client, "hello")
    await error_of(desk.client.chat_postMessage(channel="C0NOWHERE", text="x"))
    calls = (await desk.see("log", method="chat.postMessage"))["log"]
    assert [(call["args"]["text"], call["status"], call["error"]) for call in calls] == [
        ("hello", 200, None),
        ("x", 200, "channel_not_found"),
    ]
    assert "xoxb" not in str(calls)
    await desk.do("log/clear")
    assert (await desk.see("log"))["log"] == []


async def test_changes_answer_as_soon_as_something_happens(desk: Desk) -> None:
    revision = (await desk.see("revision"))["revision"]
    waiting = asyncio.ensure_future(desk.see("changes", since=revision, timeout=20))
    await attempt(desk.client)
    async with asyncio.timeout(5):
        assert (await waiting)["revision"] > revision
    quiet = (await desk.see("revision"))["revision"]
    assert (await desk.see("changes", since=quiet, timeout=0.05))["revision"] == quiet


# --- the manifest and the command line -----------------------------------------------------------------------------------------


def changed(**changes: Any) -> Any:
    value = yaml.safe_load(MANIFEST.read_text())
    for path, new in changes.items():
        here = value
        *parents, last = path.split("__")
        for key in parents:
            here = here.setdefault(key, {})
        here[last] = new
    return value


COMMAND = {"command": "/x", "description": "d"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"colour": "red"}, "invalid additional property: colour"),
        ({"display_information__name": "n" * 36}, "less than 36"),
        ({"features__slash_commands": [{"command": "/x"}]}, "missing required field: description"),
        ({"features__slash_commands": [{"command": "x y", "description": "d"}]}, "pattern"),
        ({"features__slash_commands": [{"command": "/" + "x" * 32, "description": "d"}]}, "less than 33"),
        ({"features__slash_commands": [COMMAND, COMMAND]}, "unique"),
        ({"oauth_config__scopes__bot": ["chat:write"]}, "need the scope commands"),
        ({"oauth_config__scopes__bot": ["chat:write", "commands", "im:history", "channels:read"]}, "needs the scope app_mentions:read"),
        ({"settings__socket_mode_enabled": False}, "missing required field without Socket Mode: url"),
    ],
)
def test_manifests_that_cannot_be_installed(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(manifest.ManifestError) as caught:
        manifest.parse(changed(**changes))
    assert words in str(caught.value)


def test_the_products_manifest_can_be_installed() -> None:
    app = manifest.load(MANIFEST)
    assert "/anomalies" in app.commands
    assert app.socket_mode and app.interactivity


async def test_it_starts_alone_and_stops_on_sigterm() -> None:
    command = (sys.executable, "-m", "sandbox.slack", "--port", "0", "--manifest", str(MANIFEST))
    process = await asyncio.create_subprocess_exec(*command, cwd=MANIFEST.parent, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    async with asyncio.timeout(20):
        line = (await process.stdout.readline()).decode()
        base = next(word for word in line.split() if word.startswith("http"))
        assert (await AsyncWebClient(token="xoxb-sandbox", base_url=base).auth_test())["ok"] is True
        process.terminate()
        assert await process.wait() == 0


async def test_a_bad_manifest_stops_the_start_with_a_reason(tmp_path: Any) -> None:
    bad = tmp_path / "manifest.yml"
    bad.write_text("display_information: {name: X}\ncolour: red\n")
    command = (sys.executable, "-m", "sandbox.slack", "--manifest", str(bad))
    process = await asyncio.create_subprocess_exec(*command, cwd=MANIFEST.parent, stderr=asyncio.subprocess.PIPE)
    _, told = await process.communicate()
    assert process.returncode == 1
    assert "invalid additional property: colour" in told.decode()
