"""The listening side of the web face: sockets, how many connections at once, and how long each may take to ask.

Nobody is known here yet, so everything is bounded, counted, and not logged. Connections are accepted here instead of by asyncio: when
the process runs out of files, its loop logs each try and starts itself several times over, which is what starves everything else.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from bot import errors, ports

_log = logging.getLogger(__name__)

HEAD_SECONDS = 10.0
"""How long a request's headers may take, from the connection or from their first byte."""
IDLE_SECONDS = 75.0
"""How long a connection may wait for its next request: longer than the 60 s of proxies, or they would send into one that just closes."""
STOP_SECONDS = 15.0
"""How long requests under way may take after `stop`: less than the 20 s of SIGTERM (design section 6)."""

READ_BYTES = 32 * 1024
"""So much of a connection is read and parsed before the others get a turn, and before what came is judged; asyncio's own measure is
eight times as much: enough for thousands of requests, or tens of thousands of chunks."""

BACKLOG = 128
PAUSE_SECONDS = 1.0
MOST_CONNECTIONS = 1024


def raise_file_limit() -> int:
    """Lift this process's soft limit of open files to its hard one; returns what holds now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (OSError, ValueError):  # some systems name a hard limit that they do not give
            return soft
    return hard


def most_connections() -> int:
    """How many connections are open at once: half of the files, so that Slack, the systems and the database keep theirs."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_CONNECTIONS if soft == resource.RLIM_INFINITY else max(1, min(MOST_CONNECTIONS, soft // 2))


async def serve(app: web.Application, port: int, host: str, telemetry: ports.Telemetry) -> Callable[[], Awaitable[None]]:
    """Listen on `port` of `host`, "" for all interfaces; returns what stops it: no new requests, those under way end.

    Raises `errors.ConfigError` when the port or the address cannot be used.
    """
    try:
        sockets = _sockets(host, port)
    except OSError as error:
        where = f"PORT {port}" + (f" of DESK_HOST {host}" if host else "")
        raise errors.ConfigError([f"{where} cannot be used: {error.strerror}."]) from error
    runner = web.AppRunner(app, shutdown_timeout=STOP_SECONDS)
    await runner.setup()
    assert runner.server is not None
    doors = Doors(runner.server, most_connections(), telemetry)
    accepting = [asyncio.create_task(doors.accept(one)) for one in sockets]

    async def stop() -> None:
        for task in accepting:
            task.cancel()
        await asyncio.gather(*accepting, return_exceptions=True)
        for one in sockets:
            one.close()
        await runner.cleanup()

    return stop


def _sockets(host: str, port: int) -> list[socket.socket]:
    """Listening sockets: of all interfaces one for both families, where the machine has both; of a name one for each address."""
    made: list[socket.socket] = []
    try:
        if host:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
            addresses = {str(address[0]): family for family, _, _, _, address in found}
            made += [socket.create_server((address, port), family=family, backlog=BACKLOG) for address, family in addresses.items()]
        else:
            made.append(_everywhere(port))
    except OSError:
        for one in made:
            one.close()
        raise
    for one in made:
        one.setblocking(False)
    return made


def _everywhere(port: int) -> socket.socket:
    if socket.has_dualstack_ipv6():
        try:
            return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=BACKLOG)
        except OSError:  # a kernel that knows IPv6 and has no address of it
            pass
    return socket.create_server(("", port), backlog=BACKLOG)


class Doors:
    """Lets connections in. When there are too many, the one that has waited longest without an authenticated request makes room."""

    def __init__(self, server: web.Server, most: int, telemetry: ports.Telemetry) -> None:
        self._server, self._most, self._telemetry = server, most, telemetry
        self._open: set[Connection] = set()
        self._waiting: dict[Connection, None] = {}
        self._entering: set[asyncio.Task[Any]] = set()
        self._out_of_files = False

    async def accept(self, listening: socket.socket) -> None:
        """Accept until cancelled. One line when nothing can be accepted any more, one when it can again."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                connected, _ = await loop.sock_accept(listening)
            except ConnectionAbortedError:
                continue
            except OSError as error:
                await self._starved(error)
                continue
            if self._out_of_files:
                _log.info("connections are accepted again")
            self._out_of_files = False
            self._enter(connected)
            await asyncio.sleep(0)

    async def _starved(self, error: OSError) -> None:
        if not self._out_of_files:
            _log.warning("no further connection can be accepted (%s); trying again every %g s", error.strerror, PAUSE_SECONDS)
        self._out_of_files = True
        self._telemetry.count("connections_cut", reason="files")
        self._cut_oldest()
        await asyncio.sleep(PAUSE_SECONDS)

    def _enter(self, connected: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        task = loop.create_task(loop.connect_accepted_socket(lambda: Connection(self._server, self), connected))
        self._entering.add(task)

        def entered(ended: asyncio.Task[Any]) -> None:
            self._entering.discard(ended)
            if ended.cancelled() or ended.exception() is not None:
                connected.close()

        task.add_done_callback(entered)

    def opened(self, connection: Connection) -> None:
        """It is there, and has asked nothing yet."""
        self._open.add(connection)
        self._waiting[connection] = None
        if len(self._open) > self._most:
            self.count("crowded")
            self._cut_oldest()

    def admitted(self, connection: Connection) -> None:
        """Its request is authenticated: it may take the time that it takes."""
        self._waiting.pop(connection, None)

    def idle(self, connection: Connection) -> None:
        """Its request was answered."""
        if connection in self._open:
            self._waiting[connection] = None

    def closed(self, connection: Connection) -> None:
        """It is gone."""
        self._open.discard(connection)
        self._waiting.pop(connection, None)

    def count(self, reason: str) -> None:
        """A connection was cut: late, crowded, or no HTTP at all."""
        self._telemetry.count("connections_cut", reason=reason)

    def _cut_oldest(self) -> None:
        if self._waiting:
            next(iter(self._waiting)).cut()


class Connection(web.RequestHandler):
    """One connection: cut when its headers take too long, and told of by a counter alone when it speaks no HTTP."""

    def __init__(self, server: web.Server, doors: Doors) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=IDLE_SECONDS,
            access_log=None,  # type: ignore[arg-type]  # it would show ?key=
            auto_decompress=False,  # nothing is decoded before it is authenticated
            lingering_time=0.0,
        )
        self._doors = doors
        self._late: asyncio.TimerHandle | None = None
        self._busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for its first request."""
        super().connection_made(transport)
        if hasattr(transport, "max_size"):  # of asyncio's own loop
            transport.max_size = READ_BYTES
        self._doors.opened(self)
        self._expect()

    def data_received(self, data: bytes) -> None:
        """More of a request."""
        if not self._busy:
            self._expect()
        super().data_received(data)

    def connection_lost(self, exc: BaseException | None) -> None:
        """It is gone."""
        self._doors.closed(self)
        self._arrived()
        super().connection_lost(exc)

    def begun(self) -> None:
        """The headers of a request are there."""
        self._busy = True
        self._arrived()

    def admitted(self) -> None:
        """The request is authenticated."""
        self._doors.admitted(self)

    def ended(self) -> None:
        """The request is answered."""
        self._busy = False
        self._doors.idle(self)

    def cut(self) -> None:
        """Close it now, whatever it is doing."""
        self._doors.closed(self)
        if self.transport is not None:
            self.transport.abort()
        self.force_close()

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """What is no HTTP is counted. The library writes a traceback for each, and strangers may send a million."""
        self._doors.count("no HTTP")
        answer = web.Response(status=400)
        answer.force_close()
        return answer

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Only what a stranger's bytes do to the parser comes here: the face answers for its own routes."""
        self._doors.count("broken")

    def _expect(self) -> None:
        if self._late is None:
            self._late = asyncio.get_running_loop().call_later(HEAD_SECONDS, self._too_late)

    def _arrived(self) -> None:
        if self._late is not None:
            self._late.cancel()
        self._late = None

    def _too_late(self) -> None:
        self._late = None
        self._doors.count("late")
        self.cut()
