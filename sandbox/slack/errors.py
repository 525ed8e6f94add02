"""What Slack answers when it refuses."""

from __future__ import annotations

from typing import Any


class SlackError(Exception):
    """`{"ok": false, "error": ...}`; `extra` are further keys of the answer (`errors`, `needed`, `response_metadata`)."""

    def __init__(self, error: str, **extra: Any) -> None:
        super().__init__(error)
        self.error = error
        self.extra = extra

    def body(self) -> dict[str, Any]:
        """The JSON answer."""
        return {"ok": False, "error": self.error, **self.extra}


class RateLimited(SlackError):
    """HTTP 429; `retry_after` in whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("ratelimited")
        self.retry_after = retry_after


class Refused(Exception):
    """A control request that no person in Slack could make; answered with `status` (4xx)."""

    def __init__(self, error: str, status: int = 400, **extra: Any) -> None:
        super().__init__(error)
        self.error = error
        self.status = status
        self.extra = extra
