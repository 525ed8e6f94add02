"""The web face at the wire: a real server, a real Bolt app, forged and stale requests, health and metrics."""

from __future__ import annotations

import asyncio
import gzip
import hmac
import json
import logging
import socket
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer, unused_port
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.signature import SignatureVerifier

from bot import app, errors, serving, web, webhooks

SIGNING, SECRET = "signing-secret", "hush-4711"


async def authorize() -> AuthorizeResult:
    return AuthorizeResult(enterprise_id=None, team_id="T1", bot_token="xoxb-1", bot_id="B1", bot_user_id="UBOT")


def doors(receive: webhooks.Receive) -> webhooks.Webhooks:
    """Those of one system."""
    return webhooks.Webhooks(doors={"acme": webhooks.Door(SECRET, ())}, receive=receive)


class Desk:
    """Everything behind the face, as a test wants it."""

    def __init__(self) -> None:
        self.missing: Mapping[str, str] | errors.BotError = {}
        self.pushed: list[tuple[str, bytes]] = []
        self.commands: list[str] = []
        self.metrics = web.Metrics()
        self.bolt = AsyncApp(signing_secret=SIGNING, authorize=authorize, request_verification_enabled=False)

        @self.bolt.command("/anomalies")
        async def command(ack: Any, body: dict[str, Any]) -> None:
            self.commands.append(body["text"])
            await ack("Nothing is open.")

    async def ready(self) -> Mapping[str, str]:
        if isinstance(self.missing, errors.BotError):
            raise self.missing
        return self.missing

    async def hook(self, system: str, body: bytes) -> None:
        self.pushed.append((system, body))

    def application(self, **changes: Any) -> Any:
        given: dict[str, Any] = {
            "ready": self.ready,
            "metrics": self.metrics,
            "signing": web.Signing(SIGNING, app.SystemClock()),
            "hooks": doors(self.hook),
        }
        return web.application(changes.pop("bolt", self.bolt), **(given | changes))


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[TestClient[Any, Any]]:
    async with TestClient(TestServer(desk.application())) as opened:
        yield opened


def signed(text: str = "list", *, secret: str = SIGNING, at: int | None = None, **changes: str) -> dict[str, Any]:
    """A slash command as Slack sends it."""
    body = urlencode({"command": "/anomalies", "text": text, "team_id": "T1", "user_id": "U1", "channel_id": "C1", "token": "x"})
    stamp = str(int(time.time()) if at is None else at)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": SignatureVerifier(secret).generate_signature(timestamp=stamp, body=body) or "",
    }
    return {"data": body, "headers": headers | {name.replace("_", "-"): value for name, value in changes.items()}}


# --- Slack over HTTP ---------------------------------------------------------------------------------------------------


async def test_a_signed_command_reaches_its_listener_and_is_answered(desk: Desk, client: TestClient[Any, Any]) -> None:
    reply = await client.post("/slack/events", **signed("list status:open – “größer”"))
    assert (reply.status, await reply.text()) == (200, "Nothing is open.")
    assert desk.commands == ["list status:open – “größer”"]


async def test_the_url_check_of_slack_is_answered(client: TestClient[Any, Any]) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "abc"})
    stamp = str(int(time.time()))
    signature = SignatureVerifier(SIGNING).generate_signature(timestamp=stamp, body=body) or ""
    headers = {"Content-Type": "application/json", "X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature}
    reply = await client.post("/slack/events", data=body, headers=headers)
    assert (reply.status, await reply.json()) == (200, {"challenge": "abc"})


FORGED = {
    "another secret": lambda: signed(secret="guessed"),
    "no signature": lambda: signed(X_Slack_Signature=""),
    "another body": lambda: signed() | {"data": "command=%2Fanomalies&text=delete&team_id=T1&user_id=U1"},
    "six minutes old": lambda: signed(at=int(time.time()) - 360),
    "six minutes in the future": lambda: signed(at=int(time.time()) + 360),
    "time is no number": lambda: signed(X_Slack_Request_Timestamp="soon"),
    "time is negative": lambda: signed(X_Slack_Request_Timestamp="-1"),
    "time is of another script": lambda: signed(X_Slack_Request_Timestamp="²"),
    "no headers at all": lambda: {"data": "command=%2Fanomalies", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
}


@pytest.mark.parametrize("forgery", FORGED)
async def test_a_forged_or_stale_request_is_refused_and_does_nothing(forgery: str, desk: Desk, client: TestClient[Any, Any]) -> None:
    reply = await client.post("/slack/events", **FORGED[forgery]())
    assert reply.status == 401
    assert desk.commands == []


class Untouchable(bytes):
    """A body that tells on whoever decodes or copies it into text."""

    def decode(self, *_: Any, **__: Any) -> str:
        raise AssertionError("decoded before it was authenticated")


@pytest.fixture
def untouched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every body that arrives is untouchable, and Bolt is not to be called."""
    read = aiohttp.web.Request.read

    async def guarded(self: aiohttp.web.Request) -> bytes:
        return Untouchable(await read(self))

    def never(*_: Any, **__: Any) -> Any:
        raise AssertionError("parsed before it was authenticated")

    monkeypatch.setattr(aiohttp.web.Request, "read", guarded)
    monkeypatch.setattr(aiohttp.web.Request, "text", never)
    monkeypatch.setattr(aiohttp.web.Request, "json", never)
    monkeypatch.setattr(aiohttp.web.Request, "post", never)
    monkeypatch.setattr(web, "AsyncBoltRequest", never)


MEGABYTE = b"\x80a-" * (1024 * 1024 // 3)
STRANGERS = {
    **FORGED,
    "an undecodable charset": lambda: signed(Content_Type="application/json; charset=klingon") | {"data": b"\xff\xfe\x00"},
    "a slow charset": lambda: signed(Content_Type="application/json; charset=punycode") | {"data": MEGABYTE},
    "a megabyte without a signature": lambda: {"data": MEGABYTE},
    "deep JSON": lambda: signed(Content_Type="application/json") | {"data": b"[" * 100_000},
    "a compressed bomb": lambda: signed(Content_Encoding="gzip") | {"data": gzip.compress(b"{" * 5_000_000)},
    "a broken compression": lambda: signed(Content_Encoding="deflate") | {"data": b"no deflate"},
    "a signature of other letters": lambda: signed(X_Slack_Signature="v0=" + "é" * 64),
    "a time of 4,500 digits": lambda: signed(X_Slack_Request_Timestamp="9" * 4500),
    "a time in Arabic digits": lambda: signed(X_Slack_Request_Timestamp="٤٥"),
    "multipart without a boundary": lambda: signed(Content_Type="multipart/form-data") | {"data": b"--"},
}


@pytest.mark.parametrize("stranger", STRANGERS)
@pytest.mark.usefixtures("untouched")
async def test_what_a_stranger_sends_is_neither_decoded_nor_parsed_nor_logged(
    stranger: str, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    port = unused_port()
    stop = await serving.serve(desk.application(), port, "127.0.0.1", desk.metrics)
    caplog.clear()
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        reply = await session.post("/slack/events", **STRANGERS[stranger]())
        assert reply.status == 401, "neither its size after decompression nor its text was looked at"
    assert [record for record in caplog.records if record.name != "asyncio"] == []
    assert sum(refused(desk).values()) == 1
    assert desk.commands == []
    await stop()


def refused(desk: Desk) -> dict[str, float]:
    """The counters of what was turned away."""
    lines = [line for line in desk.metrics.text().splitlines() if line.startswith("anomaly_desk_requests_refused_total{")]
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


async def test_without_signature_headers_the_body_is_not_waited_for(desk: Desk) -> None:
    """The answer is there while the body is still to come: nothing of it was needed."""
    port = unused_port()
    stop = await serving.serve(desk.application(), port, "127.0.0.1", desk.metrics)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
    assert b" 401 " in await asyncio.wait_for(reader.readline(), 5)
    writer.close()
    await stop()


TINY = b"1\r\na\r\n" * 100_000
CHUNKED = b"POST /slack/events HTTP/1.1\r\nHost: x\r\n%sTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("headers", ["", "X-Slack-Request-Timestamp: {now}\r\nX-Slack-Signature: v0={guess}\r\n"])
async def test_a_body_in_a_million_chunks_is_refused_for_its_headers(headers: str, desk: Desk) -> None:
    port, given = unused_port(), headers.format(now=int(time.time()), guess="a" * 64)
    stop = await serving.serve(desk.application(), port, "127.0.0.1", desk.metrics)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    spent = time.process_time()
    writer.write(CHUNKED % given.encode() + TINY)
    answer = await asyncio.wait_for(reader.readline(), 5)
    assert time.process_time() - spent < 0.05, "most of what was sent is never looked at"
    assert (b" 411 " if given else b" 401 ") in answer
    writer.close()
    await stop()


@pytest.mark.parametrize("expect", ["<b>more</b>", "100-continue"])
async def test_what_a_stranger_expects_is_not_answered(expect: str, desk: Desk, client: TestClient[Any, Any]) -> None:
    reply = await client.post("/slack/events", data=b"x", headers={"Expect": expect}, skip_auto_headers=["Expect"])
    assert (reply.status, await reply.text()) == (401, "")
    assert sum(refused(desk).values()) == 1


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\xff\xfe{}", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"[1]", "application/json"),
        (b"payload=%7Bnot", "application/x-www-form-urlencoded"),
        (b"payload=[1]", "application/x-www-form-urlencoded"),
        (b'{"n":' + b"9" * 5000 + b"}", "application/json"),
    ],
)
async def test_a_signed_body_that_nobody_can_parse_is_a_400(
    body: bytes, kind: str, desk: Desk, client: TestClient[Any, Any], caplog: pytest.LogCaptureFixture
) -> None:
    stamp = str(int(time.time()))
    digest = hmac.new(SIGNING.encode(), b"v0:" + stamp.encode() + b":" + body, "sha256").hexdigest()
    headers = {"Content-Type": kind, "X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}
    assert (await client.post("/slack/events", data=body, headers=headers)).status == 400
    assert caplog.records == [] and sum(refused(desk).values()) == 1


async def test_a_charset_in_the_headers_changes_nothing_of_what_slack_signed(desk: Desk, client: TestClient[Any, Any]) -> None:
    request = signed("größer")
    request["headers"]["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-16"
    assert (await client.post("/slack/events", **request)).status == 200
    assert desk.commands == ["größer"]


async def test_headers_that_slack_does_not_sign_switch_bolt_to_nothing(desk: Desk, client: TestClient[Any, Any]) -> None:
    request = signed("list")
    request["headers"] |= {"X-Slack-Bolt-Lazy-Only": "1", "X-Slack-Bolt-Lazy-Function-Name": "command"}
    assert await (await client.post("/slack/events", **request)).text() == "Nothing is open."


async def test_slack_over_http_takes_a_megabyte_and_no_more(desk: Desk, client: TestClient[Any, Any]) -> None:
    assert (await client.post("/slack/events", **signed("x" * 1024 * 1024))).status == 413


async def test_what_breaks_behind_the_signature_is_a_500_and_is_logged(
    desk: Desk, client: TestClient[Any, Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(_: Any) -> Any:
        raise RuntimeError("a bug of ours")

    monkeypatch.setattr(desk.bolt, "async_dispatch", broken)
    assert (await client.post("/slack/events", **signed())).status == 500
    assert "a bug of ours" in caplog.text


async def test_in_socket_mode_there_is_no_door_for_slack(desk: Desk) -> None:
    async with TestClient(TestServer(desk.application(bolt=None))) as client:
        assert (await client.post("/slack/events", **signed())).status == 404
        assert (await client.get("/healthz")).status == 200


# --- health, readiness, metrics ----------------------------------------------------------------------------------------


async def test_health_and_readiness(desk: Desk, client: TestClient[Any, Any]) -> None:
    assert (await client.get("/healthz")).status == 200
    reply = await client.get("/readyz")
    assert (reply.status, await reply.json()) == (200, {"ready": True, "missing": {}})


async def test_what_is_missing_is_named_while_the_loop_lives(desk: Desk, client: TestClient[Any, Any]) -> None:
    desk.missing = {"slack": "not connected"}
    reply = await client.get("/readyz")
    assert (reply.status, await reply.json()) == (503, {"ready": False, "missing": {"slack": "not connected"}})
    assert (await client.get("/healthz")).status == 200


async def test_a_check_that_fails_or_hangs_is_not_ready(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang() -> Mapping[str, str]:
        await asyncio.Event().wait()
        return {}

    monkeypatch.setattr(web, "READY_SECONDS", 0.02)
    desk.missing = errors.StoreError("The database did not do what was asked: password of user desk.")
    async with TestClient(TestServer(desk.application())) as client:
        reply = await client.get("/readyz")
        assert (reply.status, (await reply.json())["missing"]) == (503, {"check": "the look itself failed"})
    async with TestClient(TestServer(desk.application(ready=hang))) as client:
        assert (await client.get("/readyz")).status == 503


async def test_metrics_come_in_the_format_of_prometheus(desk: Desk, client: TestClient[Any, Any]) -> None:
    desk.metrics.count("cards_posted", channel="C1", kind="anomaly")
    desk.metrics.count("cards_posted", 2, kind="anomaly", channel="C1")
    desk.metrics.count("odd", word='a "b"\\\n')
    desk.metrics.observe("poll_seconds", 0.1, source="qualytics")
    desk.metrics.observe("poll_seconds", 3.5, source="qualytics")
    desk.metrics.observe("poll_seconds", 500, source="qualytics")
    reply = await client.get("/metrics")
    assert reply.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert [line for line in (await reply.text()).splitlines() if not line.startswith("# HELP")] == [
        "# TYPE anomaly_desk_cards_posted_total counter",
        'anomaly_desk_cards_posted_total{channel="C1",kind="anomaly"} 3.0',
        "# TYPE anomaly_desk_odd_total counter",
        'anomaly_desk_odd_total{word="a \\"b\\"\\\\\\n"} 1.0',
        "# TYPE anomaly_desk_poll_seconds histogram",
        'anomaly_desk_poll_seconds_bucket{le="0.05",source="qualytics"} 0.0',
        *(f'anomaly_desk_poll_seconds_bucket{{le="{le}",source="qualytics"}} 1.0' for le in ("0.1", "0.25", "0.5", "1.0", "2.5")),
        *(f'anomaly_desk_poll_seconds_bucket{{le="{le}",source="qualytics"}} 2.0' for le in ("5.0", "10.0", "30.0", "120.0")),
        'anomaly_desk_poll_seconds_bucket{le="+Inf",source="qualytics"} 3.0',
        'anomaly_desk_poll_seconds_count{source="qualytics"} 3.0',
        'anomaly_desk_poll_seconds_sum{source="qualytics"} 503.6',
    ]


# --- serving -----------------------------------------------------------------------------------------------------------


async def test_the_server_finishes_what_is_under_way_and_takes_nothing_new(desk: Desk) -> None:
    started, release = asyncio.Event(), asyncio.Event()

    async def slow(system: str, body: bytes) -> None:
        started.set()
        await release.wait()

    port = unused_port()
    stop = await serving.serve(desk.application(hooks=doors(slow)), port, "127.0.0.1", desk.metrics)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        under_way = asyncio.create_task(session.post("/hooks/acme", params={"key": SECRET}))
        await started.wait()
        stopping = asyncio.create_task(stop())
        while not stopping.done():
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionError:
                break
            writer.close()
            await asyncio.sleep(0)
        assert not stopping.done()
        release.set()
        assert (await under_way).status == 200
        await stopping


async def test_a_taken_port_is_a_fault_of_the_settings(desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(errors.ConfigError, match=f"PORT {port}"):
            await serving.serve(desk.application(), port, "127.0.0.1", desk.metrics)
