"""A webhook channel: it posts what happens to anomalies that have triggers, once each, and remembers what was answered."""

from __future__ import annotations

from collections import deque
from typing import Any

import httpx
import pydantic

from sandbox.anodot import account, push_json

SECONDS = 10.0


class Hook(pydantic.BaseModel):
    """Where to post: with basic authentication where a password is set. `extended` and `ungrouped` are forms of the body."""

    model_config = pydantic.ConfigDict(extra="forbid")

    url: str = ""
    user: str = "anodot"
    password: str = ""
    extended: bool = False
    ungrouped: bool = False


class Channel:
    """The one channel of an account; nothing is told while its hook has no URL."""

    def __init__(self, state: account.Account) -> None:
        self.world = state
        self.base = ""
        """The address that links begin with."""
        self.hook = Hook()
        self.sent: deque[dict[str, Any]] = deque(maxlen=200)

    async def deliver(self) -> None:
        """Post what happened since the last time."""
        if not self.hook.url:
            self.world.news.clear()
        while self.world.news:
            event, anomaly = self.world.news.popleft()
            await self.post(anomaly, event, self.hook)

    async def post(self, anomaly: account.Anomaly, event: str, hook: Hook) -> list[dict[str, Any]]:
        """Post one event now; returns the bodies with what was answered, 0 for nothing."""
        bodies = push_json.bodies(anomaly, event, self.world, self.base, extended=hook.extended, ungrouped=hook.ungrouped)
        auth = httpx.BasicAuth(hook.user, hook.password) if hook.password else httpx.Auth()
        told = []
        # The desk is on loopback; building a TLS context takes longer than the post.
        async with httpx.AsyncClient(verify=False, trust_env=False, timeout=SECONDS) as web:
            for body in bodies:
                try:
                    status = (await web.post(hook.url, json=body, auth=auth)).status_code
                except httpx.HTTPError:
                    status = 0
                told.append({"event": event, "id": anomaly.id, "status": status, "body": body})
        self.sent.extend(told)
        return told
