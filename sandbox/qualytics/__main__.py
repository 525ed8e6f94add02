"""`python -m sandbox.qualytics --port N --seed S --latency-ms L [--open N] [--arrivals SECONDS] [--scans SECONDS]`."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from sandbox.qualytics import deployment, server


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.qualytics", description="A fake Qualytics on loopback.")
    parser.add_argument("--port", type=int, default=8042, help="0 takes a free one")
    parser.add_argument("--seed", type=int, default=25, help="the same seed tells the same story")
    parser.add_argument("--latency-ms", type=float, default=100, help="added to every call")
    parser.add_argument("--open", type=int, default=12, help="anomalies that are open at the start")
    parser.add_argument("--arrivals", type=float, default=0, metavar="SECONDS", help="a new anomaly every so often (0: none)")
    parser.add_argument("--scans", type=float, default=0, metavar="SECONDS", help="somebody starts a scan every so often (0: nobody)")
    parser.add_argument("--operation-seconds", type=float, default=6, help="how long a scan or another operation takes")
    return parser.parse_args(argv)


async def main(options: argparse.Namespace) -> None:
    """Serve until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    state = deployment.Deployment(seed=options.seed, open_count=options.open)
    state.modes.arrivals, state.modes.scans = options.arrivals, options.scans
    state.modes.operation_seconds = options.operation_seconds
    async with server.running(state, options.port, options.latency_ms) as url:
        print(f"Qualytics sandbox ready at {url}/api with {options.open} open anomalies", flush=True)
        await stop.wait()


if __name__ == "__main__":
    wanted = arguments(sys.argv[1:])
    try:
        asyncio.run(main(wanted))
    except OSError as error:
        sys.exit(f"Cannot listen on port {wanted.port}: {error.strerror}. Choose another one with --port.")
