"""Batches: one change to many anomalies, item by item."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of batches and of their items."""
    _batches()
    _items()


def downgrade() -> None:
    """Drop them."""
    for table in ("batch_items", "batches"):
        op.drop_table(table)


def _words(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _moment(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _json(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.JSON(), nullable=nullable)


def _index(table: str, name: str, *columns: str, where: str = "") -> None:
    condition = sa.text(where) if where else None
    op.create_index(f"{table}_{name}", table, list(columns), sqlite_where=condition, postgresql_where=condition)


def _batches() -> None:
    op.create_table(
        "batches",
        sa.Column("id", sa.Text(), primary_key=True),
        *_words("source"),
        _json("change"),
        *_words("words", "actor", "actor_name", "channel", "state"),
        _moment("created"),
        sa.Column("total", sa.Integer(), nullable=False),
        _moment("confirmed", nullable=True),
        _moment("finished", nullable=True),
        *_words("undo_of", "undone_by"),
        sa.Column("claim_token", sa.Text(), nullable=True),
        _moment("claim_until", nullable=True),
    )
    _index("batches", "running", "confirmed", "id", where="state = 'running'")
    _index("batches", "unconfirmed", "created", where="confirmed IS NULL")
    _index("batches", "finished", "actor", "finished", "id", where="finished IS NOT NULL")
    _index("batches", "claimed", "claim_until", where="claim_until IS NOT NULL")


def _items() -> None:
    op.create_table(
        "batch_items",
        sa.Column("batch", sa.Text(), sa.ForeignKey("batches.id", name="batch_items_batch"), primary_key=True),
        sa.Column("turn", sa.Integer(), primary_key=True, autoincrement=False),
        *_words("source", "anomaly", "fate"),
        _json("before"),
        *_words("status"),
        _json("change", nullable=True),
        _json("after", nullable=True),
        *_words("reason", "missing_right", "datastore", "container"),
        sa.UniqueConstraint("batch", "source", "anomaly", name="batch_items_anomaly"),
    )
    _index("batch_items", "fate", "batch", "fate", "turn")
