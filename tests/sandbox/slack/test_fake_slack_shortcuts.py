"""Shortcuts of the manifest: at the composer, and in the menu of a message."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.webhook.async_client import AsyncWebhookClient

from sandbox import slack
from sandbox.slack import manifest
from tests.sandbox.slack.conftest import CHANNEL, Desk, actions, app_manifest, button, desk_of, modal, text_input

Json = dict[str, Any]

OPEN = {"name": "Triage anomalies", "type": "global", "callback_id": "triage.open", "description": "Look through the queue"}
THIS = {"name": "Triage this anomaly", "type": "message", "callback_id": "triage.message", "description": "Look at this one"}


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with desk_of(slack.Workspace(app_manifest(shortcuts=[OPEN, THIS]), budgets=False)) as made:
        yield made


@pytest.fixture
async def seen(desk: Desk) -> list[Json]:
    """What a Bolt app is told; it opens a modal for the global shortcut."""
    heard: list[Json] = []
    app = AsyncApp(client=desk.client)

    async def start(ack: Any, body: Json, client: Any) -> None:
        heard.append(body)
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=modal(text_input()))

    async def take(ack: Any, body: Json) -> None:
        heard.append(body)
        await ack()

    app.shortcut({"type": "shortcut", "callback_id": "triage.open"})(start)
    app.shortcut({"type": "message_action", "callback_id": "triage.message"})(take)
    await desk.connect(app)
    return heard


async def test_a_global_shortcut_has_a_trigger_and_no_place(desk: Desk, seen: list[Json]) -> None:
    assert (await desk.do("shortcut", user="U0DANA", callback_id="triage.open"))["ok"] is True

    async def in_front() -> Any:
        return (await desk.see("views/U0DANA"))["views"]

    assert (await desk.until(in_front))[0]["callback_id"] == "form"
    (body,) = seen
    assert body["user"] == {"id": "U0DANA", "username": "dana", "team_id": "T0DESK"}
    assert set(body) == {
        "type", "token", "action_ts", "team", "user", "enterprise", "is_enterprise_install", "callback_id", "trigger_id",
    }  # fmt: skip


async def test_a_message_shortcut_carries_the_message_and_a_response_url(desk: Desk, seen: list[Json]) -> None:
    metadata = {"event_type": "anomaly_desk_card", "event_payload": {"card": "1"}}
    blocks = [actions(button(value="qualytics:1|3"))]
    ts = str((await desk.client.chat_postMessage(channel=CHANNEL, text="card", blocks=blocks, metadata=metadata))["ts"])
    told = await desk.do("shortcut", user="U0EXT", callback_id="triage.message", channel=CHANNEL, ts=ts)
    assert (told["ok"], told["error"]) == (True, None)
    (body,) = seen
    assert (body["type"], body["callback_id"], body["message_ts"]) == ("message_action", "triage.message", ts)
    assert body["channel"] == {"id": CHANNEL, "name": "data-quality"}
    assert body["user"] == {"id": "U0EXT", "name": "ext"}
    message = body["message"]
    assert (message["ts"], message["text"], message["blocks"][0]["elements"][0]["value"]) == (ts, "card", "qualytics:1|3")
    assert message["metadata"] == {"event_type": "anomaly_desk_card"}
    assert desk.space.tickets.look(body["trigger_id"]).user == "U0EXT"
    answer = await AsyncWebhookClient(body["response_url"]).send_dict({"text": "Nothing to triage here.", "replace_original": True})
    assert answer.status_code == 200
    assert [(one["text"], one["ephemeral"]) for one in await desk.messages("U0EXT")] == [
        ("card", False),
        ("Nothing to triage here.", True),
    ]


async def test_a_message_shortcut_works_on_what_a_person_wrote_where_the_bot_is_not(desk: Desk, seen: list[Json]) -> None:
    ts = (await desk.do("message", user="U0DANA", channel="C0PRIVATE", text="What is this?"))["ts"]
    assert (await desk.do("shortcut", user="U0DANA", callback_id="triage.message", channel="C0PRIVATE", ts=ts))["ok"] is True
    assert (seen[0]["channel"]["name"], seen[0]["message"]["text"], seen[0]["message"]["user"]) == (
        "privategroup",
        "What is this?",
        "U0DANA",
    )
    assert "bot_id" not in seen[0]["message"]


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"callback_id": "triage.other"}, 404, "unknown_shortcut"),
        ({}, 404, "unknown_shortcut"),
        ({"callback_id": "triage.open", "user": "U0NOBODY"}, 404, "user_not_found"),
        ({"callback_id": "triage.message"}, 404, "channel_not_found"),
        ({"callback_id": "triage.message", "channel": CHANNEL}, 404, "message_not_found"),
        ({"callback_id": "triage.message", "channel": "C0PRIVATE", "ts": "1.1"}, 403, "user_not_in_channel"),
    ],
)
async def test_shortcuts_that_nobody_could_use(desk: Desk, seen: list[Json], body: Json, status: int, error: str) -> None:
    answer = await desk.http.post("/_control/shortcut", json={"user": "U0LEE", **body})
    assert (answer.status_code, answer.json()["error"], seen) == (status, error, [])


async def test_a_whisper_has_no_shortcuts(desk: Desk, seen: list[Json]) -> None:
    await desk.client.chat_postEphemeral(channel=CHANNEL, user="U0LEE", text="for you")
    (message,) = await desk.messages("U0LEE")
    told = await desk.do("shortcut", user="U0LEE", callback_id="triage.message", channel=CHANNEL, ts=message["ts"])
    assert (told["ok"], told["error"], seen) == (False, "message_has_no_shortcuts", [])


async def test_the_shortcuts_are_listed_as_the_manifest_names_them(desk: Desk) -> None:
    assert (await desk.see("shortcuts"))["shortcuts"] == [
        {"callback_id": "triage.open", "kind": "global", "name": "Triage anomalies", "description": "Look through the queue"},
        {"callback_id": "triage.message", "kind": "message", "name": "Triage this anomaly", "description": "Look at this one"},
    ]


async def test_a_shortcut_that_is_not_answered_in_time_fails() -> None:
    async with desk_of(slack.Workspace(app_manifest(shortcuts=[OPEN]), budgets=False, ack_seconds=0.2)) as desk:
        assert (await desk.do("shortcut", user="U0DANA", callback_id="triage.open"))["error"] == "dispatch_failed"
        hold = asyncio.Event()
        app = AsyncApp(client=desk.client)

        async def slow(ack: Any) -> None:
            await hold.wait()
            await ack()

        app.shortcut("triage.open")(slow)
        await desk.connect(app)
        told = await desk.do("shortcut", user="U0DANA", callback_id="triage.open")
        assert (told["ok"], told["error"], told["ack_ms"] >= 200) == (False, "operation_timeout", True)
        hold.set()


async def test_no_shortcuts_without_interactivity() -> None:
    async with desk_of(slack.Workspace(app_manifest(shortcuts=[OPEN], off=True), budgets=False)) as desk:
        assert (await desk.do("shortcut", user="U0DANA", callback_id="triage.open"))["error"] == "interactivity_not_enabled"


@pytest.mark.parametrize(
    ("shortcuts", "words"),
    [
        ([{**OPEN, "name": "n" * 25}], "must be less than 25 characters [json-pointer:/features/shortcuts/0/name]"),
        ([{**OPEN, "description": "d" * 151}], "must be less than 151 characters"),
        ([{**OPEN, "callback_id": "c" * 256}], "must be less than 256 characters"),
        ([{**OPEN, "type": "channel"}], "must be a valid enum value"),
        ([{**OPEN, "url": "https://a.example"}], "invalid additional property: url"),
        ([{key: value for key, value in OPEN.items() if key != "description"}], "missing required field: description"),
        ([{**OPEN, "callback_id": f"c{number}"} for number in range(11)], "no more than 10 items allowed"),
        ([], "no fewer than 1 items allowed"),
        ([OPEN, {**THIS, "callback_id": "triage.open"}], "callback ids of shortcuts must be unique"),
    ],
)
def test_shortcuts_that_cannot_be_installed(shortcuts: list[Json], words: str) -> None:
    with pytest.raises(manifest.ManifestError) as caught:
        app_manifest(shortcuts=shortcuts)
    assert words in str(caught.value)


def test_shortcuts_at_their_limits_and_their_scope() -> None:
    longest = [{"name": "n" * 24, "type": "global", "callback_id": f"{number:c<255}", "description": "d" * 150} for number in range(10)]
    assert len(app_manifest(shortcuts=longest).shortcuts) == 10
    with pytest.raises(manifest.ManifestError, match="shortcuts need the scope commands"):
        app_manifest(shortcuts=[OPEN], without=["commands"])
