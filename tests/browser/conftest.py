"""A real Chromium, a fake workspace and the page: started once per session, swept before each test."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import socket
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

from tests.walks import conftest as walks
from tests.walks import forking

FLAGS = (
    "--headless --no-sandbox --disable-gpu --in-process-gpu"
    " --disable-background-networking --disable-component-update --disable-sync --no-first-run"
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
    """`python -m` with these arguments, forked; its output is read line by line."""

    def __init__(self, zygote: forking.Zygote, *arguments: str) -> None:
        self._zygote, self._arguments = zygote, arguments

    async def start(self) -> Program:
        # told to stop, it ends its own children as well
        self._process = await self._zygote.start(*self._arguments, env=dict(os.environ), end=signal.SIGTERM, python=self._zygote.python)
        return self

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self._process.output]

    async def says(self, pattern: str, seconds: float = 30) -> re.Match[str]:
        """Wait for a line that holds `pattern`."""
        found = await asyncio.wait_for(self._process.says(pattern), seconds)
        assert found, "\n".join(self.lines)
        return found

    async def stop(self, seconds: float = 30) -> int:
        self._process.send(signal.SIGTERM)
        try:
            return await asyncio.wait_for(self._process.ended(), seconds)
        except TimeoutError:
            self._process.send(signal.SIGKILL)
            raise


def chromium_path(own: str) -> str | None:
    """Debian's Chromium, or Playwright's own."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    return found or (own if Path(own).exists() else None)


zygote = walks.zygote


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
async def workspace(zygote: forking.Zygote, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Workspace]:
    manifest = yaml.safe_load((ROOT / "manifest.yml").read_text())
    manifest["features"]["shortcuts"] = SHORTCUTS
    path = tmp_path_factory.mktemp("workspace") / "manifest.yml"
    path.write_text(yaml.safe_dump(manifest))
    program = await Program(zygote, "sandbox.slack", "--port", "0", "--no-budgets", "--manifest", str(path)).start()
    url = (await program.says(r"ready: (http://[\w.:]+)/api/"))[1]
    async with httpx.AsyncClient(base_url=f"{url}/_control/", timeout=20) as control:
        yield Workspace(url, control, AsyncWebClient("xoxb-sandbox", base_url=f"{url}/api/"))
    await program.stop()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def page_url(zygote: forking.Zygote, workspace: Workspace) -> AsyncIterator[str]:
    port = free_port()
    program = await Program(zygote, "sandbox.page", "--port", str(port), "--slack", workspace.url).start()
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


def _is_local(url: str) -> bool:
    return url.startswith(("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:"))


class Tab:
    """A tab in a browser window of its own. `trouble`: of the test that has it just now."""

    def __init__(self, page: async_api.Page, zone: str) -> None:
        self.page, self.zone, self.trouble = page, zone, Trouble()
        page.on("pageerror", lambda error: self.trouble.errors.append(str(error)))
        page.on("console", lambda message: self.trouble.errors.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: None if _is_local(request.url) else self.trouble.outside.append(request.url))


@dataclass
class Tabs:
    """The tabs of a session, used again by the next test: a new window reads and compiles the whole page anew, two seconds of work."""

    browser: async_api.Browser
    free: list[Tab] = field(default_factory=list)
    taken: list[Tab] = field(default_factory=list)

    async def blank(self, zone: str = "Europe/Berlin") -> Tab:
        """An empty tab, for the test that runs."""
        tab = next((one for one in self.free if one.zone == zone), None)
        if tab is None:
            context = await self.browser.new_context(viewport={"width": 1280, "height": 900}, timezone_id=zone)
            tab = Tab(await context.new_page(), zone)
        else:
            self.free.remove(tab)
        self.taken.append(tab)
        return tab

    async def open(self, url: str, user: str = DANA, channel: str = QUALITY, zone: str = "Europe/Berlin") -> async_api.Page:
        """A tab of one person, ready to be used."""
        page = (await self.blank(zone)).page
        page.set_default_timeout(PATIENCE_MS)
        await page.goto(f"{url}?as={user}&channel={channel}")
        await async_api.expect(page.get_by_test_id("channel-name")).not_to_be_empty()
        return page

    async def put_back(self) -> list[Trouble]:
        """All tabs of the test, emptied; returns what they complained about."""
        told = [tab.trouble for tab in self.taken]
        again = [tab for tab in self.taken if not tab.page.is_closed()]
        for tab in again:
            tab.trouble = Trouble()
            await tab.page.goto("about:blank")
        self.free += again
        self.taken = []
        return told


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def every_tab(browser: async_api.Browser) -> Tabs:
    return Tabs(browser)


@pytest_asyncio.fixture(loop_scope="session")
async def tabs(every_tab: Tabs) -> AsyncIterator[Tabs]:
    """No tab may complain or call strangers."""
    yield every_tab
    assert [told for told in await every_tab.put_back() if told != Trouble()] == []


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(tabs: Tabs, workspace: Workspace, page_url: str) -> Open:
    """Opens a tab as somebody."""
    async_api.expect.set_options(timeout=PATIENCE_MS)
    await workspace.sweep()

    async def opened(user: str = DANA, channel: str = QUALITY, zone: str = "Europe/Berlin") -> async_api.Page:
        return await tabs.open(page_url, user, channel, zone)

    return opened


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
async def demo(zygote: forking.Zygote) -> AsyncIterator[Demo]:
    impatient = f"env DESK_WAIT_SECONDS=1 {zygote.python} -m bot run"  # else one test's card waits for the next one's
    alone = ("--only", "qualytics", "--arrivals", "0", "--scans", "0", "--poll", "1")
    program = await Program(zygote, "sandbox", "--port", "0", *alone, "--bot", impatient).start()
    url = (await program.says(r"workspace is at (http://[\w.:]+/)"))[1]
    api = (await program.says(r"Qualytics sandbox ready at (http://[\w.:]+)/api"))[1]
    await program.says(r"bot \| .*ready")
    async with httpx.AsyncClient(base_url=f"{api}/_control/", timeout=20) as qualytics:
        yield Demo(url, qualytics, program)
    assert await program.stop() == 0
    assert not [line for line in program.lines if "Traceback" in line]


@pytest_asyncio.fixture(loop_scope="session")
async def page(tabs: Tabs, demo: Demo) -> AsyncIterator[async_api.Page]:
    async_api.expect.set_options(timeout=BOT_MS)
    opened = await tabs.open(demo.url)
    opened.set_default_timeout(BOT_MS)
    await async_api.expect(opened.get_by_test_id("message").first).to_contain_text("already open")
    yield opened
    async_api.expect.set_options(timeout=PATIENCE_MS)


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
