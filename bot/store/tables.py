"""What is known of anomalies, messages and people: its tables.

One schema for SQLite and PostgreSQL; `migrations` builds it, a test proves that both agree.

Partial indices carry no parameters in their condition (IS NULL, IS NOT NULL, a literal), because SQLite uses one only when the query
repeats its words; that is why "not archived" is `closed IS NULL` and "not posted" is `ts IS NULL` here.
"""

from __future__ import annotations

import sqlalchemy as sa

from bot.store import columns

anomalies = sa.Table(
    "anomalies",
    columns.metadata,
    sa.Column("source", columns.Words(), primary_key=True),
    sa.Column("id", columns.Words(), primary_key=True),
    columns.words("state"),
    columns.moment("created"),
    columns.number("version", 1),
    columns.words("digest"),
    columns.json("body"),
    columns.words("reason"),
    columns.words("fingerprint"),
    columns.words("container"),
    columns.moment("read_at"),
    columns.maybe("closed"),  # when this desk first saw it archived; NULL while it is not
    columns.maybe("shown"),  # since when a live card shows it; NULL when none does
    columns.maybe("clicked"),  # when somebody acted on it last from Slack
    # What filters ask for, told once more than in the body. NULL where it says nothing, and in rows that no release since 0009 wrote; the
    # names and ids of places are in folded case, as filters compare them.
    columns.words_or_null("severity"),
    columns.number_or_null("rank"),  # of the severity: 1 is the lowest
    sa.Column("score", sa.Float(), nullable=True),
    *(columns.words_or_null(name) for name in ("datastore_id", "datastore_name", "container_id", "container_name")),
    columns.maybe("started"),
    columns.maybe("ended"),
    columns.number_or_null("filled"),  # the version that these columns and the side rows tell; another one: to be filled again
)
STALE: sa.ColumnElement[bool] = sa.literal_column("(filled IS NULL OR filled <> version)")
columns.index("anomalies_open", anomalies.c.source, anomalies.c.created, anomalies.c.id, where=anomalies.c.closed.is_(None))
columns.index(
    "anomalies_shown",
    anomalies.c.source,
    anomalies.c.created,
    anomalies.c.id,
    where=sa.and_(anomalies.c.shown.is_not(None), anomalies.c.closed.is_(None)),
)
columns.index(
    "anomalies_read",
    anomalies.c.source,
    anomalies.c.read_at,
    where=sa.and_(anomalies.c.shown.is_not(None), anomalies.c.closed.is_(None)),
)
columns.index("anomalies_clicked", anomalies.c.source, anomalies.c.clicked, where=anomalies.c.clicked.is_not(None))
columns.index("anomalies_state", anomalies.c.source, anomalies.c.state)
UNSEEN: sa.ColumnElement[bool] = sa.literal_column("closed IS NULL AND state = 'open'")
columns.index("anomalies_unseen", anomalies.c.rank, anomalies.c.created, anomalies.c.source, anomalies.c.id, where=UNSEEN)
columns.index("anomalies_fingerprint", anomalies.c.source, anomalies.c.fingerprint, anomalies.c.created)
for _name, _column in (
    ("rank", anomalies.c.rank),
    ("datastore", anomalies.c.datastore_id),
    ("datastore_name", anomalies.c.datastore_name),
    ("container", anomalies.c.container_id),
    ("container_name", anomalies.c.container_name),
):
    columns.index(f"anomalies_{_name}", anomalies.c.source, _column, anomalies.c.id, where=anomalies.c.closed.is_(None))
columns.index(
    "anomalies_score",
    anomalies.c.source,
    anomalies.c.score,
    anomalies.c.created,
    anomalies.c.id,
    where=anomalies.c.closed.is_(None),
)
columns.index("anomalies_started", anomalies.c.source, anomalies.c.started, where=anomalies.c.started.is_not(None))
columns.index("anomalies_ended", anomalies.c.source, anomalies.c.ended, where=anomalies.c.ended.is_not(None))
columns.index("anomalies_stale", anomalies.c.source, anomalies.c.id, where=STALE)
columns.index("anomalies_old", anomalies.c.closed, anomalies.c.source, anomalies.c.id, where=anomalies.c.closed.is_not(None))
columns.index("anomalies_closed", anomalies.c.source, anomalies.c.fingerprint, anomalies.c.closed, where=anomalies.c.closed.is_not(None))


def _side(name: str) -> sa.Table:
    """What an open anomaly has several of, to be found by: closed ones have none, so that it stays as small as the queue."""
    made = sa.Table(
        name,
        columns.metadata,
        *(sa.Column(part, columns.Words(), primary_key=True) for part in ("source", "anomaly", "value")),
        sqlite_with_rowid=False,
    )
    columns.index(f"{name}_value", made.c.source, made.c.value, made.c.anomaly)
    return made


anomaly_tags = _side("anomaly_tags")
"""Tags, in folded case."""
anomaly_assignees = _side("anomaly_assignees")
"""Ids of the system's users."""

overlay = sa.Table(
    "overlay",
    columns.metadata,
    sa.Column("source", columns.Words(), primary_key=True),
    sa.Column("anomaly", columns.Words(), primary_key=True),
    columns.words_or_null("state"),  # NULL, here and below: nobody said anything, or the system keeps it itself
    columns.words_or_null("outcome"),
    columns.json_or_null("assignees"),
    columns.maybe("snoozed_until"),
    columns.words("actor"),  # the Slack user who said so last, and when
    columns.maybe("at"),
)
"""What a system cannot keep of an anomaly. It may be there before the anomaly's own row: what people do is kept whether or not a poll has
seen it."""

cards = sa.Table(
    "cards",
    columns.metadata,
    sa.Column("id", columns.Words(), primary_key=True),
    columns.words("kind"),
    columns.words("channel"),
    columns.words("key"),
    columns.words("route"),
    sa.Column("source", columns.Words(), nullable=True),
    sa.Column("anomaly", columns.Words(), nullable=True),
    columns.words("state"),
    columns.words("reason"),
    columns.moment("created"),
    columns.number("place", 0),  # its turn among those made at the same moment: the oldest anomaly first
    sa.Column("ts", columns.Words(), nullable=True),
    columns.number("wanted", 1),
    columns.number("delivered", 0),
    columns.maybe("due"),
    columns.maybe("since"),  # since when Slack shows less than is wanted
    sa.Column("urgent", sa.Boolean(), nullable=False, default=False),  # somebody clicked and waits for it
    columns.maybe("posting"),
    columns.maybe("posted"),
    columns.number("tries", 0),
    columns.words("error"),
    columns.json("payload"),
    *columns.claim(),
    sa.UniqueConstraint("key", "channel", "kind", name="cards_key"),
    # What is due is live: the lanes ask for nothing but `due`, so that they read their own small indices.
    sa.CheckConstraint("due IS NULL OR state = 'live'", name="cards_due_live"),
)
# No index on the state alone: most cards are live, and SQLite would prefer it to their ids.
WAITING = cards.c.state == sa.literal_column("'waiting'")
LOST = cards.c.state == sa.literal_column("'lost'")
columns.index("cards_waiting", cards.c.created, cards.c.place, cards.c.id, where=WAITING)
columns.index("cards_lost", cards.c.created, where=LOST)
columns.index(
    "cards_posts",
    cards.c.channel,
    cards.c.created,
    cards.c.place,
    where=sa.and_(cards.c.due.is_not(None), cards.c.ts.is_(None)),
)
columns.index(
    "cards_edits",
    cards.c.urgent,
    cards.c.posted,
    cards.c.id,
    where=sa.and_(cards.c.due.is_not(None), cards.c.ts.is_not(None)),
)
columns.index("cards_message", cards.c.channel, cards.c.ts, where=cards.c.ts.is_not(None))
columns.index("cards_anomaly", cards.c.source, cards.c.anomaly, where=cards.c.anomaly.is_not(None))
columns.index("cards_plain", cards.c.created, cards.c.id, where=cards.c.anomaly.is_(None))
columns.index("cards_claimed", cards.c.claim_until, where=cards.c.claim_until.is_not(None))

card_members = sa.Table(
    "card_members",
    columns.metadata,
    sa.Column("card", columns.Words(), sa.ForeignKey("cards.id", name="card_members_card"), primary_key=True),
    sa.Column("source", columns.Words(), primary_key=True),
    sa.Column("anomaly", columns.Words(), primary_key=True),
    columns.number_or_null("joined_wanted"),  # the card's `wanted` when it joined; NULL for what joined before 0009
    columns.number_or_null("joined_version"),  # the anomaly's version at that moment
)
columns.index("card_members_anomaly", card_members.c.source, card_members.c.anomaly)

windows = sa.Table(
    "windows",
    columns.metadata,
    sa.Column("route", columns.Words(), primary_key=True),
    columns.moment("opened"),
    columns.moment("closes"),
    columns.number("posted", 0),
    columns.words("group_card"),
    columns.maybe("grouped"),
    columns.maybe("joined"),
)

routes = sa.Table(
    "routes",
    columns.metadata,
    sa.Column("id", columns.Words(), primary_key=True),
    columns.words("channel"),
    columns.words("filter"),  # in canonical form: relative days stay relative
    columns.number_or_null("burst"),  # NULL, here and below: as the settings say
    sa.Column("wait_seconds", sa.Float(), nullable=True),
    columns.words_or_null("made_by"),
    columns.moment("at"),
)

journal = sa.Table(
    "journal",
    columns.metadata,
    sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
    columns.words("source"),
    columns.words("anomaly"),
    columns.words("fingerprint"),
    sa.Column("closing", sa.Boolean(), nullable=False, default=False),  # this line closed the anomaly
    columns.words("action"),
    columns.moment("at"),
    columns.words("actor"),
    columns.words("actor_name"),
    columns.words("via"),
    columns.words("before"),
    columns.words("after"),
    columns.words("result"),
    columns.words("detail"),
)
columns.index("journal_anomaly", journal.c.source, journal.c.anomaly, journal.c.at, journal.c.id)
columns.index("journal_closings", journal.c.source, journal.c.fingerprint, journal.c.closing, journal.c.at, journal.c.id)
CLOSING: sa.ColumnElement[bool] = sa.literal_column("closing")  # the bare word: the databases write "is true" differently
columns.index("journal_closed", journal.c.source, journal.c.at, journal.c.anomaly, where=CLOSING)

links = sa.Table(
    "links",
    columns.metadata,
    sa.Column("slack_id", columns.Words(), primary_key=True),
    sa.Column("source", columns.Words(), primary_key=True),
    columns.words("person"),
    columns.words("name"),
    columns.words("email"),
    columns.words("how"),
    columns.moment("at"),
    sa.Column("sole", sa.Integer(), nullable=True),  # 1 for what was linked since there is one owner
)
columns.index("links_person", links.c.source, links.c.person, links.c.at)
columns.index("links_owner", links.c.source, links.c.person, where=links.c.sole.is_not(None), unique=True)
