"""Comments that tell in a system who acted: each is a row until it is there. And whether an accepted action was sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of remarks, and let an intent say since when it may have been done.

    The last release did not write that down: any of its actions that are not finished may have been sent."""
    op.add_column("intents", sa.Column("sent", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE intents SET sent = at WHERE finished IS NULL")
    op.create_table(
        "remarks",
        sa.Column("key", sa.Text(), primary_key=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("source", "anomaly", "text")),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in ("at", "due")),
        sa.Column("asked", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("claim_token", sa.Text(), nullable=True),
        sa.Column("claim_until", sa.DateTime(timezone=True), nullable=True),
    )
    op.create_index("remarks_due", "remarks", ["due", "key"])
    claimed = sa.text("claim_until IS NOT NULL")
    op.create_index("remarks_claimed", "remarks", ["claim_until"], sqlite_where=claimed, postgresql_where=claimed)


def downgrade() -> None:
    """Drop them."""
    op.drop_table("remarks")
    op.drop_column("intents", "sent")
