"""Between expand and contract: every row has the new column."""

from alembic import op

revision = "backfill"
down_revision = "PREVIOUS"


def upgrade() -> None:
    op.execute("UPDATE notes SET body = text WHERE body IS NULL")
