"""Child processes of the demo: started, watched, started again when they die, stopped in order."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections import deque
from collections.abc import Mapping, Sequence

QUICK_DEATH = 5.0
"""A process that lives shorter than this (seconds) is started again later and later."""


class Child:
    """One process under supervision.

    `environment` is all that it sees of the outside. Its output is printed line by line after its name when `loud`, and kept for `tail`.
    """

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str], *, loud: bool = True) -> None:
        self.name, self._command, self._environment, self._loud = name, list(command), dict(environment), loud
        self._process: asyncio.subprocess.Process | None = None
        self._lines: deque[str] = deque(maxlen=200)
        self._told = "not started"
        self._starts = 0
        self._stopping = False
        self._wake = asyncio.Event()

    def state(self) -> str:
        """One line for people."""
        return self._told

    def starts(self) -> int:
        """How often it was started."""
        return self._starts

    def tail(self) -> Sequence[str]:
        """The last lines of its output."""
        return list(self._lines)

    async def run(self) -> None:
        """Keep it alive until `stop`."""
        patience = 0.5
        while not self._stopping:
            born = time.monotonic()
            code = await self._live()
            if self._stopping:
                break
            patience = 0.5 if time.monotonic() - born > QUICK_DEATH else min(patience * 2, 8)
            how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
            self._told = f"The process {how}; it starts again in {patience:g} s."
            self._say(self._told)
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), patience)
        self._told = "stopped"

    async def _live(self) -> int:
        pipe = asyncio.subprocess.PIPE
        process = self._process = await asyncio.create_subprocess_exec(
            *self._command, env=self._environment, stdout=pipe, stderr=asyncio.subprocess.STDOUT, start_new_session=True, limit=2**20
        )
        self._starts += 1
        again = f", started {self._starts} times" if self._starts > 1 else ""
        self._told = f"Running as process {process.pid}{again}."
        assert process.stdout is not None
        async for line in process.stdout:
            self._say(line.decode(errors="replace").rstrip())
        return await process.wait()

    def _say(self, line: str) -> None:
        self._lines.append(line)
        if self._loud:
            print(f"{self.name:>9} | {line}", flush=True)

    def _send(self, number: signal.Signals) -> None:
        if self._process and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    async def kill(self) -> None:
        """`kill -9`; it starts again by itself."""
        self._send(signal.SIGKILL)

    async def restart(self) -> None:
        """Ask it to stop and start it again, or start it now when it is dead."""
        self._wake.set()
        self._send(signal.SIGTERM)

    async def stop(self, seconds: float) -> None:
        """End it for good: politely, and after `seconds` with force."""
        self._stopping = True
        self._wake.set()
        self._send(signal.SIGTERM)
        if self._process:
            try:
                await asyncio.wait_for(self._process.wait(), seconds)
            except TimeoutError:
                self._send(signal.SIGKILL)
                await self._process.wait()
