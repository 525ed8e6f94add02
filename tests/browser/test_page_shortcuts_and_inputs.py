"""Shortcuts where people look for them, and every input of a modal, in a real browser."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import DANA, LEE, Open, Scripted, Workspace

pytestmark = pytest.mark.asyncio(loop_scope="session")

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def option(value: str, about: str = "") -> Json:
    return {"text": plain(value.title()), "value": value, **({"description": plain(about)} if about else {})}


def entry(name: str, label: str, kind: str, **element: Any) -> Json:
    """An input block; its element has the same name. `block` are keys of the block."""
    block = element.pop("block", {})
    return {"type": "input", "block_id": name, "label": plain(label), "element": {"type": kind, "action_id": name, **element}, **block}


def button(action: str, label: str, **more: Any) -> Json:
    return {
        "type": "actions",
        "block_id": f"{action}s",
        "elements": [{"type": "button", "action_id": action, "text": plain(label), **more}],
    }


def view(*blocks: Json) -> Json:
    return {"type": "modal", "callback_id": "form", "title": plain("A form"), "submit": plain("Save"), "blocks": list(blocks)}


def entered(values: Json) -> Json:
    """The state of a view as {name: what was entered}, options by their values."""

    def bare(value: Any) -> Any:
        return [bare(one) for one in value] if isinstance(value, list) else value["value"] if isinstance(value, dict) else value

    return {name: bare(next(value for key, value in held[name].items() if key != "type")) for name, held in values.items()}


class Forms:
    """An app that shows a modal for the global shortcut, and hears clicks, Enter and submissions in it."""

    def __init__(self, scripted: Scripted, *blocks: Json) -> None:
        self.hears = scripted.hears

        @scripted.app.shortcut("look.open")
        async def _(ack: Any, body: Any, client: Any) -> None:
            await ack()
            await client.views_open(trigger_id=body["trigger_id"], view=view(*blocks))

        async def hear(ack: Any, body: Any) -> None:
            await ack()
            what = body["actions"][0]["action_id"] if body["type"] == "block_actions" else "submitted"
            scripted.heard.put_nowait((what, entered(body["view"]["state"]["values"])))

        for listen in (scripted.app.action("words"), scripted.app.action("press"), scripted.app.view("form")):
            listen(hear)

        @scripted.app.options("tables")
        async def _(ack: Any, body: Any) -> None:
            scripted.heard.put_nowait(("asked", entered(body["view"]["state"]["values"])))
            await ack(options=[option(name) for name in ("orders", "customers", "refunds") if body["value"] in name])


async def begun(open_page: Open) -> Page:
    """Dana's tab with the modal of the global shortcut."""
    page: Page = await open_page()
    await page.get_by_role("button", name="Shortcuts").click()
    await page.get_by_test_id("shortcut").filter(visible=True).click()
    await expect(page.get_by_test_id("modal")).to_be_visible()
    return page


def field(page: Page, name: str) -> Locator:
    return page.locator(f"[data-testid=input][data-action-id={name}]")


# --- shortcuts ---------------------------------------------------------------------------------------------------------


async def test_the_bolt_at_the_composer_lists_the_global_shortcuts(scripted: Scripted, workspace: Workspace, open_page: Open) -> None:
    @scripted.app.shortcut("look.open")
    async def _(ack: Any, body: Any) -> None:
        await ack()
        scripted.heard.put_nowait((body["type"], body["user"]["id"]))

    page = await open_page(LEE)
    await page.get_by_role("button", name="Shortcuts").click()
    await expect(page.get_by_test_id("shortcut")).to_have_text(["Look aroundLook through the queue"])
    await page.get_by_test_id("shortcut").click()
    assert await scripted.hears() == ("shortcut", LEE)
    await expect(page.get_by_test_id("shortcut").filter(visible=True)).to_have_count(0)


async def test_every_message_has_a_menu_with_the_shortcuts_for_messages(scripted: Scripted, workspace: Workspace, open_page: Open) -> None:
    @scripted.app.shortcut("look.message")
    async def _(ack: Any, body: Any, respond: Any) -> None:
        await ack()
        await respond(f"You chose “{body['message']['text']}”.")

    await workspace.post([], "The first.")
    chosen = await workspace.post([], "The second.")
    page = await open_page()
    message = page.locator(f"[data-testid=message][data-ts='{chosen}']")
    await message.hover()
    await message.get_by_role("button", name="More actions").click()
    await expect(page.get_by_test_id("shortcut")).to_have_text(["Look at thisLook at this message"])
    await page.get_by_test_id("shortcut").click()
    whisper = page.get_by_test_id("message").filter(has_text="You chose “The second.”.")
    await expect(whisper.get_by_test_id("only-you")).to_be_visible()
    await expect(whisper.get_by_test_id("message-menu")).to_have_count(0)
    await expect(page.get_by_test_id("message-menu")).to_have_count(2)


async def test_a_shortcut_that_nobody_answers_says_so(workspace: Workspace, open_page: Open) -> None:
    page = await open_page()
    await page.get_by_role("button", name="Shortcuts").click()
    await page.get_by_test_id("shortcut").click()
    await expect(page.get_by_text("Something went wrong with this action: dispatch_failed.")).to_be_visible()


# --- inputs ------------------------------------------------------------------------------------------------------------


async def test_every_input_can_be_filled_in(scripted: Scripted, workspace: Workspace, open_page: Open) -> None:
    ticks = [{"text": mrkdwn(f"*{name}* fails"), "value": name, "description": mrkdwn("High, _open_")} for name in ("a", "b", "c")]
    ways = [option("new", "new rows only"), option("all", "all rows")]
    app = Forms(
        scripted,
        entry("ticks", "Which", "checkboxes", options=ticks, initial_options=ticks[1:2]),
        entry("how", "How", "radio_buttons", options=ways, initial_option=ways[0]),
        entry("since", "Since", "datepicker", initial_date="2026-11-01"),
        entry("at", "At", "timepicker", block={"optional": True}),
        entry("count", "Rows", "number_input", is_decimal_allowed=False, min_value="1000", initial_value="10000"),
        entry("tables", "Tables", "multi_external_select", min_query_length=0, placeholder=plain("All tables"), block={"optional": True}),
    )
    page = await begun(open_page)
    boxes = page.get_by_test_id("checkbox")
    await expect(boxes).to_have_text([f"{name} failsHigh, open" for name in "abc"])
    await expect(boxes.first.locator("b")).to_have_text("a")
    await expect(page.get_by_role("checkbox", name="b fails")).to_have_attribute("aria-checked", "true")
    await page.get_by_role("checkbox", name="c fails").click()
    await page.get_by_role("checkbox", name="a fails").click()
    await page.get_by_role("checkbox", name="b fails").click()
    await expect(page.get_by_role("radio", name="New")).to_have_attribute("aria-checked", "true")
    await page.get_by_role("radio", name="All").click()
    await expect(page.get_by_role("radio", name="New")).to_have_attribute("aria-checked", "false")
    await expect(field(page, "since")).to_have_value("2026-11-01")
    await field(page, "since").fill("2026-12-24")
    await field(page, "at").fill("09:30")
    picker = page.locator("[data-testid=select][data-action-id=tables]")
    await expect(picker.get_by_test_id("select-input")).to_have_attribute("placeholder", "All tables")
    await picker.get_by_test_id("select-input").click()
    await expect(picker.get_by_test_id("option")).to_have_text(["Orders", "Customers", "Refunds"])
    await picker.get_by_test_id("option").nth(2).click()
    await field(page, "count").fill("999")
    await page.get_by_test_id("modal-submit").click()
    await expect(page.get_by_test_id("input-error")).to_have_text("Please enter a number that is at least 1000.")
    await field(page, "count").fill("5000")
    await page.get_by_test_id("modal-submit").click()
    await expect(page.get_by_test_id("modal")).to_have_count(0)
    assert (await app.hears())[0] == "asked"
    assert await app.hears() == (
        "submitted",
        {"ticks": ["a", "c"], "how": "all", "since": "2026-12-24", "at": "09:30", "count": "5000", "tables": ["refunds"]},
    )


async def test_enter_in_a_field_that_dispatches_asks_the_app_and_keeps_the_form(
    scripted: Scripted, workspace: Workspace, open_page: Open
) -> None:
    config = {"trigger_actions_on": ["on_enter_pressed"]}
    app = Forms(
        scripted,
        entry("words", "Filter", "plain_text_input", dispatch_action_config=config, block={"dispatch_action": True}),
        entry("note", "Note", "plain_text_input"),
    )
    page = await begun(open_page)
    await field(page, "note").fill("half a thought")
    await field(page, "words").fill("table:orders")
    await field(page, "words").press("Enter")
    assert await app.hears() == ("words", {"words": "table:orders", "note": "half a thought"})
    await expect(page.get_by_test_id("modal")).to_be_visible()
    await expect(field(page, "words")).to_have_value("table:orders")


async def test_buttons_and_menus_of_a_modal_carry_what_was_typed_and_ticked(
    scripted: Scripted, workspace: Workspace, open_page: Open
) -> None:
    question = {"title": plain("Archive 2?"), "text": mrkdwn("As *Resolved*."), "confirm": plain("Archive"), "deny": plain("Keep")}
    app = Forms(
        scripted,
        entry("note", "Note", "plain_text_input"),
        entry("ticks", "Which", "checkboxes", options=[option("a"), option("b")]),
        entry("tables", "Tables", "multi_external_select", min_query_length=1),
        button("press", "Archive all", style="danger", confirm=question),
    )
    page = await begun(open_page)
    await page.get_by_role("checkbox", name="B").click()
    await field(page, "note").fill("known")
    await page.get_by_test_id("select-input").fill("cust")
    await expect(page.get_by_test_id("option")).to_have_text(["Customers"])
    assert await app.hears() == ("asked", {"note": "known", "ticks": ["b"], "tables": []})
    await page.get_by_test_id("option").click()
    await field(page, "note").fill("known better")
    await page.get_by_role("button", name="Archive all").click()
    await expect(page.get_by_test_id("confirm")).to_contain_text("As Resolved.")
    await page.get_by_test_id("confirm-deny").click()
    await expect(page.get_by_test_id("confirm")).to_have_count(0)
    await page.get_by_role("button", name="Archive all").click()
    await page.get_by_test_id("confirm-yes").click()
    assert await app.hears() == ("press", {"note": "known better", "ticks": ["b"], "tables": ["customers"]})


async def test_seven_days_are_drawn_as_bars_with_their_names(workspace: Workspace, open_page: Open) -> None:
    days = ["16 Nov", "17 Nov", "18 Nov", "19 Nov", "20 Nov", "21 Nov", "22 Nov"]
    series = [
        {"name": name, "data": [{"label": day, "value": value} for day, value in zip(days, values, strict=True)]}
        for name, values in (("Opened", [12, 3, 45, 9, 17, 2, 0]), ("Closed", [10, 4, 20, 30, 11, 1, 0]))
    ]
    chart = {"type": "bar", "series": series, "axis_config": {"categories": days}}
    await workspace.post([{"type": "data_visualization", "title": "Opened and closed", "chart": chart}])
    page = await open_page(DANA)
    drawn = page.get_by_test_id("chart")
    await expect(page.get_by_text("Opened and closed")).to_be_visible()
    await expect(drawn.locator("canvas, svg").first).to_be_visible()
    told = await drawn.evaluate(
        "(box) => Object.values(getElement(box.id.slice(1)).chart.getOption().series).map((one) => [one.name, one.data])"
    )
    assert told == [["Opened", [12, 3, 45, 9, 17, 2, 0]], ["Closed", [10, 4, 20, 30, 11, 1, 0]]]
