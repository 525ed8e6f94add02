"""Indices by which old rows are found, and whatever still refers to one of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_INDICES = (
    ("anomalies_old", "anomalies", ("closed", "source", "id"), "closed IS NOT NULL"),
    ("cards_plain", "cards", ("created", "id"), "anomaly IS NULL"),
    ("intents_finished", "intents", ("finished", "key"), "finished IS NOT NULL"),
    ("remarks_anomaly", "remarks", ("source", "anomaly"), None),
    ("batches_old", "batches", ("finished", "id"), "finished IS NOT NULL"),
    ("batches_undoing", "batches", ("undo_of",), "undo_of > ''"),
    ("batch_items_ref", "batch_items", ("source", "anomaly"), None),
    ("operations_verifying", "operations", ("turn",), "verifies IS NOT NULL"),
)


def upgrade() -> None:
    """Make them."""
    for name, table, columns, condition in _INDICES:
        where = None if condition is None else sa.text(condition)
        op.create_index(name, table, list(columns), sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    """Drop them."""
    for name, table, _, _ in _INDICES:
        op.drop_index(name, table)
