"""`python -m bot` as somebody calls it: a child process, its output and its exit code."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot import __main__ as main
from bot import app
from tests.strange import system as strange_system
from tests.walks import conftest as walks
from tests.walks import forking
from tests.walks import stage as staging

ROOT = Path(__file__).parent.parent


zygote = walks.zygote


async def call(python: str, *arguments: str, env: dict[str, str] | None = None, cwd: Path) -> tuple[int, str, str]:
    """Exit code, stdout and stderr."""
    given = {name: value for name, value in os.environ.items() if not name.startswith(("SLACK_", "DESK_", "QUALYTICS_", "DATABASE_"))}
    process = await asyncio.create_subprocess_exec(
        python,
        "-m",
        "bot",
        *arguments,
        cwd=cwd,
        env={**given, "PYTHONPATH": str(ROOT), **(env or {})},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), staging.PATIENCE)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_the_manifest_is_printed_from_anywhere(tmp_path: Path) -> None:
    code, out, err = await call(sys.executable, "manifest", "--url", "https://desk.example.com/", cwd=tmp_path)
    assert (code, err) == (0, "")
    shape = json.loads(out)
    assert shape["settings"]["socket_mode_enabled"] is False
    assert shape["settings"]["interactivity"]["request_url"] == "https://desk.example.com/slack/events"


async def test_missing_settings_stop_the_start_with_a_sentence_each(zygote: forking.Zygote, tmp_path: Path) -> None:
    env = {"DESK_CHANEL": "C0123", "DESK_BURST": "many", "SLACK_BOT_TOKEN": "hush-hush"}
    code, out, err = await call(zygote.python, "run", env=env, cwd=tmp_path)
    assert (code, out) == (2, "")
    lines = err.splitlines()
    assert all(line.endswith(".") for line in lines)
    said = (
        "SLACK_BOT_TOKEN must begin",
        "DESK_CHANNEL is missing",
        "DESK_BURST must be",
        "SLACK_APP_TOKEN and",
        "QUALYTICS_URL, ANODOT_URL, ANOMIFY_URL or AUTIONAL_URL is missing",
    )
    for words in (*said, "DESK_CHANEL is no setting of the desk (did you mean DESK_CHANNEL?)."):
        assert len([line for line in lines if words in line]) == 1, err
    assert len(lines) == 6 and "hush-hush" not in err and "Traceback" not in err
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("command", ["run", "web", "worker", "migrate", "check"])
def test_no_command_starts_without_its_settings(command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in [name for name in os.environ if name.startswith(("SLACK_", "DESK_", "QUALYTICS_", "DATABASE_"))]:
        monkeypatch.delenv(name)
    assert main.main([command]) == 2
    assert "DESK_CHANNEL is missing" in capsys.readouterr().err


async def test_an_unknown_command_lists_the_known_ones(zygote: forking.Zygote, tmp_path: Path) -> None:
    code, _, err = await call(zygote.python, "dance", cwd=tmp_path)
    assert code == 2 and "run" in err and "Traceback" not in err


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[staging.Stage]:
    async with staging.staged(tmp_path, open_at_start=1) as made:
        yield made


async def test_migrate_brings_up_the_tables(zygote: forking.Zygote, stage: staging.Stage, tmp_path: Path) -> None:
    code, out, _ = await call(zygote.python, "migrate", env=stage.env(), cwd=tmp_path)
    assert code == 0 and out.startswith("The database is at revision")
    with sqlite3.connect(tmp_path / "desk.db") as database:
        assert "cards" in {name for (name,) in database.execute("SELECT name FROM sqlite_master")}


async def test_check_tries_everything_and_posts_nothing(zygote: forking.Zygote, stage: staging.Stage, tmp_path: Path) -> None:
    code, out, err = await call(zygote.python, "check", env=stage.env(), cwd=tmp_path)
    expected = ["settings", "database", "Slack token", "Slack app token", "Slack channel"]
    told = [line.partition(", ")[0] if line.startswith("Slack token") else line for line in out.splitlines()]
    assert told == [*(f"{what}: fine" for what in expected), "Qualytics: fine, 3 datastores"], err
    assert "Slack token: fine, Slack has sent none of these events yet: app_home_opened" in out
    assert code == 0 and "Unclosed" not in err
    assert await stage.calls("chat.postMessage") == []


@pytest.mark.parametrize(
    ("env", "what", "told"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-wrong"}, "Slack token", "does not accept the app's token"),
        ({"SLACK_APP_TOKEN": "xapp-wrong"}, "Slack app token", "does not accept the app's token"),
        ({"DESK_CHANNEL": "C0GENERAL"}, "Slack channel", "The bot is no member of C0GENERAL. Type there: /invite"),
        ({"DESK_CHANNEL": "C0OLD"}, "Slack channel", "archived"),
        ({"DESK_CHANNEL": "C0NOWHERE"}, "Slack channel", "Check DESK_CHANNEL"),
        ({"QUALYTICS_TOKEN": "wrong"}, "Qualytics", "QUALYTICS_TOKEN"),
        ({"QUALYTICS_DATASTORES": "nowhere"}, "Qualytics", "nowhere"),
        ({"DATABASE_URL": "sqlite:////nowhere/at/all/desk.db"}, "database", ""),
    ],
)
async def test_check_names_what_is_wrong(stage: staging.Stage, tmp_path: Path, env: dict[str, str], what: str, told: str) -> None:
    given = {name: value for name, value in stage.env(**env).items() if name.startswith(("SLACK_", "DESK_", "QUALYTICS_", "DATABASE_"))}
    found = await app.check(app.load(given))
    assert told in found[what].fault and found[what].fault != ""
    assert [name for name, each in found.items() if each.fault and name != what and what != "Slack token"] == []


async def test_check_says_what_an_app_of_an_earlier_manifest_misses_and_is_fine_all_the_same(stage: staging.Stage) -> None:
    stage.workspace.app = dataclasses.replace(stage.workspace.app, scopes=stage.workspace.app.scopes - {"app_mentions:read"})
    given = {name: value for name, value in stage.env().items() if name.startswith(("SLACK_", "DESK_", "QUALYTICS_", "DATABASE_"))}
    found = (await app.check(app.load(given)))["Slack token"]
    assert found.fault == "" and "a mention of the bot is not answered (scope app_mentions:read)" in found.seen
    assert "python -m bot manifest" in found.seen and "install it again" in found.seen


async def test_the_manifest_of_socket_mode_has_threads_when_somebody_asks_for_them(tmp_path: Path) -> None:
    code, out, err = await call(sys.executable, "manifest", "--threads", cwd=tmp_path)
    told = json.loads(out)
    assert code == 0, err
    assert told["settings"]["socket_mode_enabled"] and "message.channels" in told["settings"]["event_subscriptions"]["bot_events"]


# --- what a person does so that systems push --------------------------------------------------------------------------------


SETTINGS = {
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_APP_TOKEN": "xapp-1",
    "DESK_CHANNEL": "C0123",
    "QUALYTICS_URL": "https://acme.qualytics.io",
    "QUALYTICS_TOKEN": "token-4711",
    "STRANGE_URL": "https://strange.example",
    "STRANGE_KEY": "key-4711",
}


def hooks(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str, **more: str) -> str:
    """What `python -m bot hooks` prints, with two systems."""
    for name in [name for name in os.environ if name.startswith(("SLACK_", "DESK_", "QUALYTICS_", "DATABASE_"))]:
        monkeypatch.delenv(name)
    for name, value in (SETTINGS | more).items():
        monkeypatch.setenv(name, value)
    with strange_system.registered():
        assert main.main(["hooks", *arguments]) == 0
    return " ".join(capsys.readouterr().out.split())


def test_hooks_tells_the_address_and_the_steps_of_each_system_and_no_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {"DESK_PUBLIC_URL": "https://desk.example.com/bot/", "DESK_WEBHOOK_SECRET": "hush-1", "STRANGE_WEBHOOK_SECRET": "hush-2"}
    said = hooks(monkeypatch, capsys, **given)
    assert "Qualytics https://desk.example.com/bot/hooks/qualytics 1. In Qualytics open Flows" in said
    assert "https://desk.example.com/bot/hooks/qualytics?key=<DESK_WEBHOOK_SECRET>" in said
    assert (
        "Strange https://desk.example.com/bot/hooks/strange 1. Hang a bell at https://desk.example.com/bot/hooks/strange. "
        "2. Engrave it with the value of STRANGE_WEBHOOK_SECRET, or ring at "
        "https://desk.example.com/bot/hooks/strange/<STRANGE_WEBHOOK_SECRET> or "
        "https://desk.example.com/bot/hooks/strange?key=<STRANGE_WEBHOOK_SECRET>."
    ) in said
    assert "hush" not in said and "No secret is set" not in said and "--url" not in said
    assert "4711" not in said


def test_hooks_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    said = hooks(monkeypatch, capsys)
    assert "https://YOUR-DESK stands for the public address of this desk: set DESK_PUBLIC_URL, or add --url." in said
    assert said.count("No secret is set, so nothing is taken yet: set") == 2
    assert "set STRANGE_WEBHOOK_SECRET (or DESK_WEBHOOK_SECRET, for all systems)" in said
    assert "https://other.example/hooks/qualytics" in hooks(monkeypatch, capsys, "--url", "https://other.example/")


def test_hooks_says_of_a_system_that_pushes_nothing_that_it_does_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(strange_system, "KIND", dataclasses.replace(strange_system.KIND, hooks=None))
    said = hooks(monkeypatch, capsys)
    assert "Strange pushes nothing: it is asked, every DESK_POLL_SECONDS." in said and "hooks/strange" not in said
