"""Slack's limits, each at the limit and one above, through slack_sdk's client alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.sandbox.slack.conftest import Desk, button, error_of, modal, plain, text_input

Block = dict[str, Any]
Make = Callable[[int], list[Block]]


def mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": text}


def section(**more: Any) -> Block:
    return {"type": "section", "text": mrkdwn("text"), **more}


def row(*elements: Block) -> list[Block]:
    return [{"type": "actions", "elements": list(elements)}]


def options(count: int, *, value: int = 1, text: int = 1, **more: Any) -> list[Block]:
    return [{"text": plain("t" * text), "value": f"{index:0>{value}}", **more} for index in range(count)]


def select(**more: Any) -> Block:
    return {"type": "static_select", "action_id": "s", **({"options": options(2)} if "option_groups" not in more else {}), **more}


def confirm(**more: Any) -> Block:
    return {"title": plain("Sure?"), "text": plain("Really?"), **more}


def bars(count: int = 1, points: int = 1, **more: Any) -> Block:
    labels = [f"p{index}" for index in range(points)]
    series = [{"name": f"s{index}", "data": [{"label": label, "value": 1} for label in labels]} for index in range(count)]
    chart = {"type": "bar", "series": series, "axis_config": {"categories": labels}}
    return {"type": "data_visualization", "title": "Chart", "chart": chart, **more}


def cells(rows: int, columns: int = 1, text: str = "x") -> list[list[Block]]:
    return [[{"type": "raw_text", "text": text} for _ in range(columns)] for _ in range(rows)]


def spread(total: int, size: int = 3000) -> list[Block]:
    """Sections with `total` characters of text in all."""
    return [{"type": "section", "text": mrkdwn("x" * min(size, total - start))} for start in range(0, total, size)]


LIMITS: dict[str, tuple[int, Make]] = {
    "blocks per message": (50, lambda n: [{"type": "divider"}] * n),
    "block_id": (255, lambda n: [{"type": "divider", "block_id": "b" * n}]),
    "action_id": (255, lambda n: row(button("a" * n))),
    "section text": (3000, lambda n: [{"type": "section", "text": mrkdwn("x" * n)}]),
    "section fields": (10, lambda n: [{"type": "section", "fields": [mrkdwn("x")] * n}]),
    "section field": (2000, lambda n: [{"type": "section", "fields": [mrkdwn("x" * n)]}]),
    "header": (150, lambda n: [{"type": "header", "text": plain("x" * n)}]),
    "context elements": (10, lambda n: [{"type": "context", "elements": [mrkdwn("x")] * n}]),
    "context text": (3000, lambda n: [{"type": "context", "elements": [mrkdwn("x" * n)]}]),
    "actions elements": (25, lambda n: row(*(button(f"a{index}") for index in range(n)))),
    "image alt_text": (2000, lambda n: [{"type": "image", "image_url": "https://acme.example/i.png", "alt_text": "x" * n}]),
    "image url": (3000, lambda n: [{"type": "image", "image_url": "https://a.b/".ljust(n, "x"), "alt_text": "x"}]),
    "image title": (2000, lambda n: [{"type": "image", "image_url": "https://a.b/c", "alt_text": "x", "title": plain("x" * n)}]),
    "button text": (75, lambda n: row(button(text="x" * n))),
    "button value": (2000, lambda n: row(button(value="v" * n))),
    "button url": (3000, lambda n: row({**button(), "url": "https://a.b/".ljust(n, "x")})),
    "button accessibility_label": (75, lambda n: row({**button(), "accessibility_label": "x" * n})),
    "overflow options": (5, lambda n: row({"type": "overflow", "action_id": "o", "options": options(n)})),
    "select options": (100, lambda n: row(select(options=options(n)))),
    "option groups": (100, lambda n: row(select(option_groups=[{"label": plain("g"), "options": options(1)}] * n))),
    "options per group": (100, lambda n: row(select(option_groups=[{"label": plain("g"), "options": options(n)}]))),
    "option group label": (75, lambda n: row(select(option_groups=[{"label": plain("g" * n), "options": options(1)}]))),
    "option text": (75, lambda n: row(select(options=options(1, text=n)))),
    "option value": (150, lambda n: row(select(options=options(1, value=n)))),
    "option description": (75, lambda n: row(select(options=options(1, description=plain("d" * n))))),
    "placeholder": (150, lambda n: row(select(placeholder=plain("p" * n)))),
    "radio options": (10, lambda n: row({"type": "radio_buttons", "action_id": "r", "options": options(n)})),
    "checkbox options": (10, lambda n: row({"type": "checkboxes", "action_id": "c", "options": options(n)})),
    "confirm title": (100, lambda n: row({**button(), "confirm": confirm(title=plain("x" * n))})),
    "confirm text": (300, lambda n: row({**button(), "confirm": confirm(text=plain("x" * n))})),
    "confirm button": (30, lambda n: row({**button(), "confirm": confirm(confirm=plain("x" * n))})),
    "confirm deny": (30, lambda n: row({**button(), "confirm": confirm(deny=plain("x" * n))})),
    "input label": (2000, lambda n: [{**text_input(), "label": plain("x" * n)}]),
    "input hint": (2000, lambda n: [{**text_input(), "hint": plain("x" * n)}]),
    "markdown": (12_000, lambda n: [{"type": "markdown", "text": "x" * n}]),
    "markdown in all": (12_000, lambda n: [{"type": "markdown", "text": "x" * 6000}, {"type": "markdown", "text": "x" * (n - 6000)}]),
    "video title": (
        199,
        lambda n: [
            {"type": "video", "alt_text": "x", "title": plain("x" * n), "video_url": "https://a.b/v", "thumbnail_url": "https://a.b/t"}
        ],
    ),
    "charts per message": (2, lambda n: [bars() for _ in range(n)]),
    "chart title": (50, lambda n: [bars(title="x" * n)]),
    "chart series": (6, lambda n: [bars(n)]),
    "chart points": (20, lambda n: [bars(points=n)]),
    "pie segments": (
        6,
        lambda n: [{**bars(), "chart": {"type": "pie", "segments": [{"label": f"l{index}", "value": 1} for index in range(n)]}}],
    ),
    "table rows": (100, lambda n: [{"type": "table", "rows": cells(n)}]),
    "table columns": (20, lambda n: [{"type": "table", "rows": cells(1, n)}]),
    "tables per message": (1, lambda n: [{"type": "table", "rows": cells(1)}] * n),
    "data_table rows": (101, lambda n: [{"type": "data_table", "caption": "c", "rows": cells(n)}]),
    "data_table columns": (20, lambda n: [{"type": "data_table", "caption": "c", "rows": cells(1, n)}]),
    "data_table text": (10_000, lambda n: [{"type": "data_table", "caption": "c", "rows": cells(1, text="x" * n)}]),
    "data_table page_size": (100, lambda n: [{"type": "data_table", "caption": "c", "rows": cells(1), "page_size": n}]),
    "card title": (150, lambda n: [{"type": "card", "title": plain("x" * n)}]),
    "card body": (200, lambda n: [{"type": "card", "body": mrkdwn("x" * n)}]),
    "container blocks": (10, lambda n: [{"type": "container", "title": plain("t"), "child_blocks": [{"type": "divider"}] * n}]),
    "container title": (150, lambda n: [{"type": "container", "title": plain("t" * n), "child_blocks": [{"type": "divider"}]}]),
    "message text in blocks": (12_000, spread),
}


@pytest.mark.parametrize("name", LIMITS)
async def test_message_blocks_at_the_limit_and_one_above(desk: Desk, name: str) -> None:
    limit, make = LIMITS[name]
    assert await error_of(desk.client.chat_postMessage(channel="C0QUALITY", text="t", blocks=make(limit))) == ""
    refused = await error_of(desk.client.chat_postMessage(channel="C0QUALITY", text="t", blocks=make(limit + 1)))
    assert refused in {"invalid_blocks", "invalid_attachments", "msg_blocks_too_long"}
    assert len(await desk.messages()) == 1


VIEWS: dict[str, tuple[int, Callable[[int], Block]]] = {
    "blocks per modal": (100, lambda n: modal(*[{"type": "divider"}] * n)),
    "title": (24, lambda n: modal(title=plain("t" * n))),
    "submit": (24, lambda n: modal(submit=plain("t" * n))),
    "close": (24, lambda n: modal(close=plain("t" * n))),
    "private_metadata": (3000, lambda n: modal(private_metadata="x" * n)),
    "callback_id": (255, lambda n: modal(callback_id="x" * n)),
    "external_id": (255, lambda n: modal(external_id="x" * n)),
    "alert": (200, lambda n: modal({"type": "alert", "text": mrkdwn("x" * n)})),
    "input max_length": (3000, lambda n: modal(text_input(max_length=n))),
    "input initial_value": (3000, lambda n: modal(text_input(initial_value="x" * n))),
    "multi select options": (
        100,
        lambda n: modal(section(accessory={"type": "multi_static_select", "action_id": "m", "options": options(n)})),
    ),
}


@pytest.mark.parametrize("name", VIEWS)
async def test_views_at_the_limit_and_one_above(desk: Desk, name: str) -> None:
    limit, make = VIEWS[name]
    above = await error_of(desk.client.views_open(trigger_id=desk.space.tickets.trigger("U0DANA"), view=make(limit + 1)))
    assert above == "invalid_arguments"
    assert await error_of(desk.client.views_open(trigger_id=desk.space.tickets.trigger("U0DANA"), view=make(limit))) == ""
    assert len((await desk.see("views/U0DANA"))["views"]) == 1


async def test_a_home_tab_holds_a_hundred_blocks(desk: Desk) -> None:
    def home(count: int) -> Block:
        return {"type": "home", "blocks": [{"type": "divider"}] * count}

    assert await error_of(desk.client.views_publish(user_id="U0DANA", view=home(100))) == ""
    assert await error_of(desk.client.views_publish(user_id="U0DANA", view=home(101))) == "invalid_arguments"


async def test_a_view_may_have_250_kilobytes(desk: Desk) -> None:
    def view(size: int) -> Block:
        return modal(*[{"type": "section", "text": mrkdwn("x" * 2900)}] * (size // 2955))

    assert await error_of(desk.client.views_open(trigger_id=desk.space.tickets.trigger("U0DANA"), view=view(240_000))) == ""
    assert await error_of(desk.client.views_open(trigger_id=desk.space.tickets.trigger("U0DANA"), view=view(260_000))) == "view_too_large"


BAD: dict[str, list[Any]] = {
    "an unknown type": [{"type": "banner"}],
    "no type": [{"text": mrkdwn("x")}],
    "a null block": [None],
    "an unknown key": [{"type": "divider", "colour": "red"}],
    "an empty section": [{"type": "section"}],
    "empty text": [{"type": "section", "text": mrkdwn("")}],
    "mrkdwn in a header": [{"type": "header", "text": mrkdwn("x")}],
    "mrkdwn on a button": row({**button(), "text": mrkdwn("x")}),
    "verbatim on plain text": [{"type": "section", "text": {**plain("x"), "verbatim": True}}],
    "emoji on mrkdwn": [{"type": "section", "text": {**mrkdwn("x"), "emoji": True}}],
    "no elements": row(),
    "no options": row(select(options=[])),
    "an empty value": row(button(value="")),
    "a wrong style": row({**button(), "style": "warning"}),
    "a text field in actions": row({"type": "plain_text_input", "action_id": "x"}),
    "a multi select in actions": row({"type": "multi_users_select", "action_id": "x"}),
    "a block_id twice": [{"type": "divider", "block_id": "b"}, {"type": "divider", "block_id": "b"}],
    "an action_id twice in a block": row(button("same"), button("same")),
    "an initial option that is not offered": row(select(initial_option={"text": plain("t"), "value": "9"})),
    "an alert in a message": [{"type": "alert", "text": plain("x")}],
    "a number field in a message": [{**text_input(), "element": {"type": "number_input", "action_id": "n", "is_decimal_allowed": False}}],
    "a series without a point": [
        {
            "type": "data_visualization",
            "title": "t",
            "chart": {
                "type": "line",
                "series": [{"name": "s", "data": [{"label": "a", "value": 1}]}],
                "axis_config": {"categories": ["a", "b"]},
            },
        }
    ],
    "a category twice": [
        {
            "type": "data_visualization",
            "title": "t",
            "chart": {
                "type": "bar",
                "series": [{"name": "s", "data": [{"label": "a", "value": 1}, {"label": "a", "value": 2}]}],
                "axis_config": {"categories": ["a", "a"]},
            },
        }
    ],
    "an empty slice": [{"type": "data_visualization", "title": "t", "chart": {"type": "pie", "segments": [{"label": "a", "value": 0}]}}],
    "ragged rows": [{"type": "data_table", "caption": "c", "rows": [*cells(1, 2), *cells(1, 1)]}],
    "an empty cell": [{"type": "table", "rows": cells(1, text="")}],
    "an image from two places": [{"type": "image", "alt_text": "x", "image_url": "https://a.b/c", "slack_file": {"id": "F1"}}],
    "a javascript link": row({**button(), "url": "javascript:alert(1)"}),
    "a chart in a container": [{"type": "container", "title": plain("t"), "child_blocks": [bars()]}],
}


@pytest.mark.parametrize("name", BAD)
async def test_malformed_blocks_are_refused(desk: Desk, name: str) -> None:
    answer = await desk.http.post(
        "/api/chat.postMessage",
        json={"channel": "C0QUALITY", "text": "t", "blocks": BAD[name]},
        headers={"authorization": "Bearer xoxb-sandbox"},
    )
    body = answer.json()
    assert (answer.status_code, body["ok"], body["error"]) == (200, False, "invalid_blocks")
    assert all("[json-pointer:/blocks" in line for line in body["errors"])
    assert body["response_metadata"]["messages"] == [f"[ERROR] {line}" for line in body["errors"]]
    assert await desk.messages() == []


async def test_the_pointer_names_the_place(desk: Desk) -> None:
    blocks = [{"type": "divider"}, *row(button("a"), button("b", value="v" * 2001))]
    answer = await desk.http.post(
        "/api/chat.postMessage",
        data={"channel": "C0QUALITY", "blocks": json.dumps(blocks)},
        headers={"authorization": "Bearer xoxb-sandbox"},
    )
    assert answer.json()["errors"] == ["must be less than 2001 characters [json-pointer:/blocks/1/elements/1/value]"]


async def test_one_table_only_is_an_attachment_rule(desk: Desk) -> None:
    two = [{"type": "table", "rows": cells(1)}, {"type": "data_table", "caption": "c", "rows": cells(1)}]
    assert await error_of(desk.client.chat_postMessage(channel="C0QUALITY", text="t", blocks=two)) == "invalid_attachments"


async def test_text_of_an_update_has_4000_characters(desk: Desk) -> None:
    ts = (await desk.client.chat_postMessage(channel="C0QUALITY", text="t"))["ts"]
    assert await error_of(desk.client.chat_update(channel="C0QUALITY", ts=ts, text="x" * 4000)) == ""
    assert await error_of(desk.client.chat_update(channel="C0QUALITY", ts=ts, text="x" * 4001)) == "msg_too_long"
    assert len((await desk.messages())[0]["text"]) == 4000


async def test_text_of_a_post_is_cut_at_40000_with_a_warning(desk: Desk) -> None:
    whole = await desk.client.chat_postMessage(channel="C0QUALITY", text="x" * 40_000)
    cut = await desk.client.chat_postMessage(channel="C0QUALITY", text="x" * 40_001)
    assert whole.get("warning") is None
    assert cut["warning"] == "message_truncated"
    assert [len(message["text"]) for message in await desk.messages()] == [40_000, 40_000]


async def test_blocks_validate_needs_no_token_and_points_at_faults(desk: Desk) -> None:
    good = await desk.http.post("/api/blocks.validate", data={"blocks": '[{"type": "divider"}]'})
    bad = await desk.http.post("/api/blocks.validate", data={"blocks": '[{"type": "divider", "x": 1}]'})
    assert good.json() == {"ok": True}
    assert bad.json()["error"] == "invalid_blocks"
    assert bad.json()["errors"][0]["pointer"] == "/blocks/0"
