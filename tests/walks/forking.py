"""Programs that are forked from the run's zygote (`zygote.py`): asked for here, read, signalled and waited for like any child process."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.walks import python_m

ROOT = Path(__file__).parent.parent.parent


@dataclass
class Process:
    """A forked program. `output`: its lines as they come. It is ended when this end of its connection is closed."""

    pid: int
    output: list[str]
    _connection: tuple[asyncio.StreamReader, asyncio.StreamWriter]
    _pipe: asyncio.StreamReader
    code: int | None = None
    _more: asyncio.Condition = field(default_factory=asyncio.Condition)
    _life: asyncio.Task[int] = field(init=False)

    def __post_init__(self) -> None:
        self._life = asyncio.create_task(self._read())

    async def _read(self) -> int:
        async for line in self._pipe:
            self.output.append(line.decode(errors="replace"))
            await self._tell()
        reader, writer = self._connection
        said = await reader.readline()
        self.code = int(said) if said else -signal.SIGKILL
        writer.close()
        await self._tell()
        return self.code

    async def _tell(self) -> None:
        async with self._more:
            self._more.notify_all()

    async def says(self, pattern: str) -> re.Match[str] | None:
        """Wait for a line that holds this pattern; None when it ended without."""
        wanted = re.compile(pattern)

        def look() -> re.Match[str] | None:
            return next((found for line in self.output if (found := wanted.search(line))), None)

        async with self._more:
            await self._more.wait_for(lambda: self.code is not None or look())
        return look()

    def send(self, sign: signal.Signals) -> None:
        """A signal, if it still runs."""
        if self.code is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, sign)

    async def ended(self) -> int:
        """Wait until it has ended and all that it said has been read; returns the exit code."""
        return await asyncio.shield(self._life)


@dataclass(frozen=True)
class Zygote:
    """Where the run's zygote listens. `empty`: a database of SQLite that is up to date and empty, to be copied. `python`: a command that
    forks too, for programs that start others."""

    path: Path
    empty: Path
    python: str

    async def start(
        self,
        run: str,
        *arguments: str,
        env: Mapping[str, str],
        cwd: Path = ROOT,
        off: float = 0.0,
        python: str = "",
        end: signal.Signals = signal.SIGKILL,
    ) -> Process:
        """`python -m run`. `off`: by how many seconds its clock is. `python`: what it takes for the interpreter. `end`: what ends it when
        nobody waits for it any more."""
        ours, theirs = os.pipe()
        order = {"run": run, "arguments": arguments, "env": dict(env), "cwd": str(cwd), "off": off, "python": python, "end": int(end)}
        connection = await asyncio.open_unix_connection(sock=python_m.ordered(str(self.path), order, theirs, theirs))
        os.close(theirs)
        pid = int(await connection[0].readline())
        pipe = asyncio.StreamReader(limit=2**20)
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(pipe), os.fdopen(ours, "rb"))
        return Process(pid, [], connection, pipe)


@contextmanager
def zygote(run: str) -> Iterator[Zygote]:
    """The zygote of all workers of this run: the first that asks starts it, and it ends with the last."""
    folder = Path(tempfile.gettempdir()) / f"desk-zygote-{run[:12]}"
    folder.mkdir(exist_ok=True)
    path = folder / "socket"
    with (folder / "lock").open("w") as lock, contextlib.ExitStack() as stack:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            stack.callback(_over, _started(path))
        held = stack.enter_context(socket.socket(socket.AF_UNIX))
        held.connect(str(path))
        fcntl.flock(lock, fcntl.LOCK_UN)
        yield Zygote(path, folder / "desk.db", str(folder / "python"))


def _started(path: Path) -> subprocess.Popen[bytes]:
    """Start it, with a script beside it that stands for the interpreter."""
    python = path.parent / "python"
    python.write_text(f"#!{sys.executable} -SE\nPATH = {str(path)!r}\n{Path(python_m.__file__).read_text()}")
    python.chmod(0o755)
    command = [sys.executable, "-m", "tests.walks.zygote", str(path)]
    with (path.parent / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, start_new_session=True)
    assert process.stdout is not None
    with process.stdout as told:
        assert told.readline() == b"ready\n", (path.parent / "log").read_text()
    return process


def _over(process: subprocess.Popen[bytes]) -> None:
    """It removes its folder when its last client has gone; that may be another worker, much later."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(60)
