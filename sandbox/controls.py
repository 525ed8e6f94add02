"""What `/_control` of every fake system has: faults, switches, the log of calls, waiting for changes. Not part of any vendor's contract."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, ClassVar, Protocol

import pydantic
from starlette import requests, responses, routing

from sandbox import faults, recorder, revisions

LONGEST_POLL = 60.0
Handler = Callable[[requests.Request], Awaitable[Any]]
Row = tuple[str, str, Handler]
"""Method, path below `/_control`, and who answers with what becomes JSON."""


class Bad(ValueError):
    """The request makes no sense; the text says why."""


def one_of(known: Sequence[str]) -> Callable[[Any], str]:
    """Reads one of these words. Raises Bad for any other one."""

    def word(value: Any) -> str:
        if value not in known:
            raise Bad(f"unknown word {value!r}; known: {', '.join(known)}")
        return str(value)

    return word


class World(Protocol):
    """What the common routes have to know of a fake system."""

    revision: int
    modes: Any
    visits: revisions.Visits

    async def changed(self, since: int, timeout: float) -> int: ...

    def touch(self) -> None: ...


class Controls:
    """The common control routes of one world; `rows` of a fake adds its own."""

    refused: ClassVar[tuple[type[Exception], ...]] = (Bad, faults.BadFault, pydantic.ValidationError, KeyError, TypeError, ValueError)

    def __init__(self, world: World, trouble: faults.Faults, log: recorder.Recorder) -> None:
        self._about, self.faults, self.log = world, trouble, log

    def routes(self) -> list[routing.BaseRoute]:
        table = (*self.rows(), *self._common())
        return [routing.Route("/_control" + path, self._answered(handler), methods=[method]) for method, path, handler in table]

    def rows(self) -> Sequence[Row]:
        """The routes that only this fake has."""
        return ()

    def switched(self, wanted: dict[str, Any]) -> Any:
        """The switches after a change. Raises pydantic.ValidationError for an unknown one or an unknown value."""
        now = self._about.modes
        return type(now).model_validate({**now.model_dump(), **wanted})

    def _common(self) -> Sequence[Row]:
        return (
            ("GET", "/faults", self.show_faults),
            ("POST", "/faults", self.add_fault),
            ("DELETE", "/faults", self.clear_faults),
            ("GET", "/modes", self.show_modes),
            ("POST", "/modes", self.set_modes),
            ("GET", "/log", self.show_log),
            ("POST", "/log/clear", self.clear_log),
            ("GET", "/changes", self.changes),
            ("GET", "/visits", self.visits),
        )

    async def show_faults(self, request: requests.Request) -> Any:
        return {"faults": [fault.to_json() for fault in self.faults.all()]}

    async def add_fault(self, request: requests.Request) -> Any:
        return self.faults.add(**await read(request)).to_json()

    async def clear_faults(self, request: requests.Request) -> Any:
        ident = request.query_params.get("id")
        self.faults.clear(int(ident) if ident else None)
        return {"ok": True}

    async def show_modes(self, request: requests.Request) -> Any:
        return self._about.modes.model_dump()

    async def set_modes(self, request: requests.Request) -> Any:
        self._about.modes = self.switched(await read(request))
        self._about.touch()
        return self._about.modes.model_dump()

    async def show_log(self, request: requests.Request) -> Any:
        return {"calls": list(self.log.calls)}

    async def clear_log(self, request: requests.Request) -> Any:
        self.log.calls.clear()
        return {"ok": True}

    async def visits(self, request: requests.Request) -> Any:
        """What people did here without the bot: whose pages they opened, and what they changed when."""
        seen = self._about.visits
        return {"looked": seen.looked, "changed": [{"at": at, "id": ident} for at, ident in seen.changed]}

    async def changes(self, request: requests.Request) -> Any:
        """Wait until the revision is above `since`, at most `timeout` seconds."""
        since = int(request.query_params.get("since", 0))
        timeout = min(float(request.query_params.get("timeout", 20)), LONGEST_POLL)
        return {"revision": await self._about.changed(since, timeout)}

    def _answered(self, handler: Handler) -> Callable[[requests.Request], Awaitable[responses.Response]]:
        async def endpoint(request: requests.Request) -> responses.Response:
            try:
                answer = await handler(request)
                if request.method == "PATCH":
                    self._about.visits.changed.append((time.time(), str(request.path_params["id"])))
                return responses.JSONResponse(answer)
            except self.refused as error:
                return responses.JSONResponse({"error": f"{type(error).__name__}: {error}"}, 400)

        return endpoint


async def read(request: requests.Request) -> dict[str, Any]:
    """The body of a control call, {} without one. Raises Bad."""
    raw = await request.body()
    body = json.loads(raw) if raw else {}
    if not isinstance(body, dict):
        raise Bad("the body must be an object")
    return body


class Rhythm:
    """Something that happens every so often; a pause of 0 is never."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def due(self, pause: float) -> bool:
        now = time.monotonic()
        if not pause:
            self._last = now
        elif now - self._last >= pause:
            self._last += pause
            return True
        return False
