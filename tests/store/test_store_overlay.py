"""What systems cannot keep of their anomalies: written with what we did, merged into whatever is seen, forgotten when they keep it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from bot import model, ports
from bot.core import overlay, transitions
from bot.store import engine, ingest, tables
from tests.store.making import NOON, SOURCE, after, anomaly, archived, drafts, intent, line, live, ref

Part, State = model.Part, model.State
ALL = tuple(Part)
LEE = model.Person(SOURCE, "18", "Lee Park", "lee@acme.example")
MINE = model.Overlay(ref(1), State.ACKNOWLEDGED, None, (LEE,), actor="U1", at=NOON)


def loose(ident: object, **values: Any) -> model.Anomaly:
    """One of which its system keeps nothing."""
    return anomaly(ident, **({"kept_here": ALL} | values))


async def seen(store: engine.Store, *anomalies: model.Anomaly, at: float) -> model.Ingested:
    def note(old: model.Anomaly, new: model.Anomaly) -> model.Entry | None:
        return transitions.elsewhere(old, new, "Qualytics", after(at))

    cards = drafts(*(live(one.ref.id) for one in anomalies))
    return await store.anomalies.save(ports.Observation(SOURCE, anomalies, read_at=after(at), now=after(at), note=note, drafts=cards))


async def did(store: engine.Store, kept: model.Overlay, *anomalies: model.Anomaly, at: float, adopting: bool = False) -> None:
    lines = [line(kept.ref.id, at=after(at))]
    record = ports.Record(SOURCE, anomalies, after(at), after(at), lines, adopting=adopting, kept=[kept])
    assert await store.records.record(record)


async def stored(store: engine.Store, ident: object = 1) -> model.Anomaly:
    return (await store.anomalies.get([ref(ident)]))[ref(ident)]


async def kept(store: engine.Store, *idents: object) -> dict[str, model.Overlay]:
    return dict(await store.overlays.get(SOURCE, [str(one) for one in idents or (1,)]))


async def test_what_we_did_is_written_and_merged_in_one_transaction_and_stays(store: engine.Store) -> None:
    await seen(store, loose(1), loose(2), at=0)
    await did(store, MINE, loose(1), at=1)
    for at in (2, 3):
        one = await stored(store)
        assert (one.state, one.status, one.assignees, one.version) == (State.ACKNOWLEDGED, "Acknowledged", (LEE,), 2)
        assert not (await seen(store, loose(1), loose(2), at=at)).changed
    assert await kept(store, 1, 2) == {"1": MINE}
    assert (await stored(store, 2)).state is State.ACTIVE
    assert [one.via for one in await store.journal.history(ref(1))] == ["slack"], "no poll takes it for somebody else's doing"
    assert [one.ref for one in await store.overlays.known(SOURCE)] == [ref(1)]


async def test_filters_find_it_as_it_is_kept(store: engine.Store) -> None:
    await seen(store, loose(1), loose(2), at=0)
    await did(store, MINE, loose(1), at=1)
    query = model.Query(SOURCE, statuses=("acknowledged",))
    assert [one.ref for one in await store.open_ones.page(SOURCE, query)] == [ref(1)]
    assert [one.ref for one in await store.open_ones.page(SOURCE, model.Query(SOURCE, assignees=("18",)))] == [ref(1)]
    await did(store, replace(MINE, state=State.ARCHIVED, outcome="Invalid"), loose(1), at=2)
    assert [one.ref for one in await store.open_ones.page(SOURCE, model.Query(SOURCE))] == [ref(2)]
    assert await store.journal.closed(SOURCE, NOON) == [ref(1)]


async def test_what_says_nothing_needs_no_row_unless_it_is_snoozed(store: engine.Store) -> None:
    await seen(store, loose(1), at=0)
    await did(store, MINE, loose(1), at=1)
    await did(store, model.Overlay(ref(1), at=after(2)), loose(1), at=2)
    assert await kept(store) == {} and (await stored(store)).state is State.ACTIVE
    await did(store, MINE, loose(1), at=3)
    async with store.db.writer.begin() as connection:
        await connection.execute(sa.update(tables.overlay).values(snoozed_until=after(99)))
    await did(store, model.Overlay(ref(1), at=after(4)), loose(1), at=4)
    assert (await kept(store))["1"].snoozed_until == after(99)


async def test_what_no_poll_has_seen_yet_is_merged_when_one_does(store: engine.Store) -> None:
    await did(store, MINE, loose(1), at=1)
    assert await store.anomalies.get([ref(1)]) == {} and await kept(store) == {"1": MINE}
    assert (await seen(store, loose(1), at=2)).new == [ref(1)]
    assert (await stored(store)).state is State.ACKNOWLEDGED


async def test_what_the_system_keeps_by_now_is_its_to_say_and_ours_is_forgotten_part_by_part(store: engine.Store) -> None:
    await seen(store, loose(1), at=0)
    await did(store, MINE, loose(1), at=1)
    await seen(store, loose(1, kept_here=(Part.ASSIGNEES,)), at=2)
    assert (await stored(store)).state is State.ACTIVE and (await stored(store)).assignees == (LEE,)
    assert (await kept(store))["1"] == replace(MINE, state=None)
    await seen(store, anomaly(1), at=3)
    assert (await stored(store)).assignees == () and await kept(store) == {}
    assert [one.via for one in await store.journal.history(ref(1))][:2] == ["Qualytics", "Qualytics"]


async def test_a_list_that_is_older_than_what_is_stored_forgets_nothing(store: engine.Store) -> None:
    await seen(store, loose(1), at=0)
    await did(store, MINE, loose(1), at=5)
    await seen(store, anomaly(1), at=4)
    assert await kept(store) == {"1": MINE} and (await stored(store)).state is State.ACKNOWLEDGED


async def test_what_is_over_stays_with_who_acknowledged_it(store: engine.Store) -> None:
    await seen(store, loose(1), loose(2), at=0)
    await did(store, MINE, loose(1), at=1)
    over = {"state": State.ARCHIVED, "archived_as": model.OVER, "status": "closed", "over": after(2)}
    await seen(store, loose(1, **over), loose(2, **over), at=3)
    one, other = await stored(store, 1), await stored(store, 2)
    assert (one.state, one.archived_as, one.over) == (State.ACKNOWLEDGED, None, after(2))
    assert (other.state, other.archived_as) == (State.ARCHIVED, model.OVER)


async def test_a_poll_that_waited_for_our_change_merges_what_it_wrote(store: engine.Store) -> None:
    """What was merged before, by whoever read it, becomes what is kept now."""
    await seen(store, loose(1), at=0)
    await did(store, MINE, loose(1), at=1)
    stale = overlay.merged(loose(1), replace(MINE, state=State.ARCHIVED, outcome="Invalid", assignees=None))
    await seen(store, stale, at=2)
    assert (await stored(store)).state is State.ACKNOWLEDGED and (await stored(store)).assignees == (LEE,)


async def test_nothing_is_kept_when_the_record_is_not(store: engine.Store) -> None:
    await seen(store, loose(1), at=0)
    lost = model.Lease("batches", "b9", "nobody", after(60))
    record = ports.Record(SOURCE, [loose(1)], after(1), after(1), kept=[MINE], lease=lost)
    assert not await store.records.record(record)
    assert await kept(store) == {} and (await stored(store)).state is State.ACTIVE


async def test_where_nothing_is_kept_a_save_asks_once_and_no_more(store: engine.Store, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real_there, real_of = ingest.overlays.there, ingest.overlays.of

    async def there(*given: Any) -> bool:
        asked.append("there")
        return await real_there(*given)

    async def of(*given: Any) -> Any:
        asked.append("of")
        return await real_of(*given)

    monkeypatch.setattr(ingest.overlays, "there", there)
    monkeypatch.setattr(ingest.overlays, "of", of)
    await seen(store, *(anomaly(number) for number in range(1200)), at=0)
    assert asked == ["there"]


async def test_an_intent_ends_with_what_is_kept(store: engine.Store) -> None:
    await seen(store, loose(1), at=0)
    await store.journal.begin(intent("k", 1), after(1), 60)
    mine = ports.Record(SOURCE, [loose(1)], after(2), after(2), [line(1, at=after(2))], intent="k", kept=[MINE])
    assert await store.records.record(mine)
    assert await store.journal.unfinished(after(99)) == [] and await kept(store) == {"1": MINE}


@pytest.mark.parametrize("behind", [0.9, 50], ids=["by clocks that differ", "by a long wait"])
async def test_what_is_kept_here_stays_when_a_later_poll_was_stored_first(store: engine.Store, behind: float) -> None:
    await seen(store, loose(1), at=0)
    await seen(store, loose(1, description="Told by now"), at=100)
    await did(store, MINE, loose(1, description="Told by now"), at=100 - behind)
    one = await stored(store)
    assert (one.state, one.assignees, one.description) == (State.ACKNOWLEDGED, (LEE,), "Told by now")
    assert not (await seen(store, loose(1, description="Long ago"), at=99.5)).changed, "what was seen last stays so"
    assert not (await seen(store, loose(1, description="Told by now"), at=101)).changed
    acknowledged = [one.via for one in await store.journal.history(ref(1)) if one.action == "acknowledge"]
    assert acknowledged == ["slack"], "no poll takes it for somebody else's doing"


async def test_our_part_is_put_on_what_its_system_said_later(store: engine.Store) -> None:
    await seen(store, loose(1), at=0)
    await seen(store, loose(1, description="Told by now"), at=100)
    await did(store, MINE, loose(1), at=50)
    one = await stored(store)
    assert (one.state, one.assignees, one.description) == (State.ACKNOWLEDGED, (LEE,), "Told by now")


async def test_what_we_did_is_stored_though_our_clock_is_behind_the_polls(store: engine.Store) -> None:
    await seen(store, anomaly(1), at=0)
    await seen(store, anomaly(1), at=10)
    for at, state in ((8.9, State.ACTIVE), (9, State.ARCHIVED)):
        assert await store.records.record(ports.Record(SOURCE, [archived(1)], after(at), after(at), [line(1, "archive", at=after(at))]))
        assert (await stored(store)).state is state
    assert not (await seen(store, anomaly(1), at=9.5)).changed, "it was seen last when the poll saw it"
    again = ports.Record(SOURCE, [archived(1)], after(9.2), after(9.2), [])
    assert await store.records.record(again) and not (await seen(store, anomaly(1), at=9.9)).changed


async def test_the_rows_beside_anomalies_are_written_once_theirs_are_locked(store: engine.Store, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[object] = []
    known, write = ingest._known, ingest.overlays.write

    async def locks(connection: Any, source: str, ids: Any) -> Any:
        order.append(list(ids))
        return await known(connection, source, ids)

    async def writes(connection: Any, source: str, rows: Any) -> None:
        order.extend(one.ref.id for one in rows)
        await write(connection, source, rows)

    await seen(store, loose(1), at=0)
    monkeypatch.setattr(ingest, "_known", locks)
    monkeypatch.setattr(ingest.overlays, "write", writes)
    both = [MINE, replace(MINE, ref=ref(2))]
    assert await store.records.record(ports.Record(SOURCE, [loose(1)], after(1), after(1), kept=both))
    assert order == [["1"], "1", "2"]
    assert set(await kept(store, 1, 2)) == {"1", "2"}
