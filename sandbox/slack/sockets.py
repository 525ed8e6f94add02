"""Socket Mode: up to ten WebSockets; each envelope goes to one of them, and its ack may come back on any."""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from sandbox.slack import limits, population, workspace


class Hub:
    """The open connections of the app, and the envelopes that wait for an ack."""

    def __init__(self, space: workspace.Workspace) -> None:
        self._space = space
        self._sockets: list[WebSocket] = []
        self._waiting: dict[str, asyncio.Future[Any]] = {}
        self._cuts: set[asyncio.Task[None]] = set()
        self._turn = 0

    @property
    def connections(self) -> int:
        """How many sockets are open."""
        return len(self._sockets)

    async def endpoint(self, socket: WebSocket) -> None:
        """One connection, from its ticket to its end."""
        ticket = socket.query_params.get("ticket", "")
        if ticket not in self._space.socket_tickets:
            await socket.close(4001)
            return
        self._space.socket_tickets.discard(ticket)
        await socket.accept()
        if len(self._sockets) >= limits.SOCKETS:
            await socket.send_json({"type": "disconnect", "reason": "too_many_websockets", "debug_info": {"host": "sandbox"}})
            await socket.close()
            return
        self._sockets.append(socket)
        info = {"host": "sandbox", "build_number": 1, "approximate_connection_time": 18060}
        hello = {"type": "hello", "num_connections": len(self._sockets), "connection_info": {"app_id": population.APP}}
        try:
            await socket.send_json({**hello, "debug_info": info})
            self._space.changed()
            while True:
                self._acknowledged(await socket.receive_text())
        except (WebSocketDisconnect, RuntimeError):
            # RuntimeError: starlette's word for a socket that we closed while the client was still talking.
            self._forget(socket)

    def _forget(self, socket: WebSocket) -> None:
        if socket in self._sockets:
            self._sockets.remove(socket)
            self._space.changed()

    def _acknowledged(self, text: str) -> None:
        try:
            message = json.loads(text)
        except ValueError:
            return
        future = self._waiting.get(str(message.get("envelope_id"))) if isinstance(message, dict) else None
        if future is not None and not future.done():
            future.set_result(message.get("payload"))

    async def deliver(self, kind: str, payload: dict[str, Any], *, answers: bool, retry: tuple[int, str] | None = None) -> Any:
        """The payload of the ack. Raises ConnectionError without a connection, TimeoutError when no ack comes in time."""
        ident = str(uuid.uuid4())
        envelope: dict[str, Any] = {"envelope_id": ident, "type": kind, "payload": payload, "accepts_response_payload": answers}
        if kind == "events_api":
            attempt, reason = retry or (0, "")
            envelope |= {"retry_attempt": attempt, "retry_reason": reason}
        future = self._waiting[ident] = asyncio.get_running_loop().create_future()
        try:
            await self._send(envelope)
            return await asyncio.wait_for(future, self._space.ack_seconds)
        finally:
            del self._waiting[ident]

    async def _send(self, envelope: dict[str, Any]) -> None:
        while self._sockets:
            self._turn += 1
            socket = self._sockets[self._turn % len(self._sockets)]
            try:
                await socket.send_json(envelope)
            except (WebSocketDisconnect, RuntimeError):
                self._forget(socket)
            else:
                return
        raise ConnectionError("the app is not connected")

    async def disconnect(self, reason: str) -> int:
        """Tell all connections to go, as Slack does every few hours (`refresh_requested`); returns how many there were.

        They get nothing new from now on. Who has not gone after ten seconds is cut off.
        """
        sockets, self._sockets = self._sockets, []
        for socket in sockets:
            with contextlib.suppress(WebSocketDisconnect, RuntimeError):
                await socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}})
            task = asyncio.ensure_future(_cut(socket))
            self._cuts.add(task)
            task.add_done_callback(self._cuts.discard)
        self._space.changed()
        return len(sockets)

    def close(self) -> None:
        """Stop waiting for connections to go."""
        for task in self._cuts:
            task.cancel()


async def _cut(socket: WebSocket) -> None:
    await asyncio.sleep(limits.SOCKET_GRACE_SECONDS)
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        await socket.close()
