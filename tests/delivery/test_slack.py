"""The messenger at the wire: what Slack gets, and what becomes of what Slack says."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import unused_port

from bot import errors, model
from bot.delivery import failures, slack
from bot.delivery.pacing import Lane, Pacer

TOKEN = "xoxb-very-secret"
HOOK = "-".join(("secret", "hook"))  # a traceback quotes this file: the word must not stand in it
BLOCKS = ({"type": "section", "text": {"type": "mrkdwn", "text": "4,210 rows fail", "verbatim": True}},)
CARD = model.Message("High: 4,210 rows fail in orders.", BLOCKS)
PLAIN = model.Message("Nothing is open.")
SINCE = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@pytest.fixture
async def messenger(wire: Any) -> AsyncIterator[slack.SlackMessenger]:
    async with slack.session(timeout=0.4) as session:
        yield slack.SlackMessenger(slack.client(TOKEN, wire.url, session), Pacer(), patience=0.2)


def http(
    status: int, body: str = "", content_type: str = "application/json", **headers: str
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_: web.Request) -> web.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, text=body, content_type=content_type, headers=named)

    return answer


async def drop(request: web.Request) -> web.Response:
    """Take the request, then cut the line."""
    assert request.transport
    request.transport.close()
    return web.Response()


def hang(wire: Any) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_: web.Request) -> web.Response:
        await wire.hang.wait()
        return web.Response()

    return answer


# --- what Slack gets ---------------------------------------------------------------------------------------------------


async def test_a_post_carries_text_blocks_and_our_id_and_unfurls_nothing(wire: Any, messenger: slack.SlackMessenger) -> None:
    wire.says("chat.postMessage", {"ok": True, "channel": "C1", "ts": "1700000000.000100"})
    assert await messenger.post("C1", CARD, "card-7") == "1700000000.000100"
    assert [(call.method, call.args, call.token, call.content_type) for call in wire.calls] == [
        (
            "chat.postMessage",
            {
                "channel": "C1",
                "text": "High: 4,210 rows fail in orders.",
                "blocks": list(BLOCKS),
                "metadata": {"event_type": "anomaly_desk_card", "event_payload": {"card": "card-7"}},
                "unfurl_links": False,
                "unfurl_media": False,
            },
            f"Bearer {TOKEN}",
            "application/json",
        )
    ]


async def test_an_update_always_sends_text_and_blocks(wire: Any, messenger: slack.SlackMessenger) -> None:
    wire.says("chat.update", {"ok": True})
    await messenger.update("C1", "17.1", CARD)
    await messenger.update("C1", "17.1", PLAIN, clicked=True)
    assert wire.of("chat.update") == [
        {"channel": "C1", "ts": "17.1", "text": CARD.text, "blocks": list(BLOCKS)},
        {"channel": "C1", "ts": "17.1", "text": PLAIN.text, "blocks": []},
    ]


async def test_a_user_gets_a_direct_message_whose_room_is_opened_once_and_used_for_edits_and_searches(
    wire: Any, messenger: slack.SlackMessenger
) -> None:
    wire.says("conversations.open", {"ok": True, "channel": {"id": "D9"}})
    wire.says("chat.postMessage", {"ok": True, "ts": "1.1"})
    wire.says("chat.update", {"ok": True})
    wire.says("conversations.history", {"ok": True, "messages": []})
    await messenger.post("U1", CARD, "a")
    await messenger.update("U1", "1.1", CARD)
    await messenger.find("U1", "a", SINCE)
    assert wire.of("conversations.open") == [{"users": "U1"}]
    rooms = [wire.of(method)[0]["channel"] for method in ("chat.postMessage", "chat.update", "conversations.history")]
    assert rooms == ["D9", "D9", "D9"]


async def test_a_new_process_edits_a_direct_message_by_opening_the_room_again(wire: Any, messenger: slack.SlackMessenger) -> None:
    wire.says("conversations.open", {"ok": True, "channel": {"id": "D9"}})
    wire.says("chat.update", {"ok": True})
    await messenger.update("W1", "1.1", CARD)
    assert wire.of("chat.update")[0]["channel"] == "D9"


async def test_a_room_that_cannot_be_opened_means_that_nothing_was_posted(wire: Any, messenger: slack.SlackMessenger) -> None:
    wire.says("conversations.open", http(500))
    with pytest.raises(errors.SlackUnavailable):
        await messenger.post("U1", CARD, "a")
    assert wire.of("chat.postMessage") == []


async def test_a_whisper_goes_to_one_person(wire: Any, messenger: slack.SlackMessenger) -> None:
    wire.says("chat.postEphemeral", {"ok": True, "message_ts": "1.1"})
    await messenger.whisper("C1", "U2", PLAIN)
    assert wire.of("chat.postEphemeral") == [{"channel": "C1", "user": "U2", "text": PLAIN.text}]


async def test_views_are_opened_and_updated(wire: Any, messenger: slack.SlackMessenger) -> None:
    view = {"type": "modal", "title": {"type": "plain_text", "text": "Assign"}, "blocks": []}
    for method in ("views.open", "views.update"):
        wire.says(method, {"ok": True, "view": {"id": f"V-{method}"}})
    assert await messenger.open_view("trigger", view) == "V-views.open"
    await messenger.update_view("V1", view)
    assert [call.args for call in wire.calls] == [
        {"trigger_id": "trigger", "view": view},
        {"view_id": "V1", "view": view},
    ]


# --- what Slack says ---------------------------------------------------------------------------------------------------

POST_FAULTS = {
    "500": (http(500, "oops", "text/plain"), errors.SlackAmbiguous),
    "502 html": (http(502, "<html>", "text/html"), errors.SlackAmbiguous),
    "503": (http(503, '{"ok": false, "error": "service_unavailable"}'), errors.SlackAmbiguous),
    "dropped after it was stored": (drop, errors.SlackAmbiguous),
    "200 not JSON": (http(200, "<html>hello</html>", "text/html"), errors.SlackAmbiguous),
    "200 broken JSON": (http(200, '{"ok": tr'), errors.SlackAmbiguous),
    "200 plain text": (http(200, "fine", "text/plain"), errors.SlackAmbiguous),
    "200 a list": (http(200, "[1]"), errors.SlackAmbiguous),
    "200 empty": (http(200, ""), errors.SlackAmbiguous),
    "200 not UTF-8": (http(200, "{}", "application/json", Content_Encoding="br"), errors.SlackAmbiguous),
    "ok without ts": ({"ok": True}, errors.SlackAmbiguous),
    "internal_error": ({"ok": False, "error": "internal_error"}, errors.SlackAmbiguous),
    "fatal_error": ({"ok": False, "error": "fatal_error"}, errors.SlackAmbiguous),
    "request_timeout": ({"ok": False, "error": "request_timeout"}, errors.SlackUnavailable),
    "proxy says 403": (http(403, "<html>", "text/html"), errors.SlackUnavailable),
    "invalid_blocks": ({"ok": False, "error": "invalid_blocks"}, errors.BlocksRefused),
    "msg_blocks_too_long": ({"ok": False, "error": "msg_blocks_too_long"}, errors.BlocksRefused),
    "channel_not_found": ({"ok": False, "error": "channel_not_found"}, errors.ChannelGone),
    "not_in_channel": ({"ok": False, "error": "not_in_channel"}, errors.ChannelGone),
    "is_archived": ({"ok": False, "error": "is_archived"}, errors.ChannelGone),
    "invalid_auth": ({"ok": False, "error": "invalid_auth"}, errors.SlackAuthFailed),
    "token_revoked with 401": (http(401, '{"ok": false, "error": "token_revoked"}'), errors.SlackAuthFailed),
    "metadata_too_large": ({"ok": False, "error": "metadata_too_large"}, errors.SlackRejected),
    "message_not_found": ({"ok": False, "error": "message_not_found"}, errors.MessageGone),
}


@pytest.mark.parametrize("fault", POST_FAULTS)
async def test_what_becomes_of_a_post_and_that_it_is_never_sent_twice(fault: str, wire: Any, messenger: slack.SlackMessenger) -> None:
    answer, expected = POST_FAULTS[fault]
    wire.says("chat.postMessage", answer)
    with pytest.raises(errors.DeliveryError) as caught:
        await messenger.post("C1", CARD, "a")
    assert type(caught.value) is expected
    assert len(wire.of("chat.postMessage")) == 1


@pytest.mark.parametrize(
    "fault", [name for name, (_, error) in POST_FAULTS.items() if error is errors.SlackAmbiguous and "without" not in name]
)
async def test_doubt_about_an_edit_does_not_matter_because_it_can_be_repeated(
    fault: str, wire: Any, messenger: slack.SlackMessenger
) -> None:
    wire.says("chat.update", POST_FAULTS[fault][0])
    with pytest.raises(errors.SlackUnavailable):
        await messenger.update("C1", "1.1", CARD)
    assert len(wire.of("chat.update")) == 1


async def test_a_post_that_hangs_is_ambiguous_and_an_edit_that_hangs_is_not(wire: Any, messenger: slack.SlackMessenger) -> None:
    wire.says("chat.postMessage", hang(wire))
    wire.says("chat.update", hang(wire))
    with pytest.raises(errors.SlackAmbiguous):
        await messenger.post("C1", CARD, "a")
    with pytest.raises(errors.SlackUnavailable):
        await messenger.update("C1", "1.1", CARD)


async def test_when_nothing_listens_nothing_was_posted() -> None:
    async with slack.session() as session:
        messenger = slack.SlackMessenger(slack.client(TOKEN, f"http://127.0.0.1:{unused_port()}/api/", session), Pacer())
        with pytest.raises(errors.SlackUnavailable) as caught:
            await messenger.post("C1", CARD, "a")
    assert caught.value.code == "unreachable"


async def test_slacks_word_is_kept_and_the_missing_scope_is_named(wire: Any, messenger: slack.SlackMessenger) -> None:
    wire.says("conversations.history", {"ok": False, "error": "missing_scope", "needed": "channels:history", "provided": "chat:write"})
    with pytest.raises(errors.SlackAuthFailed, match="channels:history") as caught:
        await messenger.find("C1", "a", SINCE)
    assert caught.value.code == "missing_scope"


async def test_the_place_of_a_refused_block_is_named_but_not_its_content(wire: Any, messenger: slack.SlackMessenger) -> None:
    prose = ['[ERROR] invalid url "row data 4711" [json-pointer:/blocks/0/accessory/url]']
    wire.says("chat.postMessage", {"ok": False, "error": "invalid_blocks", "errors": prose, "response_metadata": {"messages": prose}})
    with pytest.raises(errors.BlocksRefused) as caught:
        await messenger.post("C1", CARD, "a")
    assert "json-pointer:/blocks/0/accessory/url" in str(caught.value)
    assert "4711" not in str(caught.value)


UPDATE_WORDS = """
as_user_not_supported block_mismatch cant_broadcast_message cant_update_message channel_not_found edit_window_closed
external_channel_migrating invalid_attachments invalid_blocks invalid_metadata_format invalid_metadata_schema is_inactive
markdown_text_conflict message_not_found metadata_must_be_sent_from_app metadata_too_large msg_too_long
no_dual_broadcast_content_update no_text slack_connect_file_link_sharing_blocked team_not_found too_many_attachments update_failed
invalid_blocks_format streaming_state_conflict
"""
POST_WORDS = """
as_user_not_supported attachment_payload_limit_exceeded cannot_reply_to_message channel_not_found duplicate_channel_not_found
duplicate_message_not_found invalid_blocks invalid_blocks_format invalid_metadata_format invalid_metadata_schema is_archived
markdown_text_conflict message_limit_exceeded messages_tab_disabled metadata_must_be_sent_from_app metadata_too_large
msg_blocks_too_long msg_too_long no_text not_in_channel rate_limited restricted_action restricted_action_non_threadable_channel
restricted_action_read_only_channel restricted_action_thread_only_channel slack_connect_blocked_file_type
slack_connect_canvas_sharing_blocked slack_connect_clip_sharing_blocked slack_connect_file_link_sharing_blocked
slack_connect_file_upload_sharing_blocked slack_connect_lists_sharing_blocked team_not_found too_many_attachments
too_many_contact_cards
"""
ANY_WORDS = """
access_denied accesslimited account_inactive deprecated_endpoint ekm_access_denied enterprise_is_restricted fatal_error internal_error
invalid_arg_name invalid_arguments invalid_array_arg invalid_auth invalid_charset invalid_form_data invalid_post_type
method_deprecated missing_post_type missing_scope no_permission not_allowed_token_type not_authed org_login_required ratelimited
request_timeout service_unavailable team_access_not_granted team_added_to_org token_expired token_revoked two_factor_setup_required
"""
"""The error words of chat.update, of chat.postMessage and of every method, as Slack's reference lists them."""


@pytest.mark.parametrize("word", sorted({*UPDATE_WORDS.split(), *POST_WORDS.split(), *ANY_WORDS.split()}))
def test_every_word_of_slack_is_in_the_table(word: str) -> None:
    known = failures.kind(word) is not None
    assert known or word in failures.LIMITED | failures.UNSURE | {failures.WORKSPACE_FULL}


async def test_an_edit_in_an_archived_channel_is_trouble_with_the_channel(wire: Any, messenger: slack.SlackMessenger) -> None:
    wire.says("chat.update", {"ok": False, "error": "is_inactive"})
    with pytest.raises(errors.ChannelGone):
        await messenger.update("C1", "1700000000.000100", CARD)


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (http(429, '{"ok": false, "error": "ratelimited"}', Retry_After="17"), 17.0),
        (http(429, "", "text/plain", Retry_After="3"), 3.0),
        (http(429, '{"ok": false, "error": "ratelimited"}'), 1.0),
        (http(429, "", "text/plain", Retry_After="Sat, 21 Nov 2026 09:00:00 GMT"), 1.0),
        (http(429, "", "text/plain", Retry_After="99999999"), 600.0),
        (http(429, "", "text/plain", Retry_After="9" * 400), 600.0),
        ({"ok": False, "error": "ratelimited"}, 1.0),
        ({"ok": False, "error": "rate_limited"}, 1.0),
        ({"ok": False, "error": "message_limit_exceeded"}, 600.0),
    ],
)
async def test_a_limit_says_how_long_to_wait(answer: Any, seconds: float, wire: Any, messenger: slack.SlackMessenger) -> None:
    wire.says("chat.postMessage", answer)
    with pytest.raises(errors.SlackRateLimited) as caught:
        await messenger.post("C1", CARD, "a")
    assert caught.value.retry_after == seconds


async def test_a_429_on_one_channel_pauses_it_and_lets_the_others_go(wire: Any, messenger: slack.SlackMessenger) -> None:
    wire.says("chat.postMessage", http(429, Retry_After="30"), {"ok": True, "ts": "1.1"})
    with pytest.raises(errors.SlackRateLimited):
        await messenger.post("C1", CARD, "a")
    assert await messenger.post("C2", CARD, "b") == "1.1"
    with pytest.raises(errors.SlackRateLimited) as caught:
        await messenger.post("C1", CARD, "a")
    assert caught.value.code == "budget"
    assert [args["channel"] for args in wire.of("chat.postMessage")] == ["C1", "C2"]


async def test_a_full_workspace_pauses_every_channel(wire: Any, messenger: slack.SlackMessenger) -> None:
    wire.says("chat.postMessage", {"ok": False, "error": "message_limit_exceeded"}, {"ok": True, "ts": "1.1"})
    for channel in ("C1", "C2"):
        with pytest.raises(errors.SlackRateLimited):
            await messenger.post(channel, CARD, "a")
    assert len(wire.of("chat.postMessage")) == 1


async def test_a_429_on_an_edit_pauses_all_edits_and_no_posts(wire: Any, messenger: slack.SlackMessenger) -> None:
    wire.says("chat.update", http(429, Retry_After="30"), {"ok": True})
    wire.says("chat.postMessage", {"ok": True, "ts": "1.1"})
    for channel in ("C1", "C2"):
        with pytest.raises(errors.SlackRateLimited):
            await messenger.update(channel, "1.1", CARD)
    assert len(wire.of("chat.update")) == 1
    assert await messenger.post("C1", CARD, "a") == "1.1"


async def test_an_edit_that_somebody_waits_for_waits_in_the_lane_of_clicks(wire: Any) -> None:
    wire.says("chat.update", {"ok": True})
    async with slack.session() as session:
        pacer = Pacer()
        messenger = slack.SlackMessenger(slack.client(TOKEN, wire.url, session), pacer)
        pacer.pause(Lane.EDIT, "", 0.05)
        edits = [asyncio.create_task(messenger.update("C1", "1.1", CARD, clicked=clicked)) for clicked in (False, True, False)]
        await asyncio.sleep(0)
        assert (pacer.waiting()[Lane.EDIT], pacer.waiting()[Lane.CLICK]) == (2, 1)
        await asyncio.gather(*edits)
    assert len(wire.of("chat.update")) == 3


async def test_who_waits_too_long_hears_that_nothing_was_sent(wire: Any, messenger: slack.SlackMessenger) -> None:
    wire.says("chat.postMessage", {"ok": True, "ts": "1.1"})
    await messenger.post("C1", CARD, "a")
    with pytest.raises(errors.SlackRateLimited) as caught:
        await messenger.post("C1", CARD, "b")
    assert caught.value.code == "budget"
    assert len(wire.of("chat.postMessage")) == 1


# --- finding a message again -------------------------------------------------------------------------------------------


def seen(card: str, ts: str, **author: str) -> dict[str, Any]:
    return {"type": "message", "ts": ts, **author, "metadata": {"event_type": "anomaly_desk_card", "event_payload": {"card": card}}}


async def test_our_message_is_found_by_its_card_id_on_a_later_page(wire: Any, messenger: slack.SlackMessenger) -> None:
    strange = {"type": "message", "ts": "9.9", "user": "U5", "text": "hello"}
    wire.says(
        "conversations.history",
        {"ok": True, "messages": [strange, seen("other", "9.8", bot_id="B1")], "response_metadata": {"next_cursor": "page2"}},
        {"ok": True, "messages": [seen("mine", "9.7", bot_id="B1")]},
    )
    assert await messenger.find("C1", "mine", SINCE) == "9.7"
    first, second = wire.of("conversations.history")
    assert first["include_all_metadata"] == "1"
    assert float(first["oldest"]) == (SINCE - timedelta(minutes=10)).timestamp()
    assert second["cursor"] == "page2"


async def test_somebody_elses_message_with_our_card_id_is_not_ours(wire: Any, messenger: slack.SlackMessenger) -> None:
    wire.says("conversations.history", {"ok": True, "messages": [seen("mine", "9.7", bot_id="B2", user="U9")]})
    assert await messenger.find("C1", "mine", SINCE) == ""


async def test_a_message_known_by_our_user_id_alone_is_ours(wire: Any, messenger: slack.SlackMessenger) -> None:
    wire.says("conversations.history", {"ok": True, "messages": [seen("mine", "9.7", user="UBOT")]})
    assert await messenger.find("C1", "mine", SINCE) == "9.7"


async def test_metadata_of_another_kind_is_not_ours(wire: Any, messenger: slack.SlackMessenger) -> None:
    other = seen("mine", "9.7", bot_id="B1") | {"metadata": {"event_type": "something", "event_payload": {"card": "mine"}}}
    wire.says("conversations.history", {"ok": True, "messages": [other, {"ts": "1"}]})
    assert await messenger.find("C1", "mine", SINCE) == ""


async def test_a_history_that_never_ends_is_no_proof_of_absence(wire: Any, messenger: slack.SlackMessenger) -> None:
    wire.says("conversations.history", {"ok": True, "messages": [], "response_metadata": {"next_cursor": "more"}})
    with pytest.raises(errors.SlackUnavailable):
        await messenger.find("C1", "mine", SINCE)


@pytest.mark.parametrize(("code", "expected"), [("not_in_channel", errors.ChannelGone), ("missing_scope", errors.SlackAuthFailed)])
async def test_a_history_that_cannot_be_read_says_so(
    code: str, expected: type[errors.DeliveryError], wire: Any, messenger: slack.SlackMessenger
) -> None:
    wire.says("conversations.history", {"ok": False, "error": code})
    with pytest.raises(expected):
        await messenger.find("C1", "mine", SINCE)


# --- response_url ------------------------------------------------------------------------------------------------------


async def test_an_answer_is_for_the_actor_alone_and_a_replacement_is_not(wire: Any, messenger: slack.SlackMessenger) -> None:
    wire.says("hook", http(200, "ok", "text/plain"))
    await messenger.respond(wire.url + "hook", CARD)
    await messenger.respond(wire.url + "hook", PLAIN, replace=True)
    assert wire.of("hook") == [
        {"text": CARD.text, "blocks": list(BLOCKS), "replace_original": False, "response_type": "ephemeral"},
        {"text": PLAIN.text, "blocks": [], "replace_original": True},
    ]
    assert [call.token for call in wire.calls] == ["", ""]


async def test_what_is_dismissed_is_deleted_through_slacks_own_address_alone(wire: Any, messenger: slack.SlackMessenger) -> None:
    wire.says("hook", http(200, "ok", "text/plain"))
    await messenger.dismiss(wire.url + "hook")
    assert wire.of("hook") == [{"delete_original": True}]
    with pytest.raises(errors.SlackRejected):
        await messenger.dismiss(wire.url.replace("127.0.0.1", "localhost") + "hook")
    assert len(wire.calls) == 1


HOOK_FAULTS = {
    "used_url": (http(404, '{"ok": false, "error": "used_url"}'), errors.SlackRejected),
    "expired_url as a word": (http(404, "expired_url", "text/plain"), errors.SlackRejected),
    "invalid_blocks with 200": (http(200, '{"ok": false, "error": "invalid_blocks"}'), errors.BlocksRefused),
    "invalid_blocks with 400": (http(400, "invalid_blocks", "text/plain"), errors.BlocksRefused),
    "message gone": (http(404, '{"ok": false, "error": "message_not_found"}'), errors.MessageGone),
    "429": (http(429, "", "text/plain", Retry_After="4"), errors.SlackRateLimited),
    "404 html": (http(404, "<html>", "text/html"), errors.SlackUnavailable),
    "500": (http(500, "no", "text/html"), errors.SlackAmbiguous),
    "200 html": (http(200, "<html>", "text/html"), errors.SlackAmbiguous),
    "dropped": (drop, errors.SlackAmbiguous),
}


@pytest.mark.parametrize("fault", HOOK_FAULTS)
async def test_a_response_url_that_fails_never_passes_for_success_and_never_shows_the_address(
    fault: str, wire: Any, messenger: slack.SlackMessenger, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answer, expected = HOOK_FAULTS[fault]
    wire.says(HOOK, answer)
    with pytest.raises(errors.DeliveryError) as caught:
        await messenger.respond(wire.url + HOOK, CARD)
    assert type(caught.value) is expected
    told = "".join(traceback.format_exception(caught.value)) + "".join(
        record.getMessage() for record in caplog.records if record.name.startswith("bot")
    )
    assert HOOK not in told


@pytest.mark.parametrize("address", ["http://[" + HOOK, "nonsense " + HOOK, f"ftp://{HOOK}/"])
async def test_a_malformed_response_url_is_a_delivery_error_that_does_not_show_it(address: str, messenger: slack.SlackMessenger) -> None:
    with pytest.raises(errors.DeliveryError) as caught:
        await messenger.respond(address, CARD)
    assert HOOK not in "".join(traceback.format_exception(caught.value))


async def test_a_response_url_that_hangs_can_be_repeated_only_when_it_replaces(wire: Any, messenger: slack.SlackMessenger) -> None:
    wire.says("hook", hang(wire))
    with pytest.raises(errors.SlackAmbiguous):
        await messenger.respond(wire.url + "hook", CARD)
    with pytest.raises(errors.SlackUnavailable):
        await messenger.respond(wire.url + "hook", CARD, replace=True)


# --- where to put what is meant for a person ---------------------------------------------------------------------------


async def test_the_home_of_a_message_is_the_channel_that_the_bot_is_in_asked_once_a_minute(
    wire: Any, messenger: slack.SlackMessenger
) -> None:
    wire.says("conversations.info", {"ok": True, "channel": {"id": "C1", "is_member": True, "is_archived": False}})
    assert [await messenger.home("C1", "U1") for _ in range(3)] == ["C1"] * 3
    assert wire.of("conversations.info") == [{"channel": "C1"}]
    assert wire.of("conversations.open") == []


@pytest.mark.parametrize(
    "answer",
    [
        {"ok": True, "channel": {"id": "C1", "is_member": False}},
        {"ok": True, "channel": {"id": "C1", "is_member": True, "is_archived": True}},
        {"ok": True},
        {"ok": False, "error": "channel_not_found"},
        {"ok": False, "error": "missing_scope", "needed": "groups:read"},
        {"ok": False, "error": "something_new"},
        http(429, '{"ok": false, "error": "ratelimited"}', Retry_After="600"),
        http(503, "down", "text/plain"),
        drop,
    ],
    ids=["no member", "archived", "nothing said", "not found", "no scope", "new error", "429", "503", "dropped"],
)
async def test_where_the_bot_cannot_post_for_all_we_know_it_writes_to_the_person(
    answer: Any, wire: Any, messenger: slack.SlackMessenger
) -> None:
    wire.says("conversations.info", answer)
    wire.says("conversations.open", {"ok": True, "channel": {"id": "D9"}})
    assert await messenger.home("C1", "U1") == "D9"
    assert wire.of("conversations.open") == [{"users": "U1"}]


async def test_a_no_is_not_remembered(wire: Any, messenger: slack.SlackMessenger) -> None:
    member = {"ok": True, "channel": {"id": "C1", "is_member": True}}
    wire.says("conversations.info", http(500), {"ok": True, "channel": {"id": "C1", "is_member": False}}, member)
    wire.says("conversations.open", {"ok": True, "channel": {"id": "D9"}})
    assert [await messenger.home("C1", "U1") for _ in range(4)] == ["D9", "D9", "C1", "C1"]
    assert len(wire.of("conversations.info")) == 3


@pytest.mark.parametrize("channel", ["", "D7"])
async def test_direct_messages_are_found_by_their_person(channel: str, wire: Any, messenger: slack.SlackMessenger) -> None:
    wire.says("conversations.open", {"ok": True, "channel": {"id": "D9"}})
    assert await messenger.home(channel, "U1") == "D9"
    assert wire.of("conversations.info") == []


async def test_a_person_who_cannot_be_written_to_is_an_error(wire: Any, messenger: slack.SlackMessenger) -> None:
    wire.says("conversations.open", {"ok": False, "error": "user_disabled"})
    with pytest.raises(errors.ChannelGone):
        await messenger.home("", "U1")


def test_a_yes_is_forgotten_after_a_minute_and_no_more_than_so_many_are_kept(virtually: Any) -> None:
    class Client:
        """Says yes to every channel; answers at once, since virtual time has no sockets."""

        def __init__(self) -> None:
            self.asked: list[str] = []

        async def conversations_info(self, *, channel: str) -> Any:
            self.asked.append(channel)
            return type("Answer", (), {"data": {"ok": True, "channel": {"is_member": True}}})()

    async def scenario() -> None:
        client = Client()
        messenger = slack.SlackMessenger(client, Pacer())  # type: ignore[arg-type]
        for pause in (0, 59, 2, 1):
            await asyncio.sleep(pause)
            assert await messenger.home("C1", "U1") == "C1"
        assert client.asked == ["C1", "C1"]
        for number in range(2 * slack.MEMBERSHIPS):
            await messenger.home(f"C{number}", "U1")
        assert len(messenger._member_until) <= slack.MEMBERSHIPS
        await asyncio.sleep(61)
        await messenger.home("C1", "U1")
        assert list(messenger._member_until) == ["C1"]

    virtually(scenario())


# --- secrets, counters, proxies ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", POST_FAULTS)
async def test_the_token_is_in_no_error_and_no_log(
    fault: str, wire: Any, messenger: slack.SlackMessenger, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wire.says("chat.postMessage", POST_FAULTS[fault][0])
    with pytest.raises(errors.DeliveryError) as caught:
        await messenger.post("C1", CARD, "a")
    assert TOKEN not in "".join(traceback.format_exception(caught.value)) + caplog.text
    assert not [record for record in caplog.records if record.name.startswith(("bot", "slack_sdk"))]


class Counters:
    def __init__(self) -> None:
        self.counts: list[dict[str, str]] = []
        self.observed: list[dict[str, str]] = []

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        self.counts.append(labels)

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        assert seconds >= 0
        self.observed.append(labels)


async def test_every_call_is_counted_with_what_came_of_it(wire: Any) -> None:
    wire.says("chat.postMessage", {"ok": True, "ts": "1.1"})
    wire.says("chat.update", {"ok": False, "error": "message_not_found"})
    counters = Counters()
    async with slack.session() as session:
        messenger = slack.SlackMessenger(slack.client(TOKEN, wire.url, session), Pacer(), telemetry=counters)
        await messenger.post("C1", CARD, "a")
        with pytest.raises(errors.MessageGone):
            await messenger.update("C1", "1.1", CARD)
    assert counters.counts == [{"method": "chat.postMessage", "result": "ok"}, {"method": "chat.update", "result": "MessageGone"}]
    assert counters.observed == [{"method": "chat.postMessage"}, {"method": "chat.update"}]


def test_a_server_on_this_machine_is_never_asked_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "slack.internal")
    assert slack.client(TOKEN, "http://127.0.0.1:1/api/").proxy is None
    assert slack.client(TOKEN, "https://slack.internal/api/").proxy is None
    assert slack.client(TOKEN, "https://slack.com/api/").proxy == "http://proxy.example:3128"


def test_no_word_of_slack_means_two_things() -> None:
    tables = [failures.CHANNEL, failures.MESSAGE, failures.BLOCKS, failures.AUTH, failures.LIMITED, failures.UNSURE, failures.UNDONE]
    assert len(frozenset().union(*tables)) == sum(map(len, tables))


async def test_cancelling_a_post_under_way_frees_its_channel(wire: Any, messenger: slack.SlackMessenger) -> None:
    wire.says("chat.postMessage", hang(wire))
    task = asyncio.create_task(messenger.post("C1", CARD, "a"))
    await wire.arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert messenger._pacer.waiting()[Lane.POST] == 0
    assert messenger._pacer._pools[Lane.POST].channels["C1"].busy is False


# --- where answers go ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "api", "ours"),
    [
        ("https://hooks.slack.com/actions/T1/1/x", "https://slack.com/api/", True),
        ("https://hooks.slack.com/commands/T1/1/x", "https://proxy.acme.example/slack/", True),
        ("https://hooks.slack-gov.com/actions/T1/1/x", "https://slack-gov.com/api/", True),
        ("http://127.0.0.1:9000/response/x", "http://127.0.0.1:9000/api/", True),
        ("http://hooks.slack.com/actions/T1/1/x", "https://slack.com/api/", False),
        ("https://hooks.slack.com:8443/actions/T1/1/x", "https://slack.com/api/", False),
        ("https://hooks.slack.com.evil.example/x", "https://slack.com/api/", False),
        ("https://hooks.slack.com@evil.example/x", "https://slack.com/api/", False),
        ("https://user@hooks.slack.com/x", "https://slack.com/api/", False),
        ("https://evil.example/hooks.slack.com", "https://slack.com/api/", False),
        ("http://169.254.169.254/latest/meta-data", "https://slack.com/api/", False),
        ("http://127.0.0.1:9001/response/x", "http://127.0.0.1:9000/api/", False),
        ("https://[::1/x", "https://slack.com/api/", False),
        ("file:///etc/passwd", "https://slack.com/api/", False),
    ],
)
def test_only_slacks_own_host_is_answered(url: str, api: str, ours: bool) -> None:
    assert slack._slacks_own(url, api) is ours


async def test_nothing_is_sent_to_a_foreign_address(wire: Any, messenger: slack.SlackMessenger) -> None:
    foreign = wire.url.replace("127.0.0.1", "localhost") + "hook"
    with pytest.raises(errors.SlackRejected) as refused:
        await messenger.respond(foreign, CARD)
    assert refused.value.code == "foreign_url" and wire.calls == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_of_a_response_url_is_not_followed(status: int, wire: Any, messenger: slack.SlackMessenger) -> None:
    async def redirect(_: Any) -> web.StreamResponse:
        return web.Response(status=status, headers={"Location": wire.url + "elsewhere"})

    wire.says("hook", redirect)
    wire.says("elsewhere", {"ok": True})
    with pytest.raises(errors.DeliveryError):
        await messenger.respond(wire.url + "hook", CARD)
    assert [call.method for call in wire.calls] == ["hook"]
