"""The webhook that alerts are dispatched to: up to three posts per anomaly; only 200 counts as delivered; fifteen tries (contracts 8)."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Any

import httpx
import pydantic

from sandbox.anomify import organisation, push_json

TRIES = 15
TIMEOUT = httpx.Timeout(20.0, connect=5.0)
DELIVERED = 200
"""Neither 202 nor 204 will do."""


class Hook(pydantic.BaseModel):
    """Where to post, and the `password` that goes along in the header `x-api-key`."""

    model_config = pydantic.ConfigDict(extra="forbid")

    url: str = ""
    password: str = ""


@dataclass(slots=True, eq=False)
class Post:
    """One post on its way; `due` as the running event loop tells the time."""

    what: str
    id: int
    body: push_json.Json
    due: float = 0.0
    tries: int = 0


class Channel:
    """The one webhook of an organisation; nothing is told while it has no URL."""

    def __init__(self, state: organisation.Organisation) -> None:
        self.world = state
        self.hook = Hook()
        self.outbox: list[Post] = []
        self.sent: deque[dict[str, Any]] = deque(maxlen=200)
        self._held: dict[int, Post] = {}

    def point(self, hook: Hook) -> None:
        """Post there from now on; what was on its way is forgotten."""
        self.hook = hook
        self.outbox.clear()
        self._held.clear()
        self.world.news.clear()

    async def deliver(self) -> None:
        """Post what happened since the last time, and again what was not taken."""
        self._collect()
        now = asyncio.get_running_loop().time()
        for post in [one for one in self.outbox if one.due <= now]:
            status = (await self._try(post, self.hook))["status"]
            if post not in self.outbox:
                continue
            if status == DELIVERED or post.tries >= TRIES:
                self.outbox.remove(post)
            else:
                post.due = asyncio.get_running_loop().time() + self.world.modes.retry_seconds

    def _collect(self) -> None:
        """News become posts, told as they are now."""
        modes, news = self.world.modes, self.world.news
        if not self.hook.url or modes.posts == "silent":
            news.clear()
        while news:
            what, one = news.popleft()
            post = Post(what, one.id, push_json.body(what, one, self.world))
            if modes.order == "wrong" and what == organisation.INITIAL:
                self._held[one.id] = post
                continue
            for again in (post, self._held.pop(one.id, None)):
                self.outbox += (
                    [] if again is None else [Post(again.what, again.id, again.body) for _ in range(1 + (modes.posts == "twice"))]
                )

    async def post(self, one: organisation.Anomaly, what: str, hook: Hook) -> dict[str, Any]:
        """Post this now, once; returns what was answered, 0 for nothing."""
        return await self._try(Post(what, one.id, push_json.body(what, one, self.world)), hook)

    async def _try(self, post: Post, hook: Hook) -> dict[str, Any]:
        post.tries += 1
        # The desk is on loopback; building a TLS context takes longer than the post.
        async with httpx.AsyncClient(verify=False, trust_env=False, timeout=TIMEOUT) as web:
            try:
                status = (await web.post(hook.url, json=post.body, headers={"x-api-key": hook.password})).status_code
            except httpx.HTTPError:
                status = 0
        told = {"event": post.what, "id": str(post.id), "status": status, "try": post.tries, "body": post.body}
        self.sent.append(told)
        return told
