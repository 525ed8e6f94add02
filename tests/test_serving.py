"""Connections at the wire: strangers who half-open them, speak no HTTP, or come in crowds; and a process that runs out of files."""

from __future__ import annotations

import asyncio
import errno
import logging
import resource
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import unused_port

from bot import errors, serving, strangers, web, webhooks


async def ready() -> dict[str, str]:
    return {}


class House:
    """A served face."""

    def __init__(self) -> None:
        self.metrics, self.port = web.Metrics(), unused_port()
        self.app = web.application(None, ready=ready, metrics=self.metrics)

    async def opened(self, count: int, first: bytes = b"POST /slack/events HTTP/1.1\r\nHost: x\r\nX-") -> list[asyncio.StreamReader]:
        """Connections that have begun to ask."""
        pairs = [await asyncio.open_connection("127.0.0.1", self.port) for _ in range(count)]
        for _, writer in pairs:
            writer.write(first)
        self.writers = [writer for _, writer in pairs]
        return [reader for reader, _ in pairs]

    async def answers(self) -> bool:
        """Somebody new is answered."""
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{self.port}/healthz") as reply:
            return reply.status == 200

    def cut(self, reason: str) -> float:
        """How many connections were cut for this reason."""
        wanted = f'anomaly_desk_connections_cut_total{{reason="{reason}"}} '
        found = [line for line in self.metrics.text().splitlines() if line.startswith(wanted)]
        return float(found[0].removeprefix(wanted)) if found else 0.0


@asynccontextmanager
async def served(host: str = "127.0.0.1") -> AsyncIterator[House]:
    house = House()
    stop = await serving.serve(house.app, house.port, host, house.metrics)
    yield house
    await stop()


async def closed(reader: asyncio.StreamReader) -> None:
    """Wait until the other side hangs up."""
    async with asyncio.timeout(10):
        try:
            while await reader.read(1024):
                pass
        except ConnectionError:
            pass


@pytest.mark.parametrize("first", [b"", b"POST /slack/events HTTP/1.1\r\nHost: x\r\n"])
async def test_headers_that_do_not_come_are_not_waited_for(first: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "HEAD_SECONDS", 0.05)
    async with served() as house:
        (reader,) = await house.opened(1, first)
        await closed(reader)
        assert house.cut("late") == 1


async def test_a_kept_connection_may_rest_but_not_dawdle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between requests nobody hurries it; once it has begun to ask it has as long as a new one."""
    async with served() as house:
        (reader,) = await house.opened(1, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"200" in await reader.readuntil(b"ok\n")
        assert house.cut("late") == 0
        monkeypatch.setattr(serving, "HEAD_SECONDS", 0.05)
        house.writers[0].write(b"GET /he")
        await closed(reader)
        assert house.cut("late") == 1


def doors(receive: webhooks.Receive) -> webhooks.Webhooks:
    return webhooks.Webhooks(doors={"acme": webhooks.Door("hush", ())}, receive=receive)


async def test_a_body_that_does_not_come_is_a_408(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strangers, "BODY_SECONDS", 0.05)

    async def never(*_: Any) -> None:
        raise AssertionError("nothing arrived whole")

    metrics, port = web.Metrics(), unused_port()
    app = web.application(None, ready=ready, metrics=metrics, hooks=doors(never))
    stop = await serving.serve(app, port, "127.0.0.1", metrics)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /hooks/acme HTTP/1.1\r\nHost: x\r\nX-Desk-Secret: hush\r\nContent-Length: 99\r\n\r\n{")
    assert b" 408 " in await asyncio.wait_for(reader.readline(), 10)
    writer.close()
    await stop()


async def test_a_crowd_of_half_open_connections_makes_room_for_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "most_connections", lambda: 5)
    async with served() as house:
        readers = await house.opened(12)
        assert await house.answers()
        for reader in readers[:7]:
            await closed(reader)
        assert house.cut("crowded") == 8
        assert await house.answers()


async def test_an_authenticated_request_under_way_is_not_cut_for_a_crowd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "most_connections", lambda: 3)
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(*_: Any) -> None:
        begun.set()
        await go_on.wait()

    metrics, port = web.Metrics(), unused_port()
    app = web.application(None, ready=ready, metrics=metrics, hooks=doors(slow))
    stop = await serving.serve(app, port, "127.0.0.1", metrics)
    async with aiohttp.ClientSession() as session:
        under_way = asyncio.create_task(session.post(f"http://127.0.0.1:{port}/hooks/acme", headers={"X-Desk-Secret": "hush"}))
        await begun.wait()
        crowd = [await asyncio.open_connection("127.0.0.1", port) for _ in range(9)]
        await closed(crowd[0][0])
        go_on.set()
        assert (await under_way).status == 200
    for _, writer in crowd:
        writer.close()
    await stop()


GARBAGE = {
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20,
    "no method": b"\r\n\r\n\0\0\0\r\n\r\n",
    "a bad header": b"GET / HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n",
    "a NUL in a header": b"GET / HTTP/1.1\r\nHost: x\r\nX: \0\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "a long length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 4500 + b"\r\n\r\n",
    "a long line": b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "many headers": b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
    "a bad chunk": b"POST /slack/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "an odd address": b"GET http://[::1/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "a second request of garbage": b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET\0/ HTTP/1.1\r\n\r\n",
}


@pytest.mark.parametrize("garbage", GARBAGE)
async def test_what_is_no_http_is_counted_and_not_logged(garbage: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with served() as house:
        (reader,) = await house.opened(1, GARBAGE[garbage])
        house.writers[0].write_eof()
        await closed(reader)
        assert await house.answers()
        counted = [line for line in house.metrics.text().splitlines() if "_total{" in line]
    assert len(counted) == 1 and counted[0].endswith(" 1.0"), counted
    assert caplog.records == []


class Starved(socket.socket):
    """A listening socket of a process without free files, until it has some again."""

    failures = 0

    def accept(self) -> Any:
        if Starved.failures:
            Starved.failures -= 1
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


async def test_running_out_of_files_is_said_once_and_once_when_it_is_over(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(serving, "PAUSE_SECONDS", 0.001)
    plain = serving._sockets

    def starved(host: str, port: int) -> list[socket.socket]:
        made = plain(host, port)
        Starved.failures = 50
        return [Starved(one.family, one.type, fileno=one.detach()) for one in made]

    monkeypatch.setattr(serving, "_sockets", lambda host, port: [_nonblocking(one) for one in starved(host, port)])
    async with served() as house:
        assert await house.answers()
        assert await house.answers()
    assert [record.getMessage() for record in caplog.records] == [
        "no further connection can be accepted (Too many open files); trying again every 0.001 s",
        "connections are accepted again",
    ]


def _nonblocking(one: socket.socket) -> socket.socket:
    one.setblocking(False)
    return one


async def test_all_interfaces_are_one_socket_and_loopback_is_only_that() -> None:
    made = serving._sockets("", 0)
    try:
        assert len(made) == 1 and made[0].getsockname()[0] in ("::", "0.0.0.0")
    finally:
        made[0].close()
    (loopback,) = serving._sockets("127.0.0.1", 0)
    with loopback:
        assert loopback.getsockname()[0] == "127.0.0.1"


async def test_an_address_that_is_not_ours_is_a_fault_of_the_settings() -> None:
    house = House()
    with pytest.raises(errors.ConfigError, match=r"DESK_HOST 192\.0\.2\.1 cannot be used"):
        await serving.serve(house.app, house.port, "192.0.2.1", house.metrics)


def test_the_soft_limit_of_files_is_lifted_to_the_hard_one(monkeypatch: pytest.MonkeyPatch) -> None:
    limits, asked = [256, 4096], []

    def lift(_: int, wanted: tuple[int, int]) -> None:
        asked.append(wanted)
        limits[:] = wanted

    monkeypatch.setattr(resource, "getrlimit", lambda _: tuple(limits))
    monkeypatch.setattr(resource, "setrlimit", lift)
    assert serving.most_connections() == 128
    assert serving.raise_file_limit() == 4096 and asked == [(4096, 4096)]
    assert serving.most_connections() == 1024
