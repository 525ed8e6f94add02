"""The page as an application: `serve` runs it beside whatever else a process does."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from nicegui import ui

from sandbox.page import chaos, tab

LOOK = Path(__file__).with_name("look.css")
SIGHT = Path(__file__).with_name("page.js")


class Server(uvicorn.Server):
    """A uvicorn server that leaves the signals to the process around it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def build(levers: chaos.Levers) -> FastAPI:
    """The page at `/`. Once per process: NiceGUI keeps its pages in one place."""
    tab.install(levers)
    ui.add_css(LOOK.read_text(encoding="utf-8"), shared=True)
    ui.add_head_html(f"<script>{SIGHT.read_text(encoding='utf-8')}</script>", shared=True)
    outer = FastAPI(title="Anomaly Desk sandbox", docs_url=None, redoc_url=None, openapi_url=None)
    ui.run_with(outer, title="Anomaly Desk sandbox", favicon="🗂️", dark=None, show_welcome_message=False, reconnect_timeout=5)
    return outer


def server(levers: chaos.Levers, port: int, host: str = "127.0.0.1") -> Server:
    """The page's server, not yet started."""
    config = uvicorn.Config(build(levers), host=host, port=port, log_level="warning", access_log=False, timeout_graceful_shutdown=1)
    return Server(config)
