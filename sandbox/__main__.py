"""`python -m sandbox`: the whole product offline in one command. A workspace in the browser, a fake Qualytics, and the real bot."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import shlex
import signal
import socket
import sys
import tempfile
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox import processes
from sandbox.page import app, chaos, control_client
from sandbox.qualytics import tokens

CHANNEL = "C0QUALITY"
ADMIN = "U0DANA"
WEBHOOK_SECRET = "sandbox-push"
OURS = ("SLACK_", "QUALYTICS_", "ANODOT_", "ANOMIFY_", "AUTIONAL_", "DESK_", "DATABASE_URL", "PORT")
"""Settings of the bot: what the visitor's shell says about them must not reach the demo."""

BOT_SECONDS = 20.0
"""How long the bot may take to finish what it does (design section 6)."""


@dataclass(frozen=True)
class Ports:
    """Where everything listens, on loopback."""

    page: int
    slack: int
    qualytics: int
    bot: int


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="The whole product offline: open the printed address in a browser."
    )
    parser.add_argument("--port", type=int, default=8080, help="of the page; the next free one when it is taken (0: any)")
    parser.add_argument("--seed", type=int, default=7, help="the same seed tells the same story")
    parser.add_argument("--latency-ms", type=int, default=100, help="of each Qualytics call")
    parser.add_argument("--open", type=int, default=12, help="anomalies that are open already")
    parser.add_argument("--arrivals", type=float, default=20, metavar="SECONDS", help="a new anomaly every so often (0: none)")
    parser.add_argument("--scans", type=float, default=180, metavar="SECONDS", help="somebody starts a scan every so often (0: nobody)")
    parser.add_argument("--operation-seconds", type=float, default=20, metavar="SECONDS", help="how long a scan takes")
    parser.add_argument("--poll", type=int, default=3, metavar="SECONDS", help="how often the bot asks Qualytics")
    parser.add_argument("--bot", default=shlex.join([sys.executable, "-m", "bot", "run"]), help="the command that runs the bot")
    return parser.parse_args(argv)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return True
    return False


def choose(wanted: int) -> Ports:
    """The wanted port for the page or the next free one, and free ones for the rest."""
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(4)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        free = [int(probe.getsockname()[1]) for probe in probes]
    page = next((port for port in range(wanted, wanted + 100) if _is_free(port)), free[0]) if wanted else free[0]
    return Ports(page, *free[1:])


def bot_environment(ports: Ports, folder: str, poll: int, outside: Mapping[str, str]) -> dict[str, str]:
    """The bot's environment: all that tells the demo from production."""
    kept = {name: value for name, value in outside.items() if not name.startswith(OURS)}
    return {
        **kept,
        "PYTHONUNBUFFERED": "1",
        "SLACK_BOT_TOKEN": "xoxb-sandbox",
        "SLACK_APP_TOKEN": "xapp-sandbox",
        "SLACK_API_URL": f"http://127.0.0.1:{ports.slack}/api/",
        "DATABASE_URL": f"sqlite:///{folder}/anomaly-desk.db",
        "QUALYTICS_URL": f"http://127.0.0.1:{ports.qualytics}",
        "QUALYTICS_TOKEN": tokens.SANDBOX_TOKEN,
        "DESK_CHANNEL": CHANNEL,
        "DESK_POLL_SECONDS": str(poll),
        "DESK_ADMINS": ADMIN,
        "DESK_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "DESK_PUBLIC_URL": f"http://127.0.0.1:{ports.bot}",
        "PORT": str(ports.bot),
    }


def pushing(port: int) -> str:
    """What somebody types who wants to see a push: the bot reads the anomaly that the link names."""
    body = """'{"anomaly": "https://acme.example/anomalies/1001"}'"""
    return f"curl http://127.0.0.1:{port}/hooks/qualytics -H 'X-Desk-Secret: {WEBHOOK_SECRET}' -d {body}"


class Demo:
    """The servers, the page and the bot, from start to stop."""

    def __init__(self, options: argparse.Namespace, folder: str) -> None:
        self._ports = ports = choose(options.port)
        self._arrivals = options.arrivals
        python, here = sys.executable, dict(os.environ)
        feed = ["--seed", options.seed, "--latency-ms", options.latency_ms, "--open", options.open, "--arrivals", options.arrivals]
        feed += ["--scans", options.scans, "--operation-seconds", options.operation_seconds]
        self._slack = processes.Child("slack", [python, "-m", "sandbox.slack", "--port", str(ports.slack)], here)
        qualytics = [python, "-m", "sandbox.qualytics", "--port", str(ports.qualytics), *map(str, feed)]
        self._qualytics = processes.Child("qualytics", qualytics, here)
        self._bot = processes.Child("bot", shlex.split(options.bot), bot_environment(ports, folder, options.poll, os.environ))
        self._levers = chaos.Levers(
            control_client.Slack(f"http://127.0.0.1:{ports.slack}"),
            control_client.Control(f"http://127.0.0.1:{ports.qualytics}"),
            self._bot,
        )
        self._page = app.server(self._levers, ports.page)
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        """Everything, until SIGINT or SIGTERM; the bot is the first to go, the servers the last."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop.set)
        self._keep(self._slack.run())
        self._keep(self._qualytics.run())
        page = asyncio.create_task(self._page.serve())
        page.add_done_callback(lambda _: self._stop.set())
        starting = asyncio.create_task(self._start_bot())
        print(f"\n  The workspace is at http://127.0.0.1:{self._ports.page}/  (Ctrl-C ends it)", flush=True)
        print(f"  A push by hand: {pushing(self._ports.bot)}\n", flush=True)
        try:
            await self._stop.wait()
        finally:
            await self._end(starting, page)
        await asyncio.gather(*self._tasks, page)

    def _keep(self, life: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(life))

    async def _end(self, starting: asyncio.Task[None], page: asyncio.Task[None]) -> None:
        print("\n  Stopping…", flush=True)
        starting.cancel()
        await self._bot.stop(BOT_SECONDS)
        self._page.should_exit = True
        await asyncio.wait([page], timeout=5)
        await asyncio.gather(self._slack.stop(5), self._qualytics.stop(5))

    async def _start_bot(self) -> None:
        """The bot needs both servers; the first card should not wait for the first arrival."""
        for server in (self._levers.slack, self._levers.qualytics):
            assert server is not None
            await _answering(server)
        self._keep(self._bot.run())
        if self._arrivals:
            await self._first_arrival()

    async def _first_arrival(self) -> None:
        """Once the bot has said what was open already, something new happens."""
        revision = -1
        while not await self._levers.slack.messages(CHANNEL, ADMIN):
            revision = await self._levers.slack.changes(revision) or revision
        assert self._levers.qualytics is not None
        await self._levers.qualytics.write("POST", "anomalies", {"count": 1})


async def _answering(server: control_client.Control) -> None:
    for _ in range(600):
        if await server.read("changes", None, {"since": -1, "timeout": 0}, seconds=5) is not None:
            return
        await asyncio.sleep(0.05)
    print(f"  The server at {server.base_url} does not come up; see its output above.", flush=True)


def main() -> None:
    options = arguments(sys.argv[1:])
    with tempfile.TemporaryDirectory(prefix="anomaly-desk-") as folder:
        asyncio.run(Demo(options, folder).run())


if __name__ == "__main__":
    main()
