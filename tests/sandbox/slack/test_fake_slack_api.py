"""The Web API through slack_sdk: tokens, scopes, messages, threads, history, people."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from sandbox import slack
from tests.sandbox.slack.conftest import CHANNEL, Desk, actions, app_manifest, button, desk_of, error_of

META = {"event_type": "desk_card", "event_payload": {"card": "c-1"}}


async def post(desk: Desk, text: str = "text", **more: Any) -> str:
    return str((await desk.client.chat_postMessage(channel=CHANNEL, text=text, **more))["ts"])


# --- tokens and scopes ---------------------------------------------------------------------------------------------------


async def test_auth_test_tells_who_we_are_and_what_we_may(desk: Desk) -> None:
    answer = await desk.client.auth_test()
    assert (answer["team_id"], answer["user_id"], answer["bot_id"]) == ("T0DESK", "U0DESKBOT", "B0DESKBOT")
    assert "chat:write" in answer.headers["x-oauth-scopes"].split(",")


@pytest.mark.parametrize(
    ("token", "error"), [("xoxb-wrong", "invalid_auth"), ("", "not_authed"), ("xapp-sandbox", "not_allowed_token_type")]
)
async def test_other_tokens_are_refused(desk: Desk, token: str, error: str) -> None:
    assert await error_of(desk.app_client(token).auth_test()) == error


async def test_the_bot_token_opens_no_socket(desk: Desk) -> None:
    assert await error_of(desk.client.apps_connections_open(app_token="xoxb-sandbox")) == "not_allowed_token_type"
    assert (await desk.client.apps_connections_open(app_token="xapp-sandbox"))["url"].startswith("ws://127.0.0.1:")


async def test_unknown_methods(desk: Desk) -> None:
    assert await error_of(desk.client.api_call("chat.shout")) == "unknown_method"


async def test_a_missing_scope_is_named() -> None:
    async with desk_of(slack.Workspace(app_manifest(without=["chat:write", "users:read.email", "groups:read"]))) as desk:
        with pytest.raises(SlackApiError) as caught:
            await desk.client.chat_postMessage(channel=CHANNEL, text="t")
        assert caught.value.response["error"] == "missing_scope"
        assert caught.value.response["needed"] == "chat:write"
        assert "commands" in caught.value.response["provided"].split(",")
        assert await error_of(desk.client.users_lookupByEmail(email="dana@acme.example")) == "missing_scope"
        assert "email" not in (await desk.client.users_info(user="U0DANA"))["user"]["profile"]
        assert await error_of(desk.client.team_info()) == "missing_scope"


# --- where one may post ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("channel", "error"),
    [
        ("C0GENERAL", "not_in_channel"),
        ("C0PRIVATE", "channel_not_found"),
        ("C0NOWHERE", "channel_not_found"),
        ("C0OLD", "is_archived"),
        ("U0OTHERBOT", "cannot_dm_bot"),
        ("U0GONE", "user_disabled"),
        ("#data-quality", "channel_not_found"),
    ],
)
async def test_where_a_post_is_refused(desk: Desk, channel: str, error: str) -> None:
    assert await error_of(desk.client.chat_postMessage(channel=channel, text="t")) == error


async def test_a_post_to_a_person_opens_a_direct_message(desk: Desk) -> None:
    answer = await desk.client.chat_postMessage(channel="U0DANA", text="for you")
    assert answer["channel"] == "D0DANA"
    assert (await desk.client.conversations_open(users="U0DANA"))["channel"]["id"] == "D0DANA"
    assert await error_of(desk.client.chat_update(channel="U0DANA", ts=answer["ts"], text="x")) == "channel_not_found"
    assert await error_of(desk.client.chat_update(channel="D0DANA", ts=answer["ts"], text="x")) == ""
    mine = [one["id"] for one in (await desk.see("channels", user="U0DANA"))["channels"]]
    others = [one["id"] for one in (await desk.see("channels", user="U0LEE"))["channels"]]
    assert "D0DANA" in mine and "D0DANA" not in others


async def test_joining_and_leaving(desk: Desk) -> None:
    await desk.do("membership", channel="C0GENERAL", member=True)
    assert await error_of(desk.client.chat_postMessage(channel="C0GENERAL", text="t")) == ""
    await desk.do("membership", channel=CHANNEL, member=False)
    assert await error_of(desk.client.chat_postMessage(channel=CHANNEL, text="t")) == "not_in_channel"
    assert await error_of(desk.client.conversations_history(channel=CHANNEL)) == "not_in_channel"


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({}, "no_text"),
        ({"text": ""}, "no_text"),
        ({"text": 5}, "invalid_arguments"),
        ({"blocks": "{"}, "invalid_blocks_format"),
        ({"blocks": {}}, "invalid_blocks_format"),
        ({"text": "t", "metadata": "x"}, "invalid_metadata_format"),
        ({"text": "t", "metadata": {"event_type": "e"}}, "invalid_metadata_schema"),
        ({"text": "t", "metadata": {"event_type": "e", "event_payload": {"x": "y" * 5000}}}, "metadata_too_large"),
        ({"text": "t", "thread_ts": "1.000001"}, "thread_not_found"),
        ({"text": "t", "attachments": [{"text": "a"}]}, "invalid_attachments"),
        ({"text": "t", "markdown_text": "m"}, "markdown_text_conflict"),
        ({"text": "t", "unfurl_links": "perhaps"}, "invalid_arguments"),
    ],
)
async def test_arguments_that_are_refused(desk: Desk, args: dict[str, Any], error: str) -> None:
    assert await error_of(desk.client.api_call("chat.postMessage", json={"channel": CHANNEL, **args})) == error
    assert await desk.messages() == []


async def test_broken_bodies(desk: Desk) -> None:
    headers = {"authorization": "Bearer xoxb-sandbox", "content-type": "application/json"}
    for body, error in ((b"{", "invalid_json"), (b"[]", "json_not_object")):
        assert (await desk.http.post("/api/chat.postMessage", content=body, headers=headers)).json()["error"] == error
    headers["content-type"] = "text/plain"
    assert (await desk.http.post("/api/chat.postMessage", content=b"x", headers=headers)).json()["error"] == "invalid_post_type"


async def test_form_and_json_bodies_are_the_same_message(desk: Desk) -> None:
    blocks = [actions(button())]
    await desk.client.chat_postMessage(channel=CHANNEL, text="t", blocks=blocks)
    form = {"channel": CHANNEL, "text": "t", "blocks": '[{"type": "actions", "block_id": "row", "elements": ['}
    form["blocks"] += '{"type": "button", "action_id": "press", "text": {"type": "plain_text", "text": "Press"}, "value": "v"}]}]'
    await desk.client.api_call("chat.postMessage", data=form)
    first, second = await desk.messages()
    assert first["blocks"] == second["blocks"]


# --- edits -----------------------------------------------------------------------------------------------------------------


async def test_an_update_with_text_alone_removes_the_blocks_and_keeps_the_metadata(desk: Desk) -> None:
    ts = await post(desk, blocks=[actions(button())], metadata=META)
    await desk.client.chat_update(channel=CHANNEL, ts=ts, text="bare")
    (message,) = await desk.messages()
    assert (message["text"], message["blocks"], message["metadata"]) == ("bare", [], META)
    await desk.client.chat_update(channel=CHANNEL, ts=ts, text="bare", metadata={})
    assert (await desk.messages())[0]["metadata"] is None


async def test_an_update_of_blocks_is_not_marked_as_edited(desk: Desk) -> None:
    ts = await post(desk)
    await desk.client.chat_update(channel=CHANNEL, ts=ts, text="new", blocks=[actions(button())])
    assert (await desk.messages())[0]["edited"] is None
    await desk.client.chat_update(channel=CHANNEL, ts=ts, text="newer")
    assert (await desk.messages())[0]["edited"]["user"] == "U0DESKBOT"


async def test_only_own_lasting_messages_can_be_edited_or_deleted(desk: Desk) -> None:
    theirs = (await desk.do("message", user="U0DANA", channel=CHANNEL, text="hello"))["ts"]
    whisper = (await desk.client.chat_postEphemeral(channel=CHANNEL, user="U0DANA", text="psst"))["message_ts"]
    for ts, error in ((theirs, "cant_update_message"), (whisper, "cant_update_message"), ("1.000001", "message_not_found")):
        assert await error_of(desk.client.chat_update(channel=CHANNEL, ts=ts, text="x")) == error
    assert await error_of(desk.client.chat_delete(channel=CHANNEL, ts=theirs)) == "cant_delete_message"
    mine = await post(desk)
    assert await error_of(desk.client.chat_delete(channel=CHANNEL, ts=mine)) == ""
    assert await error_of(desk.client.chat_delete(channel=CHANNEL, ts=mine)) == "message_not_found"


async def test_a_message_that_a_person_deleted_is_gone(desk: Desk) -> None:
    ts = await post(desk)
    await desk.do("delete", channel=CHANNEL, ts=ts)
    assert await error_of(desk.client.chat_update(channel=CHANNEL, ts=ts, text="x")) == "message_not_found"


async def test_whispers_are_for_one_member_and_not_in_the_history(desk: Desk) -> None:
    await desk.client.chat_postEphemeral(channel=CHANNEL, user="U0DANA", text="psst")
    assert [message["text"] for message in await desk.messages("U0DANA")] == ["psst"]
    assert await desk.messages("U0LEE") == []
    assert (await desk.client.conversations_history(channel=CHANNEL))["messages"] == []
    assert await error_of(desk.client.chat_postEphemeral(channel=CHANNEL, user="U0NOBODY", text="x")) == "user_not_in_channel"


# --- history -----------------------------------------------------------------------------------------------------------------


async def test_history_pages_newest_first_and_leaves_threads_out(desk: Desk) -> None:
    times = [await post(desk, f"m{index}") for index in range(5)]
    await post(desk, "reply", thread_ts=times[0])
    seen: list[str] = []
    cursor = ""
    for _ in range(3):
        answer = await desk.client.conversations_history(channel=CHANNEL, limit=2, cursor=cursor)
        seen += [message["text"] for message in answer["messages"]]
        cursor = answer.get("response_metadata", {}).get("next_cursor", "")
    assert seen == ["m4", "m3", "m2", "m1", "m0"]
    assert cursor == ""
    since = await desk.client.conversations_history(channel=CHANNEL, oldest=times[3])
    assert [message["ts"] for message in since["messages"]] == [times[4]]
    inclusive = await desk.client.conversations_history(channel=CHANNEL, oldest=times[3], inclusive=True)
    assert [message["ts"] for message in inclusive["messages"]] == [times[4], times[3]]


@pytest.mark.parametrize(
    ("args", "error"),
    [({"limit": 1000}, "invalid_limit"), ({"cursor": "nonsense"}, "invalid_cursor"), ({"oldest": "x"}, "invalid_ts_oldest")],
)
async def test_history_refuses(desk: Desk, args: dict[str, Any], error: str) -> None:
    assert await error_of(desk.client.conversations_history(channel=CHANNEL, **args)) == error


async def test_metadata_is_whole_only_when_asked_for(desk: Desk) -> None:
    await post(desk, metadata=META)
    bare = (await desk.client.conversations_history(channel=CHANNEL))["messages"][0]
    full = (await desk.client.conversations_history(channel=CHANNEL, include_all_metadata=True))["messages"][0]
    assert bare["metadata"] == {"event_type": "desk_card"}
    assert full["metadata"] == META
    assert full["app_id"] == "A0DESK"


async def test_threads(desk: Desk) -> None:
    parent = await post(desk)
    reply = await post(desk, "reply", thread_ts=parent)
    thread = (await desk.client.conversations_replies(channel=CHANNEL, ts=parent))["messages"]
    assert [message["ts"] for message in thread] == [parent, reply]
    assert (thread[0]["reply_count"], thread[0]["latest_reply"]) == (1, reply)
    assert thread[1]["parent_user_id"] == "U0DESKBOT"
    assert await error_of(desk.client.chat_postMessage(channel=CHANNEL, text="x", thread_ts=reply)) == "cannot_reply_to_message"
    await desk.client.chat_delete(channel=CHANNEL, ts=parent)
    assert (await desk.messages())[0]["subtype"] == "tombstone"


async def test_a_reply_that_is_also_sent_to_the_channel_says_so_in_both(desk: Desk) -> None:
    parent = await post(desk, "parent")
    told = await post(desk, "told to all", thread_ts=parent, reply_broadcast=True)
    quiet = await post(desk, "for those who follow it", thread_ts=parent)
    history = (await desk.client.conversations_history(channel=CHANNEL))["messages"]
    assert [one["ts"] for one in history[:2]] == [told, parent]
    assert (history[0]["subtype"], history[0]["root"]["text"], history[0]["root"]["reply_count"]) == ("thread_broadcast", "parent", 2)
    replies = (await desk.client.conversations_replies(channel=CHANNEL, ts=parent))["messages"]
    assert [(one["ts"], one.get("subtype")) for one in replies] == [(parent, None), (told, "thread_broadcast"), (quiet, None)]


async def test_permalinks(desk: Desk) -> None:
    ts = await post(desk)
    link = (await desk.client.chat_getPermalink(channel=CHANNEL, message_ts=ts))["permalink"]
    assert link.endswith(f"/archives/{CHANNEL}/p{ts.replace('.', '')}")
    assert await error_of(desk.client.chat_getPermalink(channel=CHANNEL, message_ts="1.000001")) == "message_not_found"


# --- people and channels -------------------------------------------------------------------------------------------------------


async def test_the_directory_tells_guests_outsiders_bots_and_the_deactivated(desk: Desk) -> None:
    users = {ident: (await desk.client.users_info(user=ident))["user"] for ident in ("U0DANA", "U0GUS", "U0EXT", "U0OTHERBOT", "U0GONE")}
    assert users["U0DANA"]["is_admin"] and users["U0DANA"]["tz"] == "Europe/Berlin"
    assert users["U0GUS"]["is_restricted"]
    assert users["U0EXT"]["is_stranger"] and users["U0EXT"]["team_id"] == "T0OTHER" and "email" not in users["U0EXT"]["profile"]
    assert users["U0OTHERBOT"]["is_bot"]
    assert users["U0GONE"]["deleted"]
    assert await error_of(desk.client.users_info(user="U0NOBODY")) == "user_not_found"


async def test_looking_up_addresses(desk: Desk) -> None:
    assert (await desk.client.users_lookupByEmail(email="Lee@acme.example"))["user"]["id"] == "U0LEE"
    for gone in ("nobody@acme.example", "gone@acme.example", "ext@other.example"):
        assert await error_of(desk.client.users_lookupByEmail(email=gone)) == "users_not_found"


async def test_lookup_by_email_reads_forms_only(desk: Desk) -> None:
    assert await error_of(desk.client.api_call("users.lookupByEmail", json={"email": "lee@acme.example"})) == "invalid_arguments"


async def test_user_groups(desk: Desk) -> None:
    assert (await desk.client.usergroups_list(include_users=True))["usergroups"][0]["users"] == ["U0DANA"]
    assert (await desk.client.usergroups_users_list(usergroup="S0ONCALL"))["users"] == ["U0DANA"]
    assert await error_of(desk.client.usergroups_users_list(usergroup="S0NONE")) == "no_such_subteam"


async def test_channels(desk: Desk) -> None:
    assert (await desk.client.conversations_info(channel=CHANNEL))["channel"]["is_member"] is True
    assert (await desk.client.conversations_info(channel="C0GENERAL"))["channel"]["is_member"] is False
    assert await error_of(desk.client.conversations_info(channel="C0PRIVATE")) == "channel_not_found"
    members = (await desk.client.conversations_members(channel=CHANNEL, limit=3))["members"]
    assert len(members) == 3
    listed = (await desk.client.conversations_list(types="public_channel,private_channel"))["channels"]
    assert {one["id"] for one in listed} == {"C0QUALITY", "C0GENERAL", "C0OLD"}
    assert await error_of(desk.client.conversations_list(types="im")) == "missing_scope"


async def test_users_are_listed_in_pages(desk: Desk) -> None:
    first = await desk.client.users_list(limit=2)
    second = await desk.client.users_list(limit=2, cursor=first["response_metadata"]["next_cursor"])
    assert [user["id"] for user in (*first["members"], *second["members"])] == ["U0DANA", "U0LEE", "U0GUS", "U0OTHERBOT"]


# --- where the bot may write ---------------------------------------------------------------------------------------------------


async def test_a_direct_message_is_opened_once_and_shown_without_reading_scopes() -> None:
    async with desk_of(slack.Workspace(app_manifest(without=["channels:read", "groups:read"]), budgets=False)) as desk:
        first = await desk.client.conversations_open(users="U0DANA")
        again = await desk.client.conversations_open(users="U0DANA", return_im=True)
        by_id = await desk.client.conversations_open(channel="D0DANA")
        assert [one["channel"]["id"] for one in (first, again, by_id)] == ["D0DANA"] * 3
        assert [one["already_open"] for one in (first, again, by_id)] == [False, True, True]
        assert (again["channel"]["is_im"], again["channel"]["user"]) == (True, "U0DANA")
        for channel in ("D0DANA", CHANNEL, "C0NOWHERE"):
            assert await error_of(desk.client.conversations_info(channel=channel)) == "missing_scope"


async def test_direct_messages_need_their_own_scopes() -> None:
    async with desk_of(slack.Workspace(app_manifest(without=["im:write"]), budgets=False)) as desk:
        assert await error_of(desk.client.conversations_open(users="U0DANA")) == "missing_scope"
        assert await error_of(desk.client.conversations_open(channel=CHANNEL)) == "missing_scope"
        desk.space.dm("U0DANA")
        assert await error_of(desk.client.conversations_info(channel="D0DANA")) == "missing_scope"
        assert await error_of(desk.client.conversations_info(channel=CHANNEL)) == ""


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"users": "U0DANA,U0LEE"}, "missing_scope"),
        ({"users": "U0NOBODY"}, "user_not_found"),
        ({"users": "U0GONE"}, "user_disabled"),
        ({"users": ""}, "users_list_not_supplied"),
        ({"channel": CHANNEL}, "method_not_supported_for_channel_type"),
        ({"channel": "C0PRIVATE"}, "channel_not_found"),
    ],
)
async def test_conversations_that_cannot_be_opened(desk: Desk, asked: dict[str, str], error: str) -> None:
    assert await error_of(desk.client.api_call("conversations.open", json=asked)) == error
