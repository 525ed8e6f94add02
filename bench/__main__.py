"""`python -m bench [row ...]`: measure, print, and keep what a whole run found in `bench/results.md`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import platform
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from bench import bulk, click, figures, first, four, home, house, machine, pace, push, replicas, stand, starting, steady, storm

RESULTS = Path(__file__).parent / "results.md"

BENCHES: Mapping[str, Callable[[Path], Awaitable[list[figures.Row]]]] = {
    "click": click.rows,
    "storm": storm.rows,
    "steady": steady.rows,
    "start": starting.rows,
    "first": first.rows,
    "bulk": bulk.rows,
    "pace": pace.rows,
    "house": house.rows,
    "replicas": replicas.rows,
    "push": push.rows,
    "four": four.rows,
    "home": home.rows,
}

CALLBACK_MS = 50

ABSENT = """\
Not measured here yet: 5 and 50 channels, which come with routes.
"""


def main() -> int:
    """Run the benches; 0 when every promise was kept, 1 when one was not or a bench could not end."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Ratios against a floor or peer of the same run.")
    parser.add_argument("row", nargs="*", choices=[[], *BENCHES], help="only these; results.md is written by a whole run only")
    names = parser.parse_args().row or list(BENCHES)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    began, rows, broken, busy = time.perf_counter(), [], [], {}
    with tempfile.TemporaryDirectory(prefix="anomaly-desk-bench-") as folder:
        for name in names:
            print(f"{name} ...", flush=True)
            load = machine.Load()
            stand.LONG.clear()
            try:
                found = asyncio.run(BENCHES[name](Path(folder)))
            except Exception:
                logging.exception("%s could not be measured", name)
                broken.append(name)
                continue
            found.append(_longest(name))
            rows += found
            busy[name] = load.others()
            print(f"other programs took {busy[name]:.0%} of the processors meanwhile", flush=True)
            for row in found:
                print(told(row), flush=True)
    took = time.perf_counter() - began
    print(f"{sum(row.holds is True for row in rows)} of {sum(row.holds is not None for row in rows)} promises kept, {took:.0f} s")
    if names == list(BENCHES) and not broken:
        RESULTS.write_text(page(rows, took, busy))
        print("kept in bench/results.md")
    return 1 if broken or any(row.holds is False for row in rows) else 0


def _longest(name: str) -> figures.Row:
    """How long the loop answered nobody, at its worst, in this bench."""
    longest = sorted(stand.LONG, reverse=True)
    worst = max(stand.LONG, default=stand.Callback(0, 0, ""))
    over = sum(one.took > CALLBACK_MS for one in stand.LONG)
    return figures.Row(
        f"{name}: longest single callback of the loop, after ready, garbage collection included",
        f"{worst.took:.0f} ms of processor time" if stand.LONG else "under 10 ms of processor time",
        f"{len(stand.LONG)} took 10 ms or more, {over} more than {CALLBACK_MS} ms",
        "-",
        f"<= {CALLBACK_MS} ms",
        worst.took <= CALLBACK_MS,
        "; ".join(f"{one.took:.0f} ms, {one.garbage:.0f} of them for garbage, seen at {one.where}" for one in longest[:5]),
    )


def told(row: figures.Row) -> str:
    """A row for the terminal."""
    lines = [
        row.what,
        f"measured {row.measured}",
        f"beside   {row.beside}",
        f"ratio    {row.ratio}",
        f"target   {row.target}: {row.verdict}",
    ]
    lines += [f"note     {row.note}"] if row.note else []
    return "\n    ".join(lines)


def page(rows: Sequence[figures.Row], took: float, busy: Mapping[str, float]) -> str:
    """The results as Markdown: no dates, no paths."""
    lines = [
        "# Bench results",
        "",
        "The last whole run of `make bench`. Floors and peers are measured in the same run, on the same machine: read the ratios.",
        "",
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}; {took:.0f} s in all. "
        "The bot, the fake Slack and the fake Qualytics are processes of their own and share these cores with the bench.",
        "",
        "Taken by other programs on this machine meanwhile: "
        + ", ".join(f"{share:.0%} of the processors in {name}" for name, share in busy.items())
        + ". What is measured in seconds is that much slower than on a machine of its own.",
        "",
        "| what | measured | floor or peer | ratio | target | holds |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        lines.append("| " + " | ".join((row.what, row.measured, row.beside, row.ratio, row.target, row.verdict)) + " |")
    lines += ["", "Notes", "", *(f"- {row.what}: {row.note}" for row in rows if row.note), "", ABSENT.rstrip()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
