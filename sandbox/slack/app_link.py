"""Handing payloads to the app, over Socket Mode or as signed HTTP, and waiting for its answer."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx

from sandbox.slack import event_shapes, limits, sockets, workspace

TIMEOUT = "operation_timeout"
FAILED = "dispatch_failed"


@dataclass(frozen=True, slots=True)
class Ack:
    """What came of a delivery: its body, or why there is none; `ms` from sending to answer."""

    body: Any
    error: str | None
    ms: int


@dataclass(frozen=True, slots=True)
class Rejected(Exception):
    """The app answered with another status than 200."""

    status: int


class AppLink:
    """Sends everything that the app is told. Late and missing answers are not errors here but part of the Ack."""

    def __init__(self, space: workspace.Workspace) -> None:
        self._space = space
        self.hub = sockets.Hub(space)
        self._client: httpx.AsyncClient | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def command(self, payload: dict[str, str]) -> Ack:
        """A slash command."""
        return await self._timed("slash_commands", payload, urlencode(payload).encode(), answers=True)

    async def interaction(self, payload: dict[str, Any]) -> Ack:
        """A click, a submission, or a request for options."""
        body = urlencode({"payload": json.dumps(payload)}).encode()
        return await self._timed("interactive", payload, body, answers=True)

    def event(self, kind: str, event: dict[str, Any]) -> None:
        """An event, if the manifest subscribes to it; delivered in the background and retried as Slack does."""
        if kind in self._space.app.events:
            task = asyncio.ensure_future(self._event(event))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop retries and connections."""
        self.hub.close()
        for task in self._tasks:
            task.cancel()
        if self._client is not None:
            await self._client.aclose()

    async def _event(self, event: dict[str, Any]) -> None:
        payload = event_shapes.callback(event, int(self._space.now()))
        retry: tuple[int, str] | None = None
        for attempt, pause in enumerate((None, *limits.EVENT_RETRY_SECONDS)):
            if pause is not None:
                await asyncio.sleep(pause)
            ack = await self._timed("events_api", payload, json.dumps(payload).encode(), answers=False, retry=retry)
            if ack.error is None:
                return
            retry = (attempt + 1, "http_timeout" if ack.error == TIMEOUT else "http_error")

    async def _timed(self, kind: str, payload: dict[str, Any], body: bytes, *, answers: bool, retry: tuple[int, str] | None = None) -> Ack:
        started = time.monotonic()
        error: str | None = None
        answer: Any = None
        try:
            if self._space.http_url:
                answer = await self._post(kind, body, retry)
            else:
                answer = await self.hub.deliver(kind, payload, answers=answers, retry=retry)
        except (TimeoutError, httpx.TimeoutException):
            error = TIMEOUT
        except (ConnectionError, httpx.HTTPError, Rejected):
            error = FAILED
        self._space.changed()
        return Ack(answer, error, round((time.monotonic() - started) * 1000))

    async def _post(self, kind: str, body: bytes, retry: tuple[int, str] | None) -> Any:
        if self._client is None:
            self._client = httpx.AsyncClient(trust_env=False)
        json_body = kind == "events_api"
        headers = signature(self._space.signing_secret, body, int(time.time()))
        headers["content-type"] = "application/json" if json_body else "application/x-www-form-urlencoded"
        headers["user-agent"] = "Slackbot 1.0 (+https://api.slack.com/robots)"
        if retry:
            headers |= {"x-slack-retry-num": str(retry[0]), "x-slack-retry-reason": retry[1]}
        answer = await asyncio.wait_for(
            self._client.post(self._space.http_url, content=body, headers=headers, timeout=None), self._space.ack_seconds
        )
        if answer.status_code != 200:
            raise Rejected(answer.status_code)
        if not answer.content:
            return None
        if answer.headers.get("content-type", "").startswith("application/json"):
            return _json(answer)
        return {"text": answer.text}


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        raise Rejected(answer.status_code) from None


def signature(secret: str, body: bytes, timestamp: int) -> dict[str, str]:
    """The headers that prove a request came from Slack (version v0)."""
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"x-slack-request-timestamp": str(timestamp), "x-slack-signature": f"v0={digest}"}
