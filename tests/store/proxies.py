"""A TCP proxy before a database that can go silent, or away, as networks do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Proxy:
    """Forwards connections until told otherwise. `port` stays the same."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._links: dict[asyncio.Task[None], list[asyncio.StreamWriter]] = {}
        self._dead: list[asyncio.StreamWriter] = []
        self.silent, self.port, self.accepted = False, 0, 0
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Take connections."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def silence(self) -> None:
        """From now on nothing gets through, and nobody is told: connections stay open, and new ones are accepted."""
        self.silent = True
        for task, writers in self._links.items():
            task.cancel()
            self._dead += writers

    def speak(self) -> None:
        """New connections work again; the old ones stay as they are."""
        self.silent = False

    async def vanish(self) -> None:
        """Everything breaks at once, and new connections are refused."""
        assert self._server is not None
        self._server.close()
        for task, writers in list(self._links.items()):
            task.cancel()
            for writer in writers:
                writer.transport.abort()

    async def close(self) -> None:
        """The end."""
        await self.vanish()
        for writer in self._dead:
            writer.transport.abort()
        await asyncio.gather(*self._links, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        if self.silent:
            self._dead.append(writer)
            return
        there, onward = await asyncio.open_unix_connection(self._target)
        for source, sink in ((reader, onward), (there, writer)):
            task = asyncio.create_task(self._pump(source, sink))
            self._links[task] = [writer, onward]
            task.add_done_callback(self._links.pop)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()
        except ConnectionError:
            pass
        sink.close()


@asynccontextmanager
async def before(socket_path: str) -> AsyncIterator[Proxy]:
    """A proxy before the unix socket of a server."""
    proxy = Proxy(socket_path)
    await proxy.open()
    yield proxy
    await proxy.close()
