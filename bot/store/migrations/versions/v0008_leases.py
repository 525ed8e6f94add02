"""Several processes on one database: leases in a table of their own, what Slack delivered, which processes there are."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_TABLES = ("workers", "deliveries", "leases")


def _key(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), primary_key=True) for name in names]


def _words(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _moment(name: str, *, maybe: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=maybe)


def upgrade() -> None:
    """Make them. The columns `claim_*` of other tables stay, unused: what was claimed in them is free."""
    op.create_table("leases", *_key("kind", "key"), _words("token"), _moment("until"))
    op.create_table("deliveries", *_key("kind", "key"), _words("token"), _moment("begun"), _moment("until"), _moment("done", maybe=True))
    op.create_index("deliveries_begun", "deliveries", ["begun"])
    op.create_table("workers", *_key("id"), _words("role"), _moment("started"), _moment("seen"))
    op.add_column("channel_health", _moment("paused_until", maybe=True))


def downgrade() -> None:
    """Drop them."""
    with op.batch_alter_table("channel_health") as channels:
        channels.drop_column("paused_until")
    for name in _TABLES:
        op.drop_table(name)
