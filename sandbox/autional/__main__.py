"""`python -m sandbox.autional --port N --seed S --latency-ms L [--open N] [--arrivals SECONDS]`."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from sandbox.autional import catalogue, server, tenant, tokens


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.autional", description="A fake Autional on loopback.")
    parser.add_argument("--port", type=int, default=8043, help="0 takes a free one")
    parser.add_argument("--seed", type=int, default=25, help="the same seed tells the same story")
    parser.add_argument("--latency-ms", type=float, default=100, help="added to every call")
    parser.add_argument("--open", type=int, default=12, help="anomalies that are open at the start")
    parser.add_argument("--arrivals", type=float, default=0, metavar="SECONDS", help="a new anomaly every so often (0: none)")
    return parser.parse_args(argv)


async def main(options: argparse.Namespace) -> None:
    """Serve until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    state = tenant.Tenant(seed=options.seed, open_count=options.open)
    state.modes.arrivals = options.arrivals
    async with server.running(state, options.port, options.latency_ms) as url:
        print(f"Autional sandbox ready at {url}/bff with {options.open} open anomalies", flush=True)
        print(f"X-Tenant-ID: {catalogue.TENANT}; client {tokens.CLIENT_ID} with the secret {tokens.CLIENT_SECRET}", flush=True)
        await stop.wait()


if __name__ == "__main__":
    wanted = arguments(sys.argv[1:])
    try:
        asyncio.run(main(wanted))
    except OSError as error:
        sys.exit(f"Cannot listen on port {wanted.port}: {error.strerror}. Choose another one with --port.")
