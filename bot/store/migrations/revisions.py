"""Which revision the tables have, and which this release needs, told without Alembic: tables of today need none of its 7 MB."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

VERSIONS = Path(__file__).parent / "versions"
"""Each file is called after its revision: `v0002_batches.py`."""


def head() -> str:
    """The revision that this release needs."""
    return max(_known())


def current(connection: sa.Connection) -> str:
    """The revision that the database has, "" when it has none."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return ""
    return connection.scalar(sa.text("SELECT version_num FROM alembic_version")) or ""


def behind(connection: sa.Connection) -> bool:
    """Whether migrations of this release are missing. A revision from a later release is not behind: old processes may still run."""
    found = current(connection)
    return not found or (found in _known() and found != head())


def _known() -> frozenset[str]:
    return frozenset(path.stem.removeprefix("v").partition("_")[0] for path in VERSIONS.glob("v*.py"))
