"""A desk that looks after one datastore, whose token sees all: an anomaly of another one does not exist on any path that people have."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from bot.render.kit import ids
from tests.handlers import front as fronts
from tests.handlers.front import CHANNEL, Front

pytestmark = pytest.mark.asyncio(loop_scope="module")

OURS = "42"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def narrow(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Front]:
    """Its desk looks after one datastore."""
    async with fronts.opened(tmp_path_factory.mktemp("narrow"), QUALYTICS_DATASTORES=OURS) as made:
        yield made


async def foreign(front: Front) -> dict[str, Any]:
    """One that arrived elsewhere and was not told."""
    made = await front.arrive(12)
    truths = [await front.stage.truth(ident) for ident in made]
    outside = [one for one in truths if str(one["datastore"]["id"]) != OURS]
    assert outside and len(outside) < len(truths)
    await front.forget()
    return outside[0]


COMMANDS = {
    "show": "show {id}",
    "a pasted link": "show {link}",
    "history": "history {id}",
    "ack": "ack {id}",
    "archive": "archive {id} as:invalid",
    "a link to archive": "archive {link} as:invalid",
    "note": 'note {id} "seen"',
    "tag": "tag {id} +incident",
    "delete": "delete {id}",
    "reopen": "reopen {id}",
    "list": "list id:{id} status:any",
    "list by datastore": "list datastore:{store}",
    "bulk by datastore": "ack datastore:{store}",
}


def words(front: Front, one: dict[str, Any]) -> dict[str, Any]:
    return {"id": one["id"], "link": f"<{front.stage.qualytics_url}/anomalies/{one['id']}>", "store": one["datastore"]["id"]}


@pytest.mark.parametrize("name", COMMANDS)
async def test_no_command_reaches_it(narrow: Front, name: str) -> None:
    one = await foreign(narrow)
    narrow.stage.workspace.modals.stacks.clear()
    told = await narrow.told(narrow.command(COMMANDS[name].format(**words(narrow, one)))) + narrow.modal()
    assert told and "did not foresee" not in told
    assert one["description"] not in told and one["datastore"]["name"] not in told
    assert ids.BATCH_CONFIRM not in told and "1 anomaly" not in told
    assert await narrow.writes() == []
    assert (await narrow.stage.truth(one["id"]))["status"] == one["status"]


BUTTONS: dict[str, Callable[[str], tuple[str, str]]] = {
    "acknowledge": lambda value: (ids.ACKNOWLEDGE, value),
    "reopen": lambda value: (ids.REOPEN, value),
    "archive": lambda value: (ids.ARCHIVE, f"Invalid|{value}"),
    "assign": lambda value: (ids.ASSIGN, value),
    "show": lambda value: (ids.SHOW, value),
    "comment": lambda value: (ids.MORE, f"comment|{value}"),
    "history": lambda value: (ids.MORE, f"history|{value}"),
    "details": lambda value: (ids.MORE, f"details|{value}"),
    "details button": lambda value: (ids.DETAILS, value),
}


@pytest.mark.parametrize("name", BUTTONS)
async def test_no_tampered_button_reaches_it(narrow: Front, name: str) -> None:
    one = await foreign(narrow)
    narrow.stage.workspace.modals.stacks.clear()
    action, value = BUTTONS[name](f"qualytics:{one['id']}|1")
    told = await narrow.told(narrow.click(action, value)) + narrow.modal()
    assert one["description"] not in told and one["datastore"]["name"] not in told
    assert await narrow.writes() == []


async def test_the_shortcut_on_a_message_that_names_it_finds_nothing(narrow: Front) -> None:
    one = await foreign(narrow)
    place = narrow.stage.workspace.channels[CHANNEL]
    message = next(message for message in place.messages.values() if not message.ephemeral_to)
    payload = narrow.shortcut(ids.MESSAGE_SHORTCUT, message={"ts": message.ts})
    payload["message"] = {**payload["message"], "text": words(narrow, one)["link"], "blocks": []}
    narrow.stage.workspace.modals.stacks.clear()
    told = await narrow.told(payload) + narrow.modal()
    assert told
    assert one["description"] not in told and one["datastore"]["name"] not in told
    assert await narrow.writes() == []


async def test_no_card_is_about_it(narrow: Front) -> None:
    one = await foreign(narrow)
    assert f"qualytics:{one['id']}" not in json.dumps(narrow.posted())
