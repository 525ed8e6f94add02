"""The ASGI application, and a real server on loopback for tests and the demo."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox.slack import api, app_link, control, event_shapes, response_urls, uploads, workspace


class Protocol(H11Protocol):
    """Lets the application cut a connection: ASGI itself has no word for that."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}
        # asyncio leaves Nagle's algorithm on for sockets made without a protocol number: 40 ms on every answer.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def create(space: workspace.Workspace) -> Starlette:
    """The fake Slack of this workspace: Web API, response URLs, Socket Mode and control routes.

    Dropping connections needs a server with `Protocol`, as `config` makes it.
    """
    outbound = app_link.AppLink(space)
    web = api.Api(space)
    space.written.append(lambda channel, message: event_shapes.own_message(outbound.event, channel, message))
    app = Starlette(
        routes=[
            Route("/api/{method}", web.endpoint, methods=["GET", "POST"]),
            Route("/response/{path:path}", response_urls.ResponseUrls(space, web).endpoint, methods=["POST"]),
            Route("/upload/v1/{ticket}", uploads.Uploads(space, web).endpoint, methods=["POST"]),
            WebSocketRoute("/link/", outbound.hub.endpoint),
            *control.Control(space, outbound).routes(),
        ]
    )
    app.state.delivery = outbound
    return app


def config(app: Starlette) -> uvicorn.Config:
    """How the application is served."""
    return uvicorn.Config(
        app,
        http=Protocol,
        ws="websockets-sansio",
        lifespan="off",
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=30,
    )


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]
        """Leave signals to whoever runs this server inside a larger program."""
        yield


@contextlib.asynccontextmanager
async def running(space: workspace.Workspace, port: int = 0) -> AsyncIterator[str]:
    """Serve a workspace on 127.0.0.1 (port 0: a free one); yields the base URL, `<base>/api/` is SLACK_API_URL."""
    listener = socket.create_server(("127.0.0.1", port))
    space.base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    app = create(space)
    server = _Server(config(app))
    serving = asyncio.ensure_future(server.serve(sockets=[listener]))
    try:
        while not server.started:
            if serving.done():
                await serving
            await asyncio.sleep(0.005)
        yield space.base_url
    finally:
        space.close()
        server.should_exit = True
        await serving
        await app.state.delivery.close()
        listener.close()
