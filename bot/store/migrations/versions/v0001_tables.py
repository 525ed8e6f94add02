"""The first tables."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make all tables and indices."""
    _anomalies()
    _cards()
    _pace()
    _people_and_actions()
    _journal()


def downgrade() -> None:
    """Drop everything."""
    for table in ("facts", "links", "journal", "intents", "sources", "windows", "card_members", "cards", "anomalies"):
        op.drop_table(table)


def _words(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _key(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), primary_key=True)


def _numbers(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Integer(), nullable=False) for name in names]


def _moments(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.DateTime(timezone=True), nullable=nullable) for name in names]


def _json(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.JSON(), nullable=False) for name in names]


def _claim() -> list[sa.Column[Any]]:
    return [sa.Column("claim_token", sa.Text(), nullable=True), *_moments("claim_until", nullable=True)]


def _index(table: str, name: str, *columns: str, where: str = "") -> None:
    condition = sa.text(where) if where else None
    op.create_index(f"{table}_{name}", table, list(columns), sqlite_where=condition, postgresql_where=condition)


def _anomalies() -> None:
    op.create_table(
        "anomalies",
        _key("source"),
        _key("id"),
        *_words("state"),
        *_moments("created"),
        *_numbers("version"),
        *_words("digest"),
        *_json("body"),
        *_words("reason", "fingerprint", "container"),
        *_moments("read_at"),
        *_moments("closed", "shown", "clicked", nullable=True),
    )
    _index("anomalies", "open", "source", "created", "id", where="closed IS NULL")
    _index("anomalies", "shown", "source", "created", "id", where="shown IS NOT NULL AND closed IS NULL")
    _index("anomalies", "clicked", "source", "clicked", where="clicked IS NOT NULL")
    _index("anomalies", "state", "source", "state")
    _index("anomalies", "fingerprint", "source", "fingerprint", "created")
    _index("anomalies", "closed", "source", "fingerprint", "closed", where="closed IS NOT NULL")


def _cards() -> None:
    op.create_table(
        "cards",
        _key("id"),
        *_words("kind", "channel", "key", "route"),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("anomaly", sa.Text(), nullable=True),
        *_words("state", "reason"),
        *_moments("created"),
        *_numbers("place"),
        sa.Column("ts", sa.Text(), nullable=True),
        *_numbers("wanted", "delivered"),
        *_moments("due", "since", nullable=True),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        *_moments("posting", "posted", nullable=True),
        *_numbers("tries"),
        *_words("error"),
        *_json("payload"),
        *_claim(),
        sa.UniqueConstraint("key", "channel", "kind", name="cards_key"),
        sa.CheckConstraint("due IS NULL OR state = 'live'", name="cards_due_live"),
    )
    _index("cards", "waiting", "created", "place", "id", where="state = 'waiting'")
    _index("cards", "lost", "created", where="state = 'lost'")
    _index("cards", "posts", "channel", "created", "place", where="due IS NOT NULL AND ts IS NULL")
    _index("cards", "edits", "urgent", "posted", "id", where="due IS NOT NULL AND ts IS NOT NULL")
    _index("cards", "message", "channel", "ts", where="ts IS NOT NULL")
    _index("cards", "anomaly", "source", "anomaly", where="anomaly IS NOT NULL")
    _index("cards", "claimed", "claim_until", where="claim_until IS NOT NULL")
    op.create_table(
        "card_members",
        sa.Column("card", sa.Text(), sa.ForeignKey("cards.id", name="card_members_card"), primary_key=True),
        _key("source"),
        _key("anomaly"),
    )
    _index("card_members", "anomaly", "source", "anomaly")


def _pace() -> None:
    op.create_table(
        "windows",
        _key("route"),
        *_moments("opened", "closes"),
        *_numbers("posted"),
        *_words("group_card"),
        *_moments("grouped", "joined", nullable=True),
    )
    op.create_table(
        "sources",
        _key("source"),
        *_words("cursor"),
        *_moments("contacted", "last_ok", "failing_since", nullable=True),
        *_numbers("failures"),
        *_words("error"),
        *_moments("next_poll", nullable=True),
        *_words("watch_mark"),
        *_claim(),
    )


def _people_and_actions() -> None:
    op.create_table(
        "intents",
        _key("key"),
        *_json("change", "refs"),
        *_words("actor", "actor_name"),
        *_moments("at"),
        *_words("channel"),
        *_json("shown"),
        *_moments("finished", nullable=True),
        *_claim(),
    )
    _index("intents", "unfinished", "at", where="finished IS NULL")
    _index("intents", "claimed", "claim_until", where="claim_until IS NOT NULL")
    op.create_table("links", _key("slack_id"), _key("source"), *_words("person", "name", "email", "how"), *_moments("at"))
    _index("links", "person", "source", "person", "at")
    op.create_table("facts", _key("key"), *_json("value"), *_moments("at"))


def _journal() -> None:
    op.create_table(
        "journal",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        *_words("source", "anomaly", "fingerprint"),
        sa.Column("closing", sa.Boolean(), nullable=False),
        *_words("action"),
        *_moments("at"),
        *_words("actor", "actor_name", "via", "before", "after", "result", "detail"),
    )
    _index("journal", "anomaly", "source", "anomaly", "at", "id")
    _index("journal", "closings", "source", "fingerprint", "closing", "at", "id")
