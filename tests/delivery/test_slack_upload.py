"""A file at the wire: three calls, what each failure means, and an address that nobody may see."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import unused_port

from bot import errors, model
from bot.delivery import slack
from bot.delivery.pacing import Lane, Pacer
from sandbox import slack as sandbox_slack

TOKEN = "xoxb-very-secret"
SPOT = "-".join(("spot", "secret"))  # a traceback quotes this file: the word must not stand in it
CSV = b"id,outcome\r\n1001,refused\r\n"
METHODS = ("files.getUploadURLExternal", SPOT, "files.completeUploadExternal")

Reply = Callable[[web.Request], Awaitable[web.StreamResponse]]


def http(status: int, body: str = "", content_type: str = "text/plain", **headers: str) -> Reply:
    async def answer(_: web.Request) -> web.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, text=body, content_type=content_type, headers=named)

    return answer


async def drop(request: web.Request) -> web.Response:
    """Take the request, then cut the line."""
    assert request.transport
    request.transport.close()
    return web.Response()


@pytest.fixture
async def bytes_in(wire: Any) -> list[tuple[bytes, str, str]]:
    """Slack takes every file: (body, Content-Length, Authorization) of what was sent to the upload URL."""
    got: list[tuple[bytes, str, str]] = []

    async def take(request: web.Request) -> web.Response:
        body = await request.read()
        got.append((body, request.headers.get("Content-Length", ""), request.headers.get("Authorization", "")))
        return web.Response(text=f"OK - {len(body)}")

    wire.says("files.getUploadURLExternal", {"ok": True, "file_id": "F7", "upload_url": wire.url + SPOT})
    wire.says(SPOT, take)
    wire.says("files.completeUploadExternal", {"ok": True, "files": [{"id": "F7", "title": "Refused"}]})
    return got


@pytest.fixture
async def messenger(wire: Any, bytes_in: Any) -> AsyncIterator[slack.SlackMessenger]:
    async with slack.session(timeout=1.0) as session:
        yield slack.SlackMessenger(slack.client(TOKEN, wire.url, session), Pacer(), patience=0.2)


async def upload(messenger: slack.SlackMessenger, channel: str = "C1", thread: str = "17.1", content: bytes = CSV) -> None:
    await messenger.upload(channel, thread, "receipt.csv", "Refused: 34 of 214", content)


async def test_a_file_goes_up_in_three_calls_and_its_bytes_travel_without_the_token(
    wire: Any, bytes_in: list[Any], messenger: slack.SlackMessenger
) -> None:
    await upload(messenger)
    assert [call.method for call in wire.calls] == list(METHODS)
    assert wire.of("files.getUploadURLExternal") == [{"filename": "receipt.csv", "length": str(len(CSV))}]
    assert bytes_in == [(CSV, str(len(CSV)), "")]
    (completed,) = wire.of("files.completeUploadExternal")
    assert json.loads(completed.pop("files")) == [{"id": "F7", "title": "Refused: 34 of 214"}]
    assert completed == {"channel_id": "C1", "thread_ts": "17.1"}


async def test_without_a_thread_the_file_stands_in_the_channel(wire: Any, messenger: slack.SlackMessenger) -> None:
    await upload(messenger, thread="")
    assert "thread_ts" not in wire.of("files.completeUploadExternal")[0]


async def test_a_person_gets_the_file_in_their_direct_messages(wire: Any, messenger: slack.SlackMessenger) -> None:
    wire.says("conversations.open", {"ok": True, "channel": {"id": "D9"}})
    await upload(messenger, channel="U1")
    assert wire.of("files.completeUploadExternal")[0]["channel_id"] == "D9"


@pytest.mark.filterwarnings("error::ResourceWarning")
async def test_a_large_file_arrives_whole_and_may_take_longer_than_a_call(
    wire: Any, bytes_in: list[Any], messenger: slack.SlackMessenger
) -> None:
    content = b"0123456789abcdef" * 200_000
    gate = asyncio.Event()
    take = wire.answers[SPOT][0]

    async def slowly(request: web.Request) -> web.StreamResponse:
        await gate.wait()
        answer: web.StreamResponse = await take(request)
        return answer

    wire.says(SPOT, slowly)
    asyncio.get_running_loop().call_later(1.2, gate.set)
    await upload(messenger, content=content)
    assert bytes_in[0][0] == content


async def test_without_a_session_of_its_own_the_file_goes_up_too(wire: Any, bytes_in: list[Any]) -> None:
    await upload(slack.SlackMessenger(slack.client(TOKEN, wire.url), Pacer()))
    assert len(bytes_in) == 1
    assert len(wire.of("files.completeUploadExternal")) == 1


ANNOUNCE = {
    "500": (http(500, "oops"), errors.SlackUnavailable),
    "dropped": (drop, errors.SlackUnavailable),
    "no URL": ({"ok": True, "file_id": "F7"}, errors.SlackUnavailable),
    "no id": ({"ok": True, "upload_url": f"http://127.0.0.1/{SPOT}"}, errors.SlackUnavailable),
    "cut in the middle": (http(200, f'{{"ok": true, "upload_url": "{SPOT}', "application/json"), errors.SlackUnavailable),
    "cut, as text": (http(200, f'{{"ok": true, "upload_url": "{SPOT}'), errors.SlackUnavailable),
    "429": (http(429, Retry_After="9"), errors.SlackRateLimited),
    "missing_scope": ({"ok": False, "error": "missing_scope", "needed": "files:write"}, errors.SlackAuthFailed),
    "missing_argument": ({"ok": False, "error": "missing_argument"}, errors.SlackRejected),
    "file_uploads_disabled": ({"ok": False, "error": "file_uploads_disabled"}, errors.SlackRejected),
    "an address that is none": ({"ok": True, "file_id": "F7", "upload_url": f"http://[{SPOT}"}, errors.SlackUnavailable),
    "not http": ({"ok": True, "file_id": "F7", "upload_url": f"ftp://{SPOT}/"}, errors.SlackUnavailable),
    "nobody there": ({"ok": True, "file_id": "F7", "upload_url": f"http://127.0.0.1:{unused_port()}/{SPOT}"}, errors.SlackUnavailable),
}
SEND = {
    "500": (http(500, "oops"), errors.SlackUnavailable),
    "dropped": (drop, errors.SlackUnavailable),
    "400": (http(400, "expected 5 bytes"), errors.SlackUnavailable),
    "404 JSON": (http(404, '{"ok": false, "error": "file_not_found"}', "application/json"), errors.SlackUnavailable),
    "302": (http(302, Location=f"/api/{SPOT}?elsewhere"), errors.SlackUnavailable),
    "201": (http(201, "created"), errors.SlackUnavailable),
    "429": (http(429, Retry_After="9"), errors.SlackRateLimited),
}
COMPLETE = {
    "500": (http(500, "oops"), errors.SlackAmbiguous),
    "dropped": (drop, errors.SlackAmbiguous),
    "internal_error": ({"ok": False, "error": "internal_error"}, errors.SlackAmbiguous),
    "200 not JSON": (http(200, "<html>", "text/html"), errors.SlackAmbiguous),
    "429": (http(429, Retry_After="9"), errors.SlackRateLimited),
    "not_in_channel": ({"ok": False, "error": "not_in_channel"}, errors.ChannelGone),
    "posting_to_channel_denied": ({"ok": False, "error": "posting_to_channel_denied"}, errors.ChannelGone),
    "invalid_channel": ({"ok": False, "error": "invalid_channel"}, errors.ChannelGone),
    "file_not_found": ({"ok": False, "error": "file_not_found"}, errors.SlackRejected),
    "thread_not_found": ({"ok": False, "error": "thread_not_found"}, errors.SlackRejected),
}
FAULTS = [(method, name) for method, faults in zip(METHODS, (ANNOUNCE, SEND, COMPLETE), strict=True) for name in faults]


@pytest.mark.parametrize(("method", "fault"), FAULTS, ids=lambda value: str(value).replace(SPOT, "bytes"))
async def test_what_becomes_of_an_upload_and_that_no_step_is_repeated_and_that_nobody_sees_the_address(
    method: str, fault: str, wire: Any, messenger: slack.SlackMessenger, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answer, expected = dict(zip(METHODS, (ANNOUNCE, SEND, COMPLETE), strict=True))[method][fault]
    wire.says(method, answer)
    with pytest.raises(errors.DeliveryError) as caught:
        await upload(messenger)
    assert type(caught.value) is expected
    assert [call.method for call in wire.calls] == list(METHODS[: METHODS.index(method) + 1])
    told = "".join(traceback.format_exception(caught.value))
    told += "".join(record.getMessage() for record in caplog.records if not record.name.startswith("aiohttp.access"))
    assert SPOT not in told
    assert TOKEN not in told


async def test_bytes_that_hang_are_given_up_and_posted_nothing(
    wire: Any, messenger: slack.SlackMessenger, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(_: web.Request) -> web.Response:
        await wire.hang.wait()
        return web.Response()

    monkeypatch.setattr(slack, "UPLOAD_SECONDS", 0.2)
    wire.says(SPOT, hang)
    with pytest.raises(errors.SlackUnavailable):
        await upload(messenger)
    assert wire.of("files.completeUploadExternal") == []


async def test_a_limit_on_files_stops_no_posts(wire: Any, messenger: slack.SlackMessenger) -> None:
    wire.says("files.completeUploadExternal", http(429, Retry_After="30"))
    with pytest.raises(errors.SlackRateLimited) as caught:
        await upload(messenger)
    assert caught.value.retry_after == 30.0
    async with asyncio.timeout(3):  # the file was a message of this second: the channel's next one has to wait for the following second
        async with messenger._pacer.slot(Lane.POST, "C1"):
            pass


async def test_files_wait_behind_posts_and_a_full_queue_posts_nothing(wire: Any, messenger: slack.SlackMessenger) -> None:
    messenger._pacer.pause(Lane.POST, "C1", 30)
    with pytest.raises(errors.SlackRateLimited) as caught:
        await upload(messenger)
    assert caught.value.code == "budget"
    assert wire.of("files.completeUploadExternal") == []


async def test_each_of_the_three_calls_is_counted(wire: Any, bytes_in: Any) -> None:
    counted: list[tuple[str, str]] = []

    class Counters:
        def count(self, name: str, amount: float = 1, **labels: str) -> None:
            counted.append((labels["method"], labels["result"]))

        def observe(self, name: str, seconds: float, **labels: str) -> None: ...

    wire.says("files.completeUploadExternal", {"ok": False, "error": "not_in_channel"})
    async with slack.session() as session:
        messenger = slack.SlackMessenger(slack.client(TOKEN, wire.url, session), Pacer(), telemetry=Counters())
        with pytest.raises(errors.ChannelGone):
            await upload(messenger)
    assert counted == [("files.getUploadURLExternal", "ok"), ("upload_url", "ok"), ("files.completeUploadExternal", "ChannelGone")]


async def test_the_fake_slack_takes_what_the_messenger_sends() -> None:
    space = sandbox_slack.Workspace(budgets=False)
    async with sandbox_slack.running(space) as base, slack.session() as session:
        messenger = slack.SlackMessenger(slack.client(sandbox_slack.workspace.BOT_TOKEN, f"{base}/api/", session), Pacer())
        card = await messenger.post("C0QUALITY", model.Message("Archived 180 of 214."), "b1")
        await upload(messenger, "C0QUALITY", card)
        await upload(messenger, "U0DANA", "")
        with pytest.raises(errors.ChannelGone):
            await upload(messenger, "C0GENERAL", "")
        with pytest.raises(errors.SlackRejected, match="missing_argument"):
            await upload(messenger, "C0QUALITY", card, b"")
    _, reply = space.channels["C0QUALITY"].messages.values()
    (direct,) = space.channels["D0DANA"].messages.values()
    assert (reply.thread_ts, direct.thread_ts) == (card, "")
    assert [(file.name, file.title, file.content) for file in (*reply.files, *direct.files)] == [
        ("receipt.csv", "Refused: 34 of 214", CSV),
        ("receipt.csv", "Refused: 34 of 214", CSV),
    ]


async def test_a_picture_goes_up_with_words_for_those_who_do_not_see_it(
    wire: Any, bytes_in: list[Any], messenger: slack.SlackMessenger
) -> None:
    await messenger.upload("C1", "17.1", "graph.png", "Graph", CSV, alt="Orders fell at noon")
    assert wire.of("files.getUploadURLExternal") == [{"filename": "graph.png", "length": str(len(CSV)), "alt_txt": "Orders fell at noon"}]
