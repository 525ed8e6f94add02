"""What a person enters into a modal whose menus load their options, and whose inputs share an action_id."""

from __future__ import annotations

from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp

from tests.sandbox.slack.conftest import CHANNEL, Desk, actions, button, modal, plain, text_input

Json = dict[str, Any]


def menu(kind: str) -> Json:
    element = {"type": kind, "action_id": "who", "placeholder": plain("Who"), "min_query_length": 1}
    return {"type": "input", "block_id": "people", "label": plain("People"), "element": element}


class App:
    """Opens `view` for every click on Press, offers one option per query, and keeps what is submitted."""

    def __init__(self, desk: Desk, view: Json) -> None:
        self.sent: list[Json] = []
        self.view = view
        self.app = AsyncApp(client=desk.client)
        self.app.action("press")(self._open)
        self.app.options("who")(self._offer)
        self.app.view("form")(self._take)

    async def _open(self, ack: Any, body: Json, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=self.view)

    async def _offer(self, ack: Any, body: Json) -> None:
        await ack(options=[{"text": plain(body["value"].title()), "value": body["value"]}])

    async def _take(self, ack: Any, body: Json) -> None:
        self.sent.append(body["view"]["state"]["values"])
        await ack()


async def opened(desk: Desk, *blocks: Json) -> App:
    """A modal with these blocks in front of Dana."""
    app = App(desk, modal(*blocks))
    await desk.connect(app.app)
    ts = (await desk.client.chat_postMessage(channel=CHANNEL, text="card", blocks=[actions(button())]))["ts"]
    await desk.do("click", user="U0DANA", channel=CHANNEL, ts=ts, action_id="press")

    async def in_front() -> bool:
        return bool((await desk.see("views/U0DANA"))["views"])

    await desk.until(in_front)
    return app


async def ask(desk: Desk, query: str) -> list[str]:
    answer = await desk.do("select", user="U0DANA", action_id="who", query=query)
    return [option["value"] for option in answer["options"]]


async def test_several_people_are_chosen_from_several_queries(desk: Desk) -> None:
    app = await opened(desk, menu("multi_external_select"))
    assert [await ask(desk, name) for name in ("dana", "lee", "dana")] == [["dana"], ["lee"], ["dana"]]
    told = await desk.do("submit", user="U0DANA", values={"who": ["dana", "lee"]})
    assert told["ok"], told
    chosen = app.sent[0]["people"]["who"]["selected_options"]
    assert [(option["value"], option["text"]["text"]) for option in chosen] == [("dana", "Dana"), ("lee", "Lee")]


async def test_what_no_query_offered_cannot_be_chosen(desk: Desk) -> None:
    app = await opened(desk, menu("multi_external_select"))
    await ask(desk, "dana")
    told = await desk.do("submit", user="U0DANA", values={"who": ["dana", "gus"]})
    assert (told["error"], app.sent) == ("option_not_offered", [])


async def test_another_view_starts_with_no_options(desk: Desk) -> None:
    await opened(desk, menu("multi_external_select"))
    await ask(desk, "dana")
    await desk.do("close", user="U0DANA")
    ts = (await desk.messages())[0]["ts"]
    await desk.do("click", user="U0DANA", channel=CHANNEL, ts=ts, action_id="press")
    told = await desk.do("submit", user="U0DANA", values={"who": ["dana"]})
    assert told["error"] == "option_not_offered"


async def test_a_menu_of_a_message_offers_only_what_it_loaded_last(desk: Desk) -> None:
    await opened(desk, text_input())
    await desk.do("close", user="U0DANA")
    element = {"type": "external_select", "action_id": "who", "placeholder": plain("Who"), "min_query_length": 1}
    ts = (await desk.client.chat_postMessage(channel=CHANNEL, text="card", blocks=[actions(element)]))["ts"]
    where = {"user": "U0DANA", "channel": CHANNEL, "ts": ts, "action_id": "who"}
    for query in ("dana", "lee"):
        await desk.do("select", **where, query=query)
    assert (await desk.do("click", **where, value="dana"))["error"] == "option_not_offered"


async def test_inputs_that_share_an_action_id_are_named_with_their_block(desk: Desk) -> None:
    app = await opened(desk, text_input("first", "words"), text_input("second", "words"))
    told = await desk.do("submit", user="U0DANA", values={"first/words": "one", "second/words": "two"})
    assert told["ok"], told
    assert [app.sent[0][block]["words"]["value"] for block in ("first", "second")] == ["one", "two"]


@pytest.mark.parametrize(("name", "error"), [("words", "ambiguous_element"), ("third/words", "element_not_found")])
async def test_a_name_that_is_not_one_input_is_refused(desk: Desk, name: str, error: str) -> None:
    app = await opened(desk, text_input("first", "words"), text_input("second", "words"))
    told = await desk.do("submit", user="U0DANA", values={name: "one"})
    assert (told["ok"], told["error"], app.sent) == (False, error, [])


async def test_one_input_may_be_named_either_way(desk: Desk) -> None:
    app = await opened(desk, text_input("note", "words"))
    assert (await desk.do("submit", user="U0DANA", values={"note/words": "one"}))["ok"]
    assert app.sent[0]["note"]["words"]["value"] == "one"
