"""Hundreds at once, scans, review and digest in a real browser: the real bot behind `python -m sandbox`, one house for all tests."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from bot.render.kit import ids
from tests.browser import accessibility
from tests.browser.conftest import DANA, LEE, Demo, by_action, card, pick

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def arrive(demo: Demo, count: int, table: str) -> list[str]:
    """So many new anomalies in a table; their ids, oldest first."""
    made = await demo.qualytics.post("anomalies", json={"count": count, "container": table})
    return [str(ident) for ident in made.raise_for_status().json()["ids"]]


async def plan(demo: Demo, **words: Any) -> None:
    """How the next operation goes in the fake Qualytics."""
    (await demo.qualytics.post("operations", json=words)).raise_for_status()


async def state(demo: Demo) -> dict[str, Any]:
    found: dict[str, Any] = (await demo.qualytics.get("state")).json()
    return found


async def statuses(demo: Demo, idents: list[str]) -> Counter[str]:
    """How many of these anomalies have which status in Qualytics."""
    return Counter(one["status"] for one in (await state(demo))["anomalies"] if str(one["id"]) in idents)


async def say(page: Page, text: str) -> None:
    await page.get_by_test_id("composer").fill(text)
    await page.get_by_test_id("composer").press("Enter")


def lasting(page: Page, *having: str) -> Locator:
    """Messages for everybody that say all of this."""
    found = page.locator("[data-testid=message][data-ephemeral=false]")
    for words in having:
        found = found.filter(has_text=words)
    return found


def whisper(page: Page, *having: str) -> Locator:
    """Messages for the reader alone that say all of this."""
    found = page.locator("[data-testid=message][data-ephemeral=true]")
    for words in having:
        found = found.filter(has_text=words)
    return found


async def become(page: Page, name: str, user: str) -> None:
    """The tab acts as somebody else."""
    await page.get_by_test_id("act-as").click()
    await page.get_by_role("option", name=name).click()
    await expect(page).to_have_url(re.compile(f"as={user}"))


def menu(page: Page, action: str) -> Locator:
    """A menu of the modal."""
    return page.locator(f"[data-testid=select][data-action-id='{action}']")


def numbered(ident: str) -> re.Pattern[str]:
    """What a row of a review is called that is about this anomaly."""
    return re.compile(rf" · #{ident}$")


async def tick_first(modal: Locator) -> str:
    """The first row of this page of a review; returns which anomaly it is about."""
    row = modal.get_by_test_id("checkbox").first
    await row.click()
    await expect(row).to_have_attribute("aria-checked", "true")
    return (await row.inner_text()).rpartition("#")[2].strip()


# --- many at once --------------------------------------------------------------------------------------------------------


async def test_archiving_many_is_previewed_for_the_asker_confirmed_and_taken_back(demo: Demo, page: Page) -> None:
    idents = await arrive(demo, 24, "gl_entries")
    await expect(lasting(page, "24 anomalies", "arrived together")).to_have_count(1)
    chosen = f"{idents[0]}-{idents[-1]}"

    await say(page, f"/anomalies archive {chosen} as:duplicate")
    preview = whisper(page, "Archive 24 anomalies as Duplicate?")
    await expect(preview).to_contain_text("gl_entries 24")
    await become(page, "Lee Park", LEE)
    await expect(lasting(page, "24 anomalies", "arrived together")).to_have_count(1)
    await expect(preview).to_have_count(0)
    await become(page, "Dana Reyes", DANA)
    assert await statuses(demo, idents) == {"Active": 24}
    await by_action(preview, ids.BATCH_CONFIRM).click()

    receipt = lasting(page, "archived 24 anomalies as Duplicate")
    await expect(receipt).to_contain_text("Dana")
    await expect(by_action(page.locator("body"), ids.BATCH_CONFIRM)).to_have_count(0)
    await expect(lasting(page, "24 anomalies", "arrived together, all closed now")).to_have_count(1)
    assert await statuses(demo, idents) == {"Duplicate": 24}

    await by_action(receipt, ids.BATCH_UNDO).click()
    await page.get_by_test_id("confirm-yes").click()
    await expect(lasting(page, "Taken back by Dana", "24 as before again", "archived 24 anomalies as Duplicate")).to_have_count(1)
    await expect(by_action(receipt, ids.BATCH_UNDO)).to_have_count(0)
    await expect(lasting(page, "24 anomalies", "arrived together, all closed now")).to_have_count(0)
    assert await statuses(demo, idents) == {"Active": 24}


# --- scans ---------------------------------------------------------------------------------------------------------------


async def test_a_scan_says_what_it_may_resolve_shows_progress_and_is_aborted(demo: Demo, page: Page) -> None:
    await arrive(demo, 1, "orders")
    await plan(demo, seconds=600, anomalies=0)
    await say(page, "/scan warehouse-prod tables:orders")
    preview = whisper(page, "Start this scan?")
    await expect(preview).to_contain_text("Scan orders in warehouse-prod")
    await expect(preview).to_contain_text(re.compile(r"open anomal(y|ies) .* resolved by Qualytics itself"))
    assert (await state(demo))["operations"] == []
    await by_action(preview, ids.SCAN_START).click()

    running = lasting(page, "orders in warehouse-prod", "0 of 1 table")
    await by_action(running, ids.SCAN_ABORT).click()
    await expect(page.get_by_test_id("confirm")).to_contain_text("What it has found until then stays.")
    await page.get_by_test_id("confirm-deny").click()
    await expect(page.get_by_test_id("confirm")).to_have_count(0)
    await by_action(running, ids.SCAN_ABORT).click()
    await page.get_by_test_id("confirm-yes").click()
    verdict = lasting(page, "Scan of orders in warehouse-prod was aborted by Dana via Slack.")
    await expect(by_action(verdict, ids.SCAN_FIX)).to_have_text("Run it again")
    await expect(by_action(page.locator("body"), ids.SCAN_ABORT)).to_have_count(0)
    assert [one["result"] for one in (await state(demo))["operations"]] == ["aborted"]


async def test_the_verdict_of_a_scan_opens_the_review_of_what_is_open_there(demo: Demo, page: Page) -> None:
    await plan(demo, seconds=0, anomalies=2)
    await say(page, "/scan finance-lake tables:vendors auto-resolve:off")
    verdict = lasting(page, "Scan of vendors in finance-lake succeeded.", "2 new anomalies")
    await by_action(verdict, ids.REVIEW_OPEN).click()
    modal = page.get_by_test_id("modal")
    await expect(modal.get_by_test_id("checkbox").filter(has_text="vendors")).not_to_have_count(0)
    await expect(modal.get_by_test_id("checkbox").filter(has_not_text="vendors")).to_have_count(0)
    await page.get_by_test_id("modal-cancel").click()
    await expect(modal).to_have_count(0)


async def test_the_form_offers_what_qualytics_has_as_one_types(demo: Demo, page: Page) -> None:
    before = {one["id"] for one in (await state(demo))["operations"]}
    await plan(demo, seconds=0, anomalies=0)
    await say(page, "/scan")
    await expect(page.get_by_test_id("modal").locator(f"[data-action-id='{ids.SCAN_HOW}']")).to_be_visible()
    await pick(menu(page, ids.SCAN_DATASTORES), "crm", "crm-replica")
    await pick(menu(page, ids.SCAN_TABLES), "tick", "ticket_comments")
    await pick(menu(page, ids.SCAN_TABLES), "acti", "activities")
    await page.get_by_role("radio", name="Incremental").click()
    await page.get_by_test_id("modal-submit").click()
    await expect(page.get_by_test_id("modal")).to_have_count(0)
    await expect(lasting(page, "ticket_comments, activities in crm-replica succeeded.", "No new anomalies")).to_have_count(1)
    (started,) = [one for one in (await state(demo))["operations"] if one["id"] not in before]
    assert {one["name"] for one in started["containers"]} == {"ticket_comments", "activities"}


# --- review --------------------------------------------------------------------------------------------------------------


async def test_ticks_on_two_pages_are_changed_by_one_action(demo: Demo, page: Page) -> None:
    idents = await arrive(demo, 12, "bank_transactions")
    await expect(lasting(page, "arrived together", "bank_transactions 12")).to_have_count(1)
    await page.get_by_role("button", name="Shortcuts").click()
    await page.get_by_test_id("shortcut").filter(visible=True, has_text="Triage anomalies").click()
    modal = page.get_by_test_id("modal")
    await by_action(modal, ids.REVIEW_FILTER).fill("status:open table:bank_transactions")
    await by_action(modal, ids.REVIEW_FILTER).press("Enter")
    await expect(modal).to_contain_text("Anomalies 1-10 of 12 that match")
    picked = [await tick_first(modal)]
    await by_action(modal, ids.REVIEW_NEXT).click()
    await expect(modal).to_contain_text("1 more is ticked on other pages.")
    picked.append(await tick_first(modal))
    await pick(menu(page, ids.REVIEW_ACTION), "acknow", "Acknowledge")
    await page.get_by_test_id("modal-submit").click()
    await expect(modal).to_contain_text("Acknowledge 2 anomalies?")
    assert await statuses(demo, idents) == {"Active": 12}
    await page.get_by_test_id("modal-submit").click()
    await expect(modal).to_have_count(0)
    await page.locator("[data-testid=channel][data-channel^=D]").click()  # a global shortcut belongs to no channel
    await expect(lasting(page, "acknowledged 2 anomalies")).to_have_count(1)
    assert await statuses(demo, picked) == {"Acknowledged": 2}
    assert await statuses(demo, idents) == {"Acknowledged": 2, "Active": 10}


async def test_the_menu_of_a_card_triages_its_anomaly(demo: Demo, page: Page) -> None:
    (ident,) = await arrive(demo, 1, "payroll_runs")
    shown = card(page, ident)
    await shown.hover()
    await shown.get_by_test_id("message-menu").click()
    await page.get_by_test_id("shortcut").filter(visible=True, has_text="Triage this anomaly").click()
    modal = page.get_by_test_id("modal")
    lone = modal.get_by_role("checkbox", name=numbered(ident))
    await expect(lone).to_have_attribute("aria-checked", "true")
    await expect(lone).to_contain_text(re.compile("(Low|Medium|High|Critical) · payroll_runs · "))
    await pick(menu(page, ids.REVIEW_ACTION), "invalid", "Archive as Invalid")
    await page.get_by_test_id("modal-submit").click()
    await expect(modal).to_contain_text("Archive 1 anomaly as Invalid?")
    await page.get_by_test_id("modal-submit").click()
    await expect(shown).to_contain_text("Archived as Invalid by Dana")
    assert (await demo.truth(ident))["status"] == "Invalid"


# --- digest --------------------------------------------------------------------------------------------------------------


async def test_the_digest_is_drawn_and_leads_to_the_queue(demo: Demo, page: Page) -> None:
    await say(page, "/anomalies digest")
    digest = whisper(page, "still open", "that wait longest")
    drawn = digest.get_by_test_id("chart")
    await expect(drawn.locator("canvas, svg").first).to_be_visible()
    series = await drawn.evaluate("(box) => Object.values(getElement(box.id.slice(1)).chart.getOption().series).map((one) => one.data)")
    assert [len(days) for days in series] == [7, 7]
    await by_action(digest, ids.REVIEW_OPEN).click()
    await expect(page.get_by_test_id("modal")).to_contain_text(re.compile(r"Anomalies 1-10 of \d+ that match"))
    await expect(page.get_by_test_id("modal").get_by_test_id("checkbox")).to_have_count(10)
    await page.get_by_test_id("modal-cancel").click()
    await expect(page.get_by_test_id("modal")).to_have_count(0)


# --- for everybody ---------------------------------------------------------------------------------------------------------


async def test_axe_finds_nothing_with_a_card_a_group_and_a_modal_open(demo: Demo, page: Page) -> None:
    (ident,) = await arrive(demo, 1, "invoices")
    await expect(card(page, ident)).to_be_visible()
    await arrive(demo, 8, "budgets")
    await expect(lasting(page, "arrived together", "budgets").first).to_be_visible()
    found = await accessibility.everywhere(page)
    for pane in ("chaos", "trying"):
        await page.get_by_test_id(f"{pane}-open").click()
        found += await accessibility.complaints(page)
        await page.get_by_test_id(f"{pane}-pane-close").click()
    await say(page, "/scan")
    modal = page.get_by_test_id("modal")
    await expect(modal.locator(f"[data-action-id='{ids.SCAN_HOW}']")).to_be_visible()
    for scheme in accessibility.SCHEMES:
        await page.emulate_media(color_scheme=scheme)
        found += await accessibility.complaints(page)
    await page.get_by_test_id("modal-cancel").click()
    await expect(modal).to_have_count(0)
    await page.set_viewport_size({"width": 1280, "height": 900})
    await page.emulate_media(color_scheme="light")
    assert found == []
