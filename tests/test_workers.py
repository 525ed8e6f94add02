"""How tests are handed out: what dies has failed, once, and everything else is still run, whenever that happens."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

SECONDS = 60

HOUSE = """
import sys
sys.path.insert(0, {here!r})
from tests.conftest import pytest_xdist_make_scheduler
"""

FILE = """
import os, pytest

@pytest.mark.parametrize("number", range({count}))
def test_it(number):
    if ({file}, number) == {dies}:
        os._exit(1)
"""


@pytest.mark.parametrize(
    ("files", "count", "dies"),
    [
        pytest.param(6, 4, (5, 1), id="in the last file, with two to go"),
        pytest.param(6, 4, (5, 2), id="with one to go"),
        pytest.param(6, 4, (5, 3), id="as the last of all"),
        pytest.param(6, 4, (1, 0), id="at the start"),
        pytest.param(1, 3, (0, 0), id="with one file for all workers"),
        pytest.param(8, 1, (3, 0), id="one test in a file"),
    ],
)
def test_one_that_takes_its_worker_with_it_has_failed_and_all_others_are_run(
    files: int, count: int, dies: tuple[int, int], tmp_path: Path
) -> None:
    (tmp_path / "conftest.py").write_text(HOUSE.format(here=str(Path(__file__).parents[1])))
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    for file in range(files):
        (tmp_path / f"test_{file}.py").write_text(FILE.format(count=count, file=file, dies=dies))
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder", "-p", "no:cacheprovider"]
    ran = subprocess.run(command, cwd=tmp_path, timeout=SECONDS, capture_output=True, text=True, check=False)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    told = {what: int(number) for number, what in re.findall(r"(\d+) (passed|failed|error)", ran.stdout)}
    assert told == {"failed": 1, "passed": files * count - 1}, ran.stdout
