"""Stands for `python -m` in programs that start others: has the run's zygote fork the program, hands signals on, and ends as it ended.

It is a script as well, begun by an interpreter without packages, with the place of the zygote before its first line: see `forking.py`.
"""

import json
import os
import signal
import socket
import sys
from collections.abc import Mapping


def ordered(path: str, order: Mapping[str, object], out: int, err: int) -> socket.socket:
    """Have a program started that reads nothing and writes there; returns its connection."""
    made = socket.socket(socket.AF_UNIX)
    made.connect(path)
    nothing = os.open(os.devnull, os.O_RDONLY)
    socket.send_fds(made, [json.dumps(order).encode() + b"\n"], [nothing, out, err])
    os.close(nothing)
    return made


def main(path: str, module: str, arguments: list[str]) -> int:
    """Returns the exit code, like a shell after a signal."""
    order = {"run": module, "arguments": arguments, "env": dict(os.environ), "cwd": os.getcwd(), "off": 0.0, "python": sys.argv[0]}
    with ordered(path, order | {"end": int(signal.SIGKILL)}, 1, 2) as connection, connection.makefile() as told:
        pid = int(told.readline())
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, lambda sign, _: os.kill(pid, sign))
        code = int(told.readline() or -signal.SIGKILL)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(PATH, sys.argv[2], sys.argv[3:]))  # noqa: F821  (the line above)
