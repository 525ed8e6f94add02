"""The tables. One schema for SQLite and PostgreSQL; `migrations` builds it, a test proves that both agree.

Partial indices carry no parameters in their condition (IS NULL, IS NOT NULL, a literal), because SQLite uses one only when the query
repeats its words; that is why "not archived" is `closed IS NULL` and "not posted" is `ts IS NULL` here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa


class Utc(sa.TypeDecorator[datetime]):
    """An aware moment, stored and returned in UTC. Refuses naive ones: nobody could say what they mean."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment without a time zone cannot be stored: {value}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Words(sa.TypeDecorator[str]):
    """Text from anywhere. PostgreSQL stores no NUL and neither store takes half a surrogate pair: both become a replacement character."""

    impl = sa.Text()
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        if value is None or (value.isascii() and "\0" not in value):
            return value
        return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _words(name: str, **options: Any) -> sa.Column[str]:
    return sa.Column(name, Words(), nullable=False, default="", **options)


def _maybe(name: str) -> sa.Column[datetime]:
    return sa.Column(name, Utc(), nullable=True)


def _moment(name: str) -> sa.Column[datetime]:
    return sa.Column(name, Utc(), nullable=False)


def _number(name: str, default: int) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, default=default)


def _json(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.JSON(), nullable=False)


def _json_or_null(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.JSON(none_as_null=True), nullable=True)


def _claim() -> tuple[sa.Column[str], sa.Column[datetime]]:
    return sa.Column("claim_token", Words(), nullable=True), _maybe("claim_until")


def _index(name: str, *columns: sa.Column[Any], where: sa.ColumnElement[bool] | None = None, unique: bool = False) -> sa.Index:
    return sa.Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


metadata = sa.MetaData()

anomalies = sa.Table(
    "anomalies",
    metadata,
    sa.Column("source", Words(), primary_key=True),
    sa.Column("id", Words(), primary_key=True),
    _words("state"),
    _moment("created"),
    _number("version", 1),
    _words("digest"),
    _json("body"),
    _words("reason"),
    _words("fingerprint"),
    _words("container"),
    _moment("read_at"),
    _maybe("closed"),  # when this desk first saw it archived; NULL while it is not
    _maybe("shown"),  # since when a live card shows it; NULL when none does
    _maybe("clicked"),  # when somebody acted on it last from Slack
)
_index("anomalies_open", anomalies.c.source, anomalies.c.created, anomalies.c.id, where=anomalies.c.closed.is_(None))
_index(
    "anomalies_shown",
    anomalies.c.source,
    anomalies.c.created,
    anomalies.c.id,
    where=sa.and_(anomalies.c.shown.is_not(None), anomalies.c.closed.is_(None)),
)
_index(
    "anomalies_read",
    anomalies.c.source,
    anomalies.c.read_at,
    where=sa.and_(anomalies.c.shown.is_not(None), anomalies.c.closed.is_(None)),
)
_index("anomalies_clicked", anomalies.c.source, anomalies.c.clicked, where=anomalies.c.clicked.is_not(None))
_index("anomalies_state", anomalies.c.source, anomalies.c.state)
_index("anomalies_fingerprint", anomalies.c.source, anomalies.c.fingerprint, anomalies.c.created)
_index("anomalies_closed", anomalies.c.source, anomalies.c.fingerprint, anomalies.c.closed, where=anomalies.c.closed.is_not(None))

cards = sa.Table(
    "cards",
    metadata,
    sa.Column("id", Words(), primary_key=True),
    _words("kind"),
    _words("channel"),
    _words("key"),
    _words("route"),
    sa.Column("source", Words(), nullable=True),
    sa.Column("anomaly", Words(), nullable=True),
    _words("state"),
    _words("reason"),
    _moment("created"),
    _number("place", 0),  # its turn among those made at the same moment: the oldest anomaly first
    sa.Column("ts", Words(), nullable=True),
    _number("wanted", 1),
    _number("delivered", 0),
    _maybe("due"),
    _maybe("since"),  # since when Slack shows less than is wanted
    sa.Column("urgent", sa.Boolean(), nullable=False, default=False),  # somebody clicked and waits for it
    _maybe("posting"),
    _maybe("posted"),
    _number("tries", 0),
    _words("error"),
    _json("payload"),
    *_claim(),
    sa.UniqueConstraint("key", "channel", "kind", name="cards_key"),
    # What is due is live: the lanes ask for nothing but `due`, so that they read their own small indices.
    sa.CheckConstraint("due IS NULL OR state = 'live'", name="cards_due_live"),
)
# No index on the state alone: most cards are live, and SQLite would prefer it to their ids.
WAITING = cards.c.state == sa.literal_column("'waiting'")
LOST = cards.c.state == sa.literal_column("'lost'")
_index("cards_waiting", cards.c.created, cards.c.place, cards.c.id, where=WAITING)
_index("cards_lost", cards.c.created, where=LOST)
_index(
    "cards_posts",
    cards.c.channel,
    cards.c.created,
    cards.c.place,
    where=sa.and_(cards.c.due.is_not(None), cards.c.ts.is_(None)),
)
_index(
    "cards_edits",
    cards.c.urgent,
    cards.c.posted,
    cards.c.id,
    where=sa.and_(cards.c.due.is_not(None), cards.c.ts.is_not(None)),
)
_index("cards_message", cards.c.channel, cards.c.ts, where=cards.c.ts.is_not(None))
_index("cards_anomaly", cards.c.source, cards.c.anomaly, where=cards.c.anomaly.is_not(None))
_index("cards_claimed", cards.c.claim_until, where=cards.c.claim_until.is_not(None))

card_members = sa.Table(
    "card_members",
    metadata,
    sa.Column("card", Words(), sa.ForeignKey("cards.id", name="card_members_card"), primary_key=True),
    sa.Column("source", Words(), primary_key=True),
    sa.Column("anomaly", Words(), primary_key=True),
)
_index("card_members_anomaly", card_members.c.source, card_members.c.anomaly)

windows = sa.Table(
    "windows",
    metadata,
    sa.Column("route", Words(), primary_key=True),
    _moment("opened"),
    _moment("closes"),
    _number("posted", 0),
    _words("group_card"),
    _maybe("grouped"),
    _maybe("joined"),
)

sources = sa.Table(
    "sources",
    metadata,
    sa.Column("source", Words(), primary_key=True),
    _words("cursor"),
    _maybe("contacted"),
    _maybe("last_ok"),
    _maybe("failing_since"),
    _number("failures", 0),
    _words("error"),
    _maybe("next_poll"),
    _words("watch_mark"),
    *_claim(),
    sa.Column("asked", sa.Integer(), nullable=True),  # how often somebody asked for a look now
    sa.Column("answered", sa.Integer(), nullable=True),  # how many of these were there before the last good look began
    _maybe("watch_began"),  # when the round of the watch that `watch_mark` is in began
    _maybe("told_since"),  # since when it fails, as people were told; NULL when they know of no trouble
    sa.Column("told_error", Words(), nullable=True),
    _maybe("told_at"),  # when these two were written
    _maybe("noticed"),  # when operations that others started were looked for
    _json_or_null("noticed_over"),  # those that were over before the first look
)

intents = sa.Table(
    "intents",
    metadata,
    sa.Column("key", Words(), primary_key=True),
    _json("change"),
    _json("refs"),
    _words("actor"),
    _words("actor_name"),
    _moment("at"),
    _words("channel"),
    _json("shown"),
    _maybe("sent"),  # row before call: since when it may have been done
    _maybe("finished"),
    *_claim(),
)
_index("intents_unfinished", intents.c.at, where=intents.c.finished.is_(None))
_index("intents_claimed", intents.c.claim_until, where=intents.c.claim_until.is_not(None))

remarks = sa.Table(
    "remarks",
    metadata,
    sa.Column("key", Words(), primary_key=True),
    _words("source"),
    _words("anomaly"),
    _words("text"),
    _moment("at"),
    _moment("due"),
    _maybe("asked"),  # row before call: since when the system may have it
    _number("tries", 0),
    *_claim(),
)
_index("remarks_due", remarks.c.due, remarks.c.key)
_index("remarks_claimed", remarks.c.claim_until, where=remarks.c.claim_until.is_not(None))

journal = sa.Table(
    "journal",
    metadata,
    sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
    _words("source"),
    _words("anomaly"),
    _words("fingerprint"),
    sa.Column("closing", sa.Boolean(), nullable=False, default=False),  # this line closed the anomaly
    _words("action"),
    _moment("at"),
    _words("actor"),
    _words("actor_name"),
    _words("via"),
    _words("before"),
    _words("after"),
    _words("result"),
    _words("detail"),
)
_index("journal_anomaly", journal.c.source, journal.c.anomaly, journal.c.at, journal.c.id)
_index("journal_closings", journal.c.source, journal.c.fingerprint, journal.c.closing, journal.c.at, journal.c.id)
CLOSING: sa.ColumnElement[bool] = sa.literal_column("closing")  # the bare word: the databases write "is true" differently
_index("journal_closed", journal.c.source, journal.c.at, journal.c.anomaly, where=CLOSING)

links = sa.Table(
    "links",
    metadata,
    sa.Column("slack_id", Words(), primary_key=True),
    sa.Column("source", Words(), primary_key=True),
    _words("person"),
    _words("name"),
    _words("email"),
    _words("how"),
    _moment("at"),
    sa.Column("sole", sa.Integer(), nullable=True),  # 1 for what was linked since there is one owner
)
_index("links_person", links.c.source, links.c.person, links.c.at)
_index("links_owner", links.c.source, links.c.person, where=links.c.sole.is_not(None), unique=True)

source_traits = sa.Table(
    "source_traits",
    metadata,
    sa.Column("source", Words(), primary_key=True),
    sa.Column("host", Words(), primary_key=True),
    _json("traits"),
    _moment("at"),
)

channel_health = sa.Table(
    "channel_health",
    metadata,
    sa.Column("channel", Words(), primary_key=True),
    _maybe("refused_since"),  # as people were told; NULL since it works again
    _moment("at"),
)

block_refusals = sa.Table("block_refusals", metadata, sa.Column("blocks", Words(), primary_key=True), _moment("at"))
digest_marks = sa.Table("digest_marks", metadata, sa.Column("route", Words(), primary_key=True), _moment("due"))
readiness = sa.Table("readiness", metadata, sa.Column("name", Words(), primary_key=True), _moment("at"))

facts = sa.Table(
    "facts",
    metadata,
    sa.Column("key", Words(), primary_key=True),
    _json("value"),
    _moment("at"),
    _maybe("carried"),  # the `at` of what `legacy_facts` carried over; later releases write no facts
)

batches = sa.Table(
    "batches",
    metadata,
    sa.Column("id", Words(), primary_key=True),
    _words("source"),
    _json("change"),
    _words("words"),
    _words("actor"),
    _words("actor_name"),
    _words("channel"),
    _words("state"),
    _moment("created"),
    _number("total", 0),
    _maybe("confirmed"),
    _maybe("finished"),
    _words("undo_of"),
    _words("undone_by"),
    *_claim(),
)
RUNNING = batches.c.state == sa.literal_column("'running'")
_index("batches_running", batches.c.confirmed, batches.c.id, where=RUNNING)
_index("batches_unconfirmed", batches.c.created, where=batches.c.confirmed.is_(None))
_index("batches_finished", batches.c.actor, batches.c.finished, batches.c.id, where=batches.c.finished.is_not(None))
_index("batches_claimed", batches.c.claim_until, where=batches.c.claim_until.is_not(None))

batch_items = sa.Table(
    "batch_items",
    metadata,
    sa.Column("batch", Words(), sa.ForeignKey("batches.id", name="batch_items_batch"), primary_key=True),
    sa.Column("turn", sa.Integer(), primary_key=True, autoincrement=False),
    _words("source"),
    _words("anomaly"),
    _words("fate"),
    _json("before"),
    _words("status"),  # the word of `before`, to be counted
    _json_or_null("change"),
    _json_or_null("after"),
    _words("reason"),
    _words("missing_right"),
    _words("datastore"),
    _words("container"),
    sa.UniqueConstraint("batch", "source", "anomaly", name="batch_items_anomaly"),
)
_index("batch_items_fate", batch_items.c.batch, batch_items.c.fate, batch_items.c.turn)

operations = sa.Table(
    "operations",
    metadata,
    sa.Column("turn", sa.Integer(), primary_key=True, autoincrement=True),  # the order in which they were added
    sa.Column("id", Words(), nullable=False, unique=True),
    _words("source"),
    _json("request"),
    _json("place"),
    _words("channel"),
    _words("state"),
    _moment("created"),
    _words("plan"),
    _words("actor"),
    _words("actor_name"),
    _maybe("confirmed"),
    _maybe("asked"),
    sa.Column("scan_id", Words(), nullable=True),  # the id of `scan`, to be found by it
    _json_or_null("scan"),
    _maybe("seen"),
    _maybe("look"),
    _number("misses", 0),
    _maybe("ended"),
    _json_or_null("verdict"),
    _json("then"),
    _number("step", 1),
    _number("steps", 1),
    _json_or_null("verifies"),
    _words("aborted_by"),
    *_claim(),
)
PLANNED = operations.c.plan > sa.literal_column("''")
ACTIVE = sa.or_(operations.c.state == sa.literal_column("'starting'"), operations.c.state == sa.literal_column("'running'"))
UNSTARTED = sa.or_(operations.c.state == sa.literal_column("'preview'"), operations.c.state == sa.literal_column("'cancelled'"))
_index("operations_scan", operations.c.source, operations.c.scan_id, where=operations.c.scan_id.is_not(None), unique=True)
_index("operations_plan", operations.c.plan, operations.c.turn, where=PLANNED)
_index("operations_active", operations.c.look, operations.c.turn, where=ACTIVE)
_index("operations_unstarted", operations.c.created, where=UNSTARTED)
_index("operations_ended", operations.c.ended, operations.c.turn, where=operations.c.ended.is_not(None))
_index("operations_claimed", operations.c.claim_until, where=operations.c.claim_until.is_not(None))
