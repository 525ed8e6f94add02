"""The demo's processes: started together, started again when they die, never told the visitor's secrets."""

from __future__ import annotations

import asyncio
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright import async_api
from playwright.async_api import expect

from bot.sources import registry
from sandbox import __main__ as demo
from sandbox import processes, systems
from sandbox.page import panels
from tests.browser.conftest import DANA, QUALITY, Program, Tabs, free_port, listening
from tests.walks import forking

pytestmark = pytest.mark.asyncio(loop_scope="session")

SLEEPER = "import signal, sys, time; print('up', flush=True); signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


def child(program: str) -> processes.Child:
    return processes.Child("child", [sys.executable, "-c", program], {}, loud=False)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not true():  # noqa: ASYNC110  (the process itself has no event for this)
            await asyncio.sleep(0.02)


async def test_a_killed_process_starts_again_and_a_stopped_one_does_not() -> None:
    one = child(SLEEPER)
    life = asyncio.create_task(one.run())
    await until(lambda: list(one.tail()) == ["up"])
    await one.kill()
    await until(lambda: "started 2 times" in one.state() and one.tail()[-1] == "up")
    assert "The process was killed by signal 9; it starts again in 0.5 s." not in one.state()
    assert any("was killed by signal 9" in line for line in one.tail())
    await one.stop(10)
    await asyncio.wait_for(life, 5)
    assert one.state() == "stopped"
    assert list(one.tail()).count("up") == 2


async def test_a_process_that_will_not_go_is_ended_with_force() -> None:
    one = child(STUBBORN)
    life = asyncio.create_task(one.run())
    await until(lambda: list(one.tail()) == ["up"])
    await one.stop(0.2)
    await asyncio.wait_for(life, 5)
    assert one.state() == "stopped"


async def test_a_process_that_dies_at_once_is_started_later_and_later() -> None:
    one = child("raise SystemExit(3)")
    life = asyncio.create_task(one.run())
    await until(lambda: any("ended with code 3; it starts again in 2 s" in line for line in one.tail()))
    await one.stop(1)
    await asyncio.wait_for(life, 5)
    assert [line.rpartition("in ")[2] for line in one.tail()] == ["1 s.", "2 s."]


async def test_the_bot_gets_the_sandbox_and_none_of_the_visitors_secrets() -> None:
    outside = {
        "PATH": "/bin",
        "SLACK_BOT_TOKEN": "xoxb-real",
        "QUALYTICS_TOKEN": "real",
        "ANODOT_URL": "https://real",
        "DESK_BURST": "1",
        "PORT": "1",
    }
    ports = demo.Ports(page=1, slack=2, bot=4, systems={"qualytics": 3, "autional": 5, "anodot": 6, "anomify": 7})
    told = demo.bot_environment(ports, systems.SYSTEMS, "/tmp/somewhere", 3, outside)
    assert told["PATH"] == "/bin"
    assert told["SLACK_API_URL"] == "http://127.0.0.1:2/api/"
    assert (told["QUALYTICS_URL"], told["AUTIONAL_URL"]) == ("http://127.0.0.1:3", "http://127.0.0.1:5")
    assert told["PORT"] == "4"
    assert not [name for name, value in told.items() if "real" in value]
    assert "DESK_BURST" not in told
    lines = demo.pushing(4, systems.SYSTEMS)
    assert [line.split()[1].rpartition("/hooks/")[2] for line in lines] == ["qualytics", "anodot", "anomify"]
    assert all(f"X-Desk-Secret: {told['DESK_WEBHOOK_SECRET']}" in line for line in lines)
    for line, name in zip(lines, ("qualytics", "anodot", "anomify"), strict=True):
        hooks = registry.SYSTEMS[name].hooks
        assert hooks is not None and hooks.read(shlex.split(line)[-1].encode()), "the bot takes it"
    assert demo.pushing(4, systems.chosen(["autional"])) == [], "it pushes nothing"
    assert demo.hook(4, "anodot") == {"url": "http://127.0.0.1:4/hooks/anodot", "password": told["DESK_WEBHOOK_SECRET"]}
    assert (told["ANOMIFY_URL"], demo.hook(4, "anomify")["url"]) == ("http://127.0.0.1:7", "http://127.0.0.1:4/hooks/anomify")


async def test_the_demo_has_every_system_that_the_bot_speaks_or_those_that_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / "autional").mkdir()
    (tmp_path / "autional" / "system.py").touch()
    assert [system.name for system in systems.chosen([], tmp_path)] == ["autional"]
    assert [system.name for system in systems.chosen(["qualytics"], tmp_path)] == ["qualytics"]
    assert "qualytics" in [system.name for system in systems.chosen([])]


async def test_the_pace_is_shared_and_each_server_gets_what_it_takes() -> None:
    options = vars(demo.arguments(["--arrivals", "20", "--open", "3"]))
    for system in systems.SYSTEMS:
        told = list(systems.command(system, 81, options, 2))
        assert told[:4] == ["-m", f"sandbox.{system.name}", "--port", "81"]
        assert told[told.index("--arrivals") + 1] == "40.0" and told[told.index("--open") + 1] == "3"
        assert ("--scans" in told) == (system.name == "qualytics")
        assert system.name in panels.PANELS


async def test_the_page_takes_the_next_port_when_its_own_is_taken() -> None:
    taken = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = taken.sockets[0].getsockname()[1]
    async with taken:
        chosen = demo.choose(port, ["qualytics", "autional"])
    assert port < chosen.page < port + 100
    assert len({chosen.page, chosen.slack, chosen.bot, *chosen.systems.values()}) == 5


async def test_a_page_opened_before_its_server_waits_for_it_and_outlives_it(zygote: forking.Zygote, every_tab: Tabs) -> None:
    async_api.expect.set_options(timeout=15_000)
    port, slack = free_port(), free_port()
    server = ("sandbox.slack", "--port", str(slack))
    page_program = await Program(zygote, "sandbox.page", "--port", str(port), "--slack", f"http://127.0.0.1:{slack}").start()
    await page_program.says("The page is at")
    await listening(port)
    page = (await every_tab.blank()).page  # it complains a lot, and may
    await page.goto(f"http://127.0.0.1:{port}/?as={DANA}&channel={QUALITY}")
    await expect(page.get_by_test_id("away")).to_contain_text("The Slack server does not answer")
    for _ in range(2):
        program = await Program(zygote, *server).start()
        await expect(page.get_by_test_id("away")).to_be_hidden()
        await expect(page.get_by_test_id("channel-name")).to_have_text("# data-quality")
        await page.get_by_test_id("composer").fill("Anybody here?")
        await page.get_by_test_id("composer").press("Enter")
        await expect(page.get_by_test_id("message")).to_contain_text("Anybody here?")
        await program.stop()
        await expect(page.get_by_test_id("away")).to_be_visible()
    await every_tab.put_back()
    await page_program.stop()
