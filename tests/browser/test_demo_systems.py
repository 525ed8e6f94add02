"""The demo with every system that the bot speaks: a card of each in one channel, and a chapter of each in the Chaos panel."""

from __future__ import annotations

import sys

import pytest
from playwright import async_api
from playwright.async_api import expect

from sandbox import systems
from sandbox.page import panels
from tests.browser.conftest import BOT_MS, DANA, QUALITY, Program, Trouble, open_in

pytestmark = pytest.mark.asyncio(loop_scope="session")

QUICK = ("--port", "0", "--arrivals", "600", "--scans", "0", "--open", "3", "--poll", "1", "--latency-ms", "20")


def ending(name: str) -> panels.Act:
    """What ends an anomaly in the system itself."""
    panel = panels.PANELS[name]
    return next(act for act in panel.acts if act.change and act.body["status"] not in panel.still)


async def test_each_system_has_a_card_and_what_somebody_ends_there_is_closed_here(browser: async_api.Browser) -> None:
    async_api.expect.set_options(timeout=BOT_MS)
    names = [system.name for system in systems.chosen([])]
    program = await Program("-m", "sandbox", *QUICK, "--bot", f"env DESK_WAIT_SECONDS=1 {sys.executable} -m bot run").start()
    url = (await program.says(r"workspace is at (http://[\w.:]+/)"))[1]
    trouble = Trouble()
    page = await open_in(browser, trouble, url, DANA, QUALITY, "Europe/Berlin")
    page.set_default_timeout(BOT_MS)
    messages = page.locator("[data-testid=message][data-ephemeral=false]")
    for name in names:
        await expect(messages.filter(has_text=f"Connected to {panels.PANELS[name].title}. 3 were already open")).to_have_count(1)
    await page.get_by_test_id("chaos-open").click()
    for position, name in enumerate(names):
        card = messages.filter(has=page.locator(f"[data-testid=button][data-value^='{name}:']")).filter(has_not_text="Connected to")
        await expect(card).to_have_count(1)
        await expect(card.get_by_text("Acknowledge", exact=True)).to_have_count(1)
        if position:
            await page.get_by_test_id(f"chaos-{name}").get_by_text(panels.PANELS[name].title, exact=True).click()
        await page.get_by_test_id(f"chaos-{name}-{ending(name).name}").click()
        await expect(card.get_by_text("Acknowledge", exact=True)).to_have_count(0)
    await page.context.close()
    assert await program.stop() == 0
    assert trouble == Trouble()
    assert not [line for line in program.lines if "Traceback" in line]
