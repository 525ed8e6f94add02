"""The App Home in a real browser: opened, filtered, clicked in, and turned into a batch that is taken back."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Locator, Page, expect

from bot.render.kit import ids
from tests.browser.conftest import Demo, by_action, card

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def opened(page: Page) -> Locator:
    """Go to the Home by the sidebar."""
    await page.locator("[data-testid=channel][data-channel=home]").click()
    return page.get_by_test_id("home")


async def test_the_home_shows_my_queue_and_a_click_in_it_is_a_click_on_the_card(demo: Demo, page: Page) -> None:
    ident = await demo.anomaly(description="2 of 1,140 rows violate: employee_id not null", weight=97)
    shown = card(page, ident)
    await by_action(shown, ids.ASSIGN).click()
    people = by_action(page.get_by_test_id("modal"), ids.ASSIGN_PEOPLE)
    await people.get_by_test_id("select-input").fill("dana")
    await people.get_by_test_id("option").get_by_text("Dana Reyes").click()
    await page.get_by_test_id("modal-submit").click()
    await expect(shown).to_contain_text("Dana Reyes")

    home = await opened(page)
    await expect(home).to_contain_text("Assigned to you: 1")
    await expect(home).to_contain_text(f"#{ident}")
    await expect(home).to_contain_text("Nobody has acknowledged")
    await by_action(home, ids.ACKNOWLEDGE).first.click()
    await expect(home).to_contain_text(re.compile(rf"Acknowledged · Dana Reyes · [^#]*#{ident}"))
    assert (await demo.truth(ident))["status"] == "Acknowledged"

    await by_action(home, ids.REVIEW_OPEN).click()
    await expect(page.get_by_test_id("modal")).to_be_visible()
    await page.get_by_test_id("modal-cancel").click()
    await page.locator("[data-testid=channel][data-channel=C0QUALITY]").click()
    await expect(card(page, ident)).to_contain_text("Dana Reyes looks into it · acknowledged by Dana today")
