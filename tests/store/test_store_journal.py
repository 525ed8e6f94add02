"""The journal: what was accepted, who did what, and what is known of anomalies of the same kind."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from bot import model, ports
from bot.store import engine
from tests.store.making import NOON, SOURCE, after, anomaly, archived, intent, line, ref

RICH = ports.Intent(
    "T1:C1:1.1:archive",
    model.Change(model.Action.ARCHIVE, "Invalid", ("7", "8"), ("incident",), ("noise",), "Investigating in INC-987", "a\x00b \ud800"),
    model.Ref("anodot", "a:b:c"),
    "U1",
    "Dana",
    NOON,
    "C1",
    {ref(1): 3, model.Ref("anodot", "a:b:c"): 1},
)


async def test_an_accepted_action_comes_back_whole_when_its_owner_is_gone(store: engine.Store) -> None:
    own, about = await store.journal.begin(RICH, NOON, 30)
    assert own == model.Lease("intents", (RICH.key,), own.token, after(30))
    assert about == model.Lease("anomalies", ("anodot:a:b:c",), own.token, after(30))
    assert not await store.journal.unfinished(after(29))
    assert await store.journal.unfinished(after(30)) == [RICH]


async def test_clearing_assignees_is_not_leaving_them(store: engine.Store) -> None:
    clear = replace(RICH, key="a", change=model.Change(model.Action.ASSIGN, assignees=()))
    leave = replace(RICH, key="b", change=model.Change(model.Action.TAG, assignees=None))
    for one in (clear, leave):
        await store.journal.begin(one, NOON, 0)
    assert [one.change.assignees for one in await store.journal.unfinished(NOON)] == [(), None]


async def test_the_same_click_is_accepted_once_for_ever(store: engine.Store) -> None:
    leases = await asyncio.gather(*(store.journal.begin(intent("k"), NOON, 30) for _ in range(6)))
    assert sum(bool(lease) for lease in leases) == 1
    await store.journal.finish("k", [], NOON)
    assert not await store.journal.begin(intent("k"), after(9), 30)
    assert not await store.journal.unfinished(after(99))


async def test_unfinished_actions_come_oldest_first(store: engine.Store) -> None:
    for key, at in (("b", 2), ("a", 1), ("c", 3)):
        await store.journal.begin(intent(key, at=after(at)), NOON, 0)
    await store.journal.finish("c", [], NOON)
    assert [one.key for one in await store.journal.unfinished(after(9))] == ["a", "b"]
    held = await store.leases.take("intents", "a", after(9), 30)
    assert [one.key for one in await store.journal.unfinished(after(9))] == ["b"]
    assert held is not None
    await store.leases.release(held)
    assert [one.key for one in await store.journal.unfinished(after(9))] == ["a", "b"]


async def test_an_action_that_changed_nothing_is_journalled_once(store: engine.Store) -> None:
    await store.journal.begin(intent("k"), NOON, 30)
    refused = line(1, result=model.Result.REFUSED, detail="a right is missing")
    for at in (1, 2):
        await store.journal.finish("k", [refused], after(at))
    assert await store.journal.history(ref(1)) == [refused]


async def test_history_is_newest_first_and_of_one_anomaly(store: engine.Store) -> None:
    lines = [line(1, "assign", after(at), detail=str(at)) for at in (1, 3, 2)] + [line(1, "archive", after(3)), line(2, "assign", after(9))]
    await store.journal.finish("x", lines, NOON)
    assert [one.at for one in await store.journal.history(ref(1))] == [after(3), after(3), after(2), after(1)]
    assert [one.action for one in await store.journal.history(ref(1), 1)] == ["archive"]
    assert not await store.journal.history(model.Ref("anodot", "1"))


async def save(store: engine.Store, *seen: model.Anomaly, at: float = 0, entries: tuple[model.Entry, ...] = ()) -> None:
    await store.anomalies.save(ports.Observation(SOURCE, seen, read_at=after(at), now=after(at), entries=entries))


LIKE = {"fingerprint": "f-1"}


async def test_the_past_counts_the_same_fingerprint_within_seven_days(store: engine.Store) -> None:
    this = anomaly(1, created=after(days=-1), **LIKE)
    await save(
        store,
        this,
        anomaly(2, created=after(days=-7), **LIKE),
        anomaly(3, created=after(days=-7, seconds=-1), **LIKE),
        anomaly(4, fingerprint="f-2"),
    )
    other = replace(anomaly(5, **LIKE), ref=model.Ref("anodot", "5"))
    await store.anomalies.save(ports.Observation("anodot", [other], read_at=NOON, now=NOON))
    past = await store.journal.past(this, NOON)
    assert (past.seen, past.days) == (2, (1, 0, 0, 0, 0, 1, 0)), "the newest day last"
    assert (await store.journal.past(anomaly(99, **LIKE), NOON)).seen == 3


async def test_no_fingerprint_is_no_kinship(store: engine.Store) -> None:
    await save(store, anomaly(1), anomaly(2), archived(3))
    await save(store, entries=(line(1, at=after(1)),), at=1)
    assert await store.journal.past(anomaly(1), NOON) == model.Recurrence(1, None, line(1, at=after(1)), [line(1, at=after(1))])


async def test_the_past_names_who_closed_the_last_one(store: engine.Store) -> None:
    this = anomaly(1, **LIKE)
    await save(store, this, anomaly(2, **LIKE), anomaly(3, **LIKE))
    early = line(2, "archive", after(10), after="Invalid")
    late = line(3, "archive", after(20), after="Resolved", actor_name="Lee")
    await save(store, archived(2, **LIKE), at=11, entries=(early,))
    assert (await store.journal.past(this, after(12))).archived_before == early
    await save(store, archived(3, "Resolved", **LIKE), at=21, entries=(late,))
    past = await store.journal.past(this, after(30))
    assert (past.seen, past.archived_before, past.last) == (3, late, None)


async def test_an_anomaly_is_not_its_own_past(store: engine.Store) -> None:
    done = line(1, "archive", after(1), after="Invalid")
    await save(store, anomaly(1, **LIKE))
    await save(store, archived(1, **LIKE), at=2, entries=(done,))
    past = await store.journal.past(archived(1, **LIKE), after(3))
    assert (past.seen, past.archived_before, past.last) == (1, None, done)


async def test_what_the_system_closed_without_a_line_is_told_by_its_row(store: engine.Store) -> None:
    this = anomaly(1, **LIKE)
    await save(store, this, archived(2, "Duplicate", **LIKE), at=5)
    found = (await store.journal.past(this, after(9))).archived_before
    assert found == model.Entry(ref(2), "archive", after(5), via=SOURCE, after="Duplicate")


async def test_the_later_of_line_and_row_counts(store: engine.Store) -> None:
    this = anomaly(1, **LIKE)
    await save(store, this, anomaly(2, **LIKE), anomaly(3, **LIKE))
    told = line(2, "archive", after(10), after="Invalid")
    await save(store, archived(2, **LIKE), at=11, entries=(told,))
    await save(store, archived(3, "Duplicate", **LIKE), at=50)
    found = (await store.journal.past(this, after(60))).archived_before
    assert found is not None and (found.ref, found.via, found.at) == (ref(3), SOURCE, after(50))


async def test_a_closing_noted_elsewhere_counts_and_a_refused_one_does_not(store: engine.Store) -> None:
    this = anomaly(1, **LIKE)
    await save(store, this, anomaly(2, **LIKE), anomaly(3, **LIKE))
    noted = line(2, "changed elsewhere", after(10), actor="", via="Qualytics", after="Invalid")
    await store.anomalies.save(
        ports.Observation(SOURCE, [archived(2, **LIKE)], read_at=after(10), now=after(10), note=lambda old, new: noted)
    )
    await save(store, at=20, entries=(line(3, "archive", after(20), result=model.Result.REFUSED),))
    assert (await store.journal.past(this, after(30))).archived_before == noted


async def test_a_reopened_one_still_was_closed_once(store: engine.Store) -> None:
    this = anomaly(1, **LIKE)
    told = line(2, "archive", after(1), after="Invalid")
    await save(store, this, anomaly(2, **LIKE))
    await save(store, archived(2, **LIKE), at=2, entries=(told,))
    await save(store, anomaly(2, **LIKE), at=3)
    assert (await store.journal.past(this, after(9))).archived_before == told


async def test_a_later_change_of_a_closed_one_does_not_close_it_again(store: engine.Store) -> None:
    this = anomaly(1, **LIKE)
    await save(store, this, archived(2, **LIKE), at=5)
    await save(store, archived(2, records=3, **LIKE), at=50)
    found = (await store.journal.past(this, after(60))).archived_before
    assert found is not None and found.at == after(5)


async def test_what_was_closed_since_is_told_once_the_last_first(store: engine.Store) -> None:
    await save(store, *(anomaly(number) for number in range(1, 8)))
    lines = [
        line(1, "archive", after(10)),
        line(2, "archive", after(20)),
        line(2, "reopen", after(25)),
        line(1, "archive", after(30)),
        line(3, "archive", after(11), result=model.Result.REFUSED),
        line(4, "assign", after(12)),
        line(5, "archive", after(9)),
    ]
    await store.journal.finish("x", lines, NOON)
    noted = line(6, "changed elsewhere", after(15), actor="", via="Qualytics", after="Invalid")
    await store.anomalies.save(ports.Observation(SOURCE, [archived(6)], read_at=after(15), now=after(15), note=lambda old, new: noted))
    other = model.Entry(model.Ref("anodot", "1"), "archive", after(40))
    await store.journal.finish("y", [other], NOON)
    assert await store.journal.closed(SOURCE, after(9), "", 9) == ["1", "2", "6"]
    assert await store.journal.closed(SOURCE, after(9), "1", 1) == ["2"]
    assert await store.journal.closed(SOURCE, after(19), "", 9) == ["1", "2"]
    assert await store.journal.closed(SOURCE, after(30), "", 9) == []
    assert await store.journal.closed("anodot", NOON, "", 9) == ["1"]
