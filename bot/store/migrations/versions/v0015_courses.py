"""How the metrics of anomalies went, one row for each that has a card of its own: wanted, then known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, with an index on what waits and one for whoever forgets an anomaly."""
    op.create_table(
        "courses",
        sa.Column("key", sa.Text(), primary_key=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("source", "anomaly", "metric")),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in ("at", "due")),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("tries", "asked")),
        sa.Column("done", sa.DateTime(timezone=True), nullable=True),
        sa.Column("points", sa.JSON(), nullable=True),
    )
    waits = sa.text("done IS NULL")
    op.create_index("courses_waiting", "courses", ["due", "key"], sqlite_where=waits, postgresql_where=waits)
    op.create_index("courses_anomaly", "courses", ["source", "anomaly"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("courses")
