"""Pictures that are wanted in threads of cards, one row for each anomaly, until they are there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, with an index on what waits and one on what is old."""
    op.create_table(
        "pictures",
        sa.Column("key", sa.Text(), primary_key=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("card", "source", "anomaly", "channel", "ts")),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in ("at", "due")),
        sa.Column("begun", sa.JSON(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("done", sa.DateTime(timezone=True), nullable=True),
    )
    waits = sa.text("done IS NULL")
    op.create_index("pictures_waiting", "pictures", ["due", "key"], sqlite_where=waits, postgresql_where=waits)
    op.create_index("pictures_old", "pictures", ["at", "key"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("pictures")
