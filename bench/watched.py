"""`python -m bench.watched LOG run`: the bot as it is, and a line in LOG for each callback of its loop that took long.

What counts is the processor time of the loop's thread, with the garbage that was collected meanwhile: on a busy machine the seconds of a
clock tell of other programs. A line is `moment milliseconds of-these-for-garbage where`; where is looked up beside the loop, now and then.
"""

from __future__ import annotations

import asyncio
import gc
import runpy
import sys
import threading
import time
from pathlib import Path
from typing import Any, TextIO

LONG = 0.010
"""Seconds of processor time from which a callback is written down."""
GLANCE = 0.008
"""Seconds between two looks at what the loop is busy with."""


class Watch:
    """Stands between the loop and its callbacks."""

    def __init__(self, log: TextIO) -> None:
        self._log, self._loop = log, threading.get_ident()
        self._run = asyncio.events.Handle._run
        self._began, self._turn, self._seen, self._where = 0.0, 0, 0, ""
        self._garbage, self._collecting = 0.0, 0.0

    def begin(self) -> None:
        """Watch from now on."""
        run, watch, spent = self._run, self, time.thread_time

        def watched(handle: asyncio.Handle) -> None:
            watch._turn += 1
            watch._garbage, began = 0.0, spent()
            run(handle)
            took = spent() - began
            if took >= LONG:
                watch._tell(took)

        asyncio.events.Handle._run = watched  # type: ignore[method-assign]
        gc.callbacks.append(self._collects)
        threading.Thread(target=self._look, daemon=True).start()

    def _collects(self, phase: str, _: Any) -> None:
        if phase == "start":
            self._collecting = time.thread_time()
        else:
            self._garbage += time.thread_time() - self._collecting

    def _tell(self, took: float) -> None:
        where = self._where if self._seen == self._turn else "?"
        self._log.write(f"{time.time():.3f} {took * 1000:.1f} {self._garbage * 1000:.1f} {where}\n")

    def _look(self) -> None:
        while True:
            turn = self._turn
            time.sleep(GLANCE)
            if turn == self._turn and self._seen != turn:
                frame = sys._current_frames().get(self._loop)
                while frame is not None and not frame.f_code.co_filename.startswith(str(ROOT / "bot")):
                    frame = frame.f_back
                if frame is not None:
                    self._where = f"{Path(frame.f_code.co_filename).relative_to(ROOT)}:{frame.f_lineno}"
                    self._seen = turn


ROOT = Path(__file__).parent.parent

if __name__ == "__main__":
    with open(sys.argv[1], "a", buffering=1) as log:
        Watch(log).begin()
        sys.argv = ["bot", *sys.argv[2:]]
        runpy.run_module("bot", run_name="__main__", alter_sys=True)
