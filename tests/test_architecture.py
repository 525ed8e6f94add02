"""The import rules hold, and each of them bites: every rule is broken once in a copy of the tree, and the linter must name the breach."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

BREACHES = {
    "A room sees only the rooms below it": ("bot/core/routing.py", "import bot.render.anomaly.anomaly_card"),
    "Every room of the bot is listed": ("bot/utils.py", "X = 1"),
    "Adapters never see services or render": ("bot/store/digest_marks.py", "import bot.services.post"),
    "Product and sandbox do not know each other": ("sandbox/faults.py", "import bot.model"),
    "Listeners and sandbox do not know each other": ("handlers/views.py", "import sandbox.faults"),
    "Services among themselves": ("bot/services/browse.py", "import bot.services.triage"),
    "Only the composition root and the command line read settings": ("bot/web.py", "import bot.settings"),
    "Pure rooms do no I/O, read no clock, write no log": ("bot/render/kit/text.py", "import logging"),
    "sqlalchemy lives in the store": ("bot/scheduling.py", "import sqlalchemy"),
    "httpx lives in the sources": ("bot/delivery/slack.py", "import httpx"),
    "slack_sdk lives in the delivery": ("handlers/actions.py", "import slack_sdk"),
    "slack_bolt lives at the handlers, the web face and the composition root": ("bot/delivery/slack.py", "import slack_bolt"),
    "aiohttp lives in the web face and the delivery": ("bot/scheduling.py", "import aiohttp"),
    "prometheus_client lives in the web face": ("bot/scheduling.py", "import prometheus_client"),
    "apscheduler lives in the scheduling": ("bot/services/poll.py", "import apscheduler"),
    "The grammar has one door": ("bot/core/routing.py", "import bot.core.grammar.lexer"),
    "What is carried out stands on what was asked for": ("bot/services/scans/ask.py", "import bot.services.scans.follow"),
}


def _copy(to: Path) -> Path:
    for room in ("bot", "handlers", "sandbox"):
        shutil.copytree(ROOT / room, to / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", to)
    return to


def _lint(tree: Path) -> tuple[int, str]:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> str:
    tree = _copy(tmp_path_factory.mktemp("broken"))
    for file, line in BREACHES.values():
        path = tree / file
        path.write_text((path.read_text() if path.exists() else "") + f"\n{line}\n")
    code, output = _lint(tree)
    assert code != 0
    return output


def test_every_contract_holds(tmp_path: Path) -> None:
    code, output = _lint(_copy(tmp_path))
    assert code == 0, output
    assert "0 broken" in output


def test_every_contract_is_tried() -> None:
    names = re.findall(r'^name = "(.+)"$', (ROOT / "pyproject.toml").read_text().split("[tool.importlinter]")[1], re.MULTILINE)
    assert sorted(names) == sorted(BREACHES)


@pytest.mark.parametrize("contract", BREACHES)
def test_each_contract_bites(broken: str, contract: str) -> None:
    file, line = BREACHES[contract]
    assert re.search(rf"{re.escape(contract)}\s+BROKEN", broken), broken
    chapter = re.split(r"\n.+\n-{4,}\n", broken.split("Broken contracts", 1)[1].split(f"\n{contract}\n", 1)[1].split("\n", 1)[1])[0]
    importer, imported = file.removesuffix(".py").replace("/", "."), line.split()[-1]
    if line.startswith("import"):
        assert re.search(rf"{re.escape(importer)} -> {re.escape(imported)}", chapter) or (importer in chapter and imported in chapter), (
            chapter
        )
    else:
        assert re.search(rf"not listed as layers:\n\n- {re.escape(importer)}\n", chapter), chapter
