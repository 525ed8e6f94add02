"""The whole product in a real browser: `python -m sandbox` with the real bot, clicked through."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from bot.render.kit import ids
from tests.browser.conftest import GUS, Demo, Tabs, by_action, card, pick

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def comments(demo: Demo, ident: str) -> list[str]:
    """What was said of it in Qualytics."""
    said = (await demo.qualytics.get("state")).json()["comments"]
    return [str(one["message"]) for one in said if str(one["anomaly_id"]) == ident]


async def choose(page: Page, value: str) -> None:
    """One option of the menu that is open."""
    await page.locator(f"[data-testid=option][data-value^='{value}|']").click()


def letters(said: str) -> re.Pattern[str]:
    """These letters one after the other: text of strangers has spaces without width where a mark would style it."""
    return re.compile("\u200b*".join(map(re.escape, said)))


async def test_a_card_lives_from_acknowledge_to_reopen(demo: Demo, page: Page) -> None:
    original, ident = await demo.anomaly(), await demo.anomaly(description="4,210 rows fail: customer_id not null")
    shown = card(page, ident)
    await expect(shown).to_contain_text("orders")
    await expect(shown).to_contain_text("Unassigned · waiting since today")

    await by_action(shown, ids.ACKNOWLEDGE).click()
    await expect(shown).to_contain_text("Dana looks into it since today")
    await expect(by_action(shown, ids.ACKNOWLEDGE)).to_have_count(0)
    assert (await demo.truth(ident))["status"] == "Acknowledged"
    assert [person["name"] for person in (await demo.truth(ident))["assignees"]] == ["Dana Reyes"]

    await by_action(shown, ids.ASSIGN).click()
    modal = page.get_by_test_id("modal")
    await expect(by_action(modal, ids.ASSIGN_PEOPLE)).to_contain_text("Dana Reyes")
    await pick(by_action(modal, ids.ASSIGN_PEOPLE), "lee", "Lee Park")
    await page.get_by_test_id("modal-submit").click()
    await pick(
        by_action(modal, ids.LINK_PERSON), "Lee", "Lee Park (lee.park@qualytics.acme.example)"
    )  # she has another address in Qualytics
    await page.get_by_test_id("modal-submit").click()
    await expect(modal).to_have_count(0)
    await expect(shown).to_contain_text(
        re.compile(r"Lee Park, Dana Reyes look into it · acknowledged by Dana today [^·]+ · Assigned by Dana today [^·]+$")
    )
    assert {person["name"] for person in (await demo.truth(ident))["assignees"]} == {"Dana Reyes", "Lee Park"}

    await by_action(shown, ids.ARCHIVE).click()
    await choose(page, "Duplicate")
    await expect(modal).to_contain_text("Duplicate of…")
    assert (await demo.truth(ident))["status"] == "Acknowledged"
    await by_action(modal, ids.DUPLICATE_OF).fill(original)
    await page.get_by_test_id("modal-submit").click()
    await expect(modal).to_have_count(0)
    await expect(shown).to_contain_text(f"Archived as Duplicate of #{original} by Dana today")
    assert (await demo.truth(ident))["status"] == "Duplicate"
    assert any(f"Duplicate of {original}." in said for said in await comments(demo, ident))

    await by_action(shown, ids.REOPEN).click()
    await expect(by_action(shown, ids.ARCHIVE)).to_be_visible()
    assert (await demo.truth(ident))["status"] in {"Active", "Acknowledged"}
    await expect(shown).to_have_count(1)


async def test_a_change_in_qualytics_reaches_the_card(demo: Demo, page: Page) -> None:
    ident = await demo.anomaly()
    shown = card(page, ident)
    await expect(by_action(shown, ids.ACKNOWLEDGE)).to_be_visible()
    await demo.qualytics.patch(f"anomalies/{ident}", json={"status": "Invalid"})
    await expect(shown).to_contain_text("Archived as Invalid")
    await expect(by_action(shown, ids.ACKNOWLEDGE)).to_have_count(0)


async def test_the_comment_modal_writes_to_qualytics(demo: Demo, page: Page) -> None:
    ident = await demo.anomaly()
    shown = card(page, ident)
    await by_action(shown, ids.MORE).click()
    await choose(page, ids.MORE_COMMENT)
    await by_action(page.get_by_test_id("modal"), ids.COMMENT_TEXT).fill("Looking into <it> & *more*")
    await page.get_by_test_id("modal-submit").click()
    await expect(page.get_by_test_id("modal")).to_have_count(0)
    await expect(shown).to_contain_text(letters('(Dana: "Looking into <it> & *more*")'))
    await expect(shown.locator("b", has_text="more")).to_have_count(0)
    (said,) = await comments(demo, ident)
    assert "Looking into <it> & *more*" in said


async def test_the_list_command_answers_its_author_alone(demo: Demo, page: Page) -> None:
    ident = await demo.anomaly()
    await expect(card(page, ident)).to_have_count(1)
    await page.get_by_test_id("composer").fill("/anomalies list table:orders sort:newest")
    await page.get_by_test_id("composer").press("Enter")
    answer = page.locator("[data-testid=message][data-ephemeral=true]").last
    await expect(answer).to_contain_text(re.compile("(Low|Medium|High|Critical) · orders · "))
    await expect(answer.locator(f"[data-testid=button][data-value*='qualytics:{ident}|']").first).to_be_visible()


async def test_hostile_data_is_shown_as_it_is(demo: Demo, page: Page) -> None:
    hostile = "<!channel> <@U0LEE> *bold* <script>window.hacked=1</script> مرحبا"
    ident = await demo.anomaly(description=hostile)
    shown = card(page, ident)
    await expect(shown).to_contain_text(letters(hostile))
    await expect(shown.locator(".mention, script, img")).to_have_count(0)
    await expect(shown.locator("b", has_text=re.compile("^bold$"))).to_have_count(0)
    assert await page.evaluate("window.hacked") is None


async def test_a_guest_is_refused_and_told_why(demo: Demo, tabs: Tabs, page: Page) -> None:
    ident = await demo.anomaly()
    await expect(card(page, ident)).to_have_count(1)
    guest = await tabs.open(demo.url, GUS, zone="Asia/Tokyo")
    await by_action(card(guest, ident), ids.ACKNOWLEDGE).click()
    await expect(guest.get_by_test_id("only-you").last).to_be_visible()
    await expect(guest.get_by_test_id("message").last).to_contain_text(re.compile("guest", re.IGNORECASE))
    assert (await demo.truth(ident))["status"] == "Active"


async def test_after_kill_9_the_bot_comes_back_and_every_anomaly_has_one_card(demo: Demo, page: Page) -> None:
    await page.get_by_test_id("chaos-open").click()
    await page.get_by_test_id("chaos-kill").click()
    ident = await demo.anomaly()
    await demo.program.says("was killed by signal 9")
    shown = card(page, ident)
    await expect(shown).to_be_visible()
    await expect(page.get_by_test_id("bot-state")).to_contain_text("started 2 times")
    await by_action(shown, ids.ACKNOWLEDGE).click()
    await expect(shown).to_contain_text("Dana looks into it")
    await expect(shown).to_have_count(1)


async def test_the_bot_is_mentioned_by_its_name_and_answers_with_the_short_help(page: Page) -> None:
    """Slack's composer makes a mention of whoever is picked by their name."""
    await page.get_by_test_id("composer").fill("@Anomaly Desk hello, and @dana reyes, too")
    await page.get_by_test_id("composer").press("Enter")
    sent = page.locator("[data-testid=message]").filter(has_text="hello, and")
    await expect(sent.locator(".mention.user")).to_have_text(["@Anomaly Desk", "@Dana Reyes"])
    await expect(page.locator("[data-testid=message][data-ephemeral=true]").last).to_contain_text("/anomalies")
