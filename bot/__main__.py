"""The command line: `python -m bot run | web | worker | migrate | manifest | check | hooks`."""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from bot import app, errors, serving, settings

log = logging.getLogger("bot")

MANIFEST = Path(__file__).parent.parent / "manifest.yml"
"""Beside the package, wherever the command is called from."""

GARBAGE = 10_000
"""New objects after which Python looks for circles among them. A page of a hundred anomalies is thousands of objects without any, and the
usual 700 cost a tenth of the time of a large batch."""

ROLES = {
    "run": "everything in one process",
    "web": "only what Slack asks for (run any number, with one PostgreSQL)",
    "worker": "only polling and posting (run any number, with one PostgreSQL)",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 fine, 1 a fault that is logged, 2 wrong settings."""
    parser = argparse.ArgumentParser(prog="python -m bot", description="Anomaly Desk: the anomaly queue in Slack.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for role, about in ROLES.items():
        commands.add_parser(role, help=about)
    commands.add_parser("migrate", help="bring the database up to date")
    manifest = commands.add_parser("manifest", help="print the app manifest: for Socket Mode, or with --url for Slack over HTTP")
    manifest.add_argument("--url", default="", help="the public address of the bot, like https://desk.example.com")
    manifest.add_argument("--threads", action="store_true", help="have Slack tell the bot what is said in its channels, too")
    hooks = commands.add_parser("hooks", help="where the systems' webhooks go, and what to do in their consoles")
    hooks.add_argument("--url", default="", help="the public address of the bot; by default DESK_PUBLIC_URL")
    commands.add_parser("check", help="try settings, database, Slack and the anomaly systems; posts nothing")
    given = parser.parse_args(arguments)
    if given.command == "manifest":
        print(app.manifest(MANIFEST.read_text(), given.url, threads=given.threads))
        return 0
    _log_to_stderr()
    try:
        configured = app.load(os.environ)
        if given.command == "hooks":
            print(app.hooks(configured, given.url))
            return 0
        return asyncio.run(_run(given.command, configured))
    except errors.ConfigError as error:
        for fault in error.faults:
            print(fault, file=sys.stderr)
        return 2
    except Exception:
        log.exception("Anomaly Desk has to stop")
        return 1


async def _run(command: str, configured: settings.Settings) -> int:
    if command == "migrate":
        print(f"The database is at revision {await app.migrate(configured)}.")
        return 0
    if command == "check":
        findings = await app.check(configured)
        for what, found in findings.items():
            print(f"{what}: {found.fault or 'fine'}{f', {found.seen}' if found.seen else ''}")
        return 1 if any(found.fault for found in findings.values()) else 0
    serving.raise_file_limit()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop.set)
    async with app.running(configured, listening=command != "worker", working=command != "web"):
        gc.freeze()  # what is loaded by now stays for good: looking through it again and again would hold up the whole desk
        gc.set_threshold(GARBAGE)
        log.info("ready")
        await stop.wait()
        log.info("stopping")
    return 0


def _log_to_stderr() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    # These libraries tell of each request, some with tokens or payloads in it; what matters is told once by the rooms that own them.
    for library in ("httpx", "httpcore", "apscheduler", "aiohttp.access", "alembic", "slack_bolt", "slack_sdk"):
        logging.getLogger(library).setLevel(logging.WARNING)


if __name__ == "__main__":
    sys.exit(main())
