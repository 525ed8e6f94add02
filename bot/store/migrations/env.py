"""Alembic's entry: runs the migrations on the connection, and in the transaction, that `bot.store.migrations.runner` hands over."""

from __future__ import annotations

from alembic import context

from bot.store import columns

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=columns.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
