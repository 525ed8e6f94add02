"""Operations: from the preview to the verdict, of which none is started twice, followed twice or forgotten while it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta, timezone

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import model
from bot.store import engine, mappers, work_tables
from tests.store.making import NOON, SOURCE, after, operation, scan

PREVIEW, STARTING, RUNNING, DONE, CANCELLED = model.OperationState


async def claimed(store: engine.Store, given: model.Operation, at: float = 0) -> model.Lease:
    """This operation is stored, and owned."""
    assert await store.operations.add([given]) == [given.id]
    lease = await store.leases.take("operations", given.id, after(at), 60)
    assert lease is not None
    return lease


def idents(operations: Sequence[model.Operation]) -> list[str]:
    return [one.id for one in operations]


# --- stored and read --------------------------------------------------------------------------------------------------------


PLACE = model.Place("42", "warehouse-prod · “é”")

FULL = model.Operation(
    id="o1",
    source=SOURCE,
    request=model.ScanRequest(
        "scan", "42", ("orders", "events\x00 \ud800"), ("pii", "x"), {"incremental": True, "limit": None, "deep": {"a": [1, "<b>"]}}
    ),
    place=PLACE,
    channel="C0SCANS",
    state=RUNNING,
    created=after(1, microseconds=7),
    plan="p1",
    actor="U1",
    actor_name='Dana "D" <x>',
    confirmed=after(2),
    asked=after(3),
    scan=model.Scan(
        source=SOURCE,
        id="9001",
        kind="scan",
        result=model.ScanResult.WARNING,
        datastore=PLACE,
        message="took long, <!channel>",
        started=after(4, microseconds=1),
        ended=after(5),
        tables_total=7,
        tables_done=0,
        records=4_210_000_000,
        anomalies=3,
        by="lee@acme.example",
        url="https://acme.example/operations/9001",
        tables=("orders", "Orders"),
    ),
    seen=after(6),
    look=after(7, microseconds=999_999),
    misses=2,
    ended=after(8),
    verdict=model.Verdict(
        model.ScanResult.FAILURE,
        model.Problem(model.Cause.TABLE_AMBIGUOUS, PLACE, ("Orders",), ("orders", "ORDERS"), "no such table \ud800", "Editor"),
        ("profile", "scan"),
        False,
        "table:orders,events status:active",
    ),
    then=("profile", "scan"),
    step=2,
    steps=4,
    verifies=model.Ref("anodot", "a:b:c"),
    aborted_by="U2",
)

BARE = operation("o2")

ENDS: dict[str, model.Operation] = {
    "full": FULL,
    "bare": BARE,
    "a scan of which little is told": replace(BARE, scan=scan(7, model.ScanResult.QUEUED)),
    "a scan without an id": replace(BARE, scan=scan("")),
    "a verdict without a problem": replace(BARE, verdict=model.Verdict(model.ScanResult.SUCCESS, passes=True)),
    "a problem without a place": replace(
        BARE, verdict=model.Verdict(model.ScanResult.UNKNOWN, model.Problem(model.Cause.DATASTORE_MISSING, names=("wh",)))
    ),
    "a verification that nobody can judge": replace(BARE, verifies=model.Ref(SOURCE, "1"), verdict=model.Verdict(model.ScanResult.ABORTED)),
}


@pytest.mark.parametrize("name", ENDS)
async def test_an_operation_is_read_as_it_was_added_and_as_it_was_saved(store: engine.Store, name: str) -> None:
    given = ENDS[name]
    assert await store.operations.add([given]) == [given.id]
    assert await store.operations.get(given.id) == given
    lease = await claimed(store, operation("o3", aborted_by=given.aborted_by))
    same = replace(given, id="o3", source=SOURCE, created=NOON, scan=replace(given.scan, id="9") if given.scan else None)
    assert await store.operations.save(lease, same)
    assert await store.operations.get("o3") == same
    assert await store.operations.get("nobody") is None


async def test_what_was_set_can_be_cleared_again(store: engine.Store) -> None:
    lease = await claimed(store, FULL)
    bare = replace(BARE, id=FULL.id, created=FULL.created, aborted_by=FULL.aborted_by)
    assert await store.operations.save(lease, bare)
    assert await store.operations.get(FULL.id) == bare
    assert not await store.operations.known(SOURCE, ["9001"]) and not await store.operations.plan("p1")


async def test_moments_come_back_in_utc_and_those_without_a_zone_are_refused(store: engine.Store) -> None:
    east = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))
    await store.operations.add([operation("o1", look=east, state=RUNNING)])
    found = await store.operations.get("o1")
    assert found is not None and found.look == NOON and found.look is not None and found.look.utcoffset() == timedelta(0)
    with pytest.raises(Exception, match="without a time zone"):
        await store.operations.add([operation("o2", look=NOON.replace(tzinfo=None))])
    assert await store.operations.get("o2") is None


# --- added once -------------------------------------------------------------------------------------------------------------


async def test_what_is_there_already_is_left_out(store: engine.Store) -> None:
    first = [operation("o1", channel="C1"), operation("o2", scan=scan(7)), operation("o3", scan=scan(""))]
    assert await store.operations.add(first) == ["o1", "o2", "o3"]
    again = [
        operation("o1", channel="C2"),
        operation("o4", scan=scan(7)),
        operation("o5", scan=scan(8)),
        operation("o5", scan=scan(9)),
        operation("o6", scan=scan(8)),
        operation("o7", scan=scan("")),
        operation("o8", source="autional", scan=scan(7)),
    ]
    assert await store.operations.add(again) == ["o5", "o7", "o8"]
    assert [await store.operations.get(ident) for ident in ("o1", "o2", "o5")] == [*first[:2], again[2]]
    assert await store.operations.known(SOURCE, ["7", "8", "9", ""]) == {"7": "o2", "8": "o5"}
    assert await store.operations.known("autional", ["7", "8"]) == {"7": "o8"}
    assert await store.operations.add([]) == [] and await store.operations.known(SOURCE, []) == {}


async def test_many_are_added_and_found_at_once(store: engine.Store) -> None:
    many = [operation(f"o{number}", scan=scan(number)) for number in range(1100)]
    assert await store.operations.add(many[:700]) == idents(many[:700])
    assert await store.operations.add(many) == idents(many[700:])
    known = await store.operations.known(SOURCE, [str(number) for number in range(-1, 1101)])
    assert known == {str(number): f"o{number}" for number in range(1100)}


async def test_those_who_find_the_same_scan_at_once_add_it_once(store: engine.Store) -> None:
    """In different orders, so that two of them would also wait for each other."""

    async def add(number: int) -> Sequence[str]:
        found = [operation(f"o{number}-{one}", scan=scan(one)) for one in range(20)]
        return await store.operations.add(found if number % 2 else found[::-1])

    added = [ident for told in await asyncio.gather(*(add(number) for number in range(6))) for ident in told]
    assert len(added) == 20
    assert sorted((await store.operations.known(SOURCE, [str(one) for one in range(20)])).values()) == sorted(added)


async def blocked(connection: AsyncConnection, task: asyncio.Task[object]) -> None:
    """Return when somebody waits for what this connection has written."""
    waits = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    while not task.done() and not await connection.scalar(waits):
        pass


async def add_another(store: engine.Store, _claim: model.Lease) -> object:
    return await store.operations.add([operation("o2", scan=scan(7)), operation("o3", scan=scan(8))])


async def save_another(store: engine.Store, lease: model.Lease) -> object:
    return await store.operations.save(lease, operation("o1", RUNNING, scan=scan(7)), [operation("o3")])


@pytest.mark.parametrize("kind", ["postgresql"])
@pytest.mark.parametrize(
    ("work", "answer", "after_all"), [(add_another, ["o3"], ["o0", "o1", "o3"]), (save_another, False, ["o0", "o1"])], ids=["add", "save"]
)
async def test_a_scan_that_another_connection_is_about_to_add_is_left_out(
    store: engine.Store, work: Callable[[engine.Store, model.Lease], Awaitable[object]], answer: object, after_all: list[str]
) -> None:
    """The look before the insert sees nothing: the other has not committed yet. SQLite has one writer at a time."""
    lease = await claimed(store, operation("o1"))
    async with store.db.writer.begin() as connection:
        await connection.execute(sa.insert(work_tables.operations).values(mappers.operation_values(operation("o0", scan=scan(7)))))
        task = asyncio.ensure_future(work(store, lease))
        await blocked(connection, task)
        assert not task.done()
    assert await task == answer
    assert [ident for ident in ("o0", "o1", "o2", "o3") if await store.operations.get(ident)] == after_all
    assert await store.operations.known(SOURCE, ["7"]) == {"7": "o0"}
    assert await store.operations.get("o1") == operation("o1")


# --- a plan -----------------------------------------------------------------------------------------------------------------


async def test_a_plan_is_read_in_the_order_of_adding(store: engine.Store) -> None:
    await store.operations.add(
        [operation("z", plan="p1", created=after(9)), operation("a", plan="p1"), operation("x"), operation("y", plan="p2")]
    )
    await store.operations.add([operation("m", plan="p1", created=after(-9))])
    assert idents(await store.operations.plan("p1")) == ["z", "a", "m"]
    assert idents(await store.operations.plan("p2")) == ["y"]
    assert await store.operations.plan("p3") == []


async def test_a_plan_is_confirmed_as_a_whole_and_once(store: engine.Store) -> None:
    await store.operations.add([operation("a", plan="p1"), operation("b", plan="p1"), operation("c", plan="p2")])
    assert await store.operations.confirm("p1", after(5))
    assert await store.operations.plan("p1") == [
        operation(ident, STARTING, plan="p1", confirmed=after(5), look=after(5)) for ident in ("a", "b")
    ]
    assert await store.operations.plan("p2") == [operation("c", plan="p2")]
    assert not await store.operations.confirm("p1", after(6)) and not await store.operations.cancel("p1", after(6))
    assert not await store.operations.confirm("nothing", after(6))
    assert [one.confirmed for one in await store.operations.plan("p1")] == [after(5)] * 2
    assert await store.operations.due(after(5)) == ["a", "b"] and not await store.operations.due(after(4))


async def test_a_cancelled_plan_is_never_started_and_never_told_as_ended(store: engine.Store) -> None:
    await store.operations.add([operation("a", plan="p1"), operation("b", plan="p1")])
    assert await store.operations.cancel("p1", after(5))
    assert [one.state for one in await store.operations.plan("p1")] == [CANCELLED] * 2
    assert not await store.operations.cancel("p1", after(6)) and not await store.operations.confirm("p1", after(6))
    assert not await store.operations.due(after(99)) and not await store.operations.running() and not await store.operations.recent(9)


async def test_what_has_no_plan_is_not_a_plan(store: engine.Store) -> None:
    await store.operations.add([operation("a"), operation("b")])
    assert not await store.operations.confirm("", NOON) and not await store.operations.cancel("", NOON)
    assert await store.operations.plan("") == []
    assert await store.operations.get("a") == operation("a")


async def test_one_of_many_who_confirm_or_cancel_at_once_wins(store: engine.Store) -> None:
    await store.operations.add([operation(f"o{number}", plan="p1") for number in range(8)])
    calls = [store.operations.confirm, store.operations.cancel] * 4
    told = await asyncio.gather(*(call("p1", NOON) for call in calls))
    assert sum(told) == 1
    assert {one.state for one in await store.operations.plan("p1")} == {(STARTING, CANCELLED)[told.index(True) % 2]}


# --- what is due, what runs, what ended -------------------------------------------------------------------------------------


async def test_what_starts_or_runs_is_due_when_its_moment_has_come_the_longest_overdue_first(store: engine.Store) -> None:
    await store.operations.add(
        [
            operation("later", RUNNING, look=after(6)),
            operation("second", RUNNING, look=after(2)),
            operation("third", STARTING, look=after(2)),
            operation("first", STARTING, look=after(1)),
            operation("never", RUNNING),
            *(operation(state, state, look=after(0)) for state in (PREVIEW, DONE, CANCELLED)),
        ]
    )
    assert await store.operations.due(after(5)) == ["first", "second", "third"]
    assert await store.operations.due(after(5), limit=1) == ["first"]
    assert await store.operations.due(after(6)) == ["first", "second", "third", "later"]
    assert not await store.operations.due(after(0.9))


async def test_what_somebody_holds_is_not_due_until_the_claim_ends(store: engine.Store) -> None:
    lease = await claimed(store, operation("a", RUNNING, look=NOON))
    await store.operations.add([operation("b", RUNNING, look=NOON)])
    assert await store.operations.due(after(59)) == ["b"]
    assert await store.operations.due(after(60)) == ["a", "b"]
    await store.leases.release(lease)
    assert await store.operations.due(after(1)) == ["a", "b"]


async def test_what_runs_is_told_newest_first_and_what_ended_latest_first(store: engine.Store) -> None:
    await store.operations.add(
        [
            operation("old", RUNNING, created=after(1)),
            operation("new", STARTING, created=after(3)),
            operation("same", RUNNING, created=after(3)),
            operation("early", DONE, created=after(9), ended=after(10)),
            operation("late", DONE, created=after(2), ended=after(30)),
            operation("middle", DONE, created=after(2), ended=after(20)),
            operation("preview"),
            operation("cancelled", CANCELLED),
        ]
    )
    assert idents(await store.operations.running()) == ["same", "new", "old"]
    assert idents(await store.operations.recent(2)) == ["late", "middle"]
    assert idents(await store.operations.recent(9)) == ["late", "middle", "early"]


async def test_an_operation_is_found_by_the_name_that_its_system_gave_it(store: engine.Store) -> None:
    given = operation("a", RUNNING, scan=scan(7))
    await store.operations.add([given, operation("b", scan=scan(""))])
    assert await store.operations.by_scan(SOURCE, "7") == given
    for source, ident in ((SOURCE, "8"), ("autional", "7"), (SOURCE, "")):
        assert await store.operations.by_scan(source, ident) is None


# --- saving -----------------------------------------------------------------------------------------------------------------


async def test_saving_adds_what_follows_and_leaves_the_claim_as_it_is(store: engine.Store) -> None:
    lease = await claimed(store, operation("a", RUNNING, look=NOON, then=("profile",), steps=2))
    done = operation("a", DONE, scan=scan(7), ended=after(5), steps=2)
    follower = operation("b", STARTING, look=after(5), step=2, steps=2)
    assert await store.operations.save(lease, done, [follower])
    assert await store.operations.get("a") == done and await store.operations.get("b") == follower
    assert await store.leases.take("operations", "a", after(59), 60) is None
    assert await store.leases.take("operations", "a", after(60), 60) is not None
    assert await store.operations.due(after(5)) == ["b"]


async def test_saving_behind_a_passed_or_released_claim_changes_nothing(store: engine.Store) -> None:
    given = operation("a", RUNNING, look=NOON)
    late = await claimed(store, given)
    lease = await store.leases.take("operations", "a", after(60), 60)
    assert lease is not None
    changed = replace(given, misses=1, look=after(70))
    assert not await store.operations.save(late, changed, [operation("b")])
    assert await store.operations.get("a") == given and await store.operations.get("b") is None
    assert await store.operations.save(lease, changed)
    await store.leases.release(lease)
    assert not await store.operations.save(lease, replace(given, misses=9))
    assert await store.operations.get("a") == changed


async def test_a_claim_saves_its_own_operation_alone(store: engine.Store) -> None:
    lease = await claimed(store, operation("a"))
    await store.operations.add([operation("b")])
    assert not await store.operations.save(lease, operation("b", DONE))
    assert [await store.operations.get(ident) for ident in "ab"] == [operation("a"), operation("b")]


async def test_a_scan_that_another_row_follows_is_not_taken_from_it(store: engine.Store) -> None:
    followed = operation("a", RUNNING, scan=scan(7))
    lease = await claimed(store, operation("b", STARTING, asked=NOON))
    await store.operations.add([followed, operation("c", source="autional", scan=scan(8))])
    assert not await store.operations.save(lease, operation("b", RUNNING, scan=scan(7)), [operation("d")])
    assert await store.operations.get("b") == operation("b", STARTING, asked=NOON) and await store.operations.get("d") is None
    assert await store.operations.by_scan(SOURCE, "7") == followed
    for result in (model.ScanResult.RUNNING, model.ScanResult.SUCCESS):
        assert await store.operations.save(lease, operation("b", RUNNING, scan=scan(8, result)))
    assert await store.operations.known(SOURCE, ["7", "8"]) == {"7": "a", "8": "b"}


async def test_a_follower_that_is_there_already_is_left_out(store: engine.Store) -> None:
    lease = await claimed(store, operation("a", RUNNING))
    await store.operations.add([operation("b", channel="C1")])
    assert await store.operations.save(lease, operation("a", DONE), [operation("b", channel="C2"), operation("c")])
    assert await store.operations.get("b") == operation("b", channel="C1") and await store.operations.get("c") is not None


async def test_who_asked_it_to_stop_is_told_by_that_alone_and_it_is_looked_at_soon(store: engine.Store) -> None:
    """The lease is somebody else's all the while."""
    given = operation("a", RUNNING, look=after(9))
    lease = await claimed(store, given)
    await store.operations.stop("a", "Dana", after(5))
    stopped = replace(given, aborted_by="Dana", look=after(5))
    assert await store.operations.get("a") == stopped
    assert await store.operations.save(lease, replace(given, misses=1, look=after(30)))
    assert await store.operations.get("a") == replace(stopped, misses=1)
    await store.leases.release(lease)
    assert await store.operations.due(after(5)) == ["a"]
    lease = await store.leases.take("operations", "a", after(5), 60)
    assert lease is not None and await store.operations.save(lease, replace(stopped, look=after(30)))
    assert await store.operations.get("a") == replace(stopped, look=after(30))


async def test_what_does_not_run_is_not_stopped(store: engine.Store) -> None:
    given = [operation(state, state) for state in (PREVIEW, DONE, CANCELLED)]
    await store.operations.add(given)
    for one in given:
        await store.operations.stop(one.id, "Dana", NOON)
    await store.operations.stop("nobody", "Dana", NOON)
    assert [await store.operations.get(one.id) for one in given] == given


# --- forgetting -------------------------------------------------------------------------------------------------------------


async def test_old_previews_are_forgotten_and_nothing_that_was_started(store: engine.Store) -> None:
    await store.operations.add([operation(state, state, created=after(0)) for state in model.OperationState])
    await store.operations.add([operation("fresh", created=after(10)), operation("gone", CANCELLED, created=after(10))])
    assert await store.operations.sweep(after(0)) == 0
    assert await store.operations.sweep(after(10)) == 2
    left = [ident for ident in (*model.OperationState, "fresh", "gone") if await store.operations.get(ident)]
    assert left == [STARTING, RUNNING, DONE, "fresh", "gone"]
    assert await store.operations.sweep(after(10)) == 0
