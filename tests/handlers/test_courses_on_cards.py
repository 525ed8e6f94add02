"""How a metric went, on the card of its anomaly: through the real app between the fakes of Slack and Anodot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot import model
from bot.render.kit import ids
from tests.handlers import front as fronts
from tests.handlers.front import Front, visible
from tests.walks import stage as staging

pytestmark = pytest.mark.asyncio(loop_scope="module")
CHART = "data_visualization"
SPARK = "▁▂▃▄▅▆▇█"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def front(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Front]:
    """Anodot, and Qualytics, which tells no courses; nothing was open at the start."""
    async with fronts.opened(tmp_path_factory.mktemp("desk"), ("anodot", "qualytics")) as made:
        yield made


async def arrived(front: Front, count: int = 1, **fields: Any) -> list[model.Ref]:
    """New ones that the desk has polled and posted, and what follows has followed."""
    made = front.stage.anodot.world.arrive(count, **{"what": "signups", "score": 0.95, **fields})
    await front.look()
    await front.read()
    return [model.Ref("anodot", one.id) for one in made]


def asked(front: Front, ref: model.Ref) -> int:
    """How often Anodot was asked how a metric of this one went."""
    return sum(f"/{ref.id}/metric/" in call["path"] for call in front.stage.anodot.app.calls)


def chart(front: Front, ref: model.Ref) -> Any:
    """The chart of its card, None without one."""
    found = next((block for block in front.card(ref)["blocks"] if block["type"] == CHART), None)
    return found and {name: value for name, value in found.items() if name != "block_id"}


def sparks(front: Front, ref: model.Ref) -> str:
    """The bars of its card."""
    return "".join(one for one in visible(front.card(ref)) if one in SPARK)


@pytest.mark.parametrize("resolution", ["short", "medium", "long", "longlong", "weekly"])
async def test_the_native_chart_with_its_baseline_stands_in_the_cards_own_message_and_the_text_tells_it_in_words(
    front: Front, resolution: str
) -> None:
    (ref,) = await arrived(front, resolution=resolution)
    drawn = chart(front, ref)
    lines = {line["name"]: [one["value"] for one in line["data"]] for line in drawn["chart"]["series"]}
    assert drawn["chart"]["type"] == "line" and drawn["title"].startswith("signups")
    assert list(lines) == ["value", "expected at least", "expected at most"]
    points = len(drawn["chart"]["axis_config"]["categories"])
    assert 10 <= points <= 20 and {len(line) for line in lines.values()} == {points}
    assert any(value > high or value < low for value, low, high in zip(*lines.values(), strict=True))
    assert len(sparks(front, ref)) == points
    said = front.card(ref)["text"]
    assert ("rose from" in said or "fell from" in said) and not set(SPARK) & set(said)
    told = (await front.running.store.anomalies.get([ref]))[ref].series
    assert told and pytest.approx(told.value, abs=0.001) in lines["value"], "thinning loses no peak"
    assert asked(front, ref) == 1


async def test_it_is_read_by_exactly_one_call_for_each_card_however_often_it_is_looked_at(front: Front) -> None:
    front.stage.anodot.app.calls.clear()
    refs = await arrived(front, 3)
    about = [call["path"] for call in front.stage.anodot.app.calls if any(ref.id in call["path"] for ref in refs)]
    assert len(about) == 3 and all("/metric/" in path for path in about), "and by no other call"
    for _ in range(2):
        await front.look()
        await front.running.courses.work()
        await front.read()
    assert [asked(front, ref) for ref in refs] == [1, 1, 1]


async def test_each_later_click_keeps_it(front: Front) -> None:
    (ref,) = await arrived(front)
    drawn = chart(front, ref)
    await front.send(front.press(front.card(ref), ids.ACKNOWLEDGE))
    assert "Dana looks into it" in visible(front.card(ref)) and chart(front, ref) == drawn
    await front.send(front.press(front.card(ref), ids.ARCHIVE, "Invalid"))
    assert "Invalid" in visible(front.card(ref)) and chart(front, ref) is None, "one line, once it is over"
    await front.send(front.press(front.card(ref), ids.REOPEN))
    await front.look()
    assert chart(front, ref) == drawn and asked(front, ref) == 1


async def test_one_that_another_joins_with_a_heavier_metric_shows_the_course_of_that_one(front: Front) -> None:
    into, other = await arrived(front, 2)
    drawn, account = {ref: chart(front, ref) for ref in (into, other)}, front.stage.anodot.world
    for ref in (into, other):
        for breach in account.anomalies[ref.id].breaches:
            breach.now = replace(breach.now, score=0.97 if ref == other else 0.5)
    account.merge(account.anomalies[into.id], account.anomalies[other.id])
    await front.look()
    await front.read()
    told = (await front.running.store.anomalies.get([into]))[into].series
    card = chart(front, into)
    assert card is not None and card != drawn[into] and asked(front, into) == 2
    assert told and any(pytest.approx(told.value, abs=0.001) == point["value"] for point in card["chart"]["series"][0]["data"])


async def test_whoever_has_one_shown_sees_it_too(front: Front) -> None:
    (ref,) = await arrived(front)
    assert sparks(front, ref) in await front.told(front.command(f"show {ref.id}"))


async def test_an_undo_of_many_brings_it_back(front: Front) -> None:
    (ref,) = await arrived(front)
    drawn = chart(front, ref)
    await front.send(front.command(f"archive {ref.id} as:resolved"))
    await front.running.desk.runs.work()
    await front.running.post.flush()
    assert chart(front, ref) is None
    await front.send(front.press(front.card(ref), ids.REOPEN))
    await front.running.post.flush()
    assert chart(front, ref) == drawn


async def test_where_there_is_only_a_history_of_ours_that_is_drawn_and_told_in_words(front: Front) -> None:
    made = await front.arrive(3)
    for ident in made:
        front.stage.world.anomalies[ident].fingerprint = 4712
        front.stage.world.change(front.stage.world.anomalies[ident], description=f"again {ident}")
    await front.look()
    await front.look()  # the first ones that were read knew of fewer
    card = front.card(made[0])
    assert "▁▁▁▁▁▁█ seen 3 times in 7 days" in visible(card) and "seen 3 times in 7 days" in card["text"]
    assert not set(SPARK) & set(card["text"]) and CHART not in str(card["blocks"])


async def test_one_in_a_group_card_is_not_asked_about(front: Front) -> None:
    refs = await arrived(front, 12)
    alone = [ref for ref in refs if asked(front, ref)]
    assert len(alone) < len(refs) and all(chart(front, ref) for ref in alone)


async def test_a_system_that_does_not_answer_leaves_the_card_as_it_is(front: Front) -> None:
    front.stage.anodot.faults.add(mode="reply", path="/metric/", status=403, json={"message": "no"})
    (ref,) = await arrived(front)
    assert chart(front, ref) is None and sparks(front, ref) == "" and ids.ACKNOWLEDGE in str(front.card(ref)["blocks"])
    front.stage.anodot.faults.clear()
    again = front.running.courses.clock.now() + timedelta(minutes=1)
    (wanted,) = [one for one in await front.running.store.courses.due(again) if one.ref == ref]
    assert wanted.tries == 1, "it is asked again"


async def test_where_slack_refuses_the_chart_the_bars_and_the_words_stand_alone(front: Front) -> None:
    refused = {"method": "chat.update", "mode": "refuse_blocks", "types": [CHART], "times": 0}
    await front.stage.slack("faults", **refused)
    (ref,) = await arrived(front)
    assert chart(front, ref) is None and len(sparks(front, ref)) > 9 and asked(front, ref) == 1
    await front.send(front.press(front.card(ref), ids.ACKNOWLEDGE))
    assert "Dana looks into it" in visible(front.card(ref)) and len(sparks(front, ref)) > 9
    await front.stage.http.delete(f"{front.stage.slack_url}/_control/faults")
    now = front.running.courses.clock.now()
    await front.running.store.slack.refuses_charts(now - timedelta(hours=2))
    await front.send(front.press(front.card(ref), ids.UNACKNOWLEDGE))
    assert chart(front, ref) is not None, "it is tried whole again later"


async def test_after_a_restart_it_is_neither_lost_nor_asked_for_again(tmp_path: Path) -> None:
    async with staging.staged(tmp_path, systems=("anodot",)) as stage:
        async with fronts.desk(stage) as before:
            (ref,) = await arrived(before)
            drawn = chart(before, ref)
        async with fronts.desk(stage) as after:
            await after.running.courses.work()
            await after.look()
            await after.send(after.press(after.card(ref), ids.ACKNOWLEDGE))
            assert "Dana looks into it" in visible(after.card(ref))
            assert drawn is not None and chart(after, ref) == drawn and asked(after, ref) == 1
