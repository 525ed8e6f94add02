"""Polling: the looks that somebody asked for, when the round of the watch began, and an index to find what was read longest ago."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_SHOWN = "shown IS NOT NULL AND closed IS NULL"


def upgrade() -> None:
    """Add them; a process of the last release goes on beside this one, and writes none of them."""
    op.add_column("sources", sa.Column("asked", sa.Integer(), nullable=True))
    op.add_column("sources", sa.Column("answered", sa.Integer(), nullable=True))
    op.add_column("sources", sa.Column("watch_began", sa.DateTime(timezone=True), nullable=True))
    where = sa.text(_SHOWN)
    op.create_index("anomalies_read", "anomalies", ["source", "read_at"], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    """Drop them."""
    op.drop_index("anomalies_read", "anomalies")
    with op.batch_alter_table("sources") as sources:
        for name in ("watch_began", "answered", "asked"):
            sources.drop_column(name)
