"""What a click leaves behind (screens.md, "After a click" and "Group card"), at the wire: the card is the answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from bot import model
from bot.render.kit import ids
from tests.handlers import front as fronts
from tests.handlers.front import CHANNEL, LEE, Front, visible

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def lines(front: Front, ident: int) -> list[str]:
    return [f"{one.action} {one.actor_name}" for one in await front.running.store.journal.history(model.Ref("qualytics", str(ident)))]


async def test_five_clicks_leave_five_changed_cards_and_no_other_line(front: Front) -> None:
    made = await front.arrive(5)
    before, posts = len(front.whispers()), len(front.posted())
    await asyncio.gather(*(front.send(front.press(front.card(ident), ids.ACKNOWLEDGE)) for ident in made))
    assert ["Dana looks into it" in visible(front.card(ident)) for ident in made] == [True] * 5
    assert (len(front.whispers()), len(front.posted())) == (before, posts)


async def test_a_double_click_leaves_no_other_line(front: Front) -> None:
    (ident,) = await front.arrive()
    card = front.card(ident)
    before = len(front.whispers())
    await asyncio.gather(*(front.send(front.press(card, ids.ACKNOWLEDGE)) for _ in range(2)))
    assert len(front.whispers()) == before and "Dana looks into it" in visible(front.card(ident))


async def test_acknowledging_takes_in_one_call_and_the_journal_says_both(front: Front) -> None:
    (ident,) = await front.arrive()
    await front.forget()
    await front.send(front.press(front.card(ident), ids.ACKNOWLEDGE))
    assert len([call for call in await front.writes() if call["path"] != "/api/comments"]) == 1
    assert [person["id"] for person in (await front.stage.truth(ident))["assignees"]] == [12]
    assert await lines(front, ident) == ["acknowledge Dana", "assign Dana"]


async def test_undoing_gives_both_back(front: Front) -> None:
    (ident,) = await front.arrive()
    await front.send(front.press(front.card(ident), ids.ACKNOWLEDGE))
    await front.send(front.press(front.card(ident), ids.UNACKNOWLEDGE))
    truth = await front.stage.truth(ident)
    assert (truth["status"], truth["assignees"]) == ("Active", [])
    assert "Unassigned" in visible(front.card(ident))


async def test_what_somebody_has_is_only_acknowledged_and_kept_by_them(front: Front) -> None:
    (ident,) = await front.arrive()
    await front.stage.qualytics("PATCH", f"anomalies/{ident}", assignees=[18])
    await front.send(front.press(front.card(ident), ids.ACKNOWLEDGE))
    await front.send(front.press(front.card(ident), ids.UNACKNOWLEDGE))
    assert [person["id"] for person in (await front.stage.truth(ident))["assignees"]] == [18]


async def test_the_menu_offers_acknowledge_only(front: Front) -> None:
    (ident,) = await front.arrive()
    assert await front.told(front.press(front.card(ident), ids.MORE, "only|")) == ""
    assert "Acknowledged by Dana" in visible(front.card(ident)) and (await front.stage.truth(ident))["assignees"] == []


async def test_whoever_comes_second_is_told_who_did_what_when_and_gets_the_right_buttons(front: Front) -> None:
    (ident,) = await front.arrive()
    old = front.card(ident)
    await front.send(front.press(old, ids.ACKNOWLEDGE))
    told = await front.told(front.press(old, ids.ACKNOWLEDGE, user=LEE))
    assert "already" in told and "Acknowledged by Dana" in told and "<!date^" in told and "Un-acknowledge" in told


async def test_the_answer_is_told_where_the_card_could_not_be_edited(front: Front) -> None:
    (ident,) = await front.arrive()
    click = front.press(front.card(ident), ids.ACKNOWLEDGE)
    messages = front.stage.workspace.channels[CHANNEL].messages
    kept = messages.pop(click["container"]["message_ts"])
    try:
        assert (await front.told(click)).startswith("Acknowledged:")
    finally:
        messages[kept.ts] = kept


async def test_nothing_visible_for_long_and_the_cards_last_line_says_whom_it_asks(front: Front) -> None:
    (ident,) = await front.arrive()
    click, long = front.press(front.card(ident), ids.ACKNOWLEDGE), asyncio.Event()
    triage, before = front.running.desk.triage, front.running.desk.triage.asking
    source, reading = triage.sources["qualytics"], asyncio.Event()
    shown: list[str] = []

    class Slow:
        """The system, which answers only when its caller was told to wait."""

        def __getattr__(self, name: str) -> Any:
            return getattr(source, name)

        async def get(self, idents: Any) -> Any:
            reading.set()
            for _ in range(400):
                if "Asking" in visible(front.card(ident)):
                    break
                await asyncio.sleep(0.005)
            shown.append(visible(front.card(ident)))
            return await source.get(idents)

    triage.sources = {**triage.sources, "qualytics": Slow()}  # type: ignore[dict-item]
    triage.asking = replace(before, wait=long.wait)  # type: ignore[arg-type]
    try:
        sending = asyncio.create_task(front.send(click))
        await reading.wait()
        long.set()
        await sending
        await front.settle()
    finally:
        triage.asking, triage.sources = before, {**triage.sources, "qualytics": source}
    assert "Asking Qualytics for Dana…" in shown[0] and "Unassigned" not in shown[0]
    assert "Asking" not in visible(front.card(ident)) and "Dana looks into it" in visible(front.card(ident))


# --- cards of many -------------------------------------------------------------------------------------------------------------


async def test_a_critical_one_in_a_group_is_acknowledged_on_its_row_and_taken_by_nobody(crowd: Front) -> None:
    made = await crowd.arrive(12, weight=90)
    group = next(one for one in crowd.posted() if "arrived together" in visible(one))
    assert "12 critical" in visible(group) and "+2 critical" in visible(group)
    assert await crowd.told(crowd.press(group, ids.GROUP_ACKNOWLEDGE)) == ""
    changed = [ident for ident in made if (await crowd.stage.truth(ident))["status"] == "Acknowledged"]
    assert len(changed) == 1 and (await crowd.stage.truth(changed[0]))["assignees"] == []
    await crowd.send(crowd.press(group, ids.REVIEW_OPEN, "critical|"))
    assert "critical of this card" in crowd.modal()


async def test_critical_ones_that_join_are_told_once_in_the_thread_and_in_the_channel(crowd: Front) -> None:
    group = next(one for one in crowd.posted() if "arrived together" in visible(one))
    space = crowd.stage.workspace.channels[CHANNEL].messages
    before = set(space)
    await crowd.stage.arrive(2, weight=95)
    await crowd.arrive(6, weight=10)
    await crowd.look()
    lines_ = [message for ts, message in space.items() if ts not in before]
    assert [(one.thread_ts, one.broadcast) for one in lines_] == [(group["ts"], True)] * 2
    assert all("Critical" in one.text and "Joined the card" in one.text and "button" not in str(one.blocks) for one in lines_)
    before = set(space)
    await crowd.stage.arrive(4, weight=95)
    await crowd.arrive(6, weight=10)
    (line,) = [message for ts, message in space.items() if ts not in before]
    assert line.text.count("Critical:") == 4 and line.broadcast


async def test_archiving_a_group_shows_a_preview_of_what_that_version_held(crowd: Front) -> None:
    group = next(one for one in crowd.posted() if "arrived together" in visible(one))
    await crowd.arrive(7, weight=10)
    told = await crowd.told(crowd.press(group, ids.GROUP_ARCHIVE, "Invalid|"))
    assert "7 anomalies joined this card after you saw it" in told and "Invalid" in told


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def crowd(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Front]:
    """A desk of its own, whose one group card takes in all that arrives."""
    async with fronts.opened(tmp_path_factory.mktemp("crowd")) as made:
        yield made
