"""How systems, Slack and the database stand, and what people were told of it: its tables."""

from __future__ import annotations

import sqlalchemy as sa

from bot.store import columns

sources = sa.Table(
    "sources",
    columns.metadata,
    sa.Column("source", columns.Words(), primary_key=True),
    columns.words("cursor"),
    columns.maybe("contacted"),
    columns.maybe("last_ok"),
    columns.maybe("failing_since"),
    columns.number("failures", 0),
    columns.words("error"),
    columns.maybe("next_poll"),
    columns.words("watch_mark"),
    *columns.claim(),
    sa.Column("asked", sa.Integer(), nullable=True),  # how often somebody asked for a look now
    sa.Column("answered", sa.Integer(), nullable=True),  # how many of these were there before the last good look began
    columns.maybe("watch_began"),  # when the round of the watch that `watch_mark` is in began
    columns.maybe("told_since"),  # since when it fails, as people were told; NULL when they know of no trouble
    sa.Column("told_error", columns.Words(), nullable=True),
    columns.maybe("told_at"),  # when these two were written
    columns.maybe("noticed"),  # when operations that others started were looked for
    columns.json_or_null("noticed_over"),  # those that were over before the first look
)

source_traits = sa.Table(
    "source_traits",
    columns.metadata,
    sa.Column("source", columns.Words(), primary_key=True),
    sa.Column("host", columns.Words(), primary_key=True),
    columns.json("traits"),
    columns.moment("at"),
)

channel_health = sa.Table(
    "channel_health",
    columns.metadata,
    sa.Column("channel", columns.Words(), primary_key=True),
    columns.maybe("refused_since"),  # as people were told; NULL since it works again
    columns.moment("at"),
    columns.maybe("paused_until"),  # when it is tried again
)

block_refusals = sa.Table("block_refusals", columns.metadata, sa.Column("blocks", columns.Words(), primary_key=True), columns.moment("at"))
digest_marks = sa.Table("digest_marks", columns.metadata, sa.Column("route", columns.Words(), primary_key=True), columns.moment("due"))
readiness = sa.Table("readiness", columns.metadata, sa.Column("name", columns.Words(), primary_key=True), columns.moment("at"))

facts = sa.Table(
    "facts",
    columns.metadata,
    sa.Column("key", columns.Words(), primary_key=True),
    columns.json("value"),
    columns.moment("at"),
    columns.maybe("carried"),  # the `at` of what `legacy_facts` carried over; later releases write no facts
)
