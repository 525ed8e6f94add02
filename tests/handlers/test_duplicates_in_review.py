"""Many archived as duplicates, from a review or a group card: of which one is asked first, as on a card, and may be left out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from bot import model
from bot.render.kit import ids
from tests.handlers.front import Front, visible
from tests.handlers.test_duplicates import picked, status, typed

pytestmark = pytest.mark.asyncio(loop_scope="module")

Json = dict[str, Any]


def chosen(action: str, which: str = "page") -> Json:
    """What Slack says of a review form in which this is chosen."""
    return {
        ids.REVIEW_WHICH: {"type": "radio_buttons", "selected_option": {"value": which}},
        ids.REVIEW_ACTION: {"type": "static_select", "selected_option": {"value": action}},
    }


async def sent(front: Front, view: Json, values: Json) -> Json:
    """Send a form, and read what takes its place."""
    answer = json.loads((await front.send(front.submission(view, values))).body)
    return answer.get("view") or answer


async def question(front: Front, made: Sequence[int]) -> Json:
    """Review these, choose Duplicate for all of the page, and read what is asked."""
    front.stage.workspace.modals.stacks.clear()
    await front.send(front.command(f"review id:{','.join(map(str, made))}"))
    return await sent(front, front.form(), chosen("archive:Duplicate"))


async def of_one_table(front: Front) -> list[int]:
    """Three of one table, among what arrives in several."""
    refs = [model.Ref("qualytics", str(one)) for one in await front.arrive(36)]
    tables: dict[str, list[int]] = {}
    for ref, one in (await front.running.desk.browse.anomalies.get(refs)).items():
        assert one.container is not None
        tables.setdefault(one.container.id, []).append(int(ref.id))
    return next(found for found in tables.values() if len(found) >= 3)[:3]


async def remarked(front: Front, ident: int) -> str:
    return json.dumps((await front.stage.truth(ident))["comments"])


async def confirmed(front: Front, preview: Json) -> None:
    assert preview["callback_id"] == ids.REVIEW_CONFIRM_VIEW, preview
    await front.send(front.submission(preview, {}))
    await front.settle()


def offered(view: Json) -> list[str]:
    """The originals of the menu."""
    menus = [block["element"] for block in view["blocks"] if block.get("block_id") == ids.DUPLICATE_PICK]
    return [option["value"] for menu in menus for option in menu["options"]]


async def test_the_original_is_asked_once_for_all_kept_and_told(front: Front) -> None:
    *made, original = await of_one_table(front)
    asked = await question(front, made)
    assert asked["callback_id"] == ids.REVIEW_ORIGINAL_VIEW and "2 anomalies will be archived as duplicates" in json.dumps(asked)
    assert str(original) in offered(asked) and not {*map(str, made)} & {*offered(asked)}
    preview = await sent(front, asked, picked(original))
    assert f"Archive 2 anomalies as Duplicate of #{original}?" in json.dumps(preview)
    assert [await status(front, one) for one in made] == ["Active", "Active"]
    await confirmed(front, preview)
    for one in made:
        assert await status(front, one) == "Duplicate" and f"Duplicate of {original}." in await remarked(front, one)
        assert f"Duplicate of {original}." in await front.told(front.command(f"history {one}"))
    assert await status(front, original) == "Active"


async def test_it_may_be_left_out(front: Front) -> None:
    made = await front.arrive(2)
    await confirmed(front, await sent(front, await question(front, made), typed(" ")))
    assert [await status(front, one) for one in made] == ["Duplicate", "Duplicate"]
    assert "Duplicate of" not in await remarked(front, made[0])


async def test_what_is_no_original_is_said_in_the_form_and_changes_nothing(front: Front) -> None:
    *made, original = await front.arrive(3)
    asked = await question(front, made)
    await front.forget()
    for values, why in ((typed("987654321"), "has no anomaly 987654321"), (typed("what now"), "no anomaly's id or link")):
        again = await sent(front, asked, values)
        assert again["callback_id"] == ids.REVIEW_ORIGINAL_VIEW and why in json.dumps(again, ensure_ascii=False)
    assert "not both" in (await sent(front, asked, typed("1") | picked(original)))["errors"][ids.DUPLICATE_OF]
    assert await front.writes() == []
    await confirmed(front, await sent(front, again, typed(str(original))))
    assert [await status(front, one) for one in made] == ["Duplicate", "Duplicate"]


async def test_of_several_tables_it_is_typed(front: Front) -> None:
    front.stage.workspace.modals.stacks.clear()
    asked = await question(front, await front.arrive(2))
    assert offered(asked) == [] and ids.DUPLICATE_OF in json.dumps(asked)


async def test_other_ways_of_closing_are_not_asked_about(front: Front) -> None:
    made = await front.arrive(2)
    await front.send(front.command(f"review id:{','.join(map(str, made))}"))
    preview = await sent(front, front.form(), chosen("archive:Invalid"))
    assert preview["callback_id"] == ids.REVIEW_CONFIRM_VIEW


async def test_a_group_card_asks_too(front: Front) -> None:
    made = await front.arrive(12)
    original = (await front.arrive())[0]
    group = next(one for one in reversed(front.posted()) if "arrived together" in visible(one))
    front.stage.workspace.modals.stacks.clear()
    await front.send(front.press(group, ids.GROUP_ARCHIVE, "Duplicate|"))
    asked = front.form()
    assert asked["callback_id"] == ids.REVIEW_ORIGINAL_VIEW and "All of this card" in json.dumps(asked)
    preview = await sent(front, asked, typed(str(original)))
    assert f"as Duplicate of #{original}?" in json.dumps(preview)
    await confirmed(front, preview)
    assert await status(front, made[0]) == "Duplicate" and f"Duplicate of {original}." in await remarked(front, made[0])
