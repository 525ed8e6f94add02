"""The App Home in a real browser: opened, filtered, clicked in, and turned into a batch that is taken back."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Locator, Page, expect

from bot.render.kit import ids
from tests.browser import accessibility
from tests.browser.conftest import Demo, by_action, card

pytestmark = pytest.mark.asyncio(loop_scope="session")


OUTSIDE = "(box) => [...box.querySelectorAll('*')].filter((one) => one.getBoundingClientRect().right > innerWidth + 1).length"
"""How much of the Home stands where nobody can see it."""


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
    await expect(page.get_by_test_id("modal").get_by_test_id("checkbox")).not_to_have_count(0)
    await page.get_by_test_id("modal-cancel").click()
    await expect(page.get_by_test_id("modal")).to_have_count(0)
    await page.locator("[data-testid=channel][data-channel=C0QUALITY]").click()
    await expect(card(page, ident)).to_contain_text("Dana Reyes looks into it · acknowledged by Dana today")


async def test_axe_finds_nothing_in_the_home(demo: Demo, page: Page) -> None:
    home = await opened(page)
    await expect(home).to_contain_text("Nobody has acknowledged")
    found = await accessibility.everywhere(page)
    assert await home.evaluate(OUTSIDE) == 0
    await page.set_viewport_size({"width": 1280, "height": 900})
    await page.emulate_media(color_scheme="light")
    assert found == []


async def test_at_390_px_the_openers_of_the_panes_are_words_that_stand_whole(demo: Demo, page: Page) -> None:
    await opened(page)
    await page.set_viewport_size({"width": 390, "height": 844})
    whole = "(one) => one.scrollWidth <= one.clientWidth && one.getBoundingClientRect().right <= innerWidth"
    for testid, words in (("trying-open", "What to try"), ("chaos-open", "Chaos"), ("channel-name", "Anomaly Desk")):
        shown = page.get_by_test_id(testid)
        await expect(shown.get_by_text(words, exact=True).or_(shown.and_(page.get_by_text(words, exact=True)))).to_be_in_viewport(ratio=1)
        assert await shown.evaluate(whole), words
    assert await page.locator(".main-title").evaluate(whole), "nothing is cut for them"
    await expect(page.locator(".pane-opener .q-icon").filter(visible=True)).to_have_count(0)
    await page.set_viewport_size({"width": 1280, "height": 900})
