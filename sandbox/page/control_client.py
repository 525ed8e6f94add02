"""The control interfaces of the fake servers, as the page speaks them: HTTP and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

Json = dict[str, Any]

SILENT: Json = {"ok": False, "error": "no_answer"}
"""What a control call returns when the server is not there."""


class Control:
    """The `/_control/` routes of one server. When it is away, reads give their default and writes give `SILENT`."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        self._client = httpx.AsyncClient(base_url=f"{self.base_url}/_control/", timeout=httpx.Timeout(15, connect=2), trust_env=False)

    async def close(self) -> None:
        await self._client.aclose()

    async def read(self, path: str, default: Any, params: Mapping[str, Any] | None = None, *, seconds: float = 15) -> Any:
        """GET `path` as JSON; `default` when the server is away or refuses."""
        try:
            answer = await self._client.get(path, params=params, timeout=seconds)
            return answer.json() if answer.is_success else default
        except (httpx.HTTPError, ValueError):
            return default

    async def bytes_of(self, path: str) -> bytes | None:
        """GET `path` as it is; None when the server is away or refuses."""
        try:
            answer = await self._client.get(path)
            return answer.content if answer.is_success else None
        except httpx.HTTPError:
            return None

    async def write(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Json:
        """Send JSON to `path`; always a dict, with `ok` False and `error` when it did not work."""
        try:
            answer = await self._client.request(method, path, json=dict(body or {}))
            said = answer.json() if answer.content else {}
        except (httpx.HTTPError, ValueError):
            return SILENT
        told: Json = said if isinstance(said, dict) else {"result": said}
        return told if answer.is_success else {"error": f"http_{answer.status_code}", **told, "ok": False}


class Slack(Control):
    """The fake workspace: what a person sees and does."""

    async def changes(self, since: int, seconds: float = 20) -> int | None:
        """Wait until something has changed after revision `since`; None when the server is away."""
        told = await self.read("changes", None, {"since": since, "timeout": seconds}, seconds=seconds + 10)
        return int(told["revision"]) if told else None

    async def channels(self, user: str) -> list[Json]:
        return rows(await self.read("channels", [], {"user": user}), "channels")

    async def people(self) -> list[Json]:
        return rows(await self.read("people", []), "people")

    async def commands(self) -> list[Json]:
        return rows(await self.read("commands", []), "commands")

    async def shortcuts(self) -> list[Json]:
        return rows(await self.read("shortcuts", []), "shortcuts")

    async def messages(self, channel: str, user: str) -> list[Json]:
        return rows(await self.read(f"channels/{channel}/messages", [], {"user": user}), "messages")

    async def file(self, file: Json) -> bytes | None:
        """What is in a file; None when it is not there."""
        return await self.bytes_of(f"files/{file.get('id', '')}")

    async def views(self, user: str) -> list[Json]:
        return rows(await self.read(f"views/{user}", []), "views")

    async def home(self, user: str) -> Json:
        told = await self.read(f"home/{user}", {})
        return dict(told.get("view") or {})

    async def log(self) -> list[Json]:
        return rows(await self.read("log", []), "log")

    async def do(self, what: str, **body: Any) -> Json:
        """One act of a person: command, shortcut, click, select, submit, close, message, home."""
        return await self.write("POST", what, body)


def rows(told: Any, name: str) -> list[Json]:
    """A list that stands alone or under its name."""
    if isinstance(told, Mapping):
        told = told.get(name, [])
    return [row for row in told if isinstance(row, dict)] if isinstance(told, list) else []
