"""Bringing the tables of a database up to date, with Alembic and without its command line."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command, config, script

from bot.store.migrations import revisions

SCRIPTS = Path(__file__).parent


def settings() -> config.Config:
    """Alembic's configuration, without any file."""
    made = config.Config()
    made.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    return made


def head() -> str:
    """The revision that this release needs."""
    return script.ScriptDirectory.from_config(settings()).get_current_head() or ""


def upgrade(connection: sa.Connection) -> str:
    """Bring it to the head within the transaction of this connection. Returns the revision."""
    made = settings()
    made.attributes["connection"] = connection
    command.upgrade(made, "head")
    return revisions.current(connection)
