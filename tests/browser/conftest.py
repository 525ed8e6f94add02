"""A real Chromium, a fake workspace and the page: started once per session, swept before each test."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import yaml
from playwright import async_api
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from tests.walks import orphans

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync --no-first-run"
).split()
ROOT = Path(__file__).parents[2]
QUALITY = "C0QUALITY"
DANA, LEE, GUS = "U0DANA", "U0LEE", "U0GUS"
PATIENCE_MS = 10_000

Open = Callable[..., Awaitable[async_api.Page]]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Program:
    """A child process whose output is read line by line."""

    def __init__(self, *arguments: str) -> None:
        self.arguments = arguments
        self.lines: list[str] = []

    async def start(self) -> Program:
        pipe = asyncio.subprocess.PIPE
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            *self.arguments,
            cwd=ROOT,
            stdout=pipe,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            preexec_fn=orphans.stop_with_parent,
        )
        self._more = asyncio.Event()
        self._reader = asyncio.create_task(self._read())
        return self

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.lines.append(line.decode(errors="replace").rstrip())
            self._more.set()
        self._more.set()

    async def says(self, pattern: str, seconds: float = 30) -> re.Match[str]:
        """Wait for a line that holds `pattern`."""
        async with asyncio.timeout(seconds):
            while True:
                for line in self.lines:
                    if found := re.search(pattern, line):
                        return found
                assert self.process.returncode is None, "\n".join(self.lines)
                self._more.clear()
                await self._more.wait()

    async def stop(self, seconds: float = 30) -> int:
        if self.process.returncode is None:
            self.process.terminate()
        try:
            code = await asyncio.wait_for(self.process.wait(), seconds)
        except TimeoutError:
            self.process.kill()
            raise
        await self._reader
        return code


def chromium_path(own: str) -> str | None:
    """Debian's Chromium, or Playwright's own."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    return found or (own if Path(own).exists() else None)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[async_api.Browser]:
    async with async_api.async_playwright() as playwright:
        path = chromium_path(playwright.chromium.executable_path)
        if path is None:
            missing = "No Chromium here: `apt-get install chromium` or `playwright install chromium` makes the browser tests run."
            pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
        launched = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield launched
        await launched.close()


@dataclass
class Workspace:
    """The fake workspace, as tests reach it: its control routes, and the Web API with the bot's token."""

    url: str
    control: httpx.AsyncClient
    web: AsyncWebClient

    async def post(self, blocks: list[dict[str, Any]], text: str = "A message.", **more: Any) -> str:
        """A message of the app; returns its ts."""
        said = await self.web.chat_postMessage(channel=QUALITY, text=text, blocks=blocks, **more)
        return str(said["ts"])

    async def sweep(self) -> None:
        """No message, no open view, no fault."""
        await self.control.delete("faults")
        for user in (DANA, LEE, GUS):
            while (await self.control.get(f"views/{user}")).json()["views"]:
                await self.control.post("close", json={"user": user})
            listed = (await self.control.get(f"channels/{QUALITY}/messages", params={"user": user})).json()["messages"]
            for message in sorted(listed, key=lambda one: bool(one["thread_ts"]), reverse=True):
                await self.control.post("delete", json={"channel": QUALITY, "ts": message["ts"]})


SHORTCUTS = [
    {"name": "Look around", "type": "global", "callback_id": "look.open", "description": "Look through the queue"},
    {"name": "Look at this", "type": "message", "callback_id": "look.message", "description": "Look at this message"},
]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def workspace(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Workspace]:
    manifest = yaml.safe_load((ROOT / "manifest.yml").read_text())
    manifest["features"]["shortcuts"] = SHORTCUTS
    path = tmp_path_factory.mktemp("workspace") / "manifest.yml"
    path.write_text(yaml.safe_dump(manifest))
    program = await Program("-m", "sandbox.slack", "--port", "0", "--no-budgets", "--manifest", str(path)).start()
    url = (await program.says(r"ready: (http://[\w.:]+)/api/"))[1]
    async with httpx.AsyncClient(base_url=f"{url}/_control/", timeout=20) as control:
        yield Workspace(url, control, AsyncWebClient("xoxb-sandbox", base_url=f"{url}/api/"))
    await program.stop()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def page_url(workspace: Workspace) -> AsyncIterator[str]:
    port = free_port()
    program = await Program("-m", "sandbox.page", "--port", str(port), "--slack", workspace.url).start()
    await program.says("The page is at")
    await listening(port)
    yield f"http://127.0.0.1:{port}/"
    await program.stop()


async def listening(port: int) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


@dataclass
class Trouble:
    """What a browser complained about, and what it asked of strangers."""

    errors: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def watch(self, page: async_api.Page) -> None:
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: None if _is_local(request.url) else self.outside.append(request.url))


def _is_local(url: str) -> bool:
    return url.startswith(("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:"))


async def open_in(browser: async_api.Browser, trouble: Trouble, url: str, user: str, channel: str, zone: str) -> async_api.Page:
    """A tab of one person, ready to be used."""
    context = await browser.new_context(viewport={"width": 1280, "height": 900}, timezone_id=zone)
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    trouble.watch(page)
    await page.goto(f"{url}?as={user}&channel={channel}")
    await async_api.expect(page.get_by_test_id("channel-name")).not_to_be_empty()
    return page


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(browser: async_api.Browser, workspace: Workspace, page_url: str) -> AsyncIterator[Open]:
    """Opens a tab as somebody. No tab may complain or call strangers."""
    async_api.expect.set_options(timeout=PATIENCE_MS)
    await workspace.sweep()
    trouble, pages = Trouble(), list[async_api.Page]()

    async def opened(user: str = DANA, channel: str = QUALITY, zone: str = "Europe/Berlin") -> async_api.Page:
        pages.append(await open_in(browser, trouble, page_url, user, channel, zone))
        return pages[-1]

    yield opened
    for page in pages:
        await page.context.close()
    assert trouble == Trouble()


@dataclass
class Scripted:
    """A small app in Socket Mode, and what it heard."""

    app: AsyncApp
    heard: asyncio.Queue[Any] = field(default_factory=asyncio.Queue)

    async def hears(self) -> Any:
        """The next thing that a listener put down."""
        return await asyncio.wait_for(self.heard.get(), 10)


@pytest_asyncio.fixture(loop_scope="session")
async def scripted(workspace: Workspace) -> AsyncIterator[Scripted]:
    app = AsyncApp(client=workspace.web, ignoring_self_events_enabled=False)
    handler = AsyncSocketModeHandler(app, "xapp-sandbox")
    await handler.connect_async()
    yield Scripted(app)
    await handler.close_async()


# --- the whole product ---------------------------------------------------------------------------------------------------


BOT_MS = 20_000
"""How long the bot may take on a busy machine before a test gives up; it is not the promise of one second."""


@dataclass
class Demo:
    """The running demo: where the page is, and the fake Qualytics behind it."""

    url: str
    qualytics: httpx.AsyncClient
    program: Program

    async def anomaly(self, **fields: Any) -> str:
        """Something new goes wrong; returns its id."""
        made = await self.qualytics.post("anomalies", json={"count": 1, "container": "orders", "fields": fields})
        return str(made.raise_for_status().json()["ids"][0])

    async def truth(self, ident: str) -> dict[str, Any]:
        """What Qualytics says about it."""
        found: dict[str, Any] = (await self.qualytics.get("state", params={"id": ident})).json()["anomaly"]
        return found


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def demo() -> AsyncIterator[Demo]:
    impatient = f"env DESK_WAIT_SECONDS=1 {sys.executable} -m bot run"  # else one test's card waits for the next one's
    alone = ("--only", "qualytics", "--arrivals", "0", "--scans", "0", "--poll", "1")
    program = await Program("-m", "sandbox", "--port", "0", *alone, "--bot", impatient).start()
    url = (await program.says(r"workspace is at (http://[\w.:]+/)"))[1]
    api = (await program.says(r"Qualytics sandbox ready at (http://[\w.:]+)/api"))[1]
    await program.says(r"bot \| .*ready")
    async with httpx.AsyncClient(base_url=f"{api}/_control/", timeout=20) as qualytics:
        yield Demo(url, qualytics, program)
    assert await program.stop() == 0
    assert not [line for line in program.lines if "Traceback" in line]


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: async_api.Browser, demo: Demo) -> AsyncIterator[async_api.Page]:
    async_api.expect.set_options(timeout=BOT_MS)
    trouble = Trouble()
    opened = await open_in(browser, trouble, demo.url, DANA, QUALITY, "Europe/Berlin")
    opened.set_default_timeout(BOT_MS)
    await async_api.expect(opened.get_by_test_id("message").first).to_contain_text("already open")
    yield opened
    await opened.context.close()
    async_api.expect.set_options(timeout=PATIENCE_MS)
    assert trouble == Trouble()


def card(page: async_api.Page, ident: str) -> async_api.Locator:
    """The lasting card of an anomaly: its buttons carry its reference; lists and receipts are whispers."""
    button = page.locator(f"[data-testid=button][data-value^='qualytics:{ident}|']")
    return page.locator("[data-testid=message][data-ephemeral=false]").filter(has=button)


def by_action(inside: async_api.Locator, action: str) -> async_api.Locator:
    return inside.locator(f"[data-action-id='{action}']")


async def pick(inside: async_api.Locator, typed: str, label: str) -> None:
    """Choose in a menu of a modal by typing. The list is narrowed first: rows that move under the pointer are pressed by nobody."""
    options = inside.get_by_test_id("option")
    await inside.get_by_test_id("select-input").fill(typed)
    await async_api.expect(options.get_by_text(label, exact=True)).to_be_visible()
    await async_api.expect(options.filter(has_not_text=typed)).to_have_count(0)
    await options.get_by_text(label, exact=True).click()
