"""A desk that was killed by kill -9 in the middle of everything, with an earlier release, and both fakes as it left them.

`tests/fixtures/revision_*` hold the rows, the workspace and the system; their `write.py` says how they were made. Time stands where it
stood: a desk that is started on them lives a few minutes after the kill, so that what expires has not expired.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
import sqlite3
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
import sqlalchemy as sa
from alembic import command

from bot import app
from bot.delivery import pacing
from bot.store import engine, transactions
from bot.store.migrations import runner
from sandbox import qualytics, slack
from sandbox.qualytics import deployment, switches
from sandbox.slack import population
from tests.walks.stage import CHANNEL, Json, Stage

FIXTURES = Path(__file__).parent.parent / "fixtures"

PORT = 18733
"""The fake Qualytics' port at that time: the rows name its address."""

LATER = timedelta(seconds=150)
"""How long after the kill the desk is started again: what the dead one had leased is free again by then, on a server too."""


@dataclass
class Found:
    """What stands in one of the folders. `told`: which anomalies are what. `behind`: how far that world's clock is behind ours."""

    folder: Path
    told: Json
    behind: timedelta

    def read(self, name: str) -> Any:
        """One of its files, read from JSON."""
        return json.loads((self.folder / name).read_text())

    def pass_by(self, seconds: float) -> None:
        """Let this much time go by at once."""
        self.behind -= timedelta(seconds=seconds)

    def moment(self) -> datetime:
        """The time in that world."""
        return datetime.now(UTC) - self.behind


def found(revision: str) -> Found:
    """The fixture of a revision of the database."""
    folder = FIXTURES / f"revision_{revision}"
    told = json.loads((folder / "told.json").read_text())
    return Found(folder, told, datetime.now(UTC) - datetime.fromisoformat(told["killed"]) - LATER)


@asynccontextmanager
async def staged(there: Found, folder: Path) -> AsyncIterator[Stage]:
    """Both fakes, with everything that was in them."""
    space, state = _workspace(there), _system(there)
    async with slack.running(space) as slack_url, _on_its_port(state) as qualytics_url:
        limits = httpx.Limits(max_keepalive_connections=0)
        async with httpx.AsyncClient(timeout=60, limits=limits) as http:
            yield Stage(slack_url, qualytics_url, space, state, http, folder)


@asynccontextmanager
async def _on_its_port(state: qualytics.Deployment) -> AsyncIterator[str]:
    """Wait while another run of the tests has the port."""
    async with contextlib.AsyncExitStack() as stack, asyncio.timeout(600):
        while True:
            try:
                url = await stack.enter_async_context(qualytics.running(state, port=PORT))
            except OSError:
                await asyncio.sleep(0.5)
            else:
                break
        yield url


@asynccontextmanager
async def desk(there: Found, stage: Stage, url: str, **env: str) -> AsyncIterator[app.Running]:
    """The desk of today on the rows of that time; faster than Slack's budgets, which are off here, would allow. It is the time of the rows
    for everybody: a server's own clock would set the desk's."""
    configured = app.load(stage.env(DATABASE_URL=url, **env))
    clock = mock.Mock(now=there.moment)
    no_clock = property(lambda database: False, lambda database, has: None)
    with (
        mock.patch.object(app, "SystemClock", return_value=clock),
        mock.patch.object(pacing, "MARGIN", 0.05),
        mock.patch.object(transactions.Database, "own_clock", no_clock, create=True),
    ):
        async with app.running(configured) as running:
            yield running


# --- rows --------------------------------------------------------------------------------------------------------------------------


def sqlite(there: Found, path: Path) -> str:
    """A copy of the file; returns its URL."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.executescript((there.folder / "desk.sql").read_text())
    return f"sqlite:///{path}"


async def server(there: Found, url: str) -> None:
    """The same rows in an empty database of a server, with the tables of that time."""
    with contextlib.closing(sqlite3.connect(":memory:")) as old:
        old.executescript((there.folder / "desk.sql").read_text())
        old.row_factory = sqlite3.Row
        (revision,) = next(old.execute("SELECT version_num FROM alembic_version"))

        def work(connection: sa.Connection) -> None:
            made = runner.settings()
            made.attributes["connection"] = connection
            command.upgrade(made, revision)
            tables = sa.MetaData()
            tables.reflect(connection)
            for table in tables.sorted_tables:
                rows = [_typed(table, row) for row in old.execute(f'SELECT * FROM "{table.name}"')]
                if rows and table.name != "alembic_version":
                    connection.execute(sa.insert(table), rows)
            for statement in _counted(tables):
                connection.exec_driver_sql(statement)

        async with engine._single(engine.parse(url)) as one, one.begin() as connection:
            await connection.run_sync(work)


def _typed(table: sa.Table, row: sqlite3.Row) -> Json:
    """SQLite keeps moments, JSON and truth values as text and numbers."""
    values = dict(row)
    for column in table.columns:
        value = values[column.name]
        if value is None:
            continue
        if isinstance(column.type, sa.DateTime):
            values[column.name] = datetime.fromisoformat(value).replace(tzinfo=UTC)
        elif isinstance(column.type, sa.JSON):
            values[column.name] = json.loads(value)
        elif isinstance(column.type, sa.Boolean):
            values[column.name] = bool(value)
    return values


def _counted(tables: sa.MetaData) -> Iterator[str]:
    """Numbers that the server hands out go on after those that were copied."""
    for table in tables.sorted_tables:
        for column in table.primary_key.columns:
            if isinstance(column.type, sa.Integer) and len(table.primary_key.columns) == 1:
                name, key = table.name, column.name
                yield f"SELECT setval(pg_get_serial_sequence('{name}', '{key}'), (SELECT coalesce(max({key}), 0) + 1 FROM {name}))"


# --- the fakes ---------------------------------------------------------------------------------------------------------------------


def _workspace(there: Found) -> slack.Workspace:
    space = slack.Workspace(budgets=False)
    space.advance(-there.behind.total_seconds())
    for ident, messages in there.read("slack.json").items():
        channel = space.channels.get(ident) or space.dm(f"U{ident[1:]}")
        for message in messages:
            space.store(channel, population.Message(**message))
    return space


def _system(there: Found) -> qualytics.Deployment:
    kept = there.read("qualytics.json")
    state = qualytics.Deployment(seed=int(there.told["lost"]), open_count=0, clock=there.moment)
    for shelf in (state.anomalies, state.by_uuid, state.open, state.closed):
        shelf.clear()
    state.modes = switches.switched(state.modes, kept["modes"])
    for values in kept["anomalies"]:
        _shelve(state, values)
    state.comments = {values["id"]: deployment.Comment(**_timed(values, "created")) for values in kept["comments"]}
    state.operations = {values["id"]: _operation(state, values) for values in kept["operations"]}
    state.plans = kept["plans"]
    state._next_anomaly, state._next_comment = max(state.anomalies) + 1, max(state.comments, default=0) + 1
    return state


def _shelve(state: qualytics.Deployment, values: Json) -> None:
    checks = tuple(state.facts.checks[ident] for ident in values["checks"])
    container = state.facts.containers[values["container"]]
    fields = _timed(values, "created") | {"uuid": uuid.UUID(values["uuid"]), "container": container, "checks": checks}
    anomaly = deployment.Anomaly(**fields)
    state.anomalies[anomaly.id] = state.by_uuid[anomaly.uuid] = anomaly
    state._shelve(anomaly)


def _operation(state: qualytics.Deployment, values: Json) -> deployment.Operation:
    containers = tuple(state.facts.containers[ident] for ident in values["containers"])
    store = state.facts.datastores[values["datastore"]]
    return deployment.Operation(**(_timed(values, "created", "begins", "ends") | {"containers": containers, "datastore": store}))


def _timed(values: Json, *names: str) -> Json:
    return values | {name: datetime.fromisoformat(values[name]) for name in names}


def put_back(stage: Stage, message: Json) -> None:
    """A message of that time stands as it stood then."""
    stage.workspace.store(stage.workspace.channels[CHANNEL], population.Message(**copy.deepcopy(message)))


def lasting(messages: list[Json]) -> list[Json]:
    """The desk's own messages that everybody sees."""
    return [one for one in messages if not one["ephemeral"] and one["user"] == population.BOT_USER]


def elements(message: Json) -> Iterator[tuple[str, str]]:
    """Everything that can be clicked in a message: the action, and the value of the button ("" if none) or of each choice."""

    def walk(node: Any) -> Iterator[tuple[str, str]]:
        if isinstance(node, list):
            for one in node:
                yield from walk(one)
        elif isinstance(node, dict) and "action_id" in node:
            yield from ((node["action_id"], choice.get("value", "")) for choice in node.get("options") or [node])
        elif isinstance(node, dict):
            yield from walk(list(node.values()))

    yield from walk(message["blocks"])
