"""One Slack user for each user of a system: what is linked from now on says so, and the database holds it to that."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Rows of before stay as they are: whoever of several is meant is decided when they are read (`store.links`)."""
    op.add_column("links", sa.Column("sole", sa.Integer(), nullable=True))
    condition = sa.text("sole IS NOT NULL")
    op.create_index("links_owner", "links", ["source", "person"], unique=True, sqlite_where=condition, postgresql_where=condition)


def downgrade() -> None:
    """Forget it."""
    op.drop_index("links_owner", "links")
    op.drop_column("links", "sole")
