"""What is forgotten, and what stays: random worlds against the rule in plain words of Python, on both databases."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import model, ports
from bot.store import columns, engine, retention, tables, work_tables
from tests.store.making import CHANNEL, NOON, SOURCE, after, archived, batch, batch_card, draft, group, item, ref

BEFORE = NOON
NOW = NOON + timedelta(days=180)
LONG_AGO, NEVER_YET = NOON - timedelta(days=9_000), NOON + timedelta(days=90_000)

Row = Mapping[str, Any]


@dataclass
class World:
    """Rows by table, made at random."""

    dice: random.Random
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def add(self, table: str, **values: Any) -> dict[str, Any]:
        self.rows.setdefault(table, []).append(values)
        return values

    def moment(self) -> Any:
        """Long ago, just now, or at the very edge."""
        return self.dice.choice([NOON - timedelta(days=self.dice.randint(1, 90)), NOON - timedelta(seconds=1), NOON, after(days=3)])

    def old(self) -> Any:
        return NOON - timedelta(days=self.dice.randint(1, 90))

    def maybe(self, value: Any, chance: float = 0.5) -> Any:
        return value if self.dice.random() < chance else None

    def leased(self, kind: str, key: str, chance: float = 0.15) -> None:
        """Somebody is at it, or was: by the clock of the test, or of the server."""
        if self.dice.random() < chance:
            self.add("leases", kind=kind, key=key, token="t", until=self.dice.choice([NEVER_YET, LONG_AGO]))

    def card(self, kind: model.CardKind, key: str, **values: Any) -> dict[str, Any]:
        trouble = {"due": NOW, "state": "live"} if self.dice.random() < 0.1 else {}
        begun = {"posting": self.maybe(NOON, 0.05), "state": self.dice.choice(["live"] * 9 + ["gone", "lost"])}
        seen = {"posted": self.maybe(self.moment()), "ts": f"{len(self.rows.get('cards', []))}.1"}
        given = {"created": self.old(), **begun, **seen, **trouble, **values}
        ident = f"card-{len(self.rows.get('cards', []))}"
        self.leased("cards", ident)
        return self.add("cards", **{"id": ident, "kind": kind.value, "channel": CHANNEL, "key": key, "payload": {}, "due": None, **given})

    def refs(self, most: int) -> list[str]:
        known = [row["id"] for row in self.rows["anomalies"]]
        return self.dice.sample(known, self.dice.randint(0, most))


def _world(seed: int) -> World:
    world = World(random.Random(seed))
    for number in range(40):
        closed = world.maybe(world.moment(), 0.8)
        state = "archived" if closed else "open"
        world.add(
            "anomalies", source=SOURCE, id=f"a{number}", state=state, created=world.old(), read_at=NOON, body={}, digest="", closed=closed
        )
        if world.dice.random() < 0.8:
            world.card(model.CardKind.ANOMALY, f"{SOURCE}:a{number}", source=SOURCE, anomaly=f"a{number}")
        for beside in ("anomaly_tags", "anomaly_assignees"):
            world.add(beside, source=SOURCE, anomaly=f"a{number}", value="v")
        world.add("journal", source=SOURCE, anomaly=f"a{number}", action="archive", at=world.old(), result="done")
    _groups(world)
    _batches(world)
    _operations(world)
    for number in range(8):
        change = {"action": "acknowledge"}
        refs = [[SOURCE, ident] for ident in world.refs(1)]
        world.add(
            "intents", key=f"i{number}", change=change, refs=refs, at=world.old(), shown=[], finished=world.maybe(world.moment(), 0.8)
        )
    for number in range(12):
        ident = world.dice.choice(world.rows["anomalies"])["id"]
        world.leased("remarks", f"r{number}", 0.6)
        world.add("remarks", key=f"r{number}", source=SOURCE, anomaly=ident, text="by Dana", at=world.old(), due=world.moment())
    for number in range(8):
        world.card(
            world.dice.choice([model.CardKind.REPORT, model.CardKind.DIGEST, model.CardKind.BOARD]), f"k{number}", created=world.moment()
        )
    if world.dice.random() < 0.4:
        world.add("sources", source=SOURCE, told_since=NOON - timedelta(days=world.dice.randint(1, 90)))
    return world


def _groups(world: World) -> None:
    for number in range(8):
        made = world.card(model.CardKind.GROUP, f"g{number}", created=world.moment())
        for ident in world.refs(4):
            world.add("card_members", card=made["id"], source=SOURCE, anomaly=ident)
    if world.dice.random() < 0.5:
        named = world.dice.choice([row["id"] for row in world.rows["cards"] if row["kind"] == "group"])
        world.add("windows", route="default", opened=NOON, closes=NOON, group_card=named)


def _batches(world: World) -> None:
    for number in range(10):
        finished = world.maybe(world.moment(), 0.8)
        state = world.dice.choice(["done", "cancelled"]) if finished else world.dice.choice(["running", "preview"])
        values = {"source": SOURCE, "change": {"action": "acknowledge"}, "state": state, "created": world.old(), "finished": finished}
        world.add("batches", id=f"b{number}", **values)
        world.leased("batches", f"b{number}")
        if finished and world.dice.random() < 0.4:
            back = max(finished, world.moment())
            world.add("batches", id=f"undo-b{number}", **values | {"finished": world.maybe(back, 0.8)}, undo_of=f"b{number}")
    for row in world.rows["batches"]:
        for turn, ident in enumerate(world.refs(3)):
            world.add("batch_items", batch=row["id"], turn=turn, source=SOURCE, anomaly=ident, fate="done", before={})
        if world.dice.random() < 0.8:
            world.card(model.CardKind.BATCH, row["id"])
    world.card(model.CardKind.BATCH, "of nothing", created=world.moment())


def _operations(world: World) -> None:
    for number in range(10):
        ended = world.maybe(world.moment(), 0.8)
        verdict = {"result": "failure", "problem": {"cause": world.dice.choice(["gave_up", "failed"])}} if ended else None
        world.add(
            "operations",
            id=f"o{number}",
            source=SOURCE,
            request={},
            place={},
            state="done" if ended else "running",
            created=world.old(),
            plan=world.dice.choice(["", "", "p1", "p2"]),
            ended=ended,
            verdict=verdict,
            then=[],
            verifies=next(([SOURCE, ident] for ident in world.refs(1)), None),
        )
        world.leased("operations", f"o{number}")
        if world.dice.random() < 0.8:
            world.card(model.CardKind.SCAN, f"o{number}")


# --- the rule, in plain words ---------------------------------------------------------------------------------------------


@dataclass
class Rule:
    """Which rows stay."""

    world: World

    def of(self, table: str) -> list[Row]:
        return list(self.world.rows.get(table, []))

    def held(self, kind: str, key: str) -> bool:
        return any((one["kind"], one["key"]) == (kind, key) and one["until"] > NOW for one in self.of("leases"))

    def busy(self, card: Row) -> bool:
        return bool(card["state"] == "waiting" or card["due"] or card.get("posting") or self.held("cards", card["id"]))

    def shown_busily(self, kind: str, key: str) -> bool:
        return any(card["kind"] == kind and card["key"] == key and self.busy(card) for card in self.of("cards"))

    def over(self, moment: Any) -> bool:
        return moment is not None and moment < BEFORE

    def intent(self, row: Row) -> bool:
        return not self.over(row["finished"])

    def remark(self, row: Row) -> bool:
        return not self.over(row["due"]) or self.held("remarks", row["key"])

    def batch(self, row: Row) -> bool:
        undone = any(self.batch(other) for other in self.of("batches") if other.get("undo_of") == row["id"])
        return not self.over(row["finished"]) or self.held("batches", row["id"]) or undone or self.shown_busily("batch", row["id"])

    def operation(self, row: Row) -> bool:
        family = [one for one in self.of("operations") if row["plan"] and one["plan"] == row["plan"]]
        gave_up = (row["verdict"] or {}).get("problem", {}).get("cause") == "gave_up"
        young = not all(self.over(one["ended"]) for one in [row, *family])
        return young or gave_up or self.held("operations", row["id"]) or self.shown_busily("scan", row["id"])

    def card(self, row: Row) -> bool:
        if row["kind"] == "anomaly":
            return any(self.anomaly(one) for one in self.of("anomalies") if one["id"] == row["anomaly"])
        owners = {"batch": (self.of("batches"), self.batch), "scan": (self.of("operations"), self.operation)}
        for owner in owners.get(row["kind"], ([], self.batch))[0]:
            if owner["id"] == row["key"]:
                return owners[row["kind"]][1](owner)
        if row["kind"] == "board" or self.busy(row) or not self.over(row["created"]):
            return True
        if row["posted"] is not None and not self.over(row["posted"]):
            return True
        if row["kind"] == "report":
            return any(row["created"] >= one["told_since"] for one in self.of("sources"))
        if row["kind"] == "group":
            named = any(one["group_card"] == row["id"] for one in self.of("windows"))
            return named or any(not self.over(self.closed(one)) for one in self.of("card_members") if one["card"] == row["id"])
        return False

    def closed(self, member: Row) -> Any:
        return next(one["closed"] for one in self.of("anomalies") if one["id"] == member["anomaly"])

    def anomaly(self, row: Row) -> bool:
        ident = row["id"]
        groups = {one["card"] for one in self.of("card_members") if one["anomaly"] == ident}
        batches = {one["batch"] for one in self.of("batch_items") if one["anomaly"] == ident}
        return (
            not self.over(row["closed"])
            or any(self.busy(card) for card in self.of("cards") if card.get("anomaly") == ident)
            or any(self.card(card) for card in self.of("cards") if card["id"] in groups)
            or any(self.batch(one) for one in self.of("batches") if one["id"] in batches)
            or any(self.remark(one) for one in self.of("remarks") if one["anomaly"] == ident)
            or any(one["finished"] is None for one in self.of("intents") if [SOURCE, ident] in one["refs"])
            or any(self.operation(one) for one in self.of("operations") if one["verifies"] == [SOURCE, ident])
        )

    def stays(self) -> dict[str, set[Any]]:
        batches = {row["id"] for row in self.of("batches") if self.batch(row)}
        cards = {row["id"] for row in self.of("cards") if self.card(row)}
        anomalies = {row["id"] for row in self.of("anomalies") if self.anomaly(row)}
        return {
            "anomalies": anomalies,
            "anomaly_tags": anomalies,
            "anomaly_assignees": anomalies,
            "cards": cards,
            "card_members": {(row["card"], row["anomaly"]) for row in self.of("card_members") if row["card"] in cards},
            "intents": {row["key"] for row in self.of("intents") if self.intent(row)},
            "remarks": {row["key"] for row in self.of("remarks") if self.remark(row)},
            "batches": batches,
            "batch_items": {(row["batch"], row["turn"]) for row in self.of("batch_items") if row["batch"] in batches},
            "operations": {row["id"] for row in self.of("operations") if self.operation(row)},
        }


KEYS = {
    "anomalies": (tables.anomalies.c.id,),
    "anomaly_tags": (tables.anomaly_tags.c.anomaly,),
    "anomaly_assignees": (tables.anomaly_assignees.c.anomaly,),
    "cards": (tables.cards.c.id,),
    "card_members": (tables.card_members.c.card, tables.card_members.c.anomaly),
    "intents": (work_tables.intents.c.key,),
    "remarks": (work_tables.remarks.c.key,),
    "batches": (work_tables.batches.c.id,),
    "batch_items": (work_tables.batch_items.c.batch, work_tables.batch_items.c.turn),
    "operations": (work_tables.operations.c.id,),
}


async def _fill(store: engine.Store, rows: Mapping[str, Sequence[Row]]) -> None:
    async def work(connection: AsyncConnection) -> None:
        for table in columns.metadata.sorted_tables:
            for row in rows.get(table.name, ()):
                await connection.execute(sa.insert(table).values(row))

    await store.db.write(work)


async def _left(store: engine.Store) -> dict[str, set[Any]]:
    async def work(connection: AsyncConnection) -> dict[str, set[Any]]:
        found = {name: [tuple(row) for row in await connection.execute(sa.select(*keys))] for name, keys in KEYS.items()}
        return {name: {row[0] if len(row) == 1 else row for row in few} for name, few in found.items()}

    return await store.db.read(work)


async def _run(store: engine.Store, slices: int = 10_000) -> tuple[dict[str, int], int]:
    """All steps; what was removed, and in how many slices."""
    removed: dict[str, int] = {}
    took = 0
    for step in store.retention.steps:
        mark: ports.Reached | None = ()
        while mark is not None:
            if took >= slices:
                return removed, took
            found = await store.retention.remove(step, BEFORE, NOW, mark)
            mark, took = found.mark, took + 1
            for kind, number in found.rows.items():
                removed[kind] = removed.get(kind, 0) + number
    return removed, took


@pytest.mark.parametrize("seed", range(12))
async def test_what_stays_is_what_the_rule_says(store: engine.Store, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setattr(retention, "ROWS", 3)
    monkeypatch.setattr(retention, "CHILDREN", 2)
    world = _world(seed)
    await _fill(store, world.rows)
    killed_after = world.dice.randint(0, 20)
    await _run(store, killed_after)  # a process that dies in the middle
    await _run(store)
    wanted, left = Rule(world).stays(), await _left(store)
    assert left == wanted
    everything = {name: len(world.rows.get(name, [])) for name in wanted}
    assert sum(everything.values()) > sum(map(len, wanted.values()))
    lines = await store.db.read(lambda connection: connection.scalar(sa.select(sa.func.count()).select_from(tables.journal)))
    assert lines == len(world.rows["journal"])
    assert (await _run(store))[0] == {}


async def test_a_big_batch_and_a_big_group_go_in_slices_and_are_never_told_by_halves(store: engine.Store) -> None:
    many = 3 * retention.CHILDREN + 7
    await store.batches.create(batch("b1", many), [item(number, model.Fate.DONE) for number in range(many)])
    await store.cards.put(batch_card("b1"), NOON)
    await store.batches.cancel("b1", NOON - timedelta(days=1))
    seen = [archived(number) for number in range(many)]
    await store.anomalies.save(ports.Observation(SOURCE, seen, read_at=NOON - timedelta(days=1), now=NOON - timedelta(days=1)))
    await store.cards.put(group(), NOON - timedelta(days=1))
    (card,) = [one for one in await store.cards.due(NOW, posted=False) if one.kind is model.CardKind.GROUP]
    members = [{"card": card.id, "source": SOURCE, "anomaly": str(number)} for number in range(many)]
    await _fill(store, {"card_members": members})
    for one in await store.cards.due(NOW, posted=False):
        lease = await store.leases.take("cards", one.id, NOON, 30)
        assert lease is not None
        await store.cards.delivered(lease, 1, NOON - timedelta(days=1), ts="1.1")
        await store.leases.release(lease)
    first = await store.retention.remove("batches", BEFORE, NOW)
    assert first.rows == {"items": retention.CHILDREN, "cards": 1} and first.mark is not None, "its message goes first"
    await _run(store)
    assert not any((await _left(store)).values())


async def test_a_member_that_is_opened_while_its_group_is_forgotten_is_posted_by_itself(
    store: engine.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "CHILDREN", 1)
    long_ago = NOON - timedelta(days=1)
    opened = [replace(archived(number), state=model.State.ACTIVE, status="Active", archived_as=None) for number in (1, 2)]
    made = {one.ref: [draft(one.ref.id)] for one in opened}
    await store.anomalies.save(ports.Observation(SOURCE, opened, read_at=long_ago, now=long_ago, drafts=made))
    waiting = tuple(card.id for card in await store.cards.waiting())
    await store.cards.decide(model.Decision("default", None, fold=waiting, group=group()), long_ago)
    (shown,) = await store.cards.due(NOON, posted=False)
    lease = await store.leases.take("cards", shown.id, long_ago, 30)
    assert lease is not None
    await store.cards.delivered(lease, shown.wanted, long_ago, ts="1.1")
    await store.leases.release(lease)
    closed = [archived(1), archived(2)]
    await store.anomalies.save(ports.Observation(SOURCE, closed, read_at=long_ago, now=long_ago))
    assert (await store.retention.remove("cards", BEFORE, NOW)).rows == {"members": 1}
    await store.anomalies.save(ports.Observation(SOURCE, opened, read_at=NOW, now=NOW, drafts=made))
    assert {card.ref for card in await store.cards.waiting()} == {ref(1), ref(2)}


async def test_two_that_forget_at_once_do_no_harm(store: engine.Store) -> None:
    world = _world(1)
    await _fill(store, world.rows)
    await asyncio.gather(_run(store), _run(store))
    assert await _left(store) == Rule(world).stays()
