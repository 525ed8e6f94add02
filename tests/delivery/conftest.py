"""A loop whose time runs only when nobody has anything to do, and a Slack on loopback that answers what a test tells it."""

from __future__ import annotations

import asyncio
import json
import selectors
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

Reply = Callable[[web.Request], Awaitable[web.StreamResponse]]


class _Jump(selectors.DefaultSelector):
    """Waiting costs no time: the clock jumps."""

    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise RuntimeError("everybody waits for something that nobody will do")
            self.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop that lives through an hour in a moment."""

    def __init__(self) -> None:
        self.jump = _Jump()
        super().__init__(self.jump)

    def time(self) -> float:
        return self.jump.now


@pytest.fixture
def virtually() -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Run a coroutine in virtual time."""

    def run(scenario: Coroutine[Any, Any, Any]) -> Any:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            return runner.run(scenario)

    return run


@dataclass
class Call:
    """A request as Slack got it."""

    method: str
    args: dict[str, Any]
    token: str
    content_type: str


@dataclass
class Wire:
    """Slack's side of the wire: canned answers by method, the last one repeated; every request is kept."""

    calls: list[Call] = field(default_factory=list)
    answers: dict[str, list[Any]] = field(default_factory=dict)
    url: str = ""
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    hang: asyncio.Event = field(default_factory=asyncio.Event)

    def says(self, method: str, *answers: Any) -> None:
        """Answer `method` with a dict (JSON), or with whatever a callable of the request returns; one after the other."""
        self.answers[method] = list(answers)

    def of(self, method: str) -> list[dict[str, Any]]:
        return [call.args for call in self.calls if call.method == method]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        method = request.path.rsplit("/", 1)[1]
        body = await request.read()
        args: dict[str, Any] = dict(request.query)
        if request.content_type == "application/json":
            args |= json.loads(body)
        else:
            args |= {key: str(value) for key, value in (await request.post()).items()}
        self.calls.append(Call(method, args, request.headers.get("Authorization", ""), request.content_type))
        self.arrived.set()
        queue = self.answers.get(method, [{"ok": False, "error": "unknown_method"}])
        answer = queue.pop(0) if len(queue) > 1 else queue[0]
        return await answer(request) if callable(answer) else web.json_response(answer)


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    heard = Wire()
    app = web.Application(client_max_size=16_000_000)
    app.router.add_route("*", "/{tail:.*}", heard.answer)
    async with TestServer(app) as server:
        heard.url = str(server.make_url("/api/"))
        heard.says("auth.test", {"ok": True, "team_id": "T1", "user_id": "UBOT", "bot_id": "B1"})
        yield heard
        heard.hang.set()
