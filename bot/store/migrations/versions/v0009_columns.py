"""What filters ask for as columns and side tables; routes as rows; and what group members joined. Filled by a job, never here."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_WORDS = ("severity", "datastore_id", "datastore_name", "container_id", "container_name")
_NUMBERS = ("rank", "filled")
_MOMENTS = ("started", "ended")
_SIDES = ("anomaly_tags", "anomaly_assignees")
_JOINED = ("joined_wanted", "joined_version")
_INDICES = {
    "rank": ["rank", "id"],
    "datastore": ["datastore_id", "id"],
    "datastore_name": ["datastore_name", "id"],
    "container": ["container_id", "id"],
    "container_name": ["container_name", "id"],
    "score": ["score", "created", "id"],
}


def upgrade() -> None:
    """Make them, everything that is added to a table nullable: processes of the last release go on writing beside this one."""
    kinds: dict[str, sa.types.TypeEngine[Any]] = {
        **dict.fromkeys(_WORDS, sa.Text()),
        **dict.fromkeys(_NUMBERS, sa.Integer()),
        **dict.fromkeys(_MOMENTS, sa.DateTime(timezone=True)),
        "score": sa.Float(),
    }
    for name, kind in kinds.items():
        op.add_column("anomalies", sa.Column(name, kind, nullable=True))
    for name, columns in _INDICES.items():
        _index(f"anomalies_{name}", ["source", *columns], "closed IS NULL")
    for name in _MOMENTS:
        _index(f"anomalies_{name}", ["source", name], f"{name} IS NOT NULL")
    _index("anomalies_stale", ["source", "id"], "(filled IS NULL OR filled <> version)")
    for name in _SIDES:
        key = [sa.Column(part, sa.Text(), primary_key=True) for part in ("source", "anomaly", "value")]
        op.create_table(name, *key, sqlite_with_rowid=False)
        op.create_index(f"{name}_value", name, ["source", "value", "anomaly"])
    for name in _JOINED:
        op.add_column("card_members", sa.Column(name, sa.Integer(), nullable=True))
    op.create_table(
        "routes",
        sa.Column("id", sa.Text(), primary_key=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("channel", "filter")),
        sa.Column("burst", sa.Integer(), nullable=True),
        sa.Column("wait_seconds", sa.Float(), nullable=True),
        sa.Column("made_by", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )


def _index(name: str, columns: list[str], where: str) -> None:
    op.create_index(name, "anomalies", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def downgrade() -> None:
    """Drop them."""
    for name in ("routes", *_SIDES):
        op.drop_table(name)
    for name in (*_INDICES, *_MOMENTS, "stale"):
        op.drop_index(f"anomalies_{name}", "anomalies")
    for table, names in (("card_members", _JOINED), ("anomalies", (*_WORDS, *_NUMBERS, *_MOMENTS, "score"))):
        for name in names:
            op.drop_column(table, name)
