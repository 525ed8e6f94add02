"""A fake system as a program of its own: the options that all of them take, and its life until somebody ends it."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager


def parser(name: str, title: str, port: int) -> argparse.ArgumentParser:
    """`python -m sandbox.<name>` with `--port --seed --latency-ms --open --arrivals`."""
    made = argparse.ArgumentParser(prog=f"python -m sandbox.{name}", description=f"A fake {title} on loopback.")
    made.add_argument("--port", type=int, default=port, help="0 takes a free one")
    made.add_argument("--seed", type=int, default=25, help="the same seed tells the same story")
    made.add_argument("--latency-ms", type=float, default=100, help="added to every call")
    made.add_argument("--open", type=int, default=12, help="anomalies that are open at the start")
    made.add_argument("--arrivals", type=float, default=0, metavar="SECONDS", help="a new anomaly every so often (0: none)")
    return made


def run(port: int, standing: AbstractAsyncContextManager[str], says: Callable[[str], str]) -> None:
    """Serve until SIGINT or SIGTERM; `says` is printed for the URL. A taken port ends the program with a sentence."""
    try:
        asyncio.run(_serve(standing, says))
    except OSError as error:
        sys.exit(f"Cannot listen on port {port}: {error.strerror}. Choose another one with --port.")


async def _serve(standing: AbstractAsyncContextManager[str], says: Callable[[str], str]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with standing as url:
        print(says(url), flush=True)
        await stop.wait()
