"""What is under way or was: leases, deliveries, pushes, pictures, courses, processes, App Homes, actions, batches, operations.

For partial indices see `tables`."""

from __future__ import annotations

import sqlalchemy as sa

from bot.store import columns

leases = sa.Table(
    "leases",
    columns.metadata,
    sa.Column("kind", columns.Words(), primary_key=True),
    sa.Column("key", columns.Words(), primary_key=True),
    columns.words("token"),
    columns.moment("until"),
)

deliveries = sa.Table(
    "deliveries",
    columns.metadata,
    sa.Column("kind", columns.Words(), primary_key=True),
    sa.Column("key", columns.Words(), primary_key=True),
    columns.words("token"),
    columns.moment("begun"),
    columns.moment("until"),  # whoever began it is at it until then
    columns.maybe("done"),
)
columns.index("deliveries_begun", deliveries.c.begun)

pushes = sa.Table(
    "pushes",
    columns.metadata,
    sa.Column("turn", sa.Integer(), primary_key=True, autoincrement=True),
    columns.words("source"),
    columns.json("about"),  # [id, clues] of each anomaly that it names; none: it is about everything
    columns.moment("at"),
    columns.moment("due"),  # when it is to be read
    columns.number("tries", 0),  # how often it was read in vain
    columns.maybe("done"),
)
columns.index("pushes_waiting", pushes.c.source, pushes.c.turn, where=pushes.c.done.is_(None))
columns.index("pushes_old", pushes.c.at, pushes.c.turn)

pictures = sa.Table(
    "pictures",
    columns.metadata,
    sa.Column("key", columns.Words(), primary_key=True),  # the card and the anomaly
    *(columns.words(name) for name in ("card", "source", "anomaly", "channel", "ts")),
    columns.moment("at"),
    columns.moment("due"),
    columns.json("begun"),  # row before call: names of files, each of which may be there
    columns.number("tries", 0),  # how often its system was asked in vain, or Slack had no time
    columns.maybe("done"),
)
columns.index("pictures_waiting", pictures.c.due, pictures.c.key, where=pictures.c.done.is_(None))
columns.index("pictures_old", pictures.c.at, pictures.c.key)

courses = sa.Table(
    "courses",
    columns.metadata,
    sa.Column("key", columns.Words(), primary_key=True),  # the anomaly
    *(columns.words(name) for name in ("source", "anomaly")),
    columns.moment("at"),
    columns.moment("due"),
    columns.number("tries", 0),  # row before call: how often its system was asked, or may have been
    columns.number("asked", 0),  # how many other metrics of this anomaly were asked for before
    columns.words("metric"),  # the one that the points are of
    columns.maybe("done"),
    columns.json_or_null("points"),  # [epoch seconds, value, low, high]; NULL: none is known
)
"""How the metrics of anomalies with a card of their own went. A row stays as long as its anomaly does: each edit draws it."""
columns.index("courses_waiting", courses.c.due, courses.c.key, where=courses.c.done.is_(None))
columns.index("courses_anomaly", courses.c.source, courses.c.anomaly)

workers = sa.Table(
    "workers",
    columns.metadata,
    sa.Column("id", columns.Words(), primary_key=True),
    columns.words("role"),
    columns.moment("started"),
    columns.moment("seen"),
)

homes = sa.Table(
    "homes",
    columns.metadata,
    sa.Column("who", columns.Words(), primary_key=True),  # the Slack user
    columns.moment("opened"),
    columns.maybe("due"),  # when it is to be drawn; NULL while it shows what is wanted
    columns.number("wanted", 0),  # how often somebody wanted it drawn
    columns.maybe("called"),  # when Slack was asked last to show it
    columns.words("hash"),  # Slack's, of what it shows; "" when nobody knows
    columns.words("shown"),  # a digest of what it shows
    columns.words("words"),  # its filter, in canonical form
    columns.number("mine", 0),  # where the page of each queue starts
    columns.number("unseen", 0),
    columns.words("notice"),  # the line on top
    columns.maybe("noticed"),
)
columns.index("homes_due", homes.c.due, where=homes.c.due.is_not(None))
columns.index("homes_opened", homes.c.opened)

heard = sa.Table("heard", columns.metadata, sa.Column("event", columns.Words(), primary_key=True), columns.moment("at"))
"""Which events Slack sends: when each was heard last, to the hour."""

intents = sa.Table(
    "intents",
    columns.metadata,
    sa.Column("key", columns.Words(), primary_key=True),
    columns.json("change"),
    columns.json("refs"),
    columns.words("actor"),
    columns.words("actor_name"),
    columns.moment("at"),
    columns.words("channel"),
    columns.json("shown"),
    columns.maybe("sent"),  # row before call: since when it may have been done
    columns.maybe("finished"),
    *columns.claim(),
)
columns.index("intents_unfinished", intents.c.at, where=intents.c.finished.is_(None))
columns.index("intents_finished", intents.c.finished, intents.c.key, where=intents.c.finished.is_not(None))
columns.index("intents_claimed", intents.c.claim_until, where=intents.c.claim_until.is_not(None))

remarks = sa.Table(
    "remarks",
    columns.metadata,
    sa.Column("key", columns.Words(), primary_key=True),
    columns.words("source"),
    columns.words("anomaly"),
    columns.words("text"),
    columns.moment("at"),
    columns.moment("due"),
    columns.maybe("asked"),  # row before call: since when the system may have it
    columns.number("tries", 0),
    *columns.claim(),
)
columns.index("remarks_due", remarks.c.due, remarks.c.key)
columns.index("remarks_anomaly", remarks.c.source, remarks.c.anomaly)
columns.index("remarks_claimed", remarks.c.claim_until, where=remarks.c.claim_until.is_not(None))

batches = sa.Table(
    "batches",
    columns.metadata,
    sa.Column("id", columns.Words(), primary_key=True),
    columns.words("source"),
    columns.json("change"),
    columns.words("words"),
    columns.words("actor"),
    columns.words("actor_name"),
    columns.words("channel"),
    columns.words("state"),
    columns.moment("created"),
    columns.number("total", 0),
    columns.maybe("confirmed"),
    columns.maybe("finished"),
    columns.words("undo_of"),
    columns.words("undone_by"),
    *columns.claim(),
)
RUNNING = batches.c.state == sa.literal_column("'running'")
UNDOING = batches.c.undo_of > sa.literal_column("''")
columns.index("batches_running", batches.c.confirmed, batches.c.id, where=RUNNING)
columns.index("batches_unconfirmed", batches.c.created, where=batches.c.confirmed.is_(None))
columns.index("batches_finished", batches.c.actor, batches.c.finished, batches.c.id, where=batches.c.finished.is_not(None))
columns.index("batches_old", batches.c.finished, batches.c.id, where=batches.c.finished.is_not(None))
columns.index("batches_undoing", batches.c.undo_of, where=UNDOING)
columns.index("batches_claimed", batches.c.claim_until, where=batches.c.claim_until.is_not(None))

batch_items = sa.Table(
    "batch_items",
    columns.metadata,
    sa.Column("batch", columns.Words(), sa.ForeignKey("batches.id", name="batch_items_batch"), primary_key=True),
    sa.Column("turn", sa.Integer(), primary_key=True, autoincrement=False),
    columns.words("source"),
    columns.words("anomaly"),
    columns.words("fate"),
    columns.json("before"),
    columns.words("status"),  # the word of `before`, to be counted
    columns.json_or_null("change"),
    columns.json_or_null("after"),
    columns.words("reason"),
    columns.words("missing_right"),
    columns.words("datastore"),
    columns.words("container"),
    sa.UniqueConstraint("batch", "source", "anomaly", name="batch_items_anomaly"),
)
columns.index("batch_items_ref", batch_items.c.source, batch_items.c.anomaly)
columns.index("batch_items_fate", batch_items.c.batch, batch_items.c.fate, batch_items.c.turn)

operations = sa.Table(
    "operations",
    columns.metadata,
    sa.Column("turn", sa.Integer(), primary_key=True, autoincrement=True),  # the order in which they were added
    sa.Column("id", columns.Words(), nullable=False, unique=True),
    columns.words("source"),
    columns.json("request"),
    columns.json("place"),
    columns.words("channel"),
    columns.words("state"),
    columns.moment("created"),
    columns.words("plan"),
    columns.words("actor"),
    columns.words("actor_name"),
    columns.maybe("confirmed"),
    columns.maybe("asked"),
    sa.Column("scan_id", columns.Words(), nullable=True),  # the id of `scan`, to be found by it
    columns.json_or_null("scan"),
    columns.maybe("seen"),
    columns.maybe("look"),
    columns.number("misses", 0),
    columns.maybe("ended"),
    columns.json_or_null("verdict"),
    columns.json("then"),
    columns.number("step", 1),
    columns.number("steps", 1),
    columns.json_or_null("verifies"),
    columns.words("aborted_by"),
    *columns.claim(),
)
PLANNED = operations.c.plan > sa.literal_column("''")
ACTIVE = sa.or_(operations.c.state == sa.literal_column("'starting'"), operations.c.state == sa.literal_column("'running'"))
UNSTARTED = sa.or_(operations.c.state == sa.literal_column("'preview'"), operations.c.state == sa.literal_column("'cancelled'"))
columns.index("operations_scan", operations.c.source, operations.c.scan_id, where=operations.c.scan_id.is_not(None), unique=True)
columns.index("operations_plan", operations.c.plan, operations.c.turn, where=PLANNED)
columns.index("operations_active", operations.c.look, operations.c.turn, where=ACTIVE)
columns.index("operations_unstarted", operations.c.created, where=UNSTARTED)
columns.index("operations_ended", operations.c.ended, operations.c.turn, where=operations.c.ended.is_not(None))
columns.index("operations_verifying", operations.c.turn, where=operations.c.verifies.is_not(None))
columns.index("operations_claimed", operations.c.claim_until, where=operations.c.claim_until.is_not(None))
