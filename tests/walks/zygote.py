"""Starts the bot in no time: imports it once, then forks. Each line on stdin is an order as JSON, each line on stdout its answer as JSON.

The forked child is the real process: it is started, killed and ends like any other. Only the seconds of importing are saved.
"""

from __future__ import annotations

import functools
import gc
import json
import os
import signal
import ssl
import sys
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from typing import Any

import httpx

import bot.__main__ as product
from bot.store.migrations import runner
from tests.walks import orphans

IMPORTED = (product, runner)
"""What a bot loads that starts with an empty database."""


def _start(env: dict[str, str], log: str, role: str = "run", off: float = 0.0) -> int:
    child = os.fork()
    if child == 0:
        _live(env, log, role, off)
    return child


def _live(env: dict[str, str], log: str, role: str, off: float) -> None:
    """A desk in this role, on a machine whose clock is so many seconds off."""
    orphans.die_with_parent()
    silence = os.open(os.devnull, os.O_RDONLY)
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for source, stream in ((silence, 0), (out, 1), (out, 2)):
        os.dup2(source, stream)
    os.environ.clear()
    os.environ.update(env)
    if off:
        product.app.datetime = _clock(off)  # type: ignore[attr-defined]
    os._exit(product.main([role]))


def _clock(off: float) -> type[datetime]:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return datetime.now(tz) + timedelta(seconds=off)

    return Clock


def _runs(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG) == (0, 0)
    except ChildProcessError:
        return False


def _kill(pid: int) -> bool:
    """kill -9, and wait until the kernel has let the files and ports of the process go; whether it was still running."""
    if not _runs(pid):
        return False
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return True


ORDERS: dict[str, Callable[..., Any]] = {"start": _start, "runs": _runs, "kill": _kill}


def main() -> None:
    """Do what each line orders, until stdin closes. What was imported stays: no fork has to look through it for garbage, nor read all
    certificates of the world again."""
    ssl.create_default_context = functools.cache(ssl.create_default_context)  # type: ignore[assignment]
    httpx.create_ssl_context()
    gc.freeze()
    for line in sys.stdin:
        order, *arguments = json.loads(line)
        sys.stdout.write(json.dumps(ORDERS[order](*arguments)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
