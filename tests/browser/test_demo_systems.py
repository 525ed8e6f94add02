"""The demo with every system that the bot speaks: a card of each in one channel, and a chapter of each in the Chaos panel."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
import pytest_asyncio
from playwright import async_api
from playwright.async_api import Locator, Page, expect

from bot.render.kit import ids
from sandbox import systems
from sandbox.page import panels
from tests.browser.conftest import BOT_MS, PATIENCE_MS, Program, Tabs, by_action
from tests.walks import forking

pytestmark = pytest.mark.asyncio(loop_scope="session")

QUICK = (
    "--port",
    "0",
    "--arrivals",
    "600",
    "--scans",
    "0",
    "--operation-seconds",
    "0.5",
    "--open",
    "3",
    "--poll",
    "1",
    "--latency-ms",
    "20",
)

UNLISTED = ("anomify",)
"""Systems that have no list: what is open there when they are met is told by nobody, and what ends is over a day later."""


def ending(name: str) -> panels.Act:
    """What ends an anomaly in the system itself."""
    panel = panels.PANELS[name]
    return next(act for act in panel.acts if act.change and act.body["status"] not in panel.still)


@dataclass
class Whole:
    """The demo with every system: its page, the fakes by name, and its tab."""

    url: str
    fakes: dict[str, str]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def whole(zygote: forking.Zygote) -> AsyncIterator[Whole]:
    program = await Program(zygote, "sandbox", *QUICK, "--bot", f"env DESK_WAIT_SECONDS=1 {zygote.python} -m bot run").start()
    url = (await program.says(r"workspace is at (http://[\w.:]+/)"))[1]
    titles = {system.name: panels.PANELS[system.name].title for system in systems.chosen([])}
    fakes = {name: (await program.says(rf"{title} sandbox ready at (http://[\d.:]+)"))[1] for name, title in titles.items()}
    yield Whole(url, fakes)
    assert await program.stop() == 0
    assert not [line for line in program.lines if "Traceback" in line]


@pytest_asyncio.fixture(loop_scope="session")
async def page(tabs: Tabs, whole: Whole) -> AsyncIterator[Page]:
    """A visitor's tab, who has come without an address."""
    async_api.expect.set_options(timeout=BOT_MS)
    tab = (await tabs.blank()).page
    tab.set_default_timeout(BOT_MS)
    await tab.goto(whole.url)
    await expect(tab.get_by_test_id("channel-name")).not_to_be_empty()
    yield tab
    await tab.goto("about:blank")  # a tab that looks at a demo that ends would complain
    async_api.expect.set_options(timeout=PATIENCE_MS)


def card(page: Page, name: str) -> Locator:
    """The newest card of a system."""
    ours = page.locator("[data-testid=message][data-ephemeral=false]").filter(has_not_text="Connected to")
    return ours.filter(has=page.locator(f"[data-testid=button][data-value^='{name}:']")).last


async def say(page: Page, text: str) -> None:
    await page.get_by_test_id("composer").fill(text)
    await page.get_by_test_id("composer").press("Enter")


async def test_each_system_has_a_card_and_what_somebody_ends_there_is_closed_here(page: Page) -> None:
    names = [system.name for system in systems.chosen([])]
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


async def test_the_link_of_each_card_opens_a_page_of_its_system(whole: Whole, page: Page) -> None:
    for name, at in whole.fakes.items():
        async with httpx.AsyncClient(base_url=f"{at}/_control/") as fake:
            ident = str((await fake.post("anomalies", json={"count": 1})).json()["ids"][0])
        fresh = page.locator("[data-testid=message]").filter(has=page.locator(f"[data-testid=button][data-value^='{name}:{ident}|']"))
        async with page.expect_popup() as opened:
            await fresh.locator(f"a[href^='{at}/']").last.click()
        shown = await opened.value
        if name == "autional":  # its console has one address for all
            await shown.get_by_role("link", name=ident).click()
        await expect(shown.get_by_role("heading", level=1)).to_contain_text(ident)
        await expect(shown.get_by_test_id("status")).not_to_be_empty()
        await expect(shown.get_by_test_id("history")).to_contain_text("UTC: ")
        await shown.close()


async def test_the_steps_to_try_tick_themselves_off_when_they_have_happened(page: Page) -> None:
    await expect(page.get_by_test_id("step")).to_have_count(7)

    async def ticked(name: str) -> None:
        await expect(page.locator(f"[data-testid=step][data-step={name}]")).to_have_attribute("data-done", "true")

    await expect(page.locator("[data-testid=step][data-step=acknowledge]")).to_have_attribute("data-done", "false")
    await by_action(card(page, "qualytics"), ids.ACKNOWLEDGE).click()
    await ticked("acknowledge")
    await ticked("look")  # of the test before: whoever did it
    await say(page, "/anomalies archive severity:low,medium as:invalid")
    await by_action(page.locator("[data-ephemeral=true]"), ids.BATCH_CONFIRM).click()
    await ticked("many")
    await expect(page.locator("[data-testid=step][data-step=undo]")).to_have_attribute("data-done", "false")
    await by_action(page.locator("[data-ephemeral=false]"), ids.BATCH_UNDO).click()
    await page.get_by_test_id("confirm-yes").click()
    await ticked("undo")
    await say(page, "/scan warehouse-prod tables:orders")
    await by_action(page.locator("[data-ephemeral=true]"), ids.SCAN_START).click()
    await ticked("scan")
    await page.get_by_test_id("chaos-open").click()
    await page.get_by_test_id("chaos-kill").click()
    await page.get_by_test_id("trying-open").click()
    await ticked("kill")
    await ticked("follow")  # the first test changed something in each system
    await expect(page.get_by_test_id("trying-count")).to_have_text("7 of 7 done")


async def test_one_command_over_all_systems_while_one_is_off_and_its_part_tried_again(whole: Whole, page: Page) -> None:
    """Three are done, the part of the fourth is refused as a whole with its reason, and done with one click once it is back."""
    fresh: dict[str, str] = {}
    for name, at in whole.fakes.items():
        async with httpx.AsyncClient(base_url=f"{at}/_control/") as fake:
            fresh[name] = f"{name}:{(await fake.post('anomalies', json={'count': 1})).json()['ids'][0]}"
    for ref in fresh.values():
        await expect(page.locator(f"[data-testid=button][data-value^='{ref}|']").first).to_be_visible()
    await say(page, f"/anomalies archive {','.join(fresh.values())} as:resolved")
    preview = page.locator("[data-ephemeral=true]").filter(has_text="Archive 4 anomalies as Resolved?").last
    await expect(preview).to_be_visible()
    async with httpx.AsyncClient(base_url=f"{whole.fakes['autional']}/_control/") as fake:
        await fake.post("faults", json={"mode": "503"})
        await by_action(preview, ids.BATCH_CONFIRM).click()
        receipt = page.locator("[data-testid=message][data-ephemeral=false]").filter(has_text="refused as a whole").last
        await expect(receipt).to_contain_text("Autional: 1 refused as a whole")
        for name in fresh.keys() - {"autional"}:
            await expect(receipt).to_contain_text(f"{panels.PANELS[name].title}: 1 done")
        await fake.delete("faults")
    await by_action(receipt, ids.BATCH_AGAIN).click()
    again = page.locator("[data-ephemeral=true]").filter(has_text="Archive 1 anomaly as Resolved?").last
    await by_action(again, ids.BATCH_CONFIRM).click()
    done = page.locator("[data-testid=message][data-ephemeral=false]").filter(has_text="archived 1 anomaly as Resolved")
    await expect(done.filter(has_text=fresh["autional"])).to_have_count(1)


async def test_a_card_of_anodot_gets_the_chart_of_its_metric_and_keeps_it_when_somebody_takes_it(whole: Whole, page: Page) -> None:
    async with httpx.AsyncClient(base_url=f"{whole.fakes['anodot']}/_control/") as fake:
        ident = str((await fake.post("anomalies", json={"count": 1})).json()["ids"][0])
    fresh = page.locator("[data-testid=message]").filter(has=page.locator(f"[data-testid=button][data-value^='anodot:{ident}|']"))
    await expect(fresh.get_by_test_id("chart")).to_have_count(1)
    await expect(fresh.locator(".chart-title")).to_contain_text("(UTC)")
    await by_action(fresh, ids.ACKNOWLEDGE).click()
    await expect(fresh).to_contain_text("looks into it")
    await expect(fresh.get_by_test_id("chart")).to_have_count(1)


async def test_the_pace_is_that_of_all_systems_together(whole: Whole, page: Page) -> None:
    for words, seconds in (("Busy", 5), ("Quiet", 60)):
        await page.get_by_test_id("pace").get_by_text(words).click()
        await expect(page.get_by_test_id("pace").get_by_role("button", pressed=True)).to_contain_text(words)
        for at in whole.fakes.values():
            async with httpx.AsyncClient(base_url=f"{at}/_control/") as fake:
                assert (await fake.get("modes")).json()["arrivals"] == seconds * len(whole.fakes)
