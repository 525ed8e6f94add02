"""What was a fact with a key of its own becomes a column or a row: what people were told, what was noticed, learned, refused and marked."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TABLES = ("readiness", "digest_marks", "block_refusals", "channel_health", "source_traits")
_COLUMNS = ("noticed_over", "noticed", "told_at", "told_error", "told_since")


def _key(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), primary_key=True) for name in names]


def _moment(name: str, *, maybe: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=maybe)


def upgrade() -> None:
    """Make them, and let each fact say up to which moment it was carried over; `bot.store.legacy_facts` does that, while processes of the
    last release may go on beside this one and write facts."""
    for name in ("told_since", "told_at", "noticed"):
        op.add_column("sources", _moment(name, maybe=True))
    op.add_column("sources", sa.Column("told_error", sa.Text(), nullable=True))
    op.add_column("sources", sa.Column("noticed_over", sa.JSON(), nullable=True))
    op.add_column("facts", _moment("carried", maybe=True))
    op.create_table("source_traits", *_key("source", "host"), sa.Column("traits", sa.JSON(), nullable=False), _moment("at"))
    op.create_table("channel_health", *_key("channel"), _moment("refused_since", maybe=True), _moment("at"))
    op.create_table("block_refusals", *_key("blocks"), _moment("at"))
    op.create_table("digest_marks", *_key("route"), _moment("due"))
    op.create_table("readiness", *_key("name"), _moment("at"))


def downgrade() -> None:
    """Drop them."""
    for name in _TABLES:
        op.drop_table(name)
    op.drop_column("facts", "carried")
    with op.batch_alter_table("sources") as sources:
        for name in _COLUMNS:
            sources.drop_column(name)
