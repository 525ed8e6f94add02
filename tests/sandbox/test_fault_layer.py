"""Faults around any ASGI application, without the fake Qualytics."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
import uvicorn
from starlette import responses

from sandbox import faults, loopback


@pytest.fixture
async def trouble() -> faults.Faults:
    return faults.Faults()


@pytest.fixture
async def client(trouble: faults.Faults) -> AsyncIterator[httpx.AsyncClient]:
    app = faults.FaultLayer(responses.PlainTextResponse("fine"), trouble, spare="/spared")
    sock = loopback.bound(0)
    running = loopback.Server(uvicorn.Config(app, log_level="error", lifespan="off", ws="none"))
    task = asyncio.create_task(running.serve(sockets=[sock]))
    await running.listening.wait()
    base = f"http://127.0.0.1:{sock.getsockname()[1]}"
    async with httpx.AsyncClient(base_url=base, timeout=5, verify=False) as made:
        yield made
    trouble.clear()
    running.stopping.set()
    await task


async def test_a_reply_of_ones_own(client: httpx.AsyncClient, trouble: faults.Faults) -> None:
    trouble.add(
        mode="reply", path="chat.postMessage", times=1, status=200, json={"ok": False, "error": "not_in_channel"}, headers={"x-one": "1"}
    )
    assert (await client.post("/api/chat.update")).text == "fine"
    reply = await client.post("/api/chat.postMessage")
    assert (reply.json(), reply.headers["x-one"]) == ({"ok": False, "error": "not_in_channel"}, "1")
    assert (await client.post("/api/chat.postMessage")).text == "fine"


@pytest.mark.parametrize("mode", ["drop", "drop_after"])
async def test_the_connection_is_really_dropped(client: httpx.AsyncClient, trouble: faults.Faults, mode: str) -> None:
    trouble.add(mode=mode, times=1)
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        await client.get("/")
    assert (await client.get("/")).text == "fine"


async def test_method_path_and_order(client: httpx.AsyncClient, trouble: faults.Faults) -> None:
    trouble.add(mode="500", method="post", path="^/a")
    second = trouble.add(mode="503", path="^/a")
    assert [
        (await client.request(method, path)).status_code
        for method, path in (("POST", "/a"), ("GET", "/a"), ("POST", "/b"), ("GET", "/spared/a"))
    ] == [*(500, 503, 200, 200)]
    trouble.clear(second.id)
    assert (await client.get("/a")).status_code == 200
    assert [fault.mode for fault in trouble.all()] == ["500"]


async def test_a_fault_ends_by_itself(client: httpx.AsyncClient, trouble: faults.Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(faults, "now", lambda: clock[0])
    trouble.add(mode="503", seconds=30)
    clock[0] = 129.9
    assert (await client.get("/")).status_code == 503
    clock[0] = 130.0
    assert (await client.get("/")).text == "fine"
    assert trouble.all() == []


async def test_the_work_can_be_done_and_its_answer_replaced(trouble: faults.Faults) -> None:
    seen: list[str] = []

    async def app(scope: faults.Scope, receive: faults.Receive, send: faults.Send) -> None:
        seen.append(scope["path"])
        await responses.PlainTextResponse("fine")(scope, receive, send)

    trouble.add(mode="500", after=True, times=1)
    transport = httpx.ASGITransport(faults.FaultLayer(app, trouble))
    async with httpx.AsyncClient(transport=transport, base_url="http://fake") as client:
        assert [(await client.get(path)).status_code for path in ("/a", "/b")] == [500, 200]
    assert seen == ["/a", "/b"]
