"""App Homes: who has one open, what it shows, and what nobody has acknowledged, the worst first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and the index by which what nobody has acknowledged is read without the rest."""
    op.create_table(
        "homes",
        sa.Column("who", sa.Text(), primary_key=True),
        sa.Column("opened", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("called", sa.DateTime(timezone=True), nullable=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("hash", "shown", "words")),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("mine", "unseen")),
        sa.Column("notice", sa.Text(), nullable=False),
        sa.Column("noticed", sa.DateTime(timezone=True), nullable=True),
    )
    due = sa.text("due IS NOT NULL")
    op.create_index("homes_due", "homes", ["due"], sqlite_where=due, postgresql_where=due)
    op.create_index("homes_opened", "homes", ["opened"])
    op.create_table("heard", sa.Column("event", sa.Text(), primary_key=True), sa.Column("at", sa.DateTime(timezone=True), nullable=False))
    unseen = sa.text("closed IS NULL AND state = 'open'")
    op.create_index("anomalies_unseen", "anomalies", ["rank", "created", "source", "id"], sqlite_where=unseen, postgresql_where=unseen)


def downgrade() -> None:
    """Drop them."""
    op.drop_index("anomalies_unseen", "anomalies")
    op.drop_table("heard")
    op.drop_table("homes")
