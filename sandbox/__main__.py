"""`python -m sandbox`: the whole product offline in one command. A workspace in the browser, the fake systems, and the real bot."""

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
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox import processes, systems
from sandbox.page import app, chaos, control_client

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
    bot: int
    systems: Mapping[str, int]
    """By name."""


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="The whole product offline: open the printed address in a browser."
    )
    parser.add_argument("--port", type=int, default=8080, help="of the page; the next free one when it is taken (0: any)")
    parser.add_argument("--seed", type=int, default=7, help="the same seed tells the same story")
    parser.add_argument("--latency-ms", type=int, default=100, help="of each call of a system")
    parser.add_argument("--open", type=int, default=12, help="anomalies that are open already in each system")
    parser.add_argument("--arrivals", type=float, default=20, metavar="SECONDS", help="a new anomaly every so often, somewhere (0: none)")
    parser.add_argument("--scans", type=float, default=180, metavar="SECONDS", help="somebody starts a scan every so often (0: nobody)")
    parser.add_argument("--operation-seconds", type=float, default=20, metavar="SECONDS", help="how long a scan takes")
    parser.add_argument("--poll", type=int, default=3, metavar="SECONDS", help="how often the bot asks each system")
    names = [system.name for system in systems.SYSTEMS]
    parser.add_argument("--only", action="append", default=[], choices=names, help="this system alone; may be repeated (default: all)")
    parser.add_argument("--bot", default=shlex.join([sys.executable, "-m", "bot", "run"]), help="the command that runs the bot")
    return parser.parse_args(argv)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return True
    return False


def choose(wanted: int, names: Sequence[str]) -> Ports:
    """The wanted port for the page or the next free one, and free ones for the rest."""
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(3 + len(names))]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        free = [int(probe.getsockname()[1]) for probe in probes]
    page = next((port for port in range(wanted, wanted + 100) if _is_free(port)), free[0]) if wanted else free[0]
    return Ports(page, free[1], free[2], dict(zip(names, free[3:], strict=True)))


def _at(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def bot_environment(ports: Ports, there: Sequence[systems.System], folder: str, poll: int, outside: Mapping[str, str]) -> dict[str, str]:
    """The bot's environment: all that tells the demo from production."""
    kept = {name: value for name, value in outside.items() if not name.startswith(OURS)}
    told = {name: value for system in there for name, value in system.settings(_at(ports.systems[system.name])).items()}
    return {
        **kept,
        "PYTHONUNBUFFERED": "1",
        "SLACK_BOT_TOKEN": "xoxb-sandbox",
        "SLACK_APP_TOKEN": "xapp-sandbox",
        "SLACK_API_URL": f"{_at(ports.slack)}/api/",
        "DATABASE_URL": f"sqlite:///{folder}/anomaly-desk.db",
        **told,
        "DESK_CHANNEL": CHANNEL,
        "DESK_POLL_SECONDS": str(poll),
        "DESK_ADMINS": ADMIN,
        "DESK_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "DESK_PUBLIC_URL": f"http://127.0.0.1:{ports.bot}",
        "PORT": str(ports.bot),
    }


def pushing(port: int, there: Sequence[systems.System]) -> Sequence[str]:
    """What somebody types who wants to see a push, for each system that has any: the bot reads the anomaly that it names, else what is
    new."""
    return [
        f"curl http://127.0.0.1:{port}/hooks/{one.name} -H 'X-Desk-Secret: {WEBHOOK_SECRET}' -d '{one.body}'" for one in there if one.body
    ]


def hook(port: int, name: str) -> dict[str, str]:
    """Where the fake of a system posts what happens, as its console would be told."""
    return {"url": f"{_at(port)}/hooks/{name}", "password": WEBHOOK_SECRET}


class Demo:
    """The servers, the page and the bot, from start to stop."""

    def __init__(self, options: argparse.Namespace, folder: str) -> None:
        self._there = there = systems.chosen(options.only)
        self._ports = ports = choose(options.port, [system.name for system in there])
        self._arrivals = options.arrivals
        python, here = sys.executable, dict(os.environ)
        self._slack = processes.Child("slack", [python, "-m", "sandbox.slack", "--port", str(ports.slack)], here)
        self._systems = [
            processes.Child(one.name, [python, *systems.command(one, ports.systems[one.name], vars(options), len(there))], here)
            for one in there
        ]
        settings = bot_environment(ports, there, folder, options.poll, os.environ)
        self._bot = processes.Child("bot", shlex.split(options.bot), settings)
        self._levers = chaos.Levers(
            control_client.Slack(_at(ports.slack)),
            {name: control_client.Control(_at(port)) for name, port in ports.systems.items()},
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
        for child in (self._slack, *self._systems):
            self._keep(child.run())
        page = asyncio.create_task(self._page.serve())
        page.add_done_callback(lambda _: self._stop.set())
        starting = asyncio.create_task(self._start_bot())
        while not self._page.started and not self._stop.is_set():  # noqa: ASYNC110  (the server itself has no event for this)
            await asyncio.sleep(0.01)
        print(f"\n  The workspace is at http://127.0.0.1:{self._ports.page}/  (Ctrl-C ends it)", flush=True)
        for line in pushing(self._ports.bot, self._there):
            print(f"  A push by hand: {line}", flush=True)
        print(flush=True)
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
        await asyncio.gather(*(child.stop(5) for child in (self._slack, *self._systems)))

    async def _start_bot(self) -> None:
        """The bot needs all servers; the first card should not wait for the first arrival."""
        for server in (self._levers.slack, *self._levers.systems.values()):
            await _answering(server)
        for system in self._there:
            if system.pushes:
                await self._levers.systems[system.name].write("POST", "hook", hook(self._ports.bot, system.name))
        self._keep(self._bot.run())
        if self._arrivals:
            await self._first_arrivals()

    async def _first_arrivals(self) -> None:
        """Once the bot has said what was open already in each system, something new happens in each."""
        revision = -1
        while len(await self._levers.slack.messages(CHANNEL, ADMIN)) < len(self._systems):
            revision = await self._levers.slack.changes(revision) or revision
        for server in self._levers.systems.values():
            await server.write("POST", "anomalies", {"count": 1})


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
