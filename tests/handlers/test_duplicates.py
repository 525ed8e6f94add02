"""Archiving as a duplicate: of which one is asked, kept and told; what is no original is refused, and changes nothing."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from bot.render.kit import ids
from tests.handlers import homes
from tests.handlers.front import LEE, Front, visible

pytestmark = pytest.mark.asyncio(loop_scope="module")

Json = dict[str, Any]


def typed(text: str) -> Json:
    """What Slack says of the field for an id or a link."""
    return {ids.DUPLICATE_OF: {"type": "plain_text_input", "value": text}}


def picked(ident: object) -> Json:
    """What Slack says of the menu of the same table."""
    option = {"text": {"type": "plain_text", "text": "x"}, "value": str(ident)}
    return {ids.DUPLICATE_PICK: {"type": "static_select", "selected_option": option}}


async def form(front: Front, ident: int) -> Json:
    """Choose Duplicate on the card, and read the form."""
    await front.send(front.press(front.card(ident), ids.ARCHIVE, "Duplicate"))
    assert front.form()["callback_id"] == ids.DUPLICATE_VIEW, front.modal()
    return front.form()


async def two(front: Front) -> tuple[int, int]:
    """An anomaly and its original."""
    front.stage.workspace.modals.stacks.clear()
    return (await front.arrive())[0], (await front.arrive())[0]


async def status(front: Front, ident: int) -> str:
    return str((await front.stage.truth(ident))["status"])


async def comments(front: Front, ident: int) -> str:
    return json.dumps([one.__dict__ for one in front.stage.world.comments.get(ident, [])], default=str)


async def test_the_original_is_kept_and_told(front: Front) -> None:
    ident, original = await two(front)
    asked = await form(front, ident)
    assert await status(front, ident) == "Active", "nothing is done before the form is sent"
    whispers = front.whispers()
    await front.send(front.submission(asked, typed(str(original))))
    assert await status(front, ident) == "Duplicate"
    assert f"Archived as Duplicate of #{original} by Dana" in visible(front.card(ident))
    assert front.whispers() == whispers, "the card is the answer"
    assert f"Duplicate of {original}." in await front.told(front.command(f"history {ident}"))
    assert await status(front, original) == "Active"


async def test_it_may_be_left_out(front: Front) -> None:
    ident, _ = await two(front)
    await front.send(front.submission(await form(front, ident), typed("")))
    assert await status(front, ident) == "Duplicate"
    card = visible(front.card(ident))
    assert "Archived as Duplicate by Dana" in card and "Duplicate of" not in card


async def test_one_of_the_same_table_is_picked(front: Front) -> None:
    ident, original = await two(front)
    await front.send(front.submission(await form(front, ident), picked(original)))
    assert f"Archived as Duplicate of #{original}" in visible(front.card(ident))


async def test_what_is_no_original_is_refused_in_the_form(front: Front) -> None:
    ident, original = await two(front)
    asked = await form(front, ident)
    await front.forget()
    wrong = [
        (typed(str(ident)), "this anomaly itself"),
        (typed("987654321"), "has no anomaly 987654321"),
        (typed("what now"), "no anomaly's id or link"),
        (typed(str(original)) | picked(original), "not both"),
    ]
    for values, why in wrong:
        answer = json.loads((await front.send(front.submission(asked, values))).body)
        assert why in answer["errors"][ids.DUPLICATE_OF], answer
    assert await status(front, ident) == "Active" and await front.writes() == []


async def test_a_command_names_it_too(front: Front) -> None:
    ident, original = await two(front)
    for wrong in (str(ident), "987654321"):
        assert await front.told(front.command(f"archive {ident} as:duplicate of:{wrong}"))
        assert await status(front, ident) == "Active"
    assert "as:duplicate alone" in await front.told(front.command(f"archive {ident} as:invalid of:{original}"))
    told = await front.told(front.command(f"archive {ident} as:duplicate of:{original}"))
    assert f"Archived as Duplicate of #{original}" in told
    assert await status(front, ident) == "Duplicate"


async def test_two_who_send_it_archive_it_once(front: Front) -> None:
    ident, original = await two(front)
    asked = await form(front, ident)
    await front.forget()
    sent = [front.submission(asked, typed(str(original)), user=user) for user in ("U0DANA", LEE)]
    await asyncio.gather(*(front.send(one, settle=False) for one in sent))
    await front.settle()
    assert await status(front, ident) == "Duplicate"
    assert sum(call["method"] == "DELETE" for call in await front.writes()) == 1


async def test_a_late_form_changes_nothing_and_says_who_was_first(front: Front) -> None:
    ident, original = await two(front)
    asked = await form(front, ident)
    await front.send(front.command(f"archive {ident} as:invalid", user=LEE))
    await front.send(front.submission(asked, typed(str(original))))
    assert await status(front, ident) == "Invalid"
    assert "Lee" in front.whispers()[-1]


async def test_it_opens_from_the_home(front: Front) -> None:
    ident, original = await two(front)
    await front.send(front.command(f"assign {ident} me"))
    await homes.opened(front)
    await front.send(homes.press(front, ids.ARCHIVE, f"qualytics:{ident}|", choice="Duplicate"))
    await front.send(front.submission(front.form(), typed(str(original))))
    assert await status(front, ident) == "Duplicate"
    assert f"Duplicate of {original}." in await front.told(front.command(f"history {ident}"))
