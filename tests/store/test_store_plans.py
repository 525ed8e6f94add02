"""What a steady desk asks costs the same with a thousand anomalies and with a million: every statement finds its rows by an index."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import make_url

from bot import model, ports
from bot.store import engine
from tests.store import conftest as databases
from tests.store.making import (
    CHANNEL,
    NOON,
    SOURCE,
    after,
    anomaly,
    archived,
    batch,
    batch_card,
    draft,
    drafts,
    group,
    intent,
    item,
    line,
    live,
    operation,
    ref,
    scan,
)


@contextmanager
def recorded(store: engine.Store) -> Iterator[list[tuple[str, Any]]]:
    """The statements that are sent while this is open, with their parameters."""
    sent: list[tuple[str, Any]] = []

    def before(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if statement.split()[0] in {"SELECT", "UPDATE", "INSERT", "DELETE", "WITH"}:
            sent.append((statement, parameters[0] if many else parameters))

    engines = {id(one): one.sync_engine for one in (store.db.reader, store.db.writer, store.db.aside) if one}.values()
    for one in engines:
        event.listen(one, "before_cursor_execute", before)
    try:
        yield sent
    finally:
        for one in engines:
            event.remove(one, "before_cursor_execute", before)


async def plan(store: engine.Store, statement: str, parameters: Any) -> list[str]:
    """The lines of the database's plan."""
    lite = store.db.writer.dialect.name == "sqlite"
    async with store.db.writer.connect() as connection:
        if not lite:
            await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        explained = await connection.exec_driver_sql(("EXPLAIN QUERY PLAN " if lite else "EXPLAIN ") + statement, parameters)
        return [str(row[-1]).strip() for row in explained]


LANES = {"cards_posts", "cards_edits", "cards_waiting", "cards_lost", "cards_claimed", "intents_unfinished", "intents_claimed"} | {
    "batches_running", "batches_claimed", "operations_active", "operations_claimed", "operations_verifying", "pushes_waiting",
    "pictures_waiting", "courses_waiting",
}  # fmt: skip
"""Indices that hold only what waits: reading one of them whole is what is asked for."""

SMALL = {"sources", "windows", "leases", "workers", "channel_health", "anon_1"}
"""Tables with a row per source, route, setting, process or piece of work under way, and what a statement has gathered itself: reading
them whole is right."""


ORDERED = {"overlay", "anomalies_stale", "anomalies_score", "anomalies_open", "anomalies_shown", "anomalies_read", "operations_ended"}
"""Indices that are read from their end until a limit is reached."""


def scans(lines: list[str]) -> list[str]:
    """The steps that read a whole table, or a whole index that grows with it. PostgreSQL was told to avoid that, so that nothing else
    was possible where it does it nevertheless."""
    broad = [one for one in lines if re.search(r"\((source|state)=\?\)$", one)]
    whole = [one for one in lines if "Seq Scan" in one or re.match(r"SCAN (?!\(subquery-|(?:\d+ )?CONSTANT|\w+ VIRTUAL TABLE)", one)]
    return [one for one in whole + broad if not (LANES | SMALL | ORDERED) & set(one.replace("(", " ").split())]


@pytest.fixture(scope="module")
def filled() -> dict[str, Path | str]:
    """The file and the name of the database that were filled once, each for copies of its own."""
    return {}


@pytest.fixture
async def desk(
    kind: str,
    filled: dict[str, Path | str],
    request: pytest.FixtureRequest,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[engine.Store]:
    """A desk with a little of everything."""
    if kind == "sqlite":
        if kind not in filled:
            filled[kind] = tmp_path_factory.mktemp("filled") / "desk.db"
            await _fill(f"sqlite:///{filled[kind]}")
        shutil.copyfile(filled[kind], tmp_path / "desk.db")
        url = f"sqlite:///{tmp_path}/desk.db"
    else:
        server = request.getfixturevalue("server")
        if kind not in filled:
            made = databases.database(server)
            await _fill(made)
            filled[kind] = str(make_url(made).database)
        url = databases.database(server, str(filled[kind]))
    opened = await engine.open(url)
    yield opened
    await opened.close()


async def _fill(url: str) -> None:
    await engine.migrate(url)
    store = await engine.open(url)
    many = [anomaly(number, fingerprint=f"f-{number % 3}", created=after(number)) for number in range(60)]
    await store.anomalies.save(
        ports.Observation(
            SOURCE, many, read_at=NOON, now=NOON, cursor="c", drafts=drafts(*map(draft, range(40)), *map(live, range(40, 60)))
        )
    )
    waiting = [card.id for card in await store.cards.waiting()]
    await store.cards.decide(model.Decision("default", None, fold=tuple(waiting[:30]), group=group()), NOON)
    await store.anomalies.save(
        ports.Observation(SOURCE, [archived(50, fingerprint="f-2")], read_at=after(1), now=after(1), entries=[line(50, "archive")])
    )
    await store.health.ok(SOURCE, NOON)
    fates = list(model.Fate)
    for name in ("b1", "b2", "b3", "b4"):
        await store.batches.create(batch(name, 40), [item(number, fates[number % 6]) for number in range(40)])
    for name in ("b1", "b2"):
        await store.batches.confirm(name, NOON)
    states = list(model.OperationState)
    done = {"ended": NOON, "look": NOON}
    many = [operation(f"o{number}", states[number % 5], plan=f"p{number % 20}", scan=scan(number), **done) for number in range(60)]
    await store.operations.add(many)
    await store.close()


SAME = [anomaly(number, fingerprint=f"f-{number % 3}", created=after(number)) for number in range(20)]
OTHER = [anomaly(number, fingerprint=f"f-{number % 3}", created=after(number), records=7) for number in range(20)]

MARK = ports.Mark(after(30), "30", 20.0)
"""Somewhere in the middle of a list."""

DELIVERY = ports.Delivery("trigger", "k", "token")
REMARK = model.Lease("remarks", ("k",), "token", NOON)
CARD = model.Card("x", model.CardKind.GROUP, CHANNEL, "x", model.CardState.LIVE, model.Reason.BURST, NOON)
PICTURES = model.Lease("pictures", ("k",), "token", NOON)
INTENT = model.Lease("intents", ("k",), "token", NOON)


def _record(**of: Any) -> ports.Record:
    """What we changed, and what somebody else did meanwhile, with a comment to leave."""
    remark = ports.Remark("k", ref(1), "Acknowledged by Dana via Slack.", NOON)
    return ports.Record(SOURCE, OTHER, after(2), after(2), [line(1)], lambda old, new: line(2), remarks=[remark], **of)


async def _recorded(desk: engine.Store) -> bool:
    lease = await desk.leases.take("batches", "b1", NOON, 30)
    return await desk.records.record(_record(lease=lease, items=[item(number, model.Fate.DONE) for number in range(20)]))


async def _forgotten(desk: engine.Store) -> None:
    """A slice of each step that finds something to remove."""
    await desk.batches.cancel("b3", NOON)
    await desk.cards.put(batch_card("b3"), NOON)
    await desk.journal.begin(intent("done", 50), NOON, 30)
    await desk.journal.finish("done", [line(50)], NOON)
    for card in await desk.cards.due(after(9), posted=False, limit=1000):
        lease = await desk.leases.take("cards", card.id, after(9), 30)
        assert lease is not None
        await desk.cards.delivered(lease, card.wanted, after(9), ts="1.1")
        await desk.leases.release(lease)
    removed = {step: (await desk.retention.remove(step, after(days=1), after(days=1))).rows for step in desk.retention.steps}
    assert removed["intents"] == {"intents": 1} and removed["batches"] == {"batches": 1, "items": 40, "cards": 1}
    assert removed["operations"]["operations"] and removed["anomalies"] == {"anomalies": 1, "cards": 1}


async def _filled(desk: engine.Store) -> None:
    """A batch that is filled and whole, and one that is dropped."""
    for ident, whole in (("filled", True), ("dropped", False)):
        lease = await desk.batches.open(batch(ident, 0), NOON)
        assert lease is not None and await desk.batches.fill(lease, [(number, item(number)) for number in range(20)])
        await (desk.batches.seal(lease, batch(ident, 0)) if whole else desk.batches.drop(lease))
    assert await desk.batches.open(batch("filled", 0), after(days=1)) is None


async def _learnt(desk: engine.Store) -> None:
    await desk.courses.ask(ref(45), NOON)
    lease = await desk.leases.take("courses", str(ref(45)), NOON, 30)
    assert lease is not None and await desk.courses.begin(lease, after(1))
    assert await desk.courses.settle(lease, "m", [model.Point(NOON, 1.0)], after(1))
    known = await desk.courses.known(ref(45))
    await desk.courses.again(ref(45), known, after(2))
    assert (known.metric, len(known.points), known.settled, (await desk.courses.known(ref(45))).settled) == ("m", 1, True, False)


PUSH = model.Push(1, SOURCE, model.News(everything=True), NOON)

CALLS: dict[str, Callable[[engine.Store], Awaitable[Any]]] = {
    "save, nothing changed": lambda desk: desk.anomalies.save(ports.Observation(SOURCE, SAME, read_at=after(2), now=after(2), cursor="d")),
    "save, all changed": lambda desk: desk.anomalies.save(
        ports.Observation(SOURCE, OTHER, read_at=after(2), now=after(2), note=lambda old, new: line(1))
    ),
    "save, archived": lambda desk: desk.anomalies.save(ports.Observation(SOURCE, [archived(35)], read_at=after(2), now=after(2))),
    "save, opened": lambda desk: desk.records.record(ports.Record(SOURCE, [anomaly(50)], after(2), after(2), [line(50)], intent="k")),
    "save, new": lambda desk: desk.anomalies.save(
        ports.Observation(SOURCE, [anomaly(99)], read_at=after(2), now=after(2), drafts=drafts(draft(99)))
    ),
    "get": lambda desk: desk.anomalies.get([ref(1), ref(2)]),
    "newest": lambda desk: desk.anomalies.newest(SOURCE, 10),
    "watched": lambda desk: desk.anomalies.watched(SOURCE, 10),
    "read longest ago": lambda desk: desk.anomalies.read_longest_ago(SOURCE),
    "save, open again": lambda desk: desk.anomalies.save(
        ports.Observation(SOURCE, [anomaly(50)], read_at=after(2), now=after(2), drafts=drafts(draft(50)))
    ),
    "ask": lambda desk: desk.health.ask(SOURCE),
    "watched, on": lambda desk: desk.anomalies.watched(SOURCE, 10, "20"),
    "waiting": lambda desk: desk.cards.waiting(),
    "first posts": lambda desk: desk.cards.due(after(9), posted=False),
    "first posts of a channel": lambda desk: desk.cards.due(after(9), posted=False, channel=CHANNEL),
    "edits": lambda desk: desk.cards.due(after(9), posted=True),
    "due channels": lambda desk: desk.cards.due_channels(after(9)),
    "cards of": lambda desk: desk.cards.of([ref(1), ref(45)]),
    "card at": lambda desk: desk.cards.at(CHANNEL, "1.1"),
    "adopt": lambda desk: desk.cards.adopt(live(5), "1.1", NOON),
    "take": lambda desk: desk.leases.take("cards", "x", NOON, 30),
    "take several": lambda desk: desk.leases.take("anomalies", ["x", "y", "z"], NOON, 30),
    "renew": lambda desk: desk.leases.renew([REMARK], NOON, 30),
    "release": lambda desk: desk.leases.release(REMARK),
    "begin a delivery": lambda desk: desk.deliveries.begin("trigger", "x", NOON, 30),
    "end a delivery": lambda desk: desk.deliveries.done(DELIVERY, NOON),
    "sweep deliveries": lambda desk: desk.deliveries.sweep(NOON),
    "push": lambda desk: desk.pushes.add(SOURCE, model.News(everything=True), NOON),
    "systems that pushed": lambda desk: desk.pushes.systems([SOURCE, "acme"], after(9)),
    "pushes": lambda desk: desk.pushes.waiting(SOURCE, after(9), 10),
    "waiting pushes": lambda desk: desk.pushes.backlog(SOURCE),
    "settle a push": lambda desk: desk.pushes.settle([PUSH], NOON),
    "read a push again": lambda desk: desk.pushes.again([PUSH], NOON),
    "want pictures": lambda desk: desk.pictures.ask(CARD, "1.1", [ref(1), ref(2)], NOON),
    "worst of a group": lambda desk: desk.pictures.worst("x", [SOURCE], 3),
    "pictures": lambda desk: desk.pictures.due(after(9)),
    "one's pictures": lambda desk: desk.pictures.get("k", after(9)),
    "begin a picture": lambda desk: desk.pictures.begun(PICTURES, ["one.png"]),
    "put pictures off": lambda desk: desk.pictures.later(PICTURES, NOON, []),
    "settle pictures": lambda desk: desk.pictures.settle(PICTURES, NOON),
    "want a course": lambda desk: desk.courses.ask(ref(1), NOON),
    "courses": lambda desk: desk.courses.due(after(9)),
    "one course": lambda desk: desk.courses.get("k", after(9)),
    "learn a course": lambda desk: _learnt(desk),
    "release all": lambda desk: desk.leases.release_all(),
    "past": lambda desk: desk.journal.past(SAME[3], after(9)),
    "history": lambda desk: desk.journal.history(ref(50)),
    "unfinished": lambda desk: desk.journal.unfinished(after(9)),
    "open": lambda desk: desk.journal.open("k"),
    "begin": lambda desk: desk.journal.begin(intent("new"), NOON, 30),
    "known": lambda desk: desk.anomalies.known([ref(1), ref(2)]),
    "reason": lambda desk: desk.anomalies.reason(ref(1)),
    "sent": lambda desk: desk.journal.sent(INTENT, intent("k").change, NOON),
    "finish": lambda desk: desk.journal.finish("k", [line(1)], NOON),
    "record of a click": lambda desk: desk.records.record(_record(intent="k")),
    "record of a batch": _recorded,
    "remarks due": lambda desk: desk.remarks.due(after(9)),
    "remark asked": lambda desk: desk.remarks.take(ports.Remark("k", ref(1), "done", NOON), NOON, 60),
    "remark put off": lambda desk: desk.remarks.later(REMARK, NOON),
    "remark left": lambda desk: desk.remarks.settle(REMARK),
    "backlog": lambda desk: desk.cards.backlog(after(9)),
    "batch": lambda desk: desk.batches.get("b1"),
    "latest batch": lambda desk: desk.batches.latest("U1", NOON),
    "confirm": lambda desk: desk.batches.confirm("b3", NOON),
    "cancel": lambda desk: desk.batches.cancel("b3", NOON),
    "runnable": lambda desk: desk.batches.runnable(after(9)),
    "next items": lambda desk: desk.batches.next("b1", 10),
    "progress": lambda desk: desk.batches.progress("b1"),
    "all items": lambda desk: desk.batches.items("b1", offset=10, limit=10),
    "items that failed": lambda desk: desk.batches.items("b1", [model.Fate.REFUSED, model.Fate.DRIFTED]),
    "shares": lambda desk: desk.batches.shares("b1"),
    "afterwards": lambda desk: desk.batches.afterwards("b1"),
    "sweep": lambda desk: desk.batches.sweep(after(1)),
    "closed": lambda desk: desk.journal.closed(SOURCE, NOON, "", 10),
    "add operations": lambda desk: desk.operations.add([operation("o1"), operation("new", scan=scan(99))]),
    "operation": lambda desk: desk.operations.get("o1"),
    "plan": lambda desk: desk.operations.plan("p0"),
    "confirm a plan": lambda desk: desk.operations.confirm("p0", NOON),
    "cancel a plan": lambda desk: desk.operations.cancel("p0", NOON),
    "due operations": lambda desk: desk.operations.due(after(9)),
    "stop": lambda desk: desk.operations.stop("o1", "Dana", NOON),
    "known scans": lambda desk: desk.operations.known(SOURCE, ["1", "2", "99"]),
    "running operations": lambda desk: desk.operations.running(),
    "recent operations": lambda desk: desk.operations.recent(5),
    "operation of a scan": lambda desk: desk.operations.by_scan(SOURCE, "1"),
    "sweep operations": lambda desk: desk.operations.sweep(after(1)),
    "fill": lambda desk: desk.backfill.fill(),
    "as of": lambda desk: desk.open_ones.as_of(SOURCE, model.Query()),
    "of a severity": lambda desk: desk.open_ones.page(SOURCE, model.Query(severities=(model.Severity.HIGH,))),
    "of a tag": lambda desk: desk.open_ones.page(SOURCE, model.Query(tags=("pii",)), MARK),
    "of a person": lambda desk: desk.open_ones.page(SOURCE, model.Query(assignees=("7", "8"))),
    "of nobody": lambda desk: desk.open_ones.page(SOURCE, model.Query(assignees=("none",))),
    "of a datastore": lambda desk: desk.open_ones.page(SOURCE, model.Query(datastores=("warehouse",))),
    "of a table": lambda desk: desk.open_ones.page(SOURCE, model.Query(tables=("orders",))),
    "of these days": lambda desk: desk.open_ones.page(SOURCE, model.Query(since=NOON.date(), until=NOON.date(), sort="oldest"), MARK),
    "of a fingerprint": lambda desk: desk.open_ones.page(SOURCE, model.Query(fingerprint="f-1")),
    "heaviest": lambda desk: desk.open_ones.page(SOURCE, model.Query(sort="weight"), MARK),
    "heavy, counted": lambda desk: desk.open_ones.count(SOURCE, model.Query(min_weight=50.0)),
    "forget": lambda desk: _forgotten(desk),
    "fill a batch": lambda desk: _filled(desk),
    "new batch": lambda desk: desk.batches.create(batch("new", 1), [item(1)]),
}


@pytest.mark.parametrize("name", CALLS)
async def test_every_statement_finds_its_rows_by_an_index(desk: engine.Store, name: str) -> None:
    with recorded(desk) as sent:
        await CALLS[name](desk)
    assert sent
    for statement, parameters in sent:
        found = scans(await plan(desk, statement, parameters))
        assert not found, f"{found} in {statement}"


async def test_edits_touches_and_ends_find_their_rows_by_an_index(desk: engine.Store) -> None:
    cards = [card for card in await desk.cards.due(after(9), posted=False) if card.ref]
    with recorded(desk) as sent:
        await desk.cards.touch([card.id for card in cards], after(1))
        lease = await desk.leases.take("cards", cards[0].id, after(1), 30)
        assert lease is not None
        await desk.cards.begin(lease, after(1))
        await desk.cards.delivered(lease, 1, after(1), ts="1.1")
        await desk.cards.end(lease, model.CardState.GONE, model.Reason.MESSAGE_GONE)
        waiting = [card.id for card in await desk.cards.waiting()]
        await desk.cards.decide(model.Decision("default", None, post=tuple(waiting[:2]), fold=tuple(waiting[2:]), group=group()), NOON)
    assert len(sent) > 10
    for statement, parameters in sent:
        found = scans(await plan(desk, statement, parameters))
        assert not found, f"{found} in {statement}"


async def test_settling_and_finishing_find_their_rows_by_an_index(desk: engine.Store) -> None:
    lease = await desk.leases.take("batches", "b1", NOON, 30)
    assert lease is not None
    with recorded(desk) as sent:
        assert await desk.batches.settle(lease, [item(number, model.Fate.DONE) for number in range(40)], after(1))
        assert await desk.batches.finish(lease, after(2))
    assert len(sent) == 4
    for statement, parameters in sent:
        steps = await plan(desk, statement, parameters)
        assert not scans(steps), f"{steps} in {statement}"
        if statement.startswith("UPDATE batch_items") and desk.alone:
            assert any("batch_items_anomaly" in step or "sqlite_autoindex_batch_items_2" in step for step in steps), steps


async def test_saving_an_operation_finds_its_rows_by_an_index(desk: engine.Store) -> None:
    lease = await desk.leases.take("operations", "o1", NOON, 30)
    assert lease is not None
    done = operation("o1", model.OperationState.DONE, scan=scan(1), ended=NOON)
    with recorded(desk) as sent:
        assert await desk.operations.save(lease, done, [operation("next", scan=scan(99))])
        await desk.leases.release(lease)
    assert len(sent) == 6
    for statement, parameters in sent:
        found = scans(await plan(desk, statement, parameters))
        assert not found, f"{found} in {statement}"


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_the_lanes_and_the_known_rows_use_their_own_indices(desk: engine.Store) -> None:
    """SQLite plans by rules; PostgreSQL by what it has counted, which is too little here to tell one index from another."""
    expected = {
        "first posts of a channel": "cards_posts",
        "due channels": "cards_posts",
        "edits": "cards_edits",
        "waiting": "cards_waiting",
        "newest": "anomalies_open",
        "watched": "anomalies_shown",
        "read longest ago": "anomalies_read",
        "fill": "anomalies_stale",
        "as of": "anomalies_stale",
        "of a tag": "anomaly_tags_value",
        "of a person": "anomaly_assignees_value",
        "of a datastore": "anomalies_datastore_name",
        "of a table": "anomalies_container_name",
        "of a severity": "anomalies_rank",
        "heaviest": "anomalies_score",
        "heavy, counted": "anomalies_score",
        "unfinished": "intents_unfinished",
        "history": "journal_anomaly",
        "runnable": "batches_running",
        "next items": "batch_items_fate",
        "progress": "batch_items_fate",
        "latest batch": "batches_finished",
        "sweep": "batches_unconfirmed",
        "closed": "journal_closed",
        "plan": "operations_plan",
        "confirm a plan": "operations_plan",
        "due operations": "operations_active",
        "running operations": "operations_active",
        "recent operations": "operations_ended",
        "known scans": "operations_scan",
        "operation of a scan": "operations_scan",
        "sweep operations": "operations_unstarted",
    }
    ordered = {"first posts of a channel", "edits", "waiting", "newest", "watched", "runnable", "next items", "latest batch"}
    ordered |= {"plan", "due operations", "recent operations"}
    for name, index in expected.items():
        with recorded(desk) as sent:
            await CALLS[name](desk)
        plans = [step for statement, parameters in sent for step in await plan(desk, statement, parameters)]
        assert any(index in step for step in plans), f"{name}: {plans}"
        if name in ordered:
            assert not [step for step in plans if "USE TEMP B-TREE FOR ORDER BY" in step], f"{name}: {plans}"


async def test_a_first_look_at_many_sends_a_few_statements_for_each_chunk(store: engine.Store) -> None:
    many = [anomaly(number, tags=("pii", "critical"), assignees=(model.Person(SOURCE, "7", "Kim"),)) for number in range(1000)]
    with recorded(store) as sent:
        await store.anomalies.save(
            ports.Observation(SOURCE, many, read_at=NOON, now=NOON, cursor="c", drafts=drafts(*map(draft, range(1000))))
        )
    assert len(sent) <= 2 * 6 + 4, [statement for statement, _ in sent]


async def test_a_steady_save_sends_the_same_statements_however_much_is_tracked(store: engine.Store) -> None:
    seen = [anomaly(number) for number in range(100)]
    counts = []
    await store.health.mark(SOURCE, "")
    for more in (0, 3000):
        await store.anomalies.save(
            ports.Observation(SOURCE, [*seen, *(anomaly(1000 + one) for one in range(more))], read_at=NOON, now=NOON)
        )
        with recorded(store) as sent:
            await store.anomalies.save(ports.Observation(SOURCE, seen, read_at=after(1 + more), now=after(1 + more), cursor="c"))
        counts.append(len(sent))
    assert counts == [counts[0]] * 2 and counts[0] <= 4
