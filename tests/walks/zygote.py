"""Starts the bot in no time: imports it once, then forks. Each line on stdin is an environment as JSON, each line on stdout a process id.

The forked child is the real process: it is started, killed and ends like any other. Only the seconds of importing are saved.
"""

from __future__ import annotations

import json
import os
import signal
import sys

import bot.__main__ as product


def _live(env: dict[str, str], log: str) -> None:
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(out, stream)
    os.environ.clear()
    os.environ.update(env)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os._exit(product.main(["run"]))


def main() -> None:
    """Fork on request until stdin closes."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries the dead
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            _live(order["env"], order["log"])
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
