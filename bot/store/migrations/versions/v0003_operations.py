"""Operations: scans and their relatives, from the preview to the verdict; and what was closed lately."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of operations, and the index by which the journal finds closings by their time."""
    _operations()
    _index("journal", "closed", "source", "at", "anomaly", where="closing")


def downgrade() -> None:
    """Drop them."""
    op.drop_index("journal_closed", "journal")
    op.drop_table("operations")


def _words(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text(), nullable=nullable) for name in names]


def _numbers(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Integer(), nullable=False) for name in names]


def _moments(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.DateTime(timezone=True), nullable=nullable) for name in names]


def _json(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.JSON(), nullable=nullable) for name in names]


def _index(table: str, name: str, *columns: str, where: str = "", unique: bool = False) -> None:
    condition = sa.text(where) if where else None
    op.create_index(f"{table}_{name}", table, list(columns), unique=unique, sqlite_where=condition, postgresql_where=condition)


def _operations() -> None:
    op.create_table(
        "operations",
        sa.Column("turn", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("id", sa.Text(), nullable=False, unique=True),
        *_words("source"),
        *_json("request", "place"),
        *_words("channel", "state"),
        *_moments("created"),
        *_words("plan", "actor", "actor_name"),
        *_moments("confirmed", "asked", nullable=True),
        *_words("scan_id", nullable=True),
        *_json("scan", nullable=True),
        *_moments("seen", "look", nullable=True),
        *_numbers("misses"),
        *_moments("ended", nullable=True),
        *_json("verdict", nullable=True),
        *_json("then"),
        *_numbers("step", "steps"),
        *_json("verifies", nullable=True),
        *_words("aborted_by"),
        *_words("claim_token", nullable=True),
        *_moments("claim_until", nullable=True),
    )
    _index("operations", "scan", "source", "scan_id", where="scan_id IS NOT NULL", unique=True)
    _index("operations", "plan", "plan", "turn", where="plan > ''")
    _index("operations", "active", "look", "turn", where="state = 'starting' OR state = 'running'")
    _index("operations", "unstarted", "created", where="state = 'preview' OR state = 'cancelled'")
    _index("operations", "ended", "ended", "turn", where="ended IS NOT NULL")
    _index("operations", "claimed", "claim_until", where="claim_until IS NOT NULL")
