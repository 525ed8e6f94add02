"""What people were told of systems and channels, what deployments speak, and up to when digests were made."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot import model
from bot.store import engine
from tests.store.making import NOON, SOURCE, after


async def test_a_trouble_is_remembered_until_people_know_that_it_is_over(store: engine.Store) -> None:
    trouble = model.Trouble(NOON, "no answer")
    await store.health.told(SOURCE, trouble, after(30))
    assert (await store.health.get(SOURCE)).told == trouble
    assert (await store.health.ok(SOURCE, after(60))).told == trouble, "an answer alone tells nobody"
    await store.health.told(SOURCE, None, after(60))
    assert (await store.health.get(SOURCE)).told is None


async def test_what_others_started_is_looked_for_from_the_last_look_on(store: engine.Store) -> None:
    assert (await store.health.get(SOURCE)).noticed is None
    await store.health.noticed(SOURCE, NOON, ["7", "8"])
    await store.health.mark(SOURCE, "17", NOON)
    standing = await store.health.get(SOURCE)
    assert (standing.noticed, standing.over, standing.watch_mark) == (NOON, ("7", "8"), "17")


async def test_a_channel_refuses_until_it_works_again(store: engine.Store) -> None:
    await store.slack.refuses("C1", NOON)
    assert await store.slack.refused_since("C1") == NOON
    assert await store.slack.refused_since("C2") is None
    await store.slack.works("C1", after(5))
    assert await store.slack.refused_since("C1") is None
    await store.slack.refuses("C1", after(9))
    assert await store.slack.refused_since("C1") == after(9)


async def test_when_charts_were_refused_last(store: engine.Store) -> None:
    assert await store.slack.charts_refused() is None
    await store.slack.refuses_charts(NOON)
    await store.slack.refuses_charts(after(5))
    assert await store.slack.charts_refused() == after(5)


async def test_each_route_has_a_mark_of_its_own(store: engine.Store) -> None:
    await store.digests.put("default", NOON)
    await store.digests.put("default", after(60))
    await store.digests.put("other", NOON)
    assert [await store.digests.get(route) for route in ("default", "other", "none")] == [after(60), NOON, None]


@pytest.mark.parametrize("value", [True, 0, "", "a\x00b", None, [1, {"a": [None]}], {"since": NOON.isoformat()}])
async def test_traits_are_json_as_their_adapter_wrote_it(store: engine.Store, value: Any) -> None:
    assert await store.traits.get(SOURCE, "host") is None
    await store.traits.merge(SOURCE, "host", "before", NOON)
    await store.traits.merge(SOURCE, "host", value, after(1))
    assert await store.traits.get(SOURCE, "host") == value
    assert await store.traits.get(SOURCE, "other") is None


async def test_what_one_process_learned_is_not_overwritten_by_another(store: engine.Store) -> None:
    learned: list[dict[str, Any]] = [
        {"patch": "object"},
        {"off": {"comment:absent": "t1"}},
        {"off": {"reopen:refused": "t2"}},
        {"since": {"x": "t3"}},
    ]
    await asyncio.gather(*(store.traits.merge(SOURCE, "host", one, NOON) for one in learned))
    off = {"comment:absent": "t1", "reopen:refused": "t2"}
    assert await store.traits.get(SOURCE, "host") == {"patch": "object", "off": off, "since": {"x": "t3"}}
    left = await store.traits.merge(SOURCE, "host", {"off": {"comment:absent": None}}, after(1))
    assert left == await store.traits.get(SOURCE, "host") and left["off"] == {"reopen:refused": "t2"}


async def test_a_channel_that_is_left_alone_is_left_alone_by_all_until_it_works(store: engine.Store) -> None:
    await store.slack.refuses("C1", NOON)
    await store.slack.pauses("C1", NOON, after(60))
    assert await store.slack.paused(after(59)) == {"C1": after(60)} and await store.slack.paused(after(60)) == {}
    assert await store.slack.refused_since("C1") == NOON
    await store.slack.works("C1", after(5))
    assert await store.slack.paused(after(6)) == {} and await store.slack.refused_since("C1") is None
