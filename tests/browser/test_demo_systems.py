"""The demo with every system that the bot speaks: a card of each in one channel, and a chapter of each in the Chaos panel."""

from __future__ import annotations

import pytest
from playwright import async_api
from playwright.async_api import expect

from sandbox import systems
from sandbox.page import panels
from tests.browser.conftest import BOT_MS, PATIENCE_MS, Program, Tabs
from tests.walks import forking

pytestmark = pytest.mark.asyncio(loop_scope="session")

QUICK = ("--port", "0", "--arrivals", "600", "--scans", "0", "--open", "3", "--poll", "1", "--latency-ms", "20")

UNLISTED = ("anomify",)
"""Systems that have no list: what is open there when they are met is told by nobody, and what ends is over a day later."""


def ending(name: str) -> panels.Act:
    """What ends an anomaly in the system itself."""
    panel = panels.PANELS[name]
    return next(act for act in panel.acts if act.change and act.body["status"] not in panel.still)


async def test_each_system_has_a_card_and_what_somebody_ends_there_is_closed_here(zygote: forking.Zygote, tabs: Tabs) -> None:
    async_api.expect.set_options(timeout=BOT_MS)
    names = [system.name for system in systems.chosen([])]
    program = await Program(zygote, "sandbox", *QUICK, "--bot", f"env DESK_WAIT_SECONDS=1 {zygote.python} -m bot run").start()
    url = (await program.says(r"workspace is at (http://[\w.:]+/)"))[1]
    page = await tabs.open(url)
    page.set_default_timeout(BOT_MS)
    messages = page.locator("[data-testid=message][data-ephemeral=false]")
    for name in names:
        met = ": nothing is open there" if name in UNLISTED else ". 3 were already open"
        await expect(messages.filter(has_text=f"Connected to {panels.PANELS[name].title}{met}")).to_have_count(1)
    await page.get_by_test_id("chaos-open").click()
    for position, name in enumerate(names):
        card = messages.filter(has=page.locator(f"[data-testid=button][data-value^='{name}:']")).filter(has_not_text="Connected to")
        await expect(card).to_have_count(1)
        await expect(card.get_by_text("Acknowledge", exact=True)).to_have_count(1)
        if name in UNLISTED:
            continue
        if position:
            await page.get_by_test_id(f"chaos-{name}").get_by_text(panels.PANELS[name].title, exact=True).click()
        await page.get_by_test_id(f"chaos-{name}-{ending(name).name}").click()
        await expect(card.get_by_text("Acknowledge", exact=True)).to_have_count(0)
    await page.goto("about:blank")  # a tab that looks at a demo that ends would complain
    assert await program.stop() == 0
    async_api.expect.set_options(timeout=PATIENCE_MS)
    assert not [line for line in program.lines if "Traceback" in line]
