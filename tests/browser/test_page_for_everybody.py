"""The page on a telephone, by keyboard, in the dark, and what happens out of sight: drawn by a small scripted app."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.browser import accessibility
from tests.browser.conftest import QUALITY, Open, Scripted, Workspace

pytestmark = pytest.mark.asyncio(loop_scope="session")

WIDE, TELEPHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest_asyncio.fixture(loop_scope="session")
async def telephone(open_page: Open) -> AsyncIterator[Page]:
    """The channel as somebody sees it who holds it in one hand."""
    page = await open_page()
    await page.set_viewport_size(TELEPHONE)
    yield page
    await page.set_viewport_size(WIDE)
    await page.emulate_media(color_scheme="light")


async def posted(workspace: Workspace, count: int) -> None:
    for number in range(count):
        await workspace.post([section(f"message {number}\n\n\n")])


def section(words: str) -> dict[str, object]:
    return {"type": "section", "text": {"type": "plain_text", "text": words}}


async def test_at_390_px_the_sidebar_folds_away(telephone: Page) -> None:
    line, opener = telephone.locator(f"[data-testid=channel][data-channel={QUALITY}]"), telephone.get_by_test_id("side-opener")
    await expect(line).to_be_hidden()
    await expect(opener).to_have_attribute("aria-expanded", "false")
    await opener.focus()
    await telephone.keyboard.press("Enter")
    await expect(line).to_be_focused()
    await expect(opener).to_have_attribute("aria-expanded", "true")
    await telephone.keyboard.press("Escape")
    await expect(line).to_be_hidden()
    await expect(opener).to_be_focused()
    await telephone.keyboard.press("Enter")
    await expect(line).to_be_focused()
    await telephone.keyboard.press("Tab")
    await telephone.keyboard.press("Enter")
    await expect(telephone.get_by_test_id("channel-name")).to_have_text("# general")
    await expect(line).to_be_hidden()


async def test_at_390_px_nothing_stands_outside(workspace: Workspace, telephone: Page) -> None:
    names = ("Acknowledge", "Assign...", "Archive as...", "Open in Qualytics", "Un-acknowledge")
    buttons = [{"type": "button", "action_id": f"b{at}", "text": {"type": "plain_text", "text": name}} for at, name in enumerate(names)]
    more = {"type": "overflow", "action_id": "more", "options": [{"text": {"type": "plain_text", "text": "Comment"}, "value": "comment"}]}
    fields = [{"type": "mrkdwn", "text": f"*{word}*\n{'x' * 60}"} for word in ("One", "Two")]
    await workspace.post([{"type": "section", "fields": fields}, {"type": "actions", "elements": [*buttons, more]}])
    await expect(telephone.get_by_test_id("overflow")).to_be_visible()
    outside = (
        "() => [...document.querySelectorAll('.message *')].filter((one) => one.getBoundingClientRect().right > innerWidth + 1).length"
    )
    assert await telephone.evaluate(outside) == 0
    tops = await telephone.evaluate("() => new Set([...document.querySelectorAll('.actions button')].map((one) => one.offsetTop)).size")
    assert tops > 1, "the buttons stand in several rows"


async def test_a_message_out_of_sight_is_told_and_a_slash_answer_comes_into_sight(workspace: Workspace, open_page: Open) -> None:
    page = await open_page()
    await posted(workspace, 12)
    await expect(page.get_by_text("message 11")).to_be_in_viewport()
    await scroll_up(page)
    mark = page.get_by_test_id("new-messages")
    await expect(mark).to_be_hidden()
    await workspace.post([section("while you read")])
    await expect(mark).to_have_text("1 new message")
    await expect(page.get_by_text("while you read")).not_to_be_in_viewport()
    await workspace.post([section("and another")])
    await expect(mark).to_have_text("2 new messages")
    await mark.click()
    await expect(page.get_by_text("and another")).to_be_in_viewport()
    await expect(mark).to_be_hidden()
    await scroll_up(page)
    await page.get_by_test_id("composer").fill("/nonsense now")
    await page.get_by_test_id("composer").press("Enter")
    await expect(page.get_by_text("/nonsense is not a valid command.")).to_be_in_viewport()
    await expect(mark).to_be_hidden()


async def scroll_up(page: Page) -> None:
    scroll = page.locator(".desk-scroll").first
    await scroll.evaluate("(box) => new Promise((done) => { box.addEventListener('scroll', done, { once: true }); box.scrollTop = -500; })")


async def test_the_page_is_dark_for_who_wants_it_dark_and_has_a_switch(telephone: Page) -> None:
    paper = "() => getComputedStyle(document.querySelector('.desk')).backgroundColor"
    assert await telephone.evaluate(paper) == "rgb(255, 255, 255)"
    await telephone.emulate_media(color_scheme="dark")
    await expect(telephone.locator(".body--dark")).to_have_count(1)
    assert await telephone.evaluate(paper) == "rgb(26, 29, 33)"
    await telephone.get_by_test_id("side-opener").click()
    assert await accessibility.complaints(telephone) == []
    await telephone.get_by_test_id("theme").click()
    await expect(telephone.locator(".body--dark")).to_have_count(0)
    assert await telephone.evaluate(paper) == "rgb(255, 255, 255)"


async def test_an_answer_that_was_also_sent_to_the_channel_stands_in_both(workspace: Workspace, open_page: Open) -> None:
    page = await open_page()
    card = await workspace.post([section("the card of many")])
    await workspace.post([section("a critical one joined")], thread_ts=card, reply_broadcast=True)
    await workspace.post([section("for those who follow it")], thread_ts=card)
    messages, thread = page.locator(".feed").first.get_by_test_id("message"), page.get_by_test_id("thread")
    told = messages.filter(has_text="a critical one joined")
    await expect(told).to_contain_text("replied to a thread")
    await expect(messages.filter(has_text="the card of many")).to_contain_text("2 replies")
    await expect(messages).to_have_count(2)
    await told.hover()
    await told.get_by_test_id("thread-link").click()
    await expect(thread.get_by_test_id("message")).to_have_count(3)
    await expect(thread.get_by_test_id("message").first).to_contain_text("the card of many")
    await expect(thread.get_by_test_id("of-thread")).to_have_text("also sent to the channel")


async def test_an_entry_of_a_menu_that_has_an_address_opens_it_and_the_app_hears_of_it(
    scripted: Scripted, workspace: Workspace, open_page: Open
) -> None:
    @scripted.app.action("more")
    async def _(ack: Any, action: Any) -> None:
        await ack()
        scripted.heard.put_nowait(action["selected_option"]["value"])

    address = f"{workspace.url}/anomalies/1001"
    named = [{"text": {"type": "plain_text", "text": word.title()}, "value": word} for word in ("open", "comment")]
    await workspace.post(
        [{"type": "actions", "elements": [{"type": "overflow", "action_id": "more", "options": [{**named[0], "url": address}, named[1]]}]}]
    )
    page = await open_page()
    options, menu = page.get_by_test_id("option"), page.get_by_test_id("overflow")
    for by_hand in (True, False):
        await menu.click()
        async with page.expect_popup() as opened:
            if by_hand:
                await options.filter(has_text="Open").click()
            else:
                await options.filter(has_text="Open").focus()
                await page.keyboard.press("Enter")
        shown = await opened.value
        await expect(shown).to_have_url(address)
        assert await shown.evaluate("window.opener") is None
        await shown.close()
        assert await scripted.hears() == "open"
        await expect(options).to_have_count(0)
    await menu.click()
    await options.filter(has_text="Comment").click()
    assert await scripted.hears() == "comment", "each press is heard once"
    assert len(page.context.pages) == 1, "what has no address opens nothing"
