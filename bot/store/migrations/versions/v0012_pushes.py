"""What systems push, one row each, until what it is about was read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, with an index on what waits and one on what is old."""
    op.create_table(
        "pushes",
        sa.Column("turn", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("about", sa.JSON(), nullable=False),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in ("at", "due")),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("done", sa.DateTime(timezone=True), nullable=True),
    )
    waits = sa.text("done IS NULL")
    op.create_index("pushes_waiting", "pushes", ["source", "turn"], sqlite_where=waits, postgresql_where=waits)
    op.create_index("pushes_old", "pushes", ["at", "turn"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("pushes")
