"""The doors of webhooks at the wire: every way to bring a secret, right, wrong and missing; what is told, and what is told to nobody."""

from __future__ import annotations

import asyncio
import base64
import hmac
import io
import logging
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer, unused_port

from bot import errors, ports, serving, strangers, web, webhooks

RIGHT, OTHER, SHARED = "hush-4711", "hush-acme/+&", "hush-for-all"
WAYS = (ports.BEARER, ports.BASIC, ports.header("X-Acme-Secret"))


class Desk:
    """What stands behind the doors of two systems: bell, which can do little, and acme, which can do everything."""

    def __init__(self) -> None:
        self.pushed: list[tuple[str, bytes]] = []
        self.refuses: errors.BotError | Exception | None = None
        self.metrics = web.Metrics()

    async def receive(self, system: str, body: bytes) -> None:
        if self.refuses:
            raise self.refuses
        self.pushed.append((system, body))

    def application(self, shared: str = SHARED) -> Any:
        doors = {"acme": webhooks.Door(RIGHT, WAYS), "bell": webhooks.Door(OTHER, ())}
        return web.application(
            None, ready=ready, metrics=self.metrics, hooks=webhooks.Webhooks(doors=doors, receive=self.receive, secret=shared)
        )


async def ready() -> Mapping[str, str]:
    return {}


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[TestClient[Any, Any]]:
    async with TestClient(TestServer(desk.application())) as opened:
        yield opened


def basic(user: str, password: str) -> dict[str, Any]:
    return {"headers": {"Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}}


ANYBODYS = {
    "X-Desk-Secret": lambda secret: ("", {"headers": {"X-Desk-Secret": secret}}),
    "?key=": lambda secret: ("", {"params": {"key": secret}}),
    "the path": lambda secret: (f"/{quote(secret, safe='')}", {}),
}
OF_ITS_OWN = {
    "Bearer": lambda secret: ("", {"headers": {"Authorization": f"Bearer {secret}"}}),
    "bearer, and a blank": lambda secret: ("", {"headers": {"authorization": f"bearer  {secret}"}}),
    "Basic": lambda secret: ("", basic("desk", secret)),
    "Basic, nobody": lambda secret: ("", basic("", secret)),
    "its header": lambda secret: ("", {"headers": {"x-acme-secret": secret}}),
}
EVERY = ANYBODYS | OF_ITS_OWN


@pytest.mark.parametrize("way", EVERY)
async def test_the_right_secret_opens_and_200_says_that_it_is_stored(way: str, desk: Desk, client: TestClient[Any, Any]) -> None:
    rest, sent = EVERY[way](RIGHT)
    reply = await client.post(f"/hooks/acme{rest}", data=b'{"event": 1}', **sent)
    assert (reply.status, await reply.text()) == (200, "ok\n")
    assert desk.pushed == [("acme", b'{"event": 1}')]


@pytest.mark.parametrize("way", EVERY)
async def test_no_other_secret_opens(way: str, desk: Desk, client: TestClient[Any, Any]) -> None:
    for wrong in ("hush-4712", "hush-471", "hush-47110", "HUSH-4711", OTHER, SHARED, ""):
        rest, sent = EVERY[way](wrong)
        reply = await client.post(f"/hooks/acme{rest}", data=b"{}", **sent)
        assert reply.status == (404 if way == "the path" and not wrong else 401), wrong
        assert await reply.text() == ""
    assert desk.pushed == []


@pytest.mark.parametrize("way", ANYBODYS)
async def test_each_system_has_a_secret_of_its_own(way: str, desk: Desk, client: TestClient[Any, Any]) -> None:
    rest, sent = ANYBODYS[way](OTHER)
    assert (await client.post(f"/hooks/bell{rest}", data=b"ring", **sent)).status == 200
    rest, sent = ANYBODYS[way](RIGHT)
    assert (await client.post(f"/hooks/bell{rest}", data=b"ring", **sent)).status == 401
    assert desk.pushed == [("bell", b"ring")]


@pytest.mark.parametrize("way", OF_ITS_OWN)
async def test_a_way_that_a_system_does_not_declare_opens_nothing(way: str, desk: Desk, client: TestClient[Any, Any]) -> None:
    rest, sent = OF_ITS_OWN[way](OTHER)
    assert (await client.post(f"/hooks/bell{rest}", data=b"ring", **sent)).status == 401
    assert desk.pushed == []


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"headers": {"Authorization": RIGHT}},
        {"headers": {"Authorization": f"Basic {RIGHT}"}},
        {"headers": {"Authorization": "Basic " + base64.b64encode(RIGHT.encode()).decode()}},
        {"headers": {"Authorization": "Basic " + base64.b64encode(f"{RIGHT}:x".encode()).decode()}},
        {"headers": {"Authorization": "Basic =="}},
        {"headers": {"X-Desk-Secret": "hüsh"}},
        {"params": {"secret": RIGHT}},
        {"data": RIGHT.encode()},
    ],
    ids=repr,
)
async def test_a_secret_in_another_place_opens_nothing(sent: dict[str, Any], desk: Desk, client: TestClient[Any, Any]) -> None:
    assert (await client.post("/hooks/acme", **sent)).status == 401
    assert desk.pushed == []


async def test_who_knows_nothing_is_not_told_which_systems_there_are(client: TestClient[Any, Any]) -> None:
    told = set()
    for system in ("acme", "bell", "prometheus", "...", "x" * 500):
        for rest, sent in (way("hush-wrong") for way in EVERY.values()):
            reply = await client.post(f"/hooks/{quote(system, safe='')}{rest}", data=b"{}", **sent)
            told.add((reply.status, await reply.text(), tuple(sorted(name for name in reply.headers if name != "Date"))))
    assert {status for status, _, _ in told} == {401} and len(told) == 1


async def test_who_knows_the_secret_of_all_is_told_that_a_system_is_not_there(desk: Desk, client: TestClient[Any, Any]) -> None:
    reply = await client.post("/hooks/prometheus", headers={"X-Desk-Secret": SHARED})
    assert (reply.status, await reply.text()) == (404, "No such system is connected here.\n")
    async with TestClient(TestServer(desk.application(shared=""))) as other:
        assert (await other.post("/hooks/prometheus", headers={"X-Desk-Secret": ""})).status == 401
        assert (await other.post("/hooks/prometheus", headers={"X-Desk-Secret": RIGHT})).status == 401
    assert desk.pushed == []


async def test_without_any_secret_there_are_no_doors(desk: Desk) -> None:
    for hooks in (None, webhooks.Webhooks(doors={"acme": webhooks.Door("", WAYS)}, receive=desk.receive)):
        app = web.application(None, ready=ready, metrics=desk.metrics, hooks=hooks)
        async with TestClient(TestServer(app)) as client:
            assert (await client.post("/hooks/acme", params={"key": ""})).status == 404


async def test_a_system_without_a_secret_takes_nothing_beside_one_that_has_one(desk: Desk) -> None:
    doors = {"acme": webhooks.Door("", WAYS), "bell": webhooks.Door(OTHER, ())}
    hooks = webhooks.Webhooks(doors=doors, receive=desk.receive)
    async with TestClient(TestServer(web.application(None, ready=ready, metrics=desk.metrics, hooks=hooks))) as client:
        for secret in ("", OTHER):
            assert (await client.post("/hooks/acme", headers={"X-Desk-Secret": secret})).status == 401
    assert desk.pushed == []


async def test_all_places_are_compared_in_constant_time(client: TestClient[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """As many comparisons of as many bytes each, whether the first place is right, none is, or there is no such system."""
    compared: list[tuple[int, int]] = []
    compare = hmac.compare_digest

    def noted(one: Any, other: Any) -> bool:
        compared.append((len(one), len(other)))
        return compare(one, other)

    monkeypatch.setattr(hmac, "compare_digest", noted)
    seen = []
    for system, secret in (("acme", RIGHT), ("acme", "x"), ("acme", "x" * 4000), ("prometheus", "x"), ("bell", RIGHT)):
        compared.clear()
        await client.post(f"/hooks/{system}", headers={"X-Desk-Secret": secret})
        seen.append(list(compared))
    assert seen == [[(32, 32)] * (len(ports.ALWAYS) + len(WAYS))] * 5
    monkeypatch.setattr(hmac, "compare_digest", lambda *_: False)
    assert (await client.post("/hooks/acme", headers={"X-Desk-Secret": RIGHT})).status == 401, "nothing else decides"


# --- bodies ----------------------------------------------------------------------------------------------------------------


async def test_a_stranger_is_refused_before_the_body_is_there(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A megabyte is announced and never sent."""
    monkeypatch.setattr(strangers, "DRAIN_SECONDS", 0.01)
    port = unused_port()
    stop = await serving.serve(desk.application(), port, "127.0.0.1", desk.metrics)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /hooks/acme HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n" + b"x" * 10)
    assert b" 401 " in await asyncio.wait_for(reader.readline(), 5)
    writer.close()
    await stop()
    assert desk.pushed == []


async def test_a_stranger_with_a_megabyte_costs_no_reading(
    desk: Desk, client: TestClient[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def read(_: Any) -> bytes:
        raise AssertionError("read for somebody who is not known")

    monkeypatch.setattr(strangers, "body", read)
    assert (await client.post("/hooks/acme", data=b"x" * 1024 * 1024, params={"key": "hush"})).status == 401


async def test_somebody_with_the_secret_is_told_to_go_on(desk: Desk) -> None:
    port = unused_port()
    stop = await serving.serve(desk.application(), port, "127.0.0.1", desk.metrics)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    asks = f"X-Desk-Secret: {RIGHT}\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n".encode()
    writer.write(b"POST /hooks/acme HTTP/1.1\r\nHost: x\r\n" + asks)
    assert b" 100 " in await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    writer.write(b"{}")
    assert b" 200 " in await asyncio.wait_for(reader.readline(), 5)
    writer.close()
    await stop()


async def test_a_webhook_may_be_a_megabyte_and_no_more(desk: Desk, client: TestClient[Any, Any]) -> None:
    assert (await client.post("/hooks/acme", params={"key": RIGHT}, data=io.BytesIO(b"x" * 1024 * 1024))).status == 200
    assert (await client.post("/hooks/acme", params={"key": RIGHT}, data=b"x" * (1024 * 1024 + 1))).status == 413
    assert len(desk.pushed) == 1


@pytest.mark.parametrize("method", ["PUT", "GET", "DELETE"])
async def test_it_may_be_put_and_nothing_else(method: str, desk: Desk, client: TestClient[Any, Any]) -> None:
    reply = await client.request(method, "/hooks/acme", params={"key": RIGHT}, data=b"{}")
    assert reply.status == (200 if method == "PUT" else 405)
    assert len(desk.pushed) == (method == "PUT")


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (errors.NotFound("No system called acme that pushes is connected."), 404, "No system"),
        (errors.SourceGarbled("acme", "The webhook's body is empty."), 400, "is empty"),
        (errors.StoreUnavailable("The database is not available: password of user desk."), 503, "send it again later"),
    ],
)
async def test_what_the_desk_thinks_of_a_webhook_is_told(
    error: errors.BotError, status: int, words: str, desk: Desk, client: TestClient[Any, Any]
) -> None:
    desk.refuses = error
    reply = await client.post("/hooks/acme", params={"key": RIGHT}, data=b"{}")
    said = await reply.text()
    assert reply.status == status and words in said and "password" not in said
    assert ("Retry-After" in reply.headers) == (status == 503)


async def test_too_many_are_asked_to_come_again_later(desk: Desk, client: TestClient[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "BURST", 3.0)
    monkeypatch.setattr(webhooks, "PER_SECOND", 0.0)
    told = [await client.post("/hooks/acme", params={"key": RIGHT}, data=b"{}") for _ in range(5)]
    assert [reply.status for reply in told] == [200, 200, 200, 429, 429] and told[-1].headers["Retry-After"] == "10"
    assert (await client.post("/hooks/bell", params={"key": OTHER}, data=b"{}")).status == 200, "another system has its own measure"
    assert len(desk.pushed) == 4


def test_the_measure_fills_up_again() -> None:
    rate = webhooks._Rate(left=1.0, at=100.0)
    assert [rate.takes(at) for at in (100.0, 100.0, 100.0 + 1.5 / webhooks.PER_SECOND, 101.0)] == [True, False, True, True]


# --- secrets ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def everything_logged(caplog: pytest.LogCaptureFixture) -> AsyncIterator[pytest.LogCaptureFixture]:
    """Every logger at its most talkative, the library's too, and the loop's own remarks."""
    caplog.set_level(logging.DEBUG)
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    yield caplog
    loop.set_debug(False)


async def test_no_secret_is_in_any_log_or_metric(desk: Desk, everything_logged: pytest.LogCaptureFixture) -> None:
    """Right or wrong, in every place, for systems that are there or not; also when what is behind the doors breaks."""
    port = unused_port()
    stop = await serving.serve(desk.application(), port, "127.0.0.1", desk.metrics)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        for broken in (None, RuntimeError("a mistake of ours"), errors.SourceGarbled("acme", "The webhook's body is empty.")):
            desk.refuses = broken
            for secret in (RIGHT, "hush-wrong"):
                for rest, sent in (way(secret) for way in EVERY.values()):
                    for system in ("acme", "prometheus"):
                        await session.post(f"/hooks/{system}{rest}", data=b"{}", **sent)
        await session.get(f"/hooks/acme/{RIGHT}")
        await session.post(f"/hooks/acme/{RIGHT}/more")
        metrics = await (await session.get("/metrics")).text()
    await stop()
    assert "a mistake of ours" in everything_logged.text and 'door="/hooks/{system}/{secret}"' in metrics
    spelt = [RIGHT, "hush-", *(base64.b64encode(f"{user}:{RIGHT}".encode()).decode()[:16] for user in ("desk", ""))]
    for told in (everything_logged.text, metrics):
        assert [one for one in spelt if one in told] == []
