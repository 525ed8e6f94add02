"""What systems cannot keep of their anomalies, kept beside them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "overlay",
        *(sa.Column(name, sa.Text(), primary_key=True) for name in ("source", "anomaly")),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("state", "outcome")),
        sa.Column("assignees", sa.JSON(), nullable=True),
        sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("overlay")
