"""The workspace page in a real browser, against the fake Slack server and a small scripted app."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from playwright import async_api
from playwright.async_api import Page, expect

from tests.browser.conftest import DANA, GUS, LEE, QUALITY, Open, Scripted, Workspace, pick

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOSTILE = '<script>window.hacked=1</script><img src=x onerror="window.hacked=1"> <!channel> <@U0LEE> *bold* &lt; :tada: مرحبا'


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str, *, verbatim: bool = True) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": verbatim}


def section(text: dict[str, Any]) -> dict[str, Any]:
    return {"type": "section", "text": text}


def button(action: str, label: str = "Press", **more: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": action, "text": plain(label), "value": "v1", **more}


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def option(value: str, about: str = "") -> dict[str, Any]:
    return {"text": plain(value.title()), "value": value, **({"description": plain(about)} if about else {})}


def message(page: Page, ts: str) -> async_api.Locator:
    return page.locator(f"[data-testid=message][data-ts='{ts}']")


def by_action(inside: Page | async_api.Locator, action: str) -> async_api.Locator:
    return inside.locator(f"[data-action-id='{action}']")


# --- drawing -----------------------------------------------------------------------------------------------------------


async def test_a_message_is_drawn_from_its_blocks(workspace: Workspace, open_page: Open) -> None:
    select = {"type": "static_select", "action_id": "menu", "placeholder": plain("Archive as..."), "options": [option("duplicate", "same")]}
    ts = await workspace.post(
        [
            {"type": "header", "text": plain("High · record anomaly in orders")},
            section(mrkdwn("4,210 rows fail: *not null*")),
            {"type": "section", "fields": [mrkdwn("*Open*\n12"), mrkdwn("*Closed*\n4")]},
            {"type": "context", "elements": [mrkdwn("Weight 54"), plain("tags pii")]},
            {"type": "divider"},
            actions(button("go", "Acknowledge", style="primary"), select, button("out", "Open", url="https://a.example/1")),
        ]
    )
    drawn = message(await open_page(), ts)
    await expect(drawn.get_by_role("heading", name="High · record anomaly in orders")).to_be_visible()
    await expect(drawn.get_by_test_id("app-badge")).to_have_text("APP")
    await expect(drawn.locator(".text b")).to_have_text("not null")
    await expect(drawn.locator(".field")).to_have_text(["Open12", "Closed4"])
    await expect(drawn.locator(".context-text")).to_have_text(["Weight 54", "tags pii"])
    await expect(drawn.locator("hr")).to_have_count(1)
    await expect(drawn.get_by_role("button", name="Acknowledge")).to_have_class(re.compile("primary"))
    await expect(by_action(drawn, "out")).to_have_attribute("href", "https://a.example/1")
    await expect(by_action(drawn, "out")).to_have_attribute("target", "_blank")


async def test_hostile_text_is_shown_letter_by_letter_and_runs_nothing(workspace: Workspace, open_page: Open) -> None:
    escaped = HOSTILE.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    literal = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": HOSTILE}]}]}
    cell = {"type": "raw_text", "text": HOSTILE}
    bad_option = {"text": plain(HOSTILE[:70]), "value": HOSTILE[:100]}
    ts = await workspace.post(
        [
            {"type": "header", "text": {**plain(HOSTILE), "emoji": False}},
            section({**plain(HOSTILE), "emoji": False}),
            section(mrkdwn(escaped)),
            {"type": "context", "elements": [mrkdwn(escaped)]},
            literal,
            {"type": "table", "rows": [[cell], [cell]]},
            actions(button("b", HOSTILE[:70]), {"type": "static_select", "action_id": "s", "options": [bad_option]}),
        ]
    )
    page = await open_page()
    drawn = message(page, ts)
    await expect(drawn.locator("h2.header-text")).to_have_text(HOSTILE)
    await expect(drawn.locator(".section .text").first).to_have_text(HOSTILE)
    await expect(drawn.locator(".section .text").nth(1)).to_contain_text("<!channel> <@U0LEE> bold &lt;")
    await expect(drawn.locator(".rich")).to_have_text(HOSTILE)
    await expect(drawn.locator("td")).to_have_text(HOSTILE)
    await by_action(drawn, "s").click()
    await expect(page.get_by_test_id("option")).to_contain_text(HOSTILE[:60])
    await expect(drawn.locator("img, script, .mention")).to_have_count(0)
    assert await page.evaluate("window.hacked") is None


async def test_what_an_app_forgets_to_escape_comes_alive_as_in_slack(workspace: Workspace, open_page: Open) -> None:
    ts = await workspace.post([section(mrkdwn("<!channel> and <@U0LEE>")), section(mrkdwn("wake up @here", verbatim=False))])
    drawn = message(await open_page(), ts)
    await expect(drawn.locator(".mention.broadcast")).to_have_text(["@channel", "@here"])
    await expect(drawn.locator(".mention.user")).to_have_text("@Lee Park")


async def test_dates_are_drawn_in_the_zone_of_the_browser(workspace: Workspace, open_page: Open) -> None:
    ts = await workspace.post([section(mrkdwn("at <!date^1795262400^{date_num} {time}|noon UTC>"))])
    for zone, shown in (("Asia/Tokyo", "at 2026-11-21 9:00 PM"), ("America/New_York", "at 2026-11-21 7:00 AM")):
        page = await open_page(zone=zone)
        await expect(message(page, ts).locator(".text")).to_have_text(shown)


async def test_tables_turn_pages_and_charts_are_drawn(workspace: Workspace, open_page: Open) -> None:
    rows = [[{"type": "raw_text", "text": "table"}]] + [[{"type": "raw_text", "text": f"t{number}"}] for number in range(7)]
    points = [{"label": "Mon", "value": 3}, {"label": "Tue", "value": 5}]
    chart = {"type": "bar", "series": [{"name": "opened", "data": points}], "axis_config": {"categories": ["Mon", "Tue"]}}
    ts = await workspace.post(
        [
            {"type": "data_table", "caption": "Open", "page_size": 3, "rows": rows},
            {"type": "data_visualization", "title": "A week", "chart": chart},
        ]
    )
    drawn = message(await open_page(), ts)
    await expect(drawn.locator("td")).to_have_text(["t0", "t1", "t2"])
    await drawn.get_by_test_id("table-next").click()
    await expect(drawn.locator("td")).to_have_text(["t3", "t4", "t5"])
    await expect(drawn.get_by_test_id("chart").locator("canvas")).to_be_visible()


async def test_an_edit_and_a_deletion_reach_an_open_page(workspace: Workspace, open_page: Open) -> None:
    ts = await workspace.post([section(plain("before"))])
    page = await open_page()
    await expect(message(page, ts)).to_contain_text("before")
    await workspace.web.chat_update(channel=QUALITY, ts=ts, text="after", blocks=[section(plain("after"))])
    await expect(message(page, ts)).to_contain_text("after")
    await workspace.control.post("delete", json={"channel": QUALITY, "ts": ts})
    await expect(page.get_by_test_id("message")).to_have_count(0)


async def test_the_newest_message_is_at_the_bottom_and_in_sight(workspace: Workspace, open_page: Open) -> None:
    for number in range(20):
        await workspace.post([section(plain(f"message {number}\n\n\n"))])
    page = await open_page()
    await expect(page.get_by_test_id("message")).to_have_count(20)
    await expect(page.get_by_text("message 19")).to_be_in_viewport()
    await workspace.post([section(plain("the very last"))])
    await expect(page.get_by_test_id("message").last).to_contain_text("the very last")
    await expect(page.get_by_text("the very last")).to_be_in_viewport()


# --- people ------------------------------------------------------------------------------------------------------------


async def test_a_whisper_is_seen_by_one_person_and_marked(workspace: Workspace, open_page: Open) -> None:
    dana, lee = await open_page(DANA), await open_page(LEE)
    await workspace.web.chat_postEphemeral(channel=QUALITY, user=DANA, text="Only for Dana.")
    await workspace.post([section(plain("For all."))])
    await expect(dana.get_by_test_id("message")).to_have_count(2)
    await expect(dana.get_by_test_id("only-you")).to_contain_text("Only visible to you")
    await expect(lee.get_by_test_id("message")).to_have_count(1)
    await expect(lee.get_by_text("Only for Dana.")).to_have_count(0)


async def test_each_tab_acts_as_its_own_person(scripted: Scripted, workspace: Workspace, open_page: Open) -> None:
    @scripted.app.action("go")
    async def _(ack: Any, body: Any) -> None:
        await ack()
        scripted.heard.put_nowait(body["user"]["id"])

    ts = await workspace.post([actions(button("go"))])
    first, second = await open_page(DANA), await open_page(DANA)
    await second.get_by_test_id("act-as").click()
    await second.get_by_role("option", name="Gus Ito (guest)").click()
    await expect(second).to_have_url(re.compile(f"as={GUS}"))
    await by_action(message(second, ts), "go").click()
    assert await scripted.hears() == GUS
    await by_action(message(first, ts), "go").click()
    assert await scripted.hears() == DANA
    await second.reload()
    await by_action(message(second, ts), "go").click()
    assert await scripted.hears() == GUS


async def test_a_thread_has_its_own_pane(workspace: Workspace, open_page: Open) -> None:
    ts = await workspace.post([section(plain("The parent."))])
    await workspace.web.chat_postMessage(channel=QUALITY, thread_ts=ts, text="A reply.")
    page = await open_page()
    await expect(page.get_by_test_id("feed").get_by_text("A reply.")).to_have_count(0)
    await message(page, ts).get_by_test_id("thread-link").click()
    pane = page.get_by_test_id("thread")
    await expect(pane.get_by_text("A reply.")).to_be_visible()
    await pane.get_by_test_id("thread-composer").fill("Mine too.")
    await pane.get_by_test_id("thread-composer").press("Enter")
    await expect(pane.get_by_text("Mine too.")).to_be_visible()
    await expect(page.get_by_test_id("feed").get_by_test_id("thread-link")).to_have_text("2 replies")
    await pane.get_by_test_id("thread-composer").fill("/anomalies list")
    await pane.get_by_test_id("thread-composer").press("Enter")
    await expect(pane.get_by_text("/anomalies is not supported in threads. Sorry!")).to_be_visible()


# --- acting ------------------------------------------------------------------------------------------------------------


async def test_a_click_goes_to_the_app_and_its_edit_comes_back(scripted: Scripted, workspace: Workspace, open_page: Open) -> None:
    @scripted.app.action("go")
    async def _(ack: Any, body: Any, client: Any) -> None:
        await ack()
        done = [section(plain(f"Done by {body['user']['id']} with {body['actions'][0]['value']}"))]
        await client.chat_update(channel=body["channel"]["id"], ts=body["message"]["ts"], text="Done.", blocks=done)

    ts = await workspace.post([actions(button("go", "Acknowledge"))])
    page = await open_page()
    await page.get_by_role("button", name="Acknowledge").click()
    await expect(message(page, ts)).to_contain_text(f"Done by {DANA} with v1")
    await expect(page.get_by_role("button", name="Acknowledge")).to_have_count(0)


async def test_menus_offer_their_options_in_order_and_send_the_chosen_one(
    scripted: Scripted, workspace: Workspace, open_page: Open
) -> None:
    async def hear(ack: Any, action: Any) -> None:
        await ack()
        scripted.heard.put_nowait((action["action_id"], action["selected_option"]["value"]))

    scripted.app.action("archive")(hear)
    scripted.app.action("more")(hear)
    choices = [option("resolved", "root cause fixed"), option("duplicate", "same as another")]
    ts = await workspace.post(
        [
            actions(
                {"type": "static_select", "action_id": "archive", "placeholder": plain("Archive as..."), "options": choices},
                {"type": "overflow", "action_id": "more", "options": [option("comment"), option("history")]},
            )
        ]
    )
    page = await open_page()
    await message(page, ts).get_by_test_id("select").click()
    await expect(page.get_by_test_id("option")).to_have_text(["Resolvedroot cause fixed", "Duplicatesame as another"])
    await page.get_by_test_id("option").nth(1).click()
    assert await scripted.hears() == ("archive", "duplicate")
    await expect(message(page, ts).get_by_test_id("select")).to_contain_text("Duplicate")
    await message(page, ts).get_by_test_id("overflow").click()
    await page.locator("[data-testid=option][data-value=history]").click()
    assert await scripted.hears() == ("more", "history")


async def test_a_dangerous_button_asks_first(scripted: Scripted, workspace: Workspace, open_page: Open) -> None:
    @scripted.app.action("drop")
    async def _(ack: Any) -> None:
        await ack()
        scripted.heard.put_nowait("dropped")

    confirm = {"title": plain("Sure?"), "text": plain("It cannot be undone."), "confirm": plain("Delete"), "deny": plain("Keep")}
    await workspace.post([actions(button("drop", "Delete", style="danger", confirm=confirm))])
    page = await open_page()
    await by_action(page, "drop").click()
    await expect(page.get_by_test_id("confirm")).to_contain_text("It cannot be undone.")
    await page.get_by_test_id("confirm-deny").click()
    await expect(page.get_by_test_id("confirm")).to_have_count(0)
    assert scripted.heard.empty()
    await by_action(page, "drop").click()
    await page.get_by_test_id("confirm-yes").click()
    assert await scripted.hears() == "dropped"


async def test_a_click_that_nobody_acknowledges_is_marked_on_the_message(workspace: Workspace, open_page: Open) -> None:
    ts = await workspace.post([actions(button("nobody"))])
    page = await open_page()
    await by_action(page, "nobody").click()
    await expect(message(page, ts).get_by_test_id("failed")).to_contain_text("This action did not work")


# --- modals ------------------------------------------------------------------------------------------------------------


def view(callback: str, *blocks: dict[str, Any], title: str = "A form") -> dict[str, Any]:
    return {
        "type": "modal",
        "callback_id": callback,
        "title": plain(title),
        "submit": plain("Save"),
        "close": plain("Back"),
        "blocks": list(blocks),
    }


def text_input(block: str, action: str, **more: Any) -> dict[str, Any]:
    element = {"type": "plain_text_input", "action_id": action, "multiline": True, **more}
    return {"type": "input", "block_id": block, "label": plain("Comment"), "element": element}


def opens(scripted: Scripted, modal: dict[str, Any]) -> None:
    """A button `open` that opens this modal."""

    @scripted.app.action("open")
    async def _(ack: Any, body: Any, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=modal)


async def open_modal(workspace: Workspace, open_page: Open) -> Page:
    await workspace.post([actions(button("open", "Open"))])
    page = await open_page()
    await by_action(page, "open").click()
    await expect(page.get_by_test_id("modal")).to_be_visible()
    return page


async def test_a_modal_shows_errors_under_inputs_and_closes_when_it_is_right(
    scripted: Scripted, workspace: Workspace, open_page: Open
) -> None:
    opens(scripted, view("note", text_input("b", "t")))

    @scripted.app.view("note")
    async def _(ack: Any, view: Any) -> None:
        said = view["state"]["values"]["b"]["t"]["value"]
        scripted.heard.put_nowait(said)
        if said == "wrong":
            await ack(response_action="errors", errors={"b": "Say something <b>nicer</b>."})
        else:
            await ack()

    page = await open_modal(workspace, open_page)
    await expect(page.locator(".desk-modal-title")).to_have_text("A form")
    await page.get_by_test_id("modal-submit").click()
    await expect(page.get_by_test_id("input-error")).to_have_text("Please complete this required field.")
    await page.get_by_test_id("input").fill("wrong")
    await page.get_by_test_id("modal-submit").click()
    await expect(page.get_by_test_id("input-error")).to_have_text("Say something <b>nicer</b>.")
    await expect(page.get_by_test_id("input")).to_have_value("wrong")
    await page.get_by_test_id("input").fill("fine")
    await page.get_by_test_id("modal-submit").click()
    await expect(page.get_by_test_id("modal")).to_have_count(0)
    assert [await scripted.hears(), await scripted.hears()] == ["wrong", "fine"]


async def test_a_modal_that_is_not_answered_says_so_and_stays(scripted: Scripted, workspace: Workspace, open_page: Open) -> None:
    opens(scripted, view("deaf", text_input("b", "t")))
    page = await open_modal(workspace, open_page)
    await page.get_by_test_id("input").fill("anybody?")
    await page.get_by_test_id("modal-submit").click()
    await expect(page.get_by_test_id("modal-trouble")).to_contain_text("We had some trouble connecting")
    await expect(page.get_by_test_id("input")).to_have_value("anybody?")
    await page.get_by_test_id("modal-cancel").click()
    await expect(page.get_by_test_id("modal")).to_have_count(0)


async def test_an_update_keeps_what_was_typed_and_a_push_can_be_left_again(
    scripted: Scripted, workspace: Workspace, open_page: Open
) -> None:
    extra = actions(button("update", "Update"), button("push", "Push"))
    opens(scripted, view("note", text_input("b", "t"), {**extra, "block_id": "a"}))

    @scripted.app.action("update")
    async def _(ack: Any, body: Any, client: Any) -> None:
        await ack()
        new = view("note", section(plain("Now updated.")), text_input("b", "t"), {**extra, "block_id": "a"})
        await client.views_update(view_id=body["view"]["id"], view=new)

    @scripted.app.action("push")
    async def _(ack: Any, body: Any, client: Any) -> None:
        await ack()
        await client.views_push(trigger_id=body["trigger_id"], view=view("second", section(plain("On top.")), title="Second"))

    page = await open_modal(workspace, open_page)
    await page.get_by_test_id("input").fill("half a thought")
    await page.get_by_role("button", name="Update").click()
    await expect(page.get_by_test_id("modal")).to_contain_text("Now updated.")
    await expect(page.get_by_test_id("input")).to_have_value("half a thought")
    await page.get_by_role("button", name="Push").click()
    await expect(page.locator(".desk-modal-title")).to_have_text("Second")
    await page.get_by_test_id("modal-cancel").click()
    await expect(page.locator(".desk-modal-title")).to_have_text("A form")
    await expect(page.get_by_test_id("input")).to_have_value("half a thought")


async def test_people_and_options_of_the_app_are_picked_by_typing(scripted: Scripted, workspace: Workspace, open_page: Open) -> None:
    def menu(block: str) -> dict[str, Any]:
        element = {"type": "external_select", "action_id": "who", "min_query_length": 0}
        return {"type": "input", "block_id": block, "label": plain(block), "element": element}

    people = {"type": "multi_users_select", "action_id": "people", "initial_users": [GUS]}
    opens(scripted, view("pick", {"type": "input", "block_id": "p", "label": plain("People"), "element": people}, menu("one"), menu("two")))

    @scripted.app.options("who")
    async def _(ack: Any, payload: Any) -> None:
        names = ["Lee Park", "Lena Parks", "Dana Reyes"]
        await ack(options=[option(name) for name in names if payload["value"].lower() in name.lower()])

    @scripted.app.view("pick")
    async def _(ack: Any, view: Any) -> None:
        await ack()
        values = view["state"]["values"]
        chosen = [values[block]["who"]["selected_option"]["value"] for block in ("one", "two")]
        scripted.heard.put_nowait((values["p"]["people"]["selected_users"], chosen))

    page = await open_modal(workspace, open_page)

    async def choose(block: str, typed: str, label: str) -> None:
        await pick(page.locator(f"[data-testid=select][data-block-id='{block}']"), typed, label)

    await choose("p", "lee", "Lee Park")
    await choose("one", "len", "Lena Parks")
    await choose("two", "dan", "Dana Reyes")
    await expect(page.get_by_test_id("chip")).to_have_text([re.compile("Gus"), re.compile("Lee"), re.compile("Lena"), re.compile("Dana")])
    await page.get_by_test_id("chip-remove").first.click()
    await expect(page.get_by_test_id("chip")).to_have_count(3)
    await page.get_by_test_id("modal-submit").click()
    assert await scripted.hears() == ([LEE], ["Lena Parks", "Dana Reyes"])


async def test_an_option_counts_that_was_pressed_while_its_list_was_narrowed(
    scripted: Scripted, workspace: Workspace, open_page: Open
) -> None:
    element = {"type": "external_select", "action_id": "who", "min_query_length": 0}
    opens(scripted, view("pick", {"type": "input", "block_id": "one", "label": plain("Who"), "element": element}))
    narrow, holding, held = asyncio.Event(), asyncio.Event(), list[str | bytes]()

    @scripted.app.options("who")
    async def _(ack: Any, payload: Any) -> None:
        typed = payload["value"]
        if typed:
            scripted.heard.put_nowait(typed)
            await narrow.wait()
        await ack(options=[option(name) for name in ("Lee Park", "Lena Parks") if typed.lower() in name.lower()])

    page = await open_page()
    lines: list[async_api.WebSocketRoute] = []

    def route(line: async_api.WebSocketRoute) -> None:
        lines.append(line.connect_to_server())
        line.on_message(lambda told: held.append(told) if holding.is_set() else lines[-1].send(told))

    await page.route_web_socket(re.compile("socket.io"), route)
    await page.reload()
    await workspace.post([actions(button("open", "Open"))])
    await by_action(page, "open").click()
    await page.get_by_test_id("select-input").click()
    await expect(page.get_by_test_id("option")).to_have_text(["Lee Park", "Lena Parks"])
    await page.get_by_test_id("select-input").fill("len")
    assert await scripted.hears() == "len"
    holding.set()
    await page.get_by_test_id("option").get_by_text("Lena Parks").click()
    narrow.set()
    await expect(page.get_by_test_id("option")).to_have_text(["Lena Parks"])
    holding.clear()
    for told in held:
        lines[-1].send(told)
    await expect(page.get_by_test_id("chip")).to_have_text([re.compile("Lena Parks")])
    await expect(page.get_by_test_id("option").filter(visible=True)).to_have_count(0)
    await page.context.close()  # its lines stay routed for good


# --- composer ----------------------------------------------------------------------------------------------------------


async def test_a_command_is_completed_and_sent_as_typed(scripted: Scripted, workspace: Workspace, open_page: Open) -> None:
    @scripted.app.command("/anomalies")
    async def _(ack: Any, command: Any) -> None:
        await ack(f"You said: {command['text']}")

    page = await open_page(LEE)
    composer = page.get_by_test_id("composer")
    await composer.press_sequentially("/an")
    await expect(page.get_by_test_id("command-hint")).to_have_count(1)
    await expect(page.get_by_test_id("command-hint")).to_contain_text("/anomalies")
    await composer.press("Tab")
    await expect(composer).to_have_value("/anomalies ")
    await composer.press_sequentially("list status:open")
    await composer.press("Enter")
    await expect(page.get_by_test_id("message")).to_contain_text("You said: list status:open")
    await expect(composer).to_have_value("")
    await expect(page.get_by_test_id("only-you")).to_be_visible()


async def test_slackbot_explains_what_went_wrong_with_a_command(workspace: Workspace, open_page: Open) -> None:
    page = await open_page()
    composer = page.get_by_test_id("composer")
    await composer.fill("/nonsense now")
    await composer.press("Enter")
    await expect(page.get_by_test_id("message").first).to_contain_text("/nonsense is not a valid command.")
    await composer.fill("/anomalies list")
    await composer.press("Enter")
    await expect(page.get_by_test_id("message").nth(1)).to_contain_text("/anomalies failed with the error")
    await expect(page.get_by_test_id("message").nth(1)).to_contain_text("Slackbot")


async def test_a_message_is_sent_literally_and_shift_enter_breaks_the_line(open_page: Open) -> None:
    page = await open_page()
    composer = page.get_by_test_id("composer")
    await composer.press_sequentially("<b>one</b> & two")
    await composer.press("Shift+Enter")
    await composer.press_sequentially("three")
    await composer.press("Enter")
    await expect(page.get_by_test_id("message")).to_contain_text("<b>one</b> & two\nthree", use_inner_text=True)
    await expect(page.get_by_test_id("message")).to_contain_text("Dana Reyes")


# --- chaos -------------------------------------------------------------------------------------------------------------


async def test_a_chaos_switch_makes_the_server_fail_and_every_tab_shows_it(workspace: Workspace, open_page: Open) -> None:
    first, second = await open_page(), await open_page(LEE)
    for page in (first, second):
        await page.get_by_test_id("chaos-open").click()
    await first.get_by_test_id("chaos-slack-500").click()
    await first.get_by_test_id("chaos-slack-channel").click()
    await expect(second.get_by_test_id("chaos-slack-500")).to_have_attribute("aria-checked", "true")
    await expect(second.get_by_test_id("chaos-slack-channel")).to_have_attribute("aria-checked", "true")
    assert [fault["mode"] for fault in (await workspace.control.get("faults")).json()["faults"]] == ["500", "error"]
    await second.get_by_test_id("chaos-slack-500").click()
    await expect(first.get_by_test_id("chaos-slack-500")).to_have_attribute("aria-checked", "false")
    await expect(first.get_by_test_id("chaos-slack-channel")).to_have_attribute("aria-checked", "true")
    await first.get_by_test_id("chaos-slack-channel").click()
    await expect(second.get_by_test_id("chaos-slack-channel")).to_have_attribute("aria-checked", "false")
    await workspace.post([section(plain("It works again."))])
    await expect(first.get_by_text("It works again.")).to_be_visible()
    await expect(first.get_by_test_id("api-log")).to_contain_text("chat.postMessage")


async def test_the_bot_is_removed_from_the_channel_and_invited_back(workspace: Workspace, open_page: Open) -> None:
    page = await open_page()
    await page.get_by_test_id("chaos-open").click()
    await page.get_by_test_id("chaos-remove-bot").click()
    await expect(page.get_by_text("Anomaly Desk is not in this channel")).to_be_visible()
    await page.get_by_test_id("chaos-invite-bot").click()
    await expect(page.get_by_text("Anomaly Desk is not in this channel")).to_have_count(0)
    async with asyncio.timeout(10):
        await workspace.post([section(plain("Back again."))])
    await expect(page.get_by_text("Back again.")).to_be_visible()
