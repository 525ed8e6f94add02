"""What belongs to a datastore that the desk does not look after does not exist, whichever method of the port is asked, though the token may
see and change it."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot import errors, model, ports
from sandbox.qualytics import engine
from tests.sources.staging import Deployment, Traits

OURS, THEIRS = 42, 43


class Town:
    """A deployment with something of everything inside the scope of the desk, and outside of it."""

    def __init__(self, system: Deployment, **settings: Any) -> None:
        self.system, self.world = system, system.world
        self.source = system.source(**{"datastores": [str(OURS)], **settings})
        self.everything = system.source()
        homes = {one.datastore.id: one for one in self.world.facts.containers.values()}
        self.ours, self.theirs = (str(self.world.arrive(1, [homes[home]])[0].id) for home in (OURS, THEIRS))
        self.closed = str(self.world.arrive(1, [homes[THEIRS]])[0].id)
        self.world.change(self.world.anomalies[int(self.closed)], status="Invalid")
        self.running = {home: self._running(home) for home in (OURS, THEIRS)}
        for ident in (self.ours, self.theirs):
            self.world.comment(self.world.anomalies[int(ident)], 12, "A remark.")

    def _running(self, home: int) -> str:
        store = self.world.facts.datastores[home]
        scope = [one for one in self.world.facts.containers.values() if one.datastore is store]
        return str(engine.start(self.world, "scan", store, scope, {}, 12, {"seconds": 3600}).id)

    def writes(self) -> list[str]:
        """What would have changed something."""
        return [line for line in self.system.lines() if not line.startswith("GET ")]

    async def outside(self) -> list[model.Anomaly]:
        """The anomalies outside, as somebody reads them who may: an open one and a closed one, and one that hides where it belongs."""
        found = await self.everything.get([self.theirs, self.closed])
        self.system.calls()
        return list(found.values())


def homes(found: Any) -> set[str]:
    return {one.datastore.id for one in found if one.datastore}


async def changes(town: Town) -> None:
    first = await town.source.changes("")
    town.world.arrive(3)
    assert homes([*first.anomalies, *(await town.source.changes(first.cursor)).anomalies]) == {str(OURS)}


async def pages(town: Town) -> None:
    read = [one async for page in town.source.pages(model.Query(statuses=("any",))) for one in page]
    assert homes(read) == {str(OURS)}


async def find(town: Town) -> None:
    assert homes((await town.source.find(model.Query(statuses=("any",)))).anomalies) == {str(OURS)}
    assert homes((await town.source.find(model.Query(ids=(town.ours, town.theirs, town.closed)))).anomalies) == {str(OURS)}
    for word in ("43", town.world.facts.datastores[THEIRS].name):
        with pytest.raises(errors.NotFound):
            await town.source.find(model.Query(datastores=(word,)))
    with pytest.raises(errors.NotFound):
        await town.source.find(model.Query(tables=("leads",)))


async def count(town: Town) -> None:
    inside = [one for one in town.world.anomalies.values() if one.container.datastore.id == OURS]
    assert await town.source.count(model.Query(statuses=("any",))) == len(inside)
    assert await town.source.count(model.Query(ids=(town.theirs, town.closed))) == 0
    with pytest.raises(errors.NotFound):
        await town.source.count(model.Query(datastores=("43",)))


async def get(town: Town) -> None:
    assert await town.source.get([town.theirs]) == {}
    assert await town.source.get([town.closed]) == {}
    assert (await town.source.get([town.theirs, town.ours, town.closed])).keys() == {town.ours}


async def read(town: Town) -> None:
    """And they do not count as deleted: their cards would say something that is not true."""
    for ids in ([town.theirs], [town.theirs, town.closed], [town.ours, town.theirs, town.closed, "999999"]):
        reading = await town.source.read(ids)
        assert reading.found.keys() == {town.ours} & set(ids)
        assert reading.gone == {"999999"} & set(ids)


CHANGES = [
    model.Change(model.Action.ACKNOWLEDGE),
    model.Change(model.Action.UNACKNOWLEDGE),
    model.Change(model.Action.ASSIGN, assignees=("12",)),
    model.Change(model.Action.TAG, add_tags=("incident",)),
    model.Change(model.Action.DESCRIBE, description="x"),
    model.Change(model.Action.ARCHIVE, archive_as="Invalid", comment="x"),
    model.Change(model.Action.REOPEN),
    model.Change(model.Action.COMMENT, comment="x"),
    model.Change(model.Action.DELETE),
]


async def apply(town: Town) -> None:
    """Every action, on one and on many, and on one that does not say where it belongs."""
    outside = await town.outside()
    inside = (await town.source.get([town.ours]))[town.ours]
    hidden = model.Anomaly(model.Ref("qualytics", town.theirs), model.State.ACTIVE, "Active", datetime.now(UTC))
    for change in CHANGES:
        for targets in ([outside[0]], [outside[1]], outside, [hidden]):
            outcomes = await town.source.apply(change, targets)
            assert {one.result for one in outcomes} == {model.Result.REFUSED}
            assert all("does not exist" in one.reason for one in outcomes)
        assert town.writes() == []
    outcomes = await town.source.apply(CHANGES[0], [outside[0], inside, outside[1]])
    assert [one.result for one in outcomes] == [model.Result.REFUSED, model.Result.DONE, model.Result.REFUSED]
    assert [one.ref.id for one in outcomes] == [outside[0].ref.id, town.ours, outside[1].ref.id]


async def comments(town: Town) -> None:
    assert await town.source.comments(town.ours)
    with pytest.raises(errors.SourceMissing):
        await town.source.comments(town.theirs)


async def rows(town: Town) -> None:
    inside = (await town.source.get([town.ours]))[town.ours]
    assert (await town.source.rows(inside)).taken
    for one in await town.outside():
        with pytest.raises(errors.SourceMissing):
            await town.source.rows(one)


async def datastores(town: Town) -> None:
    assert [one.id for one in await town.source.datastores()] == [str(OURS)]


async def tables(town: Town) -> None:
    assert await town.source.tables(str(OURS))
    for tags in ((), ("pii",)):
        with pytest.raises(errors.SourceMissing):
            await town.source.tables(str(THEIRS), tags=tags)


async def active_checks(town: Town) -> None:
    assert await town.source.active_checks(str(OURS))
    with pytest.raises(errors.SourceMissing):
        await town.source.active_checks(str(THEIRS))


async def start(town: Town) -> None:
    with pytest.raises(errors.SourceMissing):
        await town.source.start(model.ScanRequest("scan", str(THEIRS)))
    assert town.writes() == []


async def scan(town: Town) -> None:
    assert (await town.source.scan(town.running[OURS])).id == town.running[OURS]
    with pytest.raises(errors.SourceMissing):
        await town.source.scan(town.running[THEIRS])


async def scans(town: Town) -> None:
    hour = datetime.now(UTC) - timedelta(hours=1)
    for words in ({}, {"running": True}, {"kind": "scan"}, {"limit": 1}, {"limit": 5}, {"since": hour}):
        assert [one.id for one in await town.source.scans(**words)] == [town.running[OURS]]
    assert await town.source.scans(datastore=str(THEIRS)) == []


async def abort(town: Town) -> None:
    with pytest.raises(errors.SourceMissing):
        await town.source.abort(town.running[THEIRS])
    assert town.writes() == []
    assert (await town.source.abort(town.running[OURS])).id == town.running[OURS]


CASES: dict[str, Callable[[Town], Awaitable[None]]] = {
    one.__name__: one
    for one in (changes, find, pages, count, get, read, apply, comments, rows, datastores, tables, active_checks, start, scan, scans, abort)
}
OF_NO_DATASTORE = {
    "people": "users belong to the whole deployment",
    "tags": "so do tags",
    "check": "counts what `datastores` shows",
    "aclose": "ends it",
}


def test_every_method_of_the_port_has_a_case() -> None:
    methods = {
        name
        for port in (ports.Source, ports.Scanner, ports.Rows)
        for name, _ in inspect.getmembers(port, inspect.isfunction)
        if not name.startswith("_")
    }
    assert methods == CASES.keys() | OF_NO_DATASTORE.keys()


@pytest.mark.parametrize("name", CASES)
async def test_outside_the_scope_nothing_exists(system: Deployment, name: str) -> None:
    await CASES[name](Town(system))


@pytest.mark.parametrize("name", CASES)
async def test_nor_where_the_scope_is_told_by_name_and_the_deployment_ignores_the_filter(system: Deployment, name: str) -> None:
    system.world.modes.datastore_key = "datastore_id"
    await CASES[name](Town(system, datastores=[system.world.facts.datastores[OURS].name.upper()]))


CALLS: dict[str, Callable[[Any], Awaitable[Any]]] = {
    "changes": lambda source: source.changes(""),
    "find": lambda source: source.find(model.Query()),
    "pages": lambda source: anext(source.pages(model.Query())),
    "count": lambda source: source.count(model.Query()),
    "get": lambda source: source.get(["1"]),
    "read": lambda source: source.read(["1", "2"]),
    "apply": lambda source: source.apply(
        CHANGES[0], [model.Anomaly(model.Ref("qualytics", "1"), model.State.ACTIVE, "Active", datetime.now(UTC))]
    ),
    "comments": lambda source: source.comments("1"),
    "rows": lambda source: source.rows(model.Anomaly(model.Ref("qualytics", "1"), model.State.ACTIVE, "Active", datetime.now(UTC))),
    "datastores": lambda source: source.datastores(),
    "tables": lambda source: source.tables("42"),
    "active_checks": lambda source: source.active_checks("42"),
    "start": lambda source: source.start(model.ScanRequest("scan", "42")),
    "scan": lambda source: source.scan("3001"),
    "scans": lambda source: source.scans(),
    "abort": lambda source: source.abort("3001"),
}


@pytest.mark.parametrize("names", [["nowhere"], ["42", "nowhere"], ["٤٢"], ["042"]], ids=["unknown", "one unknown", "odd digits", "padded"])
@pytest.mark.parametrize("name", CALLS)
async def test_a_name_that_nobody_knows_never_means_all(system: Deployment, name: str, names: list[str]) -> None:
    """And it is said which setting is wrong."""
    assert CALLS.keys() == CASES.keys()
    source = system.source(datastores=names, traits=Traits())
    with pytest.raises(errors.SourceRejected, match="QUALYTICS_DATASTORES"):
        await CALLS[name](source)
    assert set(system.lines()) == {"GET datastores"}
