"""The demo with a browser in front, for taking pictures: what a person does there, and waiting until nothing moves."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import httpx
from playwright import async_api

from tests.browser import conftest

ROOT = Path(__file__).parents[2]
DEMO = ("--port", "0", "--arrivals", "600", "--scans", "0", "--poll", "1", "--operation-seconds", "1", "--latency-ms", "20")
TELEPHONE = (390, 780)
WIDE, TALL, AROUND = 1000, 1400, 300
STILL_MS = 900
"""What has not moved for so long stands still."""


@dataclass
class Stage:
    """One tab as Dana. `fake` are the control routes of the fake Qualytics, `systems` the addresses of all fakes by their title; `kept` is
    what one picture leaves for the next ones."""

    url: str
    browser: async_api.Browser
    page: async_api.Page
    fake: httpx.AsyncClient
    systems: dict[str, str]
    kept: dict[str, Any]

    async def tab(self, size: tuple[int, int], scheme: Literal["light", "dark"], user: str = conftest.DANA) -> async_api.Page:
        """Another window, twice as fine as the screen."""
        context = await self.browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, device_scale_factor=2, timezone_id="Europe/Berlin"
        )
        page = await context.new_page()
        page.set_default_timeout(conftest.BOT_MS)
        await page.goto(f"{self.url}?as={user}&channel={conftest.QUALITY}")
        await page.get_by_test_id("message").first.wait_for()
        return page

    async def anomaly(self, table: str, count: int = 1, **fields: Any) -> list[str]:
        """Something goes wrong in a table; the ids."""
        made = await self.fake.post("anomalies", json={"count": count, "container": table, "fields": fields})
        return [str(ident) for ident in made.raise_for_status().json()["ids"]]

    async def elsewhere(self, title: str) -> async_api.Locator:
        """Something goes wrong in another system; its card."""
        async with httpx.AsyncClient(base_url=f"{self.systems[title]}/_control/", timeout=20) as other:
            ident = str((await other.post("anomalies", json={"count": 1})).raise_for_status().json()["ids"][0])
        held = self.page.locator(f"[data-testid=button][data-value^='{title.lower()}:{ident}|']")
        return self.page.locator("[data-testid=message]").filter(has=held).last

    def card(self, ident: str) -> async_api.Locator:
        return conftest.card(self.page, ident).last

    def lasting(self, action: str) -> async_api.Locator:
        """The newest message for everybody with this button."""
        held = self.page.locator(f"[data-action-id='{action}']")
        return self.page.locator("[data-testid=message][data-ephemeral=false]").filter(has=held).last

    async def say(self, text: str) -> async_api.Locator:
        """Type a command; the answer for Dana alone, when it stands still."""
        whispers = self.page.locator("[data-testid=message][data-ephemeral=true]")
        before = await whispers.evaluate_all("(rows) => rows.map((row) => row.dataset.ts)")
        await self.page.get_by_test_id("composer").fill(text)
        await self.page.get_by_test_id("composer").press("Enter")
        newest = whispers.last
        async with asyncio.timeout(20):
            while not await whispers.count() or await newest.get_attribute("data-ts") in before:  # noqa: ASYNC110  (the page has no event for this)
                await asyncio.sleep(0.1)
        await still(newest)
        return self.page.locator(f"[data-testid=message][data-ts='{await newest.get_attribute('data-ts')}']")

    async def modal(self, text: str) -> async_api.Locator:
        """Type a command that opens a form; the form, when it stands still."""
        await self.page.get_by_test_id("composer").fill(text)
        await self.page.get_by_test_id("composer").press("Enter")
        return await self.opened()

    async def opened(self) -> async_api.Locator:
        modal = self.page.get_by_test_id("modal")
        await modal.wait_for()
        await still(modal)
        return modal

    async def whole(self, shown: async_api.Locator) -> None:
        """Make the window as high as what is to be seen needs, with what stands above and below it."""
        box = await shown.bounding_box()
        height = max(TALL, int(box["height"]) + AROUND if box else 0)
        await self.page.set_viewport_size({"width": WIDE, "height": height})

    async def close(self) -> None:
        """No form is open."""
        if await self.page.get_by_test_id("modal").count():
            await self.page.get_by_test_id("modal-cancel").click()
            await self.page.get_by_test_id("modal").wait_for(state="detached")


async def still(shown: async_api.Locator) -> None:
    """Wait until an element has not changed for a while."""
    async with asyncio.timeout(30):
        before = ""
        while (now := await shown.inner_html()) != before:
            before = now
            await asyncio.sleep(STILL_MS / 1000)


@contextlib.asynccontextmanager
async def raised() -> AsyncIterator[Stage]:
    """The whole demo, and a tab in it."""
    impatient = f"env DESK_WAIT_SECONDS=1 {sys.executable} -m bot run"
    command = [sys.executable, "-m", "sandbox", *DEMO, "--bot", impatient]
    demo = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
    try:
        url, systems = await asyncio.wait_for(_addresses(demo), 60)
        draining = asyncio.create_task(_drain(demo))
        async with (
            async_api.async_playwright() as playwright,
            httpx.AsyncClient(base_url=f"{systems['Qualytics']}/_control/", timeout=20) as fake,
        ):
            path = conftest.chromium_path(playwright.chromium.executable_path)
            browser = await playwright.chromium.launch(executable_path=path, args=conftest.FLAGS)
            stage = Stage(url, browser, None, fake, systems, {})  # type: ignore[arg-type]
            stage.page = await stage.tab((WIDE, TALL), "light")
            yield stage
            await browser.close()
        draining.cancel()
    finally:
        demo.send_signal(signal.SIGTERM)
        await demo.wait()


async def _addresses(demo: asyncio.subprocess.Process) -> tuple[str, dict[str, str]]:
    """Where the page and the fake systems are, once the bot is ready."""
    assert demo.stdout is not None
    page, systems = "", {}
    async for raw in demo.stdout:
        line = raw.decode(errors="replace")
        if told := re.search(r"workspace is at (http://[\w.:]+/)", line):
            page = told[1]
        if told := re.search(r"(\w+) sandbox ready at (http://[\d.:]+)", line):
            systems[told[1]] = told[2]
        if "bot |" in line and "ready" in line:
            return page, systems
    raise SystemExit("The demo did not come up.")


async def _drain(demo: asyncio.subprocess.Process) -> None:
    assert demo.stdout is not None
    async for _ in demo.stdout:
        pass
