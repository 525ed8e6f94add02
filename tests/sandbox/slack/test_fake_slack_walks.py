"""A real Bolt app on Socket Mode and over HTTP: commands, clicks, menus, modals, and what expires."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp.web
import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.webhook.async_client import AsyncWebhookClient

from sandbox import slack
from tests.sandbox.slack.conftest import CHANNEL, Desk, actions, app_manifest, button, desk_of, error_of, modal, plain, text_input

Json = dict[str, Any]


class Recorder:
    """A Bolt app that keeps what it is told and answers as the test says."""

    def __init__(self, desk: Desk, **options: Any) -> None:
        self.seen: list[Json] = []
        self.ack: Json = {}
        self.late = asyncio.Event()
        self.app = AsyncApp(client=desk.client, **options)
        self.app.command("/anomalies")(self._listen)
        self.app.action({"type": "block_actions", "action_id": "press"})(self._listen)
        self.app.action("pick")(self._listen)
        self.app.options("ask")(self._listen)
        self.app.view("form")(self._listen)
        self.app.view_closed("form")(self._listen)
        self.app.event("message")(self._event)
        self.app.event("app_home_opened")(self._event)

    async def _listen(self, ack: Any, body: Json) -> None:
        self.seen.append(body)
        await ack(**self.ack)

    async def _event(self, body: Json) -> None:
        self.seen.append(body)
        self.late.set()


@pytest.fixture
async def app(desk: Desk) -> Recorder:
    """The app, connected."""
    recorder = Recorder(desk)
    await desk.connect(recorder.app)
    return recorder


async def card(desk: Desk, *elements: Json, **more: Any) -> str:
    blocks = [actions(*(elements or (button(),)))]
    return str((await desk.client.chat_postMessage(channel=CHANNEL, text="card", blocks=blocks, **more))["ts"])


async def click(desk: Desk, ts: str, action_id: str = "press", user: str = "U0DANA", **more: Any) -> Json:
    return await desk.do("click", user=user, channel=CHANNEL, ts=ts, action_id=action_id, **more)


# --- commands --------------------------------------------------------------------------------------------------------------


async def test_a_command_arrives_escaped_and_its_ack_is_seen_by_one_person(desk: Desk, app: Recorder) -> None:
    app.ack = {"text": "done"}
    answer = await desk.do("command", user="U0DANA", channel=CHANNEL, text="/anomalies ack assign:@lee,@nobody #general “x” a&b <c>")
    assert (answer["ok"], answer["ack"], answer["error"]) == (True, {"text": "done"}, None)
    (body,) = app.seen
    assert body["command"] == "/anomalies"
    assert body["text"] == "ack assign:<@U0LEE|lee>,@nobody <#C0GENERAL|general> “x” a&amp;b &lt;c&gt;"
    assert (body["user_id"], body["channel_id"], body["team_id"]) == ("U0DANA", CHANNEL, "T0DESK")
    (message,) = await desk.messages("U0DANA")
    assert (message["text"], message["ephemeral"]) == ("done", True)
    assert await desk.messages("U0LEE") == []


async def test_an_ack_may_speak_to_the_channel(desk: Desk, app: Recorder) -> None:
    app.ack = {"text": "for all", "response_type": "in_channel"}
    await desk.do("command", user="U0DANA", channel=CHANNEL, text="/anomalies")
    assert [message["text"] for message in await desk.messages("U0LEE")] == ["for all"]


async def test_commands_that_are_not_in_the_manifest_do_not_exist(desk: Desk, app: Recorder) -> None:
    answer = await desk.http.post("/_control/command", json={"user": "U0DANA", "channel": CHANNEL, "text": "/nonsense x"})
    assert (answer.status_code, answer.json()["error"]) == (404, "unknown_command")
    assert app.seen == []
    assert [one["command"] for one in (await desk.see("commands"))["commands"]] == list(desk.space.app.commands)


async def test_a_malformed_ack_is_a_visible_failure(desk: Desk, app: Recorder) -> None:
    app.ack = {"text": "x", "blocks": [{"type": "banner"}]}
    answer = await desk.do("command", user="U0DANA", channel=CHANNEL, text="/anomalies")
    assert (answer["ok"], answer["error"]) == (False, "invalid_blocks")
    assert "invalid_blocks" in (await desk.messages())[0]["text"]


async def test_without_a_connection_a_command_fails_at_once(desk: Desk) -> None:
    answer = await desk.do("command", user="U0DANA", channel=CHANNEL, text="/anomalies")
    assert (answer["ok"], answer["error"]) == (False, "dispatch_failed")
    (message,) = await desk.messages()
    assert message["user"] == "USLACKBOT" and message["ephemeral"] and "dispatch_failed" in message["text"]


async def test_a_late_ack_is_a_time_out_for_commands_and_a_warning_for_clicks() -> None:
    async with desk_of(slack.Workspace(app_manifest(), budgets=False, ack_seconds=0.2)) as desk:
        silent = AsyncApp(client=desk.client)
        hold = asyncio.Event()

        async def slow(ack: Any) -> None:
            await hold.wait()
            await ack()

        silent.command("/anomalies")(slow)
        silent.action("press")(slow)
        await desk.connect(silent)
        ts = await card(desk)
        assert (await desk.do("command", user="U0DANA", channel=CHANNEL, text="/anomalies"))["error"] == "operation_timeout"
        pressed = await click(desk, ts)
        assert (pressed["ok"], pressed["error"], pressed["ack_ms"] >= 200) == (False, "operation_timeout", True)
        messages = {message["ts"]: message for message in await desk.messages()}
        assert messages[ts]["warning"] == "operation_timeout"
        assert {message["ts"]: message for message in await desk.messages("U0LEE")}[ts]["warning"] is None
        hold.set()


# --- clicks ------------------------------------------------------------------------------------------------------------------


async def test_a_click_carries_what_slack_sends(desk: Desk, app: Recorder) -> None:
    ts = await card(desk, button(value="qualytics:1|3"))
    assert (await click(desk, ts))["ok"] is True
    (body,) = app.seen
    assert body["user"] == {"id": "U0DANA", "username": "dana", "name": "dana", "team_id": "T0DESK"}
    assert body["container"] == {"type": "message", "message_ts": ts, "channel_id": CHANNEL, "is_ephemeral": False}
    assert body["channel"] == {"id": CHANNEL, "name": "data-quality"}
    assert body["message"]["ts"] == ts and body["message"]["blocks"][0]["block_id"] == "row"
    (action,) = body["actions"]
    assert (action["action_id"], action["block_id"], action["value"], action["type"]) == ("press", "row", "qualytics:1|3", "button")
    assert body["response_url"].startswith(desk.base) and body["trigger_id"]


async def test_an_outsider_brings_their_own_team(desk: Desk, app: Recorder) -> None:
    await click(desk, await card(desk), user="U0EXT")
    assert app.seen[0]["user"]["team_id"] == "T0OTHER"
    assert app.seen[0]["team"]["id"] == "T0DESK"


async def test_a_menu_sends_the_chosen_option_and_keeps_it(desk: Desk, app: Recorder) -> None:
    choice = {"text": plain("Second"), "value": "2"}
    ts = await card(desk, {"type": "static_select", "action_id": "pick", "options": [{"text": plain("First"), "value": "1"}, choice]})
    await click(desk, ts, "pick", value="2")
    sent = app.seen[0]["actions"][0]["selected_option"]
    assert (sent["value"], sent["text"]["text"]) == ("2", "Second")
    assert app.seen[0]["state"]["values"]["row"]["pick"]["selected_option"] == sent


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"action_id": "other"}, 404, "element_not_found"),
        ({"action_id": "press", "block_id": "other"}, 404, "element_not_found"),
        ({"action_id": "press", "value": "other"}, 400, "value_not_offered"),
        ({"action_id": "press", "ts": "1.000001"}, 404, "message_not_found"),
        ({"action_id": "press", "channel": "C0PRIVATE"}, 403, "user_not_in_channel"),
        ({"action_id": "press", "user": "U0NOBODY"}, 404, "user_not_found"),
        ({"action_id": "pick", "value": "9"}, 400, "option_not_offered"),
    ],
)
async def test_clicks_that_nobody_could_make(desk: Desk, app: Recorder, body: Json, status: int, error: str) -> None:
    ts = await card(desk, button(), {"type": "overflow", "action_id": "pick", "options": [{"text": plain("One"), "value": "1"}]})
    answer = await desk.http.post("/_control/click", json={"user": "U0LEE", "channel": CHANNEL, "ts": ts, **body})
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert app.seen == []


async def test_no_clicks_without_interactivity() -> None:
    async with desk_of(slack.Workspace(app_manifest(off=True), budgets=False)) as desk:
        assert (await click(desk, await card(desk)))["error"] == "interactivity_not_enabled"


async def test_two_buttons_with_one_action_id_need_a_value(desk: Desk, app: Recorder) -> None:
    blocks = [actions(button(value="1"), block_id="a"), actions(button(value="2"), block_id="b")]
    ts = (await desk.client.chat_postMessage(channel=CHANNEL, text="t", blocks=blocks))["ts"]
    assert (await click(desk, ts))["error"] == "ambiguous_element"
    await click(desk, ts, value="2")
    assert app.seen[0]["actions"][0]["block_id"] == "b"


# --- response URLs -----------------------------------------------------------------------------------------------------------


async def reply(app: Recorder, **body: Any) -> tuple[int, str]:
    answer = await AsyncWebhookClient(app.seen[-1]["response_url"]).send_dict(body)
    return answer.status_code, answer.body


async def test_a_response_url_whispers_replaces_and_deletes(desk: Desk, app: Recorder) -> None:
    ts = await card(desk, metadata={"event_type": "e", "event_payload": {"id": "1"}})
    await click(desk, ts)
    assert await reply(app, text="only you") == (200, "ok")
    assert [message["ephemeral"] for message in await desk.messages()] == [False, True]
    assert await reply(app, text="new", replace_original=True) == (200, "ok")
    (message,) = await desk.messages("U0LEE")
    assert (message["text"], message["blocks"], message["metadata"]["event_type"]) == ("new", [], "e")
    assert await reply(app, text="loud", response_type="in_channel") == (200, "ok")
    assert await reply(app, delete_original=True) == (200, "ok")
    assert [message["text"] for message in await desk.messages("U0LEE")] == ["loud"]
    status, body = await reply(app, text="x", replace_original=True)
    assert (status, "message_not_found" in body) == (404, True)


async def test_an_ephemeral_is_edited_in_place_by_its_own_response_url(desk: Desk, app: Recorder) -> None:
    whisper = await desk.client.chat_postEphemeral(channel=CHANNEL, user="U0DANA", text="page 1", blocks=[actions(button())])
    ts = whisper["message_ts"]
    assert (await click(desk, ts, user="U0LEE"))["error"] == "message_not_found"
    await click(desk, ts)
    assert app.seen[0]["container"]["is_ephemeral"] is True
    assert "message" not in app.seen[0]
    await reply(app, text="page 2", blocks=[actions(button())], replace_original=True)
    (message,) = await desk.messages()
    assert (message["ts"], message["text"], message["ephemeral"]) == (ts, "page 2", True)


async def test_five_uses(desk: Desk, app: Recorder) -> None:
    await click(desk, await card(desk))
    assert [(await reply(app, text="x"))[0] for _ in range(5)] == [200] * 5
    status, body = await reply(app, text="x")
    assert (status, "used_url" in body) == (404, True)


async def test_thirty_minutes(desk: Desk, app: Recorder) -> None:
    await click(desk, await card(desk))
    await desk.do("clock", advance_s=1790)
    assert (await reply(app, text="x"))[0] == 200
    await desk.do("clock", advance_s=20)
    status, body = await reply(app, text="x")
    assert (status, "expired_url" in body) == (404, True)


async def test_a_response_url_refuses_what_it_cannot_show(desk: Desk, app: Recorder) -> None:
    await click(desk, await card(desk))
    status, body = await reply(app, text="x", blocks=[{"type": "banner"}])
    assert (status, "json-pointer:/blocks/0" in body) == (400, True)
    assert (await reply(app))[0] == 400
    assert len(await desk.messages()) == 1


# --- modals --------------------------------------------------------------------------------------------------------------------


async def opened(desk: Desk, app: Recorder, view: Json) -> Json:
    await click(desk, await card(desk))
    return dict((await desk.client.views_open(trigger_id=app.seen[-1]["trigger_id"], view=view))["view"])


async def test_a_trigger_works_once_and_for_three_seconds(desk: Desk, app: Recorder) -> None:
    await click(desk, await card(desk))
    trigger = app.seen[-1]["trigger_id"]
    assert await error_of(desk.client.views_open(trigger_id="1.2.x", view=modal())) == "invalid_trigger_id"
    assert await error_of(desk.client.views_open(trigger_id=trigger, view=modal())) == ""
    assert await error_of(desk.client.views_open(trigger_id=trigger, view=modal())) == "exchanged_trigger_id"
    await click(desk, await card(desk))
    await desk.do("clock", advance_s=3.1)
    assert await error_of(desk.client.views_open(trigger_id=app.seen[-1]["trigger_id"], view=modal())) == "expired_trigger_id"


async def test_a_submission_carries_the_state_and_closes_the_modal(desk: Desk, app: Recorder) -> None:
    people = {"type": "multi_users_select", "action_id": "who", "max_selected_items": 2}
    picker = {"type": "input", "block_id": "who", "label": plain("Who"), "element": people}
    await opened(desk, app, modal(text_input(), picker, private_metadata="p"))
    answer = await desk.do("submit", user="U0DANA", values={"note.text": "hello", "who": ["U0LEE", "U0DANA"]})
    assert (answer["ok"], answer["response"], answer["errors"]) == (True, None, {})
    view = app.seen[-1]["view"]
    assert view["state"]["values"]["note"]["note.text"] == {"type": "plain_text_input", "value": "hello"}
    assert view["state"]["values"]["who"]["who"]["selected_users"] == ["U0LEE", "U0DANA"]
    assert (view["callback_id"], view["private_metadata"]) == ("form", "p")
    assert (await desk.see("views/U0DANA"))["views"] == []


async def test_slack_itself_checks_required_fields_and_lengths(desk: Desk, app: Recorder) -> None:
    await opened(desk, app, modal(text_input(max_length=5), text_input("more", "more.text")))
    count = len(app.seen)
    answer = await desk.do("submit", user="U0DANA", values={"note.text": "too long"})
    assert answer["ok"] is False and set(answer["errors"]) == {"note", "more"}
    assert len(app.seen) == count


async def test_errors_update_push_and_clear(desk: Desk, app: Recorder) -> None:
    await opened(desk, app, modal({**text_input(), "optional": True}))
    app.ack = {"response_action": "errors", "errors": {"note": "not like this"}}
    assert (await desk.do("submit", user="U0DANA", values={}))["errors"] == {"note": "not like this"}
    app.ack = {"response_action": "errors", "errors": {"nowhere": "x"}}
    assert (await desk.do("submit", user="U0DANA", values={}))["error"] == "invalid_errors"
    app.ack = {"response_action": "update", "view": modal(title=plain("Second"))}
    assert (await desk.do("submit", user="U0DANA", values={}))["response"] == "update"
    app.ack = {"response_action": "push", "view": modal(title=plain("Third"))}
    for depth in (2, 3):
        await desk.do("submit", user="U0DANA", values={})
        assert len((await desk.see("views/U0DANA"))["views"]) == depth
    assert (await desk.do("submit", user="U0DANA", values={}))["error"] == "push_limit_reached"
    app.ack = {"response_action": "clear"}
    await desk.do("submit", user="U0DANA", values={})
    assert (await desk.see("views/U0DANA"))["views"] == []


async def test_push_by_method_stops_at_three(desk: Desk, app: Recorder) -> None:
    await opened(desk, app, modal())
    for error in ("", "", "push_limit_reached"):
        trigger = desk.space.tickets.trigger("U0DANA")
        assert await error_of(desk.client.views_push(trigger_id=trigger, view=modal())) == error


async def test_an_update_needs_the_current_hash_and_keeps_entries(desk: Desk, app: Recorder) -> None:
    view = await opened(desk, app, modal(text_input()))
    await desk.do("click", user="U0DANA", view=True, action_id="note.text", value="typed")
    fresh = await desk.client.views_update(view_id=view["id"], hash=view["hash"], view=modal(text_input(), title=plain("Second")))
    assert fresh["view"]["state"]["values"]["note"]["note.text"]["value"] == "typed"
    assert await error_of(desk.client.views_update(view_id=view["id"], hash=view["hash"], view=modal())) == "hash_conflict"
    await desk.do("close", user="U0DANA")
    assert await error_of(desk.client.views_update(view_id=view["id"], view=modal())) == "not_found"


async def test_options_are_loaded_from_the_app_and_only_they_can_be_chosen(desk: Desk, app: Recorder) -> None:
    menu = {"type": "external_select", "action_id": "ask", "min_query_length": 2}
    await opened(desk, app, modal({"type": "input", "block_id": "person", "label": plain("Person"), "element": menu}))
    assert (await desk.do("select", user="U0DANA", action_id="ask", query="l"))["error"] == "query_too_short"
    app.ack = {"options": [{"text": plain("Lee"), "value": "7"}]}
    assert [one["value"] for one in (await desk.do("select", user="U0DANA", action_id="ask", query="le"))["options"]] == ["7"]
    assert (app.seen[-1]["type"], app.seen[-1]["value"], app.seen[-1]["block_id"]) == ("block_suggestion", "le", "person")
    app.ack = {"options": [{"text": plain("x" * 76), "value": "7"}]}
    assert (await desk.do("select", user="U0DANA", action_id="ask", query="le"))["error"] == "invalid_options"
    app.ack = {}
    assert (await desk.do("submit", user="U0DANA", values={"ask": "8"}))["error"] == "option_not_offered"
    assert (await desk.do("submit", user="U0DANA", values={"ask": "7"}))["ok"] is True


async def test_closing_is_told_only_on_request(desk: Desk, app: Recorder) -> None:
    await opened(desk, app, modal())
    count = len(app.seen)
    await desk.do("close", user="U0DANA")
    assert len(app.seen) == count
    await opened(desk, app, modal(notify_on_close=True))
    await desk.do("close", user="U0DANA")
    assert app.seen[-1]["type"] == "view_closed"


# --- delivery --------------------------------------------------------------------------------------------------------------------


async def test_each_envelope_goes_to_one_connection_and_reconnects_are_survived(desk: Desk, app: Recorder) -> None:
    second = Recorder(desk)
    await desk.connect(second.app)

    async def both() -> bool:
        return bool((await desk.see("sockets"))["connections"] == 2)

    await desk.until(both)
    for _ in range(4):
        await desk.do("command", user="U0DANA", channel=CHANNEL, text="/anomalies")
    assert (len(app.seen), len(second.seen)) == (2, 2)
    assert (await desk.do("sockets/disconnect"))["closed"] == 2
    await desk.until(both)
    assert (await desk.do("command", user="U0DANA", channel=CHANNEL, text="/anomalies"))["ok"] is True


async def test_no_more_than_ten_sockets(desk: Desk) -> None:
    async with aiohttp.ClientSession() as session:
        kept = []
        for number in range(11):
            url = (await desk.client.apps_connections_open(app_token="xapp-sandbox"))["url"]
            kept.append(await session.ws_connect(url))
            hello = await kept[-1].receive_json()
            assert hello["type"] == ("hello" if number < 10 else "disconnect")
        assert hello["reason"] == "too_many_websockets"
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(url)


async def test_events_reach_the_app_only_when_the_manifest_subscribes(desk: Desk, app: Recorder) -> None:
    await desk.do("message", user="U0DANA", channel=CHANNEL, text="hello")
    async with desk_of(slack.Workspace(app_manifest(events=["message.channels"]), budgets=False)) as other:
        subscribed = Recorder(other)
        await other.connect(subscribed.app)
        await other.do("message", user="U0DANA", channel=CHANNEL, text="hello @lee & co")
        async with asyncio.timeout(5):
            await subscribed.late.wait()
        event = subscribed.seen[0]["event"]
        assert (event["type"], event["text"], event["channel_type"]) == ("message", "hello <@U0LEE> &amp; co", "channel")
    assert app.seen == []


async def http_app(recorder: Recorder) -> tuple[aiohttp.web.AppRunner, int]:
    runner = aiohttp.web.AppRunner(recorder.app.web_app())
    await runner.setup()
    site = aiohttp.web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    return runner, site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]


async def test_signed_http(desk: Desk) -> None:
    recorder = Recorder(desk, signing_secret="sandbox-signing-secret")
    runner, port = await http_app(recorder)
    desk.space.http_url = f"http://127.0.0.1:{port}/slack/events"
    try:
        recorder.ack = {"text": "over HTTP"}
        answer = await desk.do("command", user="U0DANA", channel=CHANNEL, text="/anomalies list")
        assert (answer["ok"], answer["ack"]["text"]) == (True, "over HTTP")
        recorder.ack = {}
        assert (await click(desk, await card(desk)))["ok"] is True
        assert recorder.seen[-1]["actions"][0]["value"] == "v"
        desk.space.signing_secret = "another"
        answer = await desk.do("command", user="U0DANA", channel=CHANNEL, text="/anomalies list")
        assert (answer["ok"], answer["error"]) == (False, "dispatch_failed")
    finally:
        await runner.cleanup()
    assert (await click(desk, await card(desk)))["error"] == "dispatch_failed"


async def test_the_home_tab(desk: Desk) -> None:
    await desk.client.views_publish(user_id="U0DANA", view={"type": "home", "blocks": [actions(button())]})
    assert (await desk.see("home/U0DANA"))["view"]["blocks"][0]["block_id"] == "row"
    async with desk_of(slack.Workspace(app_manifest(home=False), budgets=False)) as other:
        assert await error_of(other.client.views_publish(user_id="U0DANA", view={"type": "home", "blocks": []})) == "not_enabled"
        assert (await other.do("home", user="U0DANA"))["error"] == "home_tab_not_enabled"
    shown = (await desk.see("home/U0DANA"))["view"]["hash"]
    empty = {"type": "home", "blocks": []}
    assert (await desk.client.views_publish(user_id="U0DANA", view=empty, hash=shown))["view"]["hash"] != shown
    assert await error_of(desk.client.views_publish(user_id="U0DANA", view=empty, hash=shown)) == "hash_conflict"
