"""App Homes in both databases: when they are due, and what they are drawn from, by few statements and each by an index."""

from __future__ import annotations

import dataclasses
import re
from datetime import timedelta
from typing import Any

import pytest

from bot import model, ports
from bot.store import engine, home_facts
from tests.store import test_store_plans as plans
from tests.store.making import NOON, SOURCE, after, anomaly, archived, batch, item, operation, scan

DANA = model.Person(SOURCE, "12", "Dana Reyes", "dana@acme.example")
LEE = model.Person(SOURCE, "7", "Lee Park", "lee@acme.example")
ALONE = model.Person("umbra", "U1", "Dana")
PAGES = {"mine": 4, "unseen": 3}
ALL = model.Query()
LEVELS = [*model.Severity, None]


async def _fill(store: engine.Store) -> None:
    """Sixty open ones: every third is Dana's, every fifth Lee's; half of them acknowledged. And one in a system without users."""
    many = [
        anomaly(
            f"{number:02}",
            created=after(number),
            severity=LEVELS[number % 5],
            assignees=(DANA,) if number % 3 == 0 else (LEE,) if number % 5 == 0 else (),
            state=(model.State.ACTIVE, model.State.ACKNOWLEDGED)[number % 2],
            tags=("pii",) if number < 30 else (),
        )
        for number in range(60)
    ]
    await store.anomalies.save(ports.Observation(SOURCE, [*many, archived("99", assignees=(DANA,))], read_at=NOON, now=NOON))
    alone = dataclasses.replace(anomaly("x1", assignees=(ALONE,)), ref=model.Ref("umbra", "x1"))
    await store.anomalies.save(ports.Observation("umbra", [alone], read_at=NOON, now=NOON))
    await store.identities.link("U1", DANA, "email", NOON)
    await store.homes.opened("U1", "", NOON)


async def _facts(store: engine.Store, query: model.Query = ALL, **home: Any) -> model.HomeFacts:
    known = await store.homes.get("U1")
    assert known is not None
    return await store.homes.facts(dataclasses.replace(known, **home), query, [SOURCE, "umbra"], {"umbra"}, PAGES)


async def test_the_queue_is_what_is_assigned_to_them_anywhere_the_worst_first_of_each_the_oldest(store: engine.Store) -> None:
    await _fill(store)
    facts = await _facts(store)
    assert (facts.mine.total, facts.mine.more) == (21, False)
    assert [(one.severity, one.ref.id) for one in facts.mine.anomalies] == [("critical", f"{number:02}") for number in (3, 18, 33, 48)]
    last = await _facts(store, mine=400)
    assert last.mine.offset == 20 and [one.ref for one in last.mine.anomalies] == [model.Ref(SOURCE, "54")]
    assert sum(facts.mine.severities.values()) == 21 and facts.mine.severities[None] == 5


async def test_what_nobody_has_acknowledged_is_the_rest_in_the_same_order(store: engine.Store) -> None:
    await _fill(store)
    facts = await _facts(store)
    assert facts.unseen.total == 20 and [one.ref.id for one in facts.unseen.anomalies] == ["08", "28", "38"]
    assert (await _facts(store, model.Query(tags=("pii",)))).unseen.total == 10
    narrow = await _facts(store, model.Query(severities=(model.Severity.HIGH,)))
    assert {one.severity for one in (*narrow.mine.anomalies, *narrow.unseen.anomalies)} == {model.Severity.HIGH}
    elsewhere = await _facts(store, model.Query(source="umbra"))
    assert (elsewhere.mine.total, elsewhere.unseen.total) == (1, 0)


async def test_who_has_how_much_is_told_by_slack_users_and_by_the_names_of_others(store: engine.Store) -> None:
    """Of Dana both systems, as one line."""
    await _fill(store)
    assert (await _facts(store)).load == [model.Load("U1", "", 21), model.Load("", "Lee Park", 8)]


async def test_no_more_is_counted_than_can_be_told(store: engine.Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home_facts, "MOST", 5)
    await _fill(store)
    facts = await _facts(store)
    assert (facts.mine.total, facts.mine.more, facts.unseen.total, facts.unseen.more) == (5, True, 5, True)
    assert facts.load[0] == model.Load("U1", "", 5, True)


async def test_batches_are_mine_with_how_many_were_done_and_operations_are_what_runs(store: engine.Store) -> None:
    await _fill(store)
    for ident, actor in (("b1", "U1"), ("b2", "U1"), ("b3", "U2"), ("b4", "U1")):
        fates = (model.Fate.DONE, model.Fate.DONE, model.Fate.REFUSED)
        await store.batches.create(batch(ident, actor=actor), [item(number, fate) for number, fate in enumerate(fates)])
        if ident != "b4":
            await store.batches.confirm(ident, after(1))
    lease = await store.leases.take("batches", "b1", after(1), 30)
    assert lease is not None and await store.batches.finish(lease, after(2))
    states = (model.OperationState.RUNNING, model.OperationState.DONE)
    await store.operations.add([operation(f"o{number}", state, scan=scan(number)) for number, state in enumerate(states)])
    facts = await _facts(store)
    assert [(one.id, done) for one, done in facts.batches] == [("b2", 2), ("b1", 2)]
    assert [one.id for one in facts.operations] == ["o0"]


LIMITED = re.compile(r"SCAN (anon_\d+|theirs|people|known|counted|begun)\b")
"""What a statement gathered itself, limited or as long as somebody's queue."""


@pytest.mark.parametrize("words", [{}, {"tables": ("orders",), "severities": (model.Severity.HIGH,)}, {"tags": ("pii",), "source": SOURCE}])
async def test_a_home_takes_eight_statements_and_each_finds_its_rows_by_an_index(store: engine.Store, words: dict[str, Any]) -> None:
    await _fill(store)
    with plans.recorded(store) as sent:
        home = await store.homes.get("U1")
        assert home is not None
        await store.homes.facts(home, model.Query(**words), [SOURCE, "umbra"], {"umbra"}, PAGES)
        await store.homes.drawn(home, called=NOON, shown=("1", "2"), again=None)
    drawn = [(statement, parameters) for statement, parameters in sent if "leases" not in statement]
    assert len(drawn) <= 8, [statement for statement, _ in drawn]
    for statement, parameters in drawn:
        found = [one for one in plans.scans(await plans.plan(store, statement, parameters)) if not LIMITED.match(one)]
        assert not found, f"{found} in {statement}"


async def test_the_rest_of_what_is_remembered_of_homes_is_found_by_an_index(store: engine.Store) -> None:
    await _fill(store)
    with plans.recorded(store) as sent:
        await store.homes.want("U1", NOON - timedelta(minutes=15), after(1), NOON, model.Turn("severity:high", 4))
        await store.homes.notice("U1", "Refused.", after(1))
        await store.homes.recent(NOON)
        await store.homes.due(after(9), 20)
        await store.homes.defer("U1", after(3))
        await store.heard.note("app_mention", NOON)
    for statement, parameters in sent:
        assert not plans.scans(await plans.plan(store, statement, parameters)), statement


async def test_a_wish_that_comes_while_it_is_drawn_is_not_lost(store: engine.Store) -> None:
    await store.homes.opened("U1", "h1", NOON)
    drawing = await store.homes.get("U1")
    assert drawing is not None and drawing.hash == "h1" and await store.homes.due(NOON, 20) == ["U1"]
    assert await store.homes.want("U1", NOON - timedelta(seconds=1), after(1), after(1))
    await store.homes.drawn(drawing, called=after(1), shown=("h2", "digest"), again=None)
    assert await store.homes.due(after(1), 20) == ["U1"]
    again = await store.homes.get("U1")
    assert again is not None and (again.hash, again.shown, again.called) == ("h2", "digest", after(1))
    await store.homes.drawn(again, called=after(5), shown=("h3", "digest"), again=None)
    assert await store.homes.due(after(9), 20) == []
    assert not await store.homes.want("U1", after(2), after(9), after(9)) and not await store.homes.want("U2", None, NOON, NOON)


async def test_a_line_on_top_stays_until_the_next_click_has_begun(store: engine.Store) -> None:
    await store.homes.opened("U1", "", NOON)
    await store.homes.notice("U1", "Refused.", after(2))
    for begun, said in ((after(1), "Refused."), (after(3), "")):
        await store.homes.want("U1", None, after(4), begun)
        home = await store.homes.get("U1")
        assert home is not None and home.notice == said
    assert await store.homes.recent(after(3)) == {"U1"}


async def test_which_events_were_heard_is_remembered(store: engine.Store) -> None:
    await store.heard.note("app_mention", NOON)
    await store.heard.note("app_mention", after(60))
    assert await store.heard.last() == {"app_mention": after(60)}
