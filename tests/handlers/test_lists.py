"""Lists as people page through them: through the real app, on the messages that only they see."""

from __future__ import annotations

import json

import pytest

from bot.render.kit import ids
from tests.handlers.front import CHANNEL, DANA, Front, Json, visible

pytestmark = pytest.mark.asyncio(loop_scope="module")


def seen_by(front: Front, user: str = DANA) -> list[Json]:
    """What only this person sees in the channel, oldest first."""
    messages = front.stage.workspace.channels[CHANNEL].messages.values()
    return [{"ts": one.ts, "text": one.text, "blocks": one.blocks} for one in messages if one.ephemeral_to == user]


async def test_next_replaces_the_list(front: Front) -> None:
    made = await front.arrive(12)
    await front.send(front.command(f"list id:{','.join(map(str, made))}"))
    first, before = seen_by(front)[-1], len(seen_by(front))
    assert "1 to 10 of 12" in visible(first)
    await front.send(front.press(first, ids.LIST_PAGE))
    (second,) = seen_by(front)[before - 1 :]
    assert "11 to 12 of 12" in visible(second) and second["ts"] == first["ts"]
    await front.send(front.press(second, ids.LIST_PAGE))
    (again,) = seen_by(front)[before - 1 :]
    assert "1 to 10 of 12" in visible(again)


async def test_next_replaces_the_list_of_a_group_and_leaves_its_card(front: Front) -> None:
    await front.arrive(12)
    group = next(one for one in reversed(front.posted()) if "arrived together" in visible(one))
    before = len(seen_by(front))
    await front.send(front.press(group, ids.GROUP_LIST))
    (listed,) = seen_by(front)[before:]
    await front.send(front.press(listed, ids.GROUP_LIST))
    (onward,) = seen_by(front)[before:]
    assert visible(listed).startswith("1 to 10 of ") and visible(onward).startswith("11 to ")
    assert "arrived together" in visible(next(one for one in front.posted() if one["ts"] == group["ts"]))


async def test_the_total_is_the_truth_and_the_limit_does_not_hide_it(front: Front) -> None:
    made = await front.arrive(5)
    chosen = f"id:{','.join(map(str, made))}"
    told = await front.told(front.command(f"list {chosen} limit:3"))
    assert told.startswith("1 to 3 of 5 (limit:3) for: id:"), told
    assert ids.LIST_PAGE not in json.dumps(seen_by(front)[-1]["blocks"])
    await front.send(front.command(f"review {chosen} limit:3"))
    assert "All 3 matching" in front.modal(), "a review acts on what the limit leaves"


async def test_the_newest_of_a_first_contact_are_the_newest_whatever_their_severity(front: Front) -> None:
    made = await front.arrive(11)
    told = await front.told(front.click(ids.CONTACT_NEWEST, ids.encode_page(0, f"id:{','.join(map(str, made))} limit:10")))
    rows = [line for line in told.split("\n") if "#" in line]
    assert [line.rpartition("#")[2] for line in rows] == [str(ident) for ident in sorted(made, reverse=True)[:10]]
