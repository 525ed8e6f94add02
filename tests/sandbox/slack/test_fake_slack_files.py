"""Files: announced, uploaded to a one-time address, posted, and there for people to read."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from typing import Any

import aiohttp
import pytest

from sandbox import slack
from tests.sandbox.slack.conftest import CHANNEL, Desk, app_manifest, desk_of, error_of

CSV = "id,outcome\r\n1001,refused: datastore 42, «no Editor»\r\n".encode()


async def announce(desk: Desk, length: int = len(CSV), name: str = "receipt.csv") -> tuple[str, str]:
    """(file id, upload URL)."""
    answer = await desk.client.files_getUploadURLExternal(filename=name, length=length)
    return answer["file_id"], answer["upload_url"]


async def uploaded(desk: Desk, content: bytes = CSV, name: str = "receipt.csv") -> str:
    ident, url = await announce(desk, len(content), name)
    assert (await desk.http.post(url, content=content)).status_code == 200
    return ident


async def complete(desk: Desk, ident: str, **more: Any) -> str:
    return await error_of(desk.client.files_completeUploadExternal(files=[{"id": ident, "title": "Refused"}], **more))


async def test_the_library_uploads_a_file_into_a_thread(desk: Desk) -> None:
    card = str((await desk.client.chat_postMessage(channel=CHANNEL, text="Archived 180 of 214."))["ts"])
    await desk.client.files_upload_v2(filename="receipt.csv", title="Refused", content=CSV, channel=CHANNEL, thread_ts=card)
    parent, reply = await desk.messages()
    assert (parent["ts"], parent["reply_count"], parent["files"]) == (card, 1, [])
    assert (reply["thread_ts"], reply["parent_user_id"], reply["user"]) == (card, "U0DESKBOT", "U0DESKBOT")
    (file,) = reply["files"]
    assert (file["name"], file["title"], file["size"], file["mimetype"]) == ("receipt.csv", "Refused", len(CSV), "text/csv")
    got = await desk.http.get(f"/_control/files/{file['id']}")
    assert got.content == CSV
    assert got.headers["content-disposition"] == "attachment; filename*=UTF-8''receipt.csv"
    listed = (await desk.client.conversations_replies(channel=CHANNEL, ts=card))["messages"]
    assert [one.get("files", [{}])[0].get("id") for one in listed] == [None, file["id"]]
    assert [one["ts"] for one in (await desk.client.conversations_history(channel=CHANNEL))["messages"]] == [card]


async def test_a_file_without_a_thread_is_a_message_of_its_own_with_its_comment(desk: Desk) -> None:
    ident = await uploaded(desk)
    assert await complete(desk, ident, channel_id=CHANNEL, initial_comment="What was refused") == ""
    (message,) = await desk.messages()
    assert (message["text"], message["thread_ts"], message["files"][0]["id"]) == ("What was refused", None, ident)
    assert len((await desk.client.conversations_history(channel=CHANNEL))["messages"][0]["files"]) == 1


async def test_a_file_without_a_channel_is_seen_by_nobody(desk: Desk) -> None:
    assert await complete(desk, await uploaded(desk)) == ""
    assert await desk.messages() == []


async def test_several_files_share_one_message(desk: Desk) -> None:
    idents = [await uploaded(desk, name=name) for name in ("a.csv", "b.txt")]
    await desk.client.files_completeUploadExternal(files=[{"id": ident} for ident in idents], channel_id=CHANNEL)
    (message,) = await desk.messages()
    assert [(file["name"], file["title"]) for file in message["files"]] == [("a.csv", "a.csv"), ("b.txt", "b.txt")]


async def test_multipart_uploads_count_too(desk: Desk) -> None:
    ident, url = await announce(desk)
    answer = await desk.http.post(url, files={"filename": ("receipt.csv", CSV)})
    assert (answer.status_code, answer.text) == (200, f"OK - {len(CSV)}")
    assert await complete(desk, ident, channel_id=CHANNEL) == ""


async def test_json_bodies_announce_and_complete_too(desk: Desk) -> None:
    answer = await desk.client.api_call("files.getUploadURLExternal", json={"filename": "a.csv", "length": len(CSV)})
    await desk.http.post(answer["upload_url"], content=CSV)
    body = {"files": [{"id": answer["file_id"], "title": "A"}], "channel_id": CHANNEL}
    assert await error_of(desk.client.api_call("files.completeUploadExternal", json=body)) == ""
    assert len(await desk.messages()) == 1


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({"filename": "", "length": 3}, "invalid_arguments"),
        ({"filename": "a.csv", "length": 0}, "missing_argument"),
        ({"filename": "a.csv"}, "missing_argument"),
        ({"filename": "a.csv", "length": "many"}, "invalid_arguments"),
        ({"filename": "a.csv", "length": -1}, "invalid_arguments"),
        ({"filename": "a.csv", "length": 1_000_000_001}, "file_upload_size_restricted"),
        ({"filename": "a.csv", "length": 1_000_001, "snippet_type": "csv"}, "snippet_too_large"),
        ({"filename": "a.png", "length": 3, "alt_txt": "x" * 1001}, "alt_txt_too_large"),
    ],
)
async def test_announcements_that_are_refused(desk: Desk, args: dict[str, Any], error: str) -> None:
    assert await error_of(desk.client.api_call("files.getUploadURLExternal", params=args)) == error


@pytest.mark.parametrize(("channel", "error"), [("C0GENERAL", "not_in_channel"), ("C0PRIVATE", "channel_not_found"),
                                                ("C0NOWHERE", "channel_not_found"), ("C0OLD", "posting_to_channel_denied"),
                                                ("U0DANA", "invalid_arguments"), ("#data-quality", "invalid_arguments")])  # fmt: skip
async def test_where_a_file_cannot_go(desk: Desk, channel: str, error: str) -> None:
    ident = await uploaded(desk)
    assert await complete(desk, ident, channel_id=channel) == error
    assert await complete(desk, ident, channel_id=CHANNEL) == "", "a refused completion leaves the upload in place"


async def test_a_direct_message_is_named_by_its_own_id(desk: Desk) -> None:
    room = (await desk.client.conversations_open(users="U0DANA"))["channel"]["id"]
    assert await complete(desk, await uploaded(desk), channel_id=room) == ""
    assert (await desk.messages(channel=room))[0]["files"][0]["title"] == "Refused"


async def test_threads_that_cannot_be_answered(desk: Desk) -> None:
    ident = await uploaded(desk)
    parent = (await desk.client.chat_postMessage(channel=CHANNEL, text="t"))["ts"]
    reply = (await desk.client.chat_postMessage(channel=CHANNEL, text="t", thread_ts=parent))["ts"]
    assert await complete(desk, ident, channel_id=CHANNEL, thread_ts="1.000001") == "thread_not_found"
    assert await complete(desk, ident, channel_id=CHANNEL, thread_ts=reply) == "cannot_reply_to_message"
    assert await complete(desk, ident, thread_ts=parent) == "invalid_arguments"
    assert [message["files"] for message in await desk.messages()] == [[], []]


async def test_a_file_is_uploaded_once_whole_and_before_it_is_completed(desk: Desk) -> None:
    ident, url = await announce(desk)
    assert await complete(desk, ident, channel_id=CHANNEL) == "file_not_found"
    short = await desk.http.post(url, content=CSV[:-1])
    assert (short.status_code, short.text) == (400, f"expected {len(CSV)} bytes, got {len(CSV) - 1}")
    assert await complete(desk, ident, channel_id=CHANNEL) == "file_not_found"
    assert (await desk.http.get(f"/_control/files/{ident}")).status_code == 404
    assert (await desk.http.post(url, content=CSV)).status_code == 200
    assert (await desk.http.post(url, content=CSV)).status_code == 404
    assert (await desk.http.post("/upload/v1/guessed", content=CSV)).status_code == 404
    assert (await desk.http.get(url)).status_code == 405
    assert await complete(desk, ident, channel_id=CHANNEL) == ""
    assert await complete(desk, ident, channel_id=CHANNEL) == "file_not_found"
    assert len(await desk.messages()) == 1


@pytest.mark.parametrize("files", ["", "[]", "{}", "x", '["F1"]', '[{"title": "t"}]', '[{"id": 7}]', '[{"id": "F1", "name": "n"}]', "[{}]"])
async def test_lists_of_files_that_are_refused(desk: Desk, files: str) -> None:
    call = desk.client.api_call("files.completeUploadExternal", params={"files": files, "channel_id": CHANNEL})
    assert await error_of(call) == "invalid_arguments"


async def test_the_same_file_twice_is_refused(desk: Desk) -> None:
    ident = await uploaded(desk)
    params = {"files": json.dumps([{"id": ident}, {"id": ident}]), "channel_id": CHANNEL}
    assert await error_of(desk.client.api_call("files.completeUploadExternal", params=params)) == "file_not_found"


async def test_scopes_are_enforced() -> None:
    async with desk_of(slack.Workspace(app_manifest(without=["files:write"]), budgets=False)) as desk:
        assert await error_of(desk.client.files_getUploadURLExternal(filename="a.csv", length=3)) == "missing_scope"
        assert await complete(desk, "F1", channel_id=CHANNEL) == "missing_scope"
        assert await error_of(desk.client.files_info(file="F1")) == "missing_scope"


async def test_files_info_needs_files_read_and_tells_where_the_file_is() -> None:
    space = slack.Workspace(app_manifest(), budgets=False)
    async with desk_of(space) as desk:
        ident = await uploaded(desk)
        assert await error_of(desk.client.files_info(file=ident)) == "missing_scope"
        space.app = dataclasses.replace(space.app, scopes=space.app.scopes | {"files:read"})
        assert await error_of(desk.client.files_info(file=ident)) == "file_not_found"
        await complete(desk, ident, channel_id=CHANNEL)
        file = (await desk.client.files_info(file=ident))["file"]
        ts = (await desk.messages())[0]["ts"]
        assert (file["channels"], file["shares"]["public"][CHANNEL][0]["ts"]) == ([CHANNEL], ts)


async def test_a_hundred_calls_a_minute() -> None:
    async with desk_of(slack.Workspace(app_manifest())) as desk:
        calls = [desk.client.files_getUploadURLExternal(filename="a.csv", length=3) for _ in range(100)]
        await asyncio.gather(*calls)
        assert await error_of(desk.client.files_getUploadURLExternal(filename="a.csv", length=3)) == "ratelimited"
        desk.space.advance(61)
        assert await error_of(desk.client.files_getUploadURLExternal(filename="a.csv", length=3)) == ""


async def test_the_log_tells_what_came_and_faults_hit_the_upload(desk: Desk) -> None:
    ident, url = await announce(desk)
    await desk.do("faults", method="*", mode="500")
    await desk.do("faults", method="upload_url", mode="500")
    assert (await desk.http.post(url, content=CSV)).status_code == 500
    assert (await desk.http.post(url, content=CSV)).status_code == 200
    lines = (await desk.see("log", method="upload_url"))["log"]
    assert [(line["args"], line["status"], line["fault"]) for line in lines] == [
        ({"file": ident, "bytes": len(CSV)}, 500, "500"),
        ({"file": ident, "bytes": len(CSV)}, 200, None),
    ]


async def test_a_completion_can_be_lost_on_the_way_back(desk: Desk) -> None:
    ident = await uploaded(desk)
    await desk.do("faults", method="files.completeUploadExternal", mode="drop_after", channel=CHANNEL)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await desk.client.files_completeUploadExternal(files=[{"id": ident}], channel_id=CHANNEL)
    assert [message["files"][0]["id"] for message in await desk.messages()] == [ident]
