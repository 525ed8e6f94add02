"""Slack's rate limits: a bucket for posts per channel, and at most so many calls per method in any 60 seconds."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Callable

from sandbox.slack import errors, limits

_WINDOW = 60.0


class Budgets:
    """Counts calls against the clock given. `enabled` switches it off for tests."""

    def __init__(self, now: Callable[[], float], *, enabled: bool = True) -> None:
        self.enabled = enabled
        self._now = now
        self._calls: dict[str, deque[float]] = defaultdict(deque)
        self._posts: dict[str, tuple[float, float]] = {}

    def spend(self, method: str, tier: str) -> None:
        """One call of a method. Raises RateLimited; a refused call costs nothing."""
        if self.enabled:
            self._window(method, limits.TIERS[tier])

    def spend_post(self, channel: str) -> None:
        """One post: a second of the channel's bucket and one of the workspace's minute. Raises RateLimited."""
        if not self.enabled:
            return
        now = self._now()
        tokens, at = self._posts.get(channel, (float(limits.POSTS_BURST), now))
        tokens = min(float(limits.POSTS_BURST), tokens + (now - at) * limits.POSTS_PER_SECOND)
        if tokens < 1:
            raise errors.RateLimited(max(1, math.ceil((1 - tokens) / limits.POSTS_PER_SECOND)))
        self._window("chat.postMessage", limits.POSTS_PER_MINUTE)
        self._posts[channel] = (tokens - 1, now)

    def _window(self, name: str, limit: int) -> None:
        now = self._now()
        calls = self._calls[name]
        while calls and calls[0] <= now - _WINDOW:
            calls.popleft()
        if len(calls) >= limit:
            raise errors.RateLimited(max(1, math.ceil(calls[0] + _WINDOW - now)))
        calls.append(now)
