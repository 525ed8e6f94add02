"""Starts Python programs in no time: imports the product once, has it live through a day once, then forks. One for all workers of a run.

Each connection is one program. Its first line says as JSON what is wanted, with the descriptors of its streams beside it; the answers are
its process id and, when it has ended, its exit code. A connection that is closed ends its program. `forking.py` is the other side.

The forked child is the real process: it is started, killed and ends like any other. Only the seconds of importing are saved.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import gc
import importlib
import json
import os
import runpy
import selectors
import shutil
import signal
import socket
import ssl
import sys
import threading
import traceback
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import httpx

import bot.__main__ as product
from bot.store.migrations import runner
from tests.walks import orphans, warming

IMPORTED = (product, runner)
"""What a bot loads that starts with an empty database."""

STREAMS = 3
LONGEST = 2**20

Json = dict[str, Any]


@dataclass
class Program:
    """A running child: who asked for it, and the signal that ends it when nobody asks any more."""

    client: socket.socket
    end: int


@dataclass
class Zygote:
    """What the server holds. `clients`: connections that have not ordered a program yet; with the first of a worker it only says that it is
    there, and as long as there is one the server lives."""

    path: Path
    listener: socket.socket
    clients: set[socket.socket] = field(default_factory=set)
    programs: dict[int, Program] = field(default_factory=dict)
    looking: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    def serve(self) -> None:
        """Until the last client has gone and the last child has ended."""
        woken, wake = socket.socketpair()
        for one in (woken, wake):
            one.setblocking(False)
        signal.set_wakeup_fd(wake.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.looking.register(woken, selectors.EVENT_READ)
        self.looking.register(self.listener, selectors.EVENT_READ)
        while self._wanted():
            for key, _ in self.looking.select(1.0):
                if key.fileobj is woken:
                    woken.recv(4096)
                elif key.fileobj is self.listener:
                    self._accept()
                else:
                    self._heard(key.fileobj)  # type: ignore[arg-type]
            self._buried()

    def _wanted(self) -> bool:
        """Whether anybody needs it; nobody comes while it makes sure, for who comes has the lock."""
        if self.clients or self.programs:
            return True
        with (self.path.parent / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            shutil.rmtree(self.path.parent)
            return False

    def _accept(self) -> None:
        client, _ = self.listener.accept()
        self.clients.add(client)
        self.looking.register(client, selectors.EVENT_READ)

    def _heard(self, client: socket.socket) -> None:
        """An order, or that the client has gone."""
        try:
            said, streams, *_ = socket.recv_fds(client, LONGEST, STREAMS)
            while said and not said.endswith(b"\n"):
                said += client.recv(LONGEST)
        except ConnectionError:
            said = b""
        if said:
            self._start(client, json.loads(said), streams)
        else:
            self._gone(client)

    def _start(self, client: socket.socket, order: Json, streams: list[int]) -> None:
        if order["run"].startswith("sandbox"):
            importlib.import_module("sandbox.__main__")
        child = os.fork()
        if child == 0:
            self._leave(client)
            _live(order, streams)
        for stream in streams:
            os.close(stream)
        self.clients.discard(client)
        self.programs[child] = Program(client, order["end"])
        client.sendall(b"%d\n" % child)

    def _leave(self, client: socket.socket) -> None:
        """The child has none of this."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self.looking.close()
        for one in [self.listener, client, *self.clients, *(program.client for program in self.programs.values())]:
            one.close()

    def _gone(self, client: socket.socket) -> None:
        self.looking.unregister(client)
        self.clients.discard(client)
        client.close()
        for pid, program in self.programs.items():
            if program.client is client:
                os.kill(pid, program.end)

    def _buried(self) -> None:
        """Those that have ended; the kernel has let their files and ports go. Their exit codes, as `subprocess` has them."""
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG)) != (0, 0):
                client = self.programs.pop(ended[0]).client
                with contextlib.suppress(OSError):  # it has gone as well
                    client.sendall(b"%d\n" % os.waitstatus_to_exitcode(ended[1]))
                    self.looking.unregister(client)
                    client.close()


def _live(order: Json, streams: list[int]) -> None:
    """`python -m` in this directory with this environment, on a machine whose clock is so many seconds off."""
    orphans.die_with_parent()
    for stream, wanted in zip(streams, range(STREAMS), strict=True):
        os.dup2(stream, wanted)
        os.close(stream)
    for out in (sys.stdout, sys.stderr):
        out.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    os.environ.clear()
    os.environ.update(order["env"])
    os.chdir(order["cwd"])
    sys.executable = order["python"] or sys.executable
    sys.argv = [order["run"], *order["arguments"]]
    if order["off"]:
        product.app.datetime = _clock(order["off"])  # type: ignore[attr-defined]
    code = _run(order["run"])
    for out in (sys.stdout, sys.stderr):
        out.flush()
    os._exit(code)


def _run(module: str) -> int:
    """Run it as the main module; returns the exit code of the interpreter."""
    sys.modules.pop(f"{module}.__main__", None)
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        sys.stderr.write(f"{end.code}\n")
        return 1
    except BaseException:  # noqa: BLE001  (so does the interpreter)
        traceback.print_exc()
        return 1
    return 0


def _clock(off: float) -> type[datetime]:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return datetime.now(tz) + timedelta(seconds=off)

    return Clock


def main(path: Path) -> None:
    """Serve there. What was imported and learned stays: no fork has to look through it for garbage, nor read all certificates of the world
    again."""
    ssl.create_default_context = functools.cache(ssl.create_default_context)  # type: ignore[assignment]
    httpx.create_ssl_context()
    warming.live(path.parent / "desk.db")
    assert threading.active_count() == 1, "who forks has no threads"
    gc.collect()
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(64)
        os.write(1, b"ready\n")
        # the one who started it is connected before it looks whether anybody is
        client, _ = listener.accept()
        zygote = Zygote(path, listener, {client})
        zygote.looking.register(client, selectors.EVENT_READ)
        zygote.serve()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
