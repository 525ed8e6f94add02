"""Start the fake workspace alone: `python -m sandbox.slack --port 8090`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys

from sandbox.slack import manifest, server, workspace


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.slack", description="A Slack workspace on 127.0.0.1, in memory.")
    parser.add_argument("--port", type=int, default=0, help="TCP port; 0 takes a free one (default)")
    parser.add_argument("--manifest", default="manifest.yml", help="app manifest to install (default: ./manifest.yml)")
    parser.add_argument("--http-url", default="", help="POST signed requests to this address instead of using Socket Mode")
    parser.add_argument("--signing-secret", default=workspace.SIGNING_SECRET, help="secret of the signatures")
    parser.add_argument("--no-budgets", action="store_true", help="switch the rate limits off")
    return parser.parse_args(argv)


async def serve(options: argparse.Namespace) -> None:
    """Run until SIGINT or SIGTERM. Raises ManifestError, OSError."""
    space = workspace.Workspace.installed(
        options.manifest,
        http_url=options.http_url,
        budgets=not options.no_budgets,
        signing_secret=options.signing_secret,
    )
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with server.running(space, options.port) as base:
        print(f"Slack sandbox ready: {base}/api/ with {space.app.name} installed", flush=True)
        await stop.wait()


def main() -> int:
    """The command."""
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(serve(arguments()))
    except (manifest.ManifestError, OSError) as error:
        print(f"Slack sandbox cannot start: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
