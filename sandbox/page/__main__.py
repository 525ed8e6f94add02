"""`python -m sandbox.page --port N --slack URL [--<system> URL ...]`: the page alone, beside servers that run already."""

from __future__ import annotations

import argparse
import asyncio
import signal

from sandbox.page import app, chaos, control_client, panels


async def _run(arguments: argparse.Namespace) -> None:
    told = {name: getattr(arguments, name) for name in panels.PANELS}
    there = {name: control_client.Control(url) for name, url in told.items() if url}
    server = app.server(chaos.Levers(control_client.Slack(arguments.slack), there), arguments.port)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, setattr, server, "should_exit", True)
    print(f"The page is at http://127.0.0.1:{arguments.port}/", flush=True)
    await server.serve()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox.page", description="The workspace page alone.")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--slack", required=True, help="address of the fake Slack server")
    for name, panel in panels.PANELS.items():
        parser.add_argument(f"--{name}", default="", help=f"address of the fake {panel.title}")
    asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
