"""Links, standings, facts."""

from __future__ import annotations

from typing import Any

import pytest

from bot import model
from bot.store import engine
from tests.store.making import NOON, SOURCE, after

DANA = model.Person(SOURCE, "7", "Dana", "dana@example.com")
LEE = model.Person(SOURCE, "8", "Lee")


async def test_a_link_is_found_from_both_sides(store: engine.Store) -> None:
    await store.links.link("U1", DANA, "e-mail", NOON)
    await store.links.link("U1", model.Person("anodot", "x", "dana"), "chosen", NOON)
    await store.links.link("U2", LEE, "chosen", NOON)
    assert await store.links.find(["U1", "U2", "U3"], SOURCE) == {"U1": DANA, "U2": LEE}
    assert await store.links.find([], SOURCE) == {}
    assert await store.links.slack_id(DANA) == "U1"
    assert await store.links.slack_id(model.Person("anodot", "7", "Dana")) == ""


async def test_a_new_link_replaces_the_old_one_and_unlinking_ends_it(store: engine.Store) -> None:
    await store.links.link("U1", DANA, "e-mail", NOON)
    await store.links.link("U1", LEE, "chosen", after(1))
    assert await store.links.find(["U1"], SOURCE) == {"U1": LEE}
    assert await store.links.slack_id(DANA) == ""
    await store.links.unlink("U1", SOURCE)
    assert await store.links.find(["U1"], SOURCE) == {}


async def test_the_last_of_two_who_claim_to_be_one_person_counts(store: engine.Store) -> None:
    await store.links.link("U2", DANA, "chosen", after(5))
    await store.links.link("U1", DANA, "e-mail", NOON)
    assert await store.links.slack_id(DANA) == "U2"


async def test_a_standing_tells_since_when_it_fails_and_how_it_stood(store: engine.Store) -> None:
    assert await store.standings.get(SOURCE) == model.Standing(SOURCE)
    before = await store.standings.failed(SOURCE, "no answer", NOON, after(30))
    assert before == model.Standing(SOURCE)
    before = await store.standings.failed(SOURCE, "still none", after(30), after(90))
    assert (before.failing_since, before.failures, before.error) == (NOON, 1, "no answer")
    now = await store.standings.get(SOURCE)
    assert (now.failing_since, now.failures, now.error, now.next_poll) == (NOON, 2, "still none", after(90))
    before = await store.standings.ok(SOURCE, after(90))
    assert before == now
    assert await store.standings.get(SOURCE) == model.Standing(SOURCE, last_ok=after(90))


async def test_the_mark_of_the_watch_is_remembered_beside_the_cursor(store: engine.Store) -> None:
    await store.standings.mark(SOURCE, "17", NOON)
    await store.anomalies.save(SOURCE, [], read_at=NOON, now=NOON, cursor="c")
    standing = await store.standings.get(SOURCE)
    assert (standing.watch_mark, standing.cursor) == ("17", "c")


@pytest.mark.parametrize("value", [True, 0, "", "a\x00b", None, [1, {"a": [None]}], {"since": NOON.isoformat()}])
async def test_facts_are_json(store: engine.Store, value: Any) -> None:
    assert await store.facts.get("k") is None
    await store.facts.put("k", "before", NOON)
    await store.facts.put("k", value, after(1))
    assert await store.facts.get("k") == value


async def test_looks_that_are_asked_for_are_counted_and_answered_by_those_that_began_after(store: engine.Store) -> None:
    await store.standings.ask(SOURCE)
    await store.standings.ask(SOURCE)
    began = await store.standings.get(SOURCE)
    assert (began.asked, began.wanted) == (2, True)
    await store.standings.ask(SOURCE)
    await store.standings.ok(SOURCE, NOON, began.asked)
    assert (await store.standings.get(SOURCE)).wanted, "asked for while it was looked at"
    await store.standings.ok(SOURCE, NOON, 3)
    await store.standings.ok(SOURCE, NOON, 2)
    assert not (await store.standings.get(SOURCE)).wanted, "a slow one takes no answer back"
