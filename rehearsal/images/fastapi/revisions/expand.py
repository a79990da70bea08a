"""Expand: a column that the release before does not know, and need not."""

from alembic import op

revision = "expand"
down_revision = "PREVIOUS"


def upgrade() -> None:
    op.execute("ALTER TABLE notes ADD COLUMN body text")
