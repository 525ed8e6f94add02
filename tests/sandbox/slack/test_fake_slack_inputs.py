"""Every input of a modal: what is entered, what of it the app is told while the modal is open, and what Slack's own form refuses."""

from __future__ import annotations

from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp

from tests.sandbox.slack.conftest import Desk, actions, button, error_of, modal, plain, text_input

Json = dict[str, Any]


def options(*values: str, **more: Any) -> list[Json]:
    return [{"text": plain(value.title()), "value": value, **more} for value in values]


def entry(name: str, kind: str, **element: Any) -> Json:
    """An input block `name` with an element of the same name; `block` are keys of the block."""
    block = element.pop("block", {})
    return {"type": "input", "block_id": name, "label": plain(name), "element": {"type": kind, "action_id": name, **element}, **block}


ALL = (
    entry(
        "words", "plain_text_input", dispatch_action_config={"trigger_actions_on": ["on_enter_pressed"]}, block={"dispatch_action": True}
    ),
    entry("ticks", "checkboxes", options=options("a", "b", "c"), initial_options=options("b")),
    entry("radio", "radio_buttons", options=options("one", "two", description=plain("why"))),
    entry("day", "datepicker", initial_date="2026-11-21"),
    entry("time", "timepicker", block={"optional": True}),
    entry("count", "number_input", is_decimal_allowed=False, min_value="1", max_value="1000", initial_value="100"),
    entry("tables", "multi_external_select", min_query_length=0, max_selected_items=2, block={"optional": True}),
    entry("what", "static_select", options=options("ack", "archive", description=plain("what it does"))),
    actions(button("next", text="Next"), block_id="turn"),
)


class App:
    """Shows `view`, offers two tables, and keeps what it is told."""

    def __init__(self, desk: Desk) -> None:
        self.seen: list[Json] = []
        self.app = AsyncApp(client=desk.client)
        for listen in (self.app.action("next"), self.app.action("words"), self.app.action("ticks"), self.app.view("form")):
            listen(self._take)
        self.app.options("tables")(self._offer)

    async def _take(self, ack: Any, body: Json) -> None:
        self.seen.append(body)
        await ack()

    async def _offer(self, ack: Any, body: Json) -> None:
        self.seen.append(body)
        await ack(options=options("orders", "customers", "refunds"))

    @property
    def state(self) -> Json:
        """The state of the view, as the app was told last: {block: value}."""
        values = self.seen[-1]["view"]["state"]["values"]
        return {
            block: next(value for key, value in held[block].items() if key != "type") for block, held in values.items() if block in held
        }


async def opened(desk: Desk, *blocks: Json) -> App:
    app = App(desk)
    await desk.connect(app.app)
    await desk.client.views_open(trigger_id=desk.space.tickets.trigger("U0DANA"), view=modal(*blocks))
    return app


async def click(desk: Desk, action_id: str, **more: Any) -> Json:
    return await desk.do("click", user="U0DANA", action_id=action_id, **more)


async def submit(desk: Desk, **values: Any) -> Json:
    return await desk.do("submit", user="U0DANA", values=values)


def value(option: str, **more: Any) -> Json:
    return {"text": {**plain(option.title()), "emoji": True}, "value": option, **more}


async def test_every_input_is_submitted_in_slacks_shape(desk: Desk) -> None:
    app = await opened(desk, *ALL)
    await desk.do("select", user="U0DANA", action_id="tables")
    told = await submit(
        desk,
        words="Investigating",
        ticks=["a", "c"],
        radio="two",
        day="2026-12-24",
        time="09:30",
        count="250",
        tables=["orders"],
        what="ack",
    )
    assert told["ok"], told
    described = {"description": {**plain("why"), "emoji": True}}
    assert app.state == {
        "words": "Investigating",
        "ticks": [value("a"), value("c")],
        "radio": value("two", **described),
        "day": "2026-12-24",
        "time": "09:30",
        "count": "250",
        "tables": options("orders"),
        "what": value("ack", description={**plain("what it does"), "emoji": True}),
    }


async def test_a_click_in_a_modal_tells_everything_that_was_entered_before(desk: Desk) -> None:
    app = await opened(desk, *ALL)
    await click(desk, "ticks", value=["a", "b"])
    await click(desk, "day", value="2026-12-01")
    await click(desk, "radio", value="one")
    assert app.seen == []
    assert (await click(desk, "next", values={"words": "table:orders", "count": 7}))["ok"] is True
    assert app.seen[0]["type"] == "block_actions"
    assert (app.state["words"], app.state["day"], app.state["count"]) == ("table:orders", "2026-12-01", "7")
    assert [one["value"] for one in app.state["ticks"]] == ["a", "b"]
    assert (app.state["radio"]["value"], app.state["what"], app.state["tables"], app.state["time"]) == ("one", None, [], None)


async def test_a_request_for_options_tells_what_was_entered_before(desk: Desk) -> None:
    app = await opened(desk, *ALL)
    told = await desk.do("select", user="U0DANA", action_id="tables", query="", values={"words": "warehouse"})
    assert [one["value"] for one in told["options"]] == ["orders", "customers", "refunds"]
    (body,) = app.seen
    assert (body["type"], body["action_id"], body["block_id"], body["value"]) == ("block_suggestion", "tables", "tables", "")
    assert (app.state["words"], app.state["day"]) == ("warehouse", "2026-11-21")
    assert body["view"]["callback_id"] == "form"
    assert body["container"] == {"type": "view", "view_id": body["view"]["id"]}
    assert "response_url" not in body and "trigger_id" not in body


async def test_enter_in_a_text_field_that_dispatches_is_a_click(desk: Desk) -> None:
    app = await opened(desk, *ALL)
    await click(desk, "words", value="status:open")
    (action,) = app.seen[0]["actions"]
    assert (action["type"], action["block_id"], action["value"]) == ("plain_text_input", "words", "status:open")
    assert app.state["words"] == "status:open"
    await click(desk, "words", value="")
    assert app.seen[1]["actions"][0]["value"] is None


async def test_ticks_in_an_actions_block_are_told_at_once(desk: Desk) -> None:
    boxes = {"type": "checkboxes", "action_id": "ticks", "options": options("a", "b"), "initial_options": options("a")}
    app = await opened(desk, actions(boxes, block_id="ticks"))
    await click(desk, "ticks", value=["b"])
    assert [one["value"] for one in app.seen[0]["actions"][0]["selected_options"]] == ["b"]
    assert [one["value"] for one in app.state["ticks"]] == ["b"]
    await click(desk, "ticks", value=[])
    assert app.state["ticks"] == []


async def test_a_value_that_a_click_names_wrongly_changes_nothing(desk: Desk) -> None:
    app = await opened(desk, *ALL)
    assert (await click(desk, "next", values={"words": "x", "nowhere": "y"}))["error"] == "element_not_found"
    assert (await click(desk, "next", values=["words"]))["error"] == "invalid_values"
    await click(desk, "next")
    assert app.state["words"] is None


async def test_an_update_keeps_what_the_same_ids_hold_and_starts_new_ids_anew(desk: Desk) -> None:
    app = await opened(desk, *ALL)
    await click(desk, "next", values={"words": "half a thought", "ticks": ["a"]})
    kept = entry("ticks", "checkboxes", options=options("a", "b", "c"), initial_options=options("c"))
    fresh = entry("ticks2", "checkboxes", options=options("a", "b"), initial_options=options("b"))
    typed = entry("words", "plain_text_input", initial_value="from the app")
    again = modal(typed, kept, fresh, actions(button("next"), block_id="turn"))
    await desk.client.views_update(view_id=app.seen[0]["view"]["id"], view=again)
    await click(desk, "next")
    assert app.state["words"] == "half a thought"
    assert [one["value"] for one in app.state["ticks"]] == ["a"]
    assert [one["value"] for one in app.state["ticks2"]] == ["b"]
    assert set(app.state) == {"words", "ticks", "ticks2"}


@pytest.mark.parametrize(
    ("name", "given", "error"),
    [
        ("ticks", ["z"], "option_not_offered"),
        ("ticks", "a", "invalid_value"),
        ("radio", "three", "option_not_offered"),
        ("day", "2026-02-30", "invalid_value"),
        ("day", "tomorrow", "invalid_value"),
        ("day", "20261121", "invalid_value"),
        ("time", "25:00", "invalid_value"),
        ("time", "9:30", "invalid_value"),
        ("count", True, "invalid_value"),
        ("tables", ["orders", "customers", "refunds"], "too_many_selected"),
        ("what", "delete", "option_not_offered"),
    ],
)
async def test_what_nobody_could_enter_is_refused(desk: Desk, name: str, given: Any, error: str) -> None:
    app = await opened(desk, *ALL)
    await desk.do("select", user="U0DANA", action_id="tables")
    told = await submit(desk, **{name: given})
    assert (told["ok"], told["error"], len(app.seen)) == (False, error, 1)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ("0", "at least 1"),
        ("1001", "at most 1000"),
        ("1.5", "whole number"),
        ("many", "valid number"),
        ("1e3", "valid number"),
        ("", "required field"),
        ("1", ""),
        ("1000", ""),
    ],
)
async def test_a_number_is_judged_before_it_is_sent(desk: Desk, given: str, complaint: str) -> None:
    bounds = {"is_decimal_allowed": False, "min_value": "1", "max_value": "1000"}
    app = await opened(desk, entry("count", "number_input", **bounds))
    told = await submit(desk, count=given)
    assert told["ok"] is (complaint == "") and bool(app.seen) is told["ok"]
    assert complaint in told["errors"].get("count", "")


async def test_decimals_only_where_they_are_allowed(desk: Desk) -> None:
    app = await opened(desk, entry("count", "number_input", is_decimal_allowed=True, min_value="-1.5"))
    assert (await submit(desk, count="-1.6"))["errors"]["count"].endswith("at least -1.5.")
    assert (await submit(desk, count="-0.25"))["ok"] is True
    assert app.state["count"] == "-0.25"


BAD = {
    "eleven ticks": entry("t", "checkboxes", options=options(*"abcdefghijk")),
    "no ticks": entry("t", "checkboxes", options=[]),
    "a tick that is not offered": entry("t", "checkboxes", options=options("a"), initial_options=options("b")),
    "no initial ticks": entry("t", "checkboxes", options=options("a"), initial_options=[]),
    "an initial radio button that is not offered": entry("t", "radio_buttons", options=options("a"), initial_option=options("b")[0]),
    "a radio button with a url": entry("t", "radio_buttons", options=options("a", url="https://a.example")),
    "a placeholder on radio buttons": entry("t", "radio_buttons", options=options("a"), placeholder=plain("x")),
    "a day that does not exist": entry("t", "datepicker", initial_date="2026-02-29"),
    "a hour that does not exist": entry("t", "timepicker", initial_time="24:30"),
    "a number without is_decimal_allowed": entry("t", "number_input"),
    "a bound that is a number": entry("t", "number_input", is_decimal_allowed=False, min_value=1),
    "a bound that is a word": entry("t", "number_input", is_decimal_allowed=False, min_value="one"),
    "a broken bound": entry("t", "number_input", is_decimal_allowed=False, max_value="1.5"),
    "bounds the wrong way round": entry("t", "number_input", is_decimal_allowed=False, min_value="2", max_value="1"),
    "a start below the bound": entry("t", "number_input", is_decimal_allowed=False, min_value="2", initial_value="1"),
    "a negative min_query_length": entry("t", "multi_external_select", min_query_length=-1),
    "options on an external menu": entry("t", "multi_external_select", options=options("a")),
    "more chosen than allowed": entry("t", "multi_external_select", max_selected_items=1, initial_options=options("a", "b")),
    "an unknown trigger": entry("t", "plain_text_input", dispatch_action_config={"trigger_actions_on": ["on_blur"]}),
    "no trigger": entry("t", "plain_text_input", dispatch_action_config={"trigger_actions_on": []}),
    "a description of 76": entry("t", "static_select", options=options("a", description=plain("d" * 76))),
    "a mrkdwn description": entry("t", "static_select", options=options("a", description={"type": "mrkdwn", "text": "d"})),
    "a question without words": actions({**button(), "confirm": {"title": plain("Sure?")}}),
    "a question in mrkdwn as its title": actions(
        {**button(), "confirm": {"title": {"type": "mrkdwn", "text": "Sure?"}, "text": plain("Really?")}}
    ),
    "a question with a wrong style": actions({**button(), "confirm": {"title": plain("S"), "text": plain("R"), "style": "warning"}}),
    "a button in an input": {"type": "input", "block_id": "t", "label": plain("t"), "element": button()},
}


@pytest.mark.parametrize("name", BAD)
async def test_malformed_inputs_are_refused(desk: Desk, name: str) -> None:
    trigger = desk.space.tickets.trigger("U0DANA")
    assert await error_of(desk.client.views_open(trigger_id=trigger, view=modal(BAD[name]))) == "invalid_arguments"
    assert (await desk.see("views/U0DANA"))["views"] == []


async def test_a_button_may_ask_before_it_acts_and_boxes_may_use_mrkdwn(desk: Desk) -> None:
    confirm = {"title": plain("Sure?"), "text": {"type": "mrkdwn", "text": "*Really?*"}, "style": "danger"}
    boxes = [{"text": {"type": "mrkdwn", "text": "*a*"}, "value": "a", "description": {"type": "mrkdwn", "text": "_b_"}}]
    view = modal(actions({**button(), "confirm": confirm}), entry("t", "checkboxes", options=boxes), text_input())
    assert await error_of(desk.client.views_open(trigger_id=desk.space.tickets.trigger("U0DANA"), view=view)) == ""
